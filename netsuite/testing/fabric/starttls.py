"""Ends of connections that begin TLS themselves, as Twisted's transports do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from twisted.internet.interfaces import (
    IDelayedCall,
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
    IProducer,
    IPushProducer,
    IReactorTime,
    ISSLTransport,
    ITLSTransport,
)
from twisted.internet.protocol import Factory
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from zope.interface import alsoProvides, implementer

from netsuite.testing.fabric.transport import Address, End, tell_producer
from netsuite.testing.fabric.turns import Turns


@implementer(IReactorTime)
class _Clock:
    """The time of the turns, for what TLS puts off."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def seconds(self) -> float:
        """Return the virtual time."""
        return self._turns.now

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kwargs: object
    ) -> IDelayedCall:
        """Call a function later."""
        return self._turns.call_later(delay, callable, args, kwargs)

    def getDelayedCalls(self) -> Sequence[IDelayedCall]:
        """Return the timers that wait."""
        return self._turns.timers()


@implementer(IPushProducer)
class _Pulling:
    """Asks a producer turn by turn, as TLS of Twisted's does on the reactor that is installed."""

    def __init__(self, turns: Turns, producer: IProducer) -> None:
        self._turns = turns
        self._producer = producer
        self._next: IDelayedCall | None = None

    def resumeProducing(self) -> None:
        """Ask, from the next turn on."""
        if self._next is None:
            self._next = self._turns.call_later(0, self._ask)

    def _ask(self) -> None:
        self._next = self._turns.call_later(0, self._ask)
        tell_producer(self._producer, "resumeProducing")

    def pauseProducing(self) -> None:
        """Ask no more for now."""
        asked, self._next = self._next, None
        if asked is not None:
            asked.cancel()

    def stopProducing(self) -> None:
        """Ask no more."""
        self.pauseProducing()
        self._producer.stopProducing()


class _Below:
    """An end as TLS has it for its transport: what is written goes as it is."""

    def __init__(self, end: TLSEnd) -> None:
        self._end = end

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._end, name)

    def write(self, data: bytes) -> None:
        """Send octets."""
        End.write(self._end, data)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Send octets."""
        End.write(self._end, b"".join(data))

    def loseConnection(self) -> None:
        """Close, when all is sent."""
        End.loseConnection(self._end)

    def registerProducer(self, producer: IProducer, streaming: bool) -> None:
        """Register a producer with TLS."""
        End.registerProducer(self._end, producer, streaming)

    def unregisterProducer(self) -> None:
        """Unregister the producer."""
        End.unregisterProducer(self._end)


@implementer(ITLSTransport)
class TLSEnd(End):  # type: ignore[override]  # as of ``End``: addresses of Unix sockets, too
    """An end that can begin TLS; from then on its protocol writes on TLS, and hears from it."""

    _tls: TLSMemoryBIOProtocol | None = None
    _pulling: _Pulling | None = None

    def startTLS(
        self,
        contextFactory: IOpenSSLClientConnectionCreator | IOpenSSLServerConnectionCreator,
        normal: bool = True,
    ) -> None:
        """Put TLS between the protocol and this end.

        Args:
            contextFactory: as of Twisted's transports.
            normal: whether who has connected is the client; else it is the other.
        """
        producer, streaming = self.producer, self._streaming
        if producer is not None:
            self.unregisterProducer()
        client = (self.side == "client") is bool(normal)
        factory = TLSMemoryBIOFactory(contextFactory, client, Factory(), clock=_Clock(self._turns))
        tls = TLSMemoryBIOProtocol(factory, self.protocol, False)
        self.protocol = self._tls = tls
        alsoProvides(self, ISSLTransport)
        tls.makeConnection(_Below(self))
        if producer is not None:
            self.registerProducer(producer, streaming)

    def getPeerCertificate(self) -> object:
        """Return the peer's certificate; None where there is no TLS, or none was shown."""
        return None if self._tls is None else self._tls.getPeerCertificate()

    def write(self, data: bytes) -> None:
        """Send octets."""
        if self._tls is None:
            super().write(data)
        elif self.connected:
            self._tls.write(data)

    def loseConnection(self) -> None:
        """Close, when all is sent and no producer has more; nothing is read any more."""
        if self._tls is None or not self.connected or self.disconnecting:
            super().loseConnection()
        else:
            self._tls.loseConnection()

    def registerProducer(self, producer: IProducer, streaming: bool) -> None:
        """Register a producer. Raises RuntimeError: there is one."""
        if self._tls is None:
            super().registerProducer(producer, streaming)
        elif streaming:
            self._tls.registerProducer(producer, True)
        else:
            pulling = _Pulling(self._turns, producer)
            self._tls.registerProducer(pulling, True)
            self._pulling = pulling
            pulling.resumeProducing()

    def unregisterProducer(self) -> None:
        """Unregister the producer; what waited for its end goes on."""
        pulling, self._pulling = self._pulling, None
        if pulling is not None:
            pulling.pauseProducing()
        if self._tls is None:
            super().unregisterProducer()
        else:
            self._tls.unregisterProducer()


def pair(
    turns: Turns,
    client: tuple[Address, Address],
    server: tuple[Address, Address],
    room: int,
    ended: Callable[[End], None],
) -> tuple[End, End]:
    """Return the client's and the server's end of a new connection.

    Args:
        client: its own address and the server's, as it sees them.
        server: its own address and the client's.
    """
    ours = TLSEnd(turns, "client", *client, room, ended)
    theirs = TLSEnd(turns, "server", *server, room, ended)
    ours.other, theirs.other = theirs, ours
    return ours, theirs
