"""Trees on disk for tests: made in temporary directories, closed afterwards, nothing left open."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread

from netsuite.store.files import DiskTree
from netsuite.store.tree import HomeTree
from netsuite.testing.files_contract import FilesCase
from tests.store.reactors import reactor


def open_below(root: Path) -> list[str]:
    """Return what this process has open below a directory; what other threads open elsewhere
    meanwhile is not ours to count."""
    beginning = str(root.resolve())
    found = []
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            found.append(os.readlink(f"/proc/self/fd/{name}"))
    return sorted(path for path in found if path.startswith(beginning))


class DiskCase(FilesCase):
    """A test case with a tree on disk in ``self.tree``, its root in ``self.root``."""

    mktemp: Callable[[], str]
    root: Path
    #: Whether trees may answer without a thread.
    at_once = True

    def run_it(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """Run in a thread."""
        done: Deferred[Any] = deferToThread(function, *arguments)
        return done

    async def _set_up(self) -> None:
        reactor.getThreadPool().adjustPoolsize(maxthreads=10)
        self.clock = Clock()
        self.clock.advance(time.time())
        self.trees: list[DiskTree] = []
        await super()._set_up()

    async def disk(self, root: Path, **options: Any) -> DiskTree:
        """Make a tree."""
        options.setdefault("at_once", self.at_once)
        tree = DiskTree(
            root, run=self.run_it, now=self.clock.seconds, on_change=self.note, **options
        )
        self.trees.append(tree)
        await tree.start()
        return tree

    async def swept(self, tree: DiskTree) -> None:
        """Wait until a tree has thrown away what was left behind."""
        assert tree._sweeping is not None
        await tree._sweeping

    async def make_tree(self, limit_octets: int | None = None) -> HomeTree:
        self.root = Path(self.mktemp())
        return await self.disk(self.root, limit_octets=limit_octets)

    async def close_trees(self) -> None:
        """Close all; nothing of them may be open or half there."""
        left = [path for tree in self.trees for path in tree.path.rglob(".netsuite-*")]
        for tree in self.trees:
            await tree.stop()
        self.assertEqual([], left)

    def on_disk(self, *names: str) -> Path:
        """Return a path below the root."""
        return self.root.joinpath(*names)
