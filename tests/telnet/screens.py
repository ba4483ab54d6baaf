"""A screen as a VT102 has it: so much of one as shows what an editor of lines does to it."""

from __future__ import annotations

import unicodedata

from netsuite.telnet.sanitize import width


class Screen:
    """Rows of cells, and a cursor that stays on them.

    Args:
        columns: how wide it is.
        rows: how high; it scrolls.
        hesitates: whether the cursor stays in the last column when that was written to, and goes
            to the next row with the next character; else it goes there at once.
    """

    def __init__(self, columns: int, rows: int = 6, *, hesitates: bool = True) -> None:
        self.columns = columns
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.bells = 0
        self._hesitates = hesitates
        self._beyond = False

    def show(self, text: str) -> None:
        """Show characters; one that is not known here is a mistake."""
        for character in text:
            if character == "\r":
                self.column, self._beyond = 0, False
            elif character == "\n":
                self._down()
            elif character == "\b":
                self.column, self._beyond = max(0, self.column - 1), False
            elif character == "\a":
                self.bells += 1
            elif not unicodedata.category(character).startswith("C"):
                self._put(character)
            else:
                raise AssertionError(f"sent to a terminal: {character!r}")

    def _put(self, character: str) -> None:
        columns = width(character)
        if not columns:
            return
        if self._beyond or self.column + columns > self.columns:
            self.column, self._beyond = 0, False
            self._down()
        row = self.cells[self.row]
        for at in range(self.column, self.column + columns):
            self._split(row, at)
        row[self.column : self.column + columns] = [character] + [""] * (columns - 1)
        self.column += columns
        if self.column == self.columns:
            self.column -= 1
            self._beyond = True
            if not self._hesitates:
                self.column, self._beyond = 0, False
                self._down()

    def _split(self, row: list[str], at: int) -> None:
        """Blank both halves of a wide character of which one is written over."""
        if not row[at]:
            row[at - 1] = row[at] = " "
        elif at + 1 < self.columns and not row[at + 1]:
            row[at] = row[at + 1] = " "

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.cells):
            self.row -= 1
            self.cells = [*self.cells[1:], [" "] * self.columns]

    def resize(self, columns: int) -> None:
        """Take another width: what is beyond it is cut off."""
        self.cells = [(row + [" "] * columns)[:columns] for row in self.cells]
        for row in self.cells:
            if width(row[-1]) > 1:
                row[-1] = " "
        self.columns = columns
        self.column = min(self.column, columns - 1)

    def text(self, row: int | None = None) -> str:
        """Return a row without the blanks at its end; by default the one with the cursor."""
        return "".join(self.cells[self.row if row is None else row]).rstrip(" ")
