"""Files that are sent, messages with their line ends mended; the output of what is fetched."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO, Final

from netsuite.cli.client.problems import FileTrouble

PIECE_OCTETS: Final = 65_536
#: A spooled message is kept in memory up to this, and in a temporary file beyond.
SPOOL_OCTETS: Final = 1024 * 1024
STANDARD: Final = "-"


class Progress:
    """Progress that nobody is shown."""

    def begin(self, total: int | None, done: int = 0) -> None:
        """Begin to show it. Sizes in octets; None for not known."""

    def advance(self, octets: int) -> None:
        """Accept that so many octets have passed."""

    def end(self) -> None:
        """Show it no longer."""


@contextlib.contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Open a file to be sent; ``-`` is standard input. Raises FileTrouble."""
    if name == STANDARD:
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise FileTrouble(f"{name} cannot be read: {error.strerror}") from None
    with file:
        yield file


def size_of(file: BinaryIO) -> int | None:
    """Return a file's size in octets; None for a pipe or a device."""
    facts = os.fstat(file.fileno())
    return facts.st_size if stat.S_ISREG(facts.st_mode) else None


def read_of(file: IO[bytes], octets: int) -> Iterator[bytes]:
    """Return so many octets of a file, from where it stands. Raises FileTrouble."""
    while octets > 0:
        try:
            piece = file.read(min(octets, PIECE_OCTETS))
        except OSError as error:
            raise FileTrouble(f"the file cannot be read: {error.strerror}") from None
        if not piece:
            raise FileTrouble("the file has become shorter while it was read")
        octets -= len(piece)
        yield piece


async def pieces_of(
    file: IO[bytes], progress: Progress, *, octets: int | None = None
) -> AsyncIterator[bytes]:
    """Return a file's octets as they are asked for.

    Args:
        progress: told of what has passed.
        octets: how many there were when it was announced: more are not returned.

    Raises:
        FileTrouble: it cannot be read, or has become shorter.
    """
    left = octets
    while left is None or left > 0:
        try:
            piece = file.read(PIECE_OCTETS if left is None else min(left, PIECE_OCTETS))
        except OSError as error:
            raise FileTrouble(f"the file cannot be read: {error.strerror}") from None
        if not piece:
            break
        if left is not None:
            left -= len(piece)
        yield piece
        progress.advance(len(piece))
    if left:
        raise FileTrouble("the file has become shorter while it was sent")


@dataclass(frozen=True, slots=True)
class Letter:
    """A message or article ready to be sent, its line ends CRLF.

    Args:
        ascii: whether it has no octet beyond 127.
    """

    file: IO[bytes]
    octets: int
    ascii: bool


@contextlib.contextmanager
def letter(name: str) -> Iterator[Letter]:
    """Read a message; bare line ends become CRLF, as every mail and news protocol wants them.

    Raises:
        FileTrouble: it cannot be read, or is empty.
    """
    from netsuite.smtp.dialog import canonical_lines

    with opened(name) as file, tempfile.SpooledTemporaryFile(SPOOL_OCTETS) as spool:
        held = b""
        plain = True
        try:
            while piece := file.read(PIECE_OCTETS):
                plain = plain and piece.isascii()
                octets, held = canonical_lines(held + piece)
                spool.write(octets)
        except OSError as error:
            raise FileTrouble(f"{name} cannot be read: {error.strerror}") from None
        if held:
            spool.write(b"\r\n")
        count = spool.tell()
        if not count:
            raise FileTrouble(f"there is nothing in {name}")
        spool.seek(0)
        yield Letter(spool, count, plain)


class Output:
    """The place where what is fetched is written: a file, or standard output.

    The file is opened when the first octet comes, so that a refusal harms nothing that is
    there. Its time of modification becomes the server's, also when the transfer is broken off:
    by that ``--continue`` knows later whether the rest is of the same file.

    Args:
        path: None for standard output.
        resume: whether what is there may be continued.
    """

    def __init__(
        self, path: Path | None, *, resume: bool = False, progress: Progress | None = None
    ) -> None:
        self.path = path
        #: What the server says of the file; set before the end.
        self.modified: datetime | None = None
        self._resume = resume
        #: Shown while it comes.
        self.progress = progress or Progress()
        self._file: BinaryIO | None = None
        self._whole = False

    def there(self) -> tuple[int, datetime] | None:
        """Return size in octets and time of what may be continued; None for nothing."""
        if not self._resume or self.path is None:
            return None
        try:
            facts = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._trouble(error) from None
        if not facts.st_size:
            return None
        return facts.st_size, datetime.fromtimestamp(int(facts.st_mtime), UTC)

    def begin(self, total: int | None = None, *, offset: int = 0) -> BinaryIO:
        """Open.

        Args:
            total: the whole size in octets, None for not known.
            offset: how many octets of the file stay.

        Raises:
            FileTrouble: it cannot be.
        """
        try:
            if self.path is None:
                file: BinaryIO = sys.stdout.buffer
            elif offset:
                file = self.path.open("r+b")
                file.truncate(offset)
                file.seek(offset)
            else:
                file = self.path.open("wb")
        except OSError as error:
            raise self._trouble(error) from None
        if self.path is not None or not sys.stdout.isatty():
            self.progress.begin(total, offset)
        self._file = file
        return file

    def write(self, octets: bytes) -> None:
        """Write a piece. Raises FileTrouble."""
        try:
            (self._file or self.begin()).write(octets)
        except OSError as error:
            raise self._trouble(error) from None
        self.progress.advance(len(octets))

    def read(self, octets: int) -> Iterator[bytes]:
        """Return so many octets of what is there. Raises FileTrouble."""
        assert self.path is not None  # else nothing is there
        with opened(str(self.path)) as file:
            yield from read_of(file, octets)

    def keep(self) -> None:
        """Leave the file as it is: that is all there is."""
        self._whole = True

    def finish(self) -> None:
        """All has come; an empty file is a file too. Raises FileTrouble."""
        if self._file is None and not self._whole:
            self.begin()

    def close(self) -> None:
        """Close, whether all has come or not. Raises FileTrouble."""
        self.progress.end()
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.flush()
            if self.path is not None:
                file.close()
                if self.modified is not None:
                    seconds = self.modified.timestamp()
                    os.utime(self.path, (seconds, seconds))
        except OSError as error:
            raise self._trouble(error) from None

    def _trouble(self, error: OSError) -> FileTrouble:
        name = self.path or "standard output"
        return FileTrouble(f"{name} cannot be written: {error.strerror or error}")
