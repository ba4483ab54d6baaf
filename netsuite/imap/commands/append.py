"""What APPEND and REPLACE say: messages, each whole or put together of parts.

See RFC 3501, 6.3.11; RFC 3502 (MULTIAPPEND); RFC 3516 (literal8); RFC 4469 (CATENATE); RFC 6855, 4
(UTF8); RFC 8508 (REPLACE).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from netsuite.imap.sequences import SequenceSet


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message begins; the pieces up to the next one are its octets.

    Args:
        catenated: whether its pieces stand in a list of CATENATE.
    """

    flags: frozenset[str] = frozenset()
    date: datetime | None = None
    catenated: bool = False


@dataclass(frozen=True, slots=True)
class MessageUrl:
    """Octets that are in a mailbox already, by their URL (RFC 5092)."""

    url: bytes


@dataclass(frozen=True, slots=True)
class MessageLiteral:
    """Octets that follow in ``BodyChunk`` events; always the last of a row of pieces.

    Args:
        octets: how many.
        synchronising: whether the client waits for leave to send them.
        literal8: whether they may hold NUL (RFC 3516, 4.4).
        utf8: whether they stand in ``UTF8 (...)``: the header may be in UTF-8.
    """

    octets: int
    synchronising: bool = True
    literal8: bool = False
    utf8: bool = False


Piece: TypeAlias = NewMessage | MessageUrl | MessageLiteral


@dataclass(frozen=True, slots=True)
class Append:
    """APPEND up to its first literal; what comes behind that comes as ``AppendMore`` events."""

    mailbox: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Replace:
    """REPLACE and UID REPLACE, likewise.

    Args:
        number: of the message that the new one replaces: a set with one number in it.
    """

    number: SequenceSet
    mailbox: str
    pieces: tuple[Piece, ...]
    by_uid: bool = False


def whole(
    octets: int, flags: frozenset[str] = frozenset(), date: datetime | None = None
) -> tuple[Piece, ...]:
    """Return the pieces of one message that is sent in one literal."""
    return NewMessage(flags, date), MessageLiteral(octets)
