"""Mailboxes as such: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, STATUS, NAMESPACE.

See RFC 3501, 6.3; RFC 2342; RFC 6154, 3.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from netsuite.accounts.interfaces import MailAccess
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.responses import Code, NamespaceData, Status, StatusData
from netsuite.store.model import SEPARATOR, SpecialUse
from netsuite.store.model import Status as Counts

if TYPE_CHECKING:
    from netsuite.imap.server.connection import IMAPServer

#: RFC 6154, 2; ``\\All`` is no store's special use.
SPECIAL_USES: Final[Mapping[str, SpecialUse]] = {
    f"\\{use.value.capitalize()}": use for use in SpecialUse
}
#: The other way.
USE_ATTRIBUTES: Final[Mapping[SpecialUse, str]] = {
    use: attribute for attribute, use in SPECIAL_USES.items()
}


async def _create(connection: IMAPServer, request: ask.Create) -> None:
    uses = {SPECIAL_USES.get("\\" + name[1:].capitalize()) for name in request.special_use}
    if None in uses or len(uses) > 1:
        connection.finish(Status.NO, "No mailbox can have that use", Code("USEATTR"))
        return
    # A separator at the end only says that mailboxes are to come below (RFC 3501, 6.3.3).
    name = request.mailbox.removesuffix(SEPARATOR)
    await connection.access.create(name, next(iter(uses), None))
    connection.ok("Created")


async def _delete(connection: IMAPServer, request: ask.Delete) -> None:
    folder = await connection.access.folder(request.mailbox)
    await connection.access.delete(request.mailbox)
    selected = connection.selected
    if selected is not None and selected.folder.id == folder.id:
        # Whoever deletes the mailbox it has open knows; it need not be thrown out.
        connection.deselect()
        connection.dialog.deselect()
    connection.ok("Deleted")


async def _rename(connection: IMAPServer, request: ask.Rename) -> None:
    await connection.access.rename(request.old, request.new.removesuffix(SEPARATOR))
    connection.ok("Renamed")


async def _subscribe(connection: IMAPServer, request: ask.Subscribe) -> None:
    await connection.access.subscribe(request.mailbox.removesuffix(SEPARATOR), True)
    connection.ok("Subscribed")


async def _unsubscribe(connection: IMAPServer, request: ask.Unsubscribe) -> None:
    await connection.access.subscribe(request.mailbox, False)
    connection.ok("Unsubscribed")


async def _status(connection: IMAPServer, request: ask.StatusOf) -> None:
    connection.say(await status_data(connection, request.mailbox, request.items))
    connection.ok("Status given")


async def status_data(connection: IMAPServer, mailbox: str, items: tuple[str, ...]) -> StatusData:
    """Count what STATUS asks for."""
    mail = connection.access
    counts = await mail.status(mailbox)
    numbers = {name: count(counts) for name, count in _COUNTS.items()}
    numbers["APPENDLIMIT"] = connection.settings.bounds.append_octets
    if "RECENT" in items:
        numbers["RECENT"] = await _recent(mail, counts)
    if "HIGHESTMODSEQ" in items:
        connection.modseqs = True  # RFC 7162, 3.1: asking for it enables CONDSTORE
    return StatusData(mailbox, tuple((name, numbers[name]) for name in items))


async def _recent(mail: MailAccess, counts: Counts) -> int:
    folder = counts.folder
    if folder.recent_from >= folder.uid_next or not mail.writable(folder):
        return 0  # see select: what nobody may claim is not recent
    uids = await mail.uids(folder.id)
    return sum(uid >= folder.recent_from for uid in uids)


_COUNTS: Final[Mapping[str, Callable[[Counts], int]]] = {
    "MESSAGES": lambda counts: counts.folder.messages,
    "UIDNEXT": lambda counts: counts.folder.uid_next,
    "UIDVALIDITY": lambda counts: counts.folder.uid_validity,
    "UNSEEN": lambda counts: counts.unseen,
    "DELETED": lambda counts: counts.deleted,
    "SIZE": lambda counts: counts.folder.octets,
    "HIGHESTMODSEQ": lambda counts: counts.folder.highest_modseq,
}


def _namespace(connection: IMAPServer, request: ask.Namespace) -> None:
    shared = ((connection.access.public_prefix, SEPARATOR),)
    connection.say(NamespaceData((("", SEPARATOR),), (), shared))
    connection.ok("Namespaces given")


ANSWERS: Final[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
    ask.Create: _create,
    ask.Delete: _delete,
    ask.Rename: _rename,
    ask.Subscribe: _subscribe,
    ask.Unsubscribe: _unsubscribe,
    ask.StatusOf: _status,
    ask.Namespace: _namespace,
}
