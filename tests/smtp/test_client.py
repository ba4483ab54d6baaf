"""The SMTP client: against our own server in memory, and against servers that behave oddly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred

from netsuite.connection.errors import (
    AuthenticationFailed,
    ClientError,
    ConnectionLost,
    NotOffered,
    ProtocolViolation,
    Refusal,
    Timeout,
    TLSFailure,
    TransientRefusal,
)
from netsuite.message.address import Address
from netsuite.smtp.client import SMTPClient, connect
from netsuite.smtp.commands import Mail, Rcpt
from netsuite.smtp.server import SMTPServerFactory
from netsuite.smtp.settings import Mode
from netsuite.testing.fabric import Fabric
from netsuite.wire.errors import LocalProtocolError
from tests.connection.joined import JoinedCase, OddServerCase, reached
from tests.connection.unused_tls import CLIENT_TLS
from tests.sasl.fakes import FakeMechanism
from tests.smtp.fakes import FakeReceiver, make_shared

ALICE, BOB, NOBODY = "alice@example.test", "bob@example.test", "nobody@example.test"


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


class AgainstOurServer(JoinedCase):
    """Client and server, joined in memory."""

    def connected(self, mode: Mode = Mode.RELAY, **settings: Any) -> SMTPClient:
        self.fabric = Fabric(record=True)
        shared = make_shared(mode, clock=self.fabric, **settings)
        assert isinstance(shared.resolver, FakeReceiver)
        self.receiver = shared.resolver
        endpoint = reached(self.fabric, SMTPServerFactory(shared))
        lmtp = mode is Mode.LMTP
        return self.run_(connect(endpoint, clock=self.fabric, helo="client.test", lmtp=lmtp))

    def said(self) -> bytes:
        return self.fabric.connections[0].client.written

    def test_results_for_each_recipient(self) -> None:
        """Who was taken and who was not is told one by one."""
        client = self.connected()
        results = self.run_(
            client.send_message("x@y.test", [ALICE, NOBODY, BOB], b"A: b\r\n\r\n.x\n")
        )
        self.assertEqual([250, 550, 250], [result.reply.code for result in results])
        self.assertEqual([True, False, True], [result.taken for result in results])
        sender, recipients, content, _ = self.receiver.delivered[0]
        self.assertEqual(("x@y.test", [ALICE, BOB]), (sender, recipients))
        self.assertTrue(content.endswith(b"A: b\r\n\r\n.x\r\n"))
        self.assertIn(b"MAIL FROM:<x@y.test> SIZE=11\r\nRCPT", self.said())
        self.run_(client.quit())
        self.assertTrue(client.lost)

    def test_all_refused_then_another(self) -> None:
        """A message nobody took leaves the session good for the next."""
        for chunking in (False, True):
            client = self.connected()
            results = self.run_(client.send_message("", [NOBODY], b"x\r\n", chunking=chunking))
            self.assertEqual([550], [result.reply.code for result in results])
            results = self.run_(client.send_message("", [ALICE], b"x\r\n", chunking=chunking))
            self.assertTrue(results[0].taken)
            self.assertEqual(1, len(self.receiver.delivered))

    def test_streams(self) -> None:
        """A body that comes in pieces arrives whole, by dots or by chunks."""
        for chunking in (False, True):
            client = self.connected()
            mail, to = (
                Mail(Address("a", "b"), body="8BITMIME"),
                [Rcpt(Address("alice", "example.test"))],
            )
            body = stream(b"A: b\r", b"\n\r\n.", b"\n.\r\n\xff", b"", b"end\r")
            self.run_(client.send(mail, to, body, chunking=chunking))
            self.assertTrue(
                self.receiver.delivered[0][2].endswith(b"\r\nA: b\r\n\r\n.\r\n.\r\n\xffend\r\n")
            )
            self.assertEqual(chunking, b"BDAT" in self.said())

    def test_large(self) -> None:
        """A message of a megabyte goes through in pieces."""
        client = self.connected()
        octets = b"A: b\r\n\r\n" + b".line\r\n" * 150_000
        self.run_(client.send_message("x@y.test", [ALICE], octets))
        self.assertTrue(self.receiver.delivered[0][2].endswith(octets))

    def test_a_stream_that_breaks(self) -> None:
        """A message cut short is never taken for a whole one."""

        async def broken() -> AsyncIterator[bytes]:
            yield b"half\r\n"
            raise ValueError("no more")

        client = self.connected()
        to = [Rcpt(Address("alice", "example.test"))]
        self.fail_(client.send(Mail(None), to, broken()), ValueError)
        self.assertEqual([], self.receiver.delivered)

    def test_said_by_the_client(self) -> None:
        """What the server does not offer is refused before anything is sent."""
        client = self.connected(message_octets=100)
        for sender, octets, code in (
            ("grün@y.test", b"", 0),
            ("", b"\xff", 0),
            ("", b"x" * 200, 552),
        ):
            results = self.run_(client.send_message(sender, [ALICE], octets))
            self.assertEqual(code or 250, results[0].reply.code)
        client.extensions = {}
        self.assertEqual(553, self.run_(client.send_message("ü@y", [ALICE], b""))[0].reply.code)
        self.assertEqual(554, self.run_(client.send_message("", [ALICE], b"\xff"))[0].reply.code)

    def test_without_extensions(self) -> None:
        """Where nothing is offered, each step waits for the last, and ends at the first no."""
        client = self.connected()
        client.extensions = {}
        before = len(self.said())
        results = self.run_(client.send_message("x@y.test", [NOBODY, ALICE], b"x\r\n"))
        self.assertEqual([550, 250], [result.reply.code for result in results])
        self.assertNotIn(b"SIZE", self.said()[before:])
        results = self.run_(client.send_message("x@y.test", [NOBODY], b"x\r\n"))
        self.assertEqual(550, results[0].reply.code)
        self.assertTrue(self.said().endswith(b"RSET\r\n"))

    def test_dsn_parameters_are_left_out(self) -> None:
        """DSN is asked for only where the server can."""
        client = self.connected()
        mail = Mail(None, ret="HDRS")
        to = [Rcpt(Address("alice", "example.test"), notify="NEVER")]
        self.assertTrue(self.run_(client.send(mail, to, b"x\r\n"))[0].taken)

    def test_log_in(self) -> None:
        """A login by initial response, one too long for it, one with data at the end."""
        for mechanism in (FakeMechanism(), FakeMechanism("X-DATA", answer=b"\0alice\0secret")):
            client = self.connected(Mode.SUBMISSION)
            self.assertEqual(("X-DATA", "X-TWO", "PLAIN"), client.mechanisms)
            self.run_(client.authenticate(mechanism))
            self.assertTrue(mechanism.done)
        self.assertEqual([b"v=x"], mechanism.heard)
        self.assertTrue(self.run_(client.send_message(ALICE, [BOB], b"x\r\n"))[0].taken)
        client = self.connected(Mode.SUBMISSION)
        long = FakeMechanism(secret=b"x" * 1000)
        error = self.fail_(client.authenticate(long), AuthenticationFailed)
        self.assertEqual((535, "5.7.8 Wrong name or password"), (error.code, error.text))
        self.assertIn(b"AUTH PLAIN\r\neHh4", self.said())

    def test_login(self) -> None:
        """A name and a password are enough: the strongest mechanism that takes them is chosen; one
        that shows the password only to this machine, or under TLS."""
        client = self.connected(Mode.SUBMISSION)
        self.run_(client.login("alice", "secret"))
        self.assertIn(b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n", self.said())
        client = self.connected(Mode.SUBMISSION)
        client.peer = replace(client.peer, local=False)
        before = self.said()
        self.assertTrue(self.fail_(client.login("alice", "secret"), NotOffered).conversation)
        self.assertEqual(before, self.said())

    def test_lmtp(self) -> None:
        """In LMTP every recipient has an answer of its own."""
        client = self.connected(Mode.LMTP)
        results = self.run_(client.send_message("", [ALICE, NOBODY, BOB], b"x\r\n"))
        self.assertEqual([250, 550, 250], [result.reply.code for result in results])
        results = self.run_(client.send_message("", [ALICE, BOB], b"x\r\n", chunking=True))
        self.assertEqual([250, 250], [result.reply.code for result in results])

    def test_injection(self) -> None:
        """A caller cannot say two commands in one."""
        client = self.connected()
        sending = self.begin(client.send_message("a@b\r\nQUIT", [ALICE], b""))
        self.failureResultOf(sending, ValueError)
        sending = self.begin(
            client.send(Mail(Address("a", "b>\r\nQUIT")), [Rcpt(Address("a", "b"))], b"")
        )
        self.failureResultOf(sending, LocalProtocolError)


class AgainstOddServers(OddServerCase[SMTPClient]):
    """A script in the server's place."""

    def made(self, **more: Any) -> SMTPClient:
        return SMTPClient(self.fabric, helo="me", **more)

    def test_only_helo(self) -> None:
        """A server that does not know EHLO is greeted as of old."""
        client = self.start(b"220 x\r\n", b"502 what?\r\n", b"250 x\r\n")
        self.successResultOf(self.beginning)
        self.assertEqual(b"EHLO me\r\nHELO me\r\n", self.server.news())
        self.assertEqual({}, client.extensions)

    def test_refused_at_once(self) -> None:
        """554 instead of a greeting, or 550 to EHLO, is an error that says so."""
        for words in (
            [b"554 no\r\n"],
            [b"220 x\r\n", b"550 no\r\n"],
            [b"220 x\r\n", b"500 x\r\n", b"550 y\r\n"],
        ):
            self.start(*words)
            self.failureResultOf(self.beginning, Refusal)

    def test_starttls_injection(self) -> None:
        """Octets behind the go-ahead were not said under TLS, and end the session."""
        client = self.start(b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n")
        securing = self.hear(
            client.starttls(CLIENT_TLS), b"220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n"
        )
        self.failureResultOf(securing, TLSFailure)
        self.assertTrue(self.server.closed)

    def test_no_starttls(self) -> None:
        """TLS that was insisted on and is not offered is an error, not clear text."""
        client = self.start(b"220 x\r\n", b"250 x\r\n")
        self.fail_(client.starttls(CLIENT_TLS), NotOffered)
        client = self.start(b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n")
        self.failureResultOf(self.hear(client.starttls(CLIENT_TLS), b"454 later\r\n"), Refusal)

    def test_refusals_of_a_login(self) -> None:
        """What is refused is told apart from what may be otherwise later, and from nonsense."""
        for code, kind in (
            (b"535 5.7.8 wrong", AuthenticationFailed),
            (b"454 4.7.0 later", TransientRefusal),
            (b"538 5.7.11 encrypt", AuthenticationFailed),
            (b"250 hello", ProtocolViolation),
        ):
            client = self.start(b"220 x\r\n", b"250-x\r\n250 AUTH X\r\n")
            logging = self.hear(client.authenticate(FakeMechanism("X", b"hi")), code + b"\r\n")
            error = self.failureResultOf(logging, ClientError).value
            self.assertIs(kind, type(error))
            self.assertEqual("S: " + code.decode(), error.conversation[-1])

    def test_no_smtp(self) -> None:
        """A server of another protocol is told from one that says no."""
        self.start(b"SSH-2.0-x\r\n")
        self.failureResultOf(self.beginning, ProtocolViolation)

    def test_mutual_trust_fails(self) -> None:
        """A server that a mechanism does not trust hears a cancel and nothing more."""
        for challenge in (b"334 ZXZpbA==\r\n", b"334 %%%\r\n"):
            client = self.start(b"220 x\r\n", b"250-x\r\n250 AUTH X\r\n")
            self.server.news()
            logging = self.hear(
                client.authenticate(FakeMechanism("X", b"hi")), challenge, b"501 cancelled\r\n"
            )
            self.failureResultOf(logging, ProtocolViolation)
            self.assertEqual(b"AUTH X aGk=\r\n*\r\n", self.server.news())

    def test_421_answers_the_rest(self) -> None:
        """After 421 nothing more is said, and what was asked is answered by it."""
        client = self.start(b"220 x\r\n", b"250-x\r\n250 PIPELINING\r\n")
        sending = self.hear(
            client.send_message("", ["a@b", "c@d"], b"x\r\n"), b"250 ok\r\n", b"421 bye\r\n"
        )
        self.assertEqual([421, 421], [r.reply.code for r in self.successResultOf(sending)])
        results = self.run_(client.send_message("", ["a@b"], b""))
        self.assertEqual([421], [r.reply.code for r in results])

    def test_data_taken_for_nobody(self) -> None:
        """A server that says 354 though it refused everybody gets an empty message."""
        client = self.start(b"220 x\r\n", b"250-x\r\n250 PIPELINING\r\n")
        self.server.news()
        sending = self.hear(
            client.send_message("", ["a@b"], b"secret\r\n"),
            b"250 ok\r\n550 no\r\n354 go\r\n", b"554 nobody\r\n",
        )  # fmt: skip
        self.assertEqual([550], [r.reply.code for r in self.successResultOf(sending)])
        self.assertNotIn(b"secret", self.server.news())

    def test_gone(self) -> None:
        """A server that goes away or falls silent in the middle is an error, not a hang."""
        client = self.start(b"220 x\r\n", b"250 x\r\n")
        sending = self.begin(client.send_message("", ["a@b"], b""))
        self.server.hang_up()
        self.failureResultOf(sending, ConnectionLost)
        client = self.start(b"220 x\r\n", b"250 x\r\n")
        sending = self.begin(client.send_message("", ["a@b"], b""))
        self.fabric.advance(301)
        self.failureResultOf(sending, Timeout)

    def test_lmtp_answers_while_the_body_is_written(self) -> None:
        """Answers that come before they are awaited are counted all the same."""
        client = self.start(b"220 x\r\n", b"250-x\r\n250 PIPELINING\r\n")
        client.lmtp = True

        async def body() -> AsyncIterator[bytes]:
            yield b"x\r\n"

        to = [Rcpt(Address("a", "b")), Rcpt(Address("c", "d"))]
        sending = self.hear(
            client.send(Mail(None), to, body()),
            b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n",
            b"250 one\r\n550 two\r\n",
        )
        self.assertEqual([250, 550], [r.reply.code for r in self.successResultOf(sending)])

    def test_early_refusal(self) -> None:
        """A server that goes away within a message may have said why."""
        client = self.start(b"220 x\r\n", b"250-x\r\n250 PIPELINING\r\n")
        waiting: Deferred[None] = Deferred()

        async def body() -> AsyncIterator[bytes]:
            yield b"x\r\n"
            await waiting
            yield b"y\r\n"

        sending = self.hear(
            client.send(Mail(None), [Rcpt(Address("a", "b"))], body()),
            b"250 ok\r\n250 ok\r\n354 go\r\n", b"421 4.3.2 stopping\r\n",
        )  # fmt: skip
        self.server.break_()
        waiting.callback(None)
        self.fabric.settle()
        self.assertEqual([421], [r.reply.code for r in self.successResultOf(sending)])

    def test_quit_from_who_is_gone(self) -> None:
        """To say goodbye to a server that has gone is no error."""
        client = self.start(b"220 x\r\n", b"250 x\r\n")
        quitting = self.begin(client.quit())
        client.readConnectionLost()
        self.assertNoResult(quitting)  # until the transport is gone
        self.server.hang_up()
        self.successResultOf(quitting)

    def test_noop(self) -> None:
        """NOOP tells whether the server still listens."""
        client = self.start(b"220 x\r\n", b"250 x\r\n")
        self.successResultOf(self.hear(client.noop(), b"250 ok\r\n"))
        self.failureResultOf(self.hear(client.noop(), b"451 no\r\n"), Refusal)
