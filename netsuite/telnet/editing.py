"""The editing of a line as it is typed: what the keys do to it, what the terminal is to show.

The keys are those of every shell::

    BS, DEL          erase the character before the cursor     ^W     the word
    ^U               erase the line                            ^K     what is behind the cursor
    ^D               end of input on an empty line, else erase the character at the cursor
    ^C               interrupt                                 ^L     nothing
    left, right, ^B, ^F   move           home, end, ^A, ^E     to the line's ends
    up, down, ^P, ^N      lines typed before

Characters are decoded, and CR LF, CR NUL, CR and LF are all LF, before they come here.
"""

from __future__ import annotations

import enum
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from netsuite.telnet.sanitize import sanitized, width

#: Characters of one line.
LINE_CHARACTERS: Final = 4096
#: Lines kept to be had again.
HISTORY_LINES: Final = 50
#: After so much that is to be shown, nothing more is typed before it is: one key in front of a
#: long line shows all of it anew.
OUTPUT_CHARACTERS: Final = 16_384

BELL: Final = "\a"
INTERRUPT: Final = "\x03"
END_OF_FILE: Final = "\x04"
ERASE_CHARACTER: Final = "\x7f"
ERASE_LINE: Final = "\x15"

#: What neither edits nor is a control character.
_PLAIN: Final = re.compile("[^\x00-\x1f\x7f-\x9f]+")
#: ECMA-48, 5.4: parameters and intermediates, then one final character.
_CONTROL_SEQUENCE_CHARACTERS: Final = 32


@dataclass(frozen=True, slots=True)
class Line:
    """A line was ended. ``whole`` is False where more was typed than it may hold."""

    text: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The user wants no more of what is under way: ^C, or IP, BRK or ABORT."""


@dataclass(frozen=True, slots=True)
class EndOfFile:
    """Nothing more will be typed: ^D on an empty line, or EOF."""


Ended: TypeAlias = Line | Interrupt | EndOfFile


class _Escape(enum.Enum):
    """The part of an escape sequence that is there."""

    NONE = enum.auto()
    ESCAPE = enum.auto()
    SEQUENCE = enum.auto()
    SINGLE = enum.auto()


class LineEditor:
    """A line being typed.

    Args:
        shown: makes text into what the terminal is sent for it, of which the width counts: a
            character that cannot be sent is shown otherwise.
    """

    __slots__ = (
        "_before", "_behind", "_escape", "_history", "_limit", "_out", "_parameters", "_place",
        "_shown", "_too_long", "_typed", "_visible",
    )  # fmt: skip

    def __init__(self, shown: Callable[[str], str] = sanitized) -> None:
        self._shown = shown
        self._history: deque[str] = deque(maxlen=HISTORY_LINES)
        self._out: list[str] = []
        self.begin()

    def begin(self, *, visible: bool = True, limit: int = LINE_CHARACTERS) -> None:
        """Begin a line.

        Args:
            visible: whether what is typed is shown; else nothing of it ever is, nor kept.
            limit: how many characters it may have.
        """
        self._visible = visible
        self._limit = limit
        self._before: list[str] = []  # characters before the cursor
        self._behind: list[str] = []  # those behind it, the next one last
        self._too_long = False
        self._place = len(self._history)
        self._typed = ""  # what was there before the history was walked
        self._escape = _Escape.NONE
        self._parameters = ""

    @property
    def text(self) -> str:
        """The line as it stands."""
        return "".join(self._before) + "".join(reversed(self._behind))

    def output(self) -> str:
        """Return what the terminal is to show since this was last asked."""
        shown = "".join(self._out)
        self._out.clear()
        return shown

    def type(self, characters: str, start: int) -> tuple[int, Ended | None]:
        """Accept what was typed, from *start* on, up to what ends the line.

        Returns:
            How far that was, and what ended the line; None where nothing did. It may be less
            than was typed: whoever shows what there is to show, and asks again, need not hold
            more than ``OUTPUT_CHARACTERS`` and what one key leads to.
        """
        shown = 0  # of the pieces, so many are counted
        room = OUTPUT_CHARACTERS
        while start < len(characters) and room > 0:
            if self._escape is _Escape.NONE:
                plain = _PLAIN.match(characters, start)
                if plain is not None:
                    self._insert(plain[0])
                    start = plain.end()
                    continue
            ended = self._key(characters[start])
            start += 1
            if ended is not None:
                return start, ended
            room -= sum(map(len, self._out[shown:]))
            shown = len(self._out)
        return start, None

    # -- keys ----------------------------------------------------------------------------------

    def _key(self, key: str) -> Ended | None:
        if self._escape is not _Escape.NONE and key not in "\n" + INTERRUPT:
            self._in_escape(key)
            return None
        if key == "\n":
            return self._end()
        if key == INTERRUPT:
            self._show("^C")
            self._out.append("\r\n")
            return Interrupt()
        if key == END_OF_FILE and not (self._before or self._behind):
            self._out.append("\r\n")
            return EndOfFile()
        if key == "\x1b":
            self._escape = _Escape.ESCAPE
            return None
        action = _KEYS.get(key)
        if action is not None:
            action(self)
        elif key == "\t":
            self._insert(" ")
        return None

    def _in_escape(self, key: str) -> None:
        """Go on with an escape sequence; one that is not known does nothing (ECMA-48, 5.4)."""
        if self._escape is _Escape.ESCAPE:
            self._parameters = ""
            self._escape = {"[": _Escape.SEQUENCE, "O": _Escape.SINGLE}.get(key, _Escape.NONE)
            return
        if self._escape is _Escape.SEQUENCE and not "@" <= key <= "~":
            self._parameters += key
            if len(self._parameters) > _CONTROL_SEQUENCE_CHARACTERS:
                self._escape = _Escape.NONE
            return
        self._escape = _Escape.NONE
        action = _SEQUENCES.get(self._parameters + key)
        if action is not None:
            action(self)

    def _end(self) -> Line:
        line = Line(self.text, not self._too_long)
        kept = self._visible and line.whole and line.text.strip()
        if kept and line.text not in list(self._history)[-1:]:
            self._history.append(line.text)
        self._out.append("\r\n")  # of a line that is not shown the end is
        return line

    # -- changing ------------------------------------------------------------------------------

    def _insert(self, text: str) -> None:
        room = self._limit - len(self._before) - len(self._behind)
        if len(text) > room:
            if not self._too_long:
                self._out.append(BELL)
            self._too_long = True
            text = text[: max(0, room)]
        self._before += text
        if self._visible and text:
            self._show(self._shown(text))
            self._show_behind()

    def _erase_before(self) -> None:
        if self._before:
            gone = width(self._shown(self._before.pop()))
            self._back(gone)
            self._show_behind(gone)
            self._too_long = False

    def _erase_at(self) -> None:
        if self._behind:
            self._show_behind(width(self._shown(self._behind.pop())))
            self._too_long = False

    def _erase_word(self) -> None:
        gone = ""
        while self._before and (self._before[-1] == " ") and not gone.strip():
            gone += self._before.pop()
        while self._before and self._before[-1] != " ":
            gone += self._before.pop()
        columns = width(self._shown(gone))
        self._back(columns)
        self._show_behind(columns)

    def _erase_line(self) -> None:
        self._replace("")

    def _erase_behind(self) -> None:
        columns = self._columns_behind()
        self._behind.clear()
        self._show(" " * columns)
        self._back(columns)

    def _replace(self, text: str) -> None:
        self._end_of_line()
        columns = width(self._shown("".join(self._before)))
        self._before = list(text[: self._limit])
        self._too_long = False
        self._back(columns)
        new = self._shown("".join(self._before))
        self._show(new)
        left = max(0, columns - width(new))
        self._show(" " * left)
        self._back(left)

    # -- moving --------------------------------------------------------------------------------

    def _left(self) -> None:
        if self._before:
            self._behind.append(self._before.pop())
            self._back(width(self._shown(self._behind[-1])))

    def _right(self) -> None:
        if self._behind:
            self._before.append(self._behind.pop())
            self._show(self._shown(self._before[-1]))

    def _start_of_line(self) -> None:
        self._back(width(self._shown("".join(self._before))))
        self._behind += reversed(self._before)
        self._before.clear()

    def _end_of_line(self) -> None:
        behind = "".join(reversed(self._behind))
        self._show(self._shown(behind))
        self._before += behind
        self._behind.clear()

    def _older(self) -> None:
        self._walk(self._place - 1)

    def _newer(self) -> None:
        self._walk(self._place + 1)

    def _walk(self, place: int) -> None:
        if not self._visible or not 0 <= place <= len(self._history):
            self._out.append(BELL)
            return
        if self._place == len(self._history):
            self._typed = self.text
        self._place = place
        self._replace(self._typed if place == len(self._history) else self._history[place])

    # -- showing -------------------------------------------------------------------------------

    def _show(self, text: str) -> None:
        if self._visible and text:
            self._out.append(text)

    def _back(self, columns: int) -> None:
        self._show("\b" * columns)

    def _columns_behind(self) -> int:
        return width(self._shown("".join(self._behind))) if self._behind else 0

    def _show_behind(self, gone: int = 0) -> None:
        """Show anew what is behind the cursor, and so many columns empty behind that."""
        if self._visible and (self._behind or gone):
            self._show(self._shown("".join(reversed(self._behind))) + " " * gone)
            self._back(self._columns_behind() + gone)


_Action: TypeAlias = Callable[[LineEditor], None]

_KEYS: Final[Mapping[str, _Action]] = {
    "\b": LineEditor._erase_before,
    ERASE_CHARACTER: LineEditor._erase_before,
    END_OF_FILE: LineEditor._erase_at,
    "\x17": LineEditor._erase_word,
    ERASE_LINE: LineEditor._erase_line,
    "\x0b": LineEditor._erase_behind,
    "\x02": LineEditor._left,
    "\x06": LineEditor._right,
    "\x01": LineEditor._start_of_line,
    "\x05": LineEditor._end_of_line,
    "\x10": LineEditor._older,
    "\x0e": LineEditor._newer,
}
#: What follows ESC [ or ESC O.
_SEQUENCES: Final[Mapping[str, _Action]] = {
    "A": LineEditor._older,
    "B": LineEditor._newer,
    "C": LineEditor._right,
    "D": LineEditor._left,
    "H": LineEditor._start_of_line,
    "F": LineEditor._end_of_line,
    "1~": LineEditor._start_of_line,
    "7~": LineEditor._start_of_line,
    "4~": LineEditor._end_of_line,
    "8~": LineEditor._end_of_line,
    "3~": LineEditor._erase_at,
}
