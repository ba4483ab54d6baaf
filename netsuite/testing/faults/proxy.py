"""A proxy with faults, in front of a server of anybody's.

::

    faults = Faults(reactor, protocol="imap")
    listen, server = TCP4ServerEndpoint(reactor, 1143), HostnameEndpoint(reactor, host, 143)
    await FaultProxy(listen, server, faults).start()
    with faults.drop(after=100), faults.literal(+10): ...

Lines that the server says can be edited, and commands answered later, or not at all (*at*), where
they come in the clear. A change holds for each line by itself, a command is what a line of the
client's begins with, a body's too. What needs a session (refusals, TLS) raises ValueError; an
``edit`` of the answer to a command refuses that as well.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Collection
from typing import Final

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.interfaces import (
    IAddress,
    IHalfCloseableProtocol,
    IListeningPort,
    IProtocol,
    IReactorTime,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.connection.writer import StreamTransport
from netsuite.testing.faults.kinds import GREETING, Edit, Leave, Linger, TransportFault
from netsuite.testing.faults.rules import RuleBook
from netsuite.testing.faults.service import Faults
from netsuite.testing.faults.sessions import Edits, wait

#: A line that is longer is passed on in pieces, each edited by itself.
LINE_OCTETS: Final = 65_536
#: So many lines that a client says together are looked at for the names of commands.
LINES: Final = 100
#: A command's name stands in the first words of its line, behind a tag perhaps: UID FETCH.
NAMING_WORDS: Final = 3


class FaultProxy:
    """Listens, and passes on what comes to a server, with faults.

    Args:
        listen: where clients connect to.
        server: where the server is.
        faults: what goes wrong.
    """

    def __init__(
        self, listen: IStreamServerEndpoint, server: IStreamClientEndpoint, faults: Faults
    ) -> None:
        possible = (TransportFault, Edit, Linger, Leave)
        faults.limit(*possible, why="a proxy cannot have that happen; edit what the server says")
        self.faults = faults
        self._listen = listen
        self._factory = ProxyServerFactory(server, faults.book, faults.clock)
        self._port: IListeningPort | None = None

    async def start(self) -> IListeningPort:
        """Listen; return the port. Raises CannotListenError."""
        self._port = port = await self._listen.listen(self.faults.wrap(self._factory))
        return port

    async def stop(self) -> None:
        """Listen no more, and end what there is."""
        port, self._port = self._port, None
        if port is not None:
            await maybeDeferred(port.stopListening)
        self._factory.abort_all()


class ProxyServerFactory(Factory):
    """Makes the clients' side of each connection.

    Args:
        server: where each is passed on to.
        book: the rules.
        clock: for what takes time.
    """

    noisy = False
    log = Logger()

    def __init__(self, server: IStreamClientEndpoint, book: RuleBook, clock: IReactorTime) -> None:
        self.server = server
        self.book = book
        self.clock = clock
        self.made = 0
        self.sides: set[Side] = set()

    def buildProtocol(self, addr: IAddress) -> IProtocol | None:  # type: ignore[override]
        """Make one."""
        self.made += 1
        return ClientSide(self, self.made)

    def abort_all(self) -> None:
        """End every connection."""
        for side in tuple(self.sides):
            side.abort()


def names_in(octets: bytes) -> Collection[str]:
    """Return what may name commands in what a client says: the first words of its lines, and each
    two of them."""
    names: set[str] = set()
    for line in octets[:LINE_OCTETS].upper().decode("ascii", "replace").splitlines()[:LINES]:
        words = line.split(maxsplit=NAMING_WORDS)[:NAMING_WORDS]
        names.update(words, (" ".join(pair) for pair in itertools.pairwise(words)))
    return names


class LineEdits:
    """The changes of what a server says, line by line.

    Args:
        book: the rules.
        number: of the connection.
    """

    def __init__(self, book: RuleBook, number: int) -> None:
        self._book = book
        self._edits = Edits(book, number)
        self._line = b""

    def asked(self, names: Collection[str]) -> None:
        """Accept what is answered from now on; of commands that come together any of them."""
        self._edits.answering(*names)

    def said(self, octets: bytes) -> bytes:
        """Return what is passed on of what the server says; a line that has not ended waits, while
        there is anything to change."""
        if not self._line and next(self._book.of(Edit), None) is None:
            return octets
        *lines, self._line = (self._line + octets).split(b"\n")
        passed = b"".join(self._edits.edited(line + b"\n") for line in lines)
        if len(self._line) > LINE_OCTETS:
            passed += self.rest()
        return passed

    def rest(self) -> bytes:
        """Return what waits for its end."""
        line, self._line = self._line, b""
        return self._edits.edited(line) if line else b""


class Side(Protocol):
    """One side of a connection that is passed on; each is paused while the other does not take what
    it says.

    Args:
        factory: knows them all.
    """

    transport: StreamTransport  # type: ignore[assignment]  # ITransport promises too little

    def __init__(self, factory: ProxyServerFactory) -> None:
        self.proxy = factory
        self.other: Side | None = None

    def connectionMade(self) -> None:
        """Be known."""
        self.proxy.sides.add(self)

    def join(self, other: Side) -> None:
        """Pass what this side says on to another, as fast as that takes it."""
        self.other = other
        other.transport.registerProducer(self.transport, True)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Close the other side, when it has taken all."""
        self.proxy.sides.discard(self)
        other, self.other = self.other, None
        if other is not None:
            other.other = None
            other.transport.unregisterProducer()
            other.transport.loseConnection()

    def abort(self) -> None:
        """End it at once."""
        abort: Callable[[], None] = getattr(
            self.transport, "abortConnection", self.transport.loseConnection
        )
        abort()


@implementer(IHalfCloseableProtocol)
class ClientSide(Side):
    """The side of a client: what it says is held until the server is there, and the end of what it
    says is passed on.

    Args:
        factory: knows it.
        number: of the connection, from 1.
    """

    def __init__(self, factory: ProxyServerFactory, number: int) -> None:
        super().__init__(factory)
        self.edits = LineEdits(factory.book, number)
        self._number = number
        self._held: deque[bytes] = deque()  # behind a command that is answered later
        self._passing: Deferred[None] | None = None
        self._has_ended = False

    def connectionMade(self) -> None:
        """Connect to the server."""
        super().connectionMade()
        self.transport.pauseProducing()
        self._passing = Deferred.fromCoroutine(self._connect())
        self._passing.addErrback(self._not_there)

    async def _connect(self) -> None:
        if await self._is_left([GREETING]):
            return
        server = ServerSide(self.proxy, self)
        factory = Factory.forProtocol(lambda: server)
        factory.noisy = False
        await self.proxy.server.connect(factory)
        self._passing = None
        self._go_on()

    def _not_there(self, failure: Failure) -> None:
        if failure.check(CancelledError):
            return
        self.proxy.log.info("the server is not there: {why}", why=failure.getErrorMessage())
        self.transport.loseConnection()

    def dataReceived(self, data: bytes) -> None:
        """Pass it on, when its turn has come."""
        self._held.append(data)
        self._go_on()

    def _go_on(self) -> None:
        if self._passing is None and self._held:
            passing = self._passing = Deferred.fromCoroutine(self._pass_on())
            passing.addErrback(lambda failure: failure.trap(CancelledError))
            if passing.called:
                self._passing = None

    async def _pass_on(self) -> None:
        """Pass on what is held."""
        while self._held:
            octets = self._held.popleft()
            names = names_in(octets)
            if await self._is_left(names) or self.other is None:
                self._held.clear()
                break
            self.edits.asked(names)
            self.other.transport.write(octets)
        self._passing = None
        if self._has_ended:
            self.readConnectionLost()

    async def _is_left(self, names: Collection[str]) -> bool:
        """Let the time pass that rules have at commands; return whether one has ended the
        connection."""
        book = self.proxy.book
        for rule, fault in book.of(Linger, Leave):
            named = fault.command in names or (not fault.command and GREETING not in names)
            if not named or not rule.strikes(self._number):
                continue
            if isinstance(fault, Linger):
                await wait(self.proxy.clock, fault.seconds + fault.jitter * book.random.random())
            elif isinstance(fault, Leave):
                self._leave(fault)
                return True
        return False

    def _leave(self, fault: Leave) -> None:
        for side in (self.other, self):
            if side is not None and fault.reset:
                side.abort()
            elif side is not None:
                side.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Pass on nothing that waits."""
        self._held.clear()
        if self._passing is not None:
            self._passing.cancel()
        super().connectionLost(reason)

    def readConnectionLost(self) -> None:
        """Let the server know that the client says nothing more."""
        if self._passing is not None and self.other is not None:
            self._has_ended = True
            return
        if self.other is None:
            self.transport.loseConnection()
            return
        end: Callable[[], None] = getattr(
            self.other.transport, "loseWriteConnection", self.other.transport.loseConnection
        )
        end()

    def writeConnectionLost(self) -> None:
        """The server has said nothing more."""


class ServerSide(Side):
    """The side of a server."""

    def __init__(self, factory: ProxyServerFactory, client: ClientSide) -> None:
        super().__init__(factory)
        self.client = client

    def connectionMade(self) -> None:
        """Begin to pass on, if the client is still there."""
        super().connectionMade()
        if not self.client.connected:
            self.transport.loseConnection()
            return
        self.join(self.client)
        self.client.join(self)
        self.client.transport.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        """Pass it on, line by line where lines are to be edited."""
        if self.other is not None:
            passed = self.client.edits.said(data)
            if passed:
                self.other.transport.write(passed)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Pass on what waited for the end of its line."""
        rest = self.client.edits.rest()
        if rest and self.other is not None:
            self.other.transport.write(rest)
        super().connectionLost(reason)
