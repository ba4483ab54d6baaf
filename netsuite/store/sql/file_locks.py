"""Locks on files on SQL. They are few: who adds one reads all."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from netsuite.store.changes import FileLocksChanged
from netsuite.store.errors import NoSuchLock
from netsuite.store.file_locks import check_new, goes_with
from netsuite.store.sql import schema as t
from netsuite.store.sql.database import Row
from netsuite.store.sql.parts import StoreParts
from netsuite.store.sql.transaction import Transaction
from netsuite.store.timestamps import from_microseconds, to_microseconds
from netsuite.store.tree import FileLock

_L: Final = t.file_lock.c
_ALL: Final = sa.select(
    _L.token, _L.path, _L.account, _L.owner, _L.exclusive, _L.infinite, _L.until_at
).order_by(_L.token)
_ONE: Final = _ALL.where(_L.token == sa.bindparam("of_token"))
_INSERT: Final = sa.insert(t.file_lock)
_DROP: Final = sa.delete(t.file_lock).where(_L.token == sa.bindparam("of_token"))
_DROP_ENDED: Final = sa.delete(t.file_lock).where(_L.until_at <= sa.bindparam("now"))
_REFRESH: Final = (
    sa.update(t.file_lock)
    .values(until_at=sa.bindparam("new_until"))
    .where(_L.token == sa.bindparam("of_token"))
)


def _lock_of(row: Row) -> FileLock:
    token, path, account, owner, exclusive, infinite, until = row
    # Names that are no UTF-8 have lone surrogates, which JSON writes in ASCII.
    names = tuple(json.loads(path))
    ends = from_microseconds(until)
    return FileLock(token, names, account, owner, bool(exclusive), bool(infinite), ends)


def drop_locks(transaction: Transaction, account: str) -> None:
    """End what an account that goes has locked, and what is locked of its files."""
    session = transaction.session
    gone = [lock for lock in map(_lock_of, session.all(_ALL)) if goes_with(lock, account)]
    for lock in gone:
        session.run(_DROP, of_token=lock.token)
    if gone:
        transaction.changes.append(FileLocksChanged())


class SQLFileLocks:
    """Implements ``file_locks.FileLockStore``."""

    def __init__(self, shared: StoreParts) -> None:
        self._shared = shared

    async def all(self) -> Sequence[FileLock]:
        """Return all, some of which may have ended."""
        rows = await self._shared.read(lambda session: session.all(_ALL), inline=True)
        return [_lock_of(row) for row in rows]

    async def add(self, lock: FileLock, now: datetime) -> None:
        """Add one, and drop those that have ended by now."""

        def add(transaction: Transaction) -> None:
            session = transaction.session
            session.run(_DROP_ENDED, now=to_microseconds(now))
            check_new(lock, map(_lock_of, session.all(_ALL)))
            row = (
                lock.token, json.dumps(lock.path), lock.account, lock.owner, int(lock.exclusive),
                int(lock.infinite), to_microseconds(lock.until),
            )  # fmt: skip
            session.many(_INSERT, [row])
            transaction.changes.append(FileLocksChanged())

        await self._shared.write(add, grows=True)

    async def refresh(self, token: str, until: datetime, now: datetime) -> FileLock:
        """Let one end then."""

        def refresh(transaction: Transaction) -> FileLock:
            session = transaction.session
            lock = _lock_of(session.found(NoSuchLock, _ONE, of_token=token))
            if lock.until <= now:
                raise NoSuchLock(token)
            session.run(_REFRESH, new_until=to_microseconds(until), of_token=token)
            transaction.changes.append(FileLocksChanged())
            return replace(lock, until=until)

        return await self._shared.write(refresh)

    async def remove(self, tokens: Collection[str]) -> bool:
        """Remove some; return whether any was there."""

        def remove(transaction: Transaction) -> bool:
            there = [transaction.session.run(_DROP, of_token=token) for token in tokens]
            if any(there):
                transaction.changes.append(FileLocksChanged())
            return any(there)

        return await self._shared.write(remove)
