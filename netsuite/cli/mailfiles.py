"""mbox files and Maildirs, read and written octet by octet.

The standard library's ``mailbox`` parses each message and prints it anew, which changes some; and
it takes every line that begins with ``From`` for the begin of a message, which cuts others in two.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from netsuite.message.headers import fields, header_end, strip
from netsuite.store.model import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN

#: Letters of a Maildir name's info, of an mbox's Status and X-Status fields.
LETTERS: Final = {"S": SEEN, "R": ANSWERED, "F": FLAGGED, "T": DELETED, "D": DRAFT}
STATUS_LETTERS: Final = {"R": SEEN, "A": ANSWERED, "F": FLAGGED, "D": DELETED, "T": DRAFT}
_STATUS: Final = (b"Status", b"X-Status")

# RFC 4155, A: "From " addr-spec SP asctime; many write a zone before or behind the year. A line of
# text that begins with "From " has no time of day and year in it.
from_line: Final = re.compile(rb"From .*[0-9]{1,2}:[0-9]{2}.* [0-9]{4}\b.*")
_quoted: Final = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_to_quote: Final = re.compile(rb"^(?=>*From )", re.MULTILINE)
_feed: Final = re.compile(rb"\n")
_bare_feed: Final = re.compile(rb"(?<!\r)\n")
_sender: Final = re.compile(rb"Return-Path:[ \t]*<([!-~]+)>", re.IGNORECASE)
_ASCTIME: Final = ("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y %z")


@dataclass(frozen=True, slots=True)
class Kept:
    """A message of a mail file.

    Args:
        octets: it, with CRLF for every line end of the file.
        flags: what the file tells of them.
        received: when it came, as the file tells.
    """

    octets: bytes
    flags: frozenset[str] = frozenset()
    received: datetime | None = None


class NoMailFile(ValueError):
    """It is neither an mbox file nor a Maildir; the message says what lacks."""


def open_mail_file(path: Path) -> Mbox | Maildir:
    """Look what a path is. Raises NoMailFile, OSError."""
    if not path.is_dir():
        return Mbox(path)
    if not (path / "cur").is_dir():
        raise NoMailFile(f"{path} is a folder but no Maildir: it has no cur/")
    return Maildir(path)


class Mbox:
    """An mbox file, of the kind called mboxrd (RFC 4155 describes its like).

    A message begins with a ``From`` line with a date, at the file's begin or behind an empty line.

    Raises:
        NoMailFile: there is something, and it does not begin with such a line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._starts: list[int] = []
        position, after_empty_line = 0, True
        with path.open("rb") as file:
            for line in file:
                if after_empty_line and line.startswith(b"From ") and from_line.match(line):
                    self._starts.append(position)
                elif position == 0:
                    raise NoMailFile(
                        f"{path} is no mbox: it does not begin with a line as in "
                        "'From ann@example.org Sat Jan  3 01:05:34 1996'"
                    )
                after_empty_line = line in (b"\n", b"\r\n")
                position += len(line)
        self._ends = [*self._starts, position][1:]

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[Kept]:
        with self._path.open("rb") as file:
            for start, end in zip(self._starts, self._ends, strict=True):
                file.seek(start)
                yield _read_mbox_message(file.read(end - start))


def _read_mbox_message(octets: bytes) -> Kept:
    first, _, octets = octets.partition(b"\n")
    octets = _quoted.sub(b"", _with_crlf(octets, first))
    # The empty line before the next message is not of the message.
    if octets == b"\r\n" or octets.endswith(b"\r\n\r\n"):
        octets = octets[:-2]
    names = {name.lower() for name in _STATUS}
    letters = b"".join(each.raw for each in fields(octets) if each.name.lower() in names)
    flags = frozenset(flag for letter, flag in STATUS_LETTERS.items() if letter.encode() in letters)
    return Kept(strip(octets, _STATUS), flags, _date_of(first.decode("ascii", "replace")))


def _with_crlf(octets: bytes, first_line: bytes) -> bytes:
    """Return a message with CRLF for its line ends: LF, unless its first line has CRLF already."""
    feed = _bare_feed if first_line.endswith(b"\r") else _feed
    return feed.sub(b"\r\n", octets)


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


class Maildir:
    """A Maildir: a file a message, flags in the file's name, in the order in which they came."""

    def __init__(self, path: Path) -> None:
        found = [
            each
            for sub in ("cur", "new")
            for each in (path / sub).glob("*")
            if each.is_file() and not each.name.startswith(".")
        ]
        self._paths = sorted(found, key=lambda each: (each.stat().st_mtime, each.name))

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[Kept]:
        for path in self._paths:
            letters = path.name.partition(":2,")[2]
            octets = path.read_bytes()
            yield Kept(
                _with_crlf(octets, octets.partition(b"\n")[0]),
                frozenset(flag for letter, flag in LETTERS.items() if letter in letters),
                datetime.fromtimestamp(path.stat().st_mtime, UTC),
            )


class NewMbox:
    """Writes an mbox file. Raises OSError, FileExistsError when there is one."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")

    def add(self, octets: bytes, flags: frozenset[str], received: datetime, *, new: bool) -> None:
        """Append a message."""
        sender = _sender.search(octets, 0, header_end(octets))
        stamp = time.asctime(received.astimezone(UTC).timetuple())
        name = sender.group(1) if sender else b"MAILER-DAEMON"
        octets = strip(octets, _STATUS)
        end = header_end(octets)
        header, body = octets[:end], octets[end:]
        if header == b"\r\n" or header.endswith(b"\r\n\r\n"):
            header = header[:-2]
        if header and not header.endswith(b"\n"):
            header += b"\r\n"
        printed = header + _status(flags) + b"\r\n" + body
        printed = _to_quote.sub(b">", printed.replace(b"\r\n", b"\n"))
        end_of_line = b"" if printed.endswith(b"\n") else b"\n"
        self._file.write(b"From %s %s\n%s%s\n" % (name, stamp.encode(), printed, end_of_line))

    def close(self) -> None:
        """Make it durable."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def _status(flags: frozenset[str]) -> bytes:
    """Return the Status fields: R for read, O for old, the rest in X-Status."""
    status = "RO" if SEEN in flags else "O"
    others = "".join(k for k, flag in STATUS_LETTERS.items() if k != "R" and flag in flags)
    lines = [f"Status: {status}\r\n", f"X-Status: {others}\r\n" if others else ""]
    return "".join(lines).encode()


class NewMaildir:
    """Writes a Maildir. Raises OSError, FileExistsError when there is one."""

    def __init__(self, path: Path) -> None:
        path.mkdir(mode=0o700)
        for sub in ("cur", "new", "tmp"):
            (path / sub).mkdir(mode=0o700)
        self._path = path
        self._count = 0
        self._host = socket.gethostname().replace("/", r"\057").replace(":", r"\072")

    def add(self, octets: bytes, flags: frozenset[str], received: datetime, *, new: bool) -> None:
        """Append a message: to ``new`` only what nobody has seen or marked."""
        self._count += 1
        seconds = received.timestamp()
        name = f"{int(seconds)}.P{os.getpid()}Q{self._count:06d}.{self._host}"
        temporary = self._path / "tmp" / name
        with temporary.open("xb") as file:
            file.write(octets.replace(b"\r\n", b"\n"))
            file.flush()
            os.fsync(file.fileno())
        os.utime(temporary, (seconds, seconds))
        letters = "".join(sorted(letter for letter, flag in LETTERS.items() if flag in flags))
        target = Path("new", name) if new and not flags else Path("cur", f"{name}:2,{letters}")
        temporary.rename(self._path / target)

    def close(self) -> None:
        """Make its folders durable."""
        for sub in ("cur", "new"):
            descriptor = os.open(self._path / sub, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
