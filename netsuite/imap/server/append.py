"""APPEND: a message into a mailbox, piece by piece (RFC 3501, 6.3.11; RFC 4315; RFC 7889)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.responses import Code, Continue, CopyUid, Status
from netsuite.imap.replies import store_reply
from netsuite.imap.sequences import SequenceSet
from netsuite.store.errors import NotPermitted, OverQuota, StoreError
from netsuite.store.interfaces import Draft
from netsuite.store.model import Placed

if TYPE_CHECKING:
    from netsuite.imap.server.connection import IMAPServer


async def _append(connection: IMAPServer, request: ask.Append) -> None:
    try:
        placed = await _receive(connection, request)
    except StoreError as error:
        code, text = store_reply(error, target=True)
        connection.finish(Status.NO, text, code)
        return
    if placed is None:
        return
    uids = SequenceSet(((placed.uid, placed.uid),))
    connection.ok("Appended", Code("APPENDUID", CopyUid(placed.uid_validity, None, uids)))


async def _receive(connection: IMAPServer, request: ask.Append) -> Placed | None:
    """Judge the mailbox and the size first, then take the message; None when refused."""
    mail = connection.access
    folder = await mail.folder(request.mailbox)
    if not mail.writable(folder):
        raise NotPermitted(request.mailbox)
    if not request.octets:
        connection.finish(Status.NO, "A message without an octet is none")
        return None
    usage = await mail.usage()
    if usage.quota_octets is not None and usage.octets + request.octets > usage.quota_octets:
        raise OverQuota(request.mailbox)
    draft = mail.draft(request.octets)
    try:
        connection.say(Continue("go ahead"))
        has_nul = await _write(connection, draft)
        if has_nul:  # literal = "{" number "}" CRLF *CHAR8, and CHAR8 is no NUL
            connection.finish(Status.NO, "The message holds NUL")
            return None
        return await mail.append(request.mailbox, draft, request.flags, request.date)
    finally:
        await draft.abort()  # nothing, once it has been committed


async def _write(connection: IMAPServer, draft: Draft) -> bool:
    """Hand on the message; tell whether there was a NUL in it."""
    has_nul = False
    async for octets in connection.body():
        has_nul = has_nul or b"\0" in octets
        full = draft.write(octets)
        if full is not None:
            await full
    return has_nul


ANSWERS: Final[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
    ask.Append: _append,
}
