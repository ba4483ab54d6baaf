"""Links that stay inside are followed where that is wanted, others never, whatever is swapped."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from netsuite.store.errors import NoSuchFile, StoreError
from netsuite.store.files import Mapped, Subtree
from netsuite.store.files.links import MOST_LINKS, resolve
from netsuite.store.files.mapped import WithMapped, with_mapped
from netsuite.store.files.openat import open_root
from netsuite.store.tree import HomeTree, TreePath
from netsuite.testing.cases import SynchronousTestCase, TestCase
from tests.store.files.disk_case import DiskCase, open_below


class Resolving(SynchronousTestCase):
    """What a path means without links."""

    def setUp(self) -> None:
        self.top = Path(self.mktemp()).resolve()
        self.root = self.top / "root"
        (self.root / "d" / "e").mkdir(parents=True)
        (self.root / "d" / "f").write_bytes(b"x")
        (self.top / "secret").write_bytes(b"secret")
        self.descriptor = open_root(self.root, 0o700)
        self.addCleanup(os.close, self.descriptor)

    def link(self, name: str, target: str) -> None:
        """Make a link."""
        (self.root / name).symlink_to(target)

    def resolved(self, path: str, *, floor: int = 0, last: bool = True) -> str | None:
        """Resolve; None where it leads out."""
        names = [os.fsencode(name) for name in path.split("/") if name]
        before = open_below(self.root)
        try:
            found = resolve(self.descriptor, names, os.fsencode(self.root), floor=floor, last=last)
        except NoSuchFile:
            return None
        finally:
            self.assertEqual(before, open_below(self.root))
        return os.fsdecode(b"/".join(found))

    def test_inside(self) -> None:
        """Links to files and directories, next to it, above it, below it, one after the other."""
        self.link("file", "d/f")
        self.link("dir", "d")
        self.link("d/up", "..")
        self.link("d/e/far", "../../file")
        self.link("twice", "dir/e/far")
        self.link("dots", "./d/.//e/../f")
        self.link("self", ".")
        self.link("slash", "d/")
        for path, expected in (
            ("", ""),
            ("d/f", "d/f"),
            ("file", "d/f"),
            ("dir", "d"),
            ("dir/f", "d/f"),
            ("dir/up/dir/up/file", "d/f"),
            ("dir/e/far", "d/f"),
            ("twice", "d/f"),
            ("dots", "d/f"),
            ("self", ""),
            ("self/self/d", "d"),
            ("slash/f", "d/f"),
        ):
            self.assertEqual(expected, self.resolved(path), path)

    def test_absolute(self) -> None:
        """An absolute link is followed where it says the root's own path, as a whole name."""
        (self.top / "root2").mkdir()
        for name, target, expected in (
            ("a", self.root / "d" / "f", "d/f"),
            ("b", self.root, ""),
            ("c", self.top / "root2", None),
            ("d2", self.top, None),
            ("e", self.top / "secret", None),
            ("g", f"{self.root}/../secret", None),
            ("h", "/", None),
            ("i", "/etc/passwd", None),
        ):
            self.link(name, str(target))
            self.assertEqual(expected, self.resolved(name), name)
        self.link("d/e/abs", str(self.root / "d"))
        self.assertEqual("d/f", self.resolved("d/e/abs/f"))

    def test_out(self) -> None:
        """Links that lead out lead nowhere, also when they come back."""
        self.link("out", "../secret")
        self.link("back", "../root/d/f")
        self.link("d/out", "../../secret")
        self.link("deep", "d/../../root/d")
        for path in ("out", "back", "d/out", "deep", "deep/f"):
            self.assertIsNone(self.resolved(path), path)

    def test_circles(self) -> None:
        """Links in a circle, and too many of them, lead nowhere."""
        self.link("a", "b")
        self.link("b", "a")
        self.link("own", "own")
        self.assertIsNone(self.resolved("a"))
        self.assertIsNone(self.resolved("own/x"))
        self.link("n0", "d")
        for number in range(1, MOST_LINKS + 1):
            self.link(f"n{number}", f"n{number - 1}")
        self.assertEqual("d", self.resolved(f"n{MOST_LINKS - 1}"))
        self.assertIsNone(self.resolved(f"n{MOST_LINKS}"))

    def test_not_there(self) -> None:
        """What is behind a name that nothing has stays as it is, unless it has dots in it."""
        self.link("dangling", "d/new")
        self.link("dots", "none/../d/f")
        self.link("pipe", "d/f/x")
        for path, expected in (
            ("new", "new"),
            ("d/new/er", "d/new/er"),
            ("dangling", "d/new"),
            ("d/f/x", "d/f/x"),
            ("dots", None),
            ("pipe", "d/f/x"),
        ):
            self.assertEqual(expected, self.resolved(path), path)

    def test_the_last_name(self) -> None:
        """A link itself can be meant."""
        self.link("file", "d/f")
        self.link("dir", "d")
        self.link("d/file", "f")
        for path, expected in (("file", "file"), ("dir/file", "d/file"), ("dir", "dir")):
            self.assertEqual(expected, self.resolved(path, last=False), path)

    def test_floor(self) -> None:
        """No link leads above a floor, and what is up to there is no link."""
        self.link("d/up", "..")
        self.link("d/side", "../other")
        self.link("d/abs", str(self.root / "d" / "f"))
        self.link("d/abs2", str(self.root / "other"))
        self.link("link", "d")
        (self.root / "other").mkdir()
        self.assertEqual("other", self.resolved("d/side"))
        for path, expected in (
            ("d/e/x", "d/e/x"),
            ("d/abs", "d/f"),
            ("d/up", None),
            ("d/side", None),
            ("d/abs2", None),
            ("link/f", None),
        ):
            self.assertEqual(expected, self.resolved(path, floor=1), path)


class InTrees(DiskCase, TestCase):
    """Trees that follow links, and that do not."""

    async def make_tree(self, limit_octets: int | None = None) -> HomeTree:
        self.root = Path(self.mktemp())
        return await self.disk(self.root, links=True)

    async def test_off(self) -> None:
        """Without the setting a link is not followed, and none is named."""
        tree = await self.disk(Path(self.mktemp()))
        (tree.path / "link").symlink_to(".")
        self.assertFalse(tree.follows_links)
        self.assertEqual(("link",), await tree.resolved(("link",)))
        self.assertEqual((), await tree.links(()))

    async def test_on(self) -> None:
        """With it a path is told without links, and links are named apart from what is listed."""
        await self.tree.make_directory(("d",))
        await self.put(("d", "f"))
        self.on_disk("link").symlink_to("d")
        ours = self.on_disk(".netsuite-x")
        ours.symlink_to("d")
        self.assertTrue(self.tree.follows_links)
        self.assertEqual(("d", "f"), await self.tree.resolved(("link", "f")))
        self.assertEqual(("link",), await self.tree.resolved(("link",), last=False))
        self.assertEqual(("none", "x"), await self.tree.resolved(("none", "x")))
        self.assertEqual((["link"], ["d"]), (await self.tree.links(()), await self.names()))
        ours.unlink()
        self.assertEqual([], await self.tree.links(("d",)))
        await self.refused(NoSuchFile, self.tree.links(("none",)))
        # Only the answer is opened, and never a link.
        await self.refused(NoSuchFile, self.tree.open(("link", "f")))

    async def test_parts(self) -> None:
        """A link does not lead out of a directory that is a tree of its own."""
        for path in (("ann",), ("ann", "public"), ("bob",)):
            await self.tree.make_directory(path)
        self.on_disk("ann", "bobs").symlink_to("../bob")
        self.on_disk("ann", "public", "own").symlink_to("..")
        ann = Subtree(self.tree, ("ann",))
        await self.refused(NoSuchFile, ann.resolved(("bobs",)))
        self.assertEqual((), await ann.resolved(("public", "own")))
        await self.refused(NoSuchFile, Subtree(ann, ("public",)).resolved(("own",)))
        self.assertEqual(["bobs"], await ann.links(()))
        self.assertTrue(ann.follows_links)

    async def test_mapped(self) -> None:
        """Nor into or out of what is mapped; but to its name."""
        host = Path(self.mktemp())
        host.mkdir()
        (host / "d").mkdir()
        (host / "in").symlink_to("d")
        (host / "out").symlink_to(self.root)
        self.on_disk("to").symlink_to("m/d")
        self.on_disk("m").symlink_to("to")
        tree = with_mapped(
            self.tree, [Mapped(("m",), host)], self.note, run=self.run_it, links=True
        )
        assert isinstance(tree, WithMapped)
        await tree.start()
        self.assertTrue(tree.follows_links)
        self.assertEqual(("m", "d"), await tree.resolved(("m", "in")))
        await self.refused(NoSuchFile, tree.resolved(("m", "out")))
        self.assertEqual(["in", "out"], sorted(await tree.links(("m",))))
        self.assertEqual(["to"], await tree.links(()))
        below = Subtree(tree, ("m",))
        self.assertEqual(("d",), await below.resolved(("in",)))
        await tree.stop()

    async def test_swapped_meanwhile(self) -> None:
        """A link that is swapped while it is followed, for one that leads out, for a directory and
        back, gives what is inside or nothing."""
        outside = Path(self.mktemp())
        outside.mkdir()
        (outside / "f").write_bytes(b"secret")
        await self.tree.make_directory(("d",))
        await self.put(("d", "f"), b"inside")
        over = threading.Event()

        def swap() -> None:
            number = 0
            targets = ("d", str(outside.resolve()), "./d/../d", "../" + outside.name)
            while not over.is_set():
                number += 1
                new = self.root / f"new{number}"
                new.symlink_to(targets[number % len(targets)])
                os.replace(new, self.root / "link")

        thread = threading.Thread(target=swap)
        thread.start()
        seen: set[bytes] = set()
        tried = 0
        try:
            while tried < 400 or (not seen and tried < 40_000):
                tried += 1
                with contextlib.suppress(StoreError):
                    path: TreePath = await self.tree.resolved(("link", "f"))
                    seen.add(await self.whole(path))
        finally:
            over.set()
            thread.join()
        self.assertEqual({b"inside"}, seen)
        self.assertEqual(b"secret", (outside / "f").read_bytes())

    async def test_swapped_at_each_step(self) -> None:
        """Whatever a name on the answer's path becomes before it is opened, it leads nowhere."""
        outside = Path(self.mktemp())
        outside.mkdir()
        (outside / "f").write_bytes(b"secret")
        await self.tree.make_directory(("d",))
        await self.put(("d", "f"), b"inside")
        self.on_disk("link").symlink_to("d")
        path = await self.tree.resolved(("link", "f"))
        self.on_disk("d").rename(self.on_disk("was"))
        self.on_disk("d").symlink_to(outside.resolve())
        await self.refused(NoSuchFile, self.tree.open(path))
