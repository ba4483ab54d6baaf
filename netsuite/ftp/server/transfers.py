"""Transfers: RETR and STOR and their like, listings, ABOR."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final

from OpenSSL import SSL
from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionDone
from twisted.internet.task import deferLater

from netsuite.connection.sendfile import FileCutShort, send_file
from netsuite.connection.server import handlers
from netsuite.ftp import commands, replies
from netsuite.ftp.ascii import FromNetwork, ToNetwork
from netsuite.ftp.server.active_transfer import ActiveTransfer
from netsuite.ftp.server.lists import listing_of
from netsuite.ftp.server.session import Session
from netsuite.ftp.server.transfer_log import transferred
from netsuite.ftp.transfer import connection
from netsuite.ftp.transfer.accepting import Accepted
from netsuite.ftp.transfer.channel import Arrived
from netsuite.ftp.transfer.connection import DataConnection
from netsuite.ftp.transfer.incoming import Incoming
from netsuite.store.errors import BadFileName, FileInTheWay, NoSuchFile
from netsuite.store.tree import OpenFile, Upload, UploadRequest
from netsuite.wire.errors import ErrorTable
from netsuite.wire.events import EndOfInput

#: So much of a file is read at a time where its line ends are converted.
PIECE_OCTETS: Final = 131_072
#: What is no larger is read and written: to lend the transport to the kernel costs a turn more.
SMALL_OCTETS: Final = 65_536
#: How long who is gone is given to answer that with a reset.
HEARD_SECONDS: Final = 2.0
#: The end of a client's other connection is heard of within so long.
LAST_LOOK_SECONDS: Final = 0.001
#: Names that STOU tries.
UNIQUE_NAMES: Final = 1000
#: What OpenSSL says to a full handshake where there is no certificate to show.
_NO_RESUMPTION: Final = frozenset({"no shared cipher", "no suitable signature algorithm"})

#: What is said of what a transfer may meet beside the store's errors.
_ERRORS: Final[ErrorTable[commands.Reply]] = ErrorTable(
    {
        **replies.REPLIES,
        CancelledError: replies.ABORTED,
        connection.NotArranged: replies.ARRANGE_FIRST,
        connection.NotConnected: replies.NOT_CONNECTED,
        connection.DataStalled: replies.STALLED,
        connection.DataCut: replies.CUT,
        connection.NoTLSEnd: replies.NO_TLS_END,
        connection.HandshakeFailed: replies.TLS_FAILED,
        FileCutShort: replies.LEFT_WHILE_SENT,
        # Of the data connection: the control connection's end cancels us.
        ConnectionDone: replies.CUT,
    }
)


# -- running ------------------------------------------------------------------------------------


async def transfer(session: Session, command: commands.Transfer) -> None:
    """Run a transfer beside the commands."""
    active = session.active = ActiveTransfer(command, since=session.clock.seconds())
    active.done = session.spawn(_run(session, active), command)


async def _run(session: Session, active: ActiveTransfer) -> None:
    said = replies.BROKEN
    try:
        said = await _worked(session, active)
    finally:
        transferred(session, active, said)
        session.restart_at = 0
        session.allocated = None
        session.data().reset()
        session.active = None
    session.say(commands.Ended(said))


async def _worked(session: Session, active: ActiveTransfer) -> commands.Reply:
    """Do the work; return what is to be said of it in the end."""
    try:
        if session.shared.settings.require_tls and session.protection is commands.Protection.CLEAR:
            return replies.PROT_NEEDED
        return await _work(session, active)
    except Exception as error:
        said = _reply_to(active, error)
        if said is None:
            raise
        return said


async def _work(session: Session, active: ActiveTransfer) -> commands.Reply:
    match active.command:
        case commands.Retr() as command:
            return await _retrieve(session, active, command)
        case commands.Stor() as command:
            return await _store(session, active, command)
        case commands.Appe() as command:
            return await _append(session, active, command)
        case commands.Stou() as command:
            return await _store_unique(session, active, command)
        case command:
            return await _list(session, active, command)


def _reply_to(active: ActiveTransfer, error: Exception) -> commands.Reply | None:
    """Return what is said of an error; None where it was not foreseen."""
    if isinstance(error, BadFileName) and isinstance(
        active.command, commands.Stor | commands.Stou | commands.Appe
    ):
        return replies.BAD_NAME
    if isinstance(error, ConnectionDone) and active.data is not None and active.data.stalled:
        return replies.STALLED
    cause = error.__cause__
    if isinstance(error, connection.HandshakeFailed) and isinstance(cause, SSL.Error):
        reasons = {reason[-1] for reason in cause.args[0]} if cause.args else set()
        if reasons & _NO_RESUMPTION:
            return replies.RESUME_TLS
    return _ERRORS.find(error)


async def _connected(session: Session, active: ActiveTransfer, text: str) -> DataConnection:
    """Return the data connection, ready for octets."""
    return await _begun(session, active, await session.data().claim(), text)


async def _incoming(
    session: Session, active: ActiveTransfer, text: str
) -> DataConnection | Incoming:
    """Return what comes over the data connection."""
    arrived = await session.data().claim()
    if not isinstance(arrived, Accepted) or session.data_tls() is not None:
        return await _begun(session, active, arrived, text, receives=True)
    incoming = active.data = arrived.incoming()
    session.say(commands.reply(150, text))
    return incoming


async def _begun(
    session: Session,
    active: ActiveTransfer,
    arrived: Arrived,
    text: str,
    *,
    receives: bool = False,
) -> DataConnection:
    data = arrived.adopted() if isinstance(arrived, Accepted) else arrived
    active.data = data
    session.say(commands.reply(150, text))
    await data.begin(session.data_tls(), receives=receives)
    return data


async def abort(session: Session, command: commands.Abor) -> commands.Reply:
    """End the transfer under way; it says 426 first, unless it is too late for that."""
    if session.active is None:
        session.data().reset()
    else:
        await session.active.stop()
    return replies.ABORT_DONE


async def end_of_input(session: Session, event: EndOfInput) -> None:
    """Close, when the transfer under way has ended, which is told to a client that has closed its
    half only. Whether one that sends a file is gone is found out when the file has come."""
    if session.active is not None and session.active.done is not None:
        await session.active.done
    session.close()


# -- files out ----------------------------------------------------------------------------------


async def _retrieve(
    session: Session, active: ActiveTransfer, command: commands.Retr
) -> commands.Reply:
    offset = session.restart_at
    as_text = session.representation is commands.Representation.ASCII
    if offset and as_text:
        return replies.NO_ASCII_REST
    file = await session.files.open(session.resolved(command.path))
    try:
        octets = file.entry.octets - offset
        if octets < 0:
            return replies.BAD_REST
        text = "The file follows" if as_text else f"{octets} octets follow"
        if octets <= SMALL_OCTETS:
            content = b"".join([piece async for piece in _as_it_is(file, offset, octets)])
            if as_text:
                content = ToNetwork().feed(content)
            await _send_whole(session, active, content, text)
            return replies.TRANSFERRED
        data = await _connected(session, active, text)
        if as_text:
            await data.writer.write_body(_as_text(file))
        else:
            await send_file(
                data,
                file.descriptor,
                offset,
                octets,
                read=lambda descriptor, count, start: file.read(start, count),
            )
        await data.finish()
    finally:
        file.close()
    return replies.TRANSFERRED


async def _send_whole(session: Session, active: ActiveTransfer, octets: bytes, text: str) -> None:
    """Send something small, and its end. What the kernel takes at once needs no transport."""
    arrived = await session.data().claim()
    if isinstance(arrived, Accepted) and session.data_tls() is None:
        sent = active.at_once = arrived.send(octets)
        if sent == len(octets):
            arrived.close()
            session.say(commands.reply(150, text))
            return
        octets = octets[sent:]
    data = await _begun(session, active, arrived, text)
    data.writer.write(octets)
    await data.finish()


async def _as_it_is(file: OpenFile, offset: int, octets: int) -> AsyncIterator[bytes]:
    """Return so many octets of a file. Raises FileCutShort."""
    while octets:
        piece = await file.read(offset, octets)
        if not piece:
            raise FileCutShort(f"{octets} octets are missing")
        offset += len(piece)
        octets -= len(piece)
        yield piece


async def _as_text(file: OpenFile) -> AsyncIterator[bytes]:
    conversion = ToNetwork()
    offset = 0
    while octets := await file.read(offset, PIECE_OCTETS):
        offset += len(octets)
        yield conversion.feed(octets)


# -- files in -----------------------------------------------------------------------------------


async def _store(
    session: Session, active: ActiveTransfer, command: commands.Stor
) -> commands.Reply:
    path = session.resolved(command.path)
    offset = session.restart_at
    if offset and session.representation is commands.Representation.ASCII:
        return replies.NO_ASCII_REST
    try:
        wanted = UploadRequest(resume_at=offset or None, expected_octets=_announced(session))
        upload = await session.files.upload(path, wanted)
    except NoSuchFile:
        if offset:
            return replies.BAD_REST
        raise
    text = f"Send the file from octet {offset} on" if offset else "Send the file"
    return await _take(session, active, upload, text)


async def _append(
    session: Session, active: ActiveTransfer, command: commands.Appe
) -> commands.Reply:
    if session.restart_at:
        return replies.NO_REST_HERE
    path = session.resolved(command.path)
    wanted = UploadRequest(append=True, expected_octets=_announced(session))
    upload = await session.files.upload(path, wanted)
    return await _take(session, active, upload, "Send what is to be appended")


async def _store_unique(
    session: Session, active: ActiveTransfer, command: commands.Stou
) -> commands.Reply:
    """Store under a name that is not taken: the one wished for, or that with a number."""
    if session.restart_at:
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
        await _hears(session)


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


async def _hears(session: Session) -> None:
    """See that a client that says nothing more hears us. If it does it has closed its half of the
    control connection; if not it is gone, and what has come of a file is not known to be whole.
    Raises DataCut."""
    session.say(commands.reply(150, "All of it has come"))
    session.writer.flush()
    await deferLater(session.clock, HEARD_SECONDS)
    handle = _socket_of(session)
    # A reactor looks no more at what has ended, so it would not tell us of a reset.
    if handle is not None and handle.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise connection.DataCut("the client is gone")


async def _take(
    session: Session, active: ActiveTransfer, upload: Upload, text: str
) -> commands.Reply:
    """Accept a file from the data connection; return the reply. 226 means that it is durable."""
    data = None
    conversion = FromNetwork() if session.representation is commands.Representation.ASCII else None
    try:
        data = await _incoming(session, active, text)
        async for octets in data.received():
            waiting = upload.write(octets if conversion is None else conversion.feed(octets))
            if waiting is not None:
                await waiting
        if conversion is not None:
            upload.write(conversion.finish())
        data.close()
        may_replace: Callable[[], Awaitable[None]] | None = None
        if session.dialog.client_ended:
            await _hears(session)
        elif not (isinstance(data, DataConnection) and data.ended_by_peer):
            # Under TLS it is the client that ends it, and not the kernel.
            may_replace = partial(_may_replace, session, session.clock.seconds())
        active.committing = True
        await upload.commit(may_replace=may_replace)
    except BaseException:
        if isinstance(data, Incoming) and not active.committing:
            # A client that was killed ends both connections at once; what it had sent is kept.
            for octets in data.unread():
                upload.write(octets if conversion is None else conversion.feed(octets))
        await upload.abort(keep_partial=True)
        raise
    return replies.TRANSFERRED


# -- listings -----------------------------------------------------------------------------------


async def _list(
    session: Session, active: ActiveTransfer, command: commands.List | commands.Nlst | commands.Mlsd
) -> commands.Reply:
    listing = await listing_of(session, command)
    if isinstance(listing, commands.Reply):
        return listing
    data = await _connected(session, active, "The listing follows")
    await data.writer.write_body(listing)
    await data.finish()
    return replies.TRANSFERRED


HANDLERS = handlers(transfer, abort, end_of_input)
