"""Messages for many folders at once keep every promise, filed or not."""

from __future__ import annotations

import contextlib
import os
import sqlite3

from netsuite.store import changes
from netsuite.store.changes import Change
from netsuite.store.interfaces import Store
from netsuite.store.model import SEEN, FlagAction, Folder, FolderId, Placement
from netsuite.store.query import HasFlag, Not, Text
from netsuite.store.sql import SQLStore, arrivals
from netsuite.testing.cases import TestCase
from netsuite.testing.store_contract import StoreCase, StoreContract
from tests.store import test_same
from tests.store.reactors import reactor


class EverythingArrives(StoreContract, TestCase):
    """All promises, where every message waits to be filed, for some are after some commits."""

    async def make_store(self) -> Store:
        for name, number in (("SPREAD", 1), ("MANY", 3), ("TOO_MANY", 4), ("STEP", 2)):
            self.patch(arrivals, name, number)
        path = self.mktemp()
        self.sql = SQLStore(
            f"sqlite:///{path}", clock=self.clock, threads=reactor, sweep_after_seconds=0
        )
        return self.sql

    async def catch_up(self) -> None:
        await self.sql.tidy()


class TheSameWithArrivals(test_same.SameHistory):
    """Histories that are the same when every message waits to be filed."""

    async def make_store(self) -> Store:
        self.patch(arrivals, "SPREAD", 1)
        self.patch(arrivals, "TOO_MANY", 20)
        return await super().make_store()


class Arrivals(StoreCase, TestCase):
    """Messages for many folders."""

    async def make_store(self) -> Store:
        self.path = os.path.abspath(self.mktemp())
        self.sql = SQLStore(f"sqlite:///{self.path}", clock=self.clock, threads=reactor)
        return self.sql

    async def boxes(self, count: int) -> list[Folder]:
        """Make accounts; return their INBOXes."""
        found = []
        for number in range(count):
            account = await self.store.accounts.add_account(f"u{number}", None)
            found.append(await self.store.mail.folder(account.id, "INBOX"))
        return found

    async def send(
        self, boxes: list[Folder], octets: bytes = b"Subject: x\r\n\r\nword\r\n"
    ) -> None:
        """Put one message into each."""
        draft = self.store.mail.draft()
        draft.write(octets)
        await self.store.mail.commit(draft, [Placement(box.id) for box in boxes])

    def rows(self, table: str) -> int:
        """Return how many rows a table has."""
        with contextlib.closing(sqlite3.connect(self.path)) as database:
            found: int = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            return found

    async def test_where_they_are(self) -> None:
        """What comes to many folders waits, what comes to few does not; each of them lists all."""
        boxes = await self.boxes(arrivals.SPREAD)
        await self.send(boxes)
        self.assertEqual((arrivals.SPREAD, 0), (self.rows("arrival"), self.rows("message")))
        await self.send(boxes[1:])
        self.assertEqual(arrivals.SPREAD - 1, self.rows("message"))
        for box, uids in ((boxes[0], [1]), (boxes[1], [1, 2])):
            self.assertEqual(uids, list(await self.store.mail.uids(box.id)))
        await self.sql.tidy()
        self.assertEqual((0, 2 * arrivals.SPREAD - 1), (self.rows("arrival"), self.rows("message")))
        self.assertEqual([1, 2], list(await self.store.mail.uids(boxes[1].id)))

    async def test_one_folder_is_changed(self) -> None:
        """Who changes messages of a folder has those filed, and no others."""
        boxes = await self.boxes(arrivals.SPREAD)
        await self.send(boxes)
        mail, box = self.store.mail, boxes[0]
        stored = await mail.store_flags(box.id, [1], FlagAction.ADD, frozenset({SEEN}), box.owner)
        self.assertEqual({1: (frozenset({SEEN}), 3)}, dict(stored.changed))
        self.assertEqual((arrivals.SPREAD - 1, 1), (self.rows("arrival"), self.rows("message")))
        for each, seen in ((box, [1]), (boxes[1], [])):
            self.assertEqual(seen, list(await mail.search(each.id, HasFlag(SEEN), None)))
            unseen = list(await mail.search(each.id, Not(HasFlag(SEEN)), None))
            self.assertEqual([1], sorted([*seen, *unseen]))
            self.assertEqual([1], list(await mail.search(each.id, Text("word"), None)))

    async def test_counts(self) -> None:
        """Folders and accounts count what comes, as many as come and however often to one."""
        boxes = await self.boxes(arrivals.SPREAD)
        await self.send([*boxes, boxes[0]], b"x" * 10)
        for box, count in ((boxes[0], 2), (boxes[1], 1)):
            now = await self.store.mail.folder_by_id(box.id)
            self.assertEqual(
                (count, 10 * count, 1 + count), (now.messages, now.octets, now.uid_next)
            )
            assert box.owner is not None
            usage = await self.store.mail.usage(box.owner)
            self.assertEqual((count, 10 * count), (usage.messages, usage.octets))

    async def test_told_of(self) -> None:
        """Who watches a folder hears of its own message, and who watches all, of each; another
        process hears the same."""
        boxes = await self.boxes(arrivals.SPREAD)
        other = SQLStore(f"sqlite:///{self.path}", clock=self.clock, threads=reactor)
        await other.open()
        self.addCleanup(other.close)
        told: list[Change] = []
        all_told: list[Change] = []
        elsewhere: list[Change] = []
        self.store.changes.watch_folder(boxes[1].id, told.append)
        self.store.changes.watch_all(all_told.append)
        other.changes.watch_all(elsewhere.append)
        await self.send(boxes)
        added = [changes.MessagesAdded(FolderId(box.id), 2, (1,), (frozenset(),)) for box in boxes]
        self.assertEqual([added[1]], told)
        self.assertEqual(added, all_told)
        while not elsewhere:
            self.clock.advance(1)
            await self.store.mail.folder_by_id(boxes[0].id)
        self.assertEqual(added, elsewhere)

    async def test_filed_in_turn(self) -> None:
        """Of very many that wait some are filed with each commit, and none is lost or doubled."""
        self.patch(arrivals, "STEP", arrivals.SPREAD)
        self.patch(arrivals, "TOO_MANY", 4 * arrivals.SPREAD)
        boxes = await self.boxes(arrivals.SPREAD)
        for _ in range(20):
            await self.send(boxes)
        self.assertLess(self.rows("arrival"), 6 * arrivals.SPREAD)
        for box in boxes:
            self.assertEqual(list(range(1, 21)), list(await self.store.mail.uids(box.id)))
