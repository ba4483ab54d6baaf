"""Locks on single octets of a file, which exclude other processes, and other opens in this one.

The system gives them back when the process that holds them dies.
"""

from __future__ import annotations

import fcntl
import os
import struct
from typing import Final

# Locks of the open file, not of the process: two stores in one process exclude each other too.
_TRY: Final[int | None] = getattr(fcntl, "F_OFD_SETLK", None)
_WAIT: Final[int] = getattr(fcntl, "F_OFD_SETLKW", 0)
_LOOK: Final[int] = getattr(fcntl, "F_OFD_GETLK", 0)
_COMMANDS: Final = {
    fcntl.F_UNLCK: fcntl.LOCK_UN,
    fcntl.F_RDLCK: fcntl.LOCK_SH,
    fcntl.F_WRLCK: fcntl.LOCK_EX,
}


class OctetLocks:
    """What one open of a file holds; the file is made if it is not there."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, octet: int) -> bool:
        """Take the lock of an octet; False when somebody else has it."""
        try:
            self._lock(octet, fcntl.F_WRLCK, wait=False)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def share(self, octet: int) -> bool:
        """Take the lock of an octet with others who share it, or keep no more of one; False
        when somebody has it alone."""
        try:
            self._lock(octet, fcntl.F_RDLCK, wait=False)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def is_held(self, octet: int, octets: int = 1) -> bool:
        """Return whether somebody else has, or shares, the lock of any of some octets."""
        if _TRY is None:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, octets, octet)
            except (BlockingIOError, PermissionError):
                return True
            fcntl.lockf(self._file, fcntl.LOCK_UN, octets, octet)
            return False
        asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, octet, octets, 0)
        kind, *_ = struct.unpack("hhqqi4x", fcntl.fcntl(self._file, _LOOK, asked))
        return bool(kind != fcntl.F_UNLCK)

    def wait(self, octet: int) -> None:
        """Take the lock of an octet, as soon as nobody else has it."""
        self._lock(octet, fcntl.F_WRLCK, wait=True)

    def release(self, octet: int) -> None:
        """Release it; nothing happens when it is not held."""
        self._lock(octet, fcntl.F_UNLCK, wait=False)

    def close(self) -> None:
        """Release all."""
        os.close(self._file)

    def _lock(self, octet: int, kind: int, *, wait: bool) -> None:
        if _TRY is None:
            fcntl.lockf(self._file, _COMMANDS[kind] | (0 if wait else fcntl.LOCK_NB), 1, octet)
        else:
            # struct flock: l_type, l_whence, l_start, l_len, l_pid (which must be 0)
            lock = struct.pack("hhqqi4x", kind, os.SEEK_SET, octet, 1, 0)
            fcntl.fcntl(self._file, _WAIT if wait else _TRY, lock)
