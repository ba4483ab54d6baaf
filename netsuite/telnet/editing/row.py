"""The row of a terminal on which a line is typed: what it shows, and what is sent to change that.

A line that fits is changed where it changes. One that does not is scrolled sideways, its prompt
with it: ``<`` and ``>`` stand where more of it is. The last column is never written to, since
terminals differ in where the cursor then is; nothing but CR, BS, spaces and text is sent, which
every terminal knows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final

from netsuite.telnet.sanitize import width

#: Where the width of the window is not known, a longer line may well have been broken.
SURE_COLUMNS: Final = 79

_MORE_BEFORE: Final = "<"
_MORE_BEHIND: Final = ">"


class Row:
    """A prompt and a line, in one row as wide as the window.

    Args:
        shown: makes text into what the terminal is sent for it.
    """

    __slots__ = (
        "_cells", "_column", "_cursor", "_length", "_offset", "_out", "_prompt", "_room", "_shown",
        "dirty",
    )  # fmt: skip

    def __init__(self, shown: Callable[[str], str]) -> None:
        self._shown = shown
        self._out: list[str] = []
        self.begin("", 0)

    def begin(self, prompt: str, columns: int) -> None:
        """Begin a row of which nothing is shown yet.

        Args:
            prompt: as the terminal is to be sent it.
            columns: how wide the window is; 0 for unknown.
        """
        self._prompt = prompt
        self._room = columns - 1 if columns else 0
        self._length = self._cursor = width(prompt)  # in columns, as if nothing scrolled
        self._offset = 0
        self._cells: list[str] | None = None  # of a line that is scrolled, what is shown of it
        self._column = 0  # where the cursor then is
        #: Whether what is shown is not yet what it should be.
        self.dirty = False

    def take(self) -> str:
        """Return what is to be sent since this was last asked."""
        out = "".join(self._out)
        self._out.clear()
        return out

    def write(self, text: str) -> None:
        """Send something beside the line."""
        self._out.append(text)

    @property
    def written(self) -> int:
        """How many pieces wait to be taken."""
        return len(self._out)

    def weight(self, first: int) -> int:
        """Return how many characters the pieces have that wait, from one of them on."""
        return sum(map(len, self._out[first:]))

    # -- changes -------------------------------------------------------------------------------

    def change(self, gone: str, text: str, gone_behind: str, behind: Sequence[str]) -> None:
        """Show other characters at the cursor.

        Args:
            gone: those before the cursor that are no more.
            text: those that are there instead.
            gone_behind: those behind the cursor that are no more.
            behind: those that are still behind it, the next one last.
        """
        shown = self._shown(text)
        back = width(self._shown(gone))
        new = width(shown)
        less = max(0, back + width(self._shown(gone_behind)) - new)
        self._length += new - back - width(self._shown(gone_behind))
        self._cursor += new - back
        if self._scrolls():
            return
        out = "\b" * back + shown
        if new != back or gone_behind:
            after = self._shown("".join(reversed(behind))) if behind else ""
            out += after + " " * less + "\b" * (width(after) + less)
        if out:
            self._out.append(out)

    def move(self, passed: str, *, back: bool) -> None:
        """Move the cursor over characters."""
        if not passed:
            return
        shown = self._shown(passed)
        columns = width(shown)
        self._cursor += -columns if back else columns
        if not self._scrolls():
            self._out.append("\b" * columns if back else shown)

    def _scrolls(self) -> bool:
        """Return whether the line is scrolled, and so is to be painted; or was until now."""
        if self.dirty or self._cells is not None or (self._room and self._length > self._room):
            self.dirty = True
        return self.dirty

    # -- the whole row -------------------------------------------------------------------------

    def show(self, before: Sequence[str], behind: Sequence[str], prompt: str | None = None) -> None:
        """Show all of it, on a row of which nothing is used.

        Args:
            before: characters before the cursor.
            behind: those behind it, the next one last.
            prompt: another one; None for the one there was.
        """
        self._prompt = self._prompt if prompt is None else prompt
        texts = self._shown("".join(before)), self._shown("".join(reversed(behind)))
        start = width(self._prompt)
        self._cursor = start + width(texts[0])
        self._length = self._cursor + width(texts[1])
        self._offset = self._column = 0
        self._cells = None
        self.dirty = False
        if self._room and self._length > self._room:
            self._cells = [" "] * self._room
            self._paint(before, behind)
        else:
            self._out.append(self._prompt + "".join(texts) + "\b" * width(texts[1]))

    def settle(self, before: Sequence[str], behind: Sequence[str]) -> None:
        """Have the row show what it should, where it does not."""
        if not self.dirty:
            return
        self.dirty = False
        if self._cells is None:  # it has outgrown the row: what is there is written over
            self._out.append("\r")
            self._cells = [""] * self._room
            self._column = 0
        self._paint(before, behind)

    def clear(self) -> None:
        """Take all of it away; the cursor is in the first column then."""
        shown = self._room if self._cells is not None else self._length
        if not self._room and shown > SURE_COLUMNS:
            self._out.append("\r\n")
        elif shown:
            self._out.append("\r" + " " * shown + "\r")

    def resize(self, columns: int, before: Sequence[str], behind: Sequence[str]) -> None:
        """Go on in a window that is so wide now; 0 for unknown."""
        room = columns - 1 if columns else 0
        shown = self._room if self._cells is not None else self._length
        if room == self._room or (self._cells is None and (not room or shown <= room)):
            self._room = room
            return
        if room and shown > room:  # the terminal has cut what was shown, or broken it
            self._out.append("\r\n")
        else:
            self.clear()
        self._room = room
        self.show(before, behind)

    # -- painting what is scrolled -------------------------------------------------------------

    def _paint(self, before: Sequence[str], behind: Sequence[str]) -> None:
        """Send what makes the cells that are shown those that should be."""
        old = self._cells or []
        self._scroll()
        new = self._visible(before, behind)
        different = [at for at, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
        if different:
            first, last = different[0], different[-1]
            while first and "" in (old[first], new[first]):
                first -= 1
            while last + 1 < self._room and "" in (old[last + 1], new[last + 1]):
                last += 1
            self._go(first, new)
            self._out.append("".join(new[first : last + 1]))
            self._column = last + 1
        self._go(self._cursor - self._offset, new)
        self._cells = new if self._length > self._room else None

    def _go(self, column: int, cells: Sequence[str]) -> None:
        """Move to a column; what is passed over is what is shown there already."""
        steps = self._column - column
        if 0 < steps <= column + 1:
            self._out.append("\b" * steps)
        elif steps > 0:
            self._out.append("\r" + "".join(cells[:column]))
        elif steps < 0:
            self._out.append("".join(cells[self._column : column]))
        self._column = column

    def _scroll(self) -> None:
        """Choose the first column of the line that is shown: the same one as long as that shows
        the cursor and what is beside it."""
        if self._length <= self._room:
            self._offset = 0
            return
        first = self._offset + 2 if self._offset else 0
        last = self._offset + self._room - (3 if self._cursor < self._length else 1)
        if not first <= self._cursor <= last:
            self._offset = max(0, self._cursor - self._room // 2)

    def _visible(self, before: Sequence[str], behind: Sequence[str]) -> list[str]:
        """Return the cells to be shown; the right half of a wide character is an empty one."""
        cells = [" "] * self._room
        column = self._cursor - self._offset
        marks = ""
        for character in chain(reversed(before), reversed(self._prompt)):
            marks = self._shown(character) + marks
            if columns := width(marks):
                column -= columns
                _put(cells, column, marks)
                marks = ""
            if column <= 0:
                break
        column = self._cursor - self._offset
        for character in reversed(behind):
            column = _put(cells, column, self._shown(character))
            if column >= self._room:
                break
        if self._offset:
            _mark(cells, 0, _MORE_BEFORE)
        if self._offset + self._room < self._length:
            _mark(cells, self._room - 1, _MORE_BEHIND)
        return cells


def _put(cells: list[str], at: int, shown: str) -> int:
    """Put what is shown of a character into cells, as far as they go; return the column behind."""
    for each in shown:
        columns = width(each)
        if not columns and 0 < at <= len(cells):  # it marks the character before it
            cells[at - 1 if cells[at - 1] or at < 2 else at - 2] += each
        elif at >= 0 and at + columns <= len(cells):
            cells[at] = each
            cells[at + 1 : at + columns] = [""] * (columns - 1)
        at += columns
    return at


def _mark(cells: list[str], at: int, mark: str) -> None:
    """Put a mark into a cell; half of a wide character is not left."""
    if not cells[at]:
        cells[at - 1] = " "
    if at + 1 < len(cells) and not cells[at + 1]:
        cells[at + 1] = " "
    cells[at] = mark
