"""A Maildir, read and written: a file a message, its flags in the file's name.

See https://cr.yp.to/proto/maildir.html; keywords and the order of messages as Dovecot keeps them.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import socket
import zlib
from collections import Counter
from collections.abc import AsyncIterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Final, NamedTuple, Protocol

from netsuite.cli.mailfiles.kept import (
    FORWARDED,
    PIECE_OCTETS,
    Kept,
    NoMailFile,
    ToCRLF,
    ToLF,
    is_keyword,
)
from netsuite.store.model import (
    ANSWERED,
    DELETED,
    DRAFT,
    FLAGGED,
    SEEN,
    SYSTEM_FLAGS,
    Folder,
    Message,
)

#: Letters of a name's info. ``P`` is "passed"; small ones are keywords, which a file names.
LETTERS: Final = {"S": SEEN, "R": ANSWERED, "F": FLAGGED, "T": DELETED, "D": DRAFT, "P": FORWARDED}
KEYWORDS_FILE: Final = "dovecot-keywords"
UIDS_FILE: Final = "dovecot-uidlist"
#: So many keywords a folder can have.
KEYWORDS: Final = 26

# The name's info begins with ":2,", or another mark where a file system has no colons.
_info: Final = re.compile(r"[:;!]2,([A-Za-z]*)$")
#: dovecot-uidlist, version 3: "UID extensions... :name".
_uid_line: Final = re.compile(r"([0-9]{1,10}) (?:[^:]* )?:([^:]+)")
#: Seconds since 1970 have so many digits since 1973; a name with fewer has not begun with them.
_SECONDS_DIGITS: Final = 9
_LATEST: Final = 1 << 62

#: What a file begins with that a program has compressed, or encrypted.
_GZIP: Final = b"\x1f\x8b"
_BZIP2: Final = b"BZh"
_XZ: Final = b"\xfd7zXZ\x00"
_CLOSED: Final = (
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"Dovecot-LZ4", "compressed with lz4"),
    (b"CRYPTED\x03\x07", "encrypted"),
)


class _Readable(Protocol):
    """What octets are read from."""

    def read(self, size: int, /) -> bytes:
        """Read some."""


class _File(NamedTuple):
    """A message's file, as messages are sorted.

    Args:
        uid: as Dovecot has given it; the greatest where it has not.
        seconds: when it came.
    """

    uid: int
    seconds: float
    name: str
    folder: str


class Maildir:
    """A Maildir, without those below it. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.complaints: list[str] = []
        self._path = path
        self._keywords = _read_keywords(path)
        uids = _read_uids(path)
        self._files = sorted(
            _File(uids.get(_base(each.name), _LATEST), _seconds(each), each.name, sub)
            for sub in ("cur", "new")
            for each in _entries(path / sub)
        )

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[Kept]:
        for each in self._files:
            path = self._path / each.folder / each.name
            yield Kept(
                partial(_pieces_of, path),
                self._flags(each.name, path),
                datetime.fromtimestamp(each.seconds, UTC),
                str(path),
            )

    def _flags(self, name: str, path: Path) -> frozenset[str]:
        info = _info.search(name)
        flags: set[str] = set()
        for letter in info[1] if info else "":
            flag = LETTERS.get(letter)
            if letter.islower():
                flag = self._keywords.get(letter)
                if flag is None:
                    self.complaints.append(
                        f"{path}: its keyword {letter} is not in {KEYWORDS_FILE}"
                    )
            if flag is not None:
                flags.add(flag)
        return frozenset(flags)


def _entries(path: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as found:
            return [each for each in found if each.is_file() and not each.name.startswith(".")]
    except FileNotFoundError:
        return []


def _base(name: str) -> str:
    return _info.sub("", name)


def _seconds(entry: os.DirEntry[str]) -> float:
    """Return when a message came: its file's time, or that in its name, which a copy keeps, where
    that is earlier."""
    modified = entry.stat().st_mtime
    named = entry.name.partition(".")[0]
    if named.isdecimal() and len(named) >= _SECONDS_DIGITS and int(named) < modified:
        return float(named)
    return modified


def _read_keywords(path: Path) -> dict[str, str]:
    """Return keywords by their letters, as Dovecot numbers them."""
    found: dict[str, str] = {}
    for line in _lines(path / KEYWORDS_FILE):
        number, _, keyword = line.partition(" ")
        if number.isdigit() and int(number) < KEYWORDS and is_keyword(keyword):
            found[chr(ord("a") + int(number))] = keyword
    return found


def _read_uids(path: Path) -> dict[str, int]:
    """Return the UIDs that Dovecot has given, by file name without info."""
    matches = map(_uid_line.match, _lines(path / UIDS_FILE)[1:])
    return {match[2]: int(match[1]) for match in matches if match}


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "surrogateescape").splitlines()
    except FileNotFoundError:
        return []


def _pieces_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        begin = file.read(16)
        file.seek(0)
        for magic, what in _CLOSED:
            if begin.startswith(magic):
                raise NoMailFile(f"it is {what}")
        try:
            yield from _converted(_expanded(file, begin))
        except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile):
            raise NoMailFile("it is compressed and damaged") from None


def _expanded(file: IO[bytes], begin: bytes) -> _Readable:
    if begin.startswith(_GZIP):
        return gzip.GzipFile(fileobj=file)
    if begin.startswith(_BZIP2):
        return bz2.BZ2File(file)
    if begin.startswith(_XZ):
        return lzma.LZMAFile(file)
    return file


def _converted(file: _Readable) -> Iterator[bytes]:
    piece = file.read(PIECE_OCTETS)
    to_crlf = ToCRLF(crlf=piece.partition(b"\n")[0].endswith(b"\r"))
    while piece:
        yield to_crlf.feed(piece)
        piece = file.read(PIECE_OCTETS)


class NewMaildir:
    """Writes a Maildir. Raises OSError, FileExistsError when there is one.

    Args:
        source: the folder that it is of, whose UIDs go along.
        keywords: those of its messages, the most frequent first; those that find no letter are
            left out.
    """

    def __init__(self, path: Path, source: Folder, keywords: Counter[str]) -> None:
        path.mkdir(mode=0o700)
        for sub in ("cur", "new", "tmp"):
            (path / sub).mkdir(mode=0o700)
        self._path = path
        self._count = 0
        self._host = socket.gethostname().replace("/", r"\057").replace(":", r"\072")
        named = [each for each, _ in keywords.most_common(KEYWORDS)]
        self._letters = {flag: letter for letter, flag in LETTERS.items() if flag in SYSTEM_FLAGS}
        self._letters |= {each: chr(ord("a") + number) for number, each in enumerate(named)}
        if named:
            lines = (f"{number} {each}\n" for number, each in enumerate(named))
            (path / KEYWORDS_FILE).write_text("".join(lines))
        self._uids = (path / UIDS_FILE).open("x")
        self._uids.write(f"3 V{source.uid_validity} N{source.uid_next}\n")

    async def add(self, pieces: AsyncIterable[bytes], message: Message, *, new: bool) -> None:
        """Append a message: to ``new`` only what nobody has seen or marked."""
        self._count += 1
        seconds, flags = message.internal_date.timestamp(), message.flags
        base = f"{int(seconds)}.P{os.getpid()}Q{self._count:06d}.{self._host}"
        letters = "".join(sorted(self._letters[each] for each in flags if each in self._letters))
        target = Path("new", base) if new and not flags else Path("cur", f"{base}:2,{letters}")
        to_lf = ToLF()
        with (self._path / target).open("xb") as file:
            async for piece in pieces:
                file.write(to_lf.feed(piece))
            file.write(to_lf.end())
        os.utime(self._path / target, (seconds, seconds))
        self._uids.write(f"{message.uid} :{base}\n")

    def close(self) -> None:
        """Finish it."""
        self._uids.close()
