"""Connections whose transport has faults: below TLS, on a transport of any kind."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IAddress,
    IConnector,
    IHalfCloseableProtocol,
    IProtocol,
    IProtocolFactory,
    IPullProducer,
    IPushProducer,
    IReactorTime,
)
from twisted.internet.protocol import ClientFactory, Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import alsoProvides, implementer, providedBy

from netsuite.connection.writer import StreamTransport
from netsuite.testing.faults.flow import TURNS_TO_SEND, Flow, Met
from netsuite.testing.faults.kinds import Blackhole, Direction
from netsuite.testing.faults.rules import RuleBook


@implementer(IProtocolFactory)
class FaultyFactory(Factory):
    """Makes a service's connections, each with faults between it and its transport.

    Args:
        wrapped: the service's factory.
        book: the rules.
        clock: for what takes time.
        count: returns the number of a connection that is made.
    """

    noisy = False

    def __init__(
        self,
        wrapped: IProtocolFactory,
        book: RuleBook,
        clock: IReactorTime,
        count: Callable[[], int],
    ) -> None:
        self.wrappedFactory = wrapped
        self.book = book
        self.clock = clock
        self._count = count
        #: Connections that the service believes to be gone.
        self.orphans: set[FaultyConnection] = set()
        #: Nobody listens any more: what the service drops is not kept for anybody.
        self.stopped = False

    def doStart(self) -> None:
        """Start the service's factory too."""
        self.stopped = False
        self.wrappedFactory.doStart()
        super().doStart()  # type: ignore[no-untyped-call]

    def doStop(self) -> None:
        """Stop the service's factory too, and end what it does not know of."""
        self.stopped = True
        for orphan in tuple(self.orphans):
            orphan.abortConnection()
        self.wrappedFactory.doStop()
        super().doStop()  # type: ignore[no-untyped-call]

    def buildProtocol(self, addr: IAddress) -> IProtocol | None:  # type: ignore[override]
        """Make a connection; None where the service makes none."""
        number = self._count()
        protocol = self.wrappedFactory.buildProtocol(addr)
        return None if protocol is None else self._faulty(protocol, number)

    def _faulty(self, protocol: IProtocol, number: int) -> FaultyConnection:
        return FaultyConnection(self, protocol, number)


class DataFactory(FaultyFactory):
    """The same for connections beside another, as FTP's for data: listened for, or made. Whoever
    listens for them listens for one alone, so that they end with ``end``."""

    wrappedFactory: ClientFactory  # noqa: N815 - as above; or one that listens, which is told less
    #: The one connection, when it is there.
    made: FaultyConnection | None = None

    def _faulty(self, protocol: IProtocol, number: int) -> FaultyConnection:
        self.made = super()._faulty(protocol, number)
        return self.made

    def doStop(self) -> None:
        """Stop the service's factory too; its connections go on."""
        self.wrappedFactory.doStop()

    def end(self) -> None:
        """End what the service does not know of."""
        self.stopped = True
        for orphan in tuple(self.orphans):
            orphan.abortConnection()

    def startedConnecting(self, connector: IConnector) -> None:
        """Pass this on to the service's factory."""
        self.wrappedFactory.startedConnecting(connector)

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        """Pass this on to the service's factory."""
        self.wrappedFactory.clientConnectionFailed(connector, reason)

    def clientConnectionLost(self, connector: IConnector, reason: Failure) -> None:
        """Pass this on to the service's factory."""
        self.wrappedFactory.clientConnectionLost(connector, reason)


# Longer than it could be in two: it is the transport's protocol and the protocol's transport.
@implementer(IHalfCloseableProtocol)
class FaultyConnection(Protocol):
    """Stands between a transport and a protocol: the protocol of one, the transport of the other.

    Args:
        factory: whose connection it is.
        protocol: the service's.
        number: of the connection, from 1.
    """

    _real: StreamTransport

    def __init__(self, factory: FaultyFactory, protocol: IProtocol, number: int) -> None:
        #: What gets what arrives; TLS puts itself in its place, as it does on Twisted's transports.
        self.protocol = protocol
        self._owner = factory
        self._clock = factory.clock
        self._met = Met(factory.book, number)
        self.said = self._flow(Direction.SAID, self._send)
        self.heard = self._flow(Direction.HEARD, self._deliver)
        self._producer: IPushProducer | IPullProducer | None = None
        self._streaming = True
        self._stopped_producer = self._stopped_reading = False
        self._client_ended = False  # it says nothing more
        self._registered = False  # we are the transport's producer
        self._unread = False  # the client has said more than was taken when it was closed
        self._detached = False  # the protocol has been told that it is over
        self._broken = False  # a rule ends it
        self._resetting = False

    def _flow(self, direction: Direction, arrive: Callable[[bytes], None]) -> Flow:
        return Flow(
            direction,
            self._met,
            self._clock,
            arrive=arrive,
            moved=self._moved,
            broken=self._break,
        )

    def __getattr__(self, name: str) -> object:
        if name == "_real":  # nothing is connected yet
            raise AttributeError(name)
        return getattr(self._real, name)

    # -- the transport's protocol ----------------------------------------------------------------

    def makeConnection(self, transport: StreamTransport) -> None:
        """Stand before a transport."""
        self.connected = 1
        self._real = transport
        alsoProvides(self, *providedBy(transport))
        transport.registerProducer(self.said, True)
        self._registered = True
        self.said.put(b"")
        self.protocol.makeConnection(self)  # type: ignore[arg-type]  # provided since just now

    def dataReceived(self, data: bytes) -> None:
        """The client has said something."""
        if not self._detached and not self._in_black():
            self.heard.put(data)

    def readConnectionLost(self) -> None:
        """The client will say nothing more."""
        self._client_ended = True
        if self.heard.black:
            self._abort()  # it has given up, and nobody else is to know of that
        elif not self._detached:
            self.heard.finish(self._end_hearing)

    def writeConnectionLost(self) -> None:
        """Our half is closed."""
        half = self._half_closeable()
        if half is not None and not self._detached:
            half.writeConnectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is over."""
        self.connected = 0
        self.said.stop()
        self.heard.stop()
        self._met.ended()
        self._owner.orphans.discard(self)
        if self._broken and reason.check(ConnectionDone):
            reason = Failure(ConnectionLost())  # it is not the service that has closed it
        self._detach(reason)

    def _detach(self, reason: Failure) -> None:
        if not self._detached:
            self._detached = True
            self.protocol.connectionLost(reason)

    def _end_hearing(self) -> None:
        half = self._half_closeable()
        if half is not None:
            half.readConnectionLost()
        else:
            self.loseConnection()

    def _half_closeable(self) -> IHalfCloseableProtocol | None:
        """Return the protocol, if it can be told of one half's end. What it provides does not tell:
        TLS of Twisted's provides all that its transport does, which is us."""
        if IHalfCloseableProtocol.implementedBy(type(self.protocol)):
            return IHalfCloseableProtocol(self.protocol)
        return None

    # -- what arrives ----------------------------------------------------------------------------

    def _send(self, octets: bytes) -> None:
        self._real.write(octets)

    def _deliver(self, octets: bytes) -> None:
        if not self._detached:
            self.protocol.dataReceived(octets)

    def _moved(self) -> None:
        """Stop who sends too much, start who may again."""
        self._look_for_black()
        if self.heard.full != self._stopped_reading and self.connected:
            self._stopped_reading = self.heard.full
            if self._stopped_reading:
                self._real.pauseProducing()
            else:
                self._real.resumeProducing()
        self._ask_producer()

    def _ask_producer(self) -> None:
        producer = self._producer
        if producer is None:
            return
        if not self._streaming:
            if not self.said.held and not self.said.paused:
                self._clock.callLater(0, self._pull, producer)
        elif self.said.full != self._stopped_producer and IPushProducer.providedBy(producer):
            self._stopped_producer = self.said.full
            if self._stopped_producer:
                producer.pauseProducing()
            else:
                producer.resumeProducing()

    def _pull(self, producer: IPullProducer) -> None:
        if producer is self._producer and self.connected:
            producer.resumeProducing()

    def _look_for_black(self) -> None:
        """Let neither direction have anything, where one has come to that."""
        if self.said.black or self.heard.black:
            for flow in (self.said, self.heard):
                flow.black = flow.swallowing = True

    def _break(self, reset: bool) -> None:
        self._broken = True
        self._resetting = reset
        if reset:
            self._reset(TURNS_TO_SEND)
        else:
            self._close()

    def _reset(self, turns: int) -> None:
        """Reset the connection, when what was written has had time to leave."""
        if turns and self.connected:
            self._clock.callLater(0, self._reset, turns - 1)
        elif self.connected:
            self._abort()

    def _close(self) -> None:
        if not self.connected or self._resetting:
            return
        if self._registered:
            self._registered = False
            self._real.unregisterProducer()
        if self._unread and hasattr(self._real, "loseWriteConnection"):
            # As in the pump: a socket closed with octets unread would reset the connection.
            self._unread = False
            self._real.resumeProducing()
            self._call("loseWriteConnection")
        else:
            self._real.loseConnection()

    def _abort(self) -> None:
        real = self._real
        abort: Callable[[], None] = getattr(real, "abortConnection", real.loseConnection)
        abort()

    # -- the protocol's transport ----------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send octets to the client."""
        if data and not self._detached:
            self.said.put(data)
            self._look_for_black()

    def writeSequence(self, iovec: list[bytes]) -> None:
        """Send several at once."""
        self.write(b"".join(iovec))

    def loseConnection(self) -> None:
        """Close, when all that was said has arrived."""
        if self._in_black():
            self._orphan()
        else:
            self._unread = not self._client_ended and (self.heard.full or self.heard.held > 0)
            self.heard.stop()
            self.said.finish(self._close)

    def loseWriteConnection(self) -> None:
        """Close our half likewise."""
        if not self._in_black():
            self.said.finish(lambda: self._call("loseWriteConnection"))

    def _call(self, name: str) -> None:
        method: Callable[[], None] = getattr(self._real, name)
        method()

    def abortConnection(self) -> None:
        """Close at once. What a rule holds back of a connection that was closed before is on its
        way all the same, where the client still listens: for the server it has been sent."""
        on_its_way = self.said.held and self.said.swallowing and not self._client_ended
        if self._owner.stopped or self._detached:
            self._abort()
        elif self._in_black():
            self._orphan()
        elif on_its_way:
            self._owner.orphans.add(self)
        else:
            self._abort()

    def _in_black(self) -> bool:
        """Return whether nothing arrives any more; looked at also where nothing is said."""
        for rule, fault in self._met.book.of(Blackhole):
            if self._met.reached(rule, fault, 0) is not None:
                self.said.black = True
        self._look_for_black()
        return self.said.black

    def _orphan(self) -> None:
        """Let the service believe that it is over, and the client that it is not."""
        self._owner.orphans.add(self)
        self._clock.callLater(0, self._detach, Failure(ConnectionDone()))

    def registerProducer(self, producer: IPushProducer | IPullProducer, streaming: bool) -> None:
        """Register a producer, which pauses when the client does not read."""
        self._producer, self._streaming = producer, streaming
        self._stopped_producer = False
        self._ask_producer()

    def unregisterProducer(self) -> None:
        """Unregister the producer."""
        self._producer = None

    def pauseProducing(self) -> None:
        """Deliver nothing for now."""
        self.heard.pauseProducing()

    def resumeProducing(self) -> None:
        """Deliver again."""
        self.heard.resumeProducing()

    def stopProducing(self) -> None:
        """Deliver nothing more."""
        self.loseConnection()
