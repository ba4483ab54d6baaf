"""Working directory and facts: PWD, CWD, CDUP, MLST, SIZE, MDTM; TYPE, MODE, STRU."""

from __future__ import annotations

from netsuite.connection.server import handlers
from netsuite.ftp import commands, replies
from netsuite.ftp.listing import format_time, mlsx_entry
from netsuite.ftp.paths import TreePath, quoted, shown
from netsuite.ftp.server.lists import listed
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
    return await _change(session, session.working[:-1])


async def _change(session: Session, path: TreePath) -> commands.Reply:
    entry = await session.files.entry(path)
    if entry.kind is not EntryKind.DIRECTORY:
        return replies.NOT_A_DIRECTORY
    session.working = path
    return commands.reply(250, f"{quoted(path)} is the working directory")


async def facts_of(session: Session, command: commands.Mlst) -> commands.Reply:
    """Say the facts of one file or directory."""
    path = session.resolved(command.path)
    entry = await session.files.entry(path)
    # RFC 3659, 7.3.1: the name as a path from the root, which is what one can be sure of.
    line = mlsx_entry(listed(session, path[:-1], entry, name=shown(path)), session.facts)
    return commands.listing(250, "Facts follow", [line], "End")


async def size(session: Session, command: commands.Size) -> commands.Reply:
    """Say how many octets RETR would send."""
    if session.representation is commands.Representation.ASCII:
        return replies.NO_ASCII_SIZE  # the whole file would have to be read for it
    entry = await session.files.entry(session.resolved(command.path))
    if entry.kind is not EntryKind.FILE:
        return replies.NOT_A_FILE
    return commands.reply(213, str(entry.octets))


async def modified(session: Session, command: commands.Mdtm) -> commands.Reply:
    """Say when a file was modified."""
    entry = await session.files.entry(session.resolved(command.path))
    return commands.reply(213, format_time(entry.modified))


async def choose_type(session: Session, command: commands.Type) -> commands.Reply:
    """Choose the representation."""
    if command.representation is None:
        return replies.NOT_OFFERED
    session.representation = command.representation
    return commands.reply(200, f"TYPE {command.representation.value}")


async def choose_mode(session: Session, command: commands.Mode) -> commands.Reply:
    """Choose the transfer mode: stream."""
    return commands.reply(200, "MODE S") if command.code == "S" else replies.NOT_OFFERED


async def choose_structure(session: Session, command: commands.Stru) -> commands.Reply:
    """Choose the file structure: file."""
    return commands.reply(200, "STRU F") if command.code == "F" else replies.NOT_OFFERED


HANDLERS = handlers(
    print_working, change_working, change_up, facts_of, size, modified, choose_type, choose_mode,
    choose_structure,
)  # fmt: skip
