"""The trees of a site: ``public/`` and ``home/ACCOUNT/`` below one directory, or in memory."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from netsuite.store.changes import Change, FileChanged
from netsuite.store.errors import FileInTheWay, NoSuchFile, OverQuota
from netsuite.store.file_usage import NO_FILES, FileAmount
from netsuite.store.files.disk import DiskTree, OnChange
from netsuite.store.files.file_names import checked_name
from netsuite.store.files.locks import SiteLocks, TreeLocks
from netsuite.store.files.mapped import Mapped, TreeSettings, WithMapped, with_mapped
from netsuite.store.files.memory import MemoryTree
from netsuite.store.files.quotas import FileQuotas
from netsuite.store.files.subtree import Subtree
from netsuite.store.files.thread_jobs import RunInThread, in_this_thread
from netsuite.store.tree import DEPTH, HomeTree, Locks, TreePath

PUBLIC: Final = "public"
HOME: Final = "home"

Publish = Callable[[Iterable[Change]], None]


def publishers(publish: Publish) -> tuple[OnChange, OnChange]:
    """Return what tells of changes in the public tree, and in the tree of all homes."""

    def public(path: TreePath, gone: bool, uploaded: bool = False) -> None:
        publish([FileChanged(PUBLIC, path, gone, uploaded)])

    def home(path: TreePath, gone: bool, uploaded: bool = False) -> None:
        if path:
            publish([FileChanged(f"{HOME}/{path[0]}", path[1:], gone, uploaded)])

    return public, home


def _of(locks: SiteLocks | None, root: str) -> TreeLocks | None:
    return None if locks is None else TreeLocks(locks, (root,))


def counts_in(homes: DiskTree | MemoryTree) -> Callable[[str], Awaitable[FileAmount]]:
    """Return what counts the files of an account, by its name, in the tree of all homes."""

    async def count(account: str) -> FileAmount:
        try:
            return await homes.amount((account,))
        except NoSuchFile:
            return NO_FILES

    return count


class _SiteTrees:
    """What both kinds share: all homes are one tree, each home a directory of it.

    So a thousand accounts cost no more descriptors than one.
    """

    def __init__(
        self,
        public: HomeTree,
        homes: HomeTree,
        quotas: FileQuotas | None,
        locks: SiteLocks | None,
    ) -> None:
        self.public = public
        self.locks: Locks | None = locks
        self._homes = homes
        self._quotas = quotas
        self._site_locks = locks
        self._made: set[str] = set()
        #: Called with an account's name whenever its home is asked for.
        self.used: Callable[[str], None] = lambda account: None

    async def _start_shared(self) -> None:
        if self._site_locks is not None:
            await self._site_locks.start()
        if self._quotas is not None:
            await self._quotas.start()
        for tree in (self.public, self._homes):
            if isinstance(tree, WithMapped):
                await tree.start()

    async def _stop_mapped(self) -> None:
        for tree in (self.public, self._homes):
            if isinstance(tree, WithMapped):
                await tree.stop()

    async def _stop_shared(self) -> None:
        if self._quotas is not None:
            await self._quotas.stop()
        if self._site_locks is not None:
            self._site_locks.stop()

    async def home(self, account: str) -> HomeTree:
        """Return an account's tree; the first time make it, with a directory ``public``."""
        checked_name(account)
        if account not in self._made:
            for path in ((account,), (account, PUBLIC)):
                # Who has no room for another directory can log in all the same.
                with suppress(FileInTheWay, OverQuota):
                    try:
                        await self._homes.entry(path)  # where it is there, nothing is judged
                    except NoSuchFile:
                        await self._homes.make_directory(path)
            self._made.add(account)
        self.used(account)
        return Subtree(self._homes, (account,))

    def public_of(self, account: str) -> HomeTree:
        """Return the directory ``public`` of an account's tree as a tree."""
        checked_name(account)
        self.used(account)
        return Subtree(self._homes, (account, PUBLIC))


class SiteTrees(_SiteTrees):
    """Implements ``tree.FileHomes`` on disk.

    A home's ``public/`` is made once in the life of the process, so who removes it finds it back
    after the next start only.

    Args:
        root: the directory of it all; made if it is not there.
        limit_octets: the largest file taken, None for no limit.
        durable: whether an upload is on the disk before it is told to be done.
        links: whether symbolic links that stay inside are followed.
        mapped: directories of the host in the public tree, and in that of all homes.
        quotas: of the accounts; what is mapped counts for nobody.
        locks: on files of both trees.
    """

    def __init__(
        self,
        root: Path,
        *,
        run: RunInThread,
        now: Callable[[], float] = time.time,
        publish: Publish = lambda changes: None,
        limit_octets: int | None = None,
        durable: bool = True,
        links: bool = False,
        mapped: tuple[Sequence[Mapped], Sequence[Mapped]] = ((), ()),
        quotas: FileQuotas | None = None,
        locks: SiteLocks | None = None,
    ) -> None:
        public, home = publishers(publish)
        known = TreeSettings(
            run=run, now=now, limit_octets=limit_octets, durable=durable, links=links
        )
        # The web server next door may show the site too.
        shown = TreeSettings(
            **known, file_mode=0o644, directory_mode=0o755, locks=_of(locks, PUBLIC)
        )
        # As deep as the others, below ACCOUNT/public.
        private = TreeSettings(**known, depth=DEPTH + 2, locks=_of(locks, HOME))
        self._public = DiskTree(root / PUBLIC, on_change=public, **shown)
        self._tree = DiskTree(root / HOME, on_change=home, quotas=quotas, **private)
        if quotas is not None:
            quotas.count = counts_in(self._tree)
        super().__init__(
            with_mapped(self._public, mapped[0], public, **shown),
            with_mapped(self._tree, mapped[1], home, **private),
            quotas,
            locks,
        )

    async def start(self) -> None:
        """Make and open the directories."""
        await self._public.start()
        await self._tree.start()
        await self._start_shared()

    async def stop(self) -> None:
        """Wait for what is being done; take no more."""
        await self._stop_mapped()
        await self._public.stop()
        await self._tree.stop()
        await self._stop_shared()


class MemorySiteTrees(_SiteTrees):
    """Implements ``tree.FileHomes`` in memory, for tests; mapped directories are real.

    Args:
        run: as of ``SiteTrees``; needed where something is mapped.
    """

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        publish: Publish = lambda changes: None,
        limit_octets: int | None = None,
        run: RunInThread = in_this_thread,
        mapped: tuple[Sequence[Mapped], Sequence[Mapped]] = ((), ()),
        quotas: FileQuotas | None = None,
        locks: SiteLocks | None = None,
    ) -> None:
        public, home = publishers(publish)
        self._trees = (
            MemoryTree(
                now,
                on_change=home,
                limit_octets=limit_octets,
                depth=DEPTH + 2,
                quotas=quotas,
                locks=_of(locks, HOME),
            ),
            MemoryTree(now, on_change=public, limit_octets=limit_octets, locks=_of(locks, PUBLIC)),
        )
        if quotas is not None:
            quotas.count = counts_in(self._trees[0])
        shown, private = (
            TreeSettings(run=run, limit_octets=limit_octets, locks=_of(locks, root))
            for root in (PUBLIC, HOME)
        )
        super().__init__(
            with_mapped(self._trees[1], mapped[0], public, **shown),
            with_mapped(self._trees[0], mapped[1], home, **private),
            quotas,
            locks,
        )

    def clear(self) -> None:
        """Remove all files and homes."""
        self._made.clear()
        for tree in self._trees:
            tree.clear()

    async def start(self) -> None:
        """Open what is mapped."""
        await self._start_shared()

    async def stop(self) -> None:
        """Close what is mapped."""
        await self._stop_mapped()
        await self._stop_shared()
