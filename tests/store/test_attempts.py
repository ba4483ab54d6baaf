"""Items settled together: what is known of them without asking, and what is searched for."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from datetime import timedelta

from twisted.internet.defer import Deferred, gatherResults

from netsuite.store.interfaces import Store
from netsuite.store.model import Placement
from netsuite.store.outgoing import (
    Envelope,
    LeaseLost,
    Outgoing,
    QueueFilter,
    QueueItem,
    QueueRecipient,
    QueueState,
    Settled,
    Settlement,
)
from netsuite.store.query import Text
from netsuite.store.sql import SQLStore
from netsuite.testing.cases import TestCase
from netsuite.testing.store_contract import CREATED, StoreCase
from tests.store.reactors import reactor


class Attempts(StoreCase, TestCase):
    """A queue on SQLite."""

    async def make_store(self) -> Store:
        self.path = os.path.abspath(self.mktemp())
        self.sql = SQLStore(
            f"sqlite:///{self.path}", clock=self.clock, threads=reactor, sweep_after_seconds=0
        )
        return self.sql

    async def enqueue(self, *recipients: str) -> None:
        """Queue one message."""
        draft = self.store.mail.draft()
        draft.write(b"Subject: x\r\n\r\nsomething\r\n")
        to = [QueueRecipient(each, "", CREATED + timedelta(days=5)) for each in recipients]
        await self.store.mail.commit(draft, [], onward=Outgoing(Envelope("a@b"), to))

    async def claim(self) -> Sequence[QueueItem]:
        """Claim what is due."""
        return await self.store.queue.claim(limit=100, per_domain=100, lease_seconds=60)

    def settle(self, item: QueueItem, *placements: Placement) -> Deferred[Settled]:
        """Settle an item as delivered."""
        done = [Settlement(item.id, item.lease, QueueState.DELIVERED)]
        return Deferred.fromCoroutine(self.store.queue.settle(done, placements=placements))

    def ask(self, sql: str) -> list[tuple[int, ...]]:
        """Ask the file."""
        with contextlib.closing(sqlite3.connect(self.path)) as database:
            return database.execute(sql).fetchall()

    async def test_many_at_once(self) -> None:
        """Each is written down, with the message that it was the last of."""
        await self.enqueue("x@y", "y@y")
        for number in range(20):
            await self.enqueue(f"{number}@z")
        first, *others = await self.claim()
        self.assertEqual(21, len(others))
        await gatherResults([self.settle(item) for item in others])
        self.assertEqual([first.id], [item.id for item in await self.store.queue.items()])
        self.assertEqual([(1, 1)], self.ask("SELECT refs, count(*) FROM content WHERE refs > 0"))
        await self.settle(first)
        self.assertEqual([(0,)], self.ask("SELECT count(*) FROM envelope"))
        self.clock.advance(1)
        await self.sql.tidy()
        self.assertEqual([(0,)], self.ask("SELECT count(*) FROM content"))

    async def test_removed_meanwhile(self) -> None:
        """What an operator has removed in the same commit cannot be settled any more."""
        await self.enqueue("x@y")
        (item,) = await self.claim()
        removing = Deferred.fromCoroutine(self.store.queue.delete(QueueFilter()))
        settling = self.settle(item)
        self.assertEqual(1, await removing)
        with self.assertRaises(LeaseLost):
            await settling

    async def test_settled_twice(self) -> None:
        """The second time the item is not there, in one commit or in two."""
        await self.enqueue("x@y")
        (item,) = await self.claim()
        settling = [self.settle(item), self.settle(item)]
        await settling[0]
        with self.assertRaises(LeaseLost):
            await settling[1]
        with self.assertRaises(LeaseLost):
            await self.settle(item)

    async def test_what_passes_through_is_not_indexed(self) -> None:
        """What only goes on is not read for searches; what comes into folders after all is found,
        indexed or not."""
        inbox, other = await self.inbox(), await self.inbox("bob")
        await self.enqueue("alice@here", "bob@here")
        self.assertEqual([(0,)], self.ask("SELECT count(*) FROM pending"))
        one, two = await self.claim()
        await gatherResults(
            [self.settle(one, Placement(inbox.id)), self.settle(two, Placement(other.id))]
        )
        for _ in range(2):
            for box in (inbox, other):
                found = await self.store.mail.search(box.id, Text("something"), box.owner)
                self.assertEqual([1], list(found))
            await self.sql.tidy()
        self.assertEqual([(1,)], self.ask("SELECT count(*) FROM content_text"))
