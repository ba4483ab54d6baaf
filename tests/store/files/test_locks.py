"""Locks on files: what each keeps from whom, how it ends, and that every process knows."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread

from netsuite.ftp import replies as ftp_replies
from netsuite.http import replies as http_replies
from netsuite.store.errors import FileInTheWay, Locked, NoSuchFile, NoSuchLock
from netsuite.store.files import Mapped, MemorySiteTrees, SiteTrees
from netsuite.store.files.locks import SiteLocks
from netsuite.store.memory import MemoryStore
from netsuite.store.sql import SQLStore
from netsuite.store.tree import FileLock, HomeTree, TreePath, UploadRequest, holding
from netsuite.telnet import replies as telnet_replies
from netsuite.testing.cases import TestCase
from netsuite.testing.store_contract.case import ContractCase, written
from tests.store.reactors import reactor

WHEN = datetime(2001, 2, 3, tzinfo=UTC)


class LocksCase(ContractCase):
    """A store, and ann's home in ``self.home``."""

    def setUp(self) -> Deferred[None]:
        """Open a store and the trees."""
        return Deferred.fromCoroutine(self._set_up())

    def tearDown(self) -> Deferred[None]:
        """Close all."""
        return Deferred.fromCoroutine(self._tear_down())

    def now(self) -> datetime:
        """The clock's time."""
        return datetime.fromtimestamp(self.clock.seconds(), UTC)

    def trees(self, locks: SiteLocks) -> SiteTrees | MemorySiteTrees:
        """Make the trees."""
        raise NotImplementedError

    async def _set_up(self) -> None:
        self.clock = Clock()
        self.clock.advance(time.time())
        self.store = MemoryStore()
        await self.store.open()
        self.locks = SiteLocks(self.store, self.now)
        self.site = self.trees(self.locks)
        await self.site.start()
        self.home = await self.site.home("ann")

    async def _tear_down(self) -> None:
        await self.site.stop()
        await self.store.close()

    async def put(self, path: TreePath, octets: bytes = b"x") -> None:
        """Store a file in ann's home."""
        upload = await self.home.upload(path)
        try:
            await written(upload, octets)
            await upload.commit()
        finally:
            await upload.abort()

    async def lock(self, *path: str, infinite: bool = True, exclusive: bool = True) -> FileLock:
        """Lock something in ann's home for a minute."""
        return await self.locks.lock(
            ("home", "ann", *path),
            account="ann",
            infinite=infinite,
            exclusive=exclusive,
            seconds=60,
        )


class Contract(LocksCase):
    """What every tree asks."""

    async def test_file(self) -> None:
        """A locked file is changed by nobody who does not name the token, and read by all."""
        await self.put(("f",), b"before")
        lock = await self.lock("f", infinite=False)
        home = self.home
        for doing in (
            self.put(("f",)),
            home.upload(("f",), UploadRequest(append=True)),
            home.remove_file(("f",)),
            home.rename(("f",), ("g",)),
            home.set_modified(("f",), WHEN),
            home.set_mode(("f",), 0o600),
        ):
            error = await self.refused(Locked, doing)
            self.assertEqual(("home", "ann", "f"), error.path)
        await self.put(("g",))
        await self.refused(Locked, home.rename(("g",), ("f",)))
        with holding("urn:uuid:other"):
            await self.refused(Locked, self.put(("f",)))
        self.assertEqual(6, (await home.entry(("f",))).octets)
        (await home.open(("f",))).close()
        with holding(lock.token):
            await self.put(("f",))
            await home.set_modified(("f",), WHEN)
            await home.set_mode(("f",), 0o600)
        await self.locks.unlock(lock.token)
        await self.put(("f",))

    async def test_name_that_nothing_has(self) -> None:
        """A name may be locked before anything has it."""
        lock = await self.lock("f", infinite=False)
        await self.refused(Locked, self.put(("f",)))
        await self.refused(Locked, self.home.make_directory(("f",)))
        with holding(lock.token):
            await self.put(("f",))

    async def test_directory(self) -> None:
        """Of a directory locked with depth 0 the names stay as they are, not what is in them."""
        home = self.home
        await home.make_directory(("d",))
        await home.make_directory(("d", "e"))
        await self.put(("d", "f"))
        await self.put(("g",))
        lock = await self.lock("d", infinite=False)
        changes = (
            lambda: self.put(("d", "new")),
            lambda: home.make_directory(("d", "new")),
            lambda: home.remove_file(("d", "f")),
            lambda: home.remove_directory(("d", "e")),
            lambda: home.rename(("d", "f"), ("d", "g")),
            lambda: home.rename(("d", "f"), ("f",)),
            lambda: home.rename(("g",), ("d", "g")),
            lambda: home.rename(("d",), ("c",)),
            lambda: home.set_mode(("d",), 0o700),
        )
        for change in changes:
            await self.refused(Locked, change())
        await self.put(("d", "f"), b"other")
        await self.put(("d", "e", "new"))
        await home.set_modified(("d", "f"), WHEN)
        with holding(lock.token):
            await self.put(("d", "new"))
            await home.remove_file(("d", "f"))

    async def test_infinite(self) -> None:
        """With depth infinity all below is locked, too; what leaves it is free."""
        home = self.home
        await home.make_directory(("d",))
        await home.make_directory(("d", "e"))
        await self.put(("d", "e", "f"))
        lock = await self.lock("d")
        await self.refused(Locked, self.put(("d", "e", "f")))
        await self.refused(Locked, home.set_mode(("d", "e"), 0o700))
        await self.refused(Locked, home.remove_file(("d", "e", "f")))
        self.assertEqual([lock], list(self.locks.locks(("home", "ann", "d", "e", "f"))))
        self.assertEqual([], list(self.locks.locks(("home", "ann"))))
        with holding(lock.token):
            await home.rename(("d", "e", "f"), ("f",))
        await self.put(("f",))

    async def test_parent_renamed(self) -> None:
        """What has a locked thing in it is not moved or removed; who holds the lock may, and it
        does not go along."""
        home = self.home
        await home.make_directory(("a",))
        await home.make_directory(("a", "b"))
        await self.put(("a", "b", "f"))
        lock = await self.lock("a", "b", "f", infinite=False)
        await self.refused(Locked, home.rename(("a",), ("c",)))
        await self.refused(Locked, home.move_to(("a",), self.site.public, ("a",)))
        with holding(lock.token):
            await home.rename(("a",), ("c",))
        await self.put(("c", "b", "f"))
        self.assertEqual([], list(await self.store.file_locks.all()))
        await self.refused(NoSuchLock, self.locks.unlock(lock.token))

    async def test_removed(self) -> None:
        """With the file its lock is gone."""
        await self.put(("f",))
        with holding((await self.lock("f")).token):
            await self.home.remove_file(("f",))
        await self.put(("f",))
        await self.lock("f")

    async def test_shared(self) -> None:
        """Each of those who share a lock may change the file, nobody else; nobody locks it
        alone."""
        await self.put(("f",))
        locks = [await self.lock("f", exclusive=False) for _ in range(2)]
        await self.refused(Locked, self.lock("f"))
        await self.refused(Locked, self.lock())
        await self.refused(Locked, self.put(("f",)))
        for lock in locks:
            with holding(lock.token):
                await self.put(("f",))
        await self.locks.unlock(locks[0].token)
        await self.refused(Locked, self.put(("f",)))

    async def test_each_lock(self) -> None:
        """The directory's token is needed beside that of what is in it."""
        await self.home.make_directory(("d",))
        await self.put(("d", "f"))
        above = await self.lock("d", infinite=False)
        lock = await self.lock("d", "f")
        for token in (above.token, lock.token):
            with holding(token):
                await self.refused(Locked, self.home.remove_file(("d", "f")))
        with holding(above.token), holding(lock.token):
            await self.home.remove_file(("d", "f"))

    async def test_while_it_comes(self) -> None:
        """A lock that was made while a file came in keeps it from its name; nothing is left."""
        await self.put(("f",), b"before")
        upload = await self.home.upload(("f",))
        part = await self.home.upload(("g",))
        for each in (upload, part):
            await written(each, b"after")
        lock = await self.lock("f")
        await self.lock("g")
        await self.refused(Locked, upload.commit())
        await part.abort(keep_partial=True)
        await self.refused(NoSuchFile, self.home.entry(("g",)))
        self.assertEqual(6, (await self.home.entry(("f",))).octets)
        with holding(lock.token):
            upload = await self.home.upload(("f",))
            await written(upload, b"after")
        await self.refused(Locked, upload.commit())

    async def test_expiry(self) -> None:
        """A lock ends by itself, unless it is refreshed."""
        await self.put(("f",))
        lock = await self.lock("f")
        self.clock.advance(59)
        await self.refused(Locked, self.put(("f",)))
        await self.locks.refresh(lock.token, 100)
        self.clock.advance(99)
        await self.refused(Locked, self.put(("f",)))
        self.clock.advance(1)
        await self.put(("f",))
        self.assertEqual([], list(self.locks.locks(("home", "ann", "f"))))
        self.assertFalse(self.locks.any)  # nothing is asked any more
        await self.refused(NoSuchLock, self.locks.refresh(lock.token, 100))
        await self.refused(NoSuchLock, self.locks.unlock(lock.token))
        await self.lock("f")

    async def test_site_and_home(self) -> None:
        """The public site and each home have names of their own."""
        await self.lock("f")
        public: HomeTree = self.site.public
        upload = await public.upload(("f",))
        await upload.commit()
        self.home = await self.site.home("ben")
        await self.put(("f",))
        await self.locks.lock(("public", "f"), account="ann", seconds=60)
        await self.refused(Locked, public.remove_file(("f",)))
        await self.refused(Locked, self.home.move_to(("f",), public, ("f",)))
        await self.refused(Locked, public.move_to(("f",), self.home, ("g",)))


class InMemory(Contract, TestCase):
    """The reference."""

    def trees(self, locks: SiteLocks) -> MemorySiteTrees:
        return MemorySiteTrees(self.now, locks=locks)


class OnDisk(Contract, TestCase):
    """Real files, and a directory of the host."""

    def trees(self, locks: SiteLocks) -> SiteTrees:
        host = Path(self.mktemp())
        host.mkdir()
        mapped = Mapped(("host",), host, read_only=False)
        root = Path(self.mktemp())
        return SiteTrees(root, run=deferToThread, locks=locks, mapped=((mapped,), ()))

    async def test_mapped(self) -> None:
        """What is mapped is locked where it appears."""
        public = self.site.public
        await public.make_directory(("host", "d"))
        lock = await self.locks.lock(("public", "host"), account="ann", seconds=60)
        await self.refused(Locked, public.make_directory(("host", "e")))
        with holding(lock.token):
            await public.make_directory(("host", "e"))
        await self.refused(FileInTheWay, self.home.make_directory(("public",)))


class Processes(TestCase, ContractCase):
    """Several processes over one store."""

    async def test_two(self) -> None:
        """What one locks the other keeps to, and only one gets a lock."""
        url = f"sqlite:///{Path(self.mktemp()).absolute()}"
        stores = [SQLStore(url, clock=reactor, threads=reactor) for _ in range(2)]
        locks = []
        for store in stores:
            await store.open()
            self.addCleanup(store.close)
            locks.append(SiteLocks(store, lambda: datetime.now(UTC)))
            await locks[-1].start()
            self.addCleanup(locks[-1].stop)
        one, two = locks
        path = ("home", "ann", "f")
        lock = await one.lock(path, account="ann", seconds=600)
        await self.refused(Locked, two.lock(path, account="ben", seconds=600))
        stores[1].look()
        await self.until(lambda: two.any)
        self.assertEqual([lock], list(two.locks(path)))
        with self.assertRaises(Locked):
            two.check_content(path)
        refreshed = await two.refresh(lock.token, 1200)
        await two.unlock(lock.token)
        self.assertGreater(refreshed.until, lock.until)
        await self.until(lambda: not one.any)
        one.check_content(path)
        await two.lock(path, account="ben", seconds=600)
        await self.until(lambda: one.any)
        third = SiteLocks(stores[0], lambda: datetime.now(UTC))
        await third.start()
        self.addCleanup(third.stop)
        self.assertEqual("ben", third.locks(path)[0].account)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until the feed has told of something."""
        for _ in range(200):
            if true():
                return
            await deferToThread(time.sleep, 0.02)
        self.fail("the other process does not hear of it")


class Doors(TestCase):
    """What clients are told."""

    def test_answers(self) -> None:
        """FTP and the shell say to try again, HTTP that it is locked."""
        self.assertIn("locked", telnet_replies.text_for(Locked(())))
        self.assertEqual(450, ftp_replies.REPLIES[Locked].code)
        said = http_replies.ERRORS.find(Locked(()))
        self.assertEqual(423, getattr(said, "status", None))
