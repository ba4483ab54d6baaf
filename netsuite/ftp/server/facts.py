"""Facts of files, told and set: MLST, SIZE, MDTM, AVBL; MFMT, MFF, SITE CHMOD, SITE UTIME."""

from __future__ import annotations

import re
from typing import Final

from netsuite.connection.server import handlers
from netsuite.ftp import commands, replies
from netsuite.ftp.listing import format_mode, format_time, mlsx_entry, parse_time
from netsuite.ftp.paths import TreePath, shown
from netsuite.ftp.server.lists import listed
from netsuite.ftp.server.session import Session
from netsuite.store.errors import BadFileName, NoSuchFile
from netsuite.store.tree import EntryKind

#: What is told where nothing limits it: no disk has more.
UNLIMITED_OCTETS: Final = 2**63 - 1
# Many clients set a time so.
_time_first: Final = re.compile(r"([0-9]{14}(?:\.[0-9]{1,20})?) (.+)", re.DOTALL)


async def facts_of(session: Session, command: commands.Mlst) -> commands.Reply:
    """Say the facts of one file or directory."""
    path = session.resolved(command.path)
    entry = await session.files.entry(path)
    # RFC 3659, 7.3.1: the name as a path from the root, which is what one can be sure of.
    found = listed(entry, session.files.permissions(path), shown(session.seen(path)))
    line = mlsx_entry(found, session.facts)
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
    """Say when a file was modified; or set it, where there is no file of the very name."""
    try:
        entry = await session.files.entry(session.resolved(command.path))
    except (NoSuchFile, BadFileName):
        match = _time_first.fullmatch(command.path)
        if match is None:
            raise
        return await _set(session, 213, match[2], match[1])
    return commands.reply(213, format_time(entry.modified))


async def room(session: Session, command: commands.Avbl) -> commands.Reply:
    """Say how many octets may still be stored (draft-peterson-streamlined-ftp)."""
    space = await session.files.space(session.resolved(command.path))
    octets = space.octets_left
    return commands.reply(213, str(UNLIMITED_OCTETS if octets is None else octets))


async def set_modified(session: Session, command: commands.Mfmt) -> commands.Reply:
    """Set when a file was modified (draft-somers-ftp-mfxx, 3)."""
    return await _set(session, 213, command.path, command.modified)


async def set_facts(session: Session, command: commands.Mff) -> commands.Reply:
    """Set several facts (draft-somers-ftp-mfxx, 5)."""
    return await _set(session, 213, command.path, command.modified, command.mode)


async def set_mode(session: Session, command: commands.SiteChmod) -> commands.Reply:
    """Set permission bits."""
    return await _set(session, 200, command.path, None, command.mode)


async def set_times(session: Session, command: commands.SiteUtime) -> commands.Reply:
    """Set when a file was modified, as it was done before MFMT."""
    return await _set(session, 200, command.path, command.modified)


async def _set(
    session: Session, code: int, said: str, time: str | None, mode: int | None = None
) -> commands.Reply:
    """Set a time, permission bits or both; what cannot be a time is found before anything is set.

    Args:
        code: of the reply where that was done.
        said: the path.
        time: a time-val.
    """
    moment = None if time is None else parse_time(time)
    if time is not None and moment is None:
        return replies.BAD_TIME
    path: TreePath = session.resolved(said)
    done = ""
    if mode is not None:
        entry = await session.files.set_mode(path, mode)
        done = f"UNIX.mode={format_mode(entry.mode)};"
    if moment is not None:
        entry = await session.files.set_modified(path, moment)
        done = f"Modify={format_time(entry.modified)};{done}"
    return commands.reply(code, f"{done} {shown(session.seen(path))}")


HANDLERS = handlers(facts_of, size, modified, room, set_modified, set_facts, set_mode, set_times)
