"""Renaming that never replaces, and the lock under which names change hands."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from netsuite.store.errors import Busy

_NOREPLACE: Final = 1
#: What a kernel or file system says that has no such thing.
_CANNOT: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP})
#: How often a lock that another process holds is asked for, and how long between.
_ATTEMPTS: Final = 250
_ATTEMPT_SECONDS: Final = 0.02


def _system_call() -> Callable[..., int] | None:
    """Give renameat2(2), which Python does not; None where the C library has none."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return None
    call.argtypes = [
        ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint
    ]  # fmt: skip
    call.restype = ctypes.c_int
    found: Callable[..., int] = call
    return found


_renameat2: Final = _system_call()


def rename_to_new(source: int, old: bytes, target: int, new: bytes) -> None:
    """Rename where nothing has the new name, in one step.

    Raises:
        FileExistsError: something has.
        OSError: as ``os.rename``.
    """
    if _renameat2 is not None:
        if _renameat2(source, old, target, new, _NOREPLACE) == 0:
            return
        number = ctypes.get_errno()
        if number not in _CANNOT:
            raise OSError(number, os.strerror(number))
    claim_and_rename(source, old, target, new)


def claim_and_rename(source: int, old: bytes, target: int, new: bytes) -> None:
    """As ``rename_to_new``, by what every Unix has: the new name is claimed first.

    A crash in between leaves a file under both names, or an empty directory under the new one.
    """
    found = os.stat(old, dir_fd=source, follow_symlinks=False)
    if stat.S_ISDIR(found.st_mode):
        os.mkdir(new, 0o700, dir_fd=target)
        try:
            os.rename(old, new, src_dir_fd=source, dst_dir_fd=target)
        except OSError:
            os.rmdir(new, dir_fd=target)
            raise
    else:
        os.link(old, new, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
        os.unlink(old, dir_fd=source)


@contextmanager
def changing(lock: threading.Lock, where: int) -> Iterator[None]:
    """Let nobody else change what a directory's names mean, between a look and a rename.

    Args:
        lock: the tree's own, for this process: it is held for a few system calls only.
        where: the directory, open for reading. It is locked against other processes of the suite
            (``flock``), as far as the file system can do that.

    Raises:
        Busy: another process held it for seconds.
    """
    with lock:
        _lock_out_others(where)
        try:
            yield
        finally:
            with suppress(OSError):  # the file system knows no locks
                fcntl.flock(where, fcntl.LOCK_UN)


def _lock_out_others(where: int) -> None:
    for _ in range(_ATTEMPTS):
        try:
            return fcntl.flock(where, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_ATTEMPT_SECONDS)
        except OSError:
            return None  # the file system knows no locks
    raise Busy("another process holds the directory")
