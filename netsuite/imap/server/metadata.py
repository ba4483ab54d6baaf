"""Annotations of mailboxes and of the server: GETMETADATA, SETMETADATA (RFC 5464)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from netsuite.connection.server import handlers
from netsuite.imap.commands import metadata as ask
from netsuite.imap.commands.responses import Code, Completion, no, ok
from netsuite.imap.server.session import Session
from netsuite.store.errors import TooManyEntries

#: What a value may have, and how many entries a mailbox or the server may have, of shared ones and
#: of each account's own; RFC 5464, 4.1 wants 1,024 octets and 10 entries at least.
VALUE_OCTETS: Final = 16 * 1024
ENTRIES: Final = 200
#: Entries that only the server sets (RFC 5464, 3.2.1.1).
_READ_ONLY: Final = frozenset({"/shared/admin"})


async def get_metadata(session: Session, request: ask.GetMetadata) -> Completion:
    """Send entries with their values."""
    kept = await session.mail.annotations.entries(request.mailbox or None)
    wanted = list(_wanted(kept, request.entries, request.depth))
    most = VALUE_OCTETS if request.max_octets is None else request.max_octets
    long = [len(value) for _, value in wanted if value is not None and len(value) > most]
    shown = tuple((entry, value) for entry, value in wanted if len(value or b"") <= most)
    if shown:
        session.say(ask.MetadataData(request.mailbox, shown))
    code = Code("METADATA", b"LONGENTRIES %d" % max(long)) if long else None
    return ok("Annotations given", code)


def _wanted(
    kept: Mapping[str, bytes], entries: Iterable[str], depth: int | None
) -> Iterable[tuple[str, bytes | None]]:
    """Return what was asked for; an entry asked for by its name that is not there has no value."""
    found: dict[str, bytes | None] = {}
    for entry in entries:
        if entry in kept or depth == 0:
            found[entry] = kept.get(entry)
        if depth == 0:
            continue
        start = entry + "/"
        for name, value in kept.items():
            if name.startswith(start) and (depth is None or "/" not in name[len(start) :]):
                found[name] = value
    return found.items()


async def set_metadata(session: Session, request: ask.SetMetadata) -> Completion:
    """Set entries, or remove them."""
    values = dict(request.values)
    if any(len(value or b"") > VALUE_OCTETS for value in values.values()):
        return no("A value is too long", Code("METADATA", b"MAXSIZE %d" % VALUE_OCTETS))
    if not request.mailbox and not _READ_ONLY.isdisjoint(values):
        return no("The server sets that itself", Code("NOPERM"))
    try:
        with _setting(session, frozenset(values)):
            await session.mail.annotations.annotate(request.mailbox or None, values, most=ENTRIES)
    except TooManyEntries:
        return no("There are too many entries", Code("METADATA", b"TOOMANY"))
    return ok("Annotations set")


@contextmanager
def _setting(session: Session, entries: frozenset[str]) -> Iterator[None]:
    """Keep a client from being told of what it sets itself."""
    told = [news for news in (session.annotations, session.news) if news is not None]
    for news in told:
        news.own = entries
    try:
        yield
    finally:
        for news in told:
            news.own = frozenset()


async def listed_metadata(
    session: Session, mailbox: str, entries: tuple[str, ...]
) -> ask.MetadataData:
    """Return what LIST shows of a mailbox's annotations (RFC 9590, 3)."""
    kept = await session.mail.annotations.entries(mailbox)
    return ask.MetadataData(mailbox, tuple((entry, kept.get(entry)) for entry in entries))


HANDLERS = handlers(get_metadata, set_metadata)
