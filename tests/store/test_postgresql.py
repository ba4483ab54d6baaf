"""The SQL store keeps the contract on PostgreSQL, where one can be started."""

from __future__ import annotations

from netsuite.store.interfaces import Store
from netsuite.store.sql import SQLStore
from netsuite.testing.cases import SkipTest, TestCase
from netsuite.testing.store_contract import StoreContract
from tests.store.clusters import fresh_database
from tests.store.reactors import reactor


class PostgreSQLStoreContract(StoreContract, TestCase):
    """All promises."""

    async def make_store(self) -> Store:
        url = fresh_database()
        if url is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        self.sql = SQLStore(url, clock=self.clock, threads=reactor, sweep_after_seconds=0)
        return self.sql

    async def catch_up(self) -> None:
        await self.sql.tidy()
