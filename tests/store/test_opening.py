"""Folders that are opened while others write, and large changes in steps, on SQLite."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from random import Random
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from netsuite.store import model
from netsuite.store.changes import MessagesExpunged
from netsuite.store.errors import MovedInPart, OverQuota, StorageFull
from netsuite.store.interfaces import Store
from netsuite.store.model import FlagAction
from netsuite.store.sql import SQLStore, mail, messages
from netsuite.testing.cases import TestCase
from netsuite.testing.store_contract import StoreCase
from netsuite.testing.store_contract.case import CREATED
from tests.store.reactors import reactor

DELETED = frozenset({"\\Deleted"})


class OnSQLite(StoreCase, TestCase):
    """A store on a file."""

    async def make_store(self) -> Store:
        self.path = self.mktemp()
        return SQLStore(f"sqlite:///{self.path}", clock=self.clock, threads=reactor)

    async def test_one_moment(self) -> None:
        """Whatever others do meanwhile, what is read of a folder fits together: what was there at
        a mod-sequence, with the changes since, is what is there now."""
        chance = Random(5)
        inbox = await self.inbox()
        folder, owner = inbox.id, inbox.owner
        for _ in range(30):
            await self.put(inbox)
        self.patch(mail, "INLINE_COUNTED", chance.choice((0, 1000)))
        before = await self.store.mail.opened(folder, owner)

        async def writing() -> None:
            for _ in range(60):
                uids = list(await self.store.mail.uids(folder))
                some = chance.sample(uids, min(3, len(uids)))
                action = chance.choice((FlagAction.ADD, FlagAction.REMOVE))
                await self.store.mail.store_flags(folder, some, action, DELETED, owner)
                await self.put(inbox)
                await self.store.mail.expunge(folder, some[:1])

        async def opening() -> None:
            nonlocal before
            for _ in range(80):
                now = await self.store.mail.opened(folder, owner, before.folder.highest_modseq)
                assert now.changes is not None
                gone = {uid for low, high in now.changes.vanished for uid in range(low, high + 1)}
                came = {each.uid for each in now.changes.changed}
                self.assertEqual(set(now.uids), set(before.uids) - gone | came)
                self.assertFalse(gone & came)
                self.assertEqual(len(now.uids), now.folder.messages)
                self.assertLess(max(now.uids), now.folder.uid_next)
                for each in now.changes.changed:
                    self.assertLessEqual(each.modseq, now.folder.highest_modseq)
                before = now

        work = [writing(), writing(), opening()]
        await gatherResults([Deferred.fromCoroutine(each) for each in work], consumeErrors=True)

    async def test_old_tombstones_go(self) -> None:
        """Of what was expunged long ago no row is left but the one that says since when."""
        self.patch(model, "TOMBSTONES", 5)
        inbox = await self.inbox()
        for _ in range(40):
            await self.put(inbox)
        for uid in range(1, 31):
            await self.store.mail.expunge(inbox.id, [uid], deleted_only=False)
        connection = sqlite3.connect(self.path)
        self.addCleanup(connection.close)
        rows = connection.execute("SELECT uid FROM tombstone ORDER BY modseq, uid").fetchall()
        self.assertEqual([0, 26, 27, 28, 29, 30], [uid for (uid,) in rows][-6:])
        self.assertLess(len(rows), 8)

    async def test_renamed_among_many(self) -> None:
        """Who else has subscribed a name that is renamed is found by an index."""
        connection = sqlite3.connect(self.path)
        self.addCleanup(connection.close)
        asked = "SELECT account FROM subscription WHERE name IN (SELECT value FROM json_each(?))"
        rows = connection.execute(f"EXPLAIN QUERY PLAN {asked}", ('["a"]',)).fetchall()
        self.assertIn("INDEX subscription_name (name=?)", " ".join(row[3] for row in rows))

    async def test_claimed_by_one_process(self) -> None:
        """Of two processes that claim a key at once one has it; the other has heard of it."""
        await self.inbox()
        other = SQLStore(f"sqlite:///{self.path}", clock=self.clock, threads=reactor)
        await other.open()
        try:
            until = CREATED + timedelta(hours=1)
            for number in range(20):
                key = str(number)
                claims = [
                    Deferred.fromCoroutine(each.remembered.claim("k", key, until))
                    for each in (self.store, other)
                ]
                won = await gatherResults(claims)
                self.assertEqual([False, True], sorted(won))
                for each in (self.store, other):
                    self.assertEqual("", await each.remembered.recall("k", key))
        finally:
            await other.close()

    async def test_in_steps(self) -> None:
        """Many messages are changed in several transactions, with one result."""
        self.patch(mail, "STEP", 3)
        inbox = await self.inbox()
        target = await self.store.mail.create_folder(inbox.owner, "target")
        for _ in range(20):
            await self.put(inbox, b"x")
        store = self.store.mail
        stored = await store.store_flags(
            inbox.id, range(1, 21), FlagAction.ADD, DELETED, inbox.owner
        )
        self.assertEqual(list(range(1, 21)), list(stored.changed))
        self.assertEqual((await store.folder_by_id(inbox.id)).highest_modseq, stored.modseq)
        moved = await store.move(inbox.id, [9, 8, 7, 6, 5, 4, 3], target.id, inbox.owner)
        self.assertEqual((tuple(range(3, 10)), tuple(range(1, 8))), (moved.sources, moved.uids))
        self.published.clear()
        self.assertEqual([1, 2, *range(10, 21)], await store.expunge(inbox.id, None))
        self.assertEqual(5, len(self.published_of(MessagesExpunged)))
        self.assertEqual([1, 2, 3, 4, 5, 6], await store.expunge(target.id, [1, 2, 3, 4, 5, 6, 9]))
        usage = await store.usage(inbox.owner or model.AccountId(0))
        self.assertEqual((1, 1), (usage.messages, usage.octets))

    async def test_quota_of_all(self) -> None:
        """Of many messages that are copied or moved to another owner none is, where the quota has
        no room for all of them."""
        self.patch(mail, "STEP", 3)
        inbox = await self.inbox()
        for _ in range(7):
            await self.put(inbox, b"x")
        store, accounts = self.store.mail, self.store.accounts
        ben = await accounts.add_account("ben", None)
        there = await store.folder(ben.id, "INBOX")
        await accounts.update_account(ben.id, quota_messages=6)
        for put in (store.copy, store.move):
            with self.assertRaises(OverQuota):
                await put(inbox.id, range(1, 8), there.id, inbox.owner)
            self.assertEqual([], list(await store.uids(there.id)))
            self.assertEqual(7, len(await store.uids(inbox.id)))
        copied = await store.copy(inbox.id, range(1, 7), there.id, inbox.owner)
        self.assertEqual((1, 2, 3, 4, 5, 6), copied.uids)
        await accounts.update_account(ben.id, quota_messages=13)
        moved = await store.move(inbox.id, range(1, 8), there.id, inbox.owner)
        self.assertEqual((7, 8, 9, 10, 11, 12, 13), moved.uids)

    async def test_failure_amid_steps(self) -> None:
        """Copies that were made before are taken back; of what was moved before the error tells."""
        self.patch(mail, "STEP", 3)
        inbox = await self.inbox()
        for _ in range(7):
            await self.put(inbox, b"x")
        store = self.store.mail
        target = await store.create_folder(inbox.owner, "target")
        copy = messages.copy

        def failing(*args: Any, **kwargs: Any) -> model.Copied:  # Any: whatever it is called with
            if 7 in kwargs["uids"]:
                raise StorageFull("the disk is full")
            return copy(*args, **kwargs)

        self.patch(messages, "copy", failing)
        with self.assertRaises(StorageFull):
            await store.copy(inbox.id, range(1, 8), target.id, inbox.owner)
        self.assertEqual([], list(await store.uids(target.id)))
        usage = await store.usage(inbox.owner or model.AccountId(0))
        self.assertEqual((7, 7), (usage.messages, usage.octets))
        with self.assertRaises(MovedInPart) as caught:
            await store.move(inbox.id, range(1, 8), target.id, inbox.owner)
        self.assertEqual(tuple(range(1, 7)), caught.exception.moved.sources)
        self.assertIsInstance(caught.exception.reason, StorageFull)
        self.assertEqual(list(caught.exception.moved.uids), list(await store.uids(target.id)))
        self.assertEqual([7], list(await store.uids(inbox.id)))

    async def test_others_write_between(self) -> None:
        """While many messages are copied, others are delivered."""
        self.patch(mail, "STEP", 3)
        inbox = await self.inbox()
        for _ in range(30):
            await self.put(inbox, b"x")
        store = self.store.mail
        target = await store.create_folder(inbox.owner, "target")
        done: list[str] = []

        async def copying() -> None:
            await store.copy(inbox.id, range(1, 31), target.id, inbox.owner)
            done.append("copied")

        async def delivering() -> None:
            await self.put(target, b"y")
            done.append("delivered")

        await gatherResults([Deferred.fromCoroutine(each) for each in (copying(), delivering())])
        self.assertEqual(["delivered", "copied"], done)
        self.assertEqual(31, len(await store.uids(target.id)))
