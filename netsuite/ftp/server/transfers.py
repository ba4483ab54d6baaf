"""Transfers: what arranges them, RETR and STOR and their like, ABOR."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from OpenSSL import SSL
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone

from netsuite.connection.sendfile import FileCutShort, send_file
from netsuite.ftp import replies
from netsuite.ftp.reply_grammar import extended_passive_reply, passive_reply
from netsuite.ftp.ascii import FromNetwork, ToNetwork
from netsuite.ftp.commands import (
    Abor,
    Allo,
    Appe,
    Ended,
    Epsv,
    List,
    Mlsd,
    Nlst,
    Pasv,
    Port,
    Protection,
    Reply,
    Representation,
    Rest,
    Retr,
    Stor,
    Stou,
    Transfer,
    reply,
)
from netsuite.ftp.server.lists import listing_of
from netsuite.ftp.server.noting import transferred
from netsuite.ftp.transfer.accepting import Accepted
from netsuite.ftp.transfer.channel import Arrived, NoPortFree
from netsuite.ftp.transfer.connection import (
    DataConnection,
    DataCut,
    DataError,
    DataStalled,
    HandshakeFailed,
    NotArranged,
    NotConnected,
)
from netsuite.ftp.transfer.incoming import Incoming
from netsuite.store.errors import BadFileName, FileInTheWay, NoSuchFile, StoreError
from netsuite.store.tree import OpenFile, TreePath, Upload

if TYPE_CHECKING:
    from netsuite.ftp.server.connection import FTPServer

#: So much of a file is read at a time where its line ends are converted.
PIECE_OCTETS: Final = 131_072
#: What is no larger is read and written: to lend the transport to the kernel costs a turn more.
SMALL_OCTETS: Final = 65_536
#: How long the end of a client's other connection is given to be heard of.
LAST_LOOK_SECONDS: Final = 0.002
#: Names that STOU tries.
UNIQUE_NAMES: Final = 1000
#: RFC 2577, 3: what listens below is not to be spoken to for anybody.
FIRST_PORT: Final = 1024
#: What OpenSSL says to a full handshake where there is no certificate to show.
_NO_RESUMPTION: Final = frozenset({"no shared cipher", "no suitable signature algorithm"})

DATA_ERRORS: Final[Mapping[type[DataError], Reply]] = {
    NotArranged: replies.ARRANGE_FIRST,
    NotConnected: replies.NOT_CONNECTED,
    DataStalled: replies.STALLED,
    DataCut: replies.CUT,
    HandshakeFailed: replies.TLS_FAILED,
}


@dataclass(slots=True)
class ActiveTransfer:
    """A transfer under way.

    Args:
        command: what asked for it.
        data: its connection, once there is one.
        done: fires when it has ended and that was said.
        committing: all has come and is being made durable, which is not called back.
        since: when it was asked for.
        path: of its file, where that is not the one that was asked for.
        at_once: octets that passed before ``data`` was made of the connection, if it was.
    """

    command: Transfer
    data: DataConnection | Incoming | None = None
    done: Deferred[None] | None = None
    committing: bool = False
    since: float = 0.0
    path: TreePath | None = None
    at_once: int = 0

    @property
    def octets(self) -> int:
        """How many have passed."""
        return self.at_once + (self.data.octets_passed if self.data is not None else 0)


# -- arranging ----------------------------------------------------------------------------------


def passive(connection: FTPServer, event: Pasv) -> None:
    """Listen, and say where, in IPv4's words."""
    here = connection.here()
    if connection.extended_only:
        connection.say(replies.ONLY_EPSV)
    elif not connection.settings.passive:
        connection.say(replies.NO_PASSIVE)
    elif not here:
        connection.say(replies.NO_ADDRESS)
    elif ":" in here:
        connection.say(replies.NO_IPV4)
    else:
        port = _listen(connection)
        masquerade = connection.settings.masquerade_address
        # Who is on this very machine does not come through the translator.
        address = here if connection.peer.local or not masquerade else masquerade
        connection.say(replies.NO_PORT if port is None else passive_reply(address, port))


def extended_passive(connection: FTPServer, event: Epsv) -> None:
    """Listen, and say on which port."""
    here = connection.here()
    family = 2 if ":" in here else 1
    if event.all:
        connection.extended_only = True
        connection.say(reply(200, "Only EPSV from now on"))
    elif not connection.settings.passive:
        connection.say(replies.NO_PASSIVE)
    elif not here:
        connection.say(replies.NO_ADDRESS)
    elif event.family not in (None, family):
        connection.say(replies.other_family(family))
    else:
        port = _listen(connection)
        connection.say(replies.NO_PORT if port is None else extended_passive_reply(port))


def _listen(connection: FTPServer) -> int | None:
    try:
        return connection.data().listen(connection.shared.ports)
    except NoPortFree:
        connection.log.warn("{name}: no port is free for data", name=connection.name)
        connection.data().reset()
        return None


def active(connection: FTPServer, event: Port) -> None:
    """Take note of where to connect to: the peer, and nobody else (RFC 2577, 3)."""
    peer = connection.peer.address
    family = 2 if ":" in peer else 1
    if connection.extended_only:
        connection.say(replies.ONLY_EPSV)
    elif not connection.settings.active:
        connection.say(replies.NO_ACTIVE)
    elif not peer:
        connection.say(replies.NO_ADDRESS)
    elif event.family not in (None, family):
        connection.say(replies.other_family(family))
    elif event.address != peer:
        connection.say(replies.NOT_YOURS)
    elif event.port < FIRST_PORT:
        connection.say(replies.PRIVILEGED)
    else:
        connection.data().aim(event.address, event.port)
        connection.say(reply(200, "Noted"))


def restart(connection: FTPServer, event: Rest) -> None:
    """Take note of where the next transfer begins."""
    if event.offset and connection.representation is Representation.ASCII:
        connection.say(replies.NO_ASCII_REST)
        return
    connection.restart_at = event.offset
    connection.say(reply(350, f"Restarting at {event.offset}"))


def allocate(connection: FTPServer, event: Allo) -> None:
    """Take note of the size of what is stored next, so that it can be refused before it comes."""
    connection.allocated = event.octets
    connection.say(reply(200, "Noted"))


# -- running ------------------------------------------------------------------------------------


def transfer(connection: FTPServer, event: Transfer) -> None:
    """Run a transfer beside the commands."""
    running = connection.running = ActiveTransfer(event, since=connection.clock.seconds())
    running.done = connection.spawn(_run(connection, running), event)


async def _run(connection: FTPServer, running: ActiveTransfer) -> None:
    said = replies.BROKEN
    try:
        said = await _said(connection, running)
    finally:
        transferred(connection, running, said)
        connection.restart_at = 0
        connection.allocated = None
        connection.data().reset()
        connection.running = None
    connection.say(Ended(said))


async def _said(connection: FTPServer, running: ActiveTransfer) -> Reply:
    """Do the work; give what is to be said of it in the end."""
    try:
        if connection.settings.require_tls and connection.protection is Protection.CLEAR:
            return replies.PROT_NEEDED
        return await _WORK[type(running.command)](connection, running)
    except CancelledError:
        return replies.ABORTED
    except BadFileName as error:
        stored = isinstance(running.command, Stor | Stou | Appe)
        return replies.BAD_NAME if stored else replies.for_error(error)
    except replies.EXPECTED as error:
        return replies.for_error(error)
    except DataError as error:
        return _data_error(error)
    except FileCutShort:
        return replies.LEFT_WHILE_SENT
    except ConnectionDone:  # of the data connection; the control connection's end cancels us
        stalled = running.data is not None and running.data.stalled
        return replies.STALLED if stalled else replies.CUT


def _data_error(error: DataError) -> Reply:
    cause = error.__cause__
    if isinstance(error, HandshakeFailed) and isinstance(cause, SSL.Error):
        reasons = {reason[-1] for reason in cause.args[0]} if cause.args else set()
        if reasons & _NO_RESUMPTION:
            return replies.RESUME_TLS
    return DATA_ERRORS[type(error)]


async def _connected(connection: FTPServer, running: ActiveTransfer, text: str) -> DataConnection:
    """Give the data connection, ready for octets."""
    return await _begun(connection, running, await connection.data().claim(), text)


async def _incoming(
    connection: FTPServer, running: ActiveTransfer, text: str
) -> DataConnection | Incoming:
    """Give what comes over the data connection."""
    arrived = await connection.data().claim()
    if not isinstance(arrived, Accepted) or connection.data_tls() is not None:
        return await _begun(connection, running, arrived, text)
    incoming = running.data = arrived.incoming()
    connection.say(reply(150, text))
    return incoming


async def _begun(
    connection: FTPServer, running: ActiveTransfer, arrived: Arrived, text: str
) -> DataConnection:
    data = arrived.adopted() if isinstance(arrived, Accepted) else arrived
    running.data = data
    connection.say(reply(150, text))
    await data.begin(connection.data_tls())
    return data


async def abort(connection: FTPServer, event: Abor) -> None:
    """End the transfer under way; it says 426 first, unless it is too late for that."""
    running = connection.running
    if running is None or running.done is None:
        connection.data().reset()
    else:
        if not running.committing:
            running.done.cancel()
        await running.done
    connection.say(replies.ABORT_DONE)


# -- files out ----------------------------------------------------------------------------------


async def _retrieve(connection: FTPServer, running: ActiveTransfer) -> Reply:
    assert isinstance(running.command, Retr)
    offset = connection.restart_at
    as_text = connection.representation is Representation.ASCII
    if offset and as_text:
        return replies.NO_ASCII_REST
    file = await connection.tree().open(connection.resolved(running.command.path))
    try:
        octets = file.entry.octets - offset
        if octets < 0:
            return replies.BAD_REST
        text = "The file follows" if as_text else f"{octets} octets follow"
        if octets <= SMALL_OCTETS:
            content = b"".join([piece async for piece in _as_it_is(file, offset, octets)])
            if as_text:
                content = ToNetwork().feed(content)
            await _send_whole(connection, running, content, text)
            return replies.TRANSFERRED
        data = await _connected(connection, running, text)
        if as_text:
            await data.write_body(_as_text(file))
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


async def _send_whole(
    connection: FTPServer, running: ActiveTransfer, octets: bytes, text: str
) -> None:
    """Send something small, and its end. What the kernel takes at once needs no transport."""
    arrived = await connection.data().claim()
    if isinstance(arrived, Accepted) and connection.data_tls() is None:
        sent = running.at_once = arrived.send(octets)
        if sent == len(octets):
            arrived.close()
            connection.say(reply(150, text))
            return
        octets = octets[sent:]
    data = await _begun(connection, running, arrived, text)
    data.write(octets)
    await data.finish()


async def _as_it_is(file: OpenFile, offset: int, octets: int) -> AsyncIterator[bytes]:
    """Give so many octets of a file. Raises FileCutShort."""
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


async def _store(connection: FTPServer, running: ActiveTransfer) -> Reply:
    assert isinstance(running.command, Stor)
    path = connection.resolved(running.command.path)
    offset = connection.restart_at
    if offset and connection.representation is Representation.ASCII:
        return replies.NO_ASCII_REST
    tree = connection.tree()
    if not offset:
        upload = await tree.upload(path, expected_octets=_expected(connection))
        return await _take(connection, running, upload, "Send the file", path)
    try:
        upload = await tree.upload(path, resume_at=offset, expected_octets=_expected(connection))
    except NoSuchFile:
        return replies.BAD_REST
    return await _take(connection, running, upload, f"Send the file from octet {offset} on", path)


async def _append(connection: FTPServer, running: ActiveTransfer) -> Reply:
    assert isinstance(running.command, Appe)
    if connection.restart_at:
        return replies.NO_REST_HERE
    path = connection.resolved(running.command.path)
    upload = await connection.tree().upload(
        path, append=True, expected_octets=_expected(connection)
    )
    return await _take(connection, running, upload, "Send what is to be appended", path)


async def _store_unique(connection: FTPServer, running: ActiveTransfer) -> Reply:
    """Store under a name that is not taken: the one wished for, or that with a number."""
    assert isinstance(running.command, Stou)
    if connection.restart_at:
        return replies.NO_REST_HERE
    wish = connection.resolved(running.command.path or "file")
    if not wish:
        return replies.NOT_A_FILE
    for number in range(UNIQUE_NAMES):
        name = f"{wish[-1]}.{number}" if number else wish[-1]
        try:
            upload = await connection.tree().upload(
                (*wish[:-1], name), only_new=True, expected_octets=_expected(connection)
            )
        except FileInTheWay:
            continue
        running.path = (*wish[:-1], name)
        # RFC 1123, 4.1.2.9: the name is told like that.
        return await _take(connection, running, upload, f"FILE: {name}", None)
    return replies.NO_UNIQUE_NAME


def _expected(connection: FTPServer) -> int | None:
    """Give the size that ALLO announced; in TYPE A that of the file is another."""
    if connection.representation is Representation.ASCII:
        return None
    return connection.allocated


async def _last_look(connection: FTPServer, path: TreePath) -> None:
    """See that the client has not gone, before something that is there is replaced.

    In stream mode the end of the connection is the end of the file, and the end of the client
    looks the same. It ends the control connection, too, a moment before or after: the kernel
    closes what a killed process had open in an order of its own.
    """
    try:
        await connection.tree().entry(path)
    except StoreError:
        return  # a part of a new file is kept anyway
    await connection.pause(LAST_LOOK_SECONDS)


async def _take(
    connection: FTPServer, running: ActiveTransfer, upload: Upload, text: str, path: TreePath | None
) -> Reply:
    """Take a file from the data connection; 226 means that it is durable.

    Args:
        path: where something may be that is replaced or changed.
    """
    data = None
    conversion = FromNetwork() if connection.representation is Representation.ASCII else None
    try:
        data = await _incoming(connection, running, text)
        async for octets in data.received():
            waiting = upload.write(octets if conversion is None else conversion.feed(octets))
            if waiting is not None:
                await waiting
        if conversion is not None:
            upload.write(conversion.finish())
        data.close()
        if path is not None:
            await _last_look(connection, path)
        if connection.dialog.client_ended:
            raise DataCut("the client is gone")
        running.committing = True
        await upload.commit()
    except BaseException:
        if isinstance(data, Incoming) and not running.committing:
            # A client that was killed ends both connections at once; what it had sent is kept.
            for octets in data.at_hand():
                upload.write(octets if conversion is None else conversion.feed(octets))
        await upload.abort(keep_partial=True)
        raise
    return replies.TRANSFERRED


# -- listings -----------------------------------------------------------------------------------


async def _list(connection: FTPServer, running: ActiveTransfer) -> Reply:
    command = running.command
    assert isinstance(command, List | Nlst | Mlsd)
    listing = await listing_of(connection, command)
    if isinstance(listing, Reply):
        return listing
    data = await _connected(connection, running, "The listing follows")
    await data.write_body(listing)
    await data.finish()
    return replies.TRANSFERRED


_WORK: Final[Mapping[type, Callable[[Any, ActiveTransfer], Awaitable[Reply]]]] = {
    Retr: _retrieve,
    Stor: _store,
    Appe: _append,
    Stou: _store_unique,
    List: _list,
    Nlst: _list,
    Mlsd: _list,
}

ANSWERS: Final[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
    Pasv: passive,
    Epsv: extended_passive,
    Port: active,
    Rest: restart,
    Allo: allocate,
    **dict.fromkeys(_WORK, transfer),
    Abor: abort,
}
