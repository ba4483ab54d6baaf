"""Recordings: sessions of a suite, held against golden texts."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.task import Clock

from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.recordings import Recordings, Said, Session, shown


def session() -> Session:
    """Return a short one, which has ended."""
    lines = ("S: 220 mx ready", "C: EHLO a", "S: 250-SIZE 99", "S: 250 HELP", "C: QUIT", "S: 221 ")
    said = [Said(each[0], each[3:], 0.0) for each in lines]
    return Session("smtp-1", said, ended=True)


class Checking(SynchronousTestCase):
    """A recording and what it should be."""

    def test_right(self) -> None:
        """Lines as they are, patterns of both sides, any number of lines, the end."""
        for text in (
            str(session()),
            "# remark\nS~ 220 .*\n\nC: EHLO a\nS* 250-.*\nS: 250 HELP\nC~ QU.T\nS: 221\nS!\n",
            "S: 220 mx ready\nC~ EHLO (?P<name>.)\nS* 250.*\nS* 251.*\nC: QUIT\nS~ 22[1{{name}}]",
        ):
            session().check(text)
        path = Path(self.mktemp())
        path.write_text(str(session()))
        session().check(path)

    def test_wrong(self) -> None:
        """The difference is told; a pattern that fits stands there as what was said."""
        for text, told in (
            ("S~ 220 .*\nC: HELO a\nS* 250.*\nC: QUIT\nS: 221", "-C: HELO a\n+C: EHLO a\n"),
            ("S~ 220 .*", "+C: EHLO a\n"),
            (f"{session()}C: NOOP", "-C: NOOP"),
            (f"{session()}S~ 220 x.*", "-S~ 220 x.*"),
            ("S: 220 mx ready\nC: EHLO a\nS* 250.*\nS: QUIT\nS: 221", "-S: QUIT\n+C: QUIT"),
        ):
            error = self.assertRaises(AssertionError, session().check, text)
            self.assertIn("smtp-1:\n--- wanted", str(error))
            self.assertIn(told, str(error))
            self.assertNotIn("-S~ 220 .*", str(error))
        going_on = session()
        going_on.ended = False
        error = self.assertRaises(AssertionError, going_on.check, f"{session()}S!")
        self.assertIn("-S!", str(error))

    def test_no_golden(self) -> None:
        """What is no transcript, or of several connections, is named."""
        for text, told in (
            ("X: a", "golden:1: not a line"),
            ("S: a\n2S: b", "golden:2: this is one connection alone"),
            ("S~ (", "golden:1: no pattern"),
        ):
            self.assertIn(told, str(self.assertRaises(ValueError, session().check, text)))


class Recording(SynchronousTestCase):
    """What services are given to record with."""

    def test_sessions(self) -> None:
        """Sessions stand in their order, with times, secrets masked; the ends of them are shown."""
        clock = Clock()
        recordings = Recordings(clock)
        self.assertEqual("no session has begun", shown([recordings]))
        first, second = recordings.transcript("pop3-1"), recordings.transcript("pop3-2")
        first.said(b"+OK\r\n")
        clock.advance(2)
        first.heard(b"PASS secret\r\n")
        first.ended()
        second.said(b"+OK\r\n" * 50)
        for number in range(20):
            second.heard(b"NOOP\r\n")
            second.said(b"+OK %d\r\n" % number)
        self.assertEqual([Said("S", "+OK", 0.0), Said("C", "PASS ***", 2.0)], recordings[0].lines)
        self.assertEqual([True, False], [each.ended for each in recordings])
        self.assertEqual(["PASS ***"], recordings[0].said("C"))
        text = shown([recordings])
        self.assertIn("pop3-1:\n  S: +OK\n  C: PASS ***\npop3-2:\n  ...\n  C: NOOP", text)
        self.assertEqual(16, text.count("+OK"))
        second.said(b"+OK\r\n" * 50)
        self.assertIn("+OK\n  S: (39 more lines)\n  S: +OK\n  S: +OK", shown([recordings]))
        recordings.clear()
        self.assertEqual(0, len(recordings))
