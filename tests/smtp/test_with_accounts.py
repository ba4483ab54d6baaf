"""SMTP and POP3 with real accounts, a real store in memory, SASL and TLS, all in one process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from twisted.internet.defer import ensureDeferred
from twisted.internet.task import Clock

from netsuite import sasl, tls
from netsuite.connection.errors import AuthenticationFailed, Refusal, TransientRefusal
from netsuite.connection.factory import ServerFactory
from netsuite.message.address import Address
from netsuite.pop3 import client as pop3
from netsuite.pop3.server import POP3ServerFactory
from netsuite.pop3.server import Shared as POP3Shared
from netsuite.sasl.interfaces import ClientMechanism
from netsuite.smtp import client as smtp
from netsuite.smtp.commands import Mail, Rcpt
from netsuite.smtp.server import Shared, SMTPServerFactory
from netsuite.smtp.settings import Mode, Settings, SubmissionSettings
from netsuite.testing.cases import SynchronousTestCase
from tests.accounts.worlds import World
from tests.connection.links import MemoryEndpoint

T = TypeVar("T")


MESSAGE = b"Subject: hello\r\n\r\n.dot\r\nend\r\n"
ALICE, BOB = "alice@example.test", "bob@example.test"


async def stream(octets: bytes) -> AsyncIterator[bytes]:
    """Give a body in one piece."""
    yield octets


def rcpt(address: str) -> Rcpt:
    """Return the command that names a recipient."""
    local, _, domain = address.partition("@")
    return Rcpt(Address(local, domain))


class FromClientToClient(SynchronousTestCase):
    """From a submission client to a POP3 client, as users have it."""

    def setUp(self) -> None:
        self.world = World()
        self.clock: Clock = self.world.clock
        temporary = TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        folder = Path(temporary.name)
        certificates = tls.Certificates(folder, self.clock)
        certificates.open()
        self.server_tls = certificates.context_for()
        self.client_tls = tls.client_options("localhost", authorities=folder / "default.pem")
        for name in ("alice", "bob"):
            self.successResultOf(ensureDeferred(self.world.account(name)))

    def smtp_factory(self, mode: Mode) -> SMTPServerFactory:
        numbers = iter(range(1, 100))
        return SMTPServerFactory(
            Shared(
                clock=self.clock,
                host="mx.example.test",
                mode=mode,
                settings=SubmissionSettings() if mode is Mode.SUBMISSION else Settings(),
                authenticator=self.world.authenticator,
                resolver=self.world.resolver,
                delivery=self.world.delivery,
                now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
                identify=lambda: f"id{next(numbers)}",
                tls=self.server_tls,
            )
        )

    def pop3_factory(self) -> POP3ServerFactory:
        return POP3ServerFactory(
            POP3Shared(
                clock=self.clock,
                host="pop.example.test",
                authenticator=self.world.authenticator,
                tls=self.server_tls,
            )
        )

    def endpoint(self, factory: ServerFactory[Any]) -> MemoryEndpoint:
        self.link = MemoryEndpoint(factory, self.clock)
        return self.link

    def run_(self, work: Coroutine[Any, Any, T]) -> T:
        running = ensureDeferred(work)
        self.link.link.settle()
        return self.successResultOf(running)

    def mechanism(self, name: str, username: str, binding: bytes | None) -> ClientMechanism:
        made = sasl.client(
            name, nonce=lambda: b"nonce", username=username, password="secret", binding=binding
        )
        assert made is not None
        return made

    def fetch(self) -> list[bytes]:
        """Fetch and remove all of bob's mail over TLS."""
        connecting = pop3.connect(
            self.endpoint(self.pop3_factory()), clock=self.clock, tls_context=self.client_tls
        )
        client = self.run_(connecting)
        self.assertNotIn("STLS", client.capabilities)
        name = "SCRAM-SHA-256-PLUS"
        self.assertIn(name, client.mechanisms)
        self.run_(client.authenticate(self.mechanism(name, "bob", client.peer.binding)))
        count, octets = self.run_(client.stat())
        messages: dict[int, list[bytes]] = {}
        numbers = range(1, count + 1)
        refused = self.run_(
            client.retrieve(list(numbers), lambda n: messages.setdefault(n, []).append)
        )
        self.assertEqual({}, refused)
        whole = [b"".join(messages[number]) for number in numbers]
        self.assertEqual(octets, sum(map(len, whole)))
        for number in numbers:
            self.run_(client.dele(number))
        self.run_(client.quit())
        return whole

    def test_from_submission_to_maildrop(self) -> None:
        """Alice submits under TLS with SCRAM, Bob fetches byte for byte and removes."""
        for name in ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-1", "PLAIN", "LOGIN"):
            connecting = smtp.connect(
                self.endpoint(self.smtp_factory(Mode.SUBMISSION)),
                clock=self.clock,
                helo="client.test",
                tls_context=self.client_tls,
            )
            client = self.run_(connecting)
            self.assertNotIn("STARTTLS", client.extensions)
            binding = client.peer.binding if name.endswith("PLUS") else None
            self.run_(client.authenticate(self.mechanism(name, "alice", binding)))
            (result,) = self.run_(client.send_message(ALICE, [BOB], MESSAGE))
            self.assertTrue(result.taken, result)
            (result,) = self.run_(client.send_message(BOB, [BOB], MESSAGE))
            self.assertEqual(550, result.reply.code)
            self.run_(client.quit())
        fetched = self.fetch()
        self.assertEqual(4, len(fetched))
        for message in fetched:
            self.assertTrue(message.startswith(b"Return-Path: <alice@example.test>\r\nReceived: "))
            self.assertIn(b"\r\n (TLSv1.3 TLS_", message)
            self.assertIn(b" with ESMTPSA id ", message)
            self.assertTrue(message.endswith(b"\r\n" + MESSAGE))
        self.assertEqual([], self.fetch())

    def test_relay(self) -> None:
        """Another server delivers to one who is here, and is not a relay for others."""
        connecting = smtp.connect(
            self.endpoint(self.smtp_factory(Mode.RELAY)), clock=self.clock, helo="mx.there.test"
        )
        client = self.run_(connecting)
        to = [BOB, "Bob+list@EXAMPLE.test", "nobody@example.test", "x@elsewhere.test"]
        results = self.run_(client.send_message("a@there.test", to, MESSAGE, chunking=True))
        self.assertEqual([250, 250, 550, 550], [result.reply.code for result in results])
        self.assertEqual(["5.1.1", "5.7.1"], [result.reply.enhanced for result in results[2:]])
        self.assertEqual(1, len(self.fetch()))

    def test_local_delivery(self) -> None:
        """By LMTP each recipient has a fate: some have room, others not, or nobody has."""
        full = self.world.account("full", quota_octets=10)
        self.successResultOf(ensureDeferred(full))
        connecting = smtp.connect(
            self.endpoint(self.smtp_factory(Mode.LMTP)), clock=self.clock, helo="mta", lmtp=True
        )
        client = self.run_(connecting)
        for to, codes in (
            ([BOB, "full@example.test", ALICE, "none@example.test"], [250, 552, 250, 550]),
            (["full@example.test"], [552]),
            ([BOB], [250]),
        ):
            # As a stream, whose size nobody says: else it would be refused at RCPT.
            body = stream(MESSAGE)
            results = self.run_(client.send(Mail(None), [rcpt(each) for each in to], body))
            self.assertEqual(codes, [result.reply.code for result in results])
        self.assertEqual(2, len(self.fetch()))

    def test_held(self) -> None:
        """Mail that is held waits in the queue, for a mailbox here as for another host."""
        connecting = smtp.connect(
            self.endpoint(self.smtp_factory(Mode.SUBMISSION)),
            clock=self.clock,
            helo="client.test",
            tls_context=self.client_tls,
        )
        client = self.run_(connecting)
        self.run_(client.authenticate(self.mechanism("PLAIN", "alice", None)))
        mail = Mail(Address("alice", "example.test"), hold_for=3600)
        to = [rcpt(BOB), rcpt("x@elsewhere.test")]
        results = self.run_(client.send(mail, to, MESSAGE))
        self.assertEqual([250, 250], [result.reply.code for result in results])
        self.assertEqual([], self.fetch())
        items = self.successResultOf(ensureDeferred(self.world.store.queue.items()))
        due = datetime(2026, 1, 2, 1, tzinfo=UTC)
        self.assertEqual(
            {(BOB, "", due), ("x@elsewhere.test", "elsewhere.test", due)},
            {
                (each.recipient.address, each.recipient.domain, each.recipient.not_before)
                for each in items
            },
        )
        self.assertEqual({due}, {each.next_attempt for each in items})

    def test_wrong_passwords(self) -> None:
        """A wrong password is refused in both protocols, and guesses are slowed down."""
        connecting = smtp.connect(
            self.endpoint(self.smtp_factory(Mode.SUBMISSION)),
            clock=self.clock,
            helo="client.test",
            tls_context=self.client_tls,
        )
        client = self.run_(connecting)
        errors: list[Refusal] = []
        for _ in range(6):
            mechanism = sasl.client("PLAIN", nonce=bytes, username="alice", password="wrong")
            assert mechanism is not None
            running = ensureDeferred(client.authenticate(mechanism))
            self.link.link.settle()
            errors.append(self.failureResultOf(running, Refusal).value)
        self.assertIsInstance(errors[0], AuthenticationFailed)
        self.assertIsInstance(errors[-1], TransientRefusal)
        self.assertEqual((535, 454), (errors[0].code, errors[-1].code))
