"""The Telnet client: against our own server in memory, and against servers that misbehave."""

from __future__ import annotations

import re
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import ensureDeferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from netsuite import tls
from netsuite.connection.client import ClientTimeouts
from netsuite.connection.errors import AuthenticationFailed, ConnectionLost, Timeout
from netsuite.telnet.client import (
    BUFFER_CHARACTERS,
    TelnetClient,
    TooMuchOutput,
    connect,
)
from netsuite.telnet.commands import Code
from netsuite.telnet.dialog import ClientDialog
from netsuite.telnet.server import TelnetServer
from netsuite.testing.cases import SynchronousTestCase, TestCase
from netsuite.testing.transport import MemoryTransport
from tests.connection.links import MemoryEndpoint
from tests.connection.places import temporary
from tests.telnet.worlds import PASSWORD, Terminal, Transport, World


class Link:
    """A client and a server's connection, with octets carried between them at once."""

    def __init__(self, terminal: Terminal, client: TelnetClient) -> None:
        self.terminal, self.client = terminal, client
        self.carrying = False
        self.transport = transport_of(client)
        self.transport.wrote = terminal.transport.wrote = self.carry
        self.carry()

    def carry(self) -> None:
        """Carry what was written until nobody writes."""
        if self.carrying:
            return
        self.carrying = True
        while True:
            said, heard = self.transport.said(), self.terminal.heard()
            if not said and not heard:
                break
            if said:
                self.terminal.say(said)
            if heard:
                self.client.dataReceived(heard)
        self.carrying = False
        if self.terminal.closed and not self.client.lost:
            self.client.readConnectionLost()


def made(clock: Clock, **dialog: Any) -> TelnetClient:
    """Make a client on a memory transport."""
    client = TelnetClient(
        clock, timeouts=ClientTimeouts(reply_seconds=60), dialog=ClientDialog(**dialog)
    )
    client.makeConnection(Transport())
    return client


def transport_of(client: TelnetClient) -> Transport:
    """Return the memory transport that a client is on."""
    transport: object = client.transport
    assert isinstance(transport, Transport)
    return transport


class WithOurServer(TestCase):
    """Both ends are ours."""

    async def entered(self, **dialog: Any) -> TelnetClient:
        """Give a client that has logged in."""
        world = await World().fill()
        client = made(world.clock, **dialog)
        Link(world.connect(), client)
        text = await client.login("ann", PASSWORD)
        self.assertIn("Welcome, ann", text)
        self.assertNotIn(PASSWORD, text)
        return client

    async def test_session(self) -> None:
        """Log in, run a command, read its answer, leave."""
        client = await self.entered(window=(80, 0))
        await client.write_line("cat /site/welcome.txt")
        self.assertEqual("cat /site/welcome.txt\r\nGrüße\r\nann:/> ", await client.read_until("> "))
        await client.write_line("ls")
        found = await client.expect([r"nothing", re.compile(r"(\w+)\.txt")])
        self.assertEqual((1, "notes"), (found.index, found.match[1]))
        await client.write_line("quit")
        self.assertTrue((await client.read_all()).endswith("Goodbye.\r\n"))
        self.assertEqual("", await client.read())

    async def test_window(self) -> None:
        """A window that has a height pages; a resize is told."""
        client = await self.entered(window=(80, 10))
        await client.write_line("cat notes.txt")
        self.assertIn("line 9\r\n--More--", await client.read_until("--More--"))
        client.resize(80, 0)
        await client.write_text(" ")
        client.press(Code.IP)
        await client.read_until("ann:/> ")
        await client.write_line("cat notes.txt")
        self.assertNotIn("--More--", await client.read_until("ann:/> "))

    async def test_wrong_password(self) -> None:
        """A refusal is told with the server's words."""
        world = await World().fill()
        client = made(world.clock)
        Link(world.connect(), client)
        try:
            await client.login("ann", "wrong")
        except AuthenticationFailed as error:
            self.assertEqual("Login incorrect", error.text)
            self.assertEqual("the login was refused: Login incorrect", str(error))
            self.assertEqual(
                {"C: ***"}, {line for line in error.conversation if line.startswith("C: ")}
            )
            self.assertEqual("S: Password: S: Login incorrect.", "".join(error.conversation[-2:]))
            self.assertNotIn("wrong", "".join(error.conversation))
        else:
            self.fail("it was let in")


class UnderTLS(TestCase):
    """TLS from the first octet, where passwords are taken under TLS only."""

    async def test_login(self) -> None:
        """A password is taken there; that it is TLS is known before anything is said."""
        world = await World().fill()
        world.authenticator.clear_text = "tls"
        folder = temporary(self)
        certificates = tls.Certificates(folder, world.clock)
        certificates.open()
        factory = tls.wrap_server(world.factory, certificates.context_for(), world.clock)
        endpoint = MemoryEndpoint(factory, world.clock)
        context = tls.client_options("localhost", authorities=folder / "default.pem")
        connecting = ensureDeferred(connect(endpoint, clock=world.clock, tls_context=context))
        endpoint.link.settle()
        client = self.successResultOf(connecting)
        entering = ensureDeferred(client.login("ann", PASSWORD))
        endpoint.link.settle()
        self.assertIn("Welcome, ann", self.successResultOf(entering))
        (session,) = world.factory
        assert isinstance(session, TelnetServer)
        self.assertTrue(session.channel().secure)
        (present,) = session.everybody()
        self.assertEqual("ann", present.account)

    def test_silent(self) -> None:
        """A peer that connects and never finishes its handshake is not held for ever, though
        nobody need say anything else before the login."""
        for said in (b"", b"\x16\x03\x01\x02"):
            world = World(handshake_seconds=20)
            certificates = tls.Certificates(temporary(self), world.clock)
            certificates.open()
            factory = tls.wrap_server(world.factory, certificates.context_for(), world.clock)
            connection = factory.buildProtocol(IPv4Address("TCP", "192.0.2.9", 4000))
            transport = MemoryTransport()
            connection.makeConnection(transport)
            self.assertEqual(1, len(world.factory))
            if said:
                connection.dataReceived(said)
            world.clock.advance(19)
            self.assertFalse(transport.closed)
            world.clock.advance(2)
            self.assertTrue(transport.closed)
            connection.connectionLost(Failure(ConnectionDone()))
            self.assertEqual(0, len(world.factory))
            self.assertEqual([], world.clock.getDelayedCalls())


class Waiting(SynchronousTestCase):
    """What a server may do instead of answering."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.client = made(self.clock)

    def test_too_late(self) -> None:
        """What does not come in time is told; the connection stays, and nothing is lost."""
        waiting = ensureDeferred(self.client.read_until("$", seconds=5))
        self.client.dataReceived(b"abc")
        self.clock.advance(6)
        self.failureResultOf(waiting, Timeout)
        self.client.dataReceived(b"de$ rest")
        self.assertEqual(
            "abcde$", self.successResultOf(ensureDeferred(self.client.read_until("$")))
        )
        self.assertEqual(" rest", self.successResultOf(ensureDeferred(self.client.read())))

    def test_closed(self) -> None:
        """A server that closes before is told from one that has nothing to say."""
        waiting = ensureDeferred(self.client.expect(["[$]"]))
        self.client.dataReceived(b"abc")
        self.client.readConnectionLost()
        self.failureResultOf(waiting, ConnectionLost)
        self.assertEqual("abc", self.successResultOf(ensureDeferred(self.client.read())))

    def test_too_much(self) -> None:
        """Not everything is kept of a server that does not stop."""
        waiting = ensureDeferred(self.client.read_until("$"))
        for _ in range(BUFFER_CHARACTERS // 65_536 + 2):
            self.client.dataReceived(b"x" * 65_536)
        self.failureResultOf(waiting, TooMuchOutput)

    def test_back_pressure(self) -> None:
        """What nobody asks for is not read on and on."""
        transport = transport_of(self.client)
        sent = 0
        while transport.producerState == "producing" and sent < 1_000_000:
            self.client.dataReceived(b"x" * 10_000)
            sent += 10_000
        self.assertLess(sent, 200_000)
        heard = 0
        while heard < sent:
            heard += len(self.successResultOf(ensureDeferred(self.client.read())))
        self.assertEqual(sent, heard)
        ensureDeferred(self.client.read())
        self.assertEqual("producing", transport.producerState)

    def test_cut_marker(self) -> None:
        """A marker that comes in pieces is found, and what is behind it kept."""
        waiting = ensureDeferred(self.client.read_until("login: "))
        for octet in b"the login: x":
            self.client.dataReceived(bytes([octet]))
        self.assertEqual("the login: ", self.successResultOf(waiting))

    def test_utf8_in_pieces(self) -> None:
        """A character may come in two pieces."""
        waiting = ensureDeferred(self.client.read_until("!"))
        self.client.dataReceived("日".encode()[:2])
        self.client.dataReceived("日".encode()[2:] + b"!")
        self.assertEqual("日!", self.successResultOf(waiting))
