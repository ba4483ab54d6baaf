"""A process killed in the midst of uploads leaves each file whole, and what it reported there."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any

from netsuite.testing.cases import TestCase
from tests.store.files.disk_case import DiskCase

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
