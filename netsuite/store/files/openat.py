"""Directories opened from a root's descriptor, name by name, never by a path as text.

Each step is an ``openat`` that follows no symbolic link. So whatever somebody swaps for what
meanwhile, a step leads to a directory that was inside, or nowhere.

Symbolic links are neither followed nor shown, also those that point inside: to tell that they do
takes a walk of its own, whose answer may be wrong when it is used. Who wants the same directory in
two places mounts it there (``mount --bind``). Only the root itself, which an operator names, may be
reached through links.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from netsuite.store.errors import NoSuchFile

_STEP: Final = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: To pass through, not to read. Linux and FreeBSD have it; elsewhere reading will do.
PASS: Final = getattr(os, "O_PATH", os.O_RDONLY) | _STEP
#: To list, to lock, to make durable.
WORK: Final = os.O_RDONLY | _STEP
#: What no symbolic link, pipe or terminal does any harm to.
READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def open_root(root: Path, mode: int) -> int:
    """Return a descriptor of a root; make the directory if it is not there."""
    root.mkdir(mode=mode, parents=True, exist_ok=True)
    return os.open(root, getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC)


def open_directory(root: int, names: Sequence[bytes], flags: int = PASS) -> int:
    """Return a descriptor of a directory below a root.

    Raises:
        NoSuchFile: one of the names is not there, or no directory.
        OSError: anything else.
    """
    if not names:
        return os.open(b".", flags, dir_fd=root)
    here, last = root, len(names) - 1
    try:
        for number, name in enumerate(names):
            step = os.open(name, flags if number == last else PASS, dir_fd=here)
            if here != root:
                os.close(here)
            here = step
    except OSError as error:
        if here != root:
            os.close(here)
        if error.errno in (errno.ENOTDIR, errno.ELOOP, errno.ENOENT):
            raise NoSuchFile("no such directory") from error
        raise
    return here


@contextmanager
def directory(root: int, names: Sequence[bytes], flags: int = PASS) -> Iterator[int]:
    """Open a directory for as long as the block lasts. Raises as ``open_directory``."""
    descriptor = open_directory(root, names, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def lstat(where: int, name: bytes) -> os.stat_result:
    """Ask for a name in a directory; links are not followed."""
    return os.stat(name, dir_fd=where, follow_symlinks=False)


def lstat_or_none(where: int, name: bytes) -> os.stat_result | None:
    """As ``lstat``; None where nothing has that name."""
    with suppress(FileNotFoundError):
        return lstat(where, name)
    return None


def visible(where: int, name: bytes) -> os.stat_result:
    """As ``lstat``, for what is shown: raises NoSuchFile for links and special files."""
    result = lstat(where, name)
    if not stat.S_ISREG(result.st_mode) and not stat.S_ISDIR(result.st_mode):
        raise NoSuchFile("neither file nor directory")
    return result
