"""The life of a data connection: arranged, made by one side, claimed by a transfer, over."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from automat import TypeMachineBuilder
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IAddress,
    IConnector,
    IListeningPort,
    IReactorFDSet,
    IReactorTime,
)
from twisted.internet.protocol import ClientFactory, ServerFactory
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.connection.deadlines import LazyTimer
from netsuite.connection.peer import where
from netsuite.ftp.transfer.accepting import Accepted, DataPort
from netsuite.ftp.transfer.connection import (
    DataConnection,
    DataCut,
    NotArranged,
    NotConnected,
)
from netsuite.ftp.transfer.incoming import Incoming
from netsuite.tls import Context

#: Connections that may wait for a port that wants one.
BACKLOG: Final = 32
#: A port is looked at when a transfer wants its connection, which most often has come by then. From
#: so long on it is watched: whoever has no business there is to be turned away even so.
WATCHED_SECONDS: Final = 1.0

#: A data connection, as a transfer gets it.
Arrived: TypeAlias = DataConnection | Accepted


class NoPortFree(Exception):
    """Every port of the range is taken."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a data connection is to be like.

    Args:
        peer: the only IP address it may come from or go to.
        here: our own address on the control connection.
        connect_seconds: how long it may take to be made.
        stalled_seconds: how long nothing may come.
        make: makes it, from what to tell when it is there and when it is over.
        tls: returns what TLS is begun with as soon as the peer has come, None for no TLS. Clients
            shake hands before they send a command, or behind it.
    """

    peer: str
    here: str
    connect_seconds: float
    stalled_seconds: float
    make: Callable[..., DataConnection]
    tls: Callable[[], Context | None] = lambda: None


class Ports:
    """Where to listen for data connections.

    Args:
        ports: first and last port; None for any that is free.
        shuffled: gives port numbers in an order that nobody can guess (RFC 2577, 8: who knows
            the next port can be there first).
    """

    def __init__(
        self,
        reactor: Any,
        ports: tuple[int, int] | None,
        shuffled: Callable[[range], list[int]],
    ) -> None:
        self.reactor = reactor
        self._ports = ports
        self._shuffled = shuffled
        self._has_descriptors = IReactorFDSet.providedBy(reactor)

    def listen(self, factory: Expected, interface: str) -> IListeningPort | DataPort:
        """Listen. Raises NoPortFree."""
        # One that the kernel finds, somebody else may listen on a moment later.
        candidates = [0, 0, 0]
        if self._ports is not None:
            candidates = self._shuffled(range(self._ports[0], self._ports[1] + 1))
        for number in candidates:
            try:
                if self._has_descriptors:
                    return DataPort(
                        self.reactor, interface, number, backlog=BACKLOG, came=factory.came
                    )
                port: IListeningPort = self.reactor.listenTCP(
                    number, factory, backlog=BACKLOG, interface=interface
                )
            except (CannotListenError, OSError):
                continue
            return port
        raise NoPortFree("all are taken")


class DataChannel(Protocol):
    """What happens to the data connection of a session: the inputs of its machine."""

    def listen(self, ports: Ports) -> int:
        """Wait for the peer to connect; return the port. Raises NoPortFree."""

    def aim(self, address: str, port: int) -> None:
        """Note where to connect to, when a transfer wants it."""

    def claim(self) -> Deferred[Arrived]:
        """Return a transfer the connection, now or when it is there. Fails with NotArranged or
        NotConnected."""

    def arrived(self, connection: Arrived) -> None:
        """The connection is there."""

    def failed(self, reason: Exception) -> None:
        """It cannot be had."""

    def over(self) -> None:
        """The connection has ended."""

    def reset(self, for_good: bool = False) -> None:
        """Forget everything; drop what there is.

        Args:
            for_good: the session is over.
        """


@dataclass(slots=True)
class Core:
    """What the states have in common."""

    clock: IReactorTime
    reactor: Any
    wanted: Wanted
    factory: Expected | Called | None = None
    listening: IListeningPort | DataPort | None = None
    target: tuple[str, int] | None = None
    connector: IConnector | None = None
    connection: Arrived | Incoming | None = None
    claimed: Deferred[Arrived] | None = None
    deadline: float | None = None
    timer: LazyTimer | None = None
    strangers: int = 0
    log: Logger = field(default_factory=Logger)

    def open(self, channel: DataChannel, ports: Ports) -> int:
        """Listen for the peer, as long as it may take."""
        expected = Expected(channel, self)
        self.listening = ports.listen(expected, self.wanted.here)
        self.factory = expected
        self.within(channel)
        if isinstance(self.listening, DataPort) and self.wanted.tls() is not None:
            self.listening.watch()  # it may want TLS before anything else is said
        _, port, _ = where(self.listening.getHost())
        return port

    def call(self, channel: DataChannel) -> None:
        """Connect to the peer."""
        assert self.target is not None
        address, port = self.target
        called = self.factory = Called(channel, self)
        self.connector = self.reactor.connectTCP(
            address,
            port,
            called,
            timeout=self.wanted.connect_seconds,
            bindAddress=(self.wanted.here, 0),
        )

    def within(self, channel: DataChannel) -> None:
        """Set the time within which it must be there."""
        seconds = self.wanted.connect_seconds
        now = self.clock.seconds()
        self.deadline = now + seconds
        if self.timer is None:
            self.timer = LazyTimer(self.clock, lambda: self.timed(channel))
        self.timer.aim(now + min(seconds, WATCHED_SECONDS))

    def timed(self, channel: DataChannel) -> None:
        """Some of the time has passed."""
        if self.deadline is None or self.timer is None:
            return
        if self.clock.seconds() >= self.deadline:
            channel.failed(NotConnected("not in time"))
            return
        if isinstance(self.listening, DataPort):
            self.listening.watch()
        self.timer.aim(self.deadline)

    def look(self) -> None:
        """See whether the peer has come, and take it when it comes."""
        if isinstance(self.listening, DataPort) and not self.listening.look():
            self.listening.watch()

    def stop_waiting(self) -> None:
        """Listen and connect no more."""
        self.deadline = None
        if self.factory is not None:
            self.factory.open = False
            self.factory = None
        if self.listening is not None:
            listening, self.listening = self.listening, None
            listening.stopListening()

    def clear(self) -> None:
        """Drop everything."""
        self.stop_waiting()
        self.target = None
        connector, self.connector = self.connector, None
        if connector is not None:
            connector.disconnect()
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.abort()

    def read(self, taken: socket.socket) -> Incoming:
        """Make what reads from a socket."""
        made = Incoming(taken, self.reactor, self.wanted.stalled_seconds)
        self.connection = made
        return made

    def end(self, for_good: bool) -> None:
        """Leave nothing behind that would call back, if it is for good."""
        if for_good and self.timer is not None:
            self.timer.stop()
            self.timer = None

    def give(self, connection: Arrived) -> None:
        """Return the connection to the transfer that waits."""
        claimed, self.claimed = self.claimed, None
        if claimed is not None and not claimed.called:
            claimed.callback(connection)

    def refuse(self, reason: Exception) -> None:
        """Tell the transfer that waits that it will not have one."""
        claimed, self.claimed = self.claimed, None
        if claimed is not None and not claimed.called:
            claimed.errback(reason)

    def make(self, channel: DataChannel) -> DataConnection:
        """Make the connection."""

        return self.wanted.make(arrived=channel.arrived, gone=self.over_when_gone(channel))

    def over_when_gone(self, channel: DataChannel) -> Callable[[DataConnection], None]:
        """Return what is to be told that a connection has ended."""

        def gone(connection: DataConnection) -> None:
            # Of one that has begun, and that nobody has claimed yet, it is told how it ended.
            if self.connection is connection and not connection.begun_early:
                channel.over()

        return gone

    def adopt(self, channel: DataChannel, taken: socket.socket) -> DataConnection:
        """Make a data connection of a copy of a socket. Raises OSError: it is gone."""
        made = self.wanted.make(gone=self.over_when_gone(channel), waits=False)
        self.connection = made
        adopting = ServerFactory.forProtocol(lambda: made)
        adopting.noisy = False
        self.reactor.adoptStreamConnection(taken.fileno(), taken.family, adopting)
        return made


class Expected(ServerFactory):
    """Lets the peer in, once, and nobody else."""

    noisy = False

    def __init__(self, channel: DataChannel, core: Core) -> None:
        self.open = True
        self._channel = channel
        self._core = core

    def buildProtocol(self, addr: IAddress | None) -> DataConnection | None:  # noqa: N802
        """Return the connection, or None for a stranger, whose connection is closed at once."""
        address, _, _ = where(addr)
        return self._core.make(self._channel) if self._is_expected(address) else None

    def came(self, taken: socket.socket, address: str) -> bool:
        """Take a socket whose peer has come; False for a stranger."""
        if not self._is_expected(address):
            return False
        channel, core = self._channel, self._core
        channel.arrived(Accepted(taken, lambda copied: core.adopt(channel, copied), core.read))
        return True

    def _is_expected(self, address: str) -> bool:
        if not self.open:
            return False
        if address == self._core.wanted.peer:
            return True
        if not self._core.strangers:
            self._core.log.warn(
                "a stranger from {address} came to the data port of {peer}",
                address=address,
                peer=self._core.wanted.peer,
            )
        self._core.strangers += 1
        return False


class Called(ClientFactory):
    """Makes our side of a connection to the peer."""

    noisy = False

    def __init__(self, channel: DataChannel, core: Core) -> None:
        self.open = True
        self._channel = channel
        self._core = core

    def buildProtocol(self, addr: IAddress | None) -> DataConnection | None:  # noqa: N802
        """Return the connection."""
        return self._core.make(self._channel) if self.open else None

    def clientConnectionFailed(  # noqa: N802
        self, connector: IConnector, reason: Failure
    ) -> None:
        """Nobody is there."""
        if self.open:
            self._channel.failed(NotConnected(reason.getErrorMessage()))


_builder = TypeMachineBuilder(DataChannel, Core)

#: Nothing is arranged.
idle = _builder.state("idle")
#: A port waits for the peer, and no transfer waits for that yet.
listening = _builder.state("listening")
#: The peer has named a port, and no transfer wants it yet.
aimed = _builder.state("aimed")
#: A transfer waits for the peer to come, or for us to be let in.
awaited = _builder.state("awaited")
#: The peer came before the transfer.
ready = _builder.state("ready")
#: A transfer has it.
claimed = _builder.state("claimed")


@idle.upon(DataChannel.claim).loop()
def _nothing_to_claim(channel: DataChannel, core: Core) -> Deferred[Arrived]:
    return fail(NotArranged("say PASV, EPSV, PORT or EPRT first"))


def _listen(channel: DataChannel, core: Core, ports: Ports) -> int:
    core.clear()
    return core.open(channel, ports)


def _aim(channel: DataChannel, core: Core, address: str, port: int) -> None:
    core.clear()
    core.target = address, port


def _reset(channel: DataChannel, core: Core, for_good: bool = False) -> None:
    core.clear()
    core.end(for_good)


for _state in (idle, listening, aimed, ready, claimed, awaited):
    # The last word counts: what was arranged before is forgotten.
    _state.upon(DataChannel.listen).to(listening)(_listen)
    _state.upon(DataChannel.aim).to(aimed)(_aim)
for _state in (idle, listening, aimed, ready, claimed):
    _state.upon(DataChannel.reset).to(idle)(_reset)


@listening.upon(DataChannel.claim).to(awaited)
def _await_peer(channel: DataChannel, core: Core) -> Deferred[Arrived]:
    waiting: Deferred[Arrived] = Deferred()
    core.claimed = waiting
    core.look()
    return waiting


@aimed.upon(DataChannel.claim).to(awaited)
def _call_peer(channel: DataChannel, core: Core) -> Deferred[Arrived]:
    waiting: Deferred[Arrived] = Deferred()
    core.claimed = waiting
    core.call(channel)
    return waiting


@listening.upon(DataChannel.arrived).to(ready)
def _came_early(channel: DataChannel, core: Core, connection: Arrived) -> None:
    core.stop_waiting()
    core.connection = connection
    context = core.wanted.tls()
    if context is None:
        return
    try:
        early = connection.adopted() if isinstance(connection, Accepted) else connection
    except DataCut:
        return  # gone; who claims it hears that
    core.connection = early
    early.begin_tls(context)


@awaited.upon(DataChannel.arrived).to(claimed)
def _came(channel: DataChannel, core: Core, connection: Arrived) -> None:
    core.stop_waiting()
    core.connection = connection
    core.give(connection)


def _came_again(channel: DataChannel, core: Core, connection: Arrived) -> None:
    connection.abort()


for _state in (idle, aimed, ready, claimed):
    _state.upon(DataChannel.arrived).loop()(_came_again)


@listening.upon(DataChannel.failed).to(idle)
def _never_came(channel: DataChannel, core: Core, reason: Exception) -> None:
    core.clear()


@awaited.upon(DataChannel.failed).to(idle)
def _not_made(channel: DataChannel, core: Core, reason: Exception) -> None:
    core.clear()
    core.refuse(reason)


@awaited.upon(DataChannel.reset).to(idle)
def _given_up(channel: DataChannel, core: Core, for_good: bool = False) -> None:
    core.clear()
    core.end(for_good)
    core.refuse(NotConnected("given up"))


@ready.upon(DataChannel.claim).to(claimed)
def _claim(channel: DataChannel, core: Core) -> Deferred[Arrived]:
    assert isinstance(core.connection, DataConnection | Accepted)
    return succeed(core.connection)


def _over(channel: DataChannel, core: Core) -> None:
    core.connection = None


for _state in (ready, claimed):
    _state.upon(DataChannel.over).to(idle)(_over)

#: Makes the machine of one session's data connections.
make_channel: Final[Callable[[Core], DataChannel]] = _builder.build()
