"""Sending part of a file: by the kernel where it can, in pieces through us where it cannot."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, TypeAlias, TypeGuard

from twisted.internet import tcp
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IPullProducer
from zope.interface import implementer

from netsuite.connection.pump import Pump

#: So much at a time: one call must not keep the reactor's thread busy with a slow disk for long.
KERNEL_OCTETS: Final = 262_144
PIECE_OCTETS: Final = 131_072

#: What any protocol says on it is of no interest here.
AnyPump: TypeAlias = Pump[Any, Any]
#: Reads away from the reactor's thread: ``read(descriptor, count, offset) -> awaitable octets``,
#: with the arguments of ``os.pread``.
Read: TypeAlias = Callable[[int, int, int], Awaitable[bytes]]


class FileCutShort(Exception):
    """The file ended before all that was announced was sent; the connection is of no more use,
    since the peer waits for the rest."""


async def send_file(
    connection: AnyPump, descriptor: int, offset: int, count: int, *, read: Read
) -> None:
    """Send octets of a file, as fast as the peer takes them.

    On a plain TCP connection the kernel copies them, which takes half the processor time;
    under TLS, and on transports that are no sockets, they are read and written in pieces.

    Args:
        connection: to whom, after what was said before.
        descriptor: of the file, open for reading; its position is neither used nor moved.
        offset: of the first octet.
        count: how many octets.
        read: reads where the kernel cannot send.

    Raises:
        FileCutShort: the file is shorter than that; what there was has been sent.
        ConnectionDone: the peer is gone.
        OSError: the file cannot be read.
    """
    await connection.writer.writable()
    transport: object = connection.transport
    if _kernel_can(transport):
        sent = await _KernelSender(connection, transport, descriptor, offset, count).start()
    else:
        sent = await _in_pieces(connection, descriptor, offset, count, read)
    if sent < count:
        raise FileCutShort(f"{sent} octets of {count}")


def _kernel_can(transport: object) -> TypeGuard[tcp.Connection]:
    return (
        hasattr(os, "sendfile")
        and isinstance(transport, tcp.Connection)
        and not getattr(transport, "TLS", False)
    )


async def _in_pieces(
    connection: AnyPump, descriptor: int, offset: int, count: int, read: Read
) -> int:
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < count:
            octets = await read(descriptor, min(PIECE_OCTETS, count - sent), offset + sent)
            if not octets:
                return
            sent += len(octets)
            yield octets

    await connection.writer.write_body(pieces())
    return sent


@implementer(IPullProducer)
class _KernelSender:
    """Takes the connection's place as its transport's producer while the file is sent."""

    def __init__(
        self,
        connection: AnyPump,
        transport: tcp.Connection,
        descriptor: int,
        offset: int,
        count: int,
    ) -> None:
        self._connection = connection
        self._transport = transport
        self._file = descriptor
        self._offset = offset
        self._left = count
        self._count = count
        self._first = True
        self._done: Deferred[int] | None = None

    def start(self) -> Deferred[int]:
        """Begin; the Deferred fires with the number of octets sent."""
        done = self._done = Deferred(lambda _: self._stop())
        if not self._left:
            self._finish(None)
            return done
        self._connection.writer.lend_transport(self)
        self._transport.startWriting()
        return done

    def resumeProducing(self) -> None:
        """Everything before has been sent: send some of the file (IPullProducer)."""
        if self._first:
            # The transport asks once when we register, before it has sent what it holds.
            self._first = False
            return
        if self._done is None:
            return
        try:
            sent = os.sendfile(
                self._transport.fileno(), self._file, self._offset, min(self._left, KERNEL_OCTETS)
            )
        except (BlockingIOError, InterruptedError):
            self._transport.startWriting()
            return
        except ConnectionError:
            self._transport.startWriting()  # the transport meets the error too, and says so
            return
        except OSError as error:
            self._finish(error)
            return
        self._offset += sent
        self._left -= sent
        self._connection.writer.sent_directly(sent)
        if sent == 0 or self._left == 0:
            self._finish(None)
        else:
            self._transport.startWriting()

    def stopProducing(self) -> None:
        """The transport is going (IPullProducer); ``connection_lost`` follows."""

    def connection_lost(self) -> None:
        """The peer is gone."""
        done, self._done = self._done, None
        if done is not None:
            done.errback(ConnectionDone())

    def _stop(self) -> None:
        """Whoever waited has given up: the peer waits for octets that will not come."""
        self._done = None
        self._connection.abort()

    def _finish(self, error: OSError | None) -> None:
        done, self._done = self._done, None
        if self._left != self._count or not self._first:
            self._connection.writer.take_transport_back()
        if done is None:
            return
        if error is not None:
            done.errback(error)
        else:
            done.callback(self._count - self._left)
