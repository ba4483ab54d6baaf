"""POP3's exclusive lock on a folder, also between processes that share an SQLite file.

One lock file, one locked octet a folder, at the folder's id: the system gives it back when
the process dies. On PostgreSQL the lock holds within the process; another daemon's POP3 session
then sees messages vanish, which every store operation allows for.
"""

from __future__ import annotations

import fcntl
import os
import struct
from typing import Final

from netsuite.store.model import FolderId

# Locks of the open file, not of the process: two stores in one process exclude each other too.
_OPEN_FILE_LOCK: Final[int | None] = getattr(fcntl, "F_OFD_SETLK", None)


class MaildropLocks:
    """The locks that this store holds; until ``open``, within the process only."""

    def __init__(self) -> None:
        self._held: set[FolderId] = set()
        self._file: int | None = None

    def open(self, path: str) -> None:
        """Hold locks between processes from now on, on that file."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, folder: FolderId) -> bool:
        """Take the lock of a folder; False when it is taken."""
        if folder in self._held:
            return False
        if self._file is not None and not _lock(self._file, fcntl.F_WRLCK, folder):
            return False
        self._held.add(folder)
        return True

    def release(self, folder: FolderId) -> None:
        """Release it; nothing happens when it is not held."""
        if folder in self._held:
            self._held.remove(folder)
            if self._file is not None:
                _lock(self._file, fcntl.F_UNLCK, folder)

    def close(self) -> None:
        """Release all."""
        self._held.clear()
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def _lock(file: int, kind: int, folder: FolderId) -> bool:
    """Lock or unlock a folder's octet; return whether that could be."""
    try:
        if _OPEN_FILE_LOCK is None:
            command = fcntl.LOCK_UN if kind == fcntl.F_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB
            fcntl.lockf(file, command, 1, folder)
        else:
            # struct flock: l_type, l_whence, l_start, l_len, l_pid (which must be 0)
            lock = struct.pack("hhqqi4x", kind, os.SEEK_SET, folder, 1, 0)
            fcntl.fcntl(file, _OPEN_FILE_LOCK, lock)
    except (BlockingIOError, PermissionError):
        return False
    return True
