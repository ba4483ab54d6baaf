"""The SMTP server on a memory transport: what clients are told, and what is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from netsuite.accounts.interfaces import (
    AccountDisabled,
    LoginUnavailable,
    MalformedResponse,
    NotCarried,
    NotOurs,
    PlaintextRefused,
    Throttled,
)
from netsuite.smtp.header_rewriter import HEADER_OCTETS
from netsuite.smtp.settings import Mode
from netsuite.store.errors import Busy, OverQuota, StorageFull, TooLarge
from netsuite.testing.cases import SynchronousTestCase
from tests.connection.unused_tls import SERVER_TLS
from tests.smtp.fakes import Session

EHLO = b"EHLO client.test\r\n"
ENVELOPE = b"MAIL FROM:<x@y.test>\r\nRCPT TO:<alice@example.test>\r\n"
MESSAGE = b"Subject: hi\r\n\r\nbody\r\n"
LOGIN = b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"


class Sending(SynchronousTestCase):
    """A message from another server arrives."""

    def test_one_message(self) -> None:
        """Each step is answered as RFC 5321 says, and the message is stored with its trace."""
        session = Session()
        self.assertEqual(b"220 mx.example.test ESMTP netsuite\r\n", session.greeting)
        self.assertEqual(
            b"250-mx.example.test greets client.test\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n"
            b"250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n"
            b"250-DSN\r\n250-BINARYMIME\r\n250-DELIVERBY\r\n250 LIMITS RCPTMAX=1000\r\n",
            session.say(EHLO),
        )
        self.assertEqual(
            b"250 2.1.0 Sender OK\r\n", session.say(b"MAIL FROM:<x@y.test> SIZE=20\r\n")
        )
        self.assertEqual(
            b"250 2.1.5 Recipient OK\r\n", session.say(b"RCPT TO:<alice@example.test>\r\n")
        )
        self.assertEqual(b"354 ", session.say(b"DATA\r\n")[:4])
        self.assertEqual(b"", session.say(MESSAGE + b"..dot\r\n"))
        self.assertEqual(b"250 2.6.0 Message taken\r\n", session.say(b".\r\n"))
        self.assertEqual(
            [
                (
                    "x@y.test",
                    ["alice@example.test"],
                    b"Return-Path: <x@y.test>\r\n"
                    b"Received: from client.test ([192.0.2.9])\r\n"
                    b" by mx.example.test with ESMTP id id1\r\n for <alice@example.test>;\r\n"
                    b" Fri, 2 Jan 2026 03:04:05 +0000\r\n" + MESSAGE + b".dot\r\n",
                    None,
                )
            ],
            session.receiver.delivered,
        )
        self.assertEqual(b"221 2.0.0 Bye\r\n", session.say(b"QUIT\r\n"))
        self.assertTrue(session.closed)

    def test_recipient_that_takes_its_time(self) -> None:
        """A recipient that must be looked for is answered, and gets the message, like one that
        is known; what came behind it waits, and the order stays."""
        session = Session()
        waits = session.receiver.waits["bob"] = Deferred()
        session.say(EHLO)
        said = session.say(
            b"MAIL FROM:<x@y.test>\r\nRCPT TO:<bob@example.test>\r\n"
            b"RCPT TO:<alice@example.test>\r\nDATA\r\n" + MESSAGE + b".\r\n"
        )
        self.assertEqual(b"250 2.1.0 Sender OK\r\n", said)
        waits.callback(None)
        said = session.transport.said()
        self.assertEqual([250, 250, 354, 250], [int(x[:3]) for x in said.splitlines()])
        ((_, addresses, _, _),) = session.receiver.delivered
        self.assertEqual(["bob@example.test", "alice@example.test"], addresses)

    def test_stamps_of_one_session(self) -> None:
        """Each message's trace field tells what was true of it: a new greeting shows in the
        next one."""
        session = Session()
        session.say(EHLO)
        for greeting in (b"", b"HELO other.test\r\n", b""):
            session.say(greeting + ENVELOPE + b"DATA\r\n" + MESSAGE + b".\r\n")
        stamps = [content.split(b"\r\n")[1:3] for _, _, content, _ in session.receiver.delivered]
        client, other = b"from client.test ([192.0.2.9])", b"from other.test ([192.0.2.9])"
        self.assertEqual(
            [
                [b"Received: " + client, b" by mx.example.test with ESMTP id id1"],
                [b"Received: " + other, b" by mx.example.test with SMTP id id2"],
                [b"Received: " + other, b" by mx.example.test with SMTP id id3"],
            ],
            stamps,
        )

    def test_pipelined_at_every_cut(self) -> None:
        """All commands at once, or cut anywhere, get the same answers in the same order."""
        everything = (
            EHLO + ENVELOPE + b"RCPT TO:<nobody@example.test>\r\nDATA\r\n" + MESSAGE
            + b".\r\nMAIL FROM:<>\r\nRSET\r\nNOOP\r\nQUIT\r\n"
        )  # fmt: skip
        whole = Session()
        answer = whole.say(everything)
        self.assertIn(b"\r\n550 5.1.1 No such recipient here\r\n354 ", answer)
        self.assertTrue(answer.endswith(b"221 2.0.0 Bye\r\n"))
        for cut in range(1, len(everything)):
            session = Session()
            self.assertEqual(answer, session.say(everything[:cut]) + session.say(everything[cut:]))
            self.assertEqual(whole.receiver.delivered, session.receiver.delivered)

    def test_later_commands_wait_for_delivery(self) -> None:
        """250 comes when the message is durable, and nothing after it is answered before."""
        session = Session()
        session.receiver.sync = Deferred()
        session.say(EHLO + ENVELOPE + b"DATA\r\n")
        self.assertEqual(b"", session.say(MESSAGE + b".\r\nNOOP\r\n"))
        session.receiver.sync.callback(None)
        self.assertEqual(b"250 2.6.0 Message taken\r\n250 2.0.0 OK\r\n", session.transport.said())

    def test_slow_store_holds_the_client(self) -> None:
        """While the store cannot take more, no more is read."""
        session = Session()
        session.say(EHLO + ENVELOPE + b"DATA\r\n\r\n")
        session.receiver.slow = Deferred()
        session.say(b"x" * 200_000)
        self.assertEqual("paused", session.transport.producerState)
        slow, session.receiver.slow = session.receiver.slow, None
        slow.callback(None)
        self.assertEqual("producing", session.transport.producerState)

    def test_null_sender_postmaster_and_duplicates(self) -> None:
        """Bounces come from nobody; postmaster needs no domain; who is named twice gets it once."""
        session = Session()
        session.say(b"HELO old.test\r\n")
        codes = session.codes(
            b"MAIL FROM:<>\r\nRCPT TO:<Postmaster>\r\nRCPT TO:<BOB@example.test>\r\n"
            b"RCPT TO:<bob+tag@Example.TEST>\r\nDATA\r\n\r\nx\r\n.\r\n"
        )
        self.assertEqual([250, 250, 250, 250, 354, 250], codes)
        sender, recipients, content, _ = session.receiver.delivered[0]
        self.assertEqual(
            ("", ["postmaster@example.test", "bob@example.test"]), (sender, recipients)
        )
        self.assertIn(b"Return-Path: <>\r\n", content)
        self.assertIn(b" with SMTP id ", content)
        self.assertNotIn(b" for <", content)

    def test_no_header_of_its_own(self) -> None:
        """Text without a header stays text; it cannot continue our own fields."""
        for body in (b"just text\r\n", b" for you\r\n", b"\tX: y\r\n\r\nz\r\n"):
            session = Session()
            session.say(EHLO + ENVELOPE + b"DATA\r\n" + body + b".\r\n")
            self.assertTrue(session.receiver.delivered[0][2].endswith(b" +0000\r\n\r\n" + body))

    def test_mbox_line_goes(self) -> None:
        """The line of an mbox file is no part of the message behind it."""
        session = Session()
        session.say(EHLO + ENVELOPE + b"DATA\r\nFrom x@y Mon Jan  1\r\nA: b\r\n\r\n.\r\n")
        self.assertTrue(session.receiver.delivered[0][2].endswith(b" +0000\r\nA: b\r\n\r\n"))

    def test_mended_line_ends(self) -> None:
        """Where the operator wants it, line feeds alone are mended, and still end nothing."""
        octets = b"A: b\n\nx\n.\nMAIL FROM:<evil@y>\r.\r\ny\r\r\n"
        wanted = b"A: b\r\n\r\nx\r\n.\r\nMAIL FROM:<evil@y>\r\n.\r\ny\r\n\r\n"
        for cut in range(len(octets)):
            session = Session(bare_line_ends="mend")
            session.say(EHLO + ENVELOPE + b"DATA\r\n")
            self.assertEqual(b"", session.say(octets[:cut]))
            self.assertEqual([250], session.codes(octets[cut:] + b".\r\n"))
            self.assertTrue(session.receiver.delivered[0][2].endswith(b" +0000\r\n" + wanted), cut)
        session.say(ENVELOPE + b"BDAT 7 LAST\r\nA: b\n\n\r")
        self.assertTrue(session.receiver.delivered[1][2].endswith(b"A: b\r\n\r\n\r\n"))

    def test_foreign_return_path_goes(self) -> None:
        """There is only one Return-Path, and we wrote it."""
        session = Session()
        session.say(EHLO + ENVELOPE + b"DATA\r\nReturn-Path: <evil@x>\r\nA: b\r\n\r\n.\r\n")
        self.assertEqual(1, session.receiver.delivered[0][2].count(b"Return-Path"))

    def test_return_path(self) -> None:
        """Every copy kept here has it, also of a message that goes on to another server."""
        session = Session()
        session.say(
            EHLO + b"MAIL FROM:<x@y>\r\nRCPT TO:<forward@example.test>\r\nDATA\r\n\r\n.\r\n"
        )
        expected = b"Return-Path: <x@y>\r\nReceived: "
        self.assertTrue(session.receiver.delivered[0][2].startswith(expected))

    def test_a_header_that_comes_in_pieces(self) -> None:
        """The header is read whole however it is cut, up to its bound."""
        session = Session()
        session.say(EHLO + ENVELOPE + b"DATA\r\n")
        for octet in b"Return-Path: <a>\r\nB: c\r\n\r\nd\r\n":
            session.say(bytes((octet,)))
        session.say(b".\r\n")
        self.assertTrue(session.receiver.delivered[0][2].endswith(b" +0000\r\nB: c\r\n\r\nd\r\n"))

    def test_the_largest_header(self) -> None:
        """A larger one is refused, whatever the network's cut, and the session goes on; a body
        without a header may be of any size."""
        for octets, cut, answer in (
            (HEADER_OCTETS, 1 << 20, b"250 2.6.0 "),
            (HEADER_OCTETS, 65_536, b"250 2.6.0 "),
            (HEADER_OCTETS + 1, 1 << 20, b"552 5.3.4 Header too big\r\n"),
            (HEADER_OCTETS + 1, 65_537, b"552 5.3.4 Header too big\r\n"),
        ):
            session = Session()
            session.say(EHLO + ENVELOPE + b"DATA\r\n")
            message = b"X: " + b"y" * (octets - 3) + b"\r\n\r\nbody\r\n.\r\n"
            said = b""
            for start in range(0, len(message), cut):
                said += session.say(message[start : start + cut])
            self.assertTrue(said.startswith(answer), (octets, cut, said))
            self.assertEqual(b"250 2.0.0 OK\r\n", session.say(b"NOOP\r\n"))
        session = Session()
        session.say(EHLO + ENVELOPE + b"DATA\r\n")
        session.say(b"no header here " * 30_000 + b"\r\n.\r\n")
        self.assertEqual(1, len(session.receiver.delivered))


class Refusing(SynchronousTestCase):
    """What is refused, with which words, and that the session goes on."""

    def answer(self, command: bytes, **settings: Any) -> bytes:
        session = Session(**settings)
        session.say(EHLO)
        return session.say(command)

    def test_commands(self) -> None:
        """Each wrong command has its own reply."""
        for command, reply in (
            (b"XYZZY\r\n", b"500 5.5.1 "),
            (b"\r\n", b"500 5.5.1 "),
            (b"MAIL\r\n", b"501 5.5.4 "),
            (b"MAIL FROM:x@y\r\n", b"501 5.1.7 "),
            (b"MAIL FROM:<x@y> FOO=1\r\n", b"555 5.5.4 "),
            (b"MAIL FROM:<x@y> SIZE=x\r\n", b"501 5.5.4 "),
            (b"MAIL FROM:<x@y> SIZE=99999999999\r\n", b"552 5.3.4 "),
            (b"MAIL FROM:<x@y> BODY=9BIT\r\n", b"501 5.5.4 "),
            (b"MAIL FROM:<x@y> AUTH=<>\r\n", b"555 5.5.4 "),
            ("MAIL FROM:<grün@y.test>\r\n".encode(), b"553 5.6.7 "),
            ("MAIL FROM:<grün@y.test> SMTPUTF8\r\n".encode(), b"250 2.1.0 "),
            (b"MAIL FROM:<x@y> BODY=8bitmime SIZE=10\r\n", b"250 2.1.0 "),
            (b"mail from: <x@y>\r\n", b"250 2.1.0 "),
            (b"RCPT TO:<a@b>\r\n", b"503 5.5.1 "),
            (b"DATA\r\n", b"503 5.5.1 "),
            (b"DATA now\r\n", b"501 5.5.4 "),
            (b"LHLO x\r\n", b"500 5.5.1 "),
            (b"AUTH PLAIN\r\n", b"502 5.5.1 "),
            (b"STARTTLS\r\n", b"502 5.5.1 "),
            (b"VRFY alice\r\n", b"252 2.5.0 "),
            (b"EXPN list\r\n", b"502 5.5.1 "),
            (b"VRFY\r\n", b"501 5.5.4 "),
            (b"HELP\r\n", b"214-2.0.0 "),
            (b"NOOP anything at all \r\n", b"250 2.0.0 "),
            (b"EHLO\r\n", b"501 5.5.4 "),
            (b"NOOP\n", b"500 5.5.2 "),
            (b"NO\rOP\r\n", b"500 5.5.2 "),
            (b"NOOP " + b"x" * 20_000 + b"\r\n", b"500 5.5.2 "),
            (b"NOOP \xff\r\n", b"501 5.5.4 "),
        ):
            answer = self.answer(command)
            self.assertTrue(answer.startswith(reply), (command[:60], answer))
            self.assertEqual(1, answer.count(b"\r\n") - answer.count(b"-2.0.0"), command)

    def test_recipients(self) -> None:
        """No open relay, no unknown names, no more than the limit."""
        session = Session(recipients=2)
        session.receiver.errors = {"bob": OverQuota("full"), "postmaster": Busy("locked")}
        session.say(EHLO + b"MAIL FROM:<x@y>\r\n")
        for command, reply in (
            (b"<a@elsewhere.test>", b"550 5.7.1 "),
            (b"<nobody@example.test>", b"550 5.1.1 "),
            (b"<bob@example.test>", b"452 4.2.2 "),
            (b"<postmaster>", b"451 4.3.0 "),
            (b"<>", b"501 5.1.3 "),
            (b"<alice@example.test> FOO=BAR", b"555 5.5.4 "),
            ("<grün@example.test>".encode(), b"553 5.6.7 "),
            (b"<@a,@b:alice@example.test>", b"250 2.1.5 "),
            (b"<alice@example.test>", b"250 2.1.5 "),
            (b"<alice@example.test>", b"452 4.5.3 "),
        ):
            self.assertEqual(reply, session.say(b"RCPT TO:" + command + b"\r\n")[:10], command)

    def test_why_not(self) -> None:
        """What lies with one mailbox, or with us, is told as that."""
        session = Session(Mode.SUBMISSION)
        session.receiver.errors = {
            "bob": AccountDisabled("bob"),
            "postmaster": NotCarried("away"),
            "alice": NotOurs("there.test"),
        }
        session.say(EHLO + LOGIN + b"MAIL FROM:<alice@example.test>\r\n")
        for name, reply in (
            (b"bob", b"451 4.2.1 The account is disabled\r\n"),
            (b"postmaster", b"451 4.3.5 It leads to another host, and none is carried there\r\n"),
            (b"alice", b"550 5.7.1 Mail for other hosts is not taken here\r\n"),
        ):
            self.assertEqual(reply, session.say(b"RCPT TO:<%b@example.test>\r\n" % name))

    def test_no_recipient_no_data(self) -> None:
        """A pipelining client whose recipients were all refused gets no 354."""
        session = Session()
        self.assertEqual(
            [250, 550, 503, 250],
            session.codes(b"EHLO c\r\n") [1:] + session.codes(
                b"MAIL FROM:<x@y>\r\nRCPT TO:<a@b.test>\r\nDATA\r\nRSET\r\n"
            ),
        )  # fmt: skip

    def test_smuggling(self) -> None:
        """Only CRLF.CRLF ends a message; one with bare line ends is refused, whole, and neither
        what is in it nor what is glued to its end is taken for a command."""
        for fake_end in (
            b"\n.\n",
            b"\n.\r\n",
            b"\r.\r",
            b"\r\n.\n",
            b"\r\n.\r",
            b"\r.\r\n",
            b"\n.\r",
        ):
            session = Session()
            session.say(EHLO + ENVELOPE + b"DATA\r\n")
            answer = session.say(
                b"A: b\r\n\r\nx" + fake_end + b"MAIL FROM:<evil@y>\r\nQUIT\r\n.\r\nNOOP\r\n"
            )
            self.assertEqual(b"554 5.6.0", answer[:9], fake_end)
            self.assertEqual(1, answer.count(b"\r\n"))
            self.assertTrue(session.closed)
            self.assertEqual([], session.receiver.delivered)
            self.assertTrue(session.receiver.drafts[0].aborted)

    def test_too_big_while_it_comes(self) -> None:
        """A message that lied about its size is read to its end, dropped, and refused."""
        session = Session(message_octets=1000)
        session.say(EHLO + ENVELOPE + b"DATA\r\n")
        session.say(b"A: b\r\n\r\n" + b"x" * 2000)
        self.assertTrue(session.receiver.drafts[0].aborted)
        self.assertEqual([552, 250], session.codes(b"y" * 2000 + b"\r\n.\r\nNOOP\r\n"))

    def test_loop(self) -> None:
        """A message with too many Received fields is refused."""
        session = Session(hops=3)
        session.say(EHLO + ENVELOPE + b"DATA\r\n")
        self.assertEqual([554], session.codes(b"Received: x\r\n" * 4 + b"\r\nx\r\n.\r\n"))
        self.assertEqual(
            [554], session.codes(ENVELOPE + b"DATA\r\n" + b"Received: x\r\n" * 4 + b".\r\n")[3:]
        )
        self.assertEqual([], session.receiver.delivered)

    def test_store_errors(self) -> None:
        """What the store refuses at the end has its code; what nobody foresaw is temporary."""
        for error, reply in (
            (OverQuota(""), b"552 5.2.2 "),
            (StorageFull(""), b"452 4.3.1 "),
            (Busy(""), b"451 4.3.0 "),
            (TooLarge(""), b"552 5.3.4 "),
            (RuntimeError("secret"), b"451 4.3.0 "),
        ):
            session = Session()
            session.receiver.deliver_error = error
            session.say(EHLO + ENVELOPE + b"DATA\r\n")
            answer = session.say(MESSAGE + b".\r\n")
            self.assertEqual(reply, answer[:10])
            self.assertNotIn(b"secret", answer)
            self.assertTrue(session.receiver.drafts[0].aborted)
            self.assertEqual([250, 250, 354], session.codes(ENVELOPE + b"DATA\r\n"))
        self.assertEqual(1, len(self.flushLoggedErrors(RuntimeError)))

    def test_draft_errors(self) -> None:
        """A full disk while the message comes is told at its end."""
        for error, code in ((StorageFull(""), 452), (RuntimeError("secret"), 451)):
            session = Session()
            session.say(EHLO + ENVELOPE + b"DATA\r\n")
            session.receiver.write_error = error
            self.assertEqual([code, 250], session.codes(MESSAGE + b"more\r\n.\r\nNOOP\r\n"))
        self.flushLoggedErrors(RuntimeError)

    def test_http_is_sent_away(self) -> None:
        """A browser that was lured here gets one line and no second try."""
        session = Session()
        self.assertEqual(b"554 5.5.1", session.say(b"POST / HTTP/1.1\r\nMAIL FROM:<x@y>\r\n")[:9])
        self.assertTrue(session.closed)

    def test_too_many_errors(self) -> None:
        """Whoever tries out names is shown the door."""
        session = Session(bad_commands=3)
        session.say(EHLO + b"MAIL FROM:<x@y>\r\n")
        answer = session.say(b"RCPT TO:<n@example.test>\r\n" * 5)
        self.assertEqual(3, answer.count(b"550 "))
        self.assertTrue(answer.endswith(b"421 4.7.0 Too many errors\r\n"))
        self.assertTrue(session.closed)

    def test_no_limit(self) -> None:
        """A limit of 0 is none, and SIZE says so (RFC 1870, 4)."""
        session = Session(message_octets=0)
        self.assertIn(b"250-SIZE 0\r\n", session.say(EHLO))
        session.say(b"MAIL FROM:<x@y.test> SIZE=99999999999\r\nRCPT TO:<alice@example.test>\r\n")
        self.assertEqual([354, 250], session.codes(b"DATA\r\n" + MESSAGE * 100 + b".\r\n"))

    def test_reload(self) -> None:
        """Limits that change while a client is there hold for its next message."""
        session = Session()
        session.say(EHLO)
        shared = session.factory.shared
        smaller = shared.settings.model_copy(update={"message_octets": 10})
        session.say(ENVELOPE + b"DATA\r\n")
        session.factory.configure(replace(shared, settings=smaller))
        self.assertEqual([250], session.codes(MESSAGE + b".\r\n"))
        self.assertEqual(
            [250, 250, 354, 552], session.codes(ENVELOPE + b"DATA\r\n" + MESSAGE + b".\r\n")
        )

    def test_login_at_the_relay(self) -> None:
        """Where the operator wants it, accounts log in on port 25 too."""
        self.assertIn(b"250 AUTH X-DATA X-TWO PLAIN\r\n", Session(offer_auth=True).say(EHLO))

    def test_require_tls(self) -> None:
        """Where the operator wants TLS, nothing is taken without."""
        session = Session(require_tls=True, context=SERVER_TLS)
        self.assertIn(b"250 STARTTLS\r\n", session.say(EHLO))
        self.assertEqual(b"530 5.7.0", session.say(b"MAIL FROM:<x@y>\r\n")[:9])


class Chunking(SynchronousTestCase):
    """BDAT (RFC 3030)."""

    def session(self, **settings: Any) -> Session:
        session = Session(**settings)
        session.say(EHLO + ENVELOPE)
        return session

    def test_chunks(self) -> None:
        """Chunks make one message; dots and line ends in them are data."""
        session = self.session()
        body = b"A: b\r\n\r\n.\r\n..\r\n"
        answer = session.say(
            b"BDAT 5\r\n"
            + body[:5]
            + b"BDAT %d\r\n" % (len(body) - 5)
            + body[5:]
            + b"BDAT 0 LAST\r\n"
        )
        self.assertEqual(
            b"250 2.0.0 Chunk taken\r\n250 2.0.0 Chunk taken\r\n250 2.6.0 Message taken\r\n", answer
        )
        self.assertTrue(session.receiver.delivered[0][2].endswith(body))

    def test_every_cut(self) -> None:
        """However it is cut, the message is the same."""
        octets = b"BDAT 6\r\nA: b\r\nBDAT 5 LAST\r\n\r\nx\r\nNOOP\r\n"
        wanted = self.session().say(octets)
        for cut in range(1, len(octets)):
            session = self.session()
            self.assertEqual(wanted, session.say(octets[:cut]) + session.say(octets[cut:]))
            self.assertTrue(session.receiver.delivered[0][2].endswith(b"A: b\r\n\r\nx\r\n"))

    def test_out_of_order(self) -> None:
        """Chunks without recipients are read and refused; DATA and RCPT cannot come between."""
        session = Session()
        session.say(EHLO)
        self.assertEqual([503, 250], session.codes(b"BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n"))
        self.assertEqual(
            [250, 503, 250], session.codes(b"MAIL FROM:<x@y>\r\nBDAT 6\r\nQUIT\r\nRSET\r\n")
        )
        session.say(ENVELOPE)
        self.assertEqual(
            [250, 503, 503, 250, 503],
            session.codes(b"BDAT 1\r\nxDATA\r\nRCPT TO:<bob@example.test>\r\nRSET\r\nBDAT 1\r\nx"),
        )
        self.assertTrue(session.receiver.drafts[0].aborted)

    def test_too_big(self) -> None:
        """A chunk that is too big is judged by what it announces, and still read."""
        session = self.session(message_octets=10)
        self.assertEqual([250], session.codes(b"BDAT 6\r\n123456"))
        self.assertEqual([], session.codes(b"BDAT 5\r\n1234"))
        self.assertTrue(session.receiver.drafts[0].aborted)
        self.assertEqual([552, 503, 250], session.codes(b"5BDAT 1 LAST\r\n1NOOP\r\n"))

    def test_beyond_all_limits(self) -> None:
        """A terabyte is not read only to be refused."""
        session = self.session()
        self.assertEqual(b"552 5.3.4", session.say(b"BDAT 1099511627776\r\nxxxx")[:9])
        self.assertTrue(session.closed)

    def test_no_number(self) -> None:
        """Where nobody can tell how much follows, the connection ends."""
        session = self.session()
        self.assertEqual(b"501 5.5.4", session.say(b"BDAT x\r\nMAIL FROM:<x@y>\r\n")[:9])
        self.assertTrue(session.closed)

    def test_bare_line_ends(self) -> None:
        """A message may not have them in chunks either, wherever the chunk is cut."""
        for first, second, code in (
            (b"a\r", b"\nb", 250), (b"a\n", b"b", 554), (b"a\r", b"b", 554), (b"a", b"\nb", 554),
            (b"a", b"b\r", 554), (b"a\r\n", b"b\r\n", 250), (b"a\r", b"\r\n", 554),
        ):  # fmt: skip
            session = self.session()
            codes = session.codes(
                b"BDAT %d\r\n%sBDAT %d LAST\r\n%s" % (len(first), first, len(second), second)
            )
            self.assertEqual([250, code], codes, (first, second))
            self.assertEqual(code == 554, session.closed)

    def test_bare_line_ends_of_a_message_refused_before(self) -> None:
        """Whatever else is wrong with it, what is glued to its end is not served."""
        session = self.session(message_octets=10)
        session.say(b"DATA\r\n")
        answer = session.say(b"much too long\n.\r\n.\r\nNOOP\r\n")
        self.assertEqual(b"554 5.6.0", answer[:9])
        self.assertEqual(1, answer.count(b"\r\n"))
        self.assertTrue(session.closed)


class LoggingIn(SynchronousTestCase):
    """AUTH (RFC 4954) and submission (RFC 6409)."""

    def session(self) -> Session:
        session = Session(Mode.SUBMISSION)
        self.assertIn(b"250 AUTH X-DATA X-TWO PLAIN\r\n", session.say(EHLO))
        return session

    def test_initial_response(self) -> None:
        """One line is enough; a second login is refused; EHLO no longer offers AUTH."""
        session = self.session()
        self.assertEqual(b"235 2.7.0 Logged in\r\n", session.say(LOGIN))
        self.assertEqual([503], session.codes(LOGIN))
        self.assertNotIn(b"AUTH", session.say(EHLO))

    def test_challenges(self) -> None:
        """A mechanism may ask as often as it likes; the answers are in order."""
        session = self.session()
        self.assertEqual(b"334 \r\n", session.say(b"auth plain\r\n"))
        self.assertEqual([235], session.codes(b"AGFsaWNlAHNlY3JldA==\r\n"))
        session = self.session()
        self.assertEqual(b"334 \r\n", session.say(b"AUTH X-TWO\r\n"))
        self.assertEqual(b"334 bW9yZQ==\r\n", session.say(b"eA==\r\n"))
        self.assertEqual([235], session.codes(b"AGFsaWNlAHNlY3JldA==\r\n"))

    def test_data_with_success(self) -> None:
        """What a mechanism says with its success is a last challenge."""
        session = self.session()
        self.assertEqual(b"334 dj14\r\n", session.say(b"AUTH X-DATA AGFsaWNlAHNlY3JldA==\r\n"))
        self.assertEqual([235], session.codes(b"\r\n"))

    def test_refusals(self) -> None:
        """Each way to fail has its code, and the session goes on."""
        session = self.session()
        for command, code in (
            (b"AUTH PLAIN AGFsaWNlAHdyb25n\r\n", b"535 5.7.8"),
            (b"AUTH PLAIN %%%\r\n", b"501 5.5.2"),
            (b"AUTH PLAIN =AAA\r\n", b"501 5.5.2"),
            (b"AUTH NONE\r\n", b"504 5.5.4"),
            (b"AUTH\r\n", b"501 5.5.4"),
            (b"AUTH PLAIN\r\n*\r\n", b"334 \r\n501 5.7.0"),
            (b"AUTH PLAIN\r\n!\r\n", b"334 \r\n501 5.5.2"),
            (b"AUTH PLAIN\r\n" + b"A" * 13_000 + b"\r\n", b"334 \r\n500 5.5.6"),
            (b"MAIL FROM:<x@y>\r\n", b"530 5.7.0"),
        ):
            self.assertTrue(session.say(command).startswith(code), command[:40])
        self.assertEqual([235], session.codes(LOGIN))

    def test_refused_by_the_authenticator(self) -> None:
        """Throttling and outages are temporary; a bug is too, and shows nothing of itself."""
        for error, code in (
            (Throttled("x"), b"454 4.7.0"),
            (LoginUnavailable("x"), b"454 4.7.0"),
            (PlaintextRefused("x"), b"538 5.7.11"),
            (MalformedResponse("x"), b"501 5.5.2"),
            (RuntimeError("secret"), b"454 4.7.0"),
        ):
            session = self.session()
            session.authenticator.error = error
            answer = session.say(LOGIN)
            self.assertTrue(answer.startswith(code), answer)
            self.assertNotIn(b"secret", answer)
            session.authenticator.error = None
            self.assertEqual([235], session.codes(LOGIN))
        self.flushLoggedErrors(RuntimeError)

    def test_password_needs_tls(self) -> None:
        """Where PLAIN is not offered in the clear, the client is told why."""
        session = self.session()
        session.authenticator.offered = []
        session.authenticator.passwords = False
        self.assertEqual(b"538 5.7.11", session.say(LOGIN)[:10])

    def test_not_within_a_message(self) -> None:
        """AUTH cannot come between MAIL and the message."""
        session = self.session()
        session.say(LOGIN + b"MAIL FROM:<alice@example.test>\r\n")
        self.assertEqual([503], session.codes(LOGIN))

    def test_submission(self) -> None:
        """An account sends as itself only; what its message lacks is added."""
        session = self.session()
        session.say(LOGIN)
        self.assertEqual(b"550 5.7.1", session.say(b"MAIL FROM:<bob@example.test>\r\n")[:9])
        session.say(
            b"MAIL FROM:<alice@example.test> AUTH=alice\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n"
        )
        self.assertEqual([250], session.codes(b"Subject: x\r\n\r\ny\r\n.\r\n"))
        _, _, content, account = session.receiver.delivered[0]
        self.assertEqual("alice", account)
        self.assertIn(b" with ESMTPA id ", content)
        self.assertIn(
            b"\r\nDate: Fri, 2 Jan 2026 03:04:05 +0000\r\nMessage-ID: <id1@mx.example.test>\r\n"
            b"From: alice@example.test\r\nSubject: x\r\n\r\ny\r\n",
            content,
        )

    def test_complete_message_is_left_alone(self) -> None:
        """A message that has its fields gets none added."""
        session = self.session()
        session.say(
            LOGIN + b"MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n"
        )
        message = b"from: alice@example.test\r\nDATE: x\r\nMessage-Id: <x>\r\n\r\ny\r\n"
        session.say(message + b".\r\n")
        content = session.receiver.delivered[0][2]
        self.assertTrue(content.endswith(b" +0000\r\n" + message))


class Local(SynchronousTestCase):
    """LMTP (RFC 2033)."""

    def session(self, **settings: Any) -> Session:
        session = Session(Mode.LMTP, **settings)
        self.assertEqual(b"220 mx.example.test LMTP netsuite\r\n", session.greeting)
        self.assertEqual([250], session.codes(b"LHLO c\r\n"))
        session.say(ENVELOPE + b"RCPT TO:<bob@example.test>\r\nRCPT TO:<nobody@example.test>\r\n")
        session.say(b"RCPT TO:<bob@example.test>\r\n")
        return session

    def test_greetings(self) -> None:
        """LHLO alone begins, and nobody logs in."""
        session = Session(Mode.LMTP)
        for greeting in (EHLO, b"HELO c\r\n", b"ehlo c\r\n"):
            self.assertEqual(b"500 5.5.1 This is LMTP: say LHLO\r\n", session.say(greeting))
        self.assertEqual([503], session.codes(b"MAIL FROM:<>\r\n"))
        self.assertNotIn(b"AUTH", session.say(b"LHLO c\r\n"))
        self.assertEqual([502], session.codes(LOGIN))
        self.assertIn(b"214-2.0.0 LHLO MAIL", session.say(b"HELP\r\n"))
        self.assertEqual(b"500 5.5.1 This is SMTP: say EHLO\r\n", Session().say(b"LHLO c\r\n"))

    def test_a_reply_for_each_recipient(self) -> None:
        """Each RCPT that was taken has its own answer, by DATA as by BDAT."""
        for content in (
            b"DATA\r\n" + MESSAGE + b".\r\n",
            b"BDAT 2\r\nA:BDAT 6 LAST\r\n b\r\n\r\n",
        ):
            session = self.session()
            session.receiver.without_room = ["bob@example.test"]
            said = session.say(content).split(b"\r\n")[1:]
            self.assertEqual(
                [
                    b"250 2.6.0 Message taken",
                    b"552 5.2.2 Mailbox full",
                    b"552 5.2.2 Mailbox full",
                    b"",
                ],
                said,
            )
            self.assertTrue(session.receiver.calls[0].each)
            self.assertIn(b" with LMTP id ", session.receiver.delivered[0][2])

    def test_one_fate_for_all(self) -> None:
        """What is wrong with the message itself, or with us, is said to each."""
        for error, answer in (
            (OverQuota(""), b"552 5.2.2 Mailbox full"),
            (StorageFull(""), b"452 4.3.1 Not enough storage"),
            (RuntimeError("secret"), b"451 4.3.0 Something went wrong here; try again later"),
        ):
            session = self.session()
            session.receiver.deliver_error = error
            said = session.say(b"DATA\r\n" + MESSAGE + b".\r\nNOOP\r\n").split(b"\r\n")[1:]
            self.assertEqual([answer] * 3 + [b"250 2.0.0 OK", b""], said)
        self.flushLoggedErrors(RuntimeError)
        session = self.session()
        said = session.say(b"DATA\r\nx\n.\r\nNOOP\r\n").split(b"\r\n")[1:]
        self.assertEqual([b""], said)
        said = session.say(b".\r\nNOOP\r\n").split(b"\r\n")
        self.assertEqual([b"554"] * 3 + [b""], [line[:3] for line in said])
        self.assertTrue(session.closed)

    def test_none_taken(self) -> None:
        """Without a recipient DATA is refused, and BDAT with its octets (RFC 2033, 4.2, 4.3)."""
        session = Session(Mode.LMTP)
        session.say(b"LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<nobody@example.test>\r\n")
        self.assertEqual([503, 503], session.codes(b"DATA\r\nBDAT 5 LAST\r\nQUIT\n"))


class Ending(SynchronousTestCase):
    """Connections that end otherwise than with QUIT."""

    def test_lost_within_a_message(self) -> None:
        """A message whose end never came is gone, and nothing of it was delivered."""
        session = Session()
        session.say(EHLO + ENVELOPE + b"DATA\r\n" + MESSAGE)
        session.server.connectionLost(Failure(ConnectionLost()))
        self.assertTrue(session.receiver.drafts[0].aborted)
        self.assertEqual([], session.receiver.delivered)

    def test_input_ends(self) -> None:
        """A client that stops talking in the middle is not waited for."""
        session = Session()
        session.say(EHLO + ENVELOPE + b"DATA\r\nhalf")
        session.server.readConnectionLost()
        self.assertTrue(session.closed)
        session.server.connectionLost(Failure(ConnectionLost()))
        self.assertEqual([], session.receiver.delivered)

    def test_timeouts(self) -> None:
        """A client that falls silent is told so and let go."""
        session = Session(idle_seconds=300)
        session.say(EHLO)
        session.clock.advance(301)
        self.assertEqual(b"421 4.4.2 No command for too long\r\n", session.transport.said())
        self.assertTrue(session.closed)

    def test_shutdown(self) -> None:
        """An idle client hears that the service stops; a message under way is finished first."""
        session = Session()
        session.say(EHLO + ENVELOPE + b"DATA\r\n" + MESSAGE)
        session.factory.drain()
        self.assertEqual(b"", session.transport.said())
        self.assertEqual([250, 421], session.codes(b".\r\n"))
        idle = Session()
        idle.factory.drain()
        self.assertEqual(b"421 4.3.2", idle.transport.said()[:9])
