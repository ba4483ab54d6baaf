"""The SMTP client and servers that mean harm, or know no better: mail is never said to be taken
that is not, and everything ends in bounded time and memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred

from netsuite import sasl
from netsuite.connection.errors import (
    AuthenticationFailed,
    ClientError,
    ConnectionLost,
    PermanentRefusal,
    ProtocolViolation,
    Refusal,
    Timeout,
    TLSFailure,
    TransientRefusal,
)
from netsuite.message.address import Address
from netsuite.smtp.client import (
    NEEDS_8BIT,
    NEEDS_BINARY,
    NEEDS_REQUIRETLS,
    Result,
    SMTPClient,
)
from netsuite.smtp.commands import Mail, Rcpt
from netsuite.testing.fabric import Fabric
from netsuite.wire.errors import LocalProtocolError
from tests.connection.joined import OddServerCase
from tests.connection.unused_tls import CLIENT_TLS

HELLO = b"250-x\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-SIZE\r\n250 STARTTLS\r\n"
PLAIN = HELLO.replace(b"250-PIPELINING\r\n", b"")
BODY = b"A: b\r\n\r\nhello\r\n"
A, B = "a@x.test", "b@x.test"


class Case(OddServerCase[SMTPClient]):
    """A client, and what a server says to it."""

    def made(self, **more: Any) -> SMTPClient:
        return SMTPClient(self.fabric, helo="me", **more)

    def codes(self, running: Deferred[tuple[Result, ...]]) -> list[int]:
        """Return what was said of each recipient; nobody else is said to be taken."""
        results = self.results = self.successResultOf(running)
        for each in results:
            self.assertEqual(200 <= each.code < 300, each.taken)
        return [each.code for each in results]


class OneReplyTooMany(Case):
    """No reply is taken for another command's."""

    def test_everywhere(self) -> None:
        """A stray reply, behind any other, ends in an error, or behind what was taken: the content
        is what was taken, and the session is over."""
        for hello in (HELLO, PLAIN):
            for chunking in (False, True):
                for place in range(6):
                    for stray in (b"250 stray\r\n", b"250-stray\r\n250 x\r\n", b"2", b"354 x\r\n"):
                        self.one(hello, chunking, place, stray)

    def one(self, hello: bytes, chunking: bool, place: int, stray: bytes) -> None:
        """Try one place; 0 is behind the greeting."""
        words = [b"220 x\r\n", hello, b"250 mail\r\n", b"250 rcpt\r\n"]
        words += [b"250 taken\r\n", hello] if chunking else [b"354 go\r\n", b"250 taken\r\n"]
        if place >= len(words):
            return
        words[place] += stray
        last = place == len(words) - 1
        client = self.start(*words[:2])
        self.beginning.addErrback(lambda _: None)  # what follows fails too
        sending = self.hear(client.send_message("", [A], BODY, chunking=chunking), *words[2:])
        with self.subTest(hello=hello, chunking=chunking, place=place, stray=stray):
            if last:
                self.assertEqual([250], self.codes(sending))
            else:
                self.failureResultOf(sending, ClientError)
                self.assertTrue(self.server.closed)
            self.assertFalse(client.reusable)

    def test_behind_hello(self) -> None:
        """The case that was found: the reply to RCPT is not the one to DATA, even where the stray
        one comes only when MAIL has been said."""
        client = self.start(b"220 x\r\n", PLAIN)
        sending = self.hear(
            client.send_message("", [A], BODY),
            b"250 stray\r\n", b"250 mail\r\n", b"250 rcpt\r\n",
        )  # fmt: skip
        error = self.failureResultOf(sending, ProtocolViolation).value
        self.assertIn("DATA", str(error))
        self.assertNotIn(b"hello", self.server.news())

    def test_chunks(self) -> None:
        """With chunks no code tells; so EHLO is said again, whose reply can be no other's."""
        for hello in (HELLO, PLAIN):
            for stray in (b"250 stray\r\n", b"421 bye\r\n"):
                client = self.start(b"220 x\r\n", hello)
                sending = self.hear(
                    client.send_message("", [A], BODY, chunking=True),
                    b"250 ok\r\n", b"250 ok\r\n", b"250 taken\r\n", stray,
                )  # fmt: skip
                self.failureResultOf(sending, ProtocolViolation)
        client = self.start(b"220 x\r\n", PLAIN)
        sending = self.hear(
            client.send_message("", [A], BODY, chunking=True),
            b"250 ok\r\n", b"250 ok\r\n", b"250 taken\r\n", PLAIN,
        )  # fmt: skip
        self.assertEqual([250], self.codes(sending))
        self.successResultOf(self.hear(client.noop(), b"250 ok\r\n"))

    def test_quit(self) -> None:
        """A goodbye is answered by 221, or by no."""
        client = self.start(b"220 x\r\n", PLAIN)
        self.failureResultOf(self.hear(client.quit(), b"250 taken\r\n"), ProtocolViolation)

    def test_idle(self) -> None:
        """What is said while nothing is asked ends the session, but for 421, which says so."""
        client = self.start(b"220 x\r\n", HELLO)
        self.say(b"250 stray\r\n")
        self.assertFalse(client.reusable)
        self.fail_(client.noop(), ProtocolViolation)
        client = self.start(b"220 x\r\n", HELLO)
        self.say(b"421 bye\r\n")
        self.assertFalse(client.reusable)
        self.assertEqual([421], self.codes(self.begin(client.send_message("", [A], BODY))))

    def test_other_commands(self) -> None:
        """NOOP, RSET, STARTTLS, AUTH and QUIT too are answered by nothing that came before."""
        works: Sequence[tuple[Callable[[SMTPClient], Coroutine[Any, Any, None]], bytes]] = (
            (lambda client: client.noop(), b"250 ok\r\n"),
            (lambda client: client.starttls(CLIENT_TLS), b"220 go\r\n"),
            (lambda client: client.quit(), b"221 bye\r\n"),
            (lambda client: client.authenticate(plain()), b"235 ok\r\n"),
        )
        for work, word in works:
            for cut in range(1, len(word) + 1):
                client = self.start(b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n" + word[:cut])
                working = self.hear(work(client), word[cut:])
                self.failureResultOf(working, ClientError)
        client = self.start(b"220 x\r\n", HELLO)
        sending = self.hear(
            client.send_message("", [A], BODY, chunking=True),
            b"250 mail\r\n", b"550 no\r\n250 reset\r\n",
        )  # fmt: skip
        self.failureResultOf(sending, ProtocolViolation)

    def test_lmtp(self) -> None:
        """Where LMTP says too many ends nobody knows whose is whose; what is missing is missing."""
        words = [b"250 mail\r\n250 a\r\n550 no\r\n250 c\r\n354 go\r\n"]
        for chunking in (False, True):
            given = [words[0].removesuffix(b"354 go\r\n")] if chunking else words
            for ends in (b"250 a\r\n550 b\r\n250 c\r\n", b"250 a\r\n550 b\r\n2"):
                client = self.start(b"220 x\r\n", HELLO, lmtp=True)
                sending = self.hear(self.three(client, chunking=chunking), *given, ends, HELLO)
                self.failureResultOf(sending, ProtocolViolation)
            client = self.start(b"220 x\r\n", HELLO, lmtp=True)
            sending = self.hear(self.three(client, chunking=chunking), *given, b"250 a\r\n")
            self.assertNoResult(sending)
            self.fabric.advance(601)
            if chunking:
                self.failureResultOf(sending, Timeout)
            else:
                self.assertEqual([250, 550, 451], self.codes(sending))
            client = self.start(b"220 x\r\n", HELLO, lmtp=True)
            sending = self.hear(self.three(client, chunking=chunking), *given)
            self.server.break_()
            self.failureResultOf(sending, ConnectionLost)

    def three(
        self, client: SMTPClient, *, chunking: bool
    ) -> Coroutine[Any, Any, tuple[Result, ...]]:
        return client.send_message("", [A, "c@x.test", B], BODY, chunking=chunking)

    def test_given_up(self) -> None:
        """A reply that nobody awaits any more is never the next command's: the session is over."""
        client = self.start(b"220 x\r\n", PLAIN)
        sending = self.begin(client.send_message("", [A], BODY))
        sending.cancel()
        self.failureResultOf(sending)
        self.failureResultOf(
            self.hear(client.send_message("", [A], BODY), b"250 x\r\n"), ConnectionLost
        )


def plain() -> Any:
    return sasl.client("PLAIN", nonce=bytes, username="a", password="b")


class Codes(Case):
    """Only what an RFC has as a yes is one."""

    def test_3yz(self) -> None:
        """A 3yz, or a 2yz for DATA, is neither yes nor no, wherever it is said."""
        go = [b"250 mail\r\n", b"250 rcpt\r\n", b"354 go\r\n", b"250 taken\r\n"]
        for place in range(4):
            for code in (b"300", b"334", b"354", b"399", b"250", b"220"):
                if code[:1] == b"2" and place != 2:
                    continue
                if place == 2 and code == b"354":
                    continue
                client = self.start(b"220 x\r\n", PLAIN)
                words = [*go[:place], code + b" what\r\n"]
                sending = self.hear(client.send_message("", [A], BODY), *words)
                self.failureResultOf(sending, ProtocolViolation)

    def test_hello(self) -> None:
        """The greeting is 220, and EHLO's and HELO's yes is 2yz."""
        for words in (
            [b"250 x\r\n"],
            [b"354 x\r\n"],
            [b"220 x\r\n", b"354 x\r\n"],
            [b"220 x\r\n", b"502 x\r\n", b"334 x\r\n"],
        ):
            self.start(*words)
            self.failureResultOf(self.beginning, ProtocolViolation)

    def test_starttls(self) -> None:
        """STARTTLS's yes is 220; 250, which some say, begins nothing."""
        for word in (b"250 go\r\n", b"354 go\r\n"):
            client = self.start(b"220 x\r\n", HELLO)
            self.failureResultOf(self.hear(client.starttls(CLIENT_TLS), word), ProtocolViolation)

    def test_first_digit(self) -> None:
        """A code is known by its first digit where its second is not."""
        for code, kind in (
            (571, PermanentRefusal),
            (499, TransientRefusal),
            (460, TransientRefusal),
        ):
            client = self.start(b"220 x\r\n", PLAIN)
            sending = self.hear(
                client.send_message("", [A, B], BODY),
                b"250 mail\r\n", b"%d no\r\n" % code, b"298 yes\r\n", b"354 go\r\n", b"290 ok\r\n",
            )  # fmt: skip
            self.assertEqual([code, 290], self.codes(sending))
            self.failureResultOf(self.hear(client.noop(), b"%d no\r\n" % code), kind)
        for line in (b"150 x", b"650 x", b"25 x", b"2500 x", b"250x", b"hello", b""):
            client = self.start(b"220 x\r\n", PLAIN)
            self.failureResultOf(self.hear(client.noop(), line + b"\r\n"), ProtocolViolation)

    def test_long_lines(self) -> None:
        """A line of a reply may have 64 KB, and no more."""
        client = self.start(b"220 x\r\n", PLAIN)
        for octets, kind in ((65_000, Refusal), (66_000, ProtocolViolation)):
            reply = b"550 " + b"x" * octets + b"\r\n"
            self.failureResultOf(self.hear(client.noop(), reply), kind)

    def test_refused_in_each_place(self) -> None:
        """A no is a result for each recipient it is about, and the session goes on."""
        for code in (450, 550):
            no = b"%d 4.0.0 no\r\n" % code if code < 500 else b"%d 5.0.0 no\r\n" % code
            for words, wanted in (
                ([no], [code, code]),
                ([b"250 ok\r\n", no, no], [code, code]),
                ([b"250 ok\r\n", no, b"250 ok\r\n", no], [code, code]),
                ([b"250 ok\r\n", no, b"250 ok\r\n", b"354 go\r\n", no], [code, code]),
                ([b"250 ok\r\n", no, b"250 ok\r\n", b"354 go\r\n", b"250 ok\r\n"], [code, 250]),
            ):
                client = self.start(b"220 x\r\n", PLAIN)
                rest = [] if b"354 go\r\n" in words else [b"250 reset\r\n"]
                sending = self.hear(client.send_message("", [A, B], BODY), *words, *rest)
                self.assertEqual(wanted, self.codes(sending))
                for each in self.results:
                    if each.code == code:
                        self.assertEqual((f"{code // 100}.0.0", "no"), (each.enhanced, each.text))
                self.successResultOf(self.hear(client.noop(), b"250 ok\r\n"))


class Content(Case):
    """Between DATA and its end."""

    def slow(self) -> tuple[Deferred[None], AsyncIterator[bytes]]:
        """Return a message whose second half waits."""
        waiting: Deferred[None] = Deferred()

        async def body() -> AsyncIterator[bytes]:
            yield b"first\r\n"
            await waiting
            yield b"second\r\n"

        return waiting, body()

    def begun(self, **more: Any) -> tuple[Deferred[None], Deferred[tuple[Result, ...]]]:
        client = self.start(b"220 x\r\n", HELLO)
        waiting, body = self.slow()
        to = [Rcpt(Address("a", "b")), Rcpt(Address("c", "d"))]
        sending = self.hear(
            client.send(Mail(None, body="7BIT"), to, body, **more),
            b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n",
        )
        return waiting, sending

    def test_taken_before_the_dot(self) -> None:
        """250 before the end of the message is no end of it."""
        for glued in (False, True):
            if glued:
                client = self.start(b"220 x\r\n", HELLO)
                words = b"250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n"
                sending = self.hear(client.send_message("", [A], BODY), words)
            else:
                waiting, sending = self.begun()
                self.say(b"250 taken\r\n")
                waiting.callback(None)
                self.fabric.settle()
            self.failureResultOf(sending, ProtocolViolation)
            self.assertFalse(self.server.news().endswith(b"\r\n.\r\n") and not glued)

    def test_refused_before_the_dot(self) -> None:
        """A refusal before the end is heard at once: the rest is not sent, and no other command
        can be."""
        for code in (552, 421):
            waiting, sending = self.begun()
            self.say(b"%d no\r\n" % code)
            waiting.callback(None)
            self.fabric.settle()
            self.assertEqual([code, code], self.codes(sending))
            self.assertNotIn(b"second", self.server.news())
            self.assertTrue(self.server.closed)
            self.assertFalse(self.client.reusable)

    def test_refused_while_it_does_not_read(self) -> None:
        """A server that says no and reads no more is not written to until it times out."""
        client = self.start(b"220 x\r\n", HELLO)
        self.server.hold()
        sending = self.hear(
            client.send_message("", [A], b"line\r\n" * 100_000),
            b"250 ok\r\n250 ok\r\n354 go\r\n",
        )
        self.assertNoResult(sending)
        self.say(b"552 too much\r\n")
        self.assertEqual([552], self.codes(sending))

    def test_does_not_read(self) -> None:
        """A server that only reads no more is given up."""
        client = self.start(b"220 x\r\n", HELLO)
        self.server.hold()
        sending = self.hear(
            client.send_message("", [A], b"line\r\n" * 100_000),
            b"250 ok\r\n250 ok\r\n354 go\r\n",
        )
        self.fabric.advance(181)
        self.server.break_()
        self.failureResultOf(sending, Timeout)

    def test_gone_before_the_dot(self) -> None:
        """A server that goes within the message has not taken it."""
        waiting, sending = self.begun()
        self.server.break_()
        waiting.callback(None)
        self.fabric.settle()
        self.failureResultOf(sending, ConnectionLost)

    def test_eight_bit_in_a_stream(self) -> None:
        """A stream that turns out not to be ASCII is never sent to a server that takes no more."""

        async def body() -> AsyncIterator[bytes]:
            yield b"ascii\r\n"
            yield b"\xff\r\n"

        to = [Rcpt(Address("a", "b"))]
        for hello in (HELLO, HELLO.replace(b"SIZE", b"8BITMIME")):
            client = self.start(b"220 x\r\n", hello)
            sending = self.hear(
                client.send(Mail(None, body="7BIT"), to, body()),
                b"250 ok\r\n250 ok\r\n354 go\r\n",
            )
            self.assertEqual(NEEDS_8BIT, self.successResultOf(sending)[0].reply)
            self.assertTrue(self.server.closed)
            self.assertNotIn(b"\xff", self.server.news())
        client.close()
        for mail, octets, said in (
            (Mail(None), b"\xff", b" BODY=8BITMIME"),
            (Mail(None, body="7BIT"), b"\xff", b" BODY=8BITMIME"),
            (Mail(None, body="7BIT"), b"x", b" BODY=7BIT"),
            (Mail(None), b"x", b""),
        ):
            client = self.start(b"220 x\r\n", HELLO.replace(b"250-SIZE", b"250-8BITMIME"))
            self.begin(client.send(mail, to, octets))
            self.assertIn(b"MAIL FROM:<>%b\r\n" % said, self.server.news())


class Chunks(Case):
    """BDAT."""

    def test_no_faster_than_it_is_read(self) -> None:
        """Of a message no more is taken from its source than the server reads, dots or chunks."""
        given = 0

        async def body() -> AsyncIterator[bytes]:
            nonlocal given
            for _ in range(1000):
                given += 1
                yield b"0123456789abc\r\n" * 2000

        for chunking in (False, True):
            given = 0
            client = self.start(b"220 x\r\n", HELLO)
            self.server.hold()
            words = b"250 ok\r\n250 ok\r\n" + (b"" if chunking else b"354 go\r\n")
            to = [Rcpt(Address("a", "b"))]
            mail = Mail(None, body="7BIT")
            sending = self.hear(client.send(mail, to, body(), chunking=chunking), words)
            self.assertLess(given, 10)
            self.server.drain(once=True)
            self.assertLess(given, 20)
            self.assertNoResult(sending)
            client.abort()
            self.fabric.settle()
            self.failureResultOf(sending, ConnectionLost)

    def ready(self, hello: bytes = HELLO) -> SMTPClient:
        return self.start(b"220 x\r\n", hello)

    def test_ahead(self) -> None:
        """With PIPELINING some chunks are on their way before the first is answered, and no more;
        the last is counted as such."""
        body = b"0123456\n" * 65_536  # nine chunks, with CRLF for each LF
        for hello, ahead in ((HELLO, 4), (PLAIN, 1)):
            client = self.ready(hello)
            sending = self.hear(
                client.send_message("", [A], body, chunking=True), b"250 ok\r\n", b"250 ok\r\n"
            )
            self.assertEqual(ahead, self.server.heard.count(b"BDAT "))
            for number in range(8):
                self.say(b"250 chunk\r\n")
                said = self.server.heard
                self.assertLessEqual(said.count(b"BDAT 65536\r\n"), number + 1 + ahead)
            self.assertIn(b"BDAT 65536 LAST\r\n", self.server.heard)
            self.assertNoResult(sending)
            self.say(b"250 taken\r\n")
            self.say(hello)
            self.assertEqual([250], self.codes(sending))
            self.assertEqual(body.replace(b"\n", b"\r\n"), chunked(self.server.news()))

    def test_refused(self) -> None:
        """A chunk that is refused is the end of the message, and says why."""
        body = b"x" * 65_534 + b"\r\n"
        for chunks, words in ((9, [b"552 full\r\n"] + [b"503 no\r\n"] * 3), (2, [b"552 full\r\n"])):
            client = self.ready()
            to = [b"250 ok\r\n250 ok\r\n550 no\r\n"]
            sending = self.hear(
                client.send_message("", [A, B], body * chunks, chunking=True), *to, *words
            )
            if chunks == 9:
                self.assertTrue(self.server.heard.endswith(b"RSET\r\n"))
                self.say(b"250 ok\r\n")
                self.assertTrue(client.reusable)
            self.assertEqual([552, 550], self.codes(sending))

    def test_taken_before_it_was_sent(self) -> None:
        """A reply that comes before the chunk is none to it."""
        client = self.ready()
        sending = self.hear(
            client.send_message("", [A], BODY, chunking=True), b"250 ok\r\n250 ok\r\n250 ok\r\n"
        )
        self.failureResultOf(sending, ProtocolViolation)

    def test_binary(self) -> None:
        """BINARYMIME goes in chunks as it is, or not at all."""
        to = [Rcpt(Address("a", "b"))]
        mail = Mail(None, body="BINARYMIME")
        client = self.ready()
        sending = self.begin(client.send(mail, to, b"\0\n\r\xff"))
        self.assertEqual(NEEDS_BINARY, self.successResultOf(sending)[0].reply)
        hello = b"250-x\r\n250-BINARYMIME\r\n250 CHUNKING\r\n"
        client = self.ready(hello)
        sending = self.hear(client.send(mail, to, b"\0\n\r\xff"), *[b"250 ok\r\n"] * 3, hello)
        self.assertEqual([250], self.codes(sending))
        said = self.server.news()
        self.assertIn(b"MAIL FROM:<> BODY=BINARYMIME\r\n", said)
        self.assertTrue(said.endswith(b"BDAT 4 LAST\r\n\0\n\r\xffEHLO me\r\n"))


def chunked(said: bytes) -> bytes:
    """Return the content that some octets carry in chunks."""
    found = b""
    place = said.index(b"BDAT ")
    while said.startswith(b"BDAT ", place):
        end = said.index(b"\r\n", place)
        octets = int(said[place:end].split(b" ")[1])
        found += said[end + 2 : end + 2 + octets]
        place = end + 2 + octets
    return found


class Endless(Case):
    """Servers that never come to an end."""

    def test_greeting(self) -> None:
        """A greeting that goes on, a line a minute, is left when its time is over; one that comes
        fast, when it is too much."""
        self.start()
        for _ in range(20):
            self.say(b"220-and\r\n")
            self.fabric.advance(60)
        self.failureResultOf(self.beginning, Timeout)
        for line in (b"220-and\r\n", b"220-" + b"x" * 60_000 + b"\r\n", b"x" * 70_000):
            self.start(*[line] * 300)
            self.failureResultOf(self.beginning, ProtocolViolation)

    def test_everywhere(self) -> None:
        """So is every other reply, an octet at a time too."""
        words = [b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"]
        for place in range(4):
            for piece in (b"250-and\r\n", b"2"):
                client = self.start(b"220 x\r\n", PLAIN)
                sending = self.hear(client.send_message("", [A], BODY), *words[:place])
                for _ in range(20):
                    self.say(piece)
                    self.fabric.advance(60)
                self.failureResultOf(sending, ClientError)

    def test_challenges(self) -> None:
        """A login that is never over is one that the mechanism does not know."""
        for name in ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"):
            client = self.start(b"220 x\r\n", HELLO)
            mechanism: Any = sasl.client(name, nonce=lambda: b"n", username="a", password="b")
            logging = self.begin(client.authenticate(mechanism))
            for _ in range(12):
                if not logging.called:
                    self.say(b"334 eA==\r\n")
            self.failureResultOf(logging, ProtocolViolation)

    def test_silent(self) -> None:
        """A server that says nothing is left, wherever it falls silent."""
        words = [b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"]
        for place in range(4):
            client = self.start(b"220 x\r\n", PLAIN)
            sending = self.hear(client.send_message("", [A], BODY), *words[:place])
            self.fabric.advance(601)
            self.failureResultOf(sending, Timeout)
        client = self.start(b"220 x\r\n", PLAIN)
        quitting = self.begin(client.quit())
        self.fabric.advance(11)
        self.server.break_()
        self.successResultOf(quitting)


class Anywhere(Case):
    """Cuts and ends in each place."""

    words: Sequence[bytes] = (
        b"220 x\r\n",
        b"250-x\r\n250 SIZE 10\r\n",
        b"250 2.1.0 mail\r\n",
        b"250-2.1.5 rcpt\r\n250 2.1.5 and\r\n",
        b"550 5.1.1 no\r\n",
        b"354 go\r\n",
        b"250 2.0.0 taken\r\n",
    )

    def played(self, give: Callable[[int, bytes], None]) -> Deferred[tuple[Result, ...]]:
        """Have a message sent to two, each word of the server given by *give*."""
        client = self.connected()

        async def work() -> tuple[Result, ...]:
            await client.begin()
            return await client.send_message("", [A, B], b"x")

        sending = self.begin(work())
        for place, word in enumerate(self.words):
            give(place, word)
        return sending

    def test_every_split(self) -> None:
        """Replies cut anywhere, and lines that end with LF alone, are the same replies."""

        def octets(_: int, word: bytes) -> None:
            for each in word:
                self.say(bytes([each]))

        self.assertEqual([250, 550], self.codes(self.played(octets)))
        bare = self.played(lambda _, word: self.say(word.replace(b"\r", b"")))
        self.assertEqual([250, 550], self.codes(bare))
        for place, word in enumerate(self.words):
            for cut in range(1, len(word)):

                def give(at: int, said: bytes, place: int = place, cut: int = cut) -> None:
                    for piece in (said[:cut], said[cut:]) if at == place else (said,):
                        self.say(piece)

                self.assertEqual([250, 550], self.codes(self.played(give)))

    def test_gone(self) -> None:
        """A server that goes anywhere, also within a reply, is an error."""
        for place, word in enumerate(self.words):
            for cut in range(len(word)):

                def give(at: int, said: bytes, place: int = place, cut: int = cut) -> None:
                    if at == place:
                        self.say(said[:cut])
                        self.server.break_()
                    elif at < place:
                        self.say(said)

                self.failureResultOf(self.played(give), ConnectionLost)

    def test_gone_in_order(self) -> None:
        """So is one that only stops saying anything."""
        for place in range(len(self.words)):

            def give(at: int, said: bytes, place: int = place) -> None:
                if at == place:
                    self.server.hang_up()
                elif at < place:
                    self.say(said)

            self.failureResultOf(self.played(give), ConnectionLost)

    def test_421(self) -> None:
        """421 is said of everybody who is not answered yet, wherever it is said."""
        for place in range(2, len(self.words)):

            def give(at: int, said: bytes, place: int = place) -> None:
                if at == place:
                    self.say(b"421 bye\r\n")
                elif at < place:
                    self.say(said)

            wanted = [421, 421 if place <= 4 else 550]
            self.assertEqual(wanted, self.codes(self.played(give)))


class Secured(Case):
    """STARTTLS that fails; what certificates do is tried over real TLS in test_mailer."""

    def test_garbage(self) -> None:
        """Whatever stands behind the go-ahead in the clear is not TLS."""
        for garbage in (b"x", b"250 evil\r\n", b"\x16\x03\x01", b"421 bye\r\n"):
            client = self.start(b"220 x\r\n", HELLO)
            securing = self.hear(client.starttls(CLIENT_TLS), b"220 go\r\n" + garbage)
            self.failureResultOf(securing, TLSFailure)
            self.assertTrue(self.server.closed)

    def test_refused(self) -> None:
        """A no is a refusal, and nothing is in place."""
        for code in (b"454", b"554", b"502"):
            client = self.start(b"220 x\r\n", HELLO)
            securing = self.hear(client.starttls(CLIENT_TLS), code + b" no\r\n")
            self.failureResultOf(securing, Refusal)
            self.assertFalse(client.peer.secure)

    def test_no_tls_behind_the_go_ahead(self) -> None:
        """A server that says 220 and then speaks no TLS, goes, or says nothing, is left."""
        for after in (b"hello\r\n", b"\x15\x03\x01\x00\x02\x02\x28", b"\0" * 20, b"", None):
            client = self.start(b"220 x\r\n", HELLO)
            securing = self.hear(client.starttls(CLIENT_TLS), b"220 go\r\n")
            if after is None:
                self.fabric.advance(31)
                self.failureResultOf(securing, Timeout)
                continue
            if after:
                self.say(after)
            self.server.hang_up()
            self.failureResultOf(securing, TLSFailure)

    def test_requiretls(self) -> None:
        """What must not go in the clear does not go (RFC 8689, 4.2.1)."""
        client = self.start(b"220 x\r\n", b"250-x\r\n250 REQUIRETLS\r\n")
        self.server.news()
        to = [Rcpt(Address("a", "b"))]
        for secure, refused in ((False, True), (True, False)):
            client.peer = replace(client.peer, secure=secure)
            sending = self.begin(client.send(Mail(None, require_tls=True), to, BODY))
            if refused:
                self.assertEqual(NEEDS_REQUIRETLS, self.successResultOf(sending)[0].reply)
                self.assertEqual(b"", self.server.news())
            else:
                self.assertEqual(b"MAIL FROM:<> REQUIRETLS\r\n", self.server.news())


class Arguments(Case):
    """What we are asked to say."""

    def test_line_ends(self) -> None:
        """CR, LF and NUL anywhere: nothing at all is said, and the session is as it was."""
        a = Address("a", "x.test")
        for end in "\r\n\0":
            bad = f"x{end}QUIT"
            for mail, to in (
                (Mail(Address(bad, "x.test")), [Rcpt(a)]),
                (Mail(a), [Rcpt(a), Rcpt(Address("a", bad))]),
                (Mail(a, ret=bad), [Rcpt(a)]),
                (Mail(a), [Rcpt(a), Rcpt(a, notify=bad)]),
                (Mail(a, body=bad), [Rcpt(a)]),
            ):
                for hello in (HELLO, PLAIN):
                    offered = hello.replace(b"SIZE", b"SIZE\r\n250-8BITMIME\r\n250-DSN")
                    client = self.start(b"220 x\r\n", offered)
                    self.server.news()
                    sending = self.begin(client.send(mail, to, BODY))
                    self.failureResultOf(sending, LocalProtocolError)
                    self.assertEqual(b"", self.server.news())
                    self.assertTrue(client.reusable)
            self.assertRaises(LocalProtocolError, SMTPClient, Fabric(), helo=bad)
            client = self.start(b"220 x\r\n", b"250-x\r\n250 AUTH PLAIN\r\n")
            self.server.news()
            for login in ((bad, "x"), ("x", bad)):
                self.fail_(client.login(*login), LocalProtocolError)
            self.assertEqual(b"", self.server.news())

    def test_login(self) -> None:
        """A wrong password is told from a login that cannot be now."""
        client = self.start(b"220 x\r\n", b"250-x\r\n250 AUTH PLAIN\r\n")
        logging = self.hear(client.authenticate(plain()), b"571 5.7.8 no\r\n")
        self.failureResultOf(logging, AuthenticationFailed)
