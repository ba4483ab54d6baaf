"""opendkim as a filter of ours: asked by the milter protocol, its signatures verified by us."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.endpoints import clientFromString

from netsuite.connection.peer import Peer
from netsuite.smtp.policy.interface import Client, Facts, Tag
from netsuite.smtp.policy.keys import make_key
from netsuite.smtp.policy.milter import Milter
from netsuite.smtp.policy.verification import verify
from netsuite.testing.cases import TestCase
from netsuite.testing.names import FakeDNS, Name
from tests.interop.programs import program
from tests.servers import free_port
from tests.smtp.policy.samples import at_once, message

LETTER = b"From: ann@example.org\r\nSubject: a  b\r\n c\r\n\r\nHi \t you\r\n\r\n\r\n"


class Signing(TestCase):
    """opendkim, which signs for example.org."""

    def setUp(self) -> None:
        path = program("opendkim")
        home = Path(self.mktemp())
        self.key = make_key(home, "example.org", "s", "rsa")
        settings = home / "opendkim.conf"
        settings.write_text("RequireSafeKeys false\n")
        self.port = free_port()
        command = [
            path, "-f", "-x", settings, "-p", f"inet:{self.port}@127.0.0.1", "-b", "s",
            "-d", "example.org", "-s", "s", "-k", home / "example.org.s.pem",
            "-c", "relaxed/simple",
        ]  # fmt: skip
        running = subprocess.Popen([str(word) for word in command])
        self.addCleanup(running.wait, 10)
        self.addCleanup(running.terminate)
        self.wait()

    def wait(self) -> None:
        """Wait until it listens."""
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        self.fail("opendkim does not listen")

    async def test_it_signs(self) -> None:
        """Messages, small and large, come back with a signature that we verify."""
        milter = Milter(clientFromString(reactor, f"tcp:127.0.0.1:{self.port}"))
        client = Client(peer=Peer("127.0.0.1", 4000, local=True), helo="a.test", account="ann")
        dns = FakeDNS({self.key.name: Name(txt=[self.key.record.encode()])})
        for octets in (LETTER, LETTER + b"a line  of text\r\n" * 10_000):
            facts = Facts(client, "ann@example.org", "", ["bob@x.test"], message(octets))
            verdict = await milter.message(facts)
            assert isinstance(verdict, Tag)
            found = await verify(message(verdict.fields + octets), dns, at_once, now=time.time())
            self.assertEqual(["pass"], [each.result for each in found])
