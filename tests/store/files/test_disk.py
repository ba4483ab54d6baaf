"""The tree on disk keeps the contract."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.trial.unittest import TestCase

from netsuite.store.files import DiskTree, Subtree
from netsuite.store.tree import HomeTree
from netsuite.testing.files_contract import FilesContract
from tests.store.files.places import DiskBase


class DiskTreeContract(DiskBase, FilesContract, TestCase):
    """All promises, with threads."""


class ThreadsContract(DiskBase, FilesContract, TestCase):
    """All promises, where everything takes a thread."""

    at_once = False


class SubtreeContract(DiskBase, FilesContract, TestCase):
    """All promises, on a directory of a tree, without threads."""

    at_once = False

    def run_it(self, function, *arguments) -> Deferred:  # type: ignore[no-untyped-def, type-arg]
        return maybeDeferred(function, *arguments)

    async def make_tree(self, limit_octets: int | None = None) -> HomeTree:
        tree = await self.disk(Path(self.mktemp()), limit_octets=limit_octets, depth=66)
        assert isinstance(tree, DiskTree)
        tree._told = lambda path, gone: self.note(path[2:], gone)
        await tree.make_directory(("home",))
        await tree.make_directory(("home", "ann"))
        self.told.clear()
        return Subtree(tree, ("home", "ann"))
