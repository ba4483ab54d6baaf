"""POP3's exclusive lock on a folder, also between processes that share an SQLite file.

One lock file, one locked octet a folder, at the folder's id. On PostgreSQL the lock holds within
the process; another daemon's POP3 session then sees messages vanish, which every store operation
allows for.
"""

from __future__ import annotations

from netsuite.store.model import FolderId
from netsuite.store.sql.octet_locks import OctetLocks


class MaildropLocks:
    """The locks that this store holds; until ``open``, within the process only."""

    def __init__(self) -> None:
        self._held: set[FolderId] = set()
        self._locks: OctetLocks | None = None

    def open(self, path: str) -> None:
        """Hold locks between processes from now on, on that file."""
        self._locks = OctetLocks(path)

    def take(self, folder: FolderId) -> bool:
        """Take the lock of a folder; False when it is taken."""
        if folder in self._held:
            return False
        if self._locks is not None and not self._locks.take(folder):
            return False
        self._held.add(folder)
        return True

    def release(self, folder: FolderId) -> None:
        """Release it; nothing happens when it is not held."""
        if folder in self._held:
            self._held.remove(folder)
            if self._locks is not None:
                self._locks.release(folder)

    def close(self) -> None:
        """Release all."""
        self._held.clear()
        locks, self._locks = self._locks, None
        if locks is not None:
            locks.close()
