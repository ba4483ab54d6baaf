"""The SQL store keeps the contract on SQLite."""

from __future__ import annotations

from netsuite.store.interfaces import Store
from netsuite.store.sql import SQLStore
from netsuite.testing.cases import TestCase
from netsuite.testing.store_contract import StoreContract
from tests.store.reactors import reactor


class SQLiteStoreContract(StoreContract, TestCase):
    """All promises."""

    async def make_store(self) -> Store:
        path = self.mktemp()
        self.sql = SQLStore(
            f"sqlite:///{path}", clock=self.clock, threads=reactor, sweep_after_seconds=0
        )
        return self.sql

    async def catch_up(self) -> None:
        await self.sql.tidy()
