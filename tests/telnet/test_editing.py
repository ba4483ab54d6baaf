"""Editing a line: what keys do to it, and that the screen shows what the line is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netsuite.telnet.editing import (
    OUTPUT_CHARACTERS,
    Ended,
    EndOfFile,
    Interrupt,
    Line,
    LineEditor,
)
from netsuite.telnet.sanitize import sanitized, width
from netsuite.testing.cases import SynchronousTestCase


class Screen:
    """One row of a terminal, endless: enough to see what an editor shows."""

    def __init__(self) -> None:
        self.cells: list[str] = []
        self.column = 0
        self.bells = 0

    def show(self, text: str) -> None:
        for character in text:
            if character == "\b":
                self.column -= 1
                assert self.column >= 0
            elif character == "\a":
                self.bells += 1
            elif character not in "\r\n":
                if width(character) == 0:
                    continue
                self.cells[self.column : self.column + width(character)] = [character] + [""] * (
                    width(character) - 1
                )
                self.column += width(character)

    @property
    def row(self) -> str:
        return "".join(self.cells).rstrip(" ")


def typed(
    *keys: str, visible: bool = True, limit: int = 4096
) -> tuple[Ended | None, Screen, LineEditor]:
    """Type into a fresh editor, each text in a piece of its own."""
    editor, screen = LineEditor(), Screen()
    editor.begin(visible=visible, limit=limit)
    ended = None
    for key in keys:
        at, ended = editor.type(key, 0)
        screen.show(editor.output())
        assert ended is not None or at == len(key)
    return ended, screen, editor


LEFT, RIGHT, UP, DOWN = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B"

PRESSED = ["a", "bc ", "日", "e\u0301", "\x7f", "\x17", "\x15", "\x0b", "\x01", "\x05", "\x04",
           "\t", "\x1b[3~", LEFT, RIGHT, UP, DOWN]  # fmt: skip

#: Keys, and the line they lead to.
KEYS = [
    ("ls", "ls"),
    ("lss\x7f", "ls"),
    ("lss\b", "ls"),
    ("\x7f\x7fa", "a"),
    ("one two  \x17x", "one x"),
    ("one\x17two", "two"),
    ("gone\x15here", "here"),
    ("ac" + LEFT + "b", "abc"),
    ("abc" + LEFT * 2 + "\x7f", "bc"),
    ("abc" + LEFT * 2 + "\x04", "ac"),
    ("abc" + LEFT * 9 + "\x1b[3~", "bc"),
    ("abc\x01x\x05y", "xabcy"),
    ("abc\x1b[Hx\x1b[Fy", "xabcy"),
    ("abc\x1bOHx\x1bOFy", "xabcy"),
    ("abc\x1b[1~x\x1b[4~y", "xabcy"),
    ("abcd" + LEFT * 2 + "\x0b", "ab"),
    ("abcd" + LEFT * 2 + RIGHT + "x", "abcxd"),
    ("abcd" + LEFT * 2 + "\x15x", "x"),
    ("a\tb", "a b"),
    ("a\x1b[31mb", "ab"),
    ("a\x1b]b", "ab"),
    ("a\x1b[" + "1" * 40 + "b", "a" + "1" * 7 + "b"),
    ("a\x00\x0c\x0fb\x85c", "abc"),
    ("日本x\x7f\x7f", "日"),
    ("日本" + LEFT + "x", "日x本"),
    ("e\u0301x\x7f", "e\u0301"),
    ("\u202ea\x01b", "b\u202ea"),
]


class Keys(SynchronousTestCase):
    """What each key does."""

    def test_line_and_screen(self) -> None:
        """The line is what was meant, the screen shows it, however the keys come."""
        for keys, line in KEYS:
            for pieces in ((keys,), tuple(keys)):
                with self.subTest(keys=keys, pieces=len(pieces)):
                    _, screen, editor = typed(*pieces)
                    self.assertEqual(line, editor.text)
                    self.assertEqual(sanitized(line).replace("\u0301", ""), screen.row)
                    ended, _ = editor.type("\n", 0)[1], None
                    self.assertEqual(Line(line), ended)

    def test_ends(self) -> None:
        """Enter, ^C and ^D end a line; ^D only where there is none."""
        self.assertEqual(Line("a"), typed("a\n")[0])
        self.assertEqual(Line(""), typed("\n")[0])
        self.assertEqual(Interrupt(), typed("abc\x03")[0])
        self.assertEqual(EndOfFile(), typed("\x04")[0])
        self.assertIsNone(typed("a\x04")[0])
        self.assertEqual(Interrupt(), typed("\x1b[\x03")[0])
        self.assertEqual(Line("a"), typed("a\x1b[12\n")[0])

    def test_invisible(self) -> None:
        """Of a password nothing is shown but its end, and it cannot be had again."""
        for keys in ("secret\n", "sec\x7f\x15secret" + LEFT + "\x01\x05\n", "se" + UP + "cret\n"):
            ended, screen, editor = typed(keys, visible=False)
            self.assertEqual(Line("secret"), ended)
            self.assertEqual([], screen.cells)
            editor.begin()
            editor.type(UP, 0)
            self.assertEqual("", editor.text)

    def test_limit(self) -> None:
        """What is beyond the limit is refused with one bell, and the line says so."""
        ended, screen, _ = typed("x" * 20, "yy", "\n", limit=10)
        self.assertEqual(Line("x" * 10, whole=False), ended)
        self.assertEqual(("x" * 10, 1), (screen.row, screen.bells))
        ended, _, _ = typed("x" * 11 + "\x7f\n", limit=10)
        self.assertEqual(Line("x" * 9), ended)

    def test_bounded_output(self) -> None:
        """Keys in front of a long line are taken as fast as what they show is: no faster."""
        editor = LineEditor()
        editor.type("x" * 4000 + "\x01", 0)
        editor.output()
        keys = "y\x7f" * 1000
        at, ended = editor.type(keys, 0)
        self.assertLess(at, 10)
        self.assertIsNone(ended)
        self.assertLess(len(editor.output()), OUTPUT_CHARACTERS + 20_000)
        while at < len(keys):
            at, ended = editor.type(keys, at)
            self.assertIsNone(ended)
            editor.output()
        self.assertEqual("x" * 4000, editor.text)

    def test_stops_at_the_end(self) -> None:
        """What is behind the line's end is not read."""
        editor = LineEditor()
        self.assertEqual((3, Line("ab")), editor.type("ab\ncd", 0))
        editor.begin()
        self.assertEqual((5, None), editor.type("ab\ncd", 3))
        self.assertEqual("cd", editor.text)


class History(SynchronousTestCase):
    """Lines typed before."""

    def lines(self, *lines: str) -> LineEditor:
        editor = LineEditor()
        for line in lines:
            editor.begin()
            editor.type(line + "\n", 0)
        editor.begin()
        editor.output()
        return editor

    def test_walk(self) -> None:
        """Up and down go through them, and back to what was being typed."""
        editor, screen = self.lines("first", "second", "second", " "), Screen()
        for key, line in [
            ("ty", "ty"), (UP, "second"), (UP, "first"), (UP, "first"), (DOWN, "second"),
            (DOWN, "ty"), (DOWN, "ty"), ("\x10", "second"), ("\x0e", "ty"), (UP + "!", "second!"),
        ]:  # fmt: skip
            editor.type(key, 0)
            screen.show(editor.output())
            self.assertEqual((line, line), (editor.text, screen.row))

    def test_bounded(self) -> None:
        """Only the latest are kept."""
        editor = self.lines(*[f"line {n}" for n in range(200)])
        editor.type(UP * 300, 0)
        self.assertEqual("line 150", editor.text)


class Anything(SynchronousTestCase):
    """No keys break it."""

    @given(st.lists(st.sampled_from(PRESSED), min_size=1))
    def test_screen_is_line(self, keys: list[str]) -> None:
        """Whatever is typed, the screen shows the line."""
        editor, screen = LineEditor(), Screen()
        editor.begin()
        for key in keys:
            _, ended = editor.type(key, 0)
            screen.show(editor.output())
            if ended is not None:
                return
        line = sanitized(editor.text).replace("\u0301", "")
        self.assertEqual(line.rstrip(" "), screen.row)

    @given(st.text(max_size=50))
    def test_never_raises(self, text: str) -> None:
        """Any characters can be typed; nothing typed is sent back that acts on a terminal."""
        editor = LineEditor()
        at = 0
        while at < len(text):
            editor.begin()
            at, _ = editor.type(text, at)
            for character in editor.output():
                self.assertTrue(character in "\r\n\b\a" or sanitized(character) == character)
