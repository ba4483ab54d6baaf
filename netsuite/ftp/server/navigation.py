"""Where one is, and how transfers go: PWD, CWD, CDUP, SMNT; TYPE, MODE, STRU."""

from __future__ import annotations

from netsuite.connection.server import handlers
from netsuite.ftp import commands, replies
from netsuite.ftp.paths import TreePath, quoted
from netsuite.ftp.server.session import Session
from netsuite.store.tree import EntryKind


async def print_working(session: Session, command: commands.Pwd) -> commands.Reply:
    """Say where one is."""
    return commands.reply(257, f"{quoted(session.working)} is the working directory")


async def change_working(session: Session, command: commands.Cwd) -> commands.Reply:
    """Go somewhere else."""
    return await _change(session, session.resolved(command.path))


async def change_up(session: Session, command: commands.Cdup) -> commands.Reply:
    """Go up; above the root is the root."""
    return await _change(session, session.root + session.working[:-1])


async def _change(session: Session, path: TreePath) -> commands.Reply:
    entry = await session.files.entry(path)
    if entry.kind is not EntryKind.DIRECTORY:
        return replies.NOT_A_DIRECTORY
    session.working = session.seen(path)
    return commands.reply(250, f"{quoted(session.working)} is the working directory")


async def mount(session: Session, command: commands.Smnt) -> commands.Reply:
    """Mount a structure of files: there is one, and it is there (RFC 959, 4.1.1)."""
    return replies.SUPERFLUOUS


async def choose_type(session: Session, command: commands.Type) -> commands.Reply:
    """Choose the representation."""
    if command.representation is None:
        return replies.NOT_OFFERED
    session.representation = command.representation
    return commands.reply(200, f"TYPE {command.representation.value}")


async def choose_mode(session: Session, command: commands.Mode) -> commands.Reply:
    """Choose the transfer mode: stream, or that of draft-preston-ftpext-deflate."""
    if command.code not in ("S", "Z" if session.shared.settings.compression else "S"):
        return replies.NOT_OFFERED
    session.deflated = command.code == "Z"
    return commands.reply(200, f"MODE {command.code}")


async def choose_structure(session: Session, command: commands.Stru) -> commands.Reply:
    """Choose the file structure: file."""
    return commands.reply(200, "STRU F") if command.code == "F" else replies.NOT_OFFERED


HANDLERS = handlers(
    print_working, change_working, change_up, mount, choose_type, choose_mode, choose_structure
)
