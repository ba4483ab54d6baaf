"""Mail signed on its way out and verified on its way in, by whole daemons."""

from __future__ import annotations

import poplib
import smtplib
from dataclasses import replace
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from netsuite.accounts.interfaces import Recipient
from netsuite.smtp.policy.keys import make_key
from netsuite.smtp.policy.verification import verify
from netsuite.smtp.server import SMTPServerFactory
from netsuite.store.model import FolderId
from netsuite.testing.cases import TestCase
from netsuite.testing.daemon import Daemon
from netsuite.testing.names import DNSServer, FakeDNS, Name
from tests.smtp.fakes import FakeReceiver, make_shared
from tests.smtp.policy.samples import RFC8463, at_once, message, rfc_names

LETTER = b"From: alice@example.test\r\nTo: bob@example.test\r\nSubject: hi\r\n\r\nHi\r\n"


class Elsewhere(FakeReceiver):
    """Another host, which takes mail for everybody."""

    async def resolve(
        self, local: str, domain: str, *, octets: int = 0, relay: bool = False
    ) -> Recipient:
        return Recipient(f"{local}@{domain}", {FolderId(1): local})


class Daemons(TestCase):
    """A daemon with a key, and one that verifies."""

    timeout = 60.0

    async def dns(self, names: dict[str, Name]) -> str:
        """Run a DNS server; return the setting that has a daemon ask it."""
        server = DNSServer(reactor, names)
        self.addCleanup(lambda: Deferred.fromCoroutine(server.stop()))
        return f"delivery.resolvers=['127.0.0.1:{server.address[1]}']"

    async def test_signed(self) -> None:
        """What an account sends to another host is signed by the keys in the home."""
        home = Path(self.mktemp())
        key = make_key(home / "dkim", "example.test", "s", "ed25519")
        resolvers = await self.dns({key.name: Name(txt=[key.record.encode()])})
        receiver = Elsewhere()
        sink = replace(make_shared(), clock=reactor, resolver=receiver, delivery=receiver)
        endpoint = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        port = await endpoint.listen(SMTPServerFactory(sink))
        self.addCleanup(port.stopListening)
        there = f"delivery.routes={{'elsewhere.test'='smtp://127.0.0.1:{port.getHost().port}'}}"

        def send(submission: int) -> None:
            with smtplib.SMTP("127.0.0.1", submission, timeout=10) as smtp:
                smtp.login("alice", "netsuite")
                smtp.sendmail("alice@example.test", ["eve@elsewhere.test"], LETTER)

        with Daemon(
            home, resolvers, there, "delivery.enabled=true", "delivery.loopback=true"
        ) as daemon:
            await deferToThread(send, daemon.ports["submission"])
            while not receiver.delivered:
                await deferLater(reactor, 0.05)
        ((_, _, stored, _),) = receiver.delivered
        dns = FakeDNS({key.name: Name(txt=[key.record.encode()])})
        found = await verify(message(stored), dns, at_once, now=1.7e9)
        self.assertEqual([("pass", "example.test")], [(e.result, e.domain) for e in found])

    async def test_verified(self) -> None:
        """What comes in is verified, by keys of the DNS, and what was found is noted."""
        names = rfc_names().names
        names["_dmarc.football.example.com"] = Name(txt=[b"v=DMARC1; p=reject"])
        resolvers = await self.dns(names)
        policies = ["policy.smtp=['authentication']", "policy.authentication_refuse=true"]

        def converse(relay: int) -> list[int]:
            codes = []
            with smtplib.SMTP("127.0.0.1", relay, timeout=30) as smtp:
                for octets in (RFC8463, RFC8463.replace(b"lost", b"won")):
                    smtp.ehlo("client.test")
                    smtp.mail("joe@football.example.com")
                    smtp.rcpt("alice@example.test")
                    codes.append(smtp.data(octets)[0])
            return codes

        home = Path(self.mktemp())
        with Daemon(home, resolvers, *policies) as daemon:
            codes = await deferToThread(converse, daemon.ports["smtp"])
            self.assertEqual([250, 550], codes)
            stored = await deferToThread(self.last, daemon.ports["pop3"])
        self.assertIn(b"Authentication-Results: localhost;", stored)
        self.assertIn(b" dmarc=pass", stored)
        self.assertEqual(2, stored.count(b" dkim=pass"))

    def last(self, port: int) -> bytes:
        """Return alice's last message."""
        client = poplib.POP3("127.0.0.1", port, timeout=10)
        client.user("alice")
        client.pass_("netsuite")
        count = client.stat()[0]
        lines = client.retr(count)[1]
        client.quit()
        return b"\r\n".join(lines)
