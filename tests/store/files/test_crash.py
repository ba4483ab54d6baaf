"""A process killed in the midst of uploads leaves each file whole, and what it reported there."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from netsuite.store.errors import OverQuota
from netsuite.store.file_usage import FileAmount
from netsuite.store.files import SiteTrees
from netsuite.store.model import AccountId
from netsuite.store.sql import SQLStore
from netsuite.testing.cases import TestCase
from tests.store.files import quota_child
from tests.store.files.disk_case import DiskCase
from tests.store.files.quota_case import counted

#: Twenty who write files, each telling what is committed.
CHILD = """
import sys
from pathlib import Path
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred, gatherResults
from twisted.internet.threads import deferToThread
from netsuite.store.files import DiskTree

async def put(tree, first):
    number = first
    while True:
        number += 20
        data = b"%012d" % number * (20_000 if number % 3 == 0 else number % 500 + 1)
        upload = await tree.upload((f"f{number % 60}",))
        for start in range(0, len(data), 65536):
            waiting = upload.write(data[start : start + 65536])
            if waiting is not None:
                await waiting
        await upload.commit()
        print(number, flush=True)

async def main():
    tree = DiskTree(Path(sys.argv[1]), run=deferToThread)
    await tree.start()
    await gatherResults([ensureDeferred(put(tree, number)) for number in range(20)])

ensureDeferred(main()).addErrback(lambda failure: failure.printTraceback())
reactor.run()
"""


class Killed(DiskCase, TestCase):
    """SIGKILL in the midst of uploads."""

    async def test_killed(self) -> None:
        """What was reported is there, or what came after it; each file is whole."""
        told: dict[int, int] = {}
        for lines in (30, 1, 200):
            for number in self.work_and_die(lines):
                told[number % 60] = max(number, told.get(number % 60, 0))
            found = {int(path.name[1:]): path.read_bytes() for path in self.root.glob("f*")}
            for place, number in told.items():
                self.assertLessEqual(number, int(found[place][:12]))
            for data in found.values():
                number = int(data[:12])
                times = 20_000 if number % 3 == 0 else number % 500 + 1
                self.assertEqual(b"%012d" % number * times, data)
            told = dict.fromkeys(told, 0)  # the next child counts from the beginning
        self.clock.advance(90_000)
        tree: Any = await self.disk(self.root)
        await tree._sweeping

    def work_and_die(self, lines: int) -> list[int]:
        """Run the child until so many lines; return all it has told."""
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(self.root)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        try:
            read = [child.stdout.readline() for _ in range(lines)]
            child.send_signal(signal.SIGKILL)
            read += child.stdout.readlines()
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
        self.assertNotIn("", read[:lines], "the child ended by itself")
        return [int(line) for line in read if line.endswith("\n")]


class TallyKilled(TestCase):
    """SIGKILL in the midst of changes to the files of an account with a quota."""

    quota = FileAmount(3_000_000, 30)

    async def test_killed(self) -> None:
        """What is left is within the quota, and counted before anything else is judged."""
        self.home = Path(self.mktemp()).absolute()
        self.home.mkdir()
        async with self.opened() as (store, _):
            ann = await store.accounts.add_account("ann", None)
            await store.accounts.update_account(
                ann.id, quota_file_octets=self.quota.octets, quota_files=self.quota.files
            )
        marks = 0
        for number, lines in enumerate((5, 1, 40, 150, 12, 80)):
            with self.child(number) as child:
                self.read(child, lines)
            async with self.opened() as (store, trees):
                usage = await store.file_usage.usage(ann.id)
                marks += len(usage.processes)
                real = counted(self.home / "home/ann")
                self.assertTrue(self.quota.covers(real), real)
                home = await trees.home("ann")
                space = await home.space(())
                self.assertEqual(self.quota.files - real.files, space.files_left)
                self.assertEqual(self.quota.octets - real.octets, space.octets_left)
                with self.assertRaises(OverQuota):
                    await quota_child.put(home, ("z",), self.quota.octets - real.octets + 1)
                if real.files < self.quota.files:
                    await quota_child.put(home, ("z",), self.quota.octets - real.octets)
                    await home.remove_file(("z",))
            await self.check(ann.id)
        self.assertGreater(marks, 3)

    async def test_one_of_two(self) -> None:
        """One that goes on is right about what the other has left behind."""
        self.home = Path(self.mktemp()).absolute()
        self.home.mkdir()
        async with self.opened() as (store, _):
            ann = await store.accounts.add_account("ann", None)
            await store.accounts.update_account(
                ann.id, quota_file_octets=self.quota.octets, quota_files=self.quota.files
            )
        with self.child(1) as one:
            self.read(one, 5)
            for number in range(2, 5):
                with self.child(number) as other:
                    self.read(other, 20)
                self.read(one, 30)
                real = counted(self.home / "home/ann")
                self.assertTrue(self.quota.covers(real), real)
        await self.check(ann.id)

    async def check(self, account: AccountId) -> None:
        """Fail unless the tally is right once nobody is at it."""
        async with self.opened() as (store, trees):
            await (await trees.home("ann")).space(())
            usage = await store.file_usage.usage(account)
            self.assertEqual(counted(self.home / "home/ann"), usage.used)
            self.assertEqual(frozenset(), usage.processes)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[SQLStore, SiteTrees]]:
        """Open the store and the trees."""
        store, trees = quota_child.make(self.home)
        await store.open()
        await trees.start()
        try:
            yield store, trees
        finally:
            await trees.stop()
            await store.close()

    @contextlib.contextmanager
    def child(self, number: int) -> Iterator[subprocess.Popen[str]]:
        """Run a process for as long as the block lasts, then kill it."""
        child = subprocess.Popen(
            [sys.executable, "-m", quota_child.__name__, str(self.home), str(number)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield child
            child.send_signal(signal.SIGKILL)
        finally:
            child.kill()
            child.wait()
            assert child.stdout is not None
            child.stdout.close()

    def read(self, child: subprocess.Popen[str], lines: int) -> None:
        """Wait until a process has done so much more."""
        assert child.stdout is not None
        for _ in range(lines):
            self.assertEqual("done\n", child.stdout.readline(), "the child ended by itself")
