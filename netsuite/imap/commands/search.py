"""The keys of SEARCH, as a tree of values (RFC 3501, 6.4.4)."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from netsuite.imap.sequences import SequenceSet


class Comparison(enum.Enum):
    """How a date is compared."""

    BEFORE = "before"
    ON = "on"
    SINCE = "since"


@dataclass(frozen=True, slots=True)
class AllMessages:
    """ALL."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """ANSWERED, UNSEEN, KEYWORD x and their like: the flag is (not) set."""

    flag: str
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class IsRecent:
    """RECENT and OLD."""

    wanted: bool = True


@dataclass(frozen=True, slots=True)
class HeaderHas:
    """FROM, SUBJECT, HEADER ...: a field of that name has the text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class BodyHas:
    """BODY."""

    text: str


@dataclass(frozen=True, slots=True)
class TextHas:
    """TEXT: header or body."""

    text: str


@dataclass(frozen=True, slots=True)
class ReceivedOn:
    """BEFORE, ON, SINCE: the internal date."""

    comparison: Comparison
    day: date


@dataclass(frozen=True, slots=True)
class SentOn:
    """SENTBEFORE, SENTON, SENTSINCE: the Date field."""

    comparison: Comparison
    day: date


@dataclass(frozen=True, slots=True)
class SavedOn:
    """SAVEDBEFORE, SAVEDON, SAVEDSINCE: when it came into the mailbox (RFC 8514, 4.3)."""

    comparison: Comparison
    day: date


@dataclass(frozen=True, slots=True)
class SaveDateSupported:
    """SAVEDATESUPPORTED: every message of a mailbox that knows such dates (RFC 8514, 4.3)."""


@dataclass(frozen=True, slots=True)
class Aged:
    """OLDER and YOUNGER: the internal date lies so many seconds back (RFC 5032)."""

    seconds: int
    younger: bool


@dataclass(frozen=True, slots=True)
class HasObjectId:
    """EMAILID and THREADID (RFC 8474, 6)."""

    id: str
    thread: bool = False


@dataclass(frozen=True, slots=True)
class LargerThan:
    """LARGER."""

    octets: int


@dataclass(frozen=True, slots=True)
class SmallerThan:
    """SMALLER."""

    octets: int


@dataclass(frozen=True, slots=True)
class Numbered:
    """A sequence set, of message numbers or of UIDs; ``$`` among them (RFC 5182)."""

    numbers: SequenceSet
    by_uid: bool = False


@dataclass(frozen=True, slots=True)
class ModifiedSince:
    """MODSEQ (RFC 7162, 3.1.5)."""

    modseq: int


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """FUZZY: what nearly matches, too (RFC 6203)."""

    key: SearchKey


@dataclass(frozen=True, slots=True)
class Negated:
    """NOT."""

    key: SearchKey


@dataclass(frozen=True, slots=True)
class Either:
    """OR."""

    one: SearchKey
    other: SearchKey


@dataclass(frozen=True, slots=True)
class Every:
    """A list in parentheses, or the keys of the command itself."""

    keys: tuple[SearchKey, ...]


SearchKey: TypeAlias = (
    AllMessages
    | Flagged
    | IsRecent
    | HeaderHas
    | BodyHas
    | TextHas
    | ReceivedOn
    | SentOn
    | SavedOn
    | SaveDateSupported
    | Aged
    | HasObjectId
    | LargerThan
    | SmallerThan
    | Numbered
    | ModifiedSince
    | Fuzzy
    | Negated
    | Either
    | Every
)


#: A part of a result: the first and the last of it, counted from its end where both are negative.
Window: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Returns:
    """What RETURN asks for (RFC 4731, 3.1; RFC 5182; RFC 9394).

    Args:
        options: ``MIN``, ``MAX``, ``ALL``, ``COUNT``, ``SAVE``.
        window: of PARTIAL.
    """

    options: frozenset[str] = frozenset()
    window: Window | None = None


def walk(key: SearchKey) -> Iterator[SearchKey]:
    """Return a key and those in it."""
    yield key
    if isinstance(key, Negated | Fuzzy):
        yield from walk(key.key)
    elif isinstance(key, Either):
        yield from walk(key.one)
        yield from walk(key.other)
    elif isinstance(key, Every):
        for each in key.keys:
            yield from walk(each)
