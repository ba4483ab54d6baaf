"""mbox files, read and written, of the kinds called mboxo, mboxrd, mboxcl and mboxcl2.

RFC 4155 describes their like. A message begins with a ``From`` line, at the file's begin or behind
an empty line. What a program has noted of a message stands in fields of its header.
"""

from __future__ import annotations

import os
import re
import time
from array import array
from collections.abc import AsyncIterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from netsuite.cli.mailfiles.kept import (
    FORWARDED,
    HEADER_OCTETS,
    PIECE_OCTETS,
    Kept,
    LineBegins,
    NoMailFile,
    ToCRLF,
    ToLF,
    date_of,
    is_keyword,
)
from netsuite.message.headers import fields, header_end, strip
from netsuite.store.model import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN, SYSTEM_FLAGS, Message

#: Letters of the Status and X-Status fields.
STATUS_LETTERS: Final = {"R": SEEN, "A": ANSWERED, "F": FLAGGED, "D": DELETED, "T": DRAFT}
#: Fields of the file, not of the message: those of UW's programs, Dovecot and mutt; Thunderbird's.
_NOTED: Final = (
    b"Status", b"X-Status", b"X-Keywords", b"X-UID", b"X-IMAP", b"X-IMAPbase",
    b"X-Mozilla-Status", b"X-Mozilla-Status2", b"X-Mozilla-Keys",
)  # fmt: skip
_LENGTH: Final = b"content-length"
#: Bits of X-Mozilla-Status; one that is expunged waits for its file to be compacted.
_MOZILLA: Final = {0x1: SEEN, 0x2: ANSWERED, 0x4: FLAGGED, 0x1000: FORWARDED}
_MOZILLA_EXPUNGED: Final = 0x8

# RFC 4155, A: "From " addr-spec SP asctime; many write a zone before or behind the year. A line of
# text that begins with "From " has no day of the week, time and year in it. Thunderbird may leave
# out all of it.
from_line: Final = re.compile(
    rb"From (?:(?:.*[ ,])?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[ ,].*[0-9]{1,2}:[0-9]{2}.* [0-9]{4}\b"
    rb"|(?:- ?)?(?=\r?\n))"
)
_quoted: Final = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_quoted_once: Final = re.compile(rb"^>(?=From )", re.MULTILINE)
_QUOTED: Final = {"mboxrd": _quoted, "mboxo": _quoted_once, "none": re.compile(rb"(?!)")}
_to_quote: Final = re.compile(rb"^(?=>*From )", re.MULTILINE)
_sender: Final = re.compile(rb"Return-Path:[ \t]*<([!-~]+)>", re.IGNORECASE)
_ASCTIME: Final = ("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y %z")
_EMPTY: Final = (b"\n", b"\r\n")


class Mbox:
    """An mbox file.

    Args:
        quoting: which lines have lost a ``>`` when they are read: ``mboxrd``, those that began
            with any number of them before ``From``; ``mboxo``, those with one; ``none``. None
            for none where lengths cut the file and lines are not quoted, and mboxrd else.

    Raises:
        NoMailFile: there is something, and it does not begin with such a line.
    """

    def __init__(self, path: Path, quoting: str | None = None) -> None:
        self.complaints: list[str] = []
        self._path = path
        with path.open("rb") as file:
            cut = _cut_by_lengths(file)
            self._has_lengths = cut is not None
            self._starts, self._ends = cut or _cut_by_lines(file, path)
            if quoting is None and cut is not None and _has_bare_from(file, *cut):
                quoting = "none"
        self._quoted = _QUOTED[quoting or "mboxrd"]

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[Kept]:
        with self._path.open("rb") as file:
            for number, (start, end) in enumerate(zip(self._starts, self._ends, strict=True)):
                file.seek(start)
                first = file.readline(PIECE_OCTETS)
                start += len(first)
                header = file.read(min(HEADER_OCTETS, end - start))
                size = min(header_end(header), len(header))
                kept = self._read(first, header[:size], start + size, end, number)
                if kept is not None:
                    yield kept

    def _read(self, first: bytes, header: bytes, start: int, end: int, number: int) -> Kept | None:
        """Return a message; None for one that is none: a program's note, or one thrown away."""
        noted: dict[bytes, list[bytes]] = {}
        for each in fields(header):
            noted.setdefault(each.name.lower(), []).append(each.value)
        place = f"message {number + 1} of {self._path}"
        if number == 0 and b"x-imap" in noted:  # of UW's: "DON'T DELETE THIS MESSAGE"
            return None
        flags, bad = _flags_of(noted)
        if flags is None:
            return None
        self.complaints += [f"{place}: {each!r} is no keyword" for each in bad]
        crlf = first.endswith(b"\r\n")
        stripped = strip(header, (*_NOTED, _LENGTH) if self._has_lengths else _NOTED)

        def pieces() -> Iterator[bytes]:
            begins, to_crlf = LineBegins(self._quoted, b""), ToCRLF(crlf=crlf)
            yield to_crlf.feed(begins.feed(stripped))
            left = end - start
            with self._path.open("rb") as file:
                file.seek(start)
                while left > 0 and (piece := file.read(min(PIECE_OCTETS, left))):
                    left -= len(piece)
                    yield to_crlf.feed(begins.feed(piece))
            yield to_crlf.feed(begins.end())

        received = _date_of(first.decode("ascii", "replace")) or date_of(header)
        return Kept(pieces, flags, received, place)


def _flags_of(noted: dict[bytes, list[bytes]]) -> tuple[frozenset[str] | None, list[str]]:
    """Return the flags that a header's fields tell of, None for a message that was thrown away;
    and keywords that cannot be any."""

    def words(*names: bytes) -> list[str]:
        found = b" ".join(value for name in names for value in noted.get(name, ()))
        return found.decode("utf-8", "replace").split()

    letters = "".join(words(b"status", b"x-status"))
    flags = {flag for letter, flag in STATUS_LETTERS.items() if letter in letters}
    for each in words(b"x-mozilla-status"):
        try:
            bits = int(each, 16)
        except ValueError:
            continue
        if bits & _MOZILLA_EXPUNGED:
            return None, []
        flags |= {flag for bit, flag in _MOZILLA.items() if bits & bit}
    keywords = words(b"x-keywords", b"x-mozilla-keys")
    good = {each for each in keywords if is_keyword(each)}
    return frozenset(flags | good), [each for each in keywords if each not in good]


def _cut_by_lines(file: IO[bytes], path: Path) -> tuple[array[int], array[int]]:
    """Return where messages begin and end, by their first lines. Raises NoMailFile."""
    file.seek(0)
    starts, ends = array("q"), array("q")
    position, blank, is_begin = 0, 0, True
    while line := file.readline(PIECE_OCTETS):
        if (blank or not position) and line.startswith(b"From ") and from_line.match(line):
            if position:
                ends.append(position - blank)
            starts.append(position)
        elif not position:
            raise NoMailFile(
                f"{path} is no mbox: it does not begin with a line as in "
                "'From ann@example.org Sat Jan  3 01:05:34 1996'"
            )
        # The empty line before the next message is not of the message.
        blank = len(line) if is_begin and line in _EMPTY else 0
        is_begin = line.endswith(b"\n")
        position += len(line)
    if starts:
        ends.append(position - blank)
    return starts, ends


def _cut_by_lengths(file: IO[bytes]) -> tuple[array[int], array[int]] | None:
    """Return where messages begin and end, by Content-Length; None where not every message has
    one that leads to the next.

    One message alone is not believed: whoever sent it could have it reach over others.
    """
    starts, ends = array("q"), array("q")
    file.seek(0)
    while line := file.readline(PIECE_OCTETS):
        if not (line.startswith(b"From ") and from_line.match(line)):
            return None
        start = file.tell() - len(line)
        header = file.read(HEADER_OCTETS)
        size = header_end(header)
        found = fields(header, 0, size)
        lengths = [each.value for each in found if each.name.lower() == _LENGTH]
        if len(lengths) != 1 or not lengths[0].isdigit() or len(lengths[0]) > 15:
            return None
        end = start + len(line) + size + int(lengths[0])
        file.seek(end)
        if file.readline(3) not in (*_EMPTY, b""):
            return None
        starts.append(start)
        ends.append(end)
    file.seek(0, os.SEEK_END)
    return (starts, ends) if len(starts) > 1 and ends[-1] <= file.tell() else None


def _has_bare_from(file: IO[bytes], starts: array[int], ends: array[int]) -> bool:
    """Return whether a message has a line that any other kind of mbox would have quoted."""
    for start, end in zip(starts, ends, strict=True):
        file.seek(start)
        file.readline(PIECE_OCTETS)
        is_begin = True
        while file.tell() < end and (line := file.readline(PIECE_OCTETS)):
            if is_begin and line.startswith(b"From "):
                return True
            is_begin = line.endswith(b"\n")
    return False


def _date_of(line: str) -> datetime | None:
    words = line.split()
    for count in (5, 6):
        stamp = " ".join(words[-count:])
        for form in _ASCTIME:
            try:
                parsed = datetime.strptime(stamp, form)
            except ValueError:
                continue
            return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return None


class NewMbox:
    """Writes an mbox file, an mboxrd. Raises OSError, FileExistsError when there is one."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")

    async def add(self, pieces: AsyncIterable[bytes], message: Message, *, new: bool) -> None:
        """Append a message."""
        to_lf, quoted = ToLF(), LineBegins(_to_quote, b">")
        head, is_body, last = b"", False, b""

        def write(piece: bytes) -> None:
            nonlocal last
            piece = quoted.feed(to_lf.feed(piece))
            self._file.write(piece)
            last = piece[-1:] or last

        async for piece in pieces:
            if is_body:
                write(piece)
                continue
            head += piece
            if header_end(head) < len(head) or len(head) > HEADER_OCTETS:
                is_body = True
                write(self._begun(head, message))
        if not is_body:
            write(self._begun(head, message))
        rest = quoted.feed(to_lf.end()) + quoted.end()
        self._file.write(rest + (b"\n" if (rest[-1:] or last) == b"\n" else b"\n\n"))

    def _begun(self, head: bytes, message: Message) -> bytes:
        """Write a message's first line; return its beginning with what is noted in its header."""
        sender = _sender.search(head, 0, header_end(head))
        stamp = time.asctime(message.internal_date.astimezone(UTC).timetuple())
        name = sender.group(1) if sender else b"MAILER-DAEMON"
        self._file.write(b"From %s %s\n" % (name, stamp.encode()))
        head = strip(head, _NOTED)
        first = next(fields(head), None)  # before it no line can be continued
        at = 0 if first is None else first.start
        return head[:at] + _status(message.flags) + head[at:]

    def close(self) -> None:
        """Make it durable."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def _status(flags: frozenset[str]) -> bytes:
    """Return the Status fields: R for read, O for old, the rest in X-Status and X-Keywords."""
    status = "RO" if SEEN in flags else "O"
    others = "".join(k for k, flag in STATUS_LETTERS.items() if k != "R" and flag in flags)
    keywords = " ".join(sorted(flags - SYSTEM_FLAGS))
    lines = [
        f"Status: {status}\r\n",
        f"X-Status: {others}\r\n" if others else "",
        f"X-Keywords: {keywords}\r\n" if keywords else "",
    ]
    return "".join(lines).encode()
