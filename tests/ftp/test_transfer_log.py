"""The transfer log: what an operator finds of each file that went in, went out, or was removed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import maybeDeferred
from twisted.internet.task import Clock

from netsuite.connection.linelog import Line, LineLog
from netsuite.ftp.paths import text_of
from netsuite.ftp.server.transfer_log import format_line
from netsuite.testing.cases import SynchronousTestCase
from tests.ftp.fakes import Session

WHEN = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
LINE = "Sun Mar  1 12:00:05 2026 {} 127.0.0.1 {}\n"


class Logging(SynchronousTestCase):
    """What is written."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.session = Session(logged_in=False)
        world = self.session.world
        world.reshare(
            line_log=LineLog(
                self.path,
                world.reactor,
                now=lambda: WHEN,
                stamp=datetime.ctime,
                elsewhere=maybeDeferred,
            )
        )

    def log_in(self, name: bytes = b"alice") -> None:
        self.session.say(b"USER %s\r\nPASS se cret \r\nTYPE I\r\n" % name)

    def lines(self) -> list[str]:
        """Return what was logged; nothing is written while files pass."""
        self.assertFalse(self.path.exists())
        self.session.world.reactor.advance(1)
        return self.path.read_text().splitlines(keepends=True) if self.path.exists() else []

    def test_files(self) -> None:
        """A line for each file out, in, appended to, stored under a name we chose, removed."""
        self.log_in()
        session = self.session
        session.fetch(b"RETR sub/x.bin")
        session.store(b"STOR a b", b"12345")
        session.store(b"APPE a b", b"678")
        session.store(b"STOU a b", b"")
        session.say(b"CWD sub\r\nTYPE A\r\n")
        session.fetch(b"RETR ../notes.txt")
        session.say(b"DELE x.bin\r\n")
        self.assertEqual(
            [
                LINE.format(1, "256 /sub/x.bin b _ o r alice ftp 0 * c"),
                LINE.format(1, "5 /a_b b _ i r alice ftp 0 * c"),
                LINE.format(1, "3 /a_b b _ i r alice ftp 0 * c"),
                LINE.format(1, "0 /a_b.1 b _ i r alice ftp 0 * c"),
                LINE.format(1, "10 /notes.txt a _ o r alice ftp 0 * c"),
                LINE.format(1, "0 /sub/x.bin a _ d r alice ftp 0 * c"),
            ],
            self.lines(),
        )

    def test_anonymous(self) -> None:
        """Who came without a password is called what they called themselves, as such."""
        self.log_in(b"anonymous")
        self.session.fetch(b"RETR welcome.txt")
        self.assertEqual(
            [LINE.format(1, "6 /welcome.txt b _ o a anonymous ftp 0 * c")], self.lines()
        )

    def test_incomplete(self) -> None:
        """What was stopped on its way is incomplete, with what had passed and the time it took."""
        self.log_in()
        wire = self.session.data()
        self.session.say(b"STOR new\r\n")
        wire.say(b"some")
        self.session.world.reactor.advance(0.9)
        self.session.say(b"ABOR\r\n")
        wire = self.session.data()
        self.session.say(b"STOR gone\r\n")
        wire.say(b"more")
        self.session.world.settle()
        line = LINE.format(1, "4 /new b _ i r alice ftp 0 * i")
        self.session.world.reactor.advance(2)
        self.assertEqual(line, self.path.read_text())
        self.path.unlink()
        self.session.wire.break_()
        self.session.world.settle()
        self.assertEqual([LINE.format(2, "4 /gone b _ i r alice ftp 0 * i")], self.lines())

    def test_nothing_happened(self) -> None:
        """What was refused before anything passed, and listings, are not logged."""
        self.log_in()
        self.session.fetch(b"LIST")
        self.session.fetch(b"RETR nothing")
        self.session.say(b"RETR notes.txt\r\nDELE nothing\r\n")
        self.assertEqual([], self.lines())

    def test_stopping(self) -> None:
        """What ends after the service has been stopped is logged, too."""
        self.log_in()
        wire = self.session.data()
        self.session.say(b"STOR new\r\n")
        wire.say(b"some")
        self.session.world.factory.drain()
        wire.end()
        self.session.world.settle()
        self.assertEqual(LINE.format(1, "4 /new b _ i r alice ftp 0 * c"), self.path.read_text())

    def test_other_octets(self) -> None:
        """Octets of a name that are no printable ASCII are written as numbers."""
        line = format_line(
            "", "", "a", False, "i", (text_of(b'\xc3\xa9\xff"\n'),), 0, 0, False, False
        )
        self.assertIn(" /\\xc3\\xa9\\xff\\x22\\x0a ", line)

    @given(st.binary(), st.binary())
    def test_one_line(self, login: bytes, name: bytes) -> None:
        """Whatever somebody and a file are called, it is one line of as many fields as others."""
        account, path = text_of(login), (text_of(name),)
        line = format_line("W M 1 T Y", "::1", account, True, "o", path, 7, 1.6, False, True)
        self.assertEqual(1, line.count("\n"))
        self.assertTrue(line[:-1].isprintable() and line.isascii(), line)
        self.assertEqual(18, len(line.split(" ")))
        self.assertEqual("2 ::1 7", " ".join(line.split(" ")[5:8]))


class Places(SynchronousTestCase):
    """Where a log makes the directory it is in."""

    def written(self, home: Path, path: Path) -> bool:
        """Log a line; return whether it reached the file."""
        clock = Clock()
        log = LineLog(
            path, clock, now=lambda: WHEN, stamp=datetime.ctime, elsewhere=maybeDeferred, home=home
        )
        log.add(Line(lambda stamp: f"{stamp}\n", dict))
        clock.advance(1)
        return path.exists()

    def test_at_home(self) -> None:
        """In the home it is made, for us alone."""
        home = Path(self.mktemp())
        home.mkdir()
        self.assertTrue(self.written(home, home / "log/more/x.log"))
        self.assertEqual(0o700, (home / "log/more").stat().st_mode & 0o777)

    def test_elsewhere(self) -> None:
        """Outside it must be there, and a home that is gone is not made."""
        home = Path(self.mktemp())
        for path in (home / "log/x.log", home / "../logs/x.log", home.parent / "logs/x.log"):
            self.assertFalse(self.written(home, path))
            self.assertFalse(path.parent.exists())
        home.mkdir()
        self.assertFalse(self.written(home, home / "../logs/x.log"))
        self.assertTrue(self.written(home, home.parent / "x.log"))
