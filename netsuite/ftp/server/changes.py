"""What changes files without a transfer: DELE, MKD, RMD, RNFR, RNTO, MFMT."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from netsuite.ftp import replies
from netsuite.ftp.commands import Dele, Mfmt, Mkd, Reply, Rmd, Rnfr, Rnto, reply
from netsuite.ftp.listing import format_time, parse_time
from netsuite.ftp.paths import TreePath, quoted, shown
from netsuite.ftp.server.noting import removed
from netsuite.store.errors import BadFileName, DirectoryNotEmpty, FileInTheWay

if TYPE_CHECKING:
    from netsuite.ftp.server.connection import FTPServer


def remove(connection: FTPServer, event: Dele) -> Awaitable[None]:
    """Remove a file."""
    return connection.answer(_remove(connection, connection.resolved(event.path)))


async def _remove(connection: FTPServer, path: TreePath) -> Reply:
    await connection.tree().remove_file(path)
    removed(connection, path)
    return reply(250, "Removed")


def make_directory(connection: FTPServer, event: Mkd) -> Awaitable[None]:
    """Make a directory."""
    return connection.answer(_make_directory(connection, connection.resolved(event.path)))


async def _make_directory(connection: FTPServer, path: TreePath) -> Reply:
    await connection.tree().make_directory(path)
    return reply(257, f"{quoted(path)} was made")


def remove_directory(connection: FTPServer, event: Rmd) -> Awaitable[None]:
    """Remove an empty directory."""
    return connection.answer(_remove_directory(connection, connection.resolved(event.path)))


async def _remove_directory(connection: FTPServer, path: TreePath) -> Reply:
    await connection.tree().remove_directory(path)
    return reply(250, "Removed")


def rename_from(connection: FTPServer, event: Rnfr) -> Awaitable[None]:
    """Take note of what is to be renamed."""
    return connection.answer(_rename_from(connection, connection.resolved(event.path)))


async def _rename_from(connection: FTPServer, path: TreePath) -> Reply:
    await connection.tree().entry(path)
    connection.rename_from = path
    return reply(350, "Say RNTO with the new name")


def rename_to(connection: FTPServer, event: Rnto) -> Awaitable[None]:
    """Rename it."""
    return connection.answer(_rename_to(connection, connection.resolved(event.path)))


async def _rename_to(connection: FTPServer, path: TreePath) -> Reply:
    try:
        await connection.tree().rename(connection.rename_from, path)
    except (FileInTheWay, DirectoryNotEmpty):
        return replies.NOTHING_RENAMED  # 553, where others say 550 (RFC 959, 5.4: RNTO)
    except BadFileName:
        return replies.BAD_NAME
    return reply(250, "Renamed")


def set_modified(connection: FTPServer, event: Mfmt) -> Awaitable[None]:
    """Set when a file was modified."""
    return connection.answer(_set_modified(connection, event))


async def _set_modified(connection: FTPServer, event: Mfmt) -> Reply:
    moment = parse_time(event.modified)
    if moment is None:
        return replies.BAD_TIME
    path = connection.resolved(event.path)
    entry = await connection.tree().set_modified(path, moment)
    return reply(213, f"Modify={format_time(entry.modified)}; {shown(path)}")


ANSWERS: Final[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
    Dele: remove,
    Mkd: make_directory,
    Rmd: remove_directory,
    Rnfr: rename_from,
    Rnto: rename_to,
    Mfmt: set_modified,
}
