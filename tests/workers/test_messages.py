"""Messages between processes, from octets and to octets."""

from __future__ import annotations

from netsuite.testing.cases import SynchronousTestCase
from netsuite.workers import messages
from netsuite.workers.messages import (
    Answer,
    Ask,
    BadMessage,
    Drain,
    Held,
    Lines,
    Log,
    Message,
    Ready,
    Tell,
    Wanted,
    read,
    written,
)

CASES: list[tuple[bytes, Message]] = [
    (b'["ready"]\n', Ready()),
    (b'["log","{}"]\n', Log("{}")),
    (b'["wanted","delivery"]\n', Wanted("delivery")),
    (b'["held","delivery"]\n', Held("delivery")),
    (b'["drain"]\n', Drain()),
    (b'["tell","guess",["192.0.2.1","ann",true]]\n', Tell("guess", ["192.0.2.1", "ann", True])),
    (b'["tell","line","a\\nb \\u00e4 \\udc80"]\n', Tell("line", "a\nb \u00e4 \udc80")),
    (b'["ask",7,"status",null]\n', Ask(7, "status", None)),
    (b'["answer",7,[{"pid":1,"cpu":0.5}]]\n', Answer(7, [{"pid": 1, "cpu": 0.5}])),
    (b'["answer",8,[]]\n', Answer(8, [])),
]
ALL = b"".join(line for line, _ in CASES)


class Grammar(SynchronousTestCase):
    """One table, both directions."""

    def test_both_directions(self) -> None:
        """Each message is written and read as the table has it."""
        for line, message in CASES:
            with self.subTest(line):
                self.assertEqual(line, written(message))
                self.assertEqual(message, read(line))

    def test_refused(self) -> None:
        """What is no message, or has other values, is refused."""
        for line in [
            b"",
            b"\xff",
            b"{}",
            b"[]",
            b"[1]",
            b'["unheard"]',
            b'["ready",1]',
            b'["log",1]',
            b'["ask","7","status",null]',
            b'["ask",7,"status"]',
            b'["answer",7,{}]',
            b"[" * 100_000,
        ]:
            with self.subTest(line[:40]):
                self.assertRaises(BadMessage, read, line)

    def test_not_written(self) -> None:
        """What JSON does not have, or is too long, is not written."""
        self.patch(messages, "LINE_OCTETS", 100)
        around: list[object] = []
        around.append(around)
        for value in (b"octets", float("nan"), {1, 2}, around, "x" * 200):
            self.assertRaises(BadMessage, written, Tell("topic", value))  # type: ignore[arg-type]


class Cutting(SynchronousTestCase):
    """Lines from pieces of any size."""

    def test_every_cut(self) -> None:
        """The same octets are the same messages, wherever they are cut."""
        expected = [message for _, message in CASES]
        for cut in range(len(ALL) + 1):
            lines = Lines()
            found = lines.receive(ALL[:cut]) + lines.receive(ALL[cut:])
            self.assertEqual(expected, found)

    def test_octet_by_octet(self) -> None:
        """Octet by octet, too; what is not whole yet waits."""
        lines = Lines()
        found = [each for octet in ALL + b'["re' for each in lines.receive(bytes([octet]))]
        self.assertEqual([message for _, message in CASES], found)
        self.assertEqual([Ready()], lines.receive(b'ady"]\n'))

    def test_too_long(self) -> None:
        """A line without an end is refused when it is too long, and not kept for ever."""
        self.patch(messages, "LINE_OCTETS", 100)
        lines = Lines()
        self.assertEqual([], lines.receive(b"x" * 100))
        self.assertRaises(BadMessage, lines.receive, b"x")
