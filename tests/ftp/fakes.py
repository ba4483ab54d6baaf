"""An authenticator, a tree and a server on a fabric, for tests of FTP alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol

from netsuite.accounts.file_rules import ALL, READ_ONLY
from netsuite.accounts.files import AnonymousFiles
from netsuite.accounts.interfaces import Channel, LoggedIn, Permissions
from netsuite.connection.peer import where
from netsuite.connection.session_group import SessionGroupsTLS
from netsuite.ftp.server import FTPServer, FTPServerFactory, Shared
from netsuite.ftp.server.receiving import LAST_LOOK_SECONDS
from netsuite.ftp.settings import Settings
from netsuite.ftp.transfer.channel import Expected
from netsuite.store.files.memory import MemoryTree
from netsuite.store.tree import TreePath
from netsuite.testing.authenticator import FakeAuthenticator
from netsuite.testing.fabric import Fabric
from netsuite.testing.fabric.network import Port
from tests.connection.joined import Puppet

F = TypeVar("F")

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HERE, CONTROL = "127.0.0.1", 21
GREETING = b"220 ftp.example.test FTP netsuite\r\n"
LOGIN = b"USER alice\r\nPASS se cret \r\n"


class Files(MemoryTree):
    """A tree in memory, as somebody sees it."""

    def __init__(self, name: str) -> None:
        super().__init__(lambda: NOW)
        self.name = name
        self.read_only: tuple[TreePath, ...] = ()
        self.is_administrator = False

    def permissions(self, path: TreePath) -> Permissions:
        return READ_ONLY if path in self.read_only else ALL

    def permissions_within(self, path: TreePath) -> Callable[[str], Permissions]:
        return lambda name: self.permissions((*path, name))

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


def number_of(port: Port) -> int:
    """Return the number of a port."""
    return where(port.getHost())[1]


class World:
    """What sessions share: a tree, an authenticator, a factory, and where it serves."""

    def __init__(self, *, reactor: Fabric | None = None, **settings: Any) -> None:
        self.reactor = reactor or Fabric(record=True)
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
                tls=tls
                and SessionGroupsTLS(tls, lambda: settings.get("require_session_reuse", True)),
            )
        )
        self.reactor.listenTCP(CONTROL, self.factory, interface=HERE)
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
        self.reactor.advance(LAST_LOOK_SECONDS * 1.25)

    def connect(self, number: int, address: str = HERE) -> Puppet:
        """Connect to a port of the server's from an address."""
        puppet = Puppet(self.reactor)
        endpoint = TCP4ClientEndpoint(self.reactor, HERE, number, bindAddress=(address, 0))
        self.reactor.run(connectProtocol(endpoint, puppet))
        self.reactor.settle()
        return puppet

    def data_ports(self) -> list[Port]:
        """Return where the server listens for data connections."""
        return [each for each in self.reactor.ports if isinstance(each.factory, Expected)]


class Session:
    """One control connection."""

    def __init__(self, world: World | None = None, *, logged_in: bool = True, **more: Any) -> None:
        self.world = world or World(**more)
        self.wire = self.world.connect(CONTROL)
        server: object = self.wire.other.protocol
        assert isinstance(server, FTPServer)
        self.server: FTPServer = server
        assert self.heard() == GREETING
        if logged_in:
            self.say(LOGIN + b"TYPE I\r\n")

    def say(self, octets: bytes) -> bytes:
        """Say something; return what the server says to it."""
        self.wire.say(octets)
        self.world.settle()
        return self.heard()

    def heard(self) -> bytes:
        return self.wire.news()

    @property
    def closed(self) -> bool:
        return self.wire.closed

    def come(self, address: str = HERE) -> Puppet | None:
        """Connect to the data port; None when it does not want us."""
        (port,) = self.world.data_ports()
        wire = self.world.connect(number_of(port), address)
        self.world.settle()
        return None if wire.closed else wire

    def data(self) -> Puppet:
        """Arrange and make a data connection by EPSV."""
        answer = self.say(b"EPSV\r\n")
        assert answer.startswith(b"229 "), answer
        wire = self.come()
        assert wire is not None
        return wire

    def fetch(self, command: bytes) -> tuple[bytes, bytes]:
        """Run a transfer to us; return its octets and the replies."""
        wire = self.data()
        said = self.say(command + b"\r\n")
        self.world.settle()
        return wire.heard, said + self.heard()

    def store(self, command: bytes, octets: bytes) -> bytes:
        """Run a transfer from us; return the replies."""
        wire = self.data()
        said = self.say(command + b"\r\n")
        wire.say(octets)
        wire.end()
        self.world.settle()
        return said + self.heard()


def codes(octets: bytes) -> list[int]:
    """Return the codes of replies, each of one line."""
    return [int(line[:3]) for line in octets.split(b"\r\n")[:-1]]
