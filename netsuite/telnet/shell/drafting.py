"""A text being written line by line: what a line that begins with a tilde does, as in mail(1).

Sans I/O: what is typed comes in as lines, what is to be done or said comes out as values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

#: Characters that a text written here may have.
TEXT_CHARACTERS: Final = 1024 * 1024
#: Digits of a line's number.
_LINES: Final = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")

HELP: Final = (
    ".            ends the text, and sends it",
    "~p           shows what is written, with the lines' numbers",
    "~e N         edits line N",
    "~d N, ~d N-M deletes lines",
    "~i N         puts what is typed next before line N",
    "~s SUBJECT   changes the subject",
    "~t ADDRESS   adds recipients (mail)",
    "~c ADDRESS   adds recipients of copies (mail)",
    "~h           asks for all of the header again",
    "~a FILE      attaches a file (mail)",
    "~r FILE      reads in a file",
    "~q           throws all of it away, as ^C does",
    "~~...        a line that begins with one ~",
    "~?           shows this",
)


@dataclass(frozen=True, slots=True)
class Done:
    """The text is written."""


@dataclass(frozen=True, slots=True)
class Abandon:
    """It is to be thrown away."""


@dataclass(frozen=True, slots=True)
class Show:
    """These lines are to be shown."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Edit:
    """A line is to be edited; ``Draft.replace`` takes what becomes of it."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Header:
    """Something of the header is to change.

    Args:
        what: ``subject``, ``to``, ``cc``, or ``all`` of it.
        value: what was said behind the tilde; empty: it is to be asked for.
    """

    what: str
    value: str


@dataclass(frozen=True, slots=True)
class Attach:
    """A file is to go with the text."""

    name: str


@dataclass(frozen=True, slots=True)
class ReadIn:
    """The lines of a file are to be put in."""

    name: str


Outcome: TypeAlias = Done | Abandon | Show | Edit | Header | Attach | ReadIn | None

_HEADERS: Final = {"s": "subject", "t": "to", "c": "cc", "h": "all"}


class TooLong(Exception):
    """The text has more characters than it may have."""


@dataclass(slots=True)
class Draft:
    """A text as far as it is written.

    Args:
        lines: what is there.
        place: before which line the next one goes; None for the end.
    """

    lines: list[str] = field(default_factory=list)
    place: int | None = None
    _characters: int = 0

    @property
    def text(self) -> str:
        """The text, each line ended."""
        return "".join(f"{line}\n" for line in self.lines)

    def put(self, line: str) -> None:
        """Put a line where lines go now. Raises TooLong."""
        if self._characters + len(line) + 1 > TEXT_CHARACTERS:
            raise TooLong
        self._characters += len(line) + 1
        if self.place is None:
            self.lines.append(line)
        else:
            self.lines.insert(self.place, line)
            self.place += 1

    def replace(self, number: int, line: str) -> None:
        """Put another line in the place of one, by its number from 1. Raises TooLong."""
        if self._characters + len(line) - len(self.lines[number - 1]) > TEXT_CHARACTERS:
            raise TooLong
        self._characters += len(line) - len(self.lines[number - 1])
        self.lines[number - 1] = line

    def take(self, line: str) -> Outcome:
        """Accept a typed line; return what there is to do because of it, if anything. Raises
        TooLong."""
        if line == ".":
            return Done()
        if not line.startswith("~"):
            self.put(line)
            return None
        if line.startswith("~~"):
            self.put(line[1:])
            return None
        return self._command(line[1:2], line[2:].strip())

    def _command(self, letter: str, rest: str) -> Outcome:
        if letter in ("q", "x") and not rest:
            return Abandon()
        if letter == "p" and not rest:
            return Show(self.numbered())
        if letter in _HEADERS:
            return Header(_HEADERS[letter], rest)
        if letter in ("a", "r") and rest:
            return Attach(rest) if letter == "a" else ReadIn(rest)
        if letter in ("e", "d", "i"):
            return self._lines_command(letter, rest)
        if letter == "?":
            return Show(HELP)
        return Show((f"There is no ~{letter or ' '} of that kind; ~? lists what there is.",))

    def _lines_command(self, letter: str, rest: str) -> Outcome:
        """Edit a line, delete some, or go to one."""
        if letter == "i" and not rest:
            self.place = None
            return Show(("What follows goes to the end.",))
        found = _LINES.fullmatch(rest)
        if found is None:
            return Show((f"Say which line: ~{letter} N; ~p shows their numbers.",))
        first, last = int(found[1]), int(found[2] or found[1])
        if not 1 <= first <= last <= len(self.lines):
            return Show((f"There are {len(self.lines)} lines; ~p shows their numbers.",))
        if letter == "e":
            return Edit(first, self.lines[first - 1])
        if letter == "i":
            self.place = first - 1
            return Show((f"What follows goes before line {first}; ~i alone: to the end.",))
        gone = self.lines[first - 1 : last]
        del self.lines[first - 1 : last]
        self._characters -= sum(len(each) + 1 for each in gone)
        if self.place is not None:
            self.place = min(self.place, len(self.lines))
        return Show((f"{last - first + 1} deleted; {len(self.lines)} are left.",))

    def numbered(self) -> Sequence[str]:
        """Return the lines with their numbers."""
        return [f"{number:>3} {line}" for number, line in enumerate(self.lines, 1)]
