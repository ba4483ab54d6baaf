"""Hashes of files: HASH (draft-bryan-ftpext-hash), XCRC, XMD5 and their like."""

from __future__ import annotations

from typing import Final

from netsuite.ftp import commands, replies
from netsuite.ftp.digests import FUNCTIONS, Hashing, ranged
from netsuite.ftp.grammar import DIGESTS
from netsuite.ftp.paths import TreePath, shown
from netsuite.ftp.server.active_transfer import ActiveTransfer
from netsuite.ftp.server.receiving import hears
from netsuite.ftp.server.session import Session
from netsuite.store.errors import BadFileName, IsADirectory, NoSuchFile
from netsuite.store.tree import OpenFile

#: Read at a time ...
PIECE_OCTETS: Final = 262_144
#: ... and hashed on the reactor's thread: it takes a tenth of a millisecond at most.
HASHED_HERE_OCTETS: Final = 16_384
#: Hashed of a file before it is another's turn: nobody waits for the end of a large one.
TURN_OCTETS: Final = 4 << 20


async def hash_file(
    session: Session, active: ActiveTransfer, command: commands.Hash
) -> commands.Reply:
    """Hash a file by the function that is chosen, or what RANG says of it."""
    path = session.resolved(command.path)
    start, end = session.range or (0, -1)
    try:
        found = await _hashed(session, active, path, session.hash_name, start, end + 1)
    except IsADirectory:
        return replies.NO_HASH_OF_DIRECTORY
    if found is None:
        return replies.BAD_REST
    hashed, stop = found
    # The last octet belongs to it; of an empty file there is none, and it may not be before 0.
    name = shown(session.seen(path))
    return commands.reply(
        213, f"{session.hash_name} {start}-{max(start, stop - 1)} {hashed} {name}"
    )


async def digest_file(
    session: Session, active: ActiveTransfer, command: commands.Digest
) -> commands.Reply:
    """Hash a file by the function that the command names."""
    function = DIGESTS[command.word]
    start, stop = 0, 0
    try:  # a file of the very name that was said goes before one with a range behind it
        found = await _hashed(session, active, session.resolved(command.path), function)
    except (NoSuchFile, BadFileName):
        asked = ranged(command.path)
        if asked is None:
            raise
        said, start, stop = asked
        if 0 <= stop < start:
            return replies.BAD_REST
        found = await _hashed(session, active, session.resolved(said), function, start, stop)
    return replies.BAD_REST if found is None else commands.reply(250, found[0])


async def _hashed(
    session: Session,
    active: ActiveTransfer,
    path: TreePath,
    function: str,
    start: int = 0,
    stop: int = 0,
) -> tuple[str, int] | None:
    """Hash octets of a file.

    Args:
        start: the first.
        stop: the one behind the last; before 1 all of them.

    Returns:
        The hash and where it ends; None where it would begin beyond the file's end.
    """
    file = await session.files.open(path)
    try:
        octets = file.entry.octets
        if start > octets:
            return None
        stop = min(stop, octets) if stop > 0 else octets
        hashing = FUNCTIONS[function]()
        await _feed(session, active, file, hashing, start, stop)
        return hashing.hexdigest(), stop
    finally:
        file.close()


async def _feed(
    session: Session,
    active: ActiveTransfer,
    file: OpenFile,
    hashing: Hashing,
    start: int,
    stop: int,
) -> None:
    """Hash from an octet up to another, some whenever it is its turn, as long as there is somebody
    to be told. Raises DataCut: the client is gone."""
    heard = False
    while start < stop:
        async with session.shared.hashing.turn(session.files.name):
            turn = min(stop, start + TURN_OCTETS)
            while start < turn:
                octets = await file.read(start, min(PIECE_OCTETS, turn - start))
                if not octets:
                    return  # it has become shorter, and is hashed as far as it goes
                if len(octets) <= HASHED_HERE_OCTETS:
                    hashing.update(octets)
                else:
                    await session.shared.run(hashing.update, octets)
                start += len(octets)
                active.at_once += len(octets)
        if start < stop and session.dialog.client_ended and not heard:
            await hears(session, "It is being hashed")
            heard = True
