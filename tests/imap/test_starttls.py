"""STARTTLS with both our ends (RFC 3501, 6.2.1)."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, ensureDeferred

from netsuite import tls
from netsuite.connection.errors import AuthenticationFailed, PermanentRefusal
from netsuite.imap.client import connect
from netsuite.imap.commands.requests import StartTls
from netsuite.imap.grammar.compose import Segment
from netsuite.imap.server import IMAPServer, IMAPServerFactory
from netsuite.testing.cases import SynchronousTestCase
from tests.connection.links import MemoryEndpoint
from tests.imap.world import World

T = TypeVar("T")


class StartTLS(SynchronousTestCase):
    """From the clear to TLS."""

    def setUp(self) -> None:
        self.world = World()
        self.world.authenticator.plaintext = False
        folder = Path(self.mktemp())
        certificates = tls.Certificates(folder, self.world.clock)
        certificates.open()
        self.options = tls.client_options("localhost", authorities=folder / "default.pem")
        self.factory = IMAPServerFactory(self.world.shared(tls=certificates.context_for()))
        self.endpoint = MemoryEndpoint(self.factory, self.world.clock)
        self.client = self.do(connect(self.endpoint, clock=self.world.clock))

    def do(self, work: Coroutine[Deferred[Any], Any, T]) -> T:
        running = ensureDeferred(work)
        self.endpoint.link.settle()
        return self.successResultOf(running)

    def test_login_under_tls(self) -> None:
        """A password is refused in the clear and taken under TLS."""
        self.assertLessEqual({"STARTTLS", "LOGINDISABLED"}, self.client.capabilities)
        refused = ensureDeferred(self.client.login("ann", "secret"))
        self.endpoint.link.settle()
        error = self.failureResultOf(refused, AuthenticationFailed).value
        self.assertEqual("PRIVACYREQUIRED", error.code)
        self.do(self.client.starttls(self.options))
        self.assertEqual(
            set(), {"STARTTLS", "LOGINDISABLED"} & self.client.capabilities, "said again under TLS"
        )
        self.do(self.client.login("ann", "secret"))
        self.do(self.client.select("INBOX"))

    def test_commands_behind_it(self) -> None:
        """A command in the clear behind STARTTLS is never executed."""
        self.client.dialog.send(Segment(b"x STARTTLS\r\n", last=True, tag=b"x"))
        self.client.writer.write(b"x STARTTLS\r\ny LOGIN ann secret\r\nz CAPABILITY\r\n")
        self.endpoint.link.settle()
        said = self.endpoint.link.octets[id(self.endpoint.link.server)]
        self.assertTrue(said.endswith(b"x OK Begin TLS now\r\n"), said)
        (server,) = self.factory
        assert isinstance(server, IMAPServer)
        self.assertIsNone(server._mail)

    def test_only_once(self) -> None:
        """Under TLS there is no STARTTLS, and without a certificate neither."""
        self.do(self.client.starttls(self.options))
        again = ensureDeferred(self.client.commands.run(StartTls()))
        self.endpoint.link.settle()
        self.failureResultOf(again, PermanentRefusal)
        plain = self.world.connect()
        plain.heard()
        self.assertEqual([b"a BAD There is no TLS here"], plain.lines(b"a STARTTLS"))
