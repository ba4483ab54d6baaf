"""What the kernel can answer without waiting takes no thread, and means the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from netsuite.store.errors import FileInTheWay, IsADirectory, NoSuchFile
from netsuite.store.files import cached_lookup
from netsuite.testing.cases import SkipTest, TestCase
from tests.store.files.disk_case import DiskCase, open_below


class Warm(DiskCase, TestCase):
    """A tree whose files were used lately."""

    def run_it(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        self.hops = getattr(self, "hops", 0) + 1
        return super().run_it(function, *arguments)

    async def _set_up(self) -> None:
        await super()._set_up()
        root = os.open(self.root, os.O_RDONLY)
        try:
            if not cached_lookup.is_local(root) or cached_lookup.entry_at(root, ()) is None:
                raise SkipTest("this system or its file system makes no such promise")
        finally:
            os.close(root)
        await self.make_directory("d")
        await self.put(("d", "f"), b"content")
        await self.swept(self.trees[0])
        self.hops = 0

    async def make_directory(self, name: str) -> None:
        await self.tree.make_directory((name,))

    async def test_no_thread(self) -> None:
        """A small file that is in use is found, opened and read without a thread."""
        found = await self.tree.entry(("d", "f"))
        file = await self.tree.open(("d", "f"))
        try:
            self.assertEqual(b"content", await file.read(0, 100))
            self.assertEqual(found, file.entry)
        finally:
            file.close()
        self.assertEqual(0, self.hops)
        self.assertEqual(found, (await self.listed("d"))["f"])

    async def listed(self, name: str) -> dict[str, Any]:
        return {entry.name: entry for entry in await self.tree.sorted_listing((name,))}

    async def test_root_and_directories(self) -> None:
        """A directory is looked up, and no file to open, the root as any other."""
        self.assertEqual("", (await self.tree.entry(())).name)
        self.assertEqual("d", (await self.tree.entry(("d",))).name)
        for path in ((), ("d",)):
            await self.refused(IsADirectory, self.tree.open(path))

    async def test_made_and_removed_by_others(self) -> None:
        """What another process does is seen at once."""
        await self.refused(NoSuchFile, self.tree.entry(("d", "g")))
        self.on_disk("d", "g").write_bytes(b"new")
        self.assertEqual(3, (await self.tree.entry(("d", "g"))).octets)
        self.on_disk("d", "g").unlink()
        self.on_disk("d", "f").rename(self.on_disk("d", "g"))
        await self.refused(NoSuchFile, self.tree.open(("d", "f")))
        await self.refused(NoSuchFile, self.tree.entry(("d", "f")))
        self.assertEqual(7, (await self.tree.entry(("d", "g"))).octets)

    async def test_upload_takes_one_thread(self) -> None:
        """A small file is made, written and committed in one go."""
        upload = await self.tree.upload(("d", "new"))
        upload.write(b"content")
        self.assertEqual(["f"], os.listdir(self.on_disk("d")))
        entry = await upload.commit()
        self.assertEqual(1, self.hops)
        self.assertEqual(entry, await self.tree.entry(("d", "new")))
        self.assertEqual(0o640, self.on_disk("d", "new").stat().st_mode & 0o777)

    async def test_upload_that_cannot_be(self) -> None:
        """What has the name and is no file is told of before anything is sent, and late where
        it came meanwhile; either way nothing is left."""
        before = len(open_below(self.root))
        self.on_disk("link").symlink_to("d")
        os.mkfifo(self.on_disk("pipe"))
        for name, error in (("d", IsADirectory), ("link", FileInTheWay), ("pipe", FileInTheWay)):
            await self.refused(error, self.tree.upload((name,)))
        await self.refused(NoSuchFile, self.tree.upload(("nowhere", "f")))
        late = await self.tree.upload(("late",))
        late.write(b"x")
        self.on_disk("late").mkdir()
        await self.refused(IsADirectory, late.commit())
        self.assertEqual(before, len(open_below(self.root)))
        self.assertEqual(["d", "late", "link", "pipe"], sorted(os.listdir(self.root)))

    async def test_upload_thrown_away(self) -> None:
        """An upload of which nothing was written leaves nothing, kept or not."""
        before = len(open_below(self.root))
        for keep in (True, False):
            upload = await self.tree.upload(("d", "new"))
            await upload.abort(keep_partial=keep)
        part = await self.tree.upload(("d", "part"))
        part.write(b"pa")
        await part.abort(keep_partial=True)
        self.assertEqual(before, len(open_below(self.root)))
        self.assertEqual(["f", "part"], sorted(os.listdir(self.on_disk("d"))))

    async def test_directory_of_somebody_else(self) -> None:
        """Where it is not plain that a file can be made, a thread tries before it comes."""
        self.patch(os, "geteuid", lambda: 12345)
        upload = await self.tree.upload(("d", "new"))
        self.assertEqual(1, self.hops)
        await upload.abort()

    async def test_mount_is_for_a_thread(self) -> None:
        """Another file system is asked in a thread: nobody knows how long it takes."""
        proc = os.open("/", os.O_RDONLY)
        try:
            self.assertIsNone(cached_lookup.lstat(proc, (b"proc", b"self")))
        finally:
            os.close(proc)

    async def test_only_local_file_systems(self) -> None:
        """A file system that is not known to be local is never asked like that."""
        proc = os.open("/proc", os.O_RDONLY)
        try:
            self.assertFalse(cached_lookup.is_local(proc))
        finally:
            os.close(proc)
