"""The interface of the table of locks on files, and which locks go together (RFC 4918, 6.1)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from netsuite.store.errors import Locked, TooManyEntries
from netsuite.store.tree import FileLock

#: So many there may be.
MOST_LOCKS = 10_000


def check_new(lock: FileLock, others: Iterable[FileLock]) -> None:
    """Hold a new lock against those there are, none of which has ended.

    Raises:
        Locked: it does not go with one of them.
        TooManyEntries: there are as many as there may be.
    """
    count = 0
    for other in others:
        count += 1
        meet = other.is_on(lock.path) or lock.is_on(other.path)
        if meet and (lock.exclusive or other.exclusive):
            raise Locked(other.path)
    if count >= MOST_LOCKS:
        raise TooManyEntries(f"there are {count} locks")


def goes_with(lock: FileLock, account: str) -> bool:
    """Return whether a lock ends with an account: it is the account's, or on its files."""
    return lock.account == account or lock.is_within(("home", account))


class FileLockStore(Protocol):
    """The table. It is told of changes as ``FileLocksChanged``. With an account its locks go, and
    those on its files."""

    async def all(self) -> Sequence[FileLock]:
        """Return all, some of which may have ended."""

    async def add(self, lock: FileLock, now: datetime) -> None:
        """Add one, and drop those that have ended by now. Raises as ``check_new``."""

    async def refresh(self, token: str, until: datetime, now: datetime) -> FileLock:
        """Let one end then. Raises NoSuchLock, also where it has ended by now."""

    async def remove(self, tokens: Collection[str]) -> bool:
        """Remove some; return whether any was there."""
