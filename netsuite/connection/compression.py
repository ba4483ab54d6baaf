"""DEFLATE on a connection that is under way, for protocols that can ask for it.

See RFC 1951; IMAP's COMPRESS (RFC 4978); NNTP's (RFC 8054).

It stands between the connection and its transport, TLS or not, as TLS itself does, and is a
transport to the one and a protocol to the other. What inflates is handed on in small pieces and no
faster than they are taken, so a few octets that become very many are bounded by what bounds those:
the limits of the dialog, which sees nothing but what has been inflated.

Compression under encryption tells by its size whether what one side has chosen stands beside what
it has not (CRIME). So it begins after a login only, when no password is said any more; and TLS of
ours never compresses, so nothing is compressed twice.
"""

from __future__ import annotations

import zlib
from typing import Any, Final, Protocol

from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IReactorTime,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import directlyProvides, implementer, providedBy

from netsuite.connection.writer import StreamTransport, write_now

#: Inflated octets that are handed on at once ...
PIECE_OCTETS: Final = 16_384
#: ... and in one turn of the reactor.
TURN_OCTETS: Final = 256 * 1024
# Measured with envelopes and structures of 2,000 messages, 1 MB: a window of 4 KB makes them 17 %
# of their size, one of 32 KB 15 %, and a connection takes 22 KB of memory for it instead of 110.
# Level 6 gains 2 %, and takes nearly twice the processor's time (14 ms instead of 7.5).
_WINDOW_BITS: Final = 12
_MEMORY_LEVEL: Final = 5
_LEVEL: Final = 3
#: The peer's window may be as large as it likes: 32 KB, which zlib takes when something comes.
_PEER_WINDOW_BITS: Final = 15


class Receiver(Protocol):
    """The connection, as transports see it."""

    def dataReceived(self, data: bytes) -> None:
        """Accept what came."""

    def readConnectionLost(self) -> None:
        """The peer has closed its half."""

    def writeConnectionLost(self) -> None:
        """Our half is closed."""

    def connectionLost(self, reason: Failure) -> None:
        """It is over."""

    def abort(self) -> None:
        """Drop the connection."""


@implementer(IHalfCloseableProtocol)
class Compression:
    """The layer: give it to ``begin``.

    Args:
        protocol: the connection.
        transport: what it has spoken on so far.
        clock: for what waits for the next turn.
    """

    log = Logger()
    disconnecting = False

    def __init__(self, protocol: Receiver, transport: StreamTransport, clock: IReactorTime) -> None:
        self._protocol = protocol
        self._transport = transport
        self._clock = clock
        self._deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -_WINDOW_BITS, _MEMORY_LEVEL)
        self._inflater = zlib.decompressobj(-_PEER_WINDOW_BITS)
        self._waiting = b""  # came, and is not inflated yet
        self._more = False  # the inflater has more to give
        self._paused = False  # the connection takes nothing for now
        self._reading = True  # from the transport
        self._inflating = False
        self._eof = False
        self._over = False
        self._turn: IDelayedCall | None = None
        directlyProvides(self, providedBy(transport), IHalfCloseableProtocol)

    # Any: what else a transport has, as the interfaces say that it provides.
    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    # -- a transport: what goes out -----------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send octets, so that the peer can inflate all of them now."""
        if data:
            octets = self._deflater.compress(data) + self._deflater.flush(zlib.Z_SYNC_FLUSH)
            write_now(self._transport, octets)

    def loseConnection(self) -> None:
        """Close, after what was written."""
        self._transport.loseConnection()

    def getPeer(self) -> IAddress:
        """Return the other end's address."""
        return self._transport.getPeer()

    def getHost(self) -> IAddress:
        """Return our own."""
        return self._transport.getHost()

    def registerProducer(self, producer: object, streaming: bool) -> None:
        """Tell a producer when the peer does not read."""
        self._transport.registerProducer(producer, streaming)

    def unregisterProducer(self) -> None:
        """Unregister the producer."""
        self._transport.unregisterProducer()

    def pauseProducing(self) -> None:
        """Hand on nothing more for now."""
        self._paused = True
        self._read(reading=False)

    def resumeProducing(self) -> None:
        """Hand on again, from the next turn of the reactor: no transport calls its protocol from
        within this, and a connection that rests here would not notice what came."""
        self._paused = False
        if self._waiting or self._more or self._eof:
            if self._turn is None and not self._inflating and not self._over:
                self._turn = self._clock.callLater(0, self._next_turn)
        else:
            self._read(reading=True)

    def _read(self, *, reading: bool) -> None:
        if reading is not self._reading and not self._over:
            self._reading = reading
            if reading:
                self._transport.resumeProducing()
            else:
                self._transport.pauseProducing()

    # -- a protocol: what comes in ------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        """Inflate what came."""
        self._waiting += data
        self._inflate()

    def _inflate(self) -> None:
        """Hand on as much as is taken and one turn allows."""
        if self._inflating or self._turn is not None:
            return
        self._inflating = True
        handed_on = 0
        try:
            while (self._waiting or self._more) and not self._paused and not self._over:
                if handed_on >= TURN_OCTETS:
                    self._turn = self._clock.callLater(0, self._next_turn)
                    break
                octets = self._inflater.decompress(self._waiting, PIECE_OCTETS)
                self._waiting = self._inflater.unconsumed_tail
                self._more = len(octets) == PIECE_OCTETS
                handed_on += len(octets)
                if octets:
                    self._protocol.dataReceived(octets)
                if self._inflater.eof:  # the peer has ended its stream, and can say nothing more
                    self._waiting, self._more, self._eof = b"", False, True
        except zlib.error as error:
            self.log.info("what came cannot be inflated: {why}", why=error)
            self._over = True
            self._protocol.abort()
            return
        finally:
            self._inflating = False
        drained = not self._waiting and not self._more
        self._read(reading=drained and not self._paused)
        if drained and self._eof and not self._over and not self._paused:
            self._eof = False
            self._protocol.readConnectionLost()

    def _next_turn(self) -> None:
        self._turn = None
        self._inflate()

    def readConnectionLost(self) -> None:
        """The peer has closed its half; what it said is handed on first."""
        self._eof = True
        self._inflate()

    def writeConnectionLost(self) -> None:
        """Our half is closed."""
        self._protocol.writeConnectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is over."""
        self._over = True
        self._waiting = b""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        self._protocol.connectionLost(reason)


def begin(protocol: Receiver, transport: StreamTransport, clock: IReactorTime) -> Compression:
    """Put compression between a connection and its transport; return what it speaks on now.

    Args:
        transport: hands what it reads to its attribute ``protocol``, or ``wrappedProtocol``.
    """
    layer = Compression(protocol, transport, clock)
    receiver = "wrappedProtocol" if hasattr(transport, "wrappedProtocol") else "protocol"
    setattr(transport, receiver, layer)
    return layer
