"""What a server's answers and listings say, as values. See RFC 3977, 6 to 8."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netsuite.nntp.commands import Status
from netsuite.wire.errors import RemoteProtocolError


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """What the server says of a group; ``high < low`` when it is empty (RFC 3977, 6.1.1)."""

    name: str
    count: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class ActiveGroup:
    """A line of LIST ACTIVE or NEWGROUPS: ``status`` is y, n or m (RFC 3977, 7.6.3)."""

    name: str
    high: int
    low: int
    status: str


@dataclass(frozen=True, slots=True)
class ArticleName:
    """Which article an answer is about; ``number`` is 0 for one asked for by Message-ID."""

    number: int
    message_id: str


@dataclass(frozen=True, slots=True)
class Overview:
    """A line of OVER: the fields of RFC 3977, 8.3 as sent, and those behind them by name."""

    number: int
    subject: str
    sender: str
    date: str
    message_id: str
    references: str
    octets: int | None
    lines: int | None
    others: Mapping[str, str]


def number_of(text: str) -> int:
    """Read a number. Raises RemoteProtocolError."""
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise RemoteProtocolError(f"no number: {text[:20]!r}", close=True)
    return int(text)


def group_of(status: Status, name: str) -> GroupStatus:
    """Read what 211 says. Raises RemoteProtocolError."""
    words = status.text.split()
    if len(words) < 3:
        raise RemoteProtocolError(f"no group: {status}", close=True)
    count, low, high = (number_of(word) for word in words[:3])
    return GroupStatus(words[3] if len(words) > 3 else name, count, low, high)


def active_of(line: str) -> ActiveGroup:
    """Read a line of a list of groups. Raises RemoteProtocolError."""
    words = line.split()
    if len(words) < 4:
        raise RemoteProtocolError(f"no line of a list of groups: {line[:60]!r}", close=True)
    return ActiveGroup(words[0], number_of(words[1]), number_of(words[2]), words[3])


def name_of(status: Status) -> ArticleName:
    """Read what 220 to 223 say. Raises RemoteProtocolError."""
    words = status.text.split()
    if len(words) < 2:
        raise RemoteProtocolError(f"no article: {status}", close=True)
    return ArticleName(number_of(words[0]), words[1])


def overview_of(line: str) -> Overview:
    """Read a line of OVER. Raises RemoteProtocolError."""
    fields = line.split("\t")
    fields += [""] * (8 - len(fields))
    others = {}
    for field in fields[8:]:
        name, colon, value = field.partition(": ")
        if colon:
            others[name.lower()] = value
    return Overview(
        number=number_of(fields[0]),
        subject=fields[1],
        sender=fields[2],
        date=fields[3],
        message_id=fields[4],
        references=fields[5],
        octets=number_of(fields[6]) if fields[6] else None,
        lines=number_of(fields[7]) if fields[7] else None,
        others=others,
    )
