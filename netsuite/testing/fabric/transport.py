"""One end of a connection in memory: a transport that behaves as TCP's does.

Octets are first *unsent*, until the turn is over; then in flight, as many as there is room for;
then read, by a peer that reads. A producer is paused when more are unsent than can be in flight.
An end that is closed with octets unread, or is sent some afterwards, resets the connection, as on
Linux: the peer can still read what was in flight, unless it writes before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IConsumer,
    IHalfCloseableProtocol,
    ILoggingContext,
    IProducer,
    IProtocol,
    IPushProducer,
    ITCPTransport,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.testing.fabric.octets import Octets
from netsuite.testing.fabric.turns import Turns

#: Of one end of a connection.
Address: TypeAlias = IPv4Address | IPv6Address | UNIXAddress


def tell(address: Address) -> str:
    """Return an address as text."""
    if isinstance(address, UNIXAddress):
        name = address.name
        return "a Unix socket" if not name else name.decode("utf-8", "backslashreplace")
    if isinstance(address, IPv6Address):
        return f"[{address.host}]:{address.port}"
    return f"{address.host}:{address.port}"


def title_of(party: object) -> str:
    """Return what a protocol or a factory is called in a log: who is in a wrapper, too."""
    if ILoggingContext.providedBy(party):
        return ILoggingContext(party).logPrefix()
    return type(party).__name__


def tell_producer(producer: IProducer, what: str) -> None:
    """Ask a producer to pause or resume, whichever interface it says it has, as Twisted's
    transports do: ``FileSender`` has none of those that have either."""
    method: Callable[[], None] = getattr(producer, what)
    method()


def _half_closeable(protocol: IProtocol | None) -> IHalfCloseableProtocol | None:
    return IHalfCloseableProtocol(protocol, None)


# One class, because the halves of a connection end together: what is written, read, closed and
# lost are one state.
@implementer(ITCPTransport, IConsumer, IPushProducer)
class End:
    """One end of a connection; what it writes is for ``other`` to read.

    Args:
        turns: where it takes its steps.
        side: ``client`` or ``server``.
        host: its address.
        peer: the other end's.
        room: how many octets can be in flight in each direction.
        ended: told when it is closed.
    """

    log = Logger()
    disconnecting = False

    def __init__(
        self,
        turns: Turns,
        side: str,
        host: Address,
        peer: Address,
        room: int,
        ended: Callable[[End], None],
    ) -> None:
        self.side: Final = side
        self.protocol: IProtocol | None = None
        self.connected = False
        #: Whether it is over.
        self.disconnected = False
        #: Whether it is not paused.
        self.reads = False
        self.other: End = self
        #: Who made the connection, where that is to be told of its end.
        self.when_lost: Callable[[Failure], None] | None = None
        self.producer: IProducer | None = None
        #: What was written here, where that is kept.
        self.record: bytearray | None = None
        self._turns, self._room, self._ended = turns, room, ended
        self._host, self._peer = host, peer
        # What a kernel holds: octets in flight towards us, and behind them ...
        self._incoming = Octets()
        self._end_came = False  # ... the end of what the peer writes, or ...
        self._reset_came = False  # ... a reset
        # What a transport of Twisted's holds.
        self._unsent = Octets()
        self._queued = self._writes = self._streaming = self._producer_paused = False
        self._half_closing = self._half_closed = self._aborting = False
        self._no_delay = self._keep_alive = False

    # -- what it is ----------------------------------------------------------------------------

    # As of Twisted's own transports, whose interface speaks of IP addresses alone.
    def getHost(self) -> Address:  # type: ignore[override]
        """Return our address."""
        return self._host

    def getPeer(self) -> Address:  # type: ignore[override]
        """Return the other end's address."""
        return self._peer

    def getTcpNoDelay(self) -> bool:
        """Return what was set; it makes no difference."""
        return self._no_delay

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Accept a wish that makes no difference."""
        self._no_delay = bool(enabled)

    def getTcpKeepAlive(self) -> bool:
        """Return what was set; it makes no difference."""
        return self._keep_alive

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """Accept a wish that makes no difference."""
        self._keep_alive = bool(enabled)

    @property
    def written(self) -> bytes:
        """All that was written here, on a fabric that keeps it; nothing on others."""
        return bytes(self.record or b"")

    @property
    def in_flight(self) -> int:
        """How many octets are on their way towards it."""
        return self._incoming.length

    @property
    def unsent(self) -> int:
        """How many octets it holds that the peer has no room for yet."""
        return self._unsent.length

    def __str__(self) -> str:
        """Return a line for people."""
        return _described(self)

    # -- the life of it ------------------------------------------------------------------------

    def start(self, protocol: IProtocol | None) -> None:
        """Be a protocol's transport from now on; None to close at once."""
        self.protocol = protocol
        self.connected = True
        if protocol is None:
            self._lose(ConnectionDone())
            return
        self.reads = True
        try:
            protocol.makeConnection(self)
        except Exception as error:
            self._fail(error)
        self._be_ready()

    def loseConnection(self) -> None:
        """Close, when all is sent and no producer has more; nothing is read any more."""
        if not self.connected or self.disconnecting or self._aborting:
            return
        if self._half_closed:
            self._lose(ConnectionDone())
            return
        self.reads = False
        self.disconnecting = True
        self._be_writing()

    def loseWriteConnection(self) -> None:
        """Close our half, when all is sent and no producer has more."""
        if self.connected and not self._half_closing:
            self._half_closing = True
            self._be_writing()

    def abortConnection(self) -> None:
        """Reset the connection in the next turn, and drop what is not sent."""
        if not self.disconnected and not self._aborting:
            self._aborting = True
            self.reads = self._writes = False
            self._be_ready()

    def _fail(self, error: Exception) -> None:
        """End a connection whose protocol has raised something, as a reactor does."""
        self.log.failure("in {protocol}", protocol=str(self))
        self._lose(error)

    def _lose(self, error: Exception) -> None:
        """It is over."""
        if self.disconnected:
            return
        self.disconnected = True
        self.connected = self.reads = self._writes = False
        producer, self.producer = self.producer, None
        self._close()
        self._ended(self)
        reason = Failure(error)
        try:
            if producer is not None:
                producer.stopProducing()
            if self.protocol is not None:
                self.protocol.connectionLost(reason)
            if self.when_lost is not None:
                self.when_lost(reason)
        except Exception:
            self.log.failure("the end of {protocol}", protocol=str(self))

    def _close(self) -> None:
        """Report to the other end what a kernel would."""
        other = self.other
        if not other.disconnected:
            if self._aborting or self._incoming.length:
                other._reset_came = True
            if not self._aborting:
                other._end_came = True
            other._be_ready()
        self._unsent.clear()
        self._incoming.clear()

    # -- writing -------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send octets."""
        if not isinstance(data, bytes):
            raise TypeError(f"octets are to be written, not {type(data).__name__}")
        if not data or not self.connected or self._half_closed or self._aborting:
            return
        self._unsent.put(data)
        if self.record is not None:
            self.record += data
        if self.producer is not None and self._streaming and self._unsent.length > self._room:
            self._producer_paused = True
            tell_producer(self.producer, "pauseProducing")
        self._be_writing()

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Send octets."""
        self.write(b"".join(data))

    def registerProducer(self, producer: IProducer, streaming: bool) -> None:
        """Register a producer. Raises RuntimeError: there is one."""
        if self.producer is not None:
            raise RuntimeError(f"{producer} cannot produce: {self.producer} does")
        if self.disconnected:
            producer.stopProducing()
            return
        self.producer = producer
        self._streaming = streaming
        self._producer_paused = False
        if not streaming:
            tell_producer(producer, "resumeProducing")

    def unregisterProducer(self) -> None:
        """Unregister the producer; what waited for its end goes on."""
        self.producer = None
        if self.disconnecting or self._half_closing:
            self._be_writing()

    # -- reading -------------------------------------------------------------------------------

    def pauseProducing(self) -> None:
        """Read nothing for now."""
        self.reads = False

    def resumeProducing(self) -> None:
        """Read again."""
        if self.connected and not self.disconnecting and not self._aborting:
            self.reads = True
            self._be_ready()

    def stopProducing(self) -> None:
        """Close."""
        self.loseConnection()

    # -- steps ---------------------------------------------------------------------------------

    def step(self) -> None:
        """Read what has come, and send what there is room for."""
        self._queued = False
        try:
            if self._aborting:
                self._lose(ConnectionAborted())
            if self.reads:
                self._read()
            if self._writes:
                self._send()
        except Exception as error:
            self._fail(error)

    def _be_ready(self) -> None:
        if not self._queued and not self.disconnected:
            self._queued = True
            self._turns.ready(self)

    def _be_writing(self) -> None:
        if self.connected and not self._aborting:
            self._writes = True
            self._be_ready()

    def _read(self) -> None:
        protocol, incoming = self.protocol, self._incoming
        assert protocol is not None
        if incoming.length:
            random = self._turns.random
            most = incoming.length if random is None else random.randint(1, incoming.length)
            octets = incoming.take(most)
            if self.other._writes:
                self.other._be_ready()
            if incoming.length or self._end_came or self._reset_came:
                self._be_ready()
            protocol.dataReceived(octets)
        elif self._end_came:
            self.reads = False
            half = _half_closeable(protocol)
            if half is None:
                self._lose(ConnectionDone())
            else:
                half.readConnectionLost()
        elif self._reset_came:
            self._lose(ConnectionLost())

    def _send(self) -> None:
        other, unsent = self.other, self._unsent
        if unsent.length:
            if self._reset_came:
                self._lose(ConnectionLost())
                return
            if other.disconnected:
                unsent.clear()  # to nobody: the answer is a reset
                self._reset_came = True
                self._be_ready()
            else:
                other._incoming.put(unsent.take(self._room - other._incoming.length))
                other._be_ready()
        if not unsent.length:
            self._writes = False
            self._sent_all()

    def _sent_all(self) -> None:
        producer = self.producer
        if producer is not None and not self._streaming:
            tell_producer(producer, "resumeProducing")
        elif producer is not None and self._producer_paused:
            self._producer_paused = False
            tell_producer(producer, "resumeProducing")
        elif self.disconnecting:
            # Also where a producer is left that was not told to pause: that is what Twisted's
            # transports do, not what their interface says, and TLS depends on it.
            self._lose(ConnectionDone())
        elif self._half_closing and not self._half_closed:
            self._half_closed = True
            self.other._end_came = True
            self.other._be_ready()
            half = _half_closeable(self.protocol)
            if half is not None:
                half.writeConnectionLost()


def _described(end: End) -> str:
    protocol = end.protocol
    facts = [
        "not accepted yet" if protocol is None else title_of(protocol),
        "closing" if end.disconnecting else "",
        f"{end.unsent} octets unsent" if end.unsent else "",
        f"{end.in_flight} octets unread" if end.in_flight else "",
        "" if protocol is None or end.reads or end.disconnecting else "not reading",
        f"with a producer, {type(end.producer).__name__}" if end.producer else "",
    ]
    ends = f"{tell(end.getHost())} to {tell(end.getPeer())}"
    return f"connection ({end.side}) {ends}: {', '.join(filter(None, facts))}"
