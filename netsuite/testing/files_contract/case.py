"""The test case that the contract on files builds on: a tree, and the changes it reported."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from netsuite.store.tree import Entry, HomeTree, TreePath, Upload, UploadRequest
from netsuite.testing.store_contract.case import ContractCase, written

__all__ = ["FilesCase", "written"]


class FilesCase(ContractCase):
    """A test case with a tree in ``self.tree``, all of whose changes ``self.published`` holds."""

    tree: HomeTree

    async def make_tree(self, limit_octets: int | None = None) -> HomeTree:
        """Make an empty tree that tells ``self.note`` of changes."""
        raise NotImplementedError

    async def close_trees(self) -> None:
        """Close what ``make_tree`` made."""

    def note(self, path: TreePath, gone: bool, uploaded: bool = False) -> None:
        """Take note of a change."""
        self.published.append((path, gone))
        if uploaded:
            self.uploaded.append(path)

    def setUp(self) -> Deferred[None]:
        """Make a tree."""
        return Deferred.fromCoroutine(self._set_up())

    def tearDown(self) -> Deferred[None]:
        """Close it."""
        return Deferred.fromCoroutine(self.close_trees())

    async def _set_up(self) -> None:
        self.published: list[tuple[TreePath, bool]] = []
        self.uploaded: list[TreePath] = []
        self.tree = await self.make_tree()

    # -- shorthand

    async def put(
        self,
        path: TreePath,
        octets: bytes = b"content",
        tree: HomeTree | None = None,
        **request: Any,
    ) -> Entry:
        """Put a file there."""
        upload = await (tree or self.tree).upload(path, UploadRequest(**request))
        await written(upload, octets)
        return await upload.commit()

    async def partly(self, path: TreePath, octets: bytes = b"content", **request: Any) -> Upload:
        """Begin a file."""
        upload = await self.tree.upload(path, UploadRequest(**request))
        await written(upload, octets)
        return upload

    async def whole(self, path: TreePath, tree: HomeTree | None = None) -> bytes:
        """Read a file."""
        file = await (tree or self.tree).open(path)
        data = b""
        try:
            while piece := await file.read(len(data), 100_000):
                data += piece
        finally:
            file.close()
        return data

    async def names(self, path: TreePath = ()) -> list[str]:
        """Return the names in a directory, sorted."""
        return [entry.name for entry in await self.tree.sorted_listing(path)]
