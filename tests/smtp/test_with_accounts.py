"""SMTP and POP3 with real accounts, a real store in memory, SASL and TLS, all in one process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import ensureDeferred

from netsuite import sasl
from netsuite.connection.errors import AuthenticationFailed, Refusal, TransientRefusal
from netsuite.message.address import Address
from netsuite.pop3 import client as pop3
from netsuite.pop3.server import POP3ServerFactory
from netsuite.pop3.server import Shared as POP3Shared
from netsuite.sasl.interfaces import ClientMechanism
from netsuite.smtp import client as smtp
from netsuite.smtp.commands import Mail, Rcpt
from netsuite.smtp.server import Shared, SMTPServerFactory
from netsuite.smtp.settings import Mode, Settings, SubmissionSettings
from netsuite.testing.certificates import authority
from tests.accounts.worlds import World
from tests.connection.joined import JoinedCase, reached

MESSAGE = b"Subject: hello\r\n\r\n.dot\r\nend\r\n"
ALICE, BOB = "alice@example.test", "bob@example.test"


async def stream(octets: bytes) -> AsyncIterator[bytes]:
    """Give a body in one piece."""
    yield octets


def rcpt(address: str) -> Rcpt:
    """Return the command that names a recipient."""
    local, _, domain = address.partition("@")
    return Rcpt(Address(local, domain))


class FromClientToClient(JoinedCase):
    """From a submission client to a POP3 client, as users have it."""

    def setUp(self) -> None:
        self.world = World()
        self.fabric = self.world.clock
        self.server_tls = authority.server_context()
        self.client_tls = authority.client_options("localhost")
        for name in ("alice", "bob"):
            self.successResultOf(ensureDeferred(self.world.account(name)))

    def smtp_factory(self, mode: Mode) -> SMTPServerFactory:
        numbers = iter(range(1, 100))
        return SMTPServerFactory(
            Shared(
                clock=self.fabric,
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
                clock=self.fabric,
                host="pop.example.test",
                authenticator=self.world.authenticator,
                tls=self.server_tls,
            )
        )

    def connected(self, mode: Mode, **more: Any) -> smtp.SMTPClient:
        endpoint = reached(self.fabric, self.smtp_factory(mode))
        return self.run_(smtp.connect(endpoint, clock=self.fabric, **more))

    def submission(self) -> smtp.SMTPClient:
        """Return a client that is to submit under TLS."""
        return self.connected(Mode.SUBMISSION, helo="client.test", tls_context=self.client_tls)

    def mechanism(self, name: str, username: str, binding: bytes | None) -> ClientMechanism:
        made = sasl.client(
            name, nonce=lambda: b"nonce", username=username, password="secret", binding=binding
        )
        assert made is not None
        return made

    def fetch(self) -> list[bytes]:
        """Fetch and remove all of bob's mail over TLS."""
        endpoint = reached(self.fabric, self.pop3_factory())
        connecting = pop3.connect(endpoint, clock=self.fabric, tls_context=self.client_tls)
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
            client = self.submission()
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
        client = self.connected(Mode.RELAY, helo="mx.there.test")
        to = [BOB, "Bob+list@EXAMPLE.test", "nobody@example.test", "x@elsewhere.test"]
        results = self.run_(client.send_message("a@there.test", to, MESSAGE, chunking=True))
        self.assertEqual([250, 250, 550, 550], [result.reply.code for result in results])
        self.assertEqual(["5.1.1", "5.7.1"], [result.reply.enhanced for result in results[2:]])
        self.assertEqual(1, len(self.fetch()))

    def test_local_delivery(self) -> None:
        """By LMTP each recipient has a fate: some have room, others not, or nobody has."""
        full = self.world.account("full", quota_octets=10)
        self.successResultOf(ensureDeferred(full))
        client = self.connected(Mode.LMTP, helo="mta", lmtp=True)
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
        client = self.submission()
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
        client = self.submission()
        errors: list[Refusal] = []
        for _ in range(6):
            mechanism = sasl.client("PLAIN", nonce=bytes, username="alice", password="wrong")
            assert mechanism is not None
            errors.append(self.fail_(client.authenticate(mechanism), Refusal))
        self.assertIsInstance(errors[0], AuthenticationFailed)
        self.assertIsInstance(errors[-1], TransientRefusal)
        self.assertEqual((535, 454), (errors[0].code, errors[-1].code))
