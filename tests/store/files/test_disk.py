"""The tree on disk keeps the contract."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred

from netsuite.store.files import DiskTree, Subtree
from netsuite.store.tree import HomeTree
from netsuite.testing.cases import TestCase
from netsuite.testing.files_contract import FilesContract
from tests.store.files.disk_case import DiskCase


class DiskTreeContract(DiskCase, FilesContract, TestCase):
    """All promises, with threads."""

    async def test_times_beyond_our_words(self) -> None:
        """A file of a year that 64 bits of nanoseconds do not reach is a file as any other."""
        await self.put(("far",))
        for year in (1, 1677, 2263, 9999):
            await self.tree.set_modified(("far",), datetime(year, 12, 31, tzinfo=UTC))
            entry = await self.tree.entry(("far",))
            self.assertEqual([entry], list(await self.tree.sorted_listing(())))
            (await self.tree.open(("far",))).close()
            await self.put(("far",))


class ThreadsContract(DiskCase, FilesContract, TestCase):
    """All promises, where everything takes a thread."""

    at_once = False


class SubtreeContract(DiskCase, FilesContract, TestCase):
    """All promises, on a directory of a tree, without threads."""

    at_once = False

    def run_it(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        done: Deferred[Any] = maybeDeferred(function, *arguments)
        return done

    async def make_tree(self, limit_octets: int | None = None) -> HomeTree:
        tree = await self.disk(Path(self.mktemp()), limit_octets=limit_octets, depth=66)
        assert isinstance(tree, DiskTree)
        tree._on_change = lambda path, gone, uploaded=False: self.note(path[2:], gone, uploaded)
        await tree.make_directory(("home",))
        await tree.make_directory(("home", "ann"))
        self.published.clear()
        return Subtree(tree, ("home", "ann"))
