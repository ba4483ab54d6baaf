"""A message as a mail file keeps it, and its octets on their way out of the file or into it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from netsuite.message.headers import find
from netsuite.wire.dates import parse_message_date

#: Contents pass in pieces of so many octets.
PIECE_OCTETS: Final = 256 * 1024
#: A line longer than this is cut: no pattern of ours needs to see its end.
LINE_OCTETS: Final = 64 * 1024
#: A header that is longer is read as far as this.
HEADER_OCTETS: Final = 1 << 20
#: The keyword that mail programs set on what was sent on (RFC 5788; registered with IANA).
FORWARDED: Final = "$Forwarded"

_bare_feed: Final = re.compile(rb"(?<!\r)\n")
# RFC 9051, 9: flag-keyword is an atom.
_keyword: Final = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]{1,255}")


class NoMailFile(ValueError):
    """It is no mail; the message says what lacks, or what it is instead."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message of a mail file.

    Args:
        pieces: gives its octets, with CRLF for every line end of the file. Raises OSError,
            NoMailFile.
        flags: what the file tells of them.
        received: when it came, as far as the file tells.
        place: where it is, to name it in a complaint.
    """

    pieces: Callable[[], Iterator[bytes]]
    flags: frozenset[str] = frozenset()
    received: datetime | None = None
    place: str = ""


class MailFile(Protocol):
    """The messages of one folder on disk, in their order."""

    #: Of what cannot be taken, a line each.
    complaints: list[str]

    def __len__(self) -> int:
        """Return how many there are."""

    def __iter__(self) -> Iterator[Kept]:
        """Give them."""


def is_keyword(text: str) -> bool:
    """Return whether a message can have this keyword."""
    return _keyword.fullmatch(text) is not None


def date_of(header: bytes) -> datetime | None:
    """Return when a message came, by the newest trace in its header, else by its Date."""
    received = find(header, b"Received")
    if received is not None:
        when = parse_message_date(received.rpartition(b";")[2])
        if when is not None:
            return when
    sent = find(header, b"Date")
    return None if sent is None else parse_message_date(sent)


class ToCRLF:
    """Makes CRLF of a file's line ends: LF, unless its first line ends with CRLF already.

    Args:
        crlf: whether it does; then of bare LF only.
    """

    def __init__(self, *, crlf: bool) -> None:
        self._crlf = crlf
        self._last = b""

    def feed(self, piece: bytes) -> bytes:
        """Return a piece so."""
        if not self._crlf:
            return piece.replace(b"\n", b"\r\n")
        if not piece:
            return piece
        start = 1 if self._last == b"\r" and piece[:1] == b"\n" else 0
        self._last = piece[-1:]
        return piece[:start] + _bare_feed.sub(b"\r\n", piece[start:])


class ToLF:
    """Makes LF of CRLF."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """Return a piece so; a CR at its end waits for the next one."""
        piece = self._held + piece
        self._held = b"\r" if piece.endswith(b"\r") else b""
        return piece.removesuffix(b"\r").replace(b"\r\n", b"\n")

    def end(self) -> bytes:
        """Return what waited."""
        return self._held


class LineBegins:
    """Replaces what a pattern finds at the begin of lines, wherever pieces are cut.

    Args:
        begin: begins with ``^``.
    """

    def __init__(self, begin: re.Pattern[bytes], replacement: bytes) -> None:
        self._begin = begin
        self._replacement = replacement
        self._held = b""
        self._is_begin = True  # whether the next octet begins a line

    def feed(self, piece: bytes) -> bytes:
        """Return whole lines; the rest waits for the next piece."""
        piece = self._held + piece
        end = piece.rfind(b"\n") + 1
        if len(piece) - end > LINE_OCTETS:
            end = len(piece)
        self._held = piece[end:]
        return self._replaced(piece[:end])

    def end(self) -> bytes:
        """Return what waited."""
        held, self._held = self._held, b""
        return self._replaced(held)

    def _replaced(self, lines: bytes) -> bytes:
        if not lines:
            return lines
        start = 0 if self._is_begin else lines.find(b"\n") + 1 or len(lines)
        self._is_begin = lines.endswith(b"\n")
        return lines[:start] + self._begin.sub(self._replacement, lines[start:])
