"""Taking turns: one password at a time from each address.

Hashing is slow on purpose. Without turns a single host could fill the queue of the hashing threads
from its many connections, and have all its guesses looked at before the first was found wrong.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from twisted.internet.defer import DeferredLock


class KeyedLocks:
    """Locks by name, kept only while somebody holds or awaits them."""

    def __init__(self) -> None:
        self._locks: dict[str, DeferredLock] = {}

    def __len__(self) -> int:
        return len(self._locks)

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait for one's turn; an empty name never waits."""
        if not name:
            yield
            return
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = DeferredLock()
        await lock.acquire()
        try:
            yield
        finally:
            lock.release()
            if not lock.locked:
                self._locks.pop(name, None)
