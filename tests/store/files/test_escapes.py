"""Nothing leads out of a tree, nothing strange in it is shown, nothing is done to it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from netsuite.store.errors import DirectoryNotEmpty, FileInTheWay, NoSuchFile, StoreError
from netsuite.store.files.syscalls import UNSHOWN_NAMES
from netsuite.store.tree import TreePath, UploadRequest
from netsuite.testing.cases import TestCase
from tests.store.files.disk_case import DiskCase

SECRET = b"not for you"


class EscapeBase(DiskCase):
    """A tree with a directory of secrets beside it."""

    async def _set_up(self) -> None:
        await super()._set_up()
        self.outside = Path(self.mktemp())
        self.outside.mkdir()
        (self.outside / "secret").write_bytes(SECRET)
        (self.outside / "empty").mkdir()

    def untouched(self) -> None:
        """Fail if anything outside is not as it was."""
        self.assertEqual(["empty", "secret"], sorted(os.listdir(self.outside)))
        self.assertEqual(SECRET, (self.outside / "secret").read_bytes())
        self.assertEqual([], os.listdir(self.outside / "empty"))


class Links(EscapeBase, TestCase):
    """Symbolic links are neither shown nor followed, wherever they point."""

    async def refuse_all(self, path: TreePath) -> None:
        """Try everything on a path that is not there, for those who are told."""
        tree = self.tree
        await self.put(("mine",))
        for doing in (
            tree.entry(path),
            tree.sorted_listing(path),
            tree.open(path),
            tree.remove_directory(path),
            tree.rename(path, ("x",)),
            tree.set_modified(path, datetime(2001, 1, 1, tzinfo=UTC)),
            tree.set_mode(path, 0o777),
            tree.space(path),
        ):
            await self.refused(NoSuchFile, doing)

    async def test_link_as_the_last_name(self) -> None:
        """A link to a file or a directory, outside or inside, is not there; nor is a broken one."""
        await self.put(("real",))
        await self.tree.make_directory(("dir",))
        for name, target in (
            ("file", self.outside / "secret"),
            ("directory", self.outside),
            ("inside", "real"),
            ("inside_directory", "dir"),
            ("up", ".."),
            ("broken", "nowhere"),
            ("loop", "loop"),
        ):
            self.on_disk(name).symlink_to(target)
            await self.refuse_all((name,))
            await self.refused(FileInTheWay, self.tree.upload((name,)))
            await self.refused(FileInTheWay, self.tree.make_directory((name,)))
            for replace in (True, False):
                await self.refused(
                    FileInTheWay, self.tree.rename(("mine",), (name,), replace=replace)
                )
            self.assertTrue(self.on_disk(name).is_symlink())
        self.assertEqual(["dir", "mine", "real"], await self.names())
        self.untouched()
        for name in ("file", "directory", "inside", "inside_directory", "up", "broken", "loop"):
            await self.tree.remove_file((name,))  # the link, and nothing that it points to
        self.assertEqual(["dir", "mine", "real"], sorted(os.listdir(self.root)))
        self.untouched()

    async def unshown(self, name: str) -> Sequence[str]:
        """Try to remove a directory; return what is named of what is in it."""
        with self.assertRaises(DirectoryNotEmpty) as refused:
            await self.tree.remove_directory((name,))
        return refused.exception.unshown

    async def test_looks_empty(self) -> None:
        """A directory that holds nothing but what is not shown is not removed, and it is told what
        that is; not where anything in it is shown."""
        await self.tree.make_directory(("d",))
        for number in range(UNSHOWN_NAMES + 2):
            self.on_disk("d", f"link{number}").symlink_to(self.outside)
        self.on_disk("d", "a\nb").mkdir()
        names = await self.unshown("d")
        self.assertEqual(UNSHOWN_NAMES, len(names))
        self.assertLessEqual(set(names), set(os.listdir(self.on_disk("d"))))
        await self.put(("d", "shown"))
        self.assertEqual((), await self.unshown("d"))
        await self.tree.make_directory(("e",))
        upload = await self.tree.upload(("e", "new"))
        while (waiting := upload.write(b"octets" * 100_000)) is None:
            pass
        await waiting  # some of it is on the disk
        self.assertEqual(["an upload under way"], await self.unshown("e"))
        await upload.abort()
        await self.tree.remove_directory(("e",))
        self.untouched()

    async def test_link_on_the_way(self) -> None:
        """No link is walked through, neither out nor within."""
        await self.tree.make_directory(("dir",))
        await self.put(("dir", "secret"))
        self.on_disk("out").symlink_to(self.outside)
        self.on_disk("in").symlink_to("dir")
        for name in ("out", "in"):
            for inside in ("secret", "empty"):
                await self.refuse_all((name, inside))
                await self.refused(NoSuchFile, self.tree.remove_file((name, inside)))
            await self.refused(NoSuchFile, self.tree.upload((name, "new")))
            await self.refused(NoSuchFile, self.tree.make_directory((name, "new")))
            await self.refused(NoSuchFile, self.tree.rename(("mine",), (name, "new")))
        self.untouched()

    async def test_the_root_may_be_a_link(self) -> None:
        """The operator may name a root through a link."""
        link = Path(self.mktemp())
        link.symlink_to(self.root.absolute())
        await self.put(("f",))
        tree = await self.disk(link)
        self.assertEqual(b"content", await self.whole(("f",), tree))

    async def test_a_directory_becomes_a_link(self) -> None:
        """A directory that is swapped for a link during an upload keeps the upload."""
        await self.tree.make_directory(("d",))
        upload = await self.partly(("d", "f"), b"x" * 300_000)
        self.on_disk("d").rename(self.on_disk("moved"))
        self.on_disk("d").symlink_to(self.outside)
        await upload.commit()
        self.assertEqual(["f"], await self.names(("moved",)))
        self.untouched()


class LinksInThreads(Links):
    """The same, step by step in threads."""

    at_once = False


class Races(EscapeBase, TestCase):
    """Somebody swaps a directory for a link outside, all the time."""

    def swap(self) -> None:
        """Take turns of directory and link under the name ``d``, until told to stop."""
        directory, link, here = (self.on_disk(name) for name in ("real", "link", "d"))
        while not self.stopping.is_set():
            for other in (directory, link):
                os.rename(other, here)
                os.rename(here, other)

    async def test_swapping(self) -> None:
        """Whatever is asked meanwhile is answered from within, or refused."""
        self.stopping = threading.Event()
        self.on_disk("real").mkdir()
        self.on_disk("real", "secret").write_bytes(b"inside")
        self.on_disk("link").symlink_to(self.outside)
        swapping = threading.Thread(target=self.swap)
        swapping.start()
        seen = {"inside": 0, "refused": 0}
        try:
            for number in range(300):
                for doing in (
                    self.read_through(),
                    self.put(("d", f"n{number}")),
                    self.tree.make_directory(("d", f"m{number}")),
                    self.tree.remove_file(("d", f"n{number}")),
                    self.tree.rename(("d", f"m{number}"), ("d", "empty")),
                    self.tree.remove_directory(("d", "empty")),
                ):
                    try:
                        await doing
                        seen["inside"] += 1
                    except StoreError:
                        seen["refused"] += 1
        finally:
            self.stopping.set()
            swapping.join()
        self.untouched()
        self.assertGreater(seen["inside"], 0)
        self.assertGreater(seen["refused"], 0)

    async def read_through(self) -> None:
        self.assertEqual(b"inside", await self.whole(("d", "secret")))

    async def test_listing_while_swapped(self) -> None:
        """A listing shows what is within."""
        self.stopping = threading.Event()
        self.on_disk("real").mkdir()
        self.on_disk("real", "inner").write_bytes(b"inside")
        self.on_disk("link").symlink_to(self.outside)
        swapping = threading.Thread(target=self.swap)
        swapping.start()
        try:
            for _ in range(300):
                with contextlib.suppress(NoSuchFile):
                    self.assertEqual(["inner"], await self.names(("d",)))
        finally:
            self.stopping.set()
            swapping.join()


class RacesInThreads(Races):
    """The same, step by step in threads."""

    at_once = False


class Specials(EscapeBase, TestCase):
    """Pipes, sockets and devices are not there; asking for one neither hangs nor does anything."""

    async def test_pipe_and_socket(self) -> None:
        """A pipe without a reader would let who opens it wait for ever."""
        os.mkfifo(self.on_disk("pipe"))
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(os.path.relpath(self.on_disk("sock")))  # addresses are short
            for name in ("pipe", "sock"):
                await self.refused(NoSuchFile, self.tree.entry((name,)))
                await self.refused(NoSuchFile, self.tree.open((name,)))
                await self.refused(NoSuchFile, self.tree.sorted_listing((name,)))
                await self.refused(NoSuchFile, self.tree.remove_file((name,)))
                await self.refused(FileInTheWay, self.tree.upload((name,)))
                await self.refused(
                    FileInTheWay, self.tree.upload((name,), UploadRequest(append=True))
                )
            self.assertEqual([], await self.names())

    async def test_a_file_becomes_a_pipe(self) -> None:
        """Files swapped for pipes while they are opened do not hang anybody."""
        stopping = threading.Event()
        self.on_disk("file").write_bytes(b"file")
        os.mkfifo(self.on_disk("pipe"))

        def swap() -> None:
            here = self.on_disk("f")
            while not stopping.is_set():
                for name in ("file", "pipe"):
                    os.rename(self.on_disk(name), here)
                    os.rename(here, self.on_disk(name))

        swapping = threading.Thread(target=swap)
        swapping.start()
        try:
            for _ in range(500):
                with contextlib.suppress(NoSuchFile):
                    self.assertEqual(b"file", await self.whole(("f",)))
        finally:
            stopping.set()
            swapping.join()

    async def test_names_of_our_own(self) -> None:
        """Temporary names are not shown, nor are names nobody could ask for."""
        upload = await self.partly(("f",), b"x")
        self.on_disk("a\nb").write_bytes(b"")
        self.on_disk(".netsuite-else").mkdir()
        self.assertEqual([], await self.names())
        await upload.abort()
        self.on_disk(".netsuite-else").rmdir()

    async def test_not_utf8_on_disk(self) -> None:
        """A file whose name is no UTF-8 is shown, read and removed."""
        octets = os.path.join(os.fsencode(self.root), b"caf\xe9")
        with open(octets, "wb") as file:
            file.write(b"x")
        self.assertEqual(["caf\udce9"], await self.names())
        self.assertEqual(b"x", await self.whole(("caf\udce9",)))
        await self.tree.remove_file(("caf\udce9",))
        self.assertFalse(os.path.exists(octets))


class SpecialsInThreads(Specials):
    """The same, step by step in threads."""

    at_once = False


#: Tries everything on a file, a directory and a parent that are not its own.
UNREADABLE = """
import os, sys
from datetime import datetime
from pathlib import Path
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred, maybeDeferred
from netsuite.store.errors import NotPermitted
from netsuite.store.files import DiskTree

async def main():
    tree = DiskTree(Path(sys.argv[1]), run=maybeDeferred)
    await tree.start()
    if not os.geteuid():
        # To root nothing is forbidden. The root directory is open, whatever is above it.
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    for doing in (
        tree.open(("file",)),
        tree.sorted_listing(("directory",)),
        tree.upload(("directory", "f")),
        tree.entry(("directory", "f")),
        tree.upload(("new",)),
        tree.make_directory(("new",)),
        tree.remove_file(("file",)),
        tree.remove_directory(("directory",)),
        tree.rename(("file",), ("new",)),
        tree.set_modified(("file",), datetime.now()),
    ):
        try:
            print("done", await doing)
        except NotPermitted:
            print("not permitted")
    print([entry.name for entry in await tree.sorted_listing(())])
    await tree.stop()

ensureDeferred(main()).addErrback(lambda failure: failure.printTraceback())
"""


class Unreadable(EscapeBase, TestCase):
    """What the system forbids is said to be forbidden."""

    async def test_not_permitted(self) -> None:
        """Files and directories that the process may not read or change are NotPermitted."""
        self.on_disk("file").write_bytes(b"")
        self.on_disk("directory").mkdir()
        self.on_disk("file").chmod(0)
        self.on_disk("directory").chmod(0)
        self.root.chmod(0o555)
        try:
            said = subprocess.run(
                [sys.executable, "-c", UNREADABLE, str(self.root)],
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            self.root.chmod(0o755)
        expected = "not permitted\n" * 10 + "['directory', 'file']\n"
        self.assertEqual(expected, said.stdout, said.stderr)
