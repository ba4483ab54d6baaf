"""Wildmats: which newsgroup names a pattern is for. See RFC 3977, 4.

A pattern is run over a name as a set of positions in one integer, a step for each character: the
time is the length of the name, whatever the stars (a pattern fits into a command line).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

# RFC 3977, 9.8:
#   wildmat         = wildmat-pattern *("," ["!"] wildmat-pattern)
#   wildmat-pattern = 1*wildmat-item ; wildmat-item = wildmat-exact / wildmat-wild
#   wildmat-exact   = %x22-29 / %x2B / %x2D-3E / %x40-5A / %x5E-7E / UTF8-non-ascii
#   wildmat-wild    = "*" / "?"
_pattern: Final = r"[\"-+\--Z^-~\x80-\U0010ffff]+"
wildmat: Final = re.compile(rf"{_pattern}(?:,!?{_pattern})*")

Matches: TypeAlias = Callable[[str], bool]


class BadWildmat(ValueError):
    """It is no wildmat."""


class Pattern:
    """One pattern with stars or question marks in it."""

    __slots__ = ("_any", "_end", "_loops", "_places")

    def __init__(self, pattern: str) -> None:
        self._loops = 0  # where a star lets one stay
        self._any = 0  # where any character leads on
        self._places: dict[str, int] = {}  # where this character leads on
        position = 0
        for character in pattern:
            if character == "*":
                self._loops |= 1 << position
                continue
            if character == "?":
                self._any |= 1 << position
            else:
                self._places[character] = self._places.get(character, 0) | 1 << position
            position += 1
        self._end = 1 << position

    def __call__(self, name: str) -> bool:
        """Tell whether the whole name matches."""
        reached, loops, anything, places = 1, self._loops, self._any, self._places
        for character in name:
            leads_on = reached & (places.get(character, 0) | anything)
            reached = leads_on << 1 | reached & loops
            if not reached:
                return False
        return bool(reached & self._end)


def _compiled(pattern: str) -> Matches:
    wild = sum(pattern.count(character) for character in "*?")
    if not wild:
        return pattern.__eq__
    if pattern == "*":
        return lambda name: True
    if wild == 1 and pattern.endswith("*"):
        beginning = pattern[:-1]
        return lambda name: name.startswith(beginning)
    return Pattern(pattern)


def parse_wildmat(text: str) -> Matches:
    """Read a wildmat; give what tells whether a name matches.

    Raises:
        BadWildmat: it is none.
    """
    if not wildmat.fullmatch(text):
        raise BadWildmat(text)
    # The rightmost pattern that matches decides (RFC 3977, 4.2).
    patterns = [
        (_compiled(each.removeprefix("!")), not each.startswith("!"))
        for each in reversed(text.split(","))
    ]
    if len(patterns) == 1:
        return patterns[0][0]

    def matches(name: str) -> bool:
        for pattern, wanted in patterns:
            if pattern(name):
                return wanted
        return False

    return matches
