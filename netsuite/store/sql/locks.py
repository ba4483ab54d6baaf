"""What one process of several holds of a store: maildrops, for POP3, and work behind deliveries.

On SQLite it locks octets of a file, at the folder's id for a maildrop: the system gives them back
when the process dies. On PostgreSQL it has leases.
"""

from __future__ import annotations

from typing import Final

from netsuite.store.errors import StoreError
from netsuite.store.model import FolderId
from netsuite.store.octet_locks import OctetLocks
from netsuite.store.sql.leases import TIDYING, Join, Release, Take, of_maildrop
from netsuite.store.sql.writer import Writer

#: Far above all ids of folders, and beside those of the turns to write.
_TIDYING_OCTET: Final = (1 << 62) + 2


class Locks:
    """What this store holds.

    Args:
        process: our token.
    """

    def __init__(self, writer: Writer, process: str) -> None:
        self._writer = writer
        self._process = process
        self._maildrops: set[FolderId] = set()
        self._tidies = False
        self._file: OctetLocks | None = None

    def open(self, path: str | None) -> None:
        """Begin to hold locks, on that file; by leases where there is none."""
        self._file = None if path is None else OctetLocks(path)

    def close(self) -> None:
        """Hold nothing; leases are given back by ``Leave``."""
        self._maildrops.clear()
        self._tidies = False
        file, self._file = self._file, None
        if file is not None:
            file.close()

    async def take_maildrop(self, folder: FolderId) -> bool:
        """Take the lock of a folder; False when it is taken. Raises StoreError."""
        if folder in self._maildrops:
            return False
        self._maildrops.add(folder)
        taken = False
        try:
            taken = await self._take(folder, of_maildrop(folder))
        finally:
            if not taken:
                self._maildrops.discard(folder)
        return taken

    def release_maildrop(self, folder: FolderId) -> None:
        """Release it; nothing happens when it is not held."""
        if folder not in self._maildrops:
            return
        self._maildrops.remove(folder)
        if self._file is not None:
            self._file.release(folder)
        else:
            given_back = self._writer.submit(Release(self._process, of_maildrop(folder)))
            # What cannot be given back now is with the next renewal.
            given_back.addErrback(lambda failure: failure.trap(StoreError) and None)

    async def take_tidying(self) -> bool:
        """Return whether this process does the work behind deliveries, for all. Raises
        StoreError."""
        if not self._tidies or self._file is None:
            self._tidies = await self._take(_TIDYING_OCTET, TIDYING)
        return self._tidies

    async def renew(self) -> None:
        """Say that this process lives, and what it holds. Raises StoreError."""
        if self._file is None:
            held = [TIDYING, *map(of_maildrop, self._maildrops)]
            await self._writer.submit(Join(self._process, held))

    async def _take(self, octet: int, name: str) -> bool:
        if self._file is not None:
            return self._file.take(octet)
        return await self._writer.submit(Take(self._process, name))
