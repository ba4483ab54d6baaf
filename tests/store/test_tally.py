"""Numbers of a store."""

from __future__ import annotations

import os

from netsuite.store.interfaces import Store
from netsuite.store.sql import SQLStore
from netsuite.store.tally import Histogram
from netsuite.testing.cases import TestCase
from netsuite.testing.store_contract.case import StoreCase
from tests.store.reactors import reactor


class OfSQL(StoreCase, TestCase):
    """A store on an SQLite file counts."""

    async def make_store(self) -> Store:
        path = os.path.abspath(self.mktemp())
        self.sql = SQLStore(f"sqlite:///{path}", clock=self.clock, threads=reactor)
        return self.sql

    async def test_commits(self) -> None:
        """Each commit with its time, the units in it, and what waits to be indexed."""
        box = await self.inbox()
        tally = self.sql.tally
        commits, units = sum(tally.commits.counts), tally.units
        await self.put(box)
        self.assertEqual((1, 1), (sum(tally.commits.counts) - commits, tally.units - units))
        self.assertGreater(tally.commits.total, 0)
        self.assertEqual(1, (await self.sql.backlog()).unindexed)
        await self.sql.tidy()
        self.assertEqual(0, (await self.sql.backlog()).unindexed)

    async def test_caches(self) -> None:
        """What was read from a cache, and what was not there."""
        box = await self.inbox()
        placed = await self.put(box)
        (message,) = await self.store.mail.messages(box.id, [placed.uid], None)
        before = self.sql.tally.hits["contents"]
        await self.store.mail.content(message.content)
        self.assertEqual(1, self.sql.tally.hits["contents"] - before)
        misses = self.sql.tally.misses["summaries"]
        await self.store.mail.described(box.id, [placed.uid], None)
        self.assertEqual(1, self.sql.tally.misses["summaries"] - misses)


def test_histogram() -> None:
    """Each value is counted under the first bound that it does not exceed."""
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 9.0):
        histogram.add(value)
    assert (histogram.counts, histogram.total) == ([2, 2, 1], 14.0)
