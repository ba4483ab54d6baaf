"""The tree here: opened name by name below its top, so that no link leads anywhere else.

All of it blocks, and is for threads. What a server says are names; every one of them is looked up
in a directory that is open, and a link is never followed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from netsuite.ftp.digests import FUNCTIONS
from netsuite.ftp.paths import TreePath, octets_of, text_of

PIECE_OCTETS: Final = 262_144
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO would wait for its reader


@dataclass(frozen=True, slots=True)
class LocalEntry:
    """Something in a directory here.

    Args:
        kind: ``file``, ``dir``, or ``other``: a link, a device, a socket.
        octets: its size.
        modified: in UTC.
    """

    kind: str
    octets: int
    modified: datetime


class LocalTree:
    """A directory tree.

    Args:
        top: its top; may be reached by links, as whoever names it wants.
    """

    def __init__(self, top: Path) -> None:
        self._top = top

    def make_top(self) -> None:
        """Make the top, and what is missing above it. Raises OSError."""
        self._top.mkdir(parents=True, exist_ok=True)

    def scan(self, path: TreePath) -> Mapping[str, LocalEntry]:
        """Return what is in a directory; nothing where there is none. Raises OSError."""
        try:
            with self._open(path) as directory, os.scandir(directory) as found:
                return {text_of(os.fsencode(each.name)): _entry(each.stat(follow_symlinks=False))
                        for each in found}  # fmt: skip
        except FileNotFoundError:
            return {}

    def make(self, path: TreePath) -> bool:
        """Make a directory; return whether it was not there. Raises OSError."""
        with self._open(path[:-1]) as directory:
            try:
                os.mkdir(octets_of(path[-1]), dir_fd=directory)
            except FileExistsError:
                with self._open(path):  # that what is there is a directory, and no link to one
                    return False
            return True

    def remove(self, path: TreePath) -> None:
        """Remove a file, a link, or a directory with all that is in it. Raises OSError."""
        with self._open(path[:-1]) as directory:
            name = octets_of(path[-1])
            if stat.S_ISDIR(os.lstat(name, dir_fd=directory).st_mode):
                for each in self.scan(path):
                    self.remove((*path, each))
                os.rmdir(name, dir_fd=directory)
            else:
                os.unlink(name, dir_fd=directory)

    def size(self, path: TreePath) -> int:
        """Return a file's size; 0 where there is none. Raises OSError."""
        with contextlib.suppress(FileNotFoundError), self._open(path[:-1]) as directory:
            entry = _entry(os.lstat(octets_of(path[-1]), dir_fd=directory))
            if entry.kind == "file":
                return entry.octets
        return 0

    def set_time(self, path: TreePath, modified: datetime) -> None:
        """Set when a file was modified. Raises OSError."""
        with self._open_file(path, os.O_RDONLY) as file:
            _set_time(file, modified)

    def hash(self, path: TreePath, function: str) -> str:
        """Return a file's hash, in lower-case hexadecimal. Raises OSError."""
        hashing = FUNCTIONS[function]()
        with self._open_file(path, os.O_RDONLY) as file:
            while octets := os.read(file, PIECE_OCTETS):
                hashing.update(octets)
        return hashing.hexdigest()

    def read(self, path: TreePath, offset: int, octets: int) -> bytes:
        """Return octets of a file from an offset on, fewer at its end. Raises OSError."""
        with self._open_file(path, os.O_RDONLY) as file:
            return os.pread(file, octets, offset)

    def version(self, path: TreePath) -> LocalEntry:
        """Return what a file is now. Raises OSError."""
        with self._open_file(path, os.O_RDONLY) as file:
            return _entry(os.fstat(file))

    def write(self, path: TreePath, offset: int, octets: bytes) -> None:
        """Write octets into a part from an offset on; what was behind that goes. Raises OSError."""
        with self._open_file(path, os.O_WRONLY | os.O_CREAT) as file:
            _write(file, offset, octets)

    def put_in_place(
        self,
        part: TreePath,
        name: str,
        modified: datetime | None,
        offset: int | None = None,
        octets: bytes = b"",
    ) -> None:
        """Write what a part lacks, and give it its time, the permissions of the file that it
        replaces, and its name. Raises OSError.

        All at once, its directory opened once: of small files most is what their names take.

        Args:
            offset: where *octets*, the last of it, begin; None where it has all.
        """
        with self._open(part[:-1]) as directory:
            old, new = octets_of(part[-1]), octets_of(name)
            with _opened(old, os.O_WRONLY | os.O_CREAT, directory) as file:
                if offset is not None:
                    _write(file, offset, octets)
                with contextlib.suppress(FileNotFoundError):
                    there = os.lstat(new, dir_fd=directory)
                    if stat.S_ISREG(there.st_mode):
                        os.fchmod(file, stat.S_IMODE(there.st_mode) & 0o777)
                if modified is not None:
                    _set_time(file, modified)
            os.replace(old, new, src_dir_fd=directory, dst_dir_fd=directory)

    # -- below the top -------------------------------------------------------------------------

    @contextlib.contextmanager
    def _open(self, path: TreePath) -> Iterator[int]:
        """Open a directory. Raises OSError, ELOOP or ENOTDIR for a link."""
        opened = os.open(self._top, _DIRECTORY)
        try:
            for name in path:
                below = os.open(octets_of(name), _DIRECTORY | os.O_NOFOLLOW, dir_fd=opened)
                os.close(opened)
                opened = below
            yield opened
        finally:
            os.close(opened)

    @contextlib.contextmanager
    def _open_file(self, path: TreePath, flags: int) -> Iterator[int]:
        """Open a file. Raises OSError, also for what is none."""
        with (
            self._open(path[:-1]) as directory,
            _opened(octets_of(path[-1]), flags, directory) as file,
        ):
            yield file


@contextlib.contextmanager
def _opened(name: bytes, flags: int, directory: int) -> Iterator[int]:
    """Open a file in an open directory. Raises OSError, also for what is none."""
    file = os.open(name, flags | _FILE, 0o666, dir_fd=directory)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        yield file
    finally:
        os.close(file)


def _write(file: int, offset: int, octets: bytes) -> None:
    if os.fstat(file).st_size != offset:
        os.ftruncate(file, offset)
    while octets:
        written = os.pwrite(file, octets, offset)
        octets, offset = octets[written:], offset + written


def _entry(facts: os.stat_result) -> LocalEntry:
    kind = "other"
    if stat.S_ISREG(facts.st_mode):
        kind = "file"
    elif stat.S_ISDIR(facts.st_mode):
        kind = "dir"
    seconds = min(max(facts.st_mtime, 0), 1 << 37)
    return LocalEntry(kind, facts.st_size, datetime.fromtimestamp(seconds, UTC))


def _set_time(file: int, modified: datetime) -> None:
    seconds = int(modified.timestamp())
    os.utime(file, (seconds, seconds))
