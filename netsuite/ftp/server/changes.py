"""Changes of files without a transfer: DELE, MKD, RMD, RNFR, RNTO."""

from __future__ import annotations

from netsuite.connection.server import handlers
from netsuite.ftp import replies
from netsuite.ftp.commands import Dele, Mkd, Reply, Rmd, Rnfr, Rnto, reply
from netsuite.ftp.paths import quoted
from netsuite.ftp.server.session import Session
from netsuite.ftp.server.transfer_log import removed
from netsuite.store.errors import BadFileName, DirectoryNotEmpty, FileInTheWay


async def remove(session: Session, command: Dele) -> Reply:
    """Remove a file."""
    path = session.resolved(command.path)
    await session.files.remove_file(path)
    removed(session, path)
    return reply(250, "Removed")


async def make_directory(session: Session, command: Mkd) -> Reply:
    """Make a directory."""
    path = session.resolved(command.path)
    await session.files.make_directory(path)
    return reply(257, f"{quoted(session.seen(path))} was made")


async def remove_directory(session: Session, command: Rmd) -> Reply:
    """Remove an empty directory; say what keeps one that only looks empty."""
    try:
        await session.files.remove_directory(session.resolved(command.path))
    except DirectoryNotEmpty as error:
        if not error.unshown:
            raise
        return replies.looks_empty(error.unshown)
    return reply(250, "Removed")


async def rename_from(session: Session, command: Rnfr) -> Reply:
    """Note what is to be renamed."""
    path = session.resolved(command.path)
    await session.files.entry(path)
    session.rename_from = path
    return reply(350, "Say RNTO with the new name")


async def rename_to(session: Session, command: Rnto) -> Reply:
    """Rename it."""
    try:
        await session.files.rename(session.rename_from, session.resolved(command.path))
    except (FileInTheWay, DirectoryNotEmpty):
        return replies.NOTHING_RENAMED  # 553, where others say 550 (RFC 959, 5.4: RNTO)
    except BadFileName:
        return replies.BAD_NAME
    return reply(250, "Renamed")


HANDLERS = handlers(remove, make_directory, remove_directory, rename_from, rename_to)
