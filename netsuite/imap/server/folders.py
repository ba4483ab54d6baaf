"""Mailboxes as such: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, STATUS, NAMESPACE.

See RFC 3501, 6.3; RFC 2342; RFC 6154, 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from unicodedata import normalize

from netsuite.accounts.interfaces import MailAccess
from netsuite.connection.server import handlers
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.responses import (
    Code,
    Completion,
    Listed,
    NamespaceData,
    StatusData,
    no,
    ok,
)
from netsuite.imap.server.session import Session
from netsuite.store.model import SEPARATOR, FolderId, SpecialUse
from netsuite.store.model import Status as Counts

#: RFC 6154, 2; ``\\All`` is no store's special use.
SPECIAL_USES: Final[Mapping[str, SpecialUse]] = {
    f"\\{use.value.capitalize()}": use for use in SpecialUse
}
#: The other way.
USE_ATTRIBUTES: Final[Mapping[SpecialUse, str]] = {
    use: attribute for attribute, use in SPECIAL_USES.items()
}


async def create(session: Session, request: ask.Create) -> Completion:
    """Create a mailbox."""
    uses = {SPECIAL_USES.get("\\" + name[1:].capitalize()) for name in request.special_use}
    if None in uses or len(uses) > 1:
        return no("No mailbox can have that use", Code("USEATTR"))
    # A separator at the end only says that mailboxes are to come below (RFC 3501, 6.3.3).
    name = request.mailbox.removesuffix(SEPARATOR)
    created = await session.mail.create(name, next(iter(uses), None))
    say_kept(session, name)
    return ok("Created", mailbox_id(created.id))


def object_id(folder: FolderId) -> str:
    """Return a mailbox's object id, which it keeps when it is renamed (RFC 8474, 4)."""
    return f"F{folder}"


def mailbox_id(folder: FolderId) -> Code:
    """Return the code that says a mailbox's object id."""
    return Code("MAILBOXID", (object_id(folder),))


async def delete(session: Session, request: ask.Delete) -> Completion:
    """Remove a mailbox."""
    gone = await session.mail.delete(request.mailbox)
    say_kept(session, request.mailbox, "\\NonExistent")
    selected = session.selected
    if selected is not None and selected.folder.id == gone:
        # Whoever deletes the mailbox it has open knows; it need not be thrown out.
        session.deselect()
        session.dialog.deselect()
    return ok("Deleted")


async def rename(session: Session, request: ask.Rename) -> Completion:
    """Rename a mailbox."""
    new = request.new.removesuffix(SEPARATOR)
    await session.mail.rename(request.old, new)
    if session.rev2 and (kept_otherwise(request.old) or kept_otherwise(new)):
        session.say(Listed((), SEPARATOR, normalize("NFC", new), oldname=request.old))
    return ok("Renamed")


def kept_otherwise(name: str) -> bool:
    """Return whether a name is kept in another form than the one it is given in."""
    return not name.isascii() and normalize("NFC", name) != name


def say_kept(session: Session, name: str, *attributes: str) -> None:
    """Send in which form a name is kept, to who has enabled IMAP4rev2, where it was given in
    another one (RFC 9051, 6.3.9.7)."""
    if session.rev2 and kept_otherwise(name):
        session.say(Listed(attributes, SEPARATOR, normalize("NFC", name), oldname=name))


async def subscribe(session: Session, request: ask.Subscribe) -> Completion:
    """Subscribe a name."""
    await session.mail.subscribe(request.mailbox.removesuffix(SEPARATOR), True)
    return ok("Subscribed")


async def unsubscribe(session: Session, request: ask.Unsubscribe) -> Completion:
    """Remove a subscription."""
    await session.mail.subscribe(request.mailbox, False)
    return ok("Unsubscribed")


async def status(session: Session, request: ask.StatusOf) -> Completion:
    """Count what is in a mailbox."""
    session.say(await status_data(session, request.mailbox, request.items))
    return ok("Status given")


async def status_data(session: Session, mailbox: str, items: tuple[str, ...]) -> StatusData:
    """Return what STATUS asks for."""
    mail = session.mail
    counts = await mail.status(mailbox)
    numbers = {name: count(counts) for name, count in _COUNTS.items()}
    numbers["APPENDLIMIT"] = session.shared.settings.append_octets
    if "RECENT" in items:
        numbers["RECENT"] = await _recent(mail, counts)
    if "HIGHESTMODSEQ" in items:
        session.modseqs = True  # RFC 7162, 3.1: asking for it enables CONDSTORE
    values = tuple((name, numbers[name]) for name in items if name in numbers)
    return StatusData(
        mailbox, values, object_id(counts.folder.id) if "MAILBOXID" in items else None
    )


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
    "DELETED-STORAGE": lambda counts: counts.deleted_octets,
    "SIZE": lambda counts: counts.folder.octets,
    "HIGHESTMODSEQ": lambda counts: counts.folder.highest_modseq,
}


async def namespace(session: Session, request: ask.Namespace) -> Completion:
    """Send where the namespaces are (RFC 2342)."""
    others = ((session.mail.others_prefix, SEPARATOR),)
    shared = ((session.mail.public_prefix, SEPARATOR),)
    session.say(NamespaceData((("", SEPARATOR),), others, shared))
    return ok("Namespaces given")


HANDLERS = handlers(create, delete, rename, subscribe, unsubscribe, status, namespace)
