"""The POP3 server on a memory transport: what clients see, and what is removed."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from netsuite.accounts.interfaces import LoginUnavailable, MalformedResponse, Throttled
from netsuite.connection.deadlines import CloseReason
from netsuite.pop3.server import POP3Server
from netsuite.store.errors import Busy, NoSuchMessage, StoreClosed
from netsuite.testing.cases import SynchronousTestCase
from tests.connection.unused_tls import SERVER_TLS
from tests.pop3.fakes import ONE, THREE, TWO, Session

LOGIN = b"USER alice\r\nPASS se cret \r\n"
SASL = b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"


class Reading(SynchronousTestCase):
    """A client fetches its mail."""

    def session(self, messages: list[bytes] | None = None) -> Session:
        session = Session(messages)
        self.assertEqual(b"+OK pop.example.test POP3 netsuite\r\n", session.greeting)
        answer = session.say(LOGIN)
        self.assertTrue(answer.startswith(b"+OK Send the password\r\n+OK "), answer)
        return session

    def test_listings(self) -> None:
        """STAT, LIST and UIDL, of one and of all, leave out what is marked."""
        session = self.session()
        sizes = len(ONE), len(TWO), len(THREE)
        self.assertEqual(b"+OK 3 %d\r\n" % sum(sizes), session.say(b"STAT\r\n"))
        self.assertEqual(
            b"+OK Listing follows\r\n1 %d\r\n2 %d\r\n3 %d\r\n.\r\n" % sizes,
            session.say(b"LIST\r\n"),
        )
        self.assertEqual(b"+OK 2 uid2\r\n", session.say(b"uidl 2\r\n"))
        session.say(b"DELE 2\r\n")
        self.assertEqual(b"+OK 2 %d\r\n" % (sizes[0] + sizes[2]), session.say(b"STAT\r\n"))
        self.assertEqual(
            b"+OK Listing follows\r\n1 uid1\r\n3 uid3\r\n.\r\n", session.say(b"UIDL\r\n")
        )
        for command in (
            b"LIST 2",
            b"UIDL 2",
            b"RETR 2",
            b"TOP 2 0",
            b"DELE 2",
            b"LIST 0",
            b"RETR 4",
            b"RETR 9999999999",
        ):
            self.assertEqual(b"-ERR", session.say(command + b"\r\n")[:4], command)
        self.assertEqual(b"+OK 3 messages\r\n", session.say(b"RSET\r\n"))
        self.assertEqual(b"+OK 2 %d\r\n" % sizes[1], session.say(b"LIST 2\r\n"))

    def test_empty(self) -> None:
        """An empty maildrop has empty listings."""
        session = self.session([])
        self.assertEqual(b"+OK 0 0\r\n", session.say(b"STAT\r\n"))
        self.assertEqual(b"+OK Listing follows\r\n.\r\n", session.say(b"LIST\r\n"))

    def test_many(self) -> None:
        """A long listing comes whole, in pieces."""
        session = self.session([b"x"] * 2500)
        self.assertEqual(2502, session.say(b"LIST\r\n").count(b"\r\n"))

    def test_messages_at_every_cut(self) -> None:
        """Dots are stuffed and line ends are CRLF, however the store hands out the octets."""
        wanted = (
            b"+OK Message follows\r\nSubject: one\r\n\r\nfirst\r\n..dot\r\n...\r\n.\r\n"
            b"+OK Message follows\r\nSubject: two\r\n\r\nsecond\r\n.\r\n"
            b"+OK Message follows\r\nSubject: three\r\n\r\nline feeds\r\n..\r\nonly\r\n.\r\n"
        )
        session = self.session()
        for piece in range(1, 40):
            session.drop.piece = piece
            self.assertEqual(wanted, session.say(b"RETR 1\r\nRETR 2\r\nRETR 3\r\n"), piece)
        self.assertEqual(b"+OK Message follows\r\n.\r\n", self.session([b""]).say(b"RETR 1\r\n"))

    def test_top_at_every_cut(self) -> None:
        """TOP gives the header, the empty line and so many lines of the body."""
        for message, lines, top in (
            (ONE, 0, b"Subject: one\r\n\r\n"),
            (ONE, 1, b"Subject: one\r\n\r\nfirst\r\n"),
            (ONE, 2, b"Subject: one\r\n\r\nfirst\r\n..dot\r\n"),
            (ONE, 99, b"Subject: one\r\n\r\nfirst\r\n..dot\r\n...\r\n"),
            (TWO, 1, b"Subject: two\r\n\r\nsecond\r\n"),
            (THREE, 1, b"Subject: three\r\n\r\nline feeds\r\n"),
            (b"\r\nbody\r\nmore\r\n", 1, b"\r\nbody\r\n"),
            (b"\n\nbody\n", 1, b"\r\n\r\n"),
            (b"A: b\r\n", 5, b"A: b\r\n"),
        ):
            session = self.session([message])
            for piece in range(1, len(message) + 1):
                session.drop.piece = piece
                answer = session.say(b"TOP 1 %d\r\n" % lines)
                self.assertEqual(
                    b"+OK Message follows\r\n" + top + b".\r\n", answer, (message, lines, piece)
                )
        session.drop.piece = 1
        session = self.session([ONE * 50])
        session.say(b"TOP 1 1\r\n")
        self.assertEqual(1, session.drop.closed_early)

    def test_pipelined_at_every_cut(self) -> None:
        """All commands at once, or cut anywhere, get the same answers in the same order."""
        everything = b"CAPA\r\n" + LOGIN + b"STAT\r\nRETR 1\r\nDELE 1\r\nXYZ\r\nLIST\r\nQUIT\r\n"
        answer = Session().say(everything)
        self.assertTrue(answer.endswith(b"+OK Bye\r\n"))
        for cut in range(1, len(everything)):
            session = Session()
            self.assertEqual(answer, session.say(everything[:cut]) + session.say(everything[cut:]))
            self.assertEqual([0], session.drop.removed)
            self.assertTrue(session.closed)

    def test_slow_reader(self) -> None:
        """A client that does not read is not read for: the message waits."""
        session = self.session([b"x" * 100_000])
        session.drop.piece = 10_000
        session.server.writer.pauseProducing()
        first = session.say(b"RETR 1\r\nSTAT\r\n")
        self.assertEqual(b"", first)
        session.server.writer.resumeProducing()
        self.assertTrue(session.transport.said().endswith(b"x\r\n.\r\n+OK 1 100000\r\n"))

    def test_gone_meanwhile(self) -> None:
        """A message that another session removed is refused, and the session goes on."""
        session = self.session()
        session.drop.read_error = NoSuchMessage("gone")
        self.assertEqual(b"-ERR The message is gone\r\n", session.say(b"RETR 1\r\n"))
        session.drop.read_error = Busy("")
        self.assertEqual(b"-ERR [SYS/TEMP]", session.say(b"TOP 1 1\r\n")[:15])
        session.drop.read_error = RuntimeError("secret")
        answer = session.say(b"RETR 1\r\nNOOP\r\n")
        self.assertEqual(
            b"-ERR [SYS/TEMP] Something went wrong here; try again later\r\n+OK\r\n", answer
        )
        self.flushLoggedErrors(RuntimeError)

    def test_broken_within(self) -> None:
        """A message that cannot be read to its end is not ended as if it were whole."""
        session = self.session()
        session.drop.late_error = Busy("disk")
        answer = session.say(b"RETR 1\r\n")
        self.assertNotIn(b"\r\n.\r\n", answer)
        self.assertTrue(session.closed)
        self.flushLoggedErrors(Busy)


class Ending(SynchronousTestCase):
    """What is removed, and when."""

    def session(self) -> Session:
        session = Session(idle_seconds=600.0)
        session.say(LOGIN + b"DELE 3\r\nDELE 1\r\n")
        return session

    def test_quit_removes(self) -> None:
        """+OK to QUIT means that what was marked is gone, and the maildrop free."""
        session = self.session()
        self.assertEqual(b"+OK Bye\r\n", session.say(b"QUIT\r\n"))
        self.assertEqual([0, 2], session.drop.removed)
        self.assertFalse(session.drop.locked)
        self.assertTrue(session.closed)

    def test_quit_fails(self) -> None:
        """Where removing fails, nothing is gone, and the client is told."""
        for error in (Busy(""), RuntimeError("secret")):
            session = self.session()
            session.drop.error = error
            answer = session.say(b"QUIT\r\nNOOP\r\n")
            self.assertTrue(answer.startswith(b"-ERR [SYS/TEMP] "))
            self.assertEqual(1, answer.count(b"\r\n"))
            self.assertTrue(session.closed)
            session.server.connectionLost(Failure(ConnectionLost()))
            self.assertFalse(session.drop.locked)
        self.flushLoggedErrors(RuntimeError)

    def test_lost(self) -> None:
        """A connection that is lost removes nothing and frees the maildrop."""
        session = self.session()
        session.server.connectionLost(Failure(ConnectionLost()))
        self.assertEqual([], session.drop.removed)
        self.assertFalse(session.drop.locked)

    def test_input_ends(self) -> None:
        """A client that hangs up without QUIT removes nothing."""
        session = self.session()
        session.server.readConnectionLost()
        self.assertTrue(session.closed)
        session.server.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(([], False), (session.drop.removed, session.drop.locked))

    def test_autologout(self) -> None:
        """An idle session ends without a word and without removing (RFC 1939, 3)."""
        session = self.session()
        session.clock.advance(601)
        self.assertEqual(b"", session.transport.said())
        self.assertTrue(session.closed)
        self.assertEqual([], session.drop.removed)

    def test_lost_while_opening(self) -> None:
        """A maildrop whose session went while it was being opened is free again."""
        session = Session()
        session.drop.slow = Deferred()
        session.say(LOGIN)
        self.assertTrue(session.drop.locked)
        session.server.connectionLost(Failure(ConnectionLost()))
        self.assertFalse(session.drop.locked)

    def test_busy(self) -> None:
        """Who is turned away is told so in the greeting's place."""
        session = Session(turned_away=CloseReason.BUSY)
        self.assertEqual(
            b"-ERR [SYS/TEMP] Too many connections; try again later\r\n", session.greeting
        )
        self.assertTrue(session.closed)


class LoggingIn(SynchronousTestCase):
    """USER and PASS, AUTH, STLS."""

    def test_capabilities(self) -> None:
        """CAPA says what can be done here and now; only STLS goes with the login."""
        session = Session(tls=SERVER_TLS)
        answer = session.say(b"CAPA\r\n")
        self.assertEqual(
            b"+OK Capabilities follow\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n"
            b"LANG\r\nEXPIRE NEVER\r\nUSER\r\nUTF8 USER\r\nSASL X-DATA PLAIN\r\nSTLS\r\n"
            b"IMPLEMENTATION netsuite\r\n.\r\n",
            answer,
        )
        session.say(LOGIN)
        self.assertEqual(answer.replace(b"STLS\r\n", b""), session.say(b"CAPA\r\n"))
        session = Session()
        session.authenticator.passwords, session.authenticator.offered = False, []
        answer = session.say(b"CAPA\r\n")
        for word in (b"USER", b"SASL", b"STLS"):
            self.assertNotIn(word, answer)

    def test_utf8(self) -> None:
        """UTF-8 mode begins before a login, and STLS not behind it (RFC 6856, 2.1)."""
        session = Session(tls=SERVER_TLS)
        self.assertEqual(b"+OK UTF-8 it is\r\n", session.say(b"UTF8\r\n"))
        self.assertEqual(b"-ERR STLS comes before UTF8\r\n", session.say(b"STLS\r\n"))
        self.assertEqual(
            b"-ERR Say USER first\r\n", session.say(b"USER x\r\nUTF8\r\nPASS x\r\n")[-21:]
        )
        session.say(LOGIN)
        self.assertEqual(b"-ERR Logged in already\r\n", session.say(b"UTF8\r\n"))

    def test_languages(self) -> None:
        """There is one language, which can be chosen before and after a login."""
        session = Session()
        listing = b"+OK Languages follow\r\nen English\r\n.\r\n"
        chosen = b"+OK en Texts are in English\r\n"
        for _ in range(2):
            self.assertEqual(listing, session.say(b"LANG\r\n"))
            self.assertEqual(chosen * 2, session.say(b"LANG EN\r\nLANG *\r\n"))
            none = b"-ERR en There are no texts in that language\r\n"
            self.assertEqual(none, session.say(b"LANG de-CH\r\n"))
            bad = b"-ERR Syntax error in arguments\r\n"
            self.assertEqual(bad * 2, session.say(b"LANG e n\r\nLANG \xc3\xa4\r\n"))
            session.say(LOGIN)

    def test_login_delay(self) -> None:
        """Who has just been here comes back later; who was refused, at once (RFC 2449, 6.5)."""
        session = Session(login_delay_seconds=59.5)
        self.assertIn(b"\r\nLOGIN-DELAY 60\r\n", session.say(b"CAPA\r\n"))
        session.say(b"USER alice\r\nPASS wrong\r\n")
        self.assertTrue(session.say(LOGIN).endswith(b"+OK 3 messages\r\n"))
        session.say(b"QUIT\r\n")
        session.open(session.factory, POP3Server)
        refused = b"-ERR [LOGIN-DELAY] You have logged in just now; come back later\r\n"
        self.assertTrue(session.say(LOGIN).endswith(refused))
        self.assertFalse(session.drop.locked)
        session.clock.advance(59.5)
        self.assertTrue(session.say(LOGIN).endswith(b"+OK 3 messages\r\n"))

    def test_expire(self) -> None:
        """What was fetched and is old enough goes at QUIT, with what was marked; nothing else."""
        session = Session(expire_days=30)
        self.assertIn(b"\r\nEXPIRE 30\r\n", session.say(b"CAPA\r\n"))
        session.say(LOGIN + b"RETR 1\r\nRETR 2\r\nTOP 3 0\r\nDELE 2\r\n")
        self.assertEqual(b"+OK Bye\r\n", session.say(b"QUIT\r\n"))
        self.assertEqual([0, 1], session.drop.removed)
        now = datetime.fromtimestamp(session.clock.seconds(), UTC)
        self.assertEqual(now - timedelta(days=30), session.drop.asked_before)
        session = Session()
        session.say(LOGIN + b"RETR 1\r\nQUIT\r\n")
        self.assertEqual([], session.drop.removed)

    def test_wrong_password(self) -> None:
        """Wrong names and wrong passwords look the same; the next try is from the beginning."""
        session = Session()
        for name in (b"alice", b"nobody"):
            answer = session.say(b"USER %s\r\nPASS x\r\n" % name)
            self.assertEqual(
                b"+OK Send the password\r\n-ERR [AUTH] Wrong name or password\r\n", answer
            )
        self.assertEqual(b"-ERR Say USER first\r\n", session.say(b"PASS se cret \r\n"))

    def test_password_not_allowed(self) -> None:
        """Where a password may not be sent, USER says so, before it is."""
        session = Session()
        session.authenticator.passwords, session.authenticator.offered = False, []
        self.assertEqual(b"-ERR [SYS/PERM] Say STLS first", session.say(b"USER alice\r\n")[:30])
        self.assertEqual(b"-ERR [SYS/PERM] Say STLS first", session.say(SASL)[:30])

    def test_in_use(self) -> None:
        """A second session is told that there is another; it can try again."""
        session = Session()
        session.drop.in_use = True
        for login in (LOGIN, SASL):
            self.assertIn(b"-ERR [IN-USE] ", session.say(login))
            self.assertEqual(b"-ERR Log in first\r\n", session.say(b"STAT\r\n"))
        session.drop.in_use = False
        self.assertIn(b"+OK 3 messages\r\n", session.say(LOGIN))

    def test_sasl(self) -> None:
        """AUTH with and without an initial response, with data at its end, cancelled, broken."""
        for said, answers in (
            (SASL, b"+OK 3 messages\r\n"),
            (b"AUTH PLAIN\r\nAGFsaWNlAHNlY3JldA==\r\n", b"+ \r\n+OK 3 messages\r\n"),
            (b"AUTH X-DATA AGFsaWNlAHNlY3JldA==\r\n\r\n", b"+ dj14\r\n+OK 3 messages\r\n"),
            (b"AUTH PLAIN\r\n*\r\n", b"+ \r\n-ERR Cancelled\r\n"),
            (b"AUTH PLAIN =\r\n", b"-ERR [AUTH] Wrong name or password\r\n"),
            (b"AUTH PLAIN !\r\n", b"-ERR Not base64\r\n"),
            (b"AUTH PLAIN\r\n!\r\nNOOP\r\n", b"+ \r\n-ERR Not base64\r\n-ERR Log in first\r\n"),
            (b"AUTH NONE\r\n", b"-ERR No such mechanism here\r\n"),
            (b"AUTH\r\n", b"+OK Mechanisms follow\r\nX-DATA\r\nPLAIN\r\n.\r\n"),
        ):
            self.assertEqual(answers, Session().say(said), said)

    def test_gone_within_an_exchange(self) -> None:
        """A client that ends its half within AUTH is not waited for."""
        session = Session()
        self.assertEqual(b"+ \r\n", session.say(b"AUTH PLAIN\r\n"))
        session.server.readConnectionLost()
        self.assertTrue(session.closed)

    def test_errors(self) -> None:
        """Outages are temporary, and nothing of a bug is shown."""
        for error, code in (
            (Throttled("x"), b"[SYS/TEMP]"), (LoginUnavailable("x"), b"[SYS/TEMP]"),
            (MalformedResponse("x"), b"[AUTH]"), (RuntimeError("secret"), b"[SYS/TEMP]"),
        ):  # fmt: skip
            session = Session()
            session.authenticator.error = error
            for login in (SASL, LOGIN):
                answer = session.say(login)
                self.assertIn(b"-ERR " + code, answer)
                self.assertNotIn(b"secret\r\n", answer.replace(b"Send the password", b""))
        self.flushLoggedErrors(RuntimeError)

    def test_store_is_closed(self) -> None:
        """A maildrop that cannot be opened leaves nobody logged in."""
        session = Session()
        session.drop.slow = Deferred()
        session.say(LOGIN)
        session.drop.slow.errback(StoreClosed(""))
        self.assertEqual(b"-ERR [SYS/TEMP] Stopping; try again later\r\n", session.transport.said())
        self.assertFalse(session.drop.locked)


class Refusing(SynchronousTestCase):
    """Commands that are none, or out of order."""

    def test_commands(self) -> None:
        """Each is answered by one -ERR, and the session goes on."""
        session = Session(bad_commands=0)
        for command in (
            b"XYZ", b"", b"APOP a b", b"STAT", b"NOOP", b"LIST", b"DELE 1", b"QUIT now", b"USER",
            b"CAPA x", b"STLS", b"AUTH A B C", b"USER \xff", b"NO\rOP", b"X" * 20_000, b"LIST x",
        ):  # fmt: skip
            answer = session.say(command + b"\r\n")
            self.assertTrue(answer.startswith(b"-ERR "), command)
            self.assertEqual(1, answer.count(b"\r\n"), command)
        self.assertEqual(b"-ERR", session.say(b"CAPA\n")[:4])
        session.say(LOGIN)
        for command in (
            b"USER alice",
            b"PASS x",
            b"AUTH PLAIN",
            b"STLS",
            b"RETR",
            b"RETR x",
            b"RETR -1",
            b"TOP 1",
            b"TOP 1 2 3",
            b"RETR 12345678901",
        ):
            self.assertEqual(b"-ERR ", session.say(command + b"\r\n")[:5], command)
        self.assertEqual(b"+OK\r\n", session.say(b"noop  \r\n"))

    def test_http_is_sent_away(self) -> None:
        """A browser that was lured here gets one line and no second try."""
        session = Session()
        self.assertEqual(b"-ERR Unknown command\r\n", session.say(b"POST / HTTP/1.1\r\nUSER x\r\n"))
        self.assertTrue(session.closed)

    def test_guessing(self) -> None:
        """Whoever guesses passwords is shown the door."""
        session = Session(bad_commands=3)
        session.say(b"USER alice\r\nPASS x\r\n" * 5)
        self.assertTrue(session.closed)
