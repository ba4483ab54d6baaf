"""A directory of a tree as a tree of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from netsuite.store.errors import FileInTheWay, IsADirectory, NotPermitted
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


class Subtree(HomeTree):
    """Implements ``tree.HomeTree`` over a directory of another one.

    Names are checked one by one by the tree below, so no path leads out of the prefix either.
    """

    def __init__(self, base: HomeTree, prefix: TreePath) -> None:
        self.base, self.prefix = base, prefix
        if isinstance(base, Subtree):
            self.base, self.prefix = base.base, base.prefix + prefix

    def _named(self, path: TreePath, entry: Entry) -> Entry:
        return entry if path else entry.named("")

    async def entry(self, path: TreePath) -> Entry:
        """Look one up."""
        return self._named(path, await self.base.entry(self.prefix + path))

    def listing(self, path: TreePath) -> AsyncIterator[Sequence[Entry]]:
        """List a directory in pieces, in no order."""
        return self.base.listing(self.prefix + path)

    async def open(self, path: TreePath) -> OpenFile:
        """Open a file for reading."""
        return await self.base.open(self.prefix + path)

    async def upload(self, path: TreePath, request: UploadRequest = PLAIN_UPLOAD) -> Upload:
        """Begin a file."""
        if not path:
            raise IsADirectory("the root")
        return await self.base.upload(self.prefix + path, request)

    async def make_directory(self, path: TreePath) -> Entry:
        """Make a directory."""
        if not path:
            raise FileInTheWay("the root")
        return await self.base.make_directory(self.prefix + path)

    async def remove_file(self, path: TreePath) -> None:
        """Remove a file."""
        if not path:
            raise IsADirectory("the root")
        await self.base.remove_file(self.prefix + path)

    async def remove_directory(self, path: TreePath) -> None:
        """Remove an empty directory."""
        if not path:
            raise NotPermitted("the root")
        await self.base.remove_directory(self.prefix + path)

    async def move_to(
        self, old: TreePath, sister: HomeTree, new: TreePath, *, replace: bool = True
    ) -> None:
        """As ``rename``, but *new* is in the sister."""
        if not old:
            raise NotPermitted("the root")
        if not new:
            raise FileInTheWay("the root")
        base, new = sister.underlying(new)
        await self.base.move_to(self.prefix + old, base, new, replace=replace)

    async def set_modified(self, path: TreePath, modified: datetime) -> Entry:
        """Set the time of modification."""
        return self._named(path, await self.base.set_modified(self.prefix + path, modified))

    async def set_mode(self, path: TreePath, mode: int) -> Entry:
        """Set the permission bits."""
        return self._named(path, await self.base.set_mode(self.prefix + path, mode))

    async def space(self, path: TreePath) -> Space:
        """Return what may still be stored there."""
        return await self.base.space(self.prefix + path)

    def underlying(self, path: TreePath) -> tuple[HomeTree, TreePath]:
        """Return the tree that it stands on, and the path there."""
        return self.base.underlying(self.prefix + path)

    @property
    def follows_links(self) -> bool:
        """Whether links are followed."""
        return self.base.follows_links

    async def resolved(self, path: TreePath, *, floor: int = 0, last: bool = True) -> TreePath:
        """Return a path without links, none of which leads above the prefix."""
        above = len(self.prefix)
        found = await self.base.resolved(self.prefix + path, floor=above + floor, last=last)
        return found[above:]

    async def links(self, path: TreePath) -> Sequence[str]:
        """Return the names of the links in a directory."""
        return await self.base.links(self.prefix + path)
