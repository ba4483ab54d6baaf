"""An authenticator, a tree, ports and a server on memory transports, for tests of FTP alone."""

# ruff: noqa: N803 - Twisted's names

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import CannotListenError, ConnectionAborted, ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from netsuite.accounts.files import AnonymousFiles
from netsuite.accounts.interfaces import Channel, LoggedIn
from netsuite.connection.session_group import SessionGroupsTLS
from netsuite.ftp.server import FTPServer, FTPServerFactory, Shared
from netsuite.ftp.server.transfers import LAST_LOOK_SECONDS
from netsuite.ftp.settings import Settings
from netsuite.store.files.memory import MemoryTree
from netsuite.store.tree import TreePath
from netsuite.testing.authenticator import FakeAuthenticator
from netsuite.testing.transport import MemoryTransport

F = TypeVar("F")

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GREETING = b"220 ftp.example.test FTP netsuite\r\n"
LOGIN = b"USER alice\r\nPASS se cret \r\n"


class Files(MemoryTree):
    """A tree in memory, as somebody sees it."""

    def __init__(self, name: str) -> None:
        super().__init__(lambda: NOW)
        self.name = name
        self.read_only: tuple[TreePath, ...] = ()

    def may_write(self, path: TreePath) -> bool:
        return path not in self.read_only

    def content(self, *path: str) -> bytes | None:
        """Return a file's octets; None when it is not there."""
        node = self.node_or_none(path)
        return None if node is None else node.data


class FileAuthenticator(FakeAuthenticator):
    """Lets alice in, by her password only; notes whence it was asked."""

    def __init__(self, files: Files) -> None:
        super().__init__(lambda facet: files, password="se cret ", mechanisms=())
        self.channels: list[Channel] = []
        self.waits: Deferred[None] | None = None

    async def log_in(
        self, channel: Channel, username: str, password: str, facet: type[F]
    ) -> LoggedIn[F]:
        self.channels.append(channel)
        if self.waits is not None:
            await self.waits
        return await super().log_in(channel, username, password, facet)


class FakePort:
    """A port that listens in memory."""

    def __init__(self, reactor: FakeReactor, number: int, factory: Any, interface: str) -> None:
        self.reactor = reactor
        self.number = number
        self.factory = factory
        self.interface = interface

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", self.interface, self.number)

    def stopListening(self) -> None:
        self.reactor.ports.remove(self)


class FakeConnector:
    """An attempt to connect."""

    def __init__(self, host: str, port: int, factory: Any, bind: tuple[str, int]) -> None:
        self.host, self.port, self.factory, self.bind = host, port, factory, bind
        self.disconnected = False

    def disconnect(self) -> None:
        self.disconnected = True


class FakeReactor(Clock):
    """A clock with ports."""

    def __init__(self) -> None:
        super().__init__()
        self.ports: list[FakePort] = []
        self.connectors: list[FakeConnector] = []
        self.taken: set[int] = set()
        self._next = 40_000

    def listenTCP(
        self, port: int, factory: Any, backlog: int = 50, interface: str = ""
    ) -> FakePort:
        if port == 0:
            self._next += 1
            port = self._next
        if port in self.taken or port in [each.number for each in self.ports]:
            raise CannotListenError(interface, port, OSError("taken"))
        listening = FakePort(self, port, factory, interface)
        self.ports.append(listening)
        return listening

    def connectTCP(
        self, host: str, port: int, factory: Any, timeout: float = 30, bindAddress: Any = None
    ) -> FakeConnector:
        connector = FakeConnector(host, port, factory, bindAddress)
        self.connectors.append(connector)
        return connector


class DataWire(MemoryTransport):
    """The server's end of a data connection, and what its peer does with it."""

    def __init__(self, clock: Clock, full_at: int | None = None) -> None:
        super().__init__(full_at=full_at)
        self.clock = clock
        self.gone: type[Exception] | None = None
        self._inbox: list[bytes | None] = []
        self.peerAddr = IPv4Address("TCP", "127.0.0.1", 50_000)

    def loseConnection(self) -> None:
        super().loseConnection()
        self.clock.callLater(0, self.lose, ConnectionDone)

    def abortConnection(self) -> None:
        self.clock.callLater(0, self.lose, ConnectionAborted)

    def lose(self, kind: type[Exception]) -> None:
        """End the connection."""
        if self.gone is None:
            self.gone = kind
            self.protocol.connectionLost(Failure(kind()))

    def resumeProducing(self) -> None:
        if self.disconnecting:
            return
        super().resumeProducing()
        self.clock.callLater(0, self.deliver)

    def pauseProducing(self) -> None:
        if self.producerState == "producing":
            super().pauseProducing()

    def send(self, octets: bytes) -> None:
        """Have the peer send octets."""
        self._inbox.append(octets)
        self.deliver()

    def end(self) -> None:
        """Have the peer close its half."""
        self._inbox.append(None)
        self.deliver()

    def deliver(self) -> None:
        while self._inbox and self.producerState == "producing" and self.gone is None:
            octets = self._inbox.pop(0)
            if octets is None:
                self.protocol.readConnectionLost()
            else:
                self.protocol.dataReceived(octets)


class ControlWire(DataWire):
    """The server's end of a control connection."""


class World:
    """What sessions share: a tree, an authenticator, ports, a factory."""

    def __init__(self, **settings: Any) -> None:
        self.reactor = FakeReactor()
        self.files = Files("alice")
        self.public = MemoryTree(lambda: NOW)
        self.authenticator = FileAuthenticator(self.files)
        tls = settings.pop("tls", None)
        self.factory = FTPServerFactory(
            Shared(
                clock=self.reactor,
                host="ftp.example.test",
                authenticator=self.authenticator,
                anonymous=lambda: AnonymousFiles(self.public),
                reactor=self.reactor,
                now=lambda: NOW,
                shuffled=list,
                settings=Settings(**{"bad_commands": 0, **settings}),
                tls=None if tls is None else SessionGroupsTLS(tls),
            )
        )

        self.put("notes.txt", b"one\ntwo\n")
        ensureDeferred(self.files.make_directory(("sub",)))
        self.put("sub/x.bin", bytes(range(256)))
        self.public.put(("welcome.txt",), b"hello\n", None)

    def reshare(self, **changed: Any) -> None:
        """Have the sessions to come share something else."""
        self.factory.configure(replace(self.factory.shared, **changed))

    def put(self, path: str, octets: bytes) -> None:
        """Put a file into alice's tree."""
        self.files.put(tuple(path.split("/")), octets, NOW)

    def settle(self) -> None:
        """Let everything happen that can happen now, or after a last look at who replaces."""
        for _ in range(50):
            self.reactor.advance(LAST_LOOK_SECONDS / 40)


class Session:
    """One control connection."""

    def __init__(self, world: World | None = None, *, logged_in: bool = True, **more: Any) -> None:
        self.world = world or World(**more)
        server = self.world.factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 4000))
        assert isinstance(server, FTPServer)
        self.server = server
        self.wire = ControlWire(self.world.reactor)
        self.wire.hostAddr = IPv4Address("TCP", "127.0.0.1", 21)
        self.wire.peerAddr = IPv4Address("TCP", "127.0.0.1", 4000)
        self.wire.protocol = server
        server.makeConnection(self.wire)
        assert self.heard() == GREETING
        if logged_in:
            self.say(LOGIN + b"TYPE I\r\n")

    def say(self, octets: bytes) -> bytes:
        """Say something; return what the server says to it."""
        self.wire.send(octets)
        self.world.settle()
        return self.heard()

    def heard(self) -> bytes:
        octets: bytes = self.wire.value()
        self.wire.clear()
        return octets

    @property
    def closed(self) -> bool:
        return self.wire.gone is not None or self.wire.disconnecting

    def port(self) -> FakePort:
        """Return the port listened on."""
        (port,) = self.world.reactor.ports
        return port

    def come(self, address: str = "127.0.0.1", full_at: int | None = None) -> DataWire | None:
        """Connect to the data port; None when it does not want us."""
        protocol = self.port().factory.buildProtocol(IPv4Address("TCP", address, 50_000))
        return None if protocol is None else self._connected(protocol, full_at)

    def let_in(self) -> DataWire:
        """Take the connection that the server makes."""
        connector = self.world.reactor.connectors[-1]
        address = IPv4Address("TCP", connector.host, connector.port)
        return self._connected(connector.factory.buildProtocol(address), None)

    def _connected(self, protocol: Any, full_at: int | None) -> DataWire:
        wire = DataWire(self.world.reactor, full_at)
        wire.protocol = protocol
        protocol.makeConnection(wire)
        self.world.settle()
        return wire

    def data(self, full_at: int | None = None) -> DataWire:
        """Arrange and make a data connection by EPSV."""
        answer = self.say(b"EPSV\r\n")
        assert answer.startswith(b"229 "), answer
        wire = self.come(full_at=full_at)
        assert wire is not None
        return wire

    def fetch(self, command: bytes) -> tuple[bytes, bytes]:
        """Run a transfer to us; return its octets and the replies."""
        wire = self.data()
        said = self.say(command + b"\r\n")
        self.world.settle()
        octets: bytes = wire.value()
        return octets, said + self.heard()

    def store(self, command: bytes, octets: bytes) -> bytes:
        """Run a transfer from us; return the replies."""
        wire = self.data()
        said = self.say(command + b"\r\n")
        wire.send(octets)
        wire.end()
        self.world.settle()
        return said + self.heard()


def codes(octets: bytes) -> list[int]:
    """Return the codes of replies, each of one line."""
    return [int(line[:3]) for line in octets.split(b"\r\n")[:-1]]
