"""The SQL store keeps the contract on PostgreSQL, where one can be started."""

from __future__ import annotations

from datetime import timedelta

from twisted.internet.defer import Deferred, gatherResults

from netsuite.store.interfaces import Store
from netsuite.store.sql import SQLStore
from netsuite.testing.cases import SkipTest, TestCase
from netsuite.testing.store_contract import StoreContract
from netsuite.testing.store_contract.case import CREATED
from tests.store.clusters import fresh_database
from tests.store.reactors import reactor


class PostgreSQLStoreContract(StoreContract, TestCase):
    """All promises."""

    async def make_store(self) -> Store:
        url = fresh_database()
        if url is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        self.url = url
        self.sql = SQLStore(url, clock=self.clock, threads=reactor, sweep_after_seconds=0)
        return self.sql

    async def catch_up(self) -> None:
        await self.sql.tidy()

    async def test_claimed_by_one_process(self) -> None:
        """Of two processes that claim a key at once one has it."""
        await self.inbox()
        other = SQLStore(self.url, clock=self.clock, threads=reactor)
        await other.open()
        try:
            until = CREATED + timedelta(hours=1)
            for number in range(20):
                claims = [
                    Deferred.fromCoroutine(each.remembered.claim("k", str(number), until))
                    for each in (self.store, other)
                ]
                self.assertEqual([False, True], sorted(await gatherResults(claims)))
        finally:
            await other.close()
