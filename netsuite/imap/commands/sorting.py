"""SORT and THREAD, and what is answered (RFC 5256; RFC 5957; RFC 5267, 3)."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from netsuite.imap.commands.search import Returns, SearchKey


class Criterion(enum.Enum):
    """What is sorted by; the value as it is written."""

    ARRIVAL = "ARRIVAL"
    CC = "CC"
    DATE = "DATE"
    DISPLAYFROM = "DISPLAYFROM"
    DISPLAYTO = "DISPLAYTO"
    FROM = "FROM"
    SIZE = "SIZE"
    SUBJECT = "SUBJECT"
    TO = "TO"


class Algorithm(enum.Enum):
    """How messages become threads; the value as it is written."""

    ORDERED_SUBJECT = "ORDEREDSUBJECT"
    REFERENCES = "REFERENCES"


@dataclass(frozen=True, slots=True)
class Sort:
    """SORT and UID SORT.

    Args:
        criteria: each with whether it is reversed; the first weighs most.
        returns: of ESORT; None for a SORT response.
    """

    criteria: tuple[tuple[Criterion, bool], ...]
    key: SearchKey
    charset: str = "UTF-8"
    by_uid: bool = False
    returns: Returns | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """THREAD and UID THREAD."""

    algorithm: Algorithm
    key: SearchKey
    charset: str = "UTF-8"
    by_uid: bool = False


@dataclass(frozen=True, slots=True)
class SortData:
    """SORT: numbers or UIDs in their order, and the highest mod-sequence where asked for."""

    numbers: Sequence[int]
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class ThreadData:
    """THREAD, as rows: each message behind the one that it answers. A thread can be as deep as it
    has messages, which values in values could not be.

    Args:
        rows: how deep (0 begins a thread) and its number or UID; 0 for one that is not there, which
            has several answers and is answer to none.
    """

    rows: tuple[tuple[int, int], ...]
