"""TLS on a connection under way: what came in the clear before it is never executed."""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from twisted.internet.address import IPv4Address

from netsuite import tls
from netsuite.connection import errors
from netsuite.connection.client import ClientConnection, connect
from netsuite.connection.factory import ServerFactory
from netsuite.connection.server import ServerShared
from netsuite.testing.certificates import authority
from netsuite.testing.fabric import Fabric
from netsuite.testing.fabric.transport import End
from netsuite.testing.transport import MemoryTransport
from tests.connection.joined import JoinedCase, reached
from tests.connection.lines import LineConnection, shared
from tests.connection.replies import ReplyDialog


class Both(JoinedCase):
    """A client and a server on a fabric."""

    def setUp(self) -> None:
        self.fabric = Fabric()
        self.context = authority.server_context()
        self.servers: list[LineConnection] = []
        test = self

        class Noted(LineConnection):
            def __init__(self, shared: ServerShared, name: str = "") -> None:
                super().__init__(shared, name)
                self.context = test.context
                test.servers.append(self)

        class Service(ServerFactory[ServerShared]):
            connection = Noted

        self.factory: Any = Service(shared(self.fabric))

    def connect(self, *, implicit: Any = None) -> ClientConnection[Any, str]:
        """Give a connected client; ``self.server`` is the server's transport below any TLS."""
        factory = self.factory
        if implicit is not None:
            factory = tls.wrap_server(factory, self.context, self.fabric)
        endpoint = reached(self.fabric, factory)
        client = self.run_(
            connect(
                endpoint,
                lambda: ClientConnection(ReplyDialog(), self.fabric),
                tls_context=implicit,
            )
        )
        transport: Any = self.servers[0].transport
        self.server: End = transport if implicit is None else transport.transport
        return client

    options = authority.client_options("localhost")


class StartTLS(Both):
    """STARTTLS with both halves."""

    def test_works(self) -> None:
        """After the handshake both sides talk under TLS, on a virtual clock."""
        client = self.connect()
        self.assertEqual("+ hello", self.run_(client.receive()))
        self.assertFalse(client.peer.secure)
        self.assertEqual("+ go ahead", self.run_(client.ask("SECURE")))
        self.run_(client.secure(self.options))
        octets: list[bytes] = []
        below: Any = self.server.protocol
        receive = below.dataReceived

        def received(data: bytes) -> None:
            octets.append(data)
            receive(data)

        self.patch(below, "dataReceived", received)
        self.assertEqual("+ a", self.run_(client.ask("SAY a")))
        self.assertNotIn(b"SAY a", b"".join(octets))
        self.assertEqual(1, self.servers[0].secure_times)
        for peer in (client.peer, self.servers[0].peer):
            self.assertTrue(peer.secure)
            self.assertEqual("TLSv1.3", peer.tls_version)
            self.assertTrue(peer.local)
        self.assertEqual(32, len(client.peer.binding or b""))
        self.assertEqual(client.peer.binding, self.servers[0].peer.binding)
        self.assertEqual("+ bye", self.run_(client.ask("QUIT")))
        self.fail_(client.receive(), errors.ConnectionLost)
        self.fabric.settle()
        self.assertEqual(["ConnectionDone"], self.servers[0].ends)

    def test_implicit(self) -> None:
        """TLS from the first octet."""
        client = self.connect(implicit=self.options)
        self.assertEqual("+ hello", self.run_(client.receive()))
        self.assertTrue(client.peer.secure)

    def test_commands_behind_starttls_are_dropped(self) -> None:
        """A command put behind STARTTLS in the clear is not executed, neither then nor later."""
        client = self.connect()
        self.run_(client.receive())
        client.writer.write(b"SECURE\r\nSAY evil\r\nSAY ev")
        self.assertEqual("+ go ahead", self.run_(client.receive()))
        self.run_(client.secure(self.options))
        self.assertEqual("+ good", self.run_(client.ask("SAY good")))
        self.assertNotIn("evil", str(self.servers[0].dialog.__dict__))

    def test_reply_behind_the_go_ahead(self) -> None:
        """A client does not believe what came in the clear behind the go-ahead."""
        client = self.connect()
        self.run_(client.receive())

        async def upgrade() -> None:
            await client.ask("SECURE")
            await client.secure(self.options)

        real = self.server.write
        self.patch(
            self.server,
            "write",
            lambda data: real(data.replace(b"ahead\r\n", b"ahead\r\n+ evil\r\n")),
        )
        self.fail_(upgrade(), errors.TLSFailure)
        self.fail_(client.receive(), errors.TLSFailure)

    def test_reply_behind_the_go_ahead_seen_late(self) -> None:
        """Nor when the client takes its time."""
        client = self.connect()
        self.run_(client.receive())
        real = self.server.write
        self.patch(
            self.server,
            "write",
            lambda data: real(data.replace(b"ahead\r\n", b"ahead\r\n+ evil\r\n")),
        )
        self.run_(client.ask("SECURE"))
        self.fail_(client.secure(self.options), errors.TLSFailure)

    def test_handshake_that_does_not_come(self) -> None:
        """After the go-ahead the handshake has a time of its own, not as long as an idle one."""
        client = self.connect()
        self.run_(client.receive())
        self.run_(client.ask("SECURE"))
        self.fabric.advance(59)
        self.assertFalse(self.server.disconnecting)
        self.fabric.advance(2)
        self.fabric.settle()
        self.assertEqual(1, len(self.servers[0].ends))

    def test_time_after_the_handshake(self) -> None:
        """Then the time between commands counts again."""
        client = self.connect()
        self.run_(client.receive())
        self.run_(client.ask("SECURE"))
        self.run_(client.secure(self.options))
        self.fabric.advance(299)
        self.assertEqual("+ a", self.run_(client.ask("SAY a")))

    def test_wrong_name(self) -> None:
        """A server with somebody else's certificate is not talked to."""
        client = self.connect()
        self.run_(client.receive())
        self.run_(client.ask("SECURE"))
        options = authority.client_options("other.test")
        error = self.fail_(client.secure(options), errors.TLSFailure)
        self.assertIsNot(None, error.__cause__)
        self.assertNotIn("ConnectionDone", repr(error.__cause__))

    def test_implicit_wrong_authority(self) -> None:
        """Nor when TLS comes first."""
        factory = tls.wrap_server(self.factory, self.context, self.fabric)
        error = self.fail_(
            connect(
                reached(self.fabric, factory),
                lambda: ClientConnection(ReplyDialog(), self.fabric),
                tls_context=tls.client_options("localhost"),
            ),
            errors.TLSFailure,
        )
        self.assertIsInstance(error.__cause__, SSL.Error)

    def test_garbage_instead_of_a_handshake(self) -> None:
        """A client that says something else than hello is dropped without noise."""
        client = self.connect()
        self.run_(client.receive())
        self.run_(client.ask("SECURE"))
        self.server.other.write(b"SAY evil\r\n" * 10)
        self.fabric.settle()
        self.assertEqual(1, len(self.servers[0].ends))
        self.assertEqual(0, self.servers[0].secure_times)

    def test_no_hello(self) -> None:
        """Who connects where TLS comes first, and says nothing or half a hello, is dropped in the
        time that a handshake may take, however long a first command may."""
        for octets in (b"", b"\x16\x03\x01\x02\x00\x01\x00"):
            factory = tls.wrap_server(self.factory, self.context, self.fabric)
            wire = MemoryTransport()
            wire.protocol = factory.buildProtocol(IPv4Address("TCP", "192.0.2.1", 1))
            wire.protocol.makeConnection(wire)
            if octets:
                wire.protocol.dataReceived(octets)
            self.fabric.advance(59)
            self.assertFalse(wire.disconnected)
            self.fabric.advance(2)
            self.assertTrue(wire.disconnected)

    def test_close_under_tls(self) -> None:
        """The server's last words arrive though it closes at once."""
        client = self.connect(implicit=self.options)
        self.run_(client.receive())
        self.assertEqual("+ bye", self.run_(client.ask("QUIT")))
        self.fabric.settle()
        self.assertTrue(client.lost)
        self.assertEqual(["port 127.0.0.1:32768: Service (TLS)"], self.fabric.leftovers())
