"""Comparators and match types: strings against keys, in time linear in the strings.

See RFC 5228, 2.7; RFC 4790, 9; RFC 5231, 4.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

_ASCII_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_digits: Final = re.compile(r"[0-9]+")

#: By what strings are equal and ordered: for numbers, whether it is none, its length, its digits.
Key: TypeAlias = tuple[bool, int, str]

#: RFC 5231, 4.
RELATIONS: Final[Mapping[str, Callable[[Key, Key], bool]]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
    "eq": operator.eq,
    "ne": operator.ne,
}


def ascii_lower(text: str) -> str:
    """Return a text with A to Z made small, and nothing else changed."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


def _as_is(text: str) -> str:
    return text


def _octets(text: str) -> Key:
    return False, 0, text


def _casemap(text: str) -> Key:
    return False, 0, ascii_lower(text)


def _number(text: str) -> Key:
    """Return what orders numbers: what begins with no digit is above all, and all the same (RFC
    4790, 9.1.1). Of the same length, digits order as numbers do, however many."""
    match = _digits.match(text)
    digits = match.group().lstrip("0") if match else ""
    return match is None, len(digits), digits


@dataclass(frozen=True, slots=True)
class Comparator:
    """A way to compare strings.

    Args:
        key: makes of a string what is equal, and ordered.
        substrings: whether parts of strings can be looked for.
    """

    name: str
    key: Callable[[str], Key]
    fold: Callable[[str], str] = _as_is
    substrings: bool = True


COMPARATORS: Final[Mapping[str, Comparator]] = {
    each.name: each
    for each in (
        Comparator("i;octet", _octets),
        Comparator("i;ascii-casemap", _casemap, ascii_lower),
        Comparator("i;ascii-numeric", _number, substrings=False),
    )
}


@dataclass(frozen=True, slots=True)
class Match:
    """How a test compares.

    Args:
        kind: ``is``, ``contains``, ``matches``, ``value`` or ``count``.
        relation: of the last two.
    """

    kind: str
    comparator: Comparator
    relation: str = ""

    def holds(self, value: str, key: str) -> bool:
        """Return whether a value matches a key, by any kind but ``matches`` and ``count``."""
        comparator = self.comparator
        if self.kind == "contains":
            return comparator.fold(key) in comparator.fold(value)
        if self.kind == "value":
            return RELATIONS[self.relation](comparator.key(value), comparator.key(key))
        return comparator.key(value) == comparator.key(key)

    def counted(self, count: int, key: str) -> bool:
        """Return whether a number of values is what a key asks for (RFC 5231, 4.2)."""
        key_of = self.comparator.key
        return RELATIONS[self.relation](key_of(str(count)), key_of(key))

    def captured(self, value: str, key: str) -> Sequence[str] | None:
        """Return what the whole and each wildcard of a pattern stand for; None for no match."""
        fold = self.comparator.fold
        return glob(fold(key), fold(value), value)


@dataclass(frozen=True, slots=True)
class _Segment:
    """What stands between two stars of a pattern.

    Args:
        literal: the text, where there is no ``?`` in it.
        places: of each ``?``.
    """

    length: int
    literal: str | None
    pattern: re.Pattern[str]
    places: tuple[int, ...]

    def find(self, text: str, start: int, stop: int) -> int:
        """Return where it begins first; -1 for nowhere."""
        if self.literal is not None:
            return text.find(self.literal, start, stop)
        match = self.pattern.search(text, start, stop)
        return match.start() if match else -1


@lru_cache(maxsize=512)
def _segments(pattern: str) -> tuple[_Segment, ...]:
    """Return what a pattern has between its stars. ``\\`` takes the meaning from ``*``, ``?`` and
    itself (RFC 5228, 2.7.1)."""
    found: list[_Segment] = []
    characters: list[str] = []
    wild: list[int] = []

    def end() -> None:
        places = set(wild)
        source = "".join(
            "." if place in places else re.escape(each) for place, each in enumerate(characters)
        )
        literal = None if wild else "".join(characters)
        made = re.compile(source, re.DOTALL)
        found.append(_Segment(len(characters), literal, made, tuple(wild)))
        characters.clear()
        wild.clear()

    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\" and position + 1 < len(pattern):
            position += 1
            characters.append(pattern[position])
        elif character == "*":
            end()
        else:
            if character == "?":
                wild.append(len(characters))
            characters.append(character)
        position += 1
    end()
    return tuple(found)


def glob(pattern: str, text: str, original: str) -> Sequence[str] | None:
    """Match a pattern with ``*`` and ``?`` against a whole text.

    Each star takes as little as it can, from the left (RFC 5229, 3.2): so what stands between two
    stars is looked for once, from where the last was found, and nothing is ever tried again.

    Args:
        text: folded as *pattern* is.
        original: the same, as it was; what is captured is cut out of it.

    Returns:
        The original, then what each wildcard stands for; None for no match.
    """
    segments = _segments(pattern)
    first, last = segments[0], segments[-1]
    starts: list[int] = []
    if len(text) < sum(each.length for each in segments):
        return None
    if first.pattern.match(text) is None:
        return None
    starts.append(0)
    position = first.length
    if len(segments) == 1:
        if position != len(text):
            return None
    else:
        tail = len(text) - last.length
        for segment in segments[1:-1]:
            place = segment.find(text, position, tail)
            if place < 0:
                return None
            starts.append(place)
            position = place + segment.length
        if tail < position or last.pattern.match(text, tail) is None:
            return None
        starts.append(tail)
    captured = [original]
    for place, (segment, start) in enumerate(zip(segments, starts, strict=True)):
        captured.extend(original[start + each] for each in segment.places)
        if place + 1 < len(segments):
            captured.append(original[start + segment.length : starts[place + 1]])
    return captured
