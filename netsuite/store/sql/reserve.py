"""The reserve of disk that is kept for whoever makes room.

To delete something has to be written: SQLite's log grows before anything shrinks. So additions are
refused while the disk still has some megabytes left; and where something else has taken these, a
file beside the database is given up for the one transaction that removes, and made again.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from netsuite.store.sql.presence import give_to_owner

#: What the file takes, and what additions leave free beside it: SQLite's log is usually 8 MB long,
#: and the database grows by as much when the log is written back.
RESERVE_OCTETS: Final = 8 << 20


class Reserve:
    """The reserve of one SQLite database.

    Args:
        path: of the database.
        octets: of the file, and of what is left free besides; 0 for no reserve.
    """

    def __init__(self, path: str, octets: int) -> None:
        self._folder = os.path.dirname(path) or "."
        self._path = f"{path}-reserve"
        self.octets = octets
        self._whole = False

    def is_free(self) -> bool:
        """Return whether the disk has room for more than the reserve; made whole first."""
        if not self.octets:
            return True
        found = os.statvfs(self._folder)
        free = found.f_bavail * found.f_frsize
        if not self._whole and free >= 2 * self.octets:
            self.make()
            free -= self.octets
        return free >= self.octets

    def make(self) -> None:
        """Take as much of the disk as is to be had."""
        if not self.octets:
            return
        self._whole = False
        # No room, a file system without the call, or not ours: then there is that much less.
        with suppress(OSError):
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                give_to_owner(Path(self._path))
                os.posix_fallocate(file, 0, self.octets)
                self._whole = True
            finally:
                os.close(file)

    def give_up(self) -> bool:
        """Give the disk back; return whether there was something to give."""
        self._whole = False
        try:
            there = os.stat(self._path).st_blocks > 0
            os.truncate(self._path, 0)
        except OSError:
            return False
        return there
