"""Transfers from the client: STOR, APPE, STOU; 226 means that a file is durable."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final

from twisted.internet.task import deferLater

from netsuite.ftp import commands, replies
from netsuite.ftp.ascii import FromNetwork
from netsuite.ftp.deflate import BadDeflate, EndMissing, Inflater
from netsuite.ftp.server.active_transfer import ActiveTransfer
from netsuite.ftp.server.sending import begun
from netsuite.ftp.server.session import Session
from netsuite.ftp.transfer import connection
from netsuite.ftp.transfer.accepting import Accepted
from netsuite.ftp.transfer.connection import DataConnection
from netsuite.ftp.transfer.incoming import Incoming
from netsuite.ftp.transfer.rates import Allowance
from netsuite.store.errors import FileInTheWay, NoSuchFile
from netsuite.store.tree import Upload, UploadRequest

#: How long who is gone is given to answer that with a reset.
HEARD_SECONDS: Final = 2.0
#: The end of a client's other connection is heard of within so long.
LAST_LOOK_SECONDS: Final = 0.001
#: Names that STOU tries.
UNIQUE_NAMES: Final = 1000
#: Inflated on the reactor's thread: what becomes no more than a piece, in half a millisecond.
INFLATED_HERE_OCTETS: Final = 4_096
#: Said to a client that has closed its half, to see whether it is there.
ALL_CAME: Final = "All of it has come"
#: Copied at a time behind what was stored in the midst of a file.
COPIED_OCTETS: Final = 131_072

#: What is done with an upload that has come whole, before it is committed.
Then = Callable[[Upload], Awaitable[None]]


class NotTheRange(Exception):
    """More or less came than the range that RANG has named has octets."""


async def store(session: Session, active: ActiveTransfer, command: commands.Stor) -> commands.Reply:
    """Store a file: all of it, from REST on, or the range that RANG has named."""
    path = session.resolved(command.path)
    as_text = session.representation is commands.Representation.ASCII
    if as_text and (session.restart_at or session.range):
        return replies.NO_ASCII_REST
    if session.range is not None:
        return await _store_range(session, active, path, *session.range)
    offset = session.restart_at
    try:
        wanted = UploadRequest(resume_at=offset or None, expected_octets=_announced(session))
        upload = await session.files.upload(path, wanted)
    except NoSuchFile:
        if offset:
            return replies.BAD_REST
        raise
    text = f"Send the file from octet {offset} on" if offset else "Send the file"
    return await _take(session, active, upload, text)


async def _store_range(
    session: Session, active: ActiveTransfer, path: tuple[str, ...], start: int, end: int
) -> commands.Reply:
    """Store octets in the midst of a file; the others stay (draft-bryan-ftp-range, 4.3)."""
    try:
        file = await session.files.open(path)
    except NoSuchFile:
        if start:
            return replies.BAD_REST
        wanted = UploadRequest(only_new=True, expected_octets=end + 1)
        upload = await session.files.upload(path, wanted)
        return await _take(session, active, upload, f"Send {end + 1} octets", _whole(end + 1))
    try:
        entry = file.entry
        if start > entry.octets:
            return replies.BAD_REST
        wanted = UploadRequest(
            resume_at=start or None,
            if_validator=entry.validator,
            expected_octets=max(end + 1, entry.octets) - start,
        )

        async def rest(upload: Upload) -> None:
            await _whole(end + 1)(upload)
            offset = end + 1
            while offset < entry.octets and (piece := await file.read(offset, COPIED_OCTETS)):
                offset += len(piece)
                waiting = upload.write(piece)
                if waiting is not None:
                    await waiting

        upload = await session.files.upload(path, wanted)
        text = f"Send {end + 1 - start} octets for the file from octet {start} on"
        return await _take(session, active, upload, text, rest)
    finally:
        file.close()


def _whole(octets: int) -> Then:
    async def check(upload: Upload) -> None:
        if upload.octets != octets:
            raise NotTheRange(f"{upload.octets} octets and not {octets}")

    return check


async def append(
    session: Session, active: ActiveTransfer, command: commands.Appe
) -> commands.Reply:
    """Append to a file, or store a new one."""
    if session.restart_at or session.range:
        return replies.NO_REST_HERE
    path = session.resolved(command.path)
    wanted = UploadRequest(append=True, expected_octets=_announced(session))
    upload = await session.files.upload(path, wanted)
    return await _take(session, active, upload, "Send what is to be appended")


async def store_unique(
    session: Session, active: ActiveTransfer, command: commands.Stou
) -> commands.Reply:
    """Store under a name that is not taken: the one wished for, or that with a number."""
    if session.restart_at or session.range:
        return replies.NO_REST_HERE
    wish = session.resolved(command.path or "file")
    if not wish:
        return replies.BAD_NAME
    wanted = UploadRequest(only_new=True, expected_octets=_announced(session))
    for number in range(UNIQUE_NAMES):
        name = f"{wish[-1]}.{number}" if number else wish[-1]
        try:
            path = (*wish[:-1], name)
            upload = await session.files.upload(path, wanted)
        except FileInTheWay:
            continue
        active.path = path
        # RFC 1123, 4.1.2.9: the name is told like that.
        return await _take(session, active, upload, f"FILE: {name}")
    return replies.NO_UNIQUE_NAME


def _announced(session: Session) -> int | None:
    """Return the size that ALLO announced; in TYPE A that of the file is another."""
    as_text = session.representation is commands.Representation.ASCII
    return None if as_text else session.allocated


async def _may_replace(session: Session, since: float) -> None:
    """See that the client has not gone, before something that is there is replaced.

    In stream mode the end of the connection is the end of the file, and the end of the client
    looks the same. It ends the control connection, too, a moment before or after: the kernel
    closes what a killed process had open in an order of its own. That moment mostly passes while
    the file is brought to the disk. Raises DataCut.

    Args:
        since: when the file had come.
    """
    await deferLater(session.clock, max(0.0, since + LAST_LOOK_SECONDS - session.clock.seconds()))
    if session.dialog.client_ended or _has_hung_up(session):
        await hears(session, ALL_CAME)


def _has_hung_up(session: Session) -> bool:
    """Return whether the end of what the client says has come, behind nothing else."""
    handle = _socket_of(session)
    if handle is None:
        return False
    try:
        return not handle.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except (BlockingIOError, InterruptedError):
        return False
    except OSError:
        return True


def _socket_of(session: Session) -> socket.socket | None:
    """Return the control connection's socket, where it has one. Raises DataCut: it is gone."""
    if session.lost:
        raise connection.DataCut("the client is gone")
    handle = session.transport.getHandle() if hasattr(session.transport, "getHandle") else None
    return handle if isinstance(handle, socket.socket) else None


async def hears(session: Session, text: str) -> None:
    """See that a client that says nothing more hears us. If it does it has closed its half of the
    control connection; if not it is gone, and what has come of a file is not known to be whole.
    Raises DataCut.

    Args:
        text: said to it; nothing that is there is reset by that.
    """
    session.say(commands.reply(150, text))
    session.writer.flush()
    await deferLater(session.clock, HEARD_SECONDS)
    handle = _socket_of(session)
    # A reactor looks no more at what has ended, so it would not tell us of a reset.
    if handle is not None and handle.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise connection.DataCut("the client is gone")


async def _incoming(
    session: Session, active: ActiveTransfer, text: str
) -> DataConnection | Incoming:
    """Return what comes over the data connection."""
    arrived = await session.data().claim()
    if not isinstance(arrived, Accepted) or session.data_tls() is not None:
        return await begun(session, active, arrived, text, receives=True)
    incoming = active.data = arrived.incoming()
    session.say(commands.reply(150, text))
    return incoming


async def _allowed(allowance: Allowance, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for octets in body:
        await allowance.take(len(octets))
        yield octets


async def _inflated(session: Session, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Return the file of a stream that comes. Raises BadDeflate, DataCut."""
    inflater = Inflater()
    async for octets in body:
        inflater.receive(octets)
        here = len(octets) <= INFLATED_HERE_OCTETS
        while inflater.more:
            yield inflater.step() if here else await session.shared.run(inflater.step)
            here = False
    try:
        inflater.finish()
    except EndMissing as error:
        raise connection.DataCut(str(error)) from error


async def _take(
    session: Session,
    active: ActiveTransfer,
    upload: Upload,
    text: str,
    then: Then | None = None,
) -> commands.Reply:
    """Accept a file from the data connection; return the reply. 226 means that it is durable."""
    data = None
    conversion = FromNetwork() if session.representation is commands.Representation.ASCII else None
    try:
        data = await _incoming(session, active, text)
        received = _allowed(session.allowance, data.received())
        if session.deflated:
            received = _inflated(session, received)
        async for octets in received:
            waiting = upload.write(octets if conversion is None else conversion.feed(octets))
            if waiting is not None:
                await waiting
        if conversion is not None:
            upload.write(conversion.finish())
        data.close()
        if then is not None:
            await then(upload)
        may_replace: Callable[[], Awaitable[None]] | None = None
        if session.dialog.client_ended:
            await hears(session, ALL_CAME)
        elif not (isinstance(data, DataConnection) and data.ended_by_peer):
            # Under TLS it is the client that ends it, and not the kernel.
            may_replace = partial(_may_replace, session, session.clock.seconds())
        active.committing = True
        await upload.commit(may_replace=may_replace)
    except BaseException as error:
        if isinstance(data, Incoming) and not active.committing and not session.deflated:
            # A client that was killed ends both connections at once; what it had sent is kept.
            for octets in data.unread():
                upload.write(octets if conversion is None else conversion.feed(octets))
        await upload.abort(keep_partial=not isinstance(error, BadDeflate | NotTheRange))
        raise
    return replies.TRANSFERRED
