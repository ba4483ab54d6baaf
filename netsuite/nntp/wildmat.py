"""Wildmats: which newsgroup names they are for. See RFC 3977, 4.

All patterns of a wildmat are run over a name at once, as a set of positions in one integer, a step
for each character: the time is the length of the name, whatever the stars and the commas (a wildmat
fits into a command line).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

# RFC 3977, 9.8:
#   wildmat         = wildmat-pattern *("," ["!"] wildmat-pattern)
#   wildmat-pattern = 1*wildmat-item ; wildmat-item = wildmat-exact / wildmat-wild
#   wildmat-exact   = %x22-29 / %x2B / %x2D-3E / %x40-5A / %x5E-7E / UTF8-non-ascii
#   wildmat-wild    = "*" / "?"
# By what is in neither: to compile a range up to U+10FFFF takes 4 milliseconds of every import.
_pattern: Final = r"[^\x00-!,\[-\]\x7f]+"
wildmat: Final = re.compile(rf"{_pattern}(?:,!?{_pattern})*")

Matches: TypeAlias = Callable[[str], bool]


class BadWildmat(ValueError):
    """It is no wildmat."""


class Patterns:
    """Patterns, the last one that matches deciding (RFC 3977, 4.2).

    Args:
        patterns: each as written, and whether the names it is for are wanted.
    """

    __slots__ = ("_any", "_begin", "_ends", "_loops", "_places", "_wanted")

    def __init__(self, patterns: Sequence[tuple[str, bool]]) -> None:
        self._begin = 0  # where each of them begins
        self._loops = 0  # where a star lets one stay
        self._any = 0  # where any character leads on
        self._places: dict[str, int] = {}  # where this character leads on
        self._ends = 0  # where one has matched; nothing leads on from there to the next one
        self._wanted = 0  # and those whose names are wanted
        position = 0
        for pattern, wanted in patterns:
            self._begin |= 1 << position
            for character in pattern:
                if character == "*":
                    self._loops |= 1 << position
                    continue
                if character == "?":
                    self._any |= 1 << position
                else:
                    self._places[character] = self._places.get(character, 0) | 1 << position
                position += 1
            self._ends |= 1 << position
            self._wanted |= wanted << position
            position += 1

    def __call__(self, name: str) -> bool:
        """Return whether a name is wanted."""
        reached, loops, anything, places = self._begin, self._loops, self._any, self._places
        for character in name:
            leads_on = reached & (places.get(character, 0) | anything)
            reached = leads_on << 1 | reached & loops
            if not reached:
                return False
        matched = reached & self._ends
        return bool(matched) and bool(self._wanted >> matched.bit_length() - 1 & 1)


def parse_wildmat(text: str) -> Matches:
    """Read a wildmat; give what tells whether a name matches.

    Raises:
        BadWildmat: it is none.
    """
    if not wildmat.fullmatch(text):
        raise BadWildmat(text)
    if "," not in text:  # the usual ones need no more than a comparison
        wild = text.count("*") + text.count("?")
        if not wild:
            return text.__eq__
        if text == "*":
            return lambda name: True
        if wild == 1 and text.endswith("*"):
            beginning = text[:-1]
            return lambda name: name.startswith(beginning)
    return Patterns(
        [(each.removeprefix("!"), not each.startswith("!")) for each in text.split(",")]
    )
