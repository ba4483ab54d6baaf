"""Where one is and what is there: PWD, CWD, CDUP, MLST, SIZE, MDTM; TYPE, MODE, STRU."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from netsuite.ftp import replies
from netsuite.ftp.commands import (
    Cdup,
    Cwd,
    Mdtm,
    Mlst,
    Mode,
    Pwd,
    Reply,
    Representation,
    Size,
    Stru,
    Type,
    listing,
    reply,
)
from netsuite.ftp.listing import Listed, format_time, mlsx_entry, permissions
from netsuite.ftp.paths import TreePath, quoted, shown
from netsuite.store.tree import Entry, EntryKind

if TYPE_CHECKING:
    from netsuite.ftp.server.connection import FTPServer


def print_working(connection: FTPServer, event: Pwd) -> None:
    """Say where one is."""
    connection.say(reply(257, f"{quoted(connection.working)} is the working directory"))


def change_working(connection: FTPServer, event: Cwd) -> Awaitable[None]:
    """Go somewhere else."""
    return connection.answer(_changed(connection, connection.resolved(event.path)))


def change_up(connection: FTPServer, event: Cdup) -> Awaitable[None]:
    """Go up; above the root is the root."""
    return connection.answer(_changed(connection, connection.working[:-1]))


async def _changed(connection: FTPServer, path: TreePath) -> Reply:
    entry = await connection.tree().entry(path)
    if entry.kind is not EntryKind.DIRECTORY:
        return replies.NOT_A_DIRECTORY
    connection.working = path
    return reply(250, f"{quoted(path)} is the working directory")


def listed(
    connection: FTPServer, directory: TreePath, entry: Entry, *, name: str | None = None
) -> Listed:
    """Give an entry as it is listed.

    Args:
        directory: where it is.
        entry: as the tree gives it.
        name: instead of its own.
    """
    is_directory = entry.kind is EntryKind.DIRECTORY
    path = (*directory, entry.name) if entry.name else directory
    return Listed(
        name=entry.name if name is None else name,
        kind="dir" if is_directory else "file",
        octets=entry.octets,
        modified=entry.modified,
        perm=permissions(directory=is_directory, writable=connection.tree().may_write(path)),
        unique=entry.unique,
    )


def facts_of(connection: FTPServer, event: Mlst) -> Awaitable[None]:
    """Give the facts of one file or directory."""
    return connection.answer(_facts(connection, connection.resolved(event.path)))


async def _facts(connection: FTPServer, path: TreePath) -> Reply:
    entry = await connection.tree().entry(path)
    # RFC 3659, 7.3.1: the name as a path from the root, which is what one can be sure of.
    line = mlsx_entry(listed(connection, path[:-1], entry, name=shown(path)), connection.facts)
    return listing(250, "Facts follow", [line], "End")


def size(connection: FTPServer, event: Size) -> Awaitable[None]:
    """Say how many octets RETR would send."""
    return connection.answer(_size(connection, connection.resolved(event.path)))


async def _size(connection: FTPServer, path: TreePath) -> Reply:
    if connection.representation is Representation.ASCII:
        return replies.NO_ASCII_SIZE  # the whole file would have to be read for it
    entry = await connection.tree().entry(path)
    if entry.kind is not EntryKind.FILE:
        return replies.NOT_A_FILE
    return reply(213, str(entry.octets))


def modified(connection: FTPServer, event: Mdtm) -> Awaitable[None]:
    """Say when a file was modified."""
    return connection.answer(_modified(connection, connection.resolved(event.path)))


async def _modified(connection: FTPServer, path: TreePath) -> Reply:
    entry = await connection.tree().entry(path)
    return reply(213, format_time(entry.modified))


def choose_type(connection: FTPServer, event: Type) -> None:
    """Choose the representation."""
    if event.representation is None:
        connection.say(replies.NOT_OFFERED)
        return
    connection.representation = event.representation
    connection.say(reply(200, f"TYPE {event.representation.value}"))


def choose_mode(connection: FTPServer, event: Mode) -> None:
    """Choose the transfer mode: stream."""
    connection.say(reply(200, "MODE S") if event.code == "S" else replies.NOT_OFFERED)


def choose_structure(connection: FTPServer, event: Stru) -> None:
    """Choose the file structure: file."""
    connection.say(reply(200, "STRU F") if event.code == "F" else replies.NOT_OFFERED)


ANSWERS: Final[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
    Pwd: print_working,
    Cwd: change_working,
    Cdup: change_up,
    Mlst: facts_of,
    Size: size,
    Mdtm: modified,
    Type: choose_type,
    Mode: choose_mode,
    Stru: choose_structure,
}
