"""Directories as LIST, NLST and MLSD list them, in pieces."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, TypeAlias

from netsuite.accounts.interfaces import Permissions
from netsuite.ftp import replies
from netsuite.ftp.commands import List, Mlsd, Nlst, Reply
from netsuite.ftp.listing import Listed, has_wildcard, matcher, mlsx_entry, perm_fact, unix_line
from netsuite.ftp.paths import TreePath, octets_of, sayable
from netsuite.ftp.server.session import Session
from netsuite.store.errors import BadFileName, NoSuchFile
from netsuite.store.tree import Entry, EntryKind

#: A directory with more entries is listed in the order it is read in.
SORTED_ENTRIES: Final = 10_000
#: So many are written at a time.
PIECE_ENTRIES: Final = 1000

Line: TypeAlias = Callable[[Listed], str]


def listed(entry: Entry, permitted: Permissions, name: str) -> Listed:
    """Return an entry as it is listed, by its own name or another.

    Args:
        permitted: what may be done with it.
    """
    is_directory = entry.kind is EntryKind.DIRECTORY
    return Listed(
        name,
        "dir" if is_directory else "file",
        entry.octets,
        entry.modified,
        perm_fact(permitted, is_directory),
        entry.unique,
        1,
        entry.mode,
    )


async def listing_of(session: Session, command: List | Nlst | Mlsd) -> AsyncIterator[bytes] | Reply:
    """Return a listing, or why there is none.

    Raises:
        StoreError: what is to be listed is not there, or may not be seen.
    """
    path = session.resolved(command.path)
    try:
        entry = await session.files.entry(path)
    except (NoSuchFile, BadFileName):
        if isinstance(command, Mlsd) or not path or not has_wildcard(command.path or ""):
            raise
        line = _line(session, command)
        return await _directory(session, path[:-1], line, matcher(path[-1]))
    line = _line(session, command)
    if entry.kind is EntryKind.DIRECTORY:
        return await _directory(session, path, line, lambda name: True)
    if isinstance(command, Mlsd):
        return replies.NOT_A_DIRECTORY_501
    if isinstance(command, Nlst):
        return _once(command.path or "")
    return _once(line(listed(entry, session.files.permissions(path), entry.name)))


def _line(session: Session, command: List | Nlst | Mlsd) -> Line:
    """Return what writes a line of a listing."""
    if isinstance(command, Mlsd):
        facts = session.facts
        return lambda entry: mlsx_entry(entry, facts)
    if isinstance(command, List):
        now = session.shared.now()
        return lambda entry: unix_line(entry, now)
    # RFC 1123, 4.1.2.7: names that can be used as they are in RETR.
    said = command.path or ""
    prefix = said.rpartition("/")[0] if has_wildcard(said) else said.rstrip("/")
    if prefix or said.startswith("/"):
        prefix += "/"
    return lambda entry: f"{prefix}{entry.name}"


async def _once(line: str) -> AsyncIterator[bytes]:
    yield octets_of(f"{line}\r\n")


async def _directory(
    session: Session, path: TreePath, line: Line, wanted: Callable[[str], bool]
) -> AsyncIterator[bytes]:
    """List a directory; what keeps it from being listed is known before anything is."""
    tree = session.files
    permitted = tree.permissions_within(path)

    def written(entries: Sequence[Entry]) -> bytes:
        lines = [
            f"{line(listed(entry, permitted(entry.name), entry.name))}\r\n"
            for entry in entries
            if sayable(entry.name) and wanted(entry.name)
        ]
        return octets_of("".join(lines))

    listing = tree.listing(path)
    first: list[Entry] = []
    async for entries in listing:
        first += entries
        if len(first) > SORTED_ENTRIES:
            break
    else:
        first.sort(key=lambda entry: entry.name)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(first), PIECE_ENTRIES):
            yield written(first[start : start + PIECE_ENTRIES])
        first.clear()
        async for entries in listing:
            yield written(entries)

    return pieces()
