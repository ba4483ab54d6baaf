"""The SQL store keeps the contract without what distributed databases lack.

A proxy before PostgreSQL calls itself CockroachDB, and refuses the statements that CockroachDB,
YugabyteDB or a pooler of transactions refuse. It is no proof that these databases do all the rest.
"""

from __future__ import annotations

import re
from typing import Final

from netsuite.store.interfaces import Store
from netsuite.store.sql import SQLStore
from netsuite.testing.cases import SkipTest, TestCase
from netsuite.testing.store_contract import StoreContract
from tests.store.clusters import fresh_database, shared_cluster
from tests.store.proxies import Proxy
from tests.store.reactors import reactor

#: What one or the other does not know: locks that are no row's or of a session, notifications,
#: procedures and triggers, temporary tables, sequences, the system's own columns and functions.
LACKING: Final = re.compile(
    r"advisory|(^|;)\s*(LISTEN|NOTIFY|UNLISTEN|DO)\b|\bLOCK\s+TABLE\b|\bCREATE\s+(TEMP|TRIGGER|FUNCTION"
    r"|SEQUENCE|EXTENSION|UNLOGGED|RULE)|\bSERIAL\b|nextval|\bctid\b|\bxmin\b|pg_xact|txid_"
    r"|gin_trgm_ops|\bCLUSTER\b|\bEXCLUDE\b|\bDECLARE\b|\bCOPY\b|SET SESSION|^\s*SET\s+(?!LOCAL)",
    re.IGNORECASE,
)
VERSION: Final = "CockroachDB CCL v23.1.11 (x86_64-pc-linux-gnu, built 2023/09/27)"


class DistributedStoreContract(StoreContract, TestCase):
    """All promises, from an empty database on."""

    async def make_store(self) -> Store:
        shared, url = shared_cluster(), fresh_database(empty=True)
        if shared is None or url is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        self.refusals: list[str] = []
        self.proxy = Proxy(shared.home)
        self.addCleanup(self.proxy.close)
        self.proxy.judge = self.judge
        through = url.replace(str(shared.home), str(self.proxy.home))
        self.sql = SQLStore(through, clock=self.clock, threads=reactor, sweep_after_seconds=0)
        return self.sql

    def judge(self, sql: str) -> str:
        if "pg_catalog.version()" in sql:
            return f"SELECT '{VERSION}'"
        if LACKING.search(sql):
            self.refusals.append(sql)
            return "UNIMPLEMENTED"
        return sql

    async def catch_up(self) -> None:
        await self.sql.tidy()

    async def test_few_are_refused(self) -> None:
        """What is tried all the same is done without: a lock while migrating, presence, an index of
        trigrams, notifications."""
        await self.put(await self.inbox())
        self.assertLessEqual(len(self.refusals), 6, self.refusals)
        self.assertFalse(self.sql._database.notifies)
