"""Locks on files in the memory store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from netsuite.store.changes import AccountChanged, Change, FileLocksChanged
from netsuite.store.errors import NoSuchLock
from netsuite.store.file_locks import check_new, goes_with
from netsuite.store.memory.records import Records
from netsuite.store.tree import FileLock


class MemoryFileLocks:
    """Implements ``file_locks.FileLockStore``."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._locks: dict[str, FileLock] = {}
        records.feed.watch_accounts(self._heard)

    def _heard(self, change: Change) -> None:
        if isinstance(change, AccountChanged) and change.account not in self._records.accounts:
            gone = [each for each in self._locks.values() if goes_with(each, change.name)]
            for lock in gone:
                del self._locks[lock.token]
            if gone:
                self._records.publish(FileLocksChanged())

    async def all(self) -> Sequence[FileLock]:
        """Return all, some of which may have ended."""
        self._records.check_open()
        return list(self._locks.values())

    async def add(self, lock: FileLock, now: datetime) -> None:
        """Add one, and drop those that have ended by now."""
        self._records.check_open()
        self._locks = {token: each for token, each in self._locks.items() if each.until > now}
        check_new(lock, self._locks.values())
        self._locks[lock.token] = lock
        self._records.publish(FileLocksChanged())

    async def refresh(self, token: str, until: datetime, now: datetime) -> FileLock:
        """Let one end then."""
        self._records.check_open()
        lock = self._locks.get(token)
        if lock is None or lock.until <= now:
            raise NoSuchLock(token)
        lock = self._locks[token] = replace(lock, until=until)
        self._records.publish(FileLocksChanged())
        return lock

    async def remove(self, tokens: Collection[str]) -> bool:
        """Remove some; return whether any was there."""
        self._records.check_open()
        there = [token for token in tokens if self._locks.pop(token, None) is not None]
        if there:
            self._records.publish(FileLocksChanged())
        return bool(there)
