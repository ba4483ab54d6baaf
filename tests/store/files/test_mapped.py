"""Directories of the host that appear in a tree: with all that trees promise, and not beyond."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from netsuite.store.errors import (
    DirectoryNotEmpty,
    FileInTheWay,
    IsADirectory,
    NoSuchFile,
    NotPermitted,
)
from netsuite.store.files import Mapped, MemoryTree, Subtree
from netsuite.store.files.mapped import HostDirectory, WithMapped, with_mapped
from netsuite.store.tree import HomeTree, TreePath
from netsuite.testing.cases import TestCase
from netsuite.testing.files_contract import FilesContract
from tests.store.files.disk_case import DiskCase, open_below

AT = ("a", "mirror")


class Mapping(DiskCase):
    """A tree on disk in which a directory of the host appears at ``/a/mirror``."""

    async def map(self, base: HomeTree, *paths: TreePath, read_only: bool = False) -> WithMapped:
        """Let a new directory of the host appear in a tree at each path."""
        self.hosts = [Path(self.mktemp()) for _ in paths]
        for host in self.hosts:
            host.mkdir()
        mapped = [
            Mapped(path, host, read_only) for path, host in zip(paths, self.hosts, strict=True)
        ]
        tree = with_mapped(base, mapped, self.note, run=self.run_it, depth=66)
        assert isinstance(tree, WithMapped)
        await tree.start()
        self.with_mapped.append(tree)
        return tree

    async def _set_up(self) -> None:
        self.with_mapped: list[WithMapped] = []
        await super()._set_up()

    async def close_trees(self) -> None:
        for tree in self.with_mapped:
            await tree.stop()
        await super().close_trees()
        self.assertEqual([], [path for host in self.hosts for path in open_below(host)])


class InsideContract(Mapping, FilesContract, TestCase):
    """What is mapped keeps all promises, seen as a tree of its own."""

    async def make_tree(self, limit_octets: int | None = None) -> HomeTree:
        base = MemoryTree(depth=66)
        await base.make_directory(("a",))
        self.hosts = [Path(self.mktemp())]
        self.hosts[0].mkdir()
        mapped = [Mapped(AT, self.hosts[0])]
        tree = with_mapped(
            base, mapped, self.below, run=self.run_it, limit_octets=limit_octets, depth=64
        )
        assert isinstance(tree, WithMapped)
        await tree.start()
        self.with_mapped.append(tree)
        return Subtree(tree, AT)

    def below(self, path: TreePath, gone: bool, uploaded: bool = False) -> None:
        """Take note of a change, by the path in what is mapped."""
        self.assertEqual(AT, path[:2])
        self.note(path[2:], gone, uploaded)


class BesideContract(Mapping, FilesContract, TestCase):
    """The tree that something is mapped into keeps all promises, below another directory."""

    async def make_tree(self, limit_octets: int | None = None) -> HomeTree:
        base = MemoryTree(on_change=self.below, limit_octets=limit_octets, depth=66)
        for path in (("a",), ("a", "b")):
            await base.make_directory(path)
        self.published.clear()
        return Subtree(await self.map(base, AT), ("a", "b"))

    def below(self, path: TreePath, gone: bool, uploaded: bool = False) -> None:
        self.note(path[2:], gone, uploaded)


class Appearing(Mapping, TestCase):
    """How it appears, and what cannot be done with it."""

    async def make_tree(self, limit_octets: int | None = None) -> HomeTree:
        base = await super().make_tree(limit_octets)
        await base.make_directory(("a",))
        return await self.map(base, AT, ("top",))

    async def test_shown(self) -> None:
        """It is in the listing of its directory, in place of what has its name there."""
        self.assertEqual(["a", "top"], await self.names())
        self.assertEqual(["mirror"], await self.names(("a",)))
        self.on_disk("a", "mirror").mkdir()
        self.on_disk("a", "mirror", "hidden").write_bytes(b"x")
        (self.hosts[0] / "f").write_bytes(b"mirrored")
        self.assertEqual(["mirror"], await self.names(("a",)))
        self.assertEqual(["f"], await self.names(AT))
        self.assertEqual(b"mirrored", await self.whole((*AT, "f")))
        self.assertEqual("mirror", (await self.tree.entry(AT)).name)
        await self.refused(NoSuchFile, self.tree.entry((*AT, "hidden")))

    async def test_told(self) -> None:
        """A change in it is told with the path it has in the tree."""
        self.published.clear()
        await self.put((*AT, "f"))
        self.assertEqual([((*AT, "f"), False)], self.published)
        self.assertEqual([(*AT, "f")], self.uploaded)

    async def test_it_stays(self) -> None:
        """It is not removed, replaced or renamed, nor is a directory that holds one."""
        tree = self.tree
        for error, doing in (
            (NotPermitted, tree.remove_directory(AT)),
            (NotPermitted, tree.rename(AT, ("x",))),
            (FileInTheWay, tree.make_directory(AT)),
            (IsADirectory, tree.upload(AT)),
            (IsADirectory, tree.remove_file(AT)),
            (DirectoryNotEmpty, tree.remove_directory(("a",))),
            (NotPermitted, tree.rename(("a",), ("b",))),
        ):
            await self.refused(error, doing)
        await tree.make_directory(("d",))
        await self.refused(FileInTheWay, tree.rename(("d",), AT))
        self.assertEqual(["a", "d", "top"], await self.names())

    async def test_moved_across(self) -> None:
        """Files go in, out and from one to another in one step where that is one file system."""
        await self.put(("f",), b"1")
        await self.tree.rename(("f",), (*AT, "g"))
        self.assertEqual(b"1", (self.hosts[0] / "g").read_bytes())
        await self.tree.rename((*AT, "g"), ("top", "h"))
        await self.tree.rename(("top", "h"), ("a", "f"))
        self.assertEqual(b"1", await self.whole(("a", "f")))
        self.assertEqual([], [name for host in self.hosts for name in os.listdir(host)])

    async def test_another_file_system(self) -> None:
        """Between file systems a move is refused, and nothing is lost."""
        other = Path("/dev/shm") / f"netsuite-{os.getpid()}-{self.id()}"
        other.mkdir()
        self.addCleanup(other.rmdir)
        (here, tree) = (self.on_disk("f"), self.tree)
        self.assertNotEqual(other.stat().st_dev, self.root.stat().st_dev)
        mapped = with_mapped(tree, [Mapped(("shm",), other)], self.note, run=self.run_it)
        assert isinstance(mapped, WithMapped)
        await mapped.start()
        self.with_mapped.append(mapped)
        here.write_bytes(b"1")
        await self.refused(NotPermitted, mapped.rename(("f",), ("shm", "f")))
        self.assertEqual((b"1", []), (here.read_bytes(), os.listdir(other)))

    async def test_nothing_leads_out(self) -> None:
        """Neither a link in it nor dots lead out of it."""
        (self.hosts[0] / "out").symlink_to(self.root)
        (self.hosts[0] / "up").symlink_to("..")
        await self.put(("secret",))
        for name in ("out", "up"):
            await self.refused(NoSuchFile, self.tree.open((*AT, name, "secret")))
        self.assertEqual([], await self.names(AT))

    async def test_missing(self) -> None:
        """One that is not there is missing, until it is; it is not made."""
        gone = Path(self.mktemp())
        tree = with_mapped(self.tree, [Mapped(("gone",), gone)], self.note, run=self.run_it)
        assert isinstance(tree, WithMapped)
        await tree.start()
        self.with_mapped.append(tree)
        self.assertEqual(["a", "top"], [e.name for e in await tree.sorted_listing(())])
        for doing in (tree.entry(("gone",)), tree.upload(("gone", "f")), tree.open(("gone", "f"))):
            await self.refused(NoSuchFile, doing)
        self.assertFalse(gone.exists())
        gone.mkdir()
        await self.put(("gone", "f"), b"x", tree)
        self.assertEqual(b"x", (gone / "f").read_bytes())
        self.assertEqual(["a", "gone", "top"], [e.name for e in await tree.sorted_listing(())])

    async def test_nothing_is_removed_from_one_for_reading(self) -> None:
        """What looks like a part left by a crash is only looked for where files are stored."""
        for read_only, left in ((True, [".netsuite-upload-1"]), (False, [])):
            tree = await self.map(MemoryTree(), ("m",), read_only=read_only)
            old = self.hosts[0] / ".netsuite-upload-1"
            old.write_bytes(b"x")
            later = old.stat().st_ctime + 1e6
            again = HostDirectory(self.hosts[0], run=self.run_it, now=partial(float, later))
            again.read_only = read_only
            await again.start()
            await self.swept(again)
            await again.stop()
            self.assertEqual(left, os.listdir(self.hosts[0]))
            self.assertEqual([], [e.name for e in await tree.sorted_listing(("m",))])

    async def test_none(self) -> None:
        """Where nothing is mapped there is nothing in between."""
        self.assertIs(self.tree, with_mapped(self.tree, [], self.note, run=self.run_it))
