"""Locks on files: a copy of the store's table in each process, which every change asks.

The copy follows the feed of changes, so that where there is no lock a change costs nothing. What
another process locks is known here a moment later, as if the change had come before.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from netsuite.store.changes import Change, Subscription
from netsuite.store.errors import Locked, NoSuchLock, StoreError
from netsuite.store.interfaces import Store
from netsuite.store.tree import FileLock, Locks, TreePath, held_tokens


def _new_token() -> str:
    return uuid.uuid4().urn


class SiteLocks(Locks):
    """Implements ``tree.Locks``.

    Args:
        now: returns the present moment, in UTC.
        token: returns a URI, never the same twice.
    """

    log = Logger()

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        *,
        token: Callable[[], str] = _new_token,
    ) -> None:
        self._store = store
        self._now = now
        self._token = token
        self._known: dict[str, FileLock] = {}
        self._changes = 0
        self._subscription: Subscription | None = None

    # -- the copy ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Read the table, and follow it. Raises StoreError."""
        self._subscription = self._store.changes.watch_locks(self._heard)
        await self._read()

    def stop(self) -> None:
        """Follow it no more."""
        if self._subscription is not None:
            self._subscription.cancel()
            self._subscription = None
        self._known.clear()

    def _heard(self, change: Change) -> None:
        self._begin(self._read())

    def _begin(self, doing: Coroutine[Deferred[Any], Any, None]) -> None:
        Deferred.fromCoroutine(doing).addErrback(lambda failure: failure.trap(StoreError) and None)

    async def _read(self) -> None:
        """Read the table until nothing has changed meanwhile."""
        self._changes += 1
        before = 0
        while before != self._changes and self._subscription is not None:
            before = self._changes
            found = await self._store.file_locks.all()
            if before == self._changes and self._subscription is not None:
                self._known = {lock.token: lock for lock in found}

    # -- making and ending them ----------------------------------------------------------------

    async def lock(
        self,
        path: TreePath,
        *,
        account: str,
        owner: str = "",
        exclusive: bool = True,
        infinite: bool = True,
        seconds: float,
    ) -> FileLock:
        """Lock something."""
        now = self._now()
        until = now + timedelta(seconds=seconds)
        lock = FileLock(self._token(), path, account, owner, exclusive, infinite, until)
        await self._store.file_locks.add(lock, now)
        self._changes += 1
        self._known[lock.token] = lock
        return lock

    async def refresh(self, token: str, seconds: float) -> FileLock:
        """Let a lock end so long from now."""
        now = self._now()
        lock = await self._store.file_locks.refresh(token, now + timedelta(seconds=seconds), now)
        self._changes += 1
        self._known[token] = lock
        return lock

    async def unlock(self, token: str) -> None:
        """End a lock."""
        now = self._now()
        good = {lock.token for lock in await self._store.file_locks.all() if lock.until > now}
        there = await self._store.file_locks.remove([token])
        self._changes += 1
        self._known.pop(token, None)
        if not there or token not in good:
            raise NoSuchLock(token)

    def locks(self, path: TreePath) -> Sequence[FileLock]:
        """Return those that are on what is there."""
        return [lock for lock in self._good() if lock.is_on(path)]

    # -- what trees ask ------------------------------------------------------------------------

    @property
    def any(self) -> bool:
        """Whether there may be a lock at all."""
        return bool(self._known)

    def _good(self) -> Iterable[FileLock]:
        """Return those that have not ended, and forget the others: what was refreshed by another
        process is heard of."""
        now = self._now()
        for token in [token for token, lock in self._known.items() if lock.until <= now]:
            del self._known[token]
        return self._known.values()

    def check_content(self, path: TreePath) -> None:
        """Check that what is there may be changed. Raises Locked."""
        self._check(lock for lock in self._good() if lock.is_on(path))

    def check_name(self, path: TreePath) -> None:
        """Check that the name may be given, or taken away, with all below it: of a locked
        directory, however deep its lock is, the names are locked, too. Raises Locked."""
        directory = path[:-1]
        self._check(
            lock
            for lock in self._good()
            if lock.is_on(path) or lock.path == directory or lock.is_within(path)
        )

    def _check(self, locks: Iterable[FileLock]) -> None:
        """Of several shared locks on one thing any will do."""
        held = held_tokens()
        let: dict[TreePath, bool] = {}
        for lock in locks:
            let[lock.path] = let.get(lock.path, False) or lock.token in held
        for path, is_let in let.items():
            if not is_let:
                raise Locked(path)

    def forget(self, path: TreePath) -> None:
        """End the locks on what has gone from there, and below: they do not go along."""
        gone = [token for token, lock in self._known.items() if lock.is_within(path)]
        if gone:
            self._changes += 1
            for token in gone:
                del self._known[token]
            self._begin(self._forget(gone))

    async def _forget(self, tokens: Sequence[str]) -> None:
        await self._store.file_locks.remove(tokens)


class TreeLocks:
    """The locks as one tree asks for them.

    Args:
        root: the path of the tree's root in the site.
    """

    __slots__ = ("_locks", "_root")

    def __init__(self, locks: SiteLocks, root: TreePath) -> None:
        self._locks = locks
        self._root = root

    def below(self, path: TreePath) -> TreeLocks:
        """Return the locks as a tree asks for them that appears there."""
        return TreeLocks(self._locks, self._root + path)

    @property
    def any(self) -> bool:
        """Whether there may be a lock at all."""
        return self._locks.any

    def check_content(self, path: TreePath) -> None:
        """Check that what is there may be changed. Raises Locked."""
        if self._locks.any:
            self._locks.check_content(self._root + path)

    def check_name(self, path: TreePath) -> None:
        """Check that the name may be given or taken away. Raises Locked."""
        if self._locks.any:
            self._locks.check_name(self._root + path)

    def forget(self, path: TreePath) -> None:
        """End the locks on what has gone from there."""
        if self._locks.any:
            self._locks.forget(self._root + path)
