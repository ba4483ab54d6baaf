"""The Telnet client: against our own server in memory, and against servers that misbehave."""

from __future__ import annotations

import re
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.endpoints import connectProtocol
from twisted.internet.error import ConnectionDone
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
from netsuite.testing.certificates import authority
from netsuite.testing.fabric import Fabric
from netsuite.testing.transport import MemoryTransport
from tests.connection.joined import JoinedCase, OddServerCase, reached
from tests.coroutines import run
from tests.telnet.worlds import PASSWORD, World

#: Commands of the protocol, as a conversation tells them.
NEGOTIATION = r"\\xff(\\xfa.*?\\xff\\xf0|\\x..\\x..)"


def made(fabric: Fabric, **dialog: Any) -> TelnetClient:
    """Return a client that is not connected yet."""
    timeouts = ClientTimeouts(reply_seconds=60)
    return TelnetClient(fabric, timeouts=timeouts, dialog=ClientDialog(**dialog))


class WithOurServer(JoinedCase):
    """Both ends are ours."""

    def connected(self, **dialog: Any) -> TelnetClient:
        """Return a client that has not logged in."""
        world = run(World().fill())
        self.fabric = world.clock
        endpoint = reached(self.fabric, world.factory)
        client: TelnetClient = self.fabric.run(
            connectProtocol(endpoint, made(self.fabric, **dialog))
        )
        return client

    def entered(self, **dialog: Any) -> TelnetClient:
        """Return a client that has logged in."""
        client = self.connected(**dialog)
        text = self.run_(client.login("ann", PASSWORD))
        self.assertIn("Welcome, ann", text)
        self.assertNotIn(PASSWORD, text)
        return client

    def test_session(self) -> None:
        """Log in, run a command, read its answer, leave."""
        client = self.entered(window=(80, 0))
        self.run_(client.write_line("cat /site/welcome.txt"))
        self.assertEqual(
            "cat /site/welcome.txt\r\nGrüße\r\nann:/> ", self.run_(client.read_until("> "))
        )
        self.run_(client.write_line("ls"))
        found = self.run_(client.expect([r"nothing", re.compile(r"(\w+)\.txt")]))
        self.assertEqual((1, "notes"), (found.index, found.match[1]))
        self.run_(client.write_line("quit"))
        self.assertTrue(self.run_(client.read_all()).endswith("Goodbye.\r\n"))
        self.assertEqual("", self.run_(client.read()))

    def test_window(self) -> None:
        """A window that has a height pages; a resize is told."""
        client = self.entered(window=(80, 10))
        self.run_(client.write_line("cat notes.txt"))
        self.assertIn("line 9\r\n--More--", self.run_(client.read_until("--More--")))
        client.resize(80, 0)
        self.run_(client.write_text(" "))
        client.press(Code.IP)
        self.run_(client.read_until("ann:/> "))
        self.run_(client.write_line("cat notes.txt"))
        self.assertNotIn("--More--", self.run_(client.read_until("ann:/> ")))

    def test_wrong_password(self) -> None:
        """A refusal is told with the server's words."""
        client = self.connected()
        error = self.fail_(client.login("ann", "wrong"), AuthenticationFailed)
        self.assertEqual("Login incorrect", error.text)
        self.assertEqual("the login was refused: Login incorrect", str(error))
        self.assertEqual(
            {"C: ***"}, {line for line in error.conversation if line.startswith("C: ")}
        )
        said = re.sub(NEGOTIATION, "", "".join(error.conversation[-2:]))
        self.assertEqual("S: Password: S: Login incorrect.", said)
        self.assertNotIn("wrong", "".join(error.conversation))


class UnderTLS(JoinedCase):
    """TLS from the first octet, where passwords are taken under TLS only."""

    def test_login(self) -> None:
        """A password is taken there; that it is TLS is known before anything is said."""
        world = run(World().fill())
        world.authenticator.clear_text = "tls"
        self.fabric = world.clock
        factory = tls.wrap_server(world.factory, authority.server_context(), self.fabric)
        endpoint = reached(self.fabric, factory)
        context = authority.client_options("localhost")
        client = self.run_(connect(endpoint, clock=self.fabric, tls_context=context))
        self.assertIn("Welcome, ann", self.run_(client.login("ann", PASSWORD)))
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
            factory = tls.wrap_server(world.factory, authority.server_context(), world.clock)
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


class Waiting(OddServerCase[TelnetClient]):
    """What a server may do instead of answering."""

    def made(self, **more: Any) -> TelnetClient:
        return made(self.fabric)

    def setUp(self) -> None:
        self.start()

    def test_too_late(self) -> None:
        """What does not come in time is told; the connection stays, and nothing is lost."""
        waiting = self.begin(self.client.read_until("$", seconds=5))
        self.say(b"abc")
        self.fabric.advance(6)
        self.failureResultOf(waiting, Timeout)
        self.say(b"de$ rest")
        self.assertEqual("abcde$", self.run_(self.client.read_until("$")))
        self.assertEqual(" rest", self.run_(self.client.read()))

    def test_closed(self) -> None:
        """A server that closes before is told from one that has nothing to say."""
        waiting = self.begin(self.client.expect(["[$]"]))
        self.say(b"abc")
        self.server.hang_up()
        self.failureResultOf(waiting, ConnectionLost)
        self.assertEqual("abc", self.run_(self.client.read()))

    def test_too_much(self) -> None:
        """Not everything is kept of a server that does not stop."""
        waiting = self.begin(self.client.read_until("$"))
        for _ in range(BUFFER_CHARACTERS // 65_536 + 2):
            self.say(b"x" * 65_536)
        self.failureResultOf(waiting, TooMuchOutput)

    def test_back_pressure(self) -> None:
        """What nobody asks for is not read on and on."""
        transport = self.server.other
        sent = 0
        while transport.reads and sent < 1_000_000:
            self.say(b"x" * 10_000)
            sent += 10_000
        self.assertLess(sent, 200_000)
        heard = 0
        while heard < sent:
            heard += len(self.run_(self.client.read()))
        self.assertEqual(sent, heard)
        self.begin(self.client.read())
        self.assertTrue(transport.reads)

    def test_cut_marker(self) -> None:
        """A marker that comes in pieces is found, and what is behind it kept."""
        waiting = self.begin(self.client.read_until("login: "))
        for octet in b"the login: x":
            self.say(bytes([octet]))
        self.assertEqual("the login: ", self.successResultOf(waiting))

    def test_utf8_in_pieces(self) -> None:
        """A character may come in two pieces."""
        waiting = self.begin(self.client.read_until("!"))
        self.say("日".encode()[:2])
        self.say("日".encode()[2:] + b"!")
        self.assertEqual("日!", self.successResultOf(waiting))
