"""The row on which a line is typed: on screens of every width it shows the line at the cursor."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netsuite.telnet.editing import LineEditor
from netsuite.telnet.sanitize import sanitized, width
from netsuite.testing.cases import SynchronousTestCase
from tests.telnet.screens import Screen

LEFT, RIGHT, UP, DOWN = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B"
KEYS = [
    "a", "word ", "x" * 15, "日本", "e\u0301", "ü", "\x1b[D" * 7, "\x1b[C" * 5, "\u202e",
    "\x7f", "\x7f" * 9, "\x17", "\x15", "\x0b", "\x01", "\x05", "\x04", "\x1b[3~",
    LEFT, RIGHT, UP, DOWN, "sentence of several words, ",
]  # fmt: skip
HISTORY = ("short", "a line that is longer than twenty columns are", "日本語" * 30)
WIDTHS = (20, 21, 40, 80, 200)


def cells_of(text: str) -> list[str]:
    """Return the cells of a text on a row without end; of combining marks nothing is kept."""
    cells: list[str] = []
    for character in text:
        if columns := width(character):
            cells += [character] + [""] * (columns - 1)
    return cells


class Typist:
    """An editor, and the screen its output is shown on."""

    def __init__(self, columns: int, prompt: str = "> ", **screen: Any) -> None:
        self.editor = LineEditor()
        self.screen = Screen(columns, **screen)
        self.prompt = prompt
        for line in HISTORY:
            self.editor.begin()
            self.editor.type(line + "\n", 0)
        self.editor.output()
        self.editor.begin(prompt=prompt, columns=columns)
        self.editor.show()
        self.see()

    def see(self) -> None:
        self.screen.show(self.editor.output())

    def type(self, keys: str) -> bool:
        """Type keys; return whether the line is still there."""
        _, ended = self.editor.type(keys, 0)
        self.see()
        return ended is None

    def check(self, case: SynchronousTestCase) -> None:
        """See that the row shows the line around the cursor, and marks where more of it is."""
        screen = self.screen
        before = sanitized("".join(self.editor._before))
        line = cells_of(self.prompt + sanitized(self.editor.text))
        cursor = len(cells_of(self.prompt + before))
        offset = cursor - screen.column
        room = screen.columns - 1
        row = screen.cells[screen.row]
        case.assertGreaterEqual(offset, 0)
        case.assertEqual(" ", row[room], "the last column is never written to")
        if len(line) <= room:
            case.assertEqual(0, offset)
        expected = (line + [" "] * (offset + room))[offset : offset + room]
        first, last = 0, room
        if offset:
            case.assertEqual("<", row[0])
            first = 1 if expected[1] else 2  # of a wide character half is left
        if offset + room < len(line):
            case.assertEqual(">", row[room - 1])
            last = room - 1 if expected[room - 1] else room - 2
        case.assertEqual(expected[first:last], row[first:last])
        if first == 2:
            case.assertEqual(" ", row[1])
        if offset and offset + room < len(line):
            case.assertLessEqual(screen.column, room - 2)


class Rows(SynchronousTestCase):
    """Lines longer than the window."""

    def test_scrolls(self) -> None:
        """A line that outgrows its row is scrolled, with marks; erased, it comes back whole."""
        typist = Typist(20, "alice:/> ")
        typist.type("0123456789")
        self.assertEqual("alice:/> 0123456789", typist.screen.text())
        typist.type("abc")
        self.assertEqual("<56789abc", typist.screen.text())
        typist.type("\x01")
        self.assertEqual("alice:/> 012345678>", typist.screen.text())
        typist.type("\x05" + "\x7f" * 5)
        self.assertEqual("alice:/> 01234567", typist.screen.text())
        self.assertEqual(0, typist.screen.row)

    def test_long_prompt(self) -> None:
        """A prompt wider than the window is scrolled with its line."""
        typist = Typist(20, "somebody:/a/long/directory> ")
        typist.type("ls")
        self.assertEqual("<ectory> ls", typist.screen.text())
        typist.check(self)

    def test_little_is_sent(self) -> None:
        """What stays as it is is not sent again."""
        typist = Typist(80)
        typist.type("x" * 200)
        typist.editor.type("y", 0)
        self.assertEqual("y", typist.editor.output())
        typist.editor.type(LEFT, 0)
        self.assertEqual("\b", typist.editor.output())

    def test_notice(self) -> None:
        """Something is shown above, and the line below it, as it was."""
        for text in ("short", "long " * 30):
            typist = Typist(40)
            typist.type(text + LEFT * 3)
            typist.editor.hide()
            typist.see()
            typist.screen.show("You have new mail.\r\n")
            typist.editor.show()
            typist.see()
            typist.check(self)
            self.assertEqual((1, "You have new mail."), (typist.screen.row, typist.screen.text(0)))

    def test_resize(self) -> None:
        """A line goes on in a window of another size, below where it no longer fits."""
        for narrower in (25, 60):
            typist = Typist(80)
            typist.type("0123456789" * 5 + LEFT * 3)
            typist.screen.resize(narrower)
            typist.editor.resize(narrower)
            typist.see()
            typist.check(self)
            self.assertEqual(1 if narrower == 25 else 0, typist.screen.row)
            typist.screen.resize(100)
            typist.editor.resize(100)
            typist.see()
            typist.check(self)

    def test_unknown_width(self) -> None:
        """Where nothing is known of the window, nothing is scrolled; it may become known."""
        typist = Typist(200)
        typist.editor.begin(prompt="> ", columns=0)
        typist.screen.show("\r")
        typist.editor.show()
        typist.type("x" * 150)
        self.assertEqual("> " + "x" * 150, typist.screen.text())
        typist.editor.hide()
        typist.see()
        self.assertEqual(1, typist.screen.row)  # the terminal may have broken the line
        typist.editor.show()
        typist.editor.resize(80)
        typist.see()
        typist.screen.resize(80)
        self.assertTrue(typist.screen.text().startswith("<xxxx"))

    def test_invisible(self) -> None:
        """Of a password nothing is shown, on a narrow window neither."""
        typist = Typist(20)
        typist.editor.begin(visible=False, prompt="Password: ", columns=20)
        typist.editor.show()
        typist.screen.show("\r\n")
        typist.type("secret" * 10 + LEFT + "\x7f" + UP)
        self.assertEqual("Password:", typist.screen.text())

    @given(
        st.sampled_from(WIDTHS),
        st.booleans(),
        st.sampled_from(["", "> ", "alice:/site> ", "日本:/" + "x" * 30 + "> "]),
        st.lists(st.sampled_from(KEYS), min_size=1, max_size=40),
    )
    def test_screen_is_line(
        self, columns: int, hesitates: bool, prompt: str, keys: list[str]
    ) -> None:
        """Whatever is typed, however wide the window is: the row shows the line at the cursor."""
        typist = Typist(columns, prompt, hesitates=hesitates)
        for key in keys:
            if not typist.type(key):
                return
            typist.check(self)
        self.assertEqual(0, typist.screen.row)
        self.assertTrue(all(cell == " " for row in typist.screen.cells[1:] for cell in row))

    @given(
        st.lists(
            st.one_of(st.sampled_from(KEYS), st.integers(20, 90), st.none()),
            min_size=1,
            max_size=30,
        )
    )
    def test_resized_at_any_time(self, steps: list[str | int | None]) -> None:
        """Resizes and notices among the keys change nothing of that."""
        typist = Typist(40)
        for step in steps:
            if isinstance(step, str):
                if not typist.type(step):
                    return
            elif step is None:
                typist.editor.hide()
                typist.see()
                typist.screen.show("notice\r\n")
                typist.editor.show()
                typist.see()
            else:
                typist.screen.resize(step)
                typist.editor.resize(step)
                typist.see()
            typist.check(self)
