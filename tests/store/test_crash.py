"""A process killed in the midst of its work loses nothing it reported, leaves nothing half."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import IO

from twisted.internet.task import Clock

from netsuite.store.model import Folder, Message
from netsuite.store.sql import SQLStore
from netsuite.testing.cases import TestCase
from tests.store.reactors import reactor

#: The child: 30 committers, every message of its own size, a line for each that is reported.
CHILD = r"""
import sys
from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred, gatherResults
from netsuite.store.model import Placement
from netsuite.store.sql import SQLStore

async def commit(store, folder, first):
    number = first
    while True:
        number += 30
        octets = 400_000 if number % 31 == 0 else number % 5000
        draft = store.mail.draft()
        data = b"%012d" % number * (octets // 12 + 1)
        for start in range(0, len(data), 65536):
            waiting = draft.write(data[start : start + 65536])
            if waiting is not None:
                await waiting
        (placed,) = await store.mail.commit(draft, [Placement(folder.id)])
        print(placed.uid, number, flush=True)
        if number % 7 == 0:
            (gone,) = await store.mail.expunge(folder.id, [placed.uid], deleted_only=False)
            print(-gone, number, flush=True)

async def main(url):
    store = SQLStore(url, clock=reactor, threads=reactor)
    await store.open()
    folder = await store.mail.folder(None, "work")
    await gatherResults([ensureDeferred(commit(store, folder, n)) for n in range(30)])

def failed(failure):
    failure.printTraceback()
    reactor.stop()

ensureDeferred(main(sys.argv[1])).addErrback(failed)
reactor.run()
"""


class Killed(TestCase):
    """SIGKILL, again and again, on one store."""

    async def test_nothing_reported_is_lost(self) -> None:
        """What was reported is there whole; no UID is given twice; nothing is half there."""
        path = os.path.abspath(self.mktemp())
        url = f"sqlite:///{path}"
        store = await self.opened(url)
        folder = await store.mail.create_folder(None, "work")
        await store.close()
        given: dict[int, int] = {}
        gone: set[int] = set()
        for lines in (60, 1, 400):
            before = dict(given)
            for uid, number in self.work_and_die(url, lines):
                if uid < 0:
                    gone.add(-uid)
                    continue
                self.assertNotIn(uid, before, "a UID was given twice")
                given[uid] = number
            await self.check(url, path, folder, given, gone)

    async def opened(self, url: str) -> SQLStore:
        clock = Clock()
        clock.advance(time.time() + 3600)  # after all that the child did
        store = SQLStore(url, clock=clock, threads=reactor, sweep_after_seconds=0)
        await store.open()
        return store

    def work_and_die(self, url: str, lines: int) -> Iterator[tuple[int, int]]:
        """Run the child until so many lines; return what it had reported when it died."""
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, url], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        try:
            read = [child.stdout.readline() for _ in range(lines)]
            child.send_signal(signal.SIGKILL)
            read += _rest(child.stdout)
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
        self.assertNotIn("", read[:lines], "the child ended by itself")
        for line in read:
            if line.endswith("\n"):  # the last one may have been cut
                uid, number = line.split()
                yield int(uid), int(number)

    async def check(
        self, url: str, path: str, folder: Folder, given: dict[int, int], gone: set[int]
    ) -> None:
        store = await self.opened(url)
        try:
            messages = {m.uid: m for m in await store.mail.messages(folder.id, None, None)}
            for uid, number in given.items():
                if uid in gone:
                    self.assertNotIn(uid, messages)
                elif uid in messages or number % 7:  # else its expunge was durable, not reported
                    await self.whole(store, messages[uid], number)
            for message in messages.values():
                if message.uid not in given:  # durable, but not reported any more
                    await self.whole(store, message, None)
            now = await store.mail.folder_by_id(folder.id)
            self.assertGreater(now.uid_next, max(given))
            self.assertEqual(
                (len(messages), sum(m.octets for m in messages.values())),
                (now.messages, now.octets),
            )
            await store.tidy()
        finally:
            await store.close()
        self.no_halves(path)

    async def whole(self, store: SQLStore, message: Message, number: int | None) -> None:
        read = b"".join([piece async for piece in store.mail.read(message.content)])
        self.assertEqual(message.octets, len(read))
        expected = b"%012d" % (int(read[:12]) if number is None else number)
        self.assertEqual(expected * (len(read) // 12), read)

    def no_halves(self, path: str) -> None:
        connection = sqlite3.connect(path)
        with contextlib.closing(connection):
            self.assertEqual([("ok",)], connection.execute("PRAGMA integrity_check").fetchall())
            for sql in (
                "SELECT * FROM draft",
                "SELECT id FROM chunk WHERE id >> 13 NOT IN (SELECT id FROM content)",
                "SELECT id FROM content WHERE id NOT IN (SELECT content FROM message)",
                "SELECT uid FROM message WHERE content NOT IN (SELECT id FROM content)",
                "SELECT id FROM content c WHERE octets <>"
                " (SELECT sum(length(data)) FROM chunk WHERE id >> 13 = c.id)",
                "SELECT id FROM content c WHERE refs <>"
                " (SELECT count(*) FROM message WHERE content = c.id)",
            ):
                self.assertEqual([], connection.execute(sql).fetchall(), sql)


def _rest(stream: IO[str]) -> list[str]:
    return stream.readlines()
