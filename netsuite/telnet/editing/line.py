"""The editing of a line as it is typed: what the keys do to it, what the terminal is to show.

The keys are those of every shell::

    BS, DEL          erase the character before the cursor     ^W     the word
    ^U               erase the line                            ^K     what is behind the cursor
    ^D               end of input on an empty line, else erase the character at the cursor
    ^C               interrupt                                 ^L     nothing
    left, right, ^B, ^F   move           home, end, ^A, ^E     to the line's ends
    up, down, ^P, ^N      lines typed before                   TAB    complete, where offered

Characters are decoded, and CR LF, CR NUL, CR and LF are all LF, before they come here.
"""

from __future__ import annotations

import enum
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from netsuite.telnet.editing.row import Row
from netsuite.telnet.sanitize import sanitized

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


@dataclass(frozen=True, slots=True)
class Complete:
    """The user wants the line completed at the cursor: TAB; the line is not ended.

    Args:
        before: what stands before the cursor.
        behind: what stands behind it.
    """

    before: str
    behind: str


#: What a line may come to; ``Complete`` does not end it.
Ended: TypeAlias = Line | Interrupt | EndOfFile | Complete


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
        "_before", "_behind", "_escape", "_history", "_limit", "_parameters", "_place", "_row",
        "_too_long", "_typed", "_visible", "completes",
    )  # fmt: skip

    def __init__(self, shown: Callable[[str], str] = sanitized) -> None:
        self._row = Row(shown)
        self._history: deque[str] = deque(maxlen=HISTORY_LINES)
        #: Whether TAB asks to have the line completed; else it is a space.
        self.completes = False
        self.begin()

    def begin(
        self,
        *,
        visible: bool = True,
        limit: int = LINE_CHARACTERS,
        prompt: str = "",
        text: str = "",
        columns: int = 0,
    ) -> None:
        """Begin a line; ``show`` shows it.

        Args:
            visible: whether what is typed is shown; else nothing of it ever is, nor kept.
            limit: how many characters it may have.
            prompt: what stands before it, as the terminal is to be sent it.
            text: what is in the line already.
            columns: how wide the window is; 0 for unknown.
        """
        self._visible = visible
        self._limit = limit
        self._before: list[str] = list(text[:limit])  # characters before the cursor
        self._behind: list[str] = []  # those behind it, the next one last
        self._too_long = False
        self._place = len(self._history)
        self._typed = ""  # what was there before the history was walked
        self._escape = _Escape.NONE
        self._parameters = ""
        self._row.begin(prompt, columns)

    @property
    def text(self) -> str:
        """The line as it stands."""
        return "".join(self._before) + "".join(reversed(self._behind))

    def output(self) -> str:
        """Return what the terminal is to show since this was last asked."""
        self._settle()
        return self._row.take()

    def type(self, characters: str, start: int) -> tuple[int, Ended | None]:
        """Accept what was typed, from *start* on, up to what ends the line, or asks something.

        Returns:
            How far that was, and what it came to; None where to nothing. It may be less than was
            typed: whoever shows what there is to show, and asks again, need not hold more than
            ``OUTPUT_CHARACTERS`` and what one key leads to.
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
            # A key on a long line is work even where nothing is sent for it yet.
            room -= self._row.weight(shown) + len(self._before) + len(self._behind)
            shown = self._row.written
        return start, None

    # -- beside what is typed ------------------------------------------------------------------

    def insert(self, text: str) -> None:
        """Put text in at the cursor."""
        self._insert("".join(_PLAIN.findall(text)))

    def bell(self) -> None:
        """Tell the user that a key did nothing."""
        self._row.write(BELL)

    def leave(self) -> None:
        """Go to the row below, so that something is shown there; ``show`` goes on behind it."""
        self._settle()
        self._row.write("\r\n")

    def hide(self) -> None:
        """Take the row away, so that something is shown in its place; ``show`` brings it back."""
        self._settle()
        self._row.clear()

    def show(self, prompt: str | None = None) -> None:
        """Show prompt and line, on a row of which nothing is used; the prompt may be another."""
        self._row.show(*self._shown_parts(), prompt=prompt)

    def resize(self, columns: int) -> None:
        """Go on in a window that is so wide now; 0 for unknown."""
        self._settle()
        self._row.resize(columns, *self._shown_parts())

    def _settle(self) -> None:
        self._row.settle(*self._shown_parts())

    def _shown_parts(self) -> tuple[list[str], list[str]]:
        return (self._before, self._behind) if self._visible else ([], [])

    # -- keys ----------------------------------------------------------------------------------

    def _key(self, key: str) -> Ended | None:
        if self._escape is not _Escape.NONE and key not in "\n" + INTERRUPT:
            self._in_escape(key)
            return None
        if key == "\n":
            return self._end()
        if key == INTERRUPT:
            self._settle()
            self._row.write("^C\r\n" if self._visible else "\r\n")
            return Interrupt()
        if key == END_OF_FILE and not (self._before or self._behind):
            self._row.write("\r\n")
            return EndOfFile()
        if key == "\x1b":
            self._escape = _Escape.ESCAPE
            return None
        action = _KEYS.get(key)
        if action is not None:
            action(self)
        elif key == "\t" and self.completes and self._visible:
            return Complete("".join(self._before), "".join(reversed(self._behind)))
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
        self.leave()  # of a line that is not shown the end is
        return line

    # -- changing ------------------------------------------------------------------------------

    def _change(self, gone: int, text: str, gone_behind: int = 0) -> None:
        """Put text in place of so many characters before the cursor, and behind it."""
        before, behind = len(self._before) - gone, len(self._behind) - gone_behind
        left, right = "".join(self._before[before:]), "".join(self._behind[behind:])
        self._before[before:] = text
        del self._behind[behind:]
        if self._visible:
            self._row.change(left, text, right, self._behind)

    def _insert(self, text: str) -> None:
        room = self._limit - len(self._before) - len(self._behind)
        if len(text) > room:
            if not self._too_long:
                self.bell()
            self._too_long = True
            text = text[: max(0, room)]
        if text:
            self._change(0, text)

    def _erase(self, before: int, behind: int = 0) -> None:
        if before or behind:
            self._change(before, "", behind)
            self._too_long = False

    def _erase_before(self) -> None:
        self._erase(min(1, len(self._before)))

    def _erase_at(self) -> None:
        self._erase(0, min(1, len(self._behind)))

    def _erase_word(self) -> None:
        words = "".join(self._before).rstrip(" ")
        self._erase(len(self._before) - words.rfind(" ") - 1)

    def _erase_line(self) -> None:
        self._erase(len(self._before), len(self._behind))

    def _erase_behind(self) -> None:
        self._erase(0, len(self._behind))

    # -- moving --------------------------------------------------------------------------------

    def _back(self, characters: int) -> None:
        at = len(self._before) - characters
        passed = self._before[at:]
        del self._before[at:]
        self._behind += reversed(passed)
        if self._visible:
            self._row.move("".join(passed), back=True)

    def _forth(self, characters: int) -> None:
        at = len(self._behind) - characters
        passed = self._behind[at:][::-1]
        del self._behind[at:]
        self._before += passed
        if self._visible:
            self._row.move("".join(passed), back=False)

    def _left(self) -> None:
        self._back(min(1, len(self._before)))

    def _right(self) -> None:
        self._forth(min(1, len(self._behind)))

    def _start_of_line(self) -> None:
        self._back(len(self._before))

    def _end_of_line(self) -> None:
        self._forth(len(self._behind))

    def _older(self) -> None:
        self._walk(self._place - 1)

    def _newer(self) -> None:
        self._walk(self._place + 1)

    def _walk(self, place: int) -> None:
        if not self._visible or not 0 <= place <= len(self._history):
            self.bell()
            return
        if self._place == len(self._history):
            self._typed = self.text
        self._place = place
        text = self._typed if place == len(self._history) else self._history[place]
        self._change(len(self._before), text[: self._limit], len(self._behind))
        self._too_long = False


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
