"""Queries: what can be searched for in a folder, as a tree of values.

Text is matched as a substring, without regard to case, on decoded text (encoded words and
transfer encodings undone): ``From``, ``Subject`` ... on the field's body, ``Text`` on fields
and body. Dates are compared as dates, without time and zone (RFC 3501, 6.4.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class All:
    """Every message."""


@dataclass(frozen=True, slots=True)
class And:
    """All of these; every message when empty."""

    terms: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of these; no message when empty."""

    terms: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not this."""

    term: Query


@dataclass(frozen=True, slots=True)
class Uids:
    """Messages whose UID lies in one of the inclusive ranges."""

    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class HasFlag:
    """The flag or keyword is set, as the asking account sees it."""

    flag: str


@dataclass(frozen=True, slots=True)
class Larger:
    """More octets than."""

    octets: int


@dataclass(frozen=True, slots=True)
class Smaller:
    """Fewer octets than."""

    octets: int


@dataclass(frozen=True, slots=True)
class Received:
    """The internal date lies in ``since <= date < before``; None leaves that side open."""

    since: date | None = None
    before: date | None = None


@dataclass(frozen=True, slots=True)
class Dated:
    """The internal date is a moment in ``since <= moment <= until``, both in seconds since 1970;
    None leaves that side open."""

    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class HasGuid:
    """The content is that of the guid."""

    guid: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The Date field lies in ``since <= date < before``; None leaves that side open."""

    since: date | None = None
    before: date | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """The date it came into this folder (RFC 8514)."""

    since: date | None = None
    before: date | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A header field of that name has the text; empty text: the field is there."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Body:
    """The body has the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """Some header field or the body has the text."""

    text: str


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """The mod-sequence is at least this (RFC 7162, 3.1.5)."""

    modseq: int


Query: TypeAlias = (
    All
    | And
    | Or
    | Not
    | Uids
    | HasFlag
    | Larger
    | Smaller
    | Received
    | Dated
    | HasGuid
    | Sent
    | Saved
    | Field
    | Body
    | Text
    | ChangedSince
)
