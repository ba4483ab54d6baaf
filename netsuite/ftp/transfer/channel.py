"""How a data connection comes about: arranged, made by one side, claimed by a transfer, over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from automat import TypeMachineBuilder
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IConnector, IListeningPort, IReactorTime
from twisted.internet.protocol import ClientFactory, ServerFactory
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.connection.facts import where
from netsuite.ftp.transfer.connection import DataConnection, NotArranged, NotConnected

#: Connections that may wait for a port that wants one.
BACKLOG: Final = 4


class NoPortFree(Exception):
    """Every port of the range is taken."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a data connection is to be like.

    Args:
        peer: the only IP address it may come from or go to.
        here: our own address on the control connection.
        connect_seconds: how long it may take to be made.
        make: makes it, from what to tell when it is there and when it is over.
    """

    peer: str
    here: str
    connect_seconds: float
    make: Callable[..., DataConnection]


class Ports:
    """Where to listen for data connections.

    Args:
        reactor: listens and connects.
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

    def listen(self, factory: ServerFactory, interface: str) -> IListeningPort:
        """Listen. Raises NoPortFree."""
        candidates = [0]
        if self._ports is not None:
            candidates = self._shuffled(range(self._ports[0], self._ports[1] + 1))
        for number in candidates:
            try:
                port: IListeningPort = self.reactor.listenTCP(
                    number, factory, backlog=BACKLOG, interface=interface
                )
            except CannotListenError:
                continue
            return port
        raise NoPortFree("all are taken")


class DataChannel(Protocol):
    """What happens to the data connection of a session: the inputs of its machine."""

    def listen(self, ports: Ports) -> int:
        """Wait for the peer to connect; give the port. Raises NoPortFree."""

    def aim(self, address: str, port: int) -> None:
        """Note where to connect to, when a transfer wants it."""

    def claim(self) -> Deferred[DataConnection]:
        """Give a transfer the connection, now or when it is there. Fails with NotArranged or
        NotConnected."""

    def arrived(self, connection: DataConnection) -> None:
        """The connection is there."""

    def failed(self, reason: Exception) -> None:
        """It cannot be had."""

    def over(self) -> None:
        """The connection has ended."""

    def reset(self) -> None:
        """Forget everything; drop what there is."""


@dataclass(slots=True)
class Core:
    """What the states have in common."""

    clock: IReactorTime
    reactor: Any
    wanted: Wanted
    factory: Expected | Called | None = None
    listening: IListeningPort | None = None
    target: tuple[str, int] | None = None
    connector: IConnector | None = None
    connection: DataConnection | None = None
    claimed: Deferred[DataConnection] | None = None
    deadline: Any = None
    strangers: int = 0
    log: Logger = field(default_factory=Logger)

    def open(self, channel: DataChannel, ports: Ports) -> int:
        """Listen for the peer, as long as it may take."""
        expected = Expected(channel, self)
        self.listening = ports.listen(expected, self.wanted.here)
        self.factory = expected
        self.within(channel)
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
        self.deadline = self.clock.callLater(
            self.wanted.connect_seconds, channel.failed, NotConnected("not in time")
        )

    def stop_waiting(self) -> None:
        """Listen and connect no more."""
        if self.deadline is not None and self.deadline.active():
            self.deadline.cancel()
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

    def give(self, connection: DataConnection) -> None:
        """Give the connection to the transfer that waits."""
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

        def gone(connection: DataConnection) -> None:
            if self.connection is connection:
                channel.over()

        return self.wanted.make(arrived=channel.arrived, gone=gone)


class Expected(ServerFactory):
    """Lets the peer in, once, and nobody else."""

    noisy = False

    def __init__(self, channel: DataChannel, core: Core) -> None:
        self.open = True
        self._channel = channel
        self._core = core

    def buildProtocol(self, addr: IAddress | None) -> DataConnection | None:  # noqa: N802
        """Give the connection, or None for a stranger, whose connection is closed at once."""
        address, _, _ = where(addr)
        if not self.open:
            return None
        if address != self._core.wanted.peer:
            if not self._core.strangers:
                self._core.log.warn(
                    "a stranger from {address} came to the data port of {peer}",
                    address=address,
                    peer=self._core.wanted.peer,
                )
            self._core.strangers += 1
            return None
        return self._core.make(self._channel)


class Called(ClientFactory):
    """Makes our side of a connection to the peer."""

    noisy = False

    def __init__(self, channel: DataChannel, core: Core) -> None:
        self.open = True
        self._channel = channel
        self._core = core

    def buildProtocol(self, addr: IAddress | None) -> DataConnection | None:  # noqa: N802
        """Give the connection."""
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
def _nothing_to_claim(channel: DataChannel, core: Core) -> Deferred[DataConnection]:
    return fail(NotArranged("say PASV, EPSV, PORT or EPRT first"))


def _listen(channel: DataChannel, core: Core, ports: Ports) -> int:
    core.clear()
    return core.open(channel, ports)


def _aim(channel: DataChannel, core: Core, address: str, port: int) -> None:
    core.clear()
    core.target = address, port


def _reset(channel: DataChannel, core: Core) -> None:
    core.clear()


for _state in (idle, listening, aimed, ready, claimed, awaited):
    # The last word counts: what was arranged before is forgotten.
    _state.upon(DataChannel.listen).to(listening)(_listen)
    _state.upon(DataChannel.aim).to(aimed)(_aim)
for _state in (idle, listening, aimed, ready, claimed):
    _state.upon(DataChannel.reset).to(idle)(_reset)


@listening.upon(DataChannel.claim).to(awaited)
def _await_peer(channel: DataChannel, core: Core) -> Deferred[DataConnection]:
    core.claimed = Deferred()
    return core.claimed


@aimed.upon(DataChannel.claim).to(awaited)
def _call_peer(channel: DataChannel, core: Core) -> Deferred[DataConnection]:
    waiting: Deferred[DataConnection] = Deferred()
    core.claimed = waiting
    core.call(channel)
    return waiting


@listening.upon(DataChannel.arrived).to(ready)
def _came_early(channel: DataChannel, core: Core, connection: DataConnection) -> None:
    core.stop_waiting()
    core.connection = connection


@awaited.upon(DataChannel.arrived).to(claimed)
def _came(channel: DataChannel, core: Core, connection: DataConnection) -> None:
    core.stop_waiting()
    core.connection = connection
    core.give(connection)


def _came_again(channel: DataChannel, core: Core, connection: DataConnection) -> None:
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
def _given_up(channel: DataChannel, core: Core) -> None:
    core.clear()
    core.refuse(NotConnected("given up"))


@ready.upon(DataChannel.claim).to(claimed)
def _claim(channel: DataChannel, core: Core) -> Deferred[DataConnection]:
    assert core.connection is not None
    return succeed(core.connection)


def _over(channel: DataChannel, core: Core) -> None:
    core.connection = None


for _state in (ready, claimed):
    _state.upon(DataChannel.over).to(idle)(_over)

_machine = _builder.build()


def make_channel(*, clock: IReactorTime, reactor: Any, wanted: Wanted) -> DataChannel:
    """Make the machine of one session's data connections.

    Args:
        clock: for the time in which one must be made.
        reactor: connects.
        wanted: what they are to be like.
    """
    channel: DataChannel = _machine(Core(clock, reactor, wanted))
    return channel
