"""A Gopher server in memory: files, accounts, newsgroups, a memory transport."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred

from netsuite.accounts.files import HomesOfSite
from netsuite.accounts.news import StoreNewsroom
from netsuite.gopher.server import GopherServer, GopherServerFactory, Shared
from netsuite.gopher.settings import Settings
from netsuite.store.files import MemorySiteTrees
from netsuite.store.memory import MemoryStore
from netsuite.store.model import AccountState, FolderKind, Placement
from netsuite.store.tree import FileTree
from netsuite.testing.fabric import Fabric
from netsuite.testing.transport import MemoryTransport

ARTICLE = (
    b"Path: x!not-for-mail\r\nFrom: Ann <ann@example.test>\r\nNewsgroups: example.talk\r\n"
    b"Subject: %s\r\nMessage-ID: <%s@example.test>\r\n\r\nA %s sky.\r\n.dotted\r\n"
)


class World:
    """The collaborators of a Gopher server."""

    def __init__(self) -> None:
        self.clock = Fabric(record=True)
        self.store = MemoryStore()
        self.homes = MemorySiteTrees()
        self.factory = GopherServerFactory(
            Shared(
                clock=self.clock,
                host="gopher.test",
                settings=Settings(port=70, title="A test"),
                files=HomesOfSite(self.store, self.homes),
                newsroom=StoreNewsroom(self.store),
            )
        )

    def configure(self, **changes: Any) -> None:
        """Change what the connections to come share."""
        self.factory.configure(replace(self.factory.shared, **changes))

    async def fill(self) -> None:
        """Put some of everything into it."""
        public = self.homes.public
        await self.put(public, ("about.txt",), b"Hello\n.\n..two\nlast")
        await self.put(public, ("picture.gif",), b"GIF89a\0\r\n.\r\n\xff")
        await public.make_directory(("dir",))
        await self.put(public, ("dir", "unknown"), b"plain words\n")
        await self.put(public, ("dir", "octets"), b"\x7fELF\0")
        await public.make_directory(("mapped",))
        await self.put(public, ("mapped", "gophermap"), b"Mapped!\n0It\tit.txt\n")
        ann = await self.store.accounts.add_account("ann", None)
        bob = await self.store.accounts.add_account("bob", None)
        for name in ("ann", "bob"):
            home = await self.homes.home(name)
            await self.put(home, ("public", "mine.txt"), b"mine\n")
            await self.put(home, ("secret.txt",), b"secret\n")
        await self.store.accounts.update_account(bob.id, state=AccountState.DISABLED)
        assert ann.name == "ann"
        group = await self.store.mail.create_folder(
            None, "example.talk", kind=FolderKind.GROUP, description="Talk"
        )
        for number, colour in enumerate((b"blue", b"grey", b"blue\tand\rred")):
            draft = self.store.mail.draft()
            draft.write(ARTICLE % (colour, b"%d" % number, colour))
            await self.store.mail.commit(draft, [Placement(group.id)])

    async def put(self, tree: FileTree, path: tuple[str, ...], octets: bytes) -> None:
        """Write a file."""
        upload = await tree.upload(path)
        waiting = upload.write(octets)
        if waiting is not None:
            await waiting
        await upload.commit()

    async def ask(self, octets: bytes) -> bytes:
        """Send a request; return all that is answered, once the connection is closed."""
        connection = self.connect()
        connection.dataReceived(octets)
        return await self.answered(connection)

    def connect(self) -> GopherServer:
        """Make a connection on a memory transport."""
        connection = self.factory.buildProtocol(None)
        assert isinstance(connection, GopherServer)
        transport = Transport()
        transport.protocol = connection
        connection.makeConnection(transport)
        return connection

    async def answered(self, connection: GopherServer) -> bytes:
        """Wait until the server has closed a connection; return what it said."""
        transport = transport_of(connection)
        await transport.closing
        return transport.said()


class Transport(MemoryTransport):
    """A memory transport that tells when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.closing: Deferred[None] = Deferred()

    def getHandle(self) -> None:
        """Return the socket: there is none."""

    def loseConnection(self) -> None:
        """Close, and tell."""
        super().loseConnection()
        if not self.closing.called:
            self.closing.callback(None)

    def abortConnection(self) -> None:
        """Close, and tell."""
        self.loseConnection()


def transport_of(connection: GopherServer) -> Transport:
    """Return the memory transport that a connection is on."""
    transport: object = connection.transport
    assert isinstance(transport, Transport)
    return transport
