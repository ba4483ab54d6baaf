"""The contract on the table of locks on files."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from netsuite.store.changes import FileLocksChanged
from netsuite.store.errors import Locked, NoSuchLock, StoreClosed
from netsuite.store.tree import FileLock
from netsuite.testing.store_contract.case import CREATED, StoreCase

MINUTE: Final = timedelta(minutes=1)
LOCK: Final = FileLock(
    "urn:uuid:1", ("home", "ann", "a \u00e9 \udcff"), "ann", "<D:href>x</D:href>", True, False,
    CREATED + MINUTE,
)  # fmt: skip
SHARED: Final = replace(LOCK, token="s", path=("public", "d"), exclusive=False, infinite=True)


class FileLocksContract(StoreCase):
    """Locks, by their tokens."""

    async def test_add(self) -> None:
        """A lock is there as it was added, until it is removed."""
        locks = self.store.file_locks
        self.assertEqual([], list(await locks.all()))
        await locks.add(LOCK, CREATED)
        await locks.add(SHARED, CREATED)
        self.assertEqual({LOCK, SHARED}, set(await locks.all()))
        self.assertTrue(await locks.remove([LOCK.token, "other"]))
        self.assertFalse(await locks.remove([LOCK.token]))
        self.assertEqual([SHARED], list(await locks.all()))
        self.assertEqual([FileLocksChanged()] * 3, self.published_of(FileLocksChanged))

    async def test_conflicts(self) -> None:
        """An exclusive lock goes with no other on the same, above or below; shared ones do."""
        locks = self.store.file_locks
        await locks.add(SHARED, CREATED)
        for path, infinite, meets in (
            (("public", "d"), False, True),
            (("public", "d", "e", "f"), False, True),
            (("public",), True, True),
            (("public",), False, False),
            (("public", "dd"), True, False),
        ):
            lock = replace(LOCK, token=f"{path}{infinite}", path=path, infinite=infinite)
            if meets:
                error = await self.refused(Locked, locks.add(lock, CREATED))
                self.assertEqual(SHARED.path, error.path)
                lock = replace(lock, exclusive=False)
            await locks.add(lock, CREATED)
            await locks.remove([lock.token])

    async def test_ended(self) -> None:
        """One that has ended keeps nobody out, and cannot be refreshed."""
        locks = self.store.file_locks
        await locks.add(LOCK, CREATED)
        other = replace(LOCK, token="2", until=CREATED + 9 * MINUTE)
        await self.refused(Locked, locks.add(other, CREATED))
        later = await locks.refresh(LOCK.token, CREATED + 2 * MINUTE, CREATED)
        self.assertEqual(replace(LOCK, until=CREATED + 2 * MINUTE), later)
        await self.refused(Locked, locks.add(other, CREATED + MINUTE))
        ended = CREATED + 2 * MINUTE
        await self.refused(NoSuchLock, locks.refresh(LOCK.token, CREATED + 5 * MINUTE, ended))
        await locks.add(other, ended)
        self.assertEqual([other], list(await locks.all()))
        await self.refused(NoSuchLock, locks.refresh("3", ended, CREATED))

    async def test_account_removed(self) -> None:
        """With an account its locks go, and those on its files."""
        locks = self.store.file_locks
        ann = await self.account("ann")
        others = replace(LOCK, token="2", account="bob")
        hers = replace(SHARED, token="3", account="ann")
        for lock in (others, replace(SHARED, account="bob"), hers):
            await locks.add(lock, CREATED)
        await self.store.accounts.remove_account(ann.id)
        self.assertEqual([replace(SHARED, account="bob")], list(await locks.all()))

    async def test_closed(self) -> None:
        """A closed store says so."""
        locks = self.store.file_locks
        await self.store.close()
        for doing in (
            locks.all(),
            locks.add(LOCK, CREATED),
            locks.refresh("x", CREATED, CREATED),
            locks.remove(["x"]),
        ):
            await self.refused(StoreClosed, doing)
