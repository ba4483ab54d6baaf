"""STARTTLS with both our ends (RFC 3501, 6.2.1)."""

from __future__ import annotations

from netsuite.connection.errors import AuthenticationFailed, PermanentRefusal
from netsuite.imap.client import connect
from netsuite.imap.commands.requests import StartTls
from netsuite.imap.grammar.compose import Segment
from netsuite.imap.server import IMAPServer, IMAPServerFactory
from netsuite.testing.certificates import authority
from tests.connection.joined import JoinedCase, reached
from tests.imap.world import World


class StartTLS(JoinedCase):
    """From the clear to TLS."""

    options = authority.client_options("localhost")

    def setUp(self) -> None:
        self.world = World()
        self.world.authenticator.plaintext = False
        self.fabric = self.world.clock
        self.factory = IMAPServerFactory(self.world.shared(tls=authority.server_context()))
        endpoint = reached(self.fabric, self.factory)
        self.client = self.run_(connect(endpoint, clock=self.fabric))

    def test_login_under_tls(self) -> None:
        """A password is refused in the clear and taken under TLS."""
        self.assertLessEqual({"STARTTLS", "LOGINDISABLED"}, self.client.capabilities)
        error = self.fail_(self.client.login("ann", "secret"), AuthenticationFailed)
        self.assertEqual("PRIVACYREQUIRED", error.code)
        self.run_(self.client.starttls(self.options))
        self.assertEqual(
            set(), {"STARTTLS", "LOGINDISABLED"} & self.client.capabilities, "said again under TLS"
        )
        self.run_(self.client.login("ann", "secret"))
        self.run_(self.client.select("INBOX"))

    def test_commands_behind_it(self) -> None:
        """A command in the clear behind STARTTLS is never executed."""
        self.client.dialog.send(Segment(b"x STARTTLS\r\n", last=True, tag=b"x"))
        self.client.writer.write(b"x STARTTLS\r\ny LOGIN ann secret\r\nz CAPABILITY\r\n")
        self.fabric.settle()
        said = self.fabric.connections[0].server.written
        self.assertTrue(said.endswith(b"x OK Begin TLS now\r\n"), said)
        (server,) = self.factory
        assert isinstance(server, IMAPServer)
        self.assertIsNone(server._mail)

    def test_only_once(self) -> None:
        """Under TLS there is no STARTTLS, and without a certificate neither."""
        self.run_(self.client.starttls(self.options))
        self.fail_(self.client.commands.run(StartTls()), PermanentRefusal)
        plain = self.world.connect()
        plain.heard()
        self.assertEqual([b"a BAD There is no TLS here"], plain.lines(b"a STARTTLS"))
