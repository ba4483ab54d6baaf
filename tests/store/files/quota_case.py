"""Homes with quotas for tests: a store, and one or more processes' trees over the same files."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread

from netsuite.store.file_usage import FileAmount
from netsuite.store.files import MemorySiteTrees, SiteTrees
from netsuite.store.files.quotas import LOCKS, FileQuotas
from netsuite.store.memory import MemoryStore
from netsuite.store.model import Account
from netsuite.store.tree import PLAIN_UPLOAD, HomeTree, TreePath, Upload, UploadRequest
from netsuite.testing.store_contract.case import ContractCase, written

T = TypeVar("T")


def counted(root: Path) -> FileAmount:
    """Count what is below a directory, by what ``os`` has for that."""
    found: dict[str, tuple[int, int]] = {}
    before = None
    while found != before:  # something has changed while it was looked at
        before, found = found, {}
        for folder, folders, names in os.walk(root):
            found.update((os.path.join(folder, name), (0, 0)) for name in folders)
            for path in (os.path.join(folder, name) for name in names):
                with contextlib.suppress(FileNotFoundError):
                    if "/.netsuite-upload-" not in path:
                        result = os.lstat(path)
                        found[path] = result.st_ino, result.st_size
    return FileAmount(sum(octets for _, octets in found.values()), len(found))


class QuotaCase(ContractCase):
    """A test case with a store in ``self.store`` and the account ``self.ann``."""

    store: MemoryStore
    ann: Account

    def setUp(self) -> Deferred[None]:
        """Open a store."""
        return Deferred.fromCoroutine(self._set_up())

    def tearDown(self) -> Deferred[None]:
        """Close all."""
        return Deferred.fromCoroutine(self._tear_down())

    async def _set_up(self) -> None:
        self.clock = Clock()
        self.clock.advance(time.time())
        self.store = MemoryStore()
        await self.store.open()
        self.ann = await self.store.accounts.add_account("ann", None)
        self.sites: list[SiteTrees | MemorySiteTrees] = []

    async def _tear_down(self) -> None:
        for site in self.sites:
            await site.stop()
        await self.store.close()

    async def limit(self, octets: int | None = None, files: int | None = None) -> None:
        """Set ann's quota."""
        await self.store.accounts.update_account(
            self.ann.id, quota_file_octets=octets, quota_files=files
        )

    async def site(self) -> SiteTrees | MemorySiteTrees:
        """Make the trees of one process; those of another are over the same files."""
        raise NotImplementedError

    async def home(self) -> HomeTree:
        """Return ann's home, as one more process sees it."""
        return await (await self.site()).home("ann")

    async def used(self) -> FileAmount | None:
        """Return the tally, once all is settled."""
        self.rest()
        return (await self.store.file_usage.usage(self.ann.id)).used

    def rest(self) -> None:
        """Let so much time pass that all is settled and the marks are gone."""
        self.clock.pump([1.0] * 10)

    async def put(
        self, tree: HomeTree, path: TreePath, octets: int, request: UploadRequest = PLAIN_UPLOAD
    ) -> None:
        """Store a file of so many octets."""
        upload = await self.begin(tree, path, octets, request)
        await upload.commit()

    async def begin(
        self, tree: HomeTree, path: TreePath, octets: int, request: UploadRequest = PLAIN_UPLOAD
    ) -> Upload:
        """Begin a file; where that is refused nothing is left of it."""
        upload = await tree.upload(path, request)
        try:
            await written(upload, b"x" * octets)
        except BaseException:
            await upload.abort()
            raise
        return upload

    async def in_time(self, doing: Awaitable[T]) -> T:
        """Wait for something that waits for the clock."""

        async def wait() -> T:
            return await doing

        done = ensureDeferred(wait())
        while not done.called:
            self.clock.advance(0.05)
            await deferToThread(time.sleep, 0.001)
        return await done


class MemoryQuotaCase(QuotaCase):
    """All in memory, in one process."""

    async def site(self) -> MemorySiteTrees:
        if not self.sites:
            self.sites.append(MemorySiteTrees(quotas=FileQuotas(self.store, self.clock)))
            await self.sites[0].start()
        assert isinstance(self.sites[0], MemorySiteTrees)
        return self.sites[0]


class DiskQuotaCase(QuotaCase):
    """Files below ``self.root``."""

    async def _set_up(self) -> None:
        self.root = Path(self.mktemp())
        await super()._set_up()

    def mktemp(self) -> str:
        """Return a path where nothing is."""
        raise NotImplementedError

    async def site(self) -> SiteTrees:
        quotas = FileQuotas(self.store, self.clock, locks=self.root / LOCKS)
        site = SiteTrees(self.root, run=deferToThread, now=self.clock.seconds, quotas=quotas)
        self.sites.append(site)
        await site.start()
        return site
