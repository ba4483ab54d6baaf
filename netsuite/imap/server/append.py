"""APPEND: a message into a mailbox, piece by piece (RFC 3501, 6.3.11; RFC 4315; RFC 7889)."""

from __future__ import annotations

from netsuite.connection.server import handlers
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.responses import Code, Completion, Continue, CopyUid, no, ok
from netsuite.imap.sequences import SequenceSet
from netsuite.imap.server.session import Session
from netsuite.store.errors import NotPermitted, OverQuota
from netsuite.store.interfaces import Draft


async def append(session: Session, request: ask.Append) -> Completion:
    """Judge the mailbox and the size first, then take the message."""
    mail = session.mail
    folder = await mail.folder(request.mailbox)
    if not mail.writable(folder):
        raise NotPermitted(request.mailbox)
    if not request.octets:
        return no("A message without an octet is none")
    usage = await mail.usage()
    if usage.quota_octets is not None and usage.octets + request.octets > usage.quota_octets:
        raise OverQuota(request.mailbox)
    draft = mail.draft(request.octets)
    try:
        session.say(Continue("go ahead"))
        has_nul = await _write(session, draft)
        if has_nul:  # literal = "{" number "}" CRLF *CHAR8, and CHAR8 is no NUL
            return no("The message holds NUL")
        placed = await mail.append(request.mailbox, draft, request.flags, request.date)
    finally:
        await draft.abort()  # nothing, once it has been committed
    uids = SequenceSet(((placed.uid, placed.uid),))
    return ok("Appended", Code("APPENDUID", CopyUid(placed.uid_validity, None, uids)))


async def _write(session: Session, draft: Draft) -> bool:
    """Hand on the message; return whether there was a NUL in it."""
    has_nul = False
    async for octets in session.body():
        has_nul = has_nul or b"\0" in octets
        full = draft.write(octets)
        if full is not None:
            await full
    return has_nul


HANDLERS = handlers(append)
