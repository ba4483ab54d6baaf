"""Files that are sent, messages with their line ends mended; the output of what is fetched."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO, Final, Protocol

from netsuite.cli.client.problems import FileTrouble, ReaderGone
from netsuite.cli.client.screen import Screen

PIECE_OCTETS: Final = 65_536
#: A spooled message is kept in memory up to this, and in a temporary file beyond.
SPOOL_OCTETS: Final = 1024 * 1024
STANDARD: Final = "-"
#: What is fetched and is not whole yet is called so, behind the file's own name.
SUFFIX: Final = ".netsuite-part"
_NAME_OCTETS: Final = 255


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


class _Sink(Protocol):
    def write(self, octets: bytes, /) -> object: ...
    def flush(self) -> object: ...


class Output:
    """The place where what is fetched is written: a file, or standard output.

    A file comes under a name of its own, ``FILE.netsuite-part``, and takes its place when all of it
    is there: what stood there before stays until then, and what is broken off is never taken for
    the file. A part that came with the server's time of modification is kept, with that time, by
    which ``--continue`` knows later whether the rest is of the same file; any other is removed. No
    file is made before the first octet comes, so that a refusal harms nothing that is there.

    Args:
        path: None for standard output.
        resume: whether what is there may be continued.
        forced: whether binaries are shown on a terminal, and controls are left as they are.
        rename: returns where the file goes by a name that the server gives, or None.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        resume: bool = False,
        progress: Progress | None = None,
        forced: bool = False,
        rename: Callable[[str], Path | None] | None = None,
    ) -> None:
        self.path = path
        #: What the server says of the file; set before the end.
        self.modified: datetime | None = None
        #: How many octets have come.
        self.count = 0
        self._resume = resume
        self._forced = forced
        self._rename = rename
        #: Shown while it comes.
        self.progress = progress or Progress()
        self._file: BinaryIO | None = None
        self._sink: _Sink | None = None
        self._whole = False
        self._continued: Path | None = None
        self._found: tuple[Path, Path, Path] | None = None

    @property
    def to_standard(self) -> bool:
        """Whether it goes to standard output."""
        return self.path is None

    def called(self, name: str) -> None:
        """Accept a name that the server has for it; heeded only where the user has given none, and
        before anything is written."""
        if self._rename is not None and self._file is None:
            self.path = self._rename(name) or self.path

    def there(self) -> tuple[int, datetime] | None:
        """Return size in octets and time of what may be continued; None for nothing."""
        if not self._resume or self.path is None:
            return None
        for path in reversed(self._places()):
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._trouble(error) from None
            if facts.st_size and stat.S_ISREG(facts.st_mode):
                self._continued = path
                return facts.st_size, datetime.fromtimestamp(int(facts.st_mtime), UTC)
        return None

    def _places(self) -> tuple[Path, Path]:
        """Return the file itself, where its name is a link, and what it is called as a part."""
        assert self.path is not None
        if self._found is None or self._found[0] != self.path:
            real = Path(os.path.realpath(self.path)) if self.path.is_symlink() else self.path
            name = os.fsencode(real.name)[: _NAME_OCTETS - len(SUFFIX)]
            self._found = self.path, real, real.with_name(os.fsdecode(name) + SUFFIX)
        return self._found[1:]

    def begin(self, total: int | None = None, *, offset: int = 0) -> BinaryIO:
        """Open.

        Args:
            total: the whole size in octets, None for not known.
            offset: how many octets of the file stay.

        Raises:
            FileTrouble: it cannot be.
        """
        if self._file is not None:
            return self._file
        try:
            if self.path is None:
                self._file = sys.stdout.buffer
                screen = sys.stdout.isatty() and not self._forced
                self._sink = Screen(self._file) if screen else self._file
            else:
                self._sink = self._file = self._opened(offset)
        except OSError as error:
            raise self._trouble(error) from None
        if self.path is not None or not sys.stdout.isatty():
            self.progress.begin(total, offset)
        return self._file

    def _opened(self, offset: int) -> BinaryIO:
        real, part = self._places()
        mode: int | None = None
        with contextlib.suppress(FileNotFoundError):
            facts = real.stat()
            if not stat.S_ISREG(facts.st_mode):  # a device, or a pipe with a name
                self._whole = True
                return real.open("wb")
            mode = stat.S_IMODE(facts.st_mode)
        if offset and self._continued == real:
            os.replace(real, part)
        self._continued = part
        file = _locked(part)
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.truncate(offset)
        file.seek(offset)
        return file

    def write(self, octets: bytes) -> None:
        """Write a piece. Raises FileTrouble, ReaderGone."""
        if self._sink is None:
            self.begin()
        assert self._sink is not None
        try:
            self._sink.write(octets)
        except OSError as error:
            raise self._trouble(error) from None
        self.count += len(octets)
        self.progress.advance(len(octets))

    def read(self, octets: int) -> Iterator[bytes]:
        """Return so many octets of what is there. Raises FileTrouble."""
        assert self._continued is not None  # else nothing is there
        with opened(str(self._continued)) as file:
            yield from read_of(file, octets)

    def keep(self) -> None:
        """Leave the file as it is: that is all there is."""
        self._whole = True

    def finish(self) -> None:
        """All has come; an empty file is a file too. Raises FileTrouble."""
        if self._file is None and not self._whole:
            self.begin()
        self._whole = True

    def close(self) -> None:
        """Close, whether all has come or not; give what is whole its name. Raises FileTrouble,
        ReaderGone."""
        self.progress.end()
        file, self._file = self._file, None
        sink, self._sink = self._sink, None
        try:
            if sink is not None:
                sink.flush()
            if self.path is not None:
                self._settle(file)
        except OSError as error:
            raise self._trouble(error) from None

    def _settle(self, file: BinaryIO | None) -> None:
        """Have the file at its place, or what has come of it."""
        if file is not None and self.modified is not None:
            seconds = self.modified.timestamp()
            with contextlib.suppress(PermissionError):  # another's device
                os.utime(file.fileno(), (seconds, seconds))
        real, part = self._places()
        if self._continued == part:
            if self._whole:
                os.replace(part, real)
            elif file is not None and self.modified is None:
                os.unlink(part)
        if file is not None:
            file.close()

    def _trouble(self, error: OSError) -> FileTrouble | ReaderGone:
        if self.path is None and error.errno == errno.EPIPE:
            return ReaderGone("nobody reads standard output")
        name = self.path or "standard output"
        return FileTrouble(f"{name} cannot be written: {error.strerror or error}")


def _locked(path: Path) -> BinaryIO:
    """Open a part for writing, made if it is not there, which no other command writes at the same
    time. Raises OSError."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        file = os.fdopen(descriptor, "wb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # It may have become the file meanwhile, when the lock was another's.
            if os.path.samestat(os.fstat(descriptor), os.lstat(path)):
                return file
        except BlockingIOError:
            file.close()
            raise OSError(errno.EBUSY, "another command is fetching it now") from None
        except FileNotFoundError:
            pass
        file.close()
