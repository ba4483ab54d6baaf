"""The tree in memory keeps the contract, and so do parts of trees."""

from __future__ import annotations

from netsuite.store.errors import FileInTheWay
from netsuite.store.files import MemoryTree, Subtree
from netsuite.store.tree import HomeTree, shown_name
from netsuite.testing.cases import TestCase
from netsuite.testing.files_contract import FilesCase, FilesContract


class MemoryTreeContract(FilesContract, TestCase):
    """All promises."""

    async def make_tree(self, limit_octets: int | None = None) -> HomeTree:
        return MemoryTree(on_change=self.note, limit_octets=limit_octets)


class SubtreeContract(FilesContract, TestCase):
    """A directory of a tree is a tree, with all promises."""

    async def make_tree(self, limit_octets: int | None = None) -> HomeTree:
        tree = MemoryTree(on_change=self.below, limit_octets=limit_octets, depth=66)
        await tree.make_directory(("home",))
        await tree.make_directory(("home", "ann"))
        self.published.clear()
        return Subtree(Subtree(tree, ("home",)), ("ann",))

    def below(self, path: tuple[str, ...], gone: bool, uploaded: bool = False) -> None:
        self.note(path[2:], gone, uploaded)


class Sisters(FilesCase, TestCase):
    """Files go from one tree to another."""

    async def make_tree(self, limit_octets: int | None = None) -> HomeTree:
        return MemoryTree(on_change=self.note)

    async def test_move_to(self) -> None:
        """A file moved to another tree is there and here no more; nothing is replaced unasked."""
        base = await self.make_tree()
        await base.make_directory(("d",))
        sister = Subtree(base, ("d",))
        await self.put(("f",), b"x")
        await self.tree.move_to(("f",), sister, ("g",))
        self.assertEqual((b"x", []), (await self.whole(("d", "g"), base), await self.names()))
        await self.put(("h",), b"y")
        await self.refused(FileInTheWay, self.tree.move_to(("h",), sister, ("g",), replace=False))
        await self.refused(FileInTheWay, self.tree.move_to(("h",), sister, ()))
        await sister.move_to(("g",), self.tree, ("h",))
        self.assertEqual(b"x", await self.whole(("h",)))

    def test_shown_name(self) -> None:
        """A name that is no UTF-8 is shown with a sign for each octet that is not."""
        self.assertEqual("caf\ufffd", shown_name("caf\udce9"))
        self.assertEqual("café", shown_name("café"))
        self.assertEqual("cafe", shown_name("cafe"))
