"""Directories of the host that appear in a tree, so that no links are needed to show them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Required, TypedDict, Unpack

from twisted.logger import Logger

from netsuite.store.errors import DirectoryNotEmpty, NoSuchFile, NotPermitted, StoreError
from netsuite.store.files.disk import DiskTree, OnChange
from netsuite.store.files.locks import TreeLocks
from netsuite.store.files.thread_jobs import RunInThread
from netsuite.store.tree import (
    PLAIN_UPLOAD,
    Entry,
    HomeTree,
    OpenFile,
    Space,
    TreePath,
    Upload,
    UploadRequest,
)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A directory of the host, and where it appears.

    Args:
        path: below the root of the tree.
        read_only: whether nothing below it is ever changed; who may do what is decided elsewhere.
    """

    path: TreePath
    directory: Path
    read_only: bool = True


class HostDirectory(DiskTree):
    """A tree on a directory that others care for: it is not made, and nothing is looked for in one
    that is for reading. Takes what ``DiskTree`` does."""

    read_only = False

    def appears_at(self, path: TreePath) -> None:
        """Ask for locks as of what is there in the tree around it."""
        if self._locks is not None:
            self._locks = self._locks.below(path)

    async def start(self) -> None:
        """Open it. Raises NoSuchFile where it is not there."""
        if not await self._jobs.do(self.path.is_dir):
            raise NoSuchFile(f"there is no directory {self.path}")
        await super().start()

    async def _sweep(self) -> None:
        if not self.read_only:
            await super()._sweep()


class WithMapped(HomeTree):
    """Implements ``tree.HomeTree``: a tree in which directories of the host appear, each in place
    of what else has its name.

    One that is not there, or cannot be read, is missing until it is. A file is moved into or out of
    one where that is one file system, in one step; else it is refused, since a copy takes any time,
    may end half way, and is what the client can do itself.

    Args:
        trees: by where they appear.
    """

    log = Logger()

    def __init__(self, base: HomeTree, trees: Mapping[TreePath, HostDirectory]) -> None:
        self.base = base
        self._trees = trees
        self._started: set[TreePath] = set()

    # -- life ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open all that are there; the base is opened by who made it."""
        for path in self._trees:
            try:
                await self._begin(path)
            except StoreError as error:
                self.log.warn("{error}; /{path} is missing", error=error, path="/".join(path))

    async def _begin(self, path: TreePath) -> HostDirectory:
        tree = self._trees[path]
        if path not in self._started:
            await tree.start()
            self._started.add(path)
        return tree

    async def stop(self) -> None:
        """Close them."""
        for tree in self._trees.values():
            await tree.stop()

    # -- finding -------------------------------------------------------------------------------

    def _head(self, path: TreePath) -> TreePath | None:
        for depth in range(1, len(path) + 1):
            if path[:depth] in self._trees:
                return path[:depth]
        return None

    async def _at(self, path: TreePath) -> tuple[HomeTree, TreePath]:
        head = self._head(path)
        if head is None:
            return self.base, path
        return await self._begin(head), path[len(head) :]

    def underlying(self, path: TreePath) -> tuple[HomeTree, TreePath]:
        """Return the tree that a path is in, and the path there."""
        head = self._head(path)
        if head is None:
            return self.base.underlying(path)
        return self._trees[head], path[len(head) :]

    @property
    def follows_links(self) -> bool:
        """Whether links are followed."""
        return self.base.follows_links

    async def resolved(self, path: TreePath, *, floor: int = 0, last: bool = True) -> TreePath:
        """Return a path without links."""
        tree, rest = await self._at(path)
        above = len(path) - len(rest)
        found = await tree.resolved(rest, floor=max(floor - above, 0), last=last)
        return path[:above] + found

    async def links(self, path: TreePath) -> Sequence[str]:
        """Return the names of the links in a directory."""
        tree, rest = await self._at(path)
        return [name for name in await tree.links(rest) if (*path, name) not in self._trees]

    def _named(self, path: TreePath, entry: Entry) -> Entry:
        return entry.named(path[-1]) if path in self._trees else entry

    # -- looking -------------------------------------------------------------------------------

    async def entry(self, path: TreePath) -> Entry:
        """Look one up."""
        tree, rest = await self._at(path)
        return self._named(path, await tree.entry(rest))

    async def listing(self, path: TreePath) -> AsyncIterator[Sequence[Entry]]:
        """List a directory in pieces, in no order, with what is mapped into it."""
        tree, rest = await self._at(path)
        here = {head[-1]: head for head in self._trees if head[:-1] == path}
        async for piece in tree.listing(rest):
            yield [entry for entry in piece if entry.name not in here] if here else piece
        for head in here.values():
            try:
                yield [await self.entry(head)]
            except StoreError as error:
                self.log.info("not listed: {error}", error=error)

    async def open(self, path: TreePath) -> OpenFile:
        """Open a file for reading."""
        tree, rest = await self._at(path)
        return await tree.open(rest)

    # -- changing ------------------------------------------------------------------------------

    async def upload(self, path: TreePath, request: UploadRequest = PLAIN_UPLOAD) -> Upload:
        """Begin a file."""
        tree, rest = await self._at(path)
        return await tree.upload(rest, request)

    async def make_directory(self, path: TreePath) -> Entry:
        """Make a directory."""
        tree, rest = await self._at(path)
        return await tree.make_directory(rest)

    async def remove_file(self, path: TreePath) -> None:
        """Remove a file."""
        tree, rest = await self._at(path)
        await tree.remove_file(rest)

    def _holds(self, path: TreePath) -> bool:
        return any(head[: len(path)] == path for head in self._trees if head != path)

    async def remove_directory(self, path: TreePath) -> None:
        """Remove an empty directory; one that something is mapped into is not empty."""
        if self._holds(path):
            raise DirectoryNotEmpty("something is mapped into it")
        tree, rest = await self._at(path)
        await tree.remove_directory(rest)

    async def move_to(
        self, old: TreePath, sister: HomeTree, new: TreePath, *, replace: bool = True
    ) -> None:
        """As ``rename``, but *new* is in the sister."""
        if self._holds(old):
            raise NotPermitted("something is mapped into it")
        tree, rest = await self._at(old)
        await tree.move_to(rest, sister, new, replace=replace)

    async def set_modified(self, path: TreePath, modified: datetime) -> Entry:
        """Set the time of modification."""
        tree, rest = await self._at(path)
        return self._named(path, await tree.set_modified(rest, modified))

    async def set_mode(self, path: TreePath, mode: int) -> Entry:
        """Set the permission bits."""
        tree, rest = await self._at(path)
        return self._named(path, await tree.set_mode(rest, mode))

    async def space(self, path: TreePath) -> Space:
        """Return what may still be stored there."""
        tree, rest = await self._at(path)
        return await tree.space(rest)


class TreeSettings(TypedDict, total=False):
    """What the trees of a site share: arguments of ``DiskTree``."""

    run: Required[RunInThread]
    now: Callable[[], float]
    limit_octets: int | None
    durable: bool
    links: bool
    locks: TreeLocks | None
    file_mode: int
    directory_mode: int
    depth: int


def with_mapped(
    base: HomeTree,
    mapped: Iterable[Mapped],
    on_change: OnChange,
    **settings: Unpack[TreeSettings],
) -> HomeTree:
    """Return a tree in which directories of the host appear; the base itself where there are none.

    Args:
        on_change: told of changes in them, as of the base's.
    """
    trees: dict[TreePath, HostDirectory] = {}
    for each in mapped:
        told = _below(on_change, each.path)
        trees[each.path] = HostDirectory(each.directory, on_change=told, **settings)
        trees[each.path].appears_at(each.path)
        trees[each.path].read_only = each.read_only
    return WithMapped(base, trees) if trees else base


def _below(on_change: OnChange, head: TreePath) -> OnChange:
    """Return what tells of changes in a tree that appears at a path of another."""

    def tell(path: TreePath, gone: bool, uploaded: bool = False) -> None:
        on_change(head + path, gone, uploaded)

    return tell
