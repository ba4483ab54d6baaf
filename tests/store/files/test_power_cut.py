"""A power cut at any moment leaves each file whole, and all that was told of.

What commits is recorded, system call by system call, and played to every point on a model of what a
file system promises: octets last from their file's fsync(2) on, names from that of their directory;
before that each may be there or not, names in the order in which they were given.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from twisted.internet.defer import ensureDeferred, gatherResults

from netsuite.store.changes import Change
from netsuite.store.errors import StoreError
from netsuite.store.file_usage import FileAmount, FileUsage
from netsuite.store.files import MemorySiteTrees, disk, staging
from netsuite.store.files.account_tally import LAZY_SECONDS, QUIET_SECONDS
from netsuite.store.files.quotas import FileQuotas
from netsuite.store.memory.file_usage import MemoryFileUsage
from netsuite.store.tree import HomeTree, UploadRequest
from netsuite.testing.cases import SynchronousTestCase, TestCase
from tests.store.files.disk_case import DiskCase
from tests.store.files.quota_case import MemoryQuotaCase

TEMPORARY: Final = b".netsuite-"


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that has returned, or that somebody was told of a commit.

    Args:
        what: ``write``, ``sync``, ``link``, ``rename``, ``unlink`` or ``told``.
        node: number of the file or directory.
        name: that is given or taken, in that directory; or of what was told.
        other: number of the file, or the name before.
        octets: written; or of what was told.
    """

    what: str
    node: int = 0
    name: bytes = b""
    other: Any = None
    octets: bytes = b""


Names: TypeAlias = dict[bytes, int]


@dataclass(slots=True)
class Disk:
    """What is on a disk, and what may be."""

    content: dict[int, bytes] = field(default_factory=dict)
    synced: dict[int, bytes] = field(default_factory=dict)
    names: Names = field(default_factory=dict)
    #: Changes of names that no fsync has brought to the disk.
    waiting: list[Call] = field(default_factory=list)

    def do(self, call: Call) -> None:
        """Accept one more call; all are in one directory."""
        match call.what:
            case "write":
                self.content[call.node] = self.content.get(call.node, b"") + call.octets
            case "sync" if call.node in self.content:
                self.synced[call.node] = self.content[call.node]
            case "sync":
                for each in self.waiting:
                    self._change(self.names, each)
                self.waiting.clear()
            case "link" | "rename" | "unlink":
                self.waiting.append(call)

    def _change(self, names: Names, call: Call) -> None:
        match call.what:
            case "link":
                names[call.name] = call.other
            case "rename":
                names[call.name] = names.pop(call.other)
            case "unlink":
                names.pop(call.name, None)

    def after_cuts(self) -> Iterator[dict[bytes, bytes | None]]:
        """Return what may be found under each name after a cut; None for octets of which it is not
        said what they are."""
        names = dict(self.names)
        for each in [None, *self.waiting]:
            if each is not None:
                self._change(names, each)
            yield {
                name: self.synced[node] if self.synced.get(node) == self.content[node] else None
                for name, node in names.items()
                if not name.startswith(TEMPORARY)
            }


def check(calls: list[Call], before: dict[bytes, int], content: dict[int, bytes]) -> int:
    """Cut the power after each call; return how many disks were looked at. Raises AssertionError
    for a file that is not whole, or a commit that was told of and is lost."""
    model = Disk(dict(content), dict(content), dict(before))
    told: dict[bytes, list[bytes]] = {}
    looked = 0
    for call in calls:
        if call.what == "told":
            told.setdefault(call.name, []).append(call.octets)
        model.do(call)
        for found in model.after_cuts():
            looked += 1
            for name, octets in found.items():
                assert octets is not None, f"{name!r} is not whole"
            for name, versions in told.items():
                assert name in found, f"{name!r} is lost"
                assert found[name] not in versions[:-1], f"{name!r} is older than was told"
    return looked


class Model(SynchronousTestCase):
    """The model finds what is wrong with other orders."""

    def test_wrong_orders(self) -> None:
        """A name before its octets, and word of it before its name, are found."""
        write, sync = Call("write", 7, octets=b"x"), Call("sync", 7)
        link, directory = Call("link", 1, b"a", 7), Call("sync", 1)
        told = Call("told", name=b"a", octets=b"x")
        self.assertEqual(6, check([write, sync, link, directory, told], {}, {}))
        for calls in (
            [write, link, sync, directory, told],
            [write, sync, link, told, directory],
            [write, sync, link, told],
            [write, link, directory, told],
        ):
            with self.assertRaises(AssertionError):
                check(calls, {}, {})


class Recorded(DiskCase, TestCase):
    """The calls that uploads make."""

    def record(self) -> list[Call]:
        """Note what is done to the disk."""
        calls: list[Call] = []

        def noting(where: Any, name: str, note: Callable[..., Call]) -> None:
            function = getattr(where, name)

            def noted(*arguments: Any, **options: Any) -> Any:
                known = note(*arguments, **options)
                result = function(*arguments, **options)
                calls.append(known)
                return result

            self.patch(where, name, noted)

        def number(descriptor: int) -> int:
            return os.fstat(descriptor).st_ino

        noting(
            os, "writev", lambda file, pieces: Call("write", number(file), octets=b"".join(pieces))
        )
        noting(os, "fsync", lambda node: Call("sync", number(node)))
        noting(
            os,
            "link",
            lambda old, new, *, dst_dir_fd, follow_symlinks: Call(
                "link", number(dst_dir_fd), new, os.stat(old).st_ino
            ),
        )
        noting(
            os,
            "rename",
            lambda old, new, *, src_dir_fd, dst_dir_fd: Call(
                "rename", number(dst_dir_fd), new, old
            ),
        )
        noting(
            staging,
            "rename_to_new",
            lambda source, old, target, new: Call("rename", number(target), new, old),
        )
        noting(os, "unlink", lambda name, *, dir_fd: Call("unlink", number(dir_fd), name))
        opened = os.open

        def open_noted(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
            descriptor = opened(path, flags, *arguments, **options)
            if flags & os.O_CREAT:
                calls.append(Call("link", number(options["dir_fd"]), path, number(descriptor)))
                calls.append(Call("write", number(descriptor)))
            elif flags & os.O_RDWR:
                calls.append(Call("write", number(descriptor)))
            return descriptor

        self.patch(os, "open", open_noted)
        self.calls = calls
        return calls

    async def put_and_tell(self, name: str, octets: bytes) -> None:
        """Upload a file, and tell of it."""
        upload = await self.tree.upload((name,))
        for start in range(0, len(octets), 1 << 18):
            waiting = upload.write(octets[start : start + (1 << 18)])
            if waiting is not None:
                await waiting
        await upload.commit()
        self.calls.append(Call("told", name=name.encode(), octets=octets))

    async def uploads(self) -> None:
        """New files and others, alone and together, small and large, kept and thrown away."""
        await self.put_and_tell("new", b"1")
        await self.put_and_tell("new", b"2")
        for turn in (b"3", b"4"):
            names = [f"f{number}" for number in range(5)]
            await gatherResults(
                [ensureDeferred(self.put_and_tell(name, turn * 9)) for name in names]
            )
        await self.put_and_tell("large", b"5" * (5 << 20))
        cut = await self.tree.upload(("cut",))
        cut.write(b"6")
        await cut.abort(keep_partial=True)
        gone = await self.tree.upload(("gone",), UploadRequest(only_new=True))
        gone.write(b"7")
        await gone.abort()

    async def test_uploads(self) -> None:
        """Whatever the system can do."""
        for unnamed in (True, False):
            for at_once in (True, False):
                self.patch(disk, "can_be_unnamed", lambda able=unnamed: able)
                self.tree = await self.disk(self.root / f"{unnamed}{at_once}", at_once=at_once)
                calls = self.record()
                await self.uploads()
                linked = {call.name for call in calls if call.what == "link"}
                self.assertEqual(unnamed and at_once, b"new" in linked)
                self.assertLess(100, check(calls, {}, {}))


class Tallies(MemoryQuotaCase, TestCase):
    """The tally of files after a cut: a mark tells that it may be wrong, or it is right.

    What a change of files has done is on the disk when it has returned, and so is a mark. What else
    is told to the store may be lost, the last first, until a mark comes.
    """

    async def _set_up(self) -> None:
        await super()._set_up()
        self.states: list[FileUsage] = []
        self.unmarked = self.looked = 0
        self.seconds = 0.0
        self.changed_at = 0.0

    async def trees(self, *, durable: bool) -> MemorySiteTrees:
        """Make trees that are looked at whenever something has changed."""
        usage = self.store.file_usage
        assert isinstance(usage, MemoryFileUsage)

        def noting(name: str, *, kept: bool) -> None:
            step = getattr(usage, name)

            async def noted(*arguments: Any, **options: Any) -> Any:
                result = await step(*arguments, **options)
                if kept:
                    self.states.clear()
                self.states.append(await usage.usage(self.ann.id))
                self.cut()
                return result

            self.patch(usage, name, noted)

        noting("mark", kept=True)
        for name in ("claim", "settle", "set_counted"):
            noting(name, kept=False)
        quotas = FileQuotas(self.store, self.clock, durable=durable)
        site = MemorySiteTrees(quotas=quotas, publish=self.changed)
        self.sites.append(site)
        await site.start()
        self.count = quotas.count
        return site

    def changed(self, changes: Iterable[Change]) -> None:
        """Hear of a change of files."""
        self.changed_at = self.clock.seconds()
        self.cut()

    def cut(self) -> None:
        """Look at each state in which the store may be found."""
        real = self.successResultOf(ensureDeferred(self.real()))
        for state in self.states:
            self.looked += 1
            if not state.processes:
                self.unmarked += 1
                self.assertIn(state.used, (None, real))
                quiet = self.clock.seconds() - self.changed_at
                self.assertGreaterEqual(quiet, self.seconds)

    async def real(self) -> FileAmount:
        """Count ann's files."""
        return await self.count("ann")

    async def step(self, home: HomeTree, public: HomeTree, chance: random.Random) -> None:
        """Change something."""
        name, other = ((chance.choice("abcdef"),) for _ in range(2))
        match chance.randrange(6):
            case 0:
                await home.remove_file(name)
            case 1:
                await home.rename(name, other)
            case 2:
                await home.move_to(name, public, other)
            case 3:
                await public.move_to(name, home, other)
            case _:
                await self.put(home, name, chance.choice((0, 10, 400)))

    async def test_random(self) -> None:
        """Any changes, with rests between them."""
        for durable, seconds in ((True, QUIET_SECONDS), (False, LAZY_SECONDS)):
            self.seconds, self.states = 0.0, []
            await self.limit(octets=1000, files=6)
            site = await self.trees(durable=durable)
            home = await site.home("ann")
            self.seconds = seconds
            chance = random.Random(7)
            for _ in range(400):
                with contextlib.suppress(StoreError):
                    await self.step(home, site.public, chance)
                for _ in range(chance.choice((0, 0, 1, 2, 10, 80))):
                    self.clock.advance(1)
            if durable:
                self.seconds = 0.0  # who stops in order has all on the disk
            await site.stop()
            self.sites.clear()
            await self.limit()
        self.assertGreater(self.unmarked, 50)
        self.assertGreater(self.looked, 1000)
