"""Tallies of several processes over the same files: nobody gets over, and nothing is lost.

Processes are stood for by trees of one, each with locks of its own, as the system sees them.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred, gatherResults
from twisted.internet.task import LoopingCall

from netsuite.store.errors import OverQuota, StorageFull, StoreError
from netsuite.store.file_usage import NO_FILES, FileAmount
from netsuite.store.files import SiteTrees
from netsuite.store.files.account_tally import AHEAD
from netsuite.store.memory.file_usage import MemoryFileUsage
from netsuite.store.tree import HomeTree, UploadRequest
from netsuite.testing.cases import TestCase
from netsuite.testing.store_contract.case import written
from tests.store.files.quota_case import DiskQuotaCase, counted

OCTETS, FILES = 300_000, 60


class Gone(MemoryFileUsage):
    """The store of a process that has died: it hears nothing any more."""

    async def settle(self, *arguments: object, **options: object) -> None:
        raise StoreError("dead")

    async def mark(self, *arguments: object) -> None:
        raise StoreError("dead")


class Processes(DiskQuotaCase):
    """Ann's files, and processes that come and go."""

    def real(self) -> FileAmount:
        """Count ann's files."""
        return counted(self.root / "home" / "ann")

    async def die(self, site: SiteTrees) -> None:
        """Let a process die: it settles nothing, and the system takes its locks back."""
        quotas = site._quotas
        assert quotas is not None
        assert quotas._shared is not None
        quotas._shared.usage = Gone(self.store._records)
        quotas._known.clear()
        await site.stop()
        self.sites.remove(site)

    async def wait(self, doing: Coroutine[Deferred[Any], Any, object]) -> None:
        """Wait for what waits for the clock."""
        ticking = LoopingCall(self.clock.advance, 0.05)
        ticking.start(0.001)
        try:
            await doing
        finally:
            ticking.stop()


class Together(Processes, TestCase):
    """What processes know of each other."""

    async def test_advance_comes_back(self) -> None:
        """Room that one process has claimed in advance is another's before that is refused."""
        await self.limit(octets=8 * AHEAD.octets)
        one, two = await self.home(), await self.home()
        await self.wait(self.put(one, ("a",), 1000))
        usage = await self.store.file_usage.usage(self.ann.id)
        self.assertGreater(usage.claimed.octets, 1000)
        left = 8 * AHEAD.octets - 1000
        upload = await two.upload(("b",))
        await self.wait(self._announce(two, left))
        await self.wait(self._refused(two, left + 1))
        await upload.abort()

    async def _announce(self, home: HomeTree, octets: int) -> None:
        await (await home.upload(("c",), UploadRequest(expected_octets=octets))).abort()

    async def _refused(self, home: HomeTree, octets: int) -> None:
        await self.refused(OverQuota, self._announce(home, octets))

    async def test_one_counts(self) -> None:
        """A count waits for what others have not settled, and they for the count."""
        await self.limit(octets=1000)
        one, two = await self.home(), await self.home()
        await self.wait(self.put(one, ("a",), 500))
        await self.store.file_usage.settle(self.ann.id, "ff", NO_FILES, NO_FILES, uncounted=True)
        await self.wait(self._both(one, two))
        self.assertEqual(self.real(), await self.used())
        self.assertEqual(FileAmount(900, 4), self.real())

    async def _both(self, one: HomeTree, two: HomeTree) -> None:
        await gatherResults(
            [
                ensureDeferred(self.put(home, (name,), 200))
                for home, name in ((two, "b"), (one, "c"))
            ]
        )

    async def test_dead(self) -> None:
        """What a process has changed that died is counted before anything is judged; what others
        have reserved stays theirs."""
        await self.limit(octets=1000)
        one = await self.site()
        home = await one.home("ann")
        await self.put(home, ("a",), 300)
        two = await self.home()
        reserved = await two.upload(("b",), UploadRequest(expected_octets=200))
        await self.put(home, ("c",), 400)
        await self.die(one)
        await self.wait(self.refused(OverQuota, self.put(two, ("d",), 101)))
        await self.wait(self.put(two, ("d",), 100))
        await written(reserved, b"x" * 200)
        await reserved.commit()
        self.assertEqual((FileAmount(1000, 5), self.real()), (await self.used(), self.real()))

    async def test_dead_alone(self) -> None:
        """The next process counts what the only one has left behind."""
        await self.limit(octets=1000)
        site = await self.site()
        await self.put(await site.home("ann"), ("a",), 300)
        await self.die(site)
        (self.root / "home/ann/other").write_bytes(b"x" * 100)
        home = await self.home()
        await self.refused(OverQuota, self.put(home, ("b",), 601))
        await self.put(home, ("b",), 600)
        self.assertEqual(self.real(), await self.used())

    async def test_removing_does_not_count(self) -> None:
        """Who only makes room is not made to wait for a count."""
        await self.limit(octets=1000)
        site = await self.site()
        await self.put(await site.home("ann"), ("a",), 300)
        await self.die(site)
        await (await self.home()).remove_file(("a",))
        usage = await self.store.file_usage.usage(self.ann.id)
        self.assertEqual(2, len(usage.processes))

    async def test_store_fails(self) -> None:
        """While the store cannot be written nothing is let through unjudged; afterwards all that
        was done is settled."""
        await self.limit(octets=1000)
        home = await self.home()
        await self.put(home, ("a",), 100)
        usage = self.store.file_usage

        async def fail(*arguments: object, **options: object) -> None:
            raise StorageFull("no room")

        for method in ("claim", "mark", "settle"):
            self.patch(usage, method, fail)
        self.clock.advance(2)
        await self.refused(StorageFull, self.put(home, ("b",), 500))
        await home.remove_file(("a",))
        self.clock.pump([1.0] * 10)
        for method in ("claim", "mark", "settle"):
            delattr(usage, method)
        await self.wait(self.put(home, ("c",), 1000))
        self.assertEqual(self.real(), await self.used())

    async def test_foreign_octets(self) -> None:
        """A lower quota holds from the moment that it is known, for what was granted, too."""
        await self.limit(octets=10_000)
        home = await self.home()
        await self.put(home, ("a",), 100)
        await self.limit(octets=150)
        await self.refused(OverQuota, self.put(home, ("b",), 51))
        await self.put(home, ("b",), 50)

    async def test_cancelled(self) -> None:
        """Who goes away while something is begun or committed has reserved nothing for ever."""
        await self.limit(octets=1000)
        home = await self.home()
        await self.put(home, ("f",), 0)
        for _ in range(30):
            began = ensureDeferred(home.upload(("a",), UploadRequest(expected_octets=1000)))
            began.addErrback(lambda failure: None)
            began.cancel()
            upload = await home.upload(("b",), UploadRequest(expected_octets=1))
            await written(upload, b"x")
            commit = ensureDeferred(upload.commit())
            commit.addErrback(lambda failure: None)
            commit.cancel()
            made = ensureDeferred(home.make_directory(("d",)))
            made.addErrback(lambda failure: None)
            made.cancel()
            await upload.abort()
            removed = ensureDeferred(home.remove_file(("f",)))
            removed.addErrback(lambda failure: None)
            removed.cancel()
            with contextlib.suppress(StoreError):
                await self.put(home, ("f",), 0)
        await self.put(home, ("c",), 999)
        self.assertEqual(self.real(), await self.used())


class Random(Processes, TestCase):
    """Any changes by several processes at once, against a count of what is there."""

    async def test_random(self) -> None:
        """At no moment is there more than the quota allows, and in the end the tally is right."""
        self.stored = self.refusals = 0
        for seed in range(6):
            self.random = random.Random(seed)
            await self.limit(octets=OCTETS, files=FILES)
            sites = [await self.site() for _ in range(3)]
            await self.wait(self._work(sites))
            for site in sites:
                if site in self.sites:
                    await site.stop()
                    self.sites.remove(site)
            usage = await self.store.file_usage.usage(self.ann.id)
            if usage.processes:  # of those that died
                await self.wait(self._count())
            self.assertEqual(self.real(), await self.used())
        self.assertGreater(self.stored, 100)
        self.assertGreater(self.refusals, 20)

    async def _count(self) -> None:
        await (await self.home()).space(())

    async def _work(self, sites: list[SiteTrees]) -> None:
        workers = [self._worker(site, number) for site in sites for number in range(4)]
        await gatherResults([ensureDeferred(each) for each in workers])

    async def _worker(self, site: SiteTrees, number: int) -> None:
        home = await site.home("ann")
        for _ in range(25):
            if site not in self.sites:
                return
            try:
                await self._step(site, home)
            except OverQuota:
                self.refusals += 1
            except StoreError:
                pass
            real = self.real()
            self.assertTrue(FileAmount(OCTETS, FILES).covers(real), real)
        if number or len(self.sites) == 1 or site not in self.sites or self._is_busy(site):
            return
        if self.random.random() < 0.5:
            await self.die(site)

    @staticmethod
    def _is_busy(site: SiteTrees) -> bool:
        quotas = site._quotas
        assert quotas is not None
        return any(tally._active or tally._claiming.locked for tally in quotas._known.values())

    async def _step(self, site: SiteTrees, home: HomeTree) -> None:
        chance = self.random
        name = (f"f{chance.randrange(8)}",)
        place = (f"d{chance.randrange(3)}",)
        path = place + name if chance.random() < 0.3 else name
        steps: list[Callable[[], Coroutine[Any, Any, object]]] = [
            lambda: self._put(home, path),
            lambda: self._put(home, path),
            lambda: self._put(home, path),
            lambda: home.remove_file(path),
            lambda: home.make_directory(place),
            lambda: home.remove_directory(place),
            lambda: home.rename(path, name, replace=chance.random() < 0.7),
            lambda: home.rename(place, (f"d{chance.randrange(3)}",)),
            lambda: home.move_to(path, site.public, name),
            lambda: site.public.move_to(name, home, path),
        ]
        await chance.choice(steps)()

    async def _put(self, home: HomeTree, path: tuple[str, ...]) -> None:
        chance = self.random
        octets = chance.choice((0, 10, 3000, 40_000, 90_000))
        request = chance.choice(
            (UploadRequest(), UploadRequest(expected_octets=octets), UploadRequest(append=True))
        )
        upload = await home.upload(path, request)
        try:
            for start in range(0, octets, 30_000):
                await written(upload, b"x" * min(30_000, octets - start))
            if chance.random() < 0.2:
                await upload.abort(keep_partial=True)
            else:
                await upload.commit()
                self.stored += 1
        finally:
            await upload.abort()
