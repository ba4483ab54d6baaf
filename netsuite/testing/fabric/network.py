"""The network of a fabric: ports that listen, and connections."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IListeningPort, IProtocol, IPushProducer
from twisted.logger import Logger
from zope.interface import implementer

from netsuite.testing.fabric.hosts import Hosts, tcp_address
from netsuite.testing.fabric.starttls import pair
from netsuite.testing.fabric.transport import Address, End, tell, title_of
from netsuite.testing.fabric.turns import Ready, Turns

#: Ports that are given to whom none is named, as Linux has them.
FIRST_PORT: Final = 32_768
LAST_PORT: Final = 60_999


class ServingFactory(Protocol):
    """Makes the protocols of what is accepted: any of Twisted's factories."""

    def buildProtocol(self, addr: IAddress) -> IProtocol | None:
        """Return the protocol of a connection; None to close it."""

    def doStart(self) -> None:
        """Accept that a port listens."""

    def doStop(self) -> None:
        """Accept that it listens no more."""


def _reaches(listening: str, host: str) -> bool:
    """Return whether what listens at an address is reached at another: all addresses are reached
    at that of an interface, and those of both kinds at IPv6's, as Linux has it."""
    return listening in (host, "::") or (listening == "0.0.0.0" and ":" not in host)


class Connection(NamedTuple):
    """Both ends of a connection."""

    client: End
    server: End


class Network:
    """Ports, and the connections between their clients and servers.

    Args:
        turns: where they take their steps.
        hosts: knows the names that are listened at.
        room: how many octets can be in flight in each direction of a connection.
        record: whether to keep each connection, with all that is written on it.
    """

    def __init__(self, turns: Turns, hosts: Hosts, room: int, *, record: bool = False) -> None:
        self.turns = turns
        #: Those that are kept, in the order they were made.
        self.connections: list[Connection] = []
        self._record = record
        self._hosts = hosts
        self._room = room
        self._by_number: dict[int, dict[str, Port]] = {}
        self._by_path: dict[str, Port] = {}
        self._local: dict[int, int] = {}  # how many clients have a number
        self._last = FIRST_PORT - 1
        # In the order they were made, which a set would not keep.
        self._ends: dict[End, None] = {}

    # -- listening -----------------------------------------------------------------------------

    def listen_tcp(
        self, number: int, factory: ServingFactory, backlog: int, interface: str
    ) -> Port:
        """Listen. Raises CannotListenError."""
        found = self._hosts.addresses(interface or "0.0.0.0")
        if not found:
            raise CannotListenError(interface, number, OSError(errno.EADDRNOTAVAIL, "no such host"))
        host = found[0]
        number = number or self.free_number()
        port = Port(self, tcp_address(host, number), factory, backlog)
        port.startListening()
        return port

    def listen_unix(self, path: str, factory: ServingFactory, backlog: int) -> Port:
        """Listen. Raises CannotListenError."""
        port = Port(self, UNIXAddress(path), factory, backlog)
        port.startListening()
        return port

    def bind(self, port: Port) -> None:
        """Add a port. Raises CannotListenError: there is another."""
        address = port.getHost()
        in_use = OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        if isinstance(address, UNIXAddress):
            path = _path(address)
            if path in self._by_path:
                raise CannotListenError(None, path, in_use)
            self._by_path[path] = port
            return
        others = self._by_number.setdefault(address.port, {})
        for host in others:
            if _reaches(host, address.host) or _reaches(address.host, host):
                raise CannotListenError(address.host, address.port, in_use)
        others[address.host] = port

    def unbind(self, port: Port) -> None:
        """Remove a port."""
        address = port.getHost()
        if isinstance(address, UNIXAddress):
            del self._by_path[_path(address)]
        else:
            others = self._by_number[address.port]
            del others[address.host]
            if not others:
                del self._by_number[address.port]

    def find(self, address: Address) -> Port | None:
        """Return who listens at an address."""
        if isinstance(address, UNIXAddress):
            return self._by_path.get(_path(address))
        ports = self._by_number.get(address.port, {})
        if address.host in ports:
            return ports[address.host]
        return next((port for host, port in ports.items() if _reaches(host, address.host)), None)

    def free_number(self) -> int:
        """Return the next port that nobody has. Raises CannotListenError: there is none."""
        for _ in range(FIRST_PORT, LAST_PORT + 1):
            self._last = self._last + 1 if self._last < LAST_PORT else FIRST_PORT
            if self._last not in self._by_number and self._last not in self._local:
                return self._last
        raise CannotListenError("", 0, OSError(errno.EADDRINUSE, "no port is left"))

    # -- connecting ----------------------------------------------------------------------------

    def connect(self, source: Address, target: Address, port: Port) -> End:
        """Make a connection that waits to be accepted; return the client's end of it."""
        ours, theirs = pair(
            self.turns, (source, target), port.seen(source, target), self._room, self._ended
        )
        self._ends |= {ours: None, theirs: None}
        if self._record:
            ours.record, theirs.record = bytearray(), bytearray()
            self.connections.append(Connection(ours, theirs))
        if not isinstance(source, UNIXAddress):
            self._local[source.port] = self._local.get(source.port, 0) + 1
        port.came(theirs)
        return ours

    def _ended(self, end: End) -> None:
        del self._ends[end]
        address = end.getHost()
        if end.side == "client" and not isinstance(address, UNIXAddress):
            self._local[address.port] -= 1
            if not self._local[address.port]:
                del self._local[address.port]

    def ports(self) -> Iterator[Port]:
        """Return what listens."""
        for ports in (*self._by_number.values(), self._by_path):
            yield from ports.values()

    def open(self) -> Iterator[str]:
        """Return what listens and what is connected, in words."""
        yield from map(str, self.ports())
        yield from (str(end) for end in self._ends)


def _mapped(address: Address) -> Address:
    """Return an IPv4 address as a socket of IPv6's has it (RFC 4291, 2.5.5.2)."""
    if isinstance(address, IPv4Address):
        return IPv6Address("TCP", f"::ffff:{address.host}", address.port)
    return address


def _path(address: UNIXAddress) -> str:
    return os.fsdecode(address.name or b"")


@implementer(IListeningPort, IPushProducer)
class Port:
    """Where connections are accepted; while it is paused they wait, as many as *backlog*.

    Args:
        network: where it is to be found.
        address: at which.
        factory: makes the protocols.
        backlog: how many connections may wait; one more is not answered until there is room.
    """

    log = Logger()

    def __init__(
        self, network: Network, address: Address, factory: ServingFactory, backlog: int
    ) -> None:
        self.factory = factory
        self._network = network
        self._address = address
        self._backlog = backlog
        self._reads = False
        self._queued = False
        self._waiting: deque[End] = deque()
        self._outside: deque[Ready] = deque()
        self._stopped: Deferred[None] | None = None

    def __str__(self) -> str:
        """Return a line for people."""
        waiting = f", {len(self._waiting)} connections waiting" if self._waiting else ""
        return f"port {tell(self._address)}: {title_of(self.factory)}{waiting}"

    def getHost(self) -> Address:
        """Return where it listens."""
        return self._address

    def seen(self, source: Address, target: Address) -> tuple[Address, Address]:
        """Return a connection's two addresses as who accepts it sees them, ours first."""
        here = self._address
        if isinstance(here, IPv6Address) and isinstance(target, IPv4Address):
            return _mapped(target), _mapped(source)
        return target, source

    # -- listening -----------------------------------------------------------------------------

    def startListening(self) -> None:
        """Listen. Raises CannotListenError."""
        self._network.bind(self)
        self._stopped = None
        self.factory.doStart()
        self.startReading()

    def stopListening(self) -> Deferred[None]:
        """Listen no more; connections that nobody has accepted are reset. Returns a Deferred that
        fires when that is done, in the next turn."""
        if self._stopped is not None:
            return succeed(None)
        self._reads = False
        self._stopped = Deferred()
        self._network.turns.call_later(0, self._stop, [self._stopped])
        return self._stopped

    def _stop(self, stopped: Deferred[None]) -> None:
        self._network.unbind(self)
        while self._waiting:
            self._waiting.popleft().abortConnection()
        self._let_in()
        try:
            self.factory.doStop()
        finally:
            stopped.callback(None)

    # -- accepting -----------------------------------------------------------------------------

    def startReading(self) -> None:
        """Accept connections."""
        self._reads = True
        self._be_ready()

    def stopReading(self) -> None:
        """Accept none for now."""
        self._reads = False

    def pauseProducing(self) -> None:
        """Accept none for now."""
        self.stopReading()

    def resumeProducing(self) -> None:
        """Accept connections again."""
        if self._stopped is None:
            self.startReading()

    def stopProducing(self) -> None:
        """Listen no more."""
        self.stopListening()

    @property
    def has_room(self) -> bool:
        """Whether one more connection can wait."""
        return len(self._waiting) <= self._backlog

    def came(self, end: End) -> None:
        """Hold the server's end of a connection until it is accepted."""
        self._waiting.append(end)
        self._be_ready()

    def wait_outside(self, connector: Ready) -> None:
        """Let a connector take its step again when there is room."""
        self._outside.append(connector)

    def step(self) -> None:
        """Accept what waits."""
        self._queued = False
        while self._reads and self._waiting:
            end = self._waiting.popleft()
            try:
                protocol = self.factory.buildProtocol(end.getPeer())
            except Exception:
                self.log.failure("accepting at {port}", port=str(self))
                protocol = None
            end.start(protocol)
        if self.has_room:
            self._let_in()

    def _let_in(self) -> None:
        while self._outside:
            self._network.turns.ready(self._outside.popleft())

    def _be_ready(self) -> None:
        if not self._queued:
            self._queued = True
            self._network.turns.ready(self)
