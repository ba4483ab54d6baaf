"""The ManageSieve server on a memory transport: what clients see, and what is kept."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from netsuite.accounts.interfaces import LoginUnavailable, Throttled
from netsuite.connection.deadlines import CloseReason
from netsuite.managesieve.server import ManageSieveServer
from netsuite.sieve.commands import CAPABILITIES
from netsuite.store.errors import Busy, StorageFull
from netsuite.testing.cases import SynchronousTestCase
from tests.connection.unused_tls import SERVER_TLS
from tests.coroutines import run
from tests.managesieve.fakes import LOG_IN, Session

OK = b'OK "mail.example.test ManageSieve netsuite"\r\n'


class Login(SynchronousTestCase):
    """Capabilities, and who may do what."""

    def test_capabilities(self) -> None:
        """They are told at the beginning, when asked for, and again under TLS."""
        session = Session(tls=SERVER_TLS)
        lines = session.greeting.split(b"\r\n")
        wanted = [
            b'"IMPLEMENTATION" "netsuite"',
            b'"VERSION" "1.0"',
            b'"SIEVE" "' + " ".join(CAPABILITIES).encode() + b'"',
            b'"MAXREDIRECTS" "8"',
            b'"UNAUTHENTICATE"',
            b'"SASL" "X-DATA PLAIN"',
            b'"STARTTLS"',
        ]
        self.assertEqual([*wanted, OK[:-2], b""], lines)
        said = session.say(b"CAPABILITY\r\n").split(b"\r\n")
        self.assertEqual([*wanted, b'OK "That is all"', b""], said)
        session.authenticator.offered = []
        self.assertIn(b'"SASL" ""\r\n', session.say(b"CAPABILITY\r\n"))

    def test_owner(self) -> None:
        """After a login they name the owner, and TLS no more."""
        session = Session(tls=SERVER_TLS)
        self.assertEqual(b'OK "Logged in"\r\n', session.say(LOG_IN))
        said = session.say(b"CAPABILITY\r\n")
        self.assertIn(b'"OWNER" "alice"\r\n', said)
        self.assertNotIn(b"STARTTLS", said)
        self.assertEqual(b'NO "Logged in already"\r\n', session.say(b"STARTTLS\r\n"))
        self.assertEqual(b'NO "Logged in already"\r\n', session.say(LOG_IN))

    def test_exchanges(self) -> None:
        """By a challenge, by an initial response, with data at the end."""
        session = Session()
        self.assertEqual(b'""\r\n', session.say(b'AUTHENTICATE "PLAIN"\r\n'))
        self.assertEqual(b'OK "Logged in"\r\n', session.say(b'"AGFsaWNlAHNlY3JldA=="\r\n'))
        session = Session()
        said = session.say(b'AUTHENTICATE "X-DATA" {20+}\r\nAGFsaWNlAHNlY3JldA==\r\n')
        self.assertEqual(b'OK (SASL "dj14") "Logged in"\r\n', said)
        session = Session()
        session.say(b'AUTHENTICATE "PLAIN"\r\n')
        self.assertEqual(b'NO "Cancelled"\r\n', session.say(b'"*"\r\n'))
        self.assertEqual(b'OK "Nothing done"\r\n', session.say(b"NOOP\r\n"))

    def test_refused(self) -> None:
        """Each refusal has its words."""
        session = Session()
        wrong = b'AUTHENTICATE "PLAIN" "AGFsaWNlAHdyb25n"\r\n'
        self.assertEqual(b'NO "Wrong name or password"\r\n', session.say(wrong))
        said = session.say(b'AUTHENTICATE "FOO"\r\n')
        self.assertEqual(b'NO "No such mechanism here"\r\n', said)
        for error in (Throttled("x"), LoginUnavailable("x")):
            session.authenticator.error = error
            self.assertTrue(session.say(LOG_IN).startswith(b"NO (TRYLATER) "))
        session.authenticator.error = None
        session.authenticator.offered, session.authenticator.passwords = [], False
        self.assertTrue(session.say(LOG_IN).startswith(b"NO (ENCRYPT-NEEDED) "))

    def test_no_tls(self) -> None:
        """Where there is no TLS it is not begun."""
        self.assertEqual(b'NO "TLS is not available"\r\n', Session().say(b"STARTTLS\r\n"))

    def test_unauthenticate(self) -> None:
        """Who leaves the account leaves its scripts."""
        session = Session()
        session.say(LOG_IN)
        self.assertEqual(b'OK "Log in again"\r\n', session.say(b"UNAUTHENTICATE\r\n"))
        self.assertEqual(1, session.authenticator.logged_out)
        self.assertEqual(b'NO "Log in first"\r\n', session.say(b"LISTSCRIPTS\r\n"))
        self.assertEqual(b'OK "Logged in"\r\n', session.say(LOG_IN))

    def test_logout(self) -> None:
        """The session ends, and what came behind it is not done."""
        session = Session()
        session.say(LOG_IN)
        said = session.say(b'LOGOUT\r\nPUTSCRIPT "a" "keep;"\r\n')
        self.assertEqual(b'OK "Goodbye"\r\n', said)
        self.assertTrue(session.closed)
        self.assertEqual(1, session.authenticator.logged_out)
        self.assertEqual([], list(run(session.scripts.scripts())))

    def test_turned_away(self) -> None:
        """Who is one too many hears why."""
        session = Session(turned_away=CloseReason.BUSY)
        self.assertTrue(session.greeting.startswith(b"BYE (TRYLATER) "), session.greeting)

    def test_too_many_errors(self) -> None:
        """After some nonsense the session ends."""
        session = Session(bad_commands=3)
        said = session.say(b"FOO\r\n" * 9)
        self.assertTrue(said.endswith(b'BYE "Too many errors"\r\n'), said)
        self.assertTrue(session.closed)

    def test_idle(self) -> None:
        """Who says nothing for half an hour is told so."""
        session = Session()
        session.say(LOG_IN)
        session.clock.advance(1799)
        self.assertEqual(b"", session.transport.said())
        session.clock.advance(2)
        self.assertEqual(b'BYE "No command for too long"\r\n', session.transport.said())


class Scripts(SynchronousTestCase):
    """What is put, listed, made active, renamed and removed."""

    def setUp(self) -> None:
        self.session = Session()
        self.session.say(LOG_IN)

    def said(self, octets: bytes) -> bytes:
        """Say something; return the answer."""
        return self.session.say(octets)

    def test_put(self) -> None:
        """A script is kept as it came, and given back so."""
        script = 'require "fileinto";\r\nfileinto "\u00e4";\r\n'.encode()
        put = b'PUTSCRIPT "main one" {%d+}\r\n%b\r\n' % (len(script), script)
        self.assertEqual(b'OK "Kept"\r\n', self.said(put))
        wanted = b'{%d}\r\n%b\r\nOK "That is all"\r\n' % (len(script), script)
        self.assertEqual(wanted, self.said(b'GETSCRIPT "main one"\r\n'))
        self.assertEqual(b'"main one"\r\nOK "1 scripts"\r\n', self.said(b"LISTSCRIPTS\r\n"))

    def test_wrong(self) -> None:
        """One that is wrong is not kept, and its author told where."""
        for command in (b'PUTSCRIPT "a" ', b"CHECKSCRIPT "):
            said = self.said(command + b"{9+}\r\nkeep;\r\nx;\r\n")
            self.assertEqual(b'NO "line 2: x is unknown and no command"\r\n', said)
        self.assertEqual(b'OK "0 scripts"\r\n', self.said(b"LISTSCRIPTS\r\n"))
        self.assertEqual(b'NO "line 1: not UTF-8"\r\n', self.said(b"CHECKSCRIPT {1+}\r\n\xff\r\n"))

    def test_checked(self) -> None:
        """One that is right is said to be so, with warnings if there are any."""
        self.assertEqual(b'OK "It is right"\r\n', self.said(b'CHECKSCRIPT "keep;"\r\n'))
        script = b'require "vacation"; vacation :days 0 "x";'
        said = self.said(b"CHECKSCRIPT {%d+}\r\n%b\r\n" % (len(script), script))
        self.assertEqual(b'OK (WARNINGS) "line 1: vacation :days 0 is taken for 1"\r\n', said)

    def test_active(self) -> None:
        """One is active, or none; the active one stays."""
        self.said(b'PUTSCRIPT "a" "keep;"\r\nPUTSCRIPT "b" "stop;"\r\n')
        self.assertEqual(b'OK "It is active"\r\n', self.said(b'SETACTIVE "b"\r\n'))
        said = self.said(b"LISTSCRIPTS\r\n")
        self.assertEqual(b'"a"\r\n"b" ACTIVE\r\nOK "2 scripts"\r\n', said)
        self.assertTrue(self.said(b'DELETESCRIPT "b"\r\n').startswith(b"NO (ACTIVE) "))
        self.assertEqual(b'OK "Renamed"\r\n', self.said(b'RENAMESCRIPT "b" "c"\r\n'))
        self.assertIn(b'"c" ACTIVE\r\n', self.said(b"LISTSCRIPTS\r\n"))
        self.assertEqual(b'OK "None is active"\r\n', self.said(b'SETACTIVE ""\r\n'))
        self.assertEqual(b'OK "Removed"\r\n', self.said(b'DELETESCRIPT "c"\r\n'))
        self.assertEqual(b'"a"\r\nOK "1 scripts"\r\n', self.said(b"LISTSCRIPTS\r\n"))

    def test_none(self) -> None:
        """What is not there, and what is there already, has a code."""
        self.said(b'PUTSCRIPT "a" "keep;"\r\nPUTSCRIPT "b" "keep;"\r\n')
        for command in (b'GETSCRIPT "x"', b'SETACTIVE "x"', b'DELETESCRIPT "x"',
                        b'RENAMESCRIPT "x" "y"'):  # fmt: skip
            self.assertTrue(self.said(command + b"\r\n").startswith(b"NO (NONEXISTENT) "))
        said = self.said(b'RENAMESCRIPT "a" "b"\r\n')
        self.assertTrue(said.startswith(b"NO (ALREADYEXISTS) "))

    def test_quota(self) -> None:
        """So many scripts may there be, and so large."""
        self.assertEqual(b'OK "There is room"\r\n', self.said(b'HAVESPACE "a" 2000\r\n'))
        for command in (
            b'HAVESPACE "a" 2001\r\n',
            b'PUTSCRIPT "a" {2001+}\r\n' + b" " * 2001 + b"\r\n",
        ):
            self.assertTrue(self.said(command).startswith(b"NO (QUOTA/MAXSIZE) "))
        for name in (b"a", b"b", b"c"):
            self.said(b'PUTSCRIPT "' + name + b'" "keep;"\r\n')
        for command in (b'HAVESPACE "d" 1\r\n', b'PUTSCRIPT "d" "keep;"\r\n'):
            self.assertTrue(self.said(command).startswith(b"NO (QUOTA/MAXSCRIPTS) "))
        self.assertEqual(b'OK "There is room"\r\n', self.said(b'HAVESPACE "c" 1\r\n'))

    def test_noop(self) -> None:
        """NOOP gives its tag back."""
        self.assertEqual(b'OK (TAG "a b") "Nothing done"\r\n', self.said(b'NOOP "a b"\r\n'))
        said = self.said(b"NOOP {4+}\r\na\r\nb\r\n")
        self.assertEqual(b'OK (TAG {4}\r\na\r\nb) "Nothing done"\r\n', said)

    def test_store_fails(self) -> None:
        """What the store cannot do now is to be tried again."""
        waiting: Deferred[object] = Deferred()
        for error in (Busy("x"), StorageFull("x")):

            async def fail(*_: object, error: Exception = error) -> object:
                raise error

            self.patch(self.session.scripts, "scripts", fail)
            self.assertTrue(self.said(b"LISTSCRIPTS\r\n").startswith(b"NO (TRYLATER) "))
        self.patch(self.session.scripts, "scripts", lambda: waiting)
        self.assertEqual(b"", self.said(b"LISTSCRIPTS\r\nNOOP\r\n"))
        waiting.callback([])
        said = self.session.transport.said()
        self.assertEqual(b'OK "0 scripts"\r\nOK "Nothing done"\r\n', said)

    def test_two_sessions(self) -> None:
        """What one session does the other sees."""
        other = Session(store=self.session.store)
        other.say(LOG_IN)
        other.say(b'PUTSCRIPT "a" "keep;"\r\nSETACTIVE "a"\r\n')
        self.assertEqual(b'"a" ACTIVE\r\nOK "1 scripts"\r\n', self.said(b"LISTSCRIPTS\r\n"))

    def test_bug(self) -> None:
        """What nobody foresaw is our fault, and the session goes on."""

        async def fail() -> object:
            raise RuntimeError("secret")

        self.patch(self.session.scripts, "scripts", fail)
        said = self.said(b"LISTSCRIPTS\r\nNOOP\r\n")
        self.assertEqual(2, said.count(b"\r\n"))
        self.assertTrue(said.startswith(b"NO (TRYLATER) "))
        self.assertNotIn(b"secret", said)
        self.assertEqual(1, len(self.flushLoggedErrors(RuntimeError)))

    def test_class(self) -> None:
        """The sessions are of the class that has all handlers."""
        self.assertIsInstance(self.session.server, ManageSieveServer)
