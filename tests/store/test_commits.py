"""Commits on PostgreSQL while things go wrong: nothing acknowledged is lost, nothing is doubled."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater
from twisted.logger import capturedLogs

from netsuite.store.errors import Busy, StoreError
from netsuite.store.interfaces import Store
from netsuite.store.model import Folder, Placement
from netsuite.store.sql import SQLStore, commits, schema
from netsuite.store.sql.database import Database
from netsuite.testing.cases import SkipTest, TestCase
from netsuite.testing.store_contract import StoreCase
from tests.store.clusters import Cluster, fresh_database, shared_cluster
from tests.store.proxies import CutAfter, CutBefore, Proxy
from tests.store.reactors import reactor

#: Part of what the writer alone says, and says at the end.
ENDING = "UPDATE process"


def once(wanted: str, error: Exception) -> Callable[[str], str]:
    """Return a judge that raises at the first statement with that text."""
    left = [error]

    def judge(sql: str) -> str:
        if wanted in sql and left:
            raise left.pop()
        return sql

    return judge


class ProxyCase(StoreCase, TestCase):
    """A store that reaches PostgreSQL through a proxy."""

    async def make_store(self) -> Store:
        shared = shared_cluster()
        url = fresh_database()
        if shared is None or url is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        self.direct = Database(url)
        self.proxy = Proxy(shared.home)
        self.addCleanup(self.proxy.close)
        self.url = url.replace(str(shared.home), str(self.proxy.home))
        self.sql = SQLStore(self.url, clock=self.clock, threads=reactor)
        self.addCleanup(lambda: Deferred.fromCoroutine(self.sql.close()))
        return self.sql

    async def uids(self, folder: Folder) -> list[int]:
        return list(await self.store.mail.uids(folder.id))

    def server(self, sql: str) -> None:
        """Have the server do something, past the proxy and from another database."""
        shared = shared_cluster()
        assert shared is not None
        with Database(shared.url.format("postgres")).engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text(sql))


class Unanswered(ProxyCase):
    """The line is lost in the midst of a commit."""

    async def test_done(self) -> None:
        """A commit that was done, and not answered, is acknowledged, once it is known; it is there
        once."""
        inbox = await self.inbox()
        for _ in range(3):
            self.proxy.judge = once(ENDING, CutAfter())
            await self.put(inbox)
        self.assertEqual([1, 2, 3], await self.uids(inbox))
        self.assertEqual([(1,), (2,), (3,)], [each.uids for each in self.published[-3:]])

    async def test_not_done(self) -> None:
        """A commit that has not come to the server is done again."""
        inbox = await self.inbox()
        for _ in range(3):
            self.proxy.judge = once(ENDING, CutBefore())
            await self.put(inbox)
        self.assertEqual([1, 2, 3], await self.uids(inbox))

    async def test_done_and_others_came_after(self) -> None:
        """Our own commit is known by its number, also when another process has committed since."""
        inbox = await self.inbox()
        other = SQLStore(str(self.direct.url), clock=self.clock, threads=reactor)
        await other.open()
        self.addCleanup(lambda: Deferred.fromCoroutine(other.close()))
        cut: list[str] = []

        def judge(sql: str) -> str:
            if ENDING in sql and not cut:
                cut.append(sql)
                raise CutAfter
            if "FOR UPDATE" in sql and len(cut) == 1:
                cut.append(sql)
                raise CutBefore  # so that the other is first
            return sql

        self.proxy.judge = judge
        mine = Deferred.fromCoroutine(self.put(inbox))
        while not cut:
            await deferLater(reactor, 0.01)
        draft = other.mail.draft()
        draft.write(b"x")
        await other.mail.commit(draft, [Placement(inbox.id)])
        self.assertEqual(1, (await mine).uid)
        self.assertEqual([1, 2], await self.uids(inbox))

    async def test_never_known(self) -> None:
        """When the server does not come back nothing is promised; when it does, it goes on."""
        inbox = await self.inbox()
        self.patch(commits, "DOUBT_SECONDS", 0.3)

        def judge(sql: str) -> str:
            if ENDING in sql:
                self.proxy.away = True
                raise CutAfter
            return sql

        self.proxy.judge = judge
        await self.refused(Busy, self.put(inbox))
        await self.refused(Busy, self.put(inbox))
        self.proxy.judge = lambda sql: sql
        self.proxy.away = False
        await self.until_put(inbox)
        self.assertEqual([1, 2], await self.uids(inbox))  # the first was done after all

    async def until_put(self, inbox: Folder) -> None:
        for _ in range(100):
            with contextlib.suppress(Busy):
                await self.put(inbox)
                return
            await deferLater(reactor, 0.05)
        self.fail("it never came back")

    async def test_lost_before(self) -> None:
        """A batch whose connection was lost before its commit is done on another connection."""
        inbox = await self.inbox()
        for sql in ("BEGIN ISOLATION LEVEL READ COMMITTED", "INSERT INTO content", "UPDATE folder"):
            self.proxy.judge = once(sql, CutBefore())
            await self.put(inbox)
            self.proxy.judge = once(sql, CutAfter())
            await self.put(inbox)
        self.assertEqual([1, 2, 3, 4, 5, 6], await self.uids(inbox))


class FailOver(ProxyCase):
    """A URL with two addresses, of which one after the other leads to the server."""

    async def make_store(self) -> Store:
        await super().make_store()
        shared = shared_cluster()
        assert shared is not None
        self.other_proxy = Proxy(shared.home)
        self.addCleanup(self.other_proxy.close)
        url = f"{self.url}&host={self.other_proxy.home}"
        self.sql = SQLStore(url, clock=self.clock, threads=reactor)
        self.addCleanup(lambda: Deferred.fromCoroutine(self.sql.close()))
        return self.sql

    async def test_the_other_address(self) -> None:
        """When one is away all goes by the other, both ways; nobody outside notices."""
        inbox = await self.inbox()
        here, there = self.proxy, self.other_proxy
        for uid in range(1, 5):
            here.away, there.away = True, False
            here.cut()
            await self.put(inbox)
            self.assertEqual(list(range(1, uid + 1)), await self.uids(inbox))
            here, there = there, here

    async def test_a_server_that_only_reads(self) -> None:
        """An address that leads to a server which cannot be written to is passed over, also by
        connections that read."""
        inbox = await self.inbox()
        self.proxy.judge = lambda sql: sql.replace(
            "BEGIN ISOLATION LEVEL READ COMMITTED;",
            "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;",
        )
        await self.refused(Busy, self.put(inbox))
        self.proxy.away = True
        self.proxy.cut()
        await self.put(inbox)
        self.assertEqual([1], await self.uids(inbox))


class Refused(ProxyCase):
    """The server says no, for a while."""

    async def test_serialization_failures(self) -> None:
        """What was rolled back because of others is done again, some times; then it is busy."""
        inbox = await self.inbox()
        with self.direct.engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE FUNCTION fail(state text) RETURNS int LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION USING errcode = state; END $$"
            )
        for state in ("40001", "40P01"):
            for failures in (1, 4):
                await self.fails(inbox, state, failures)
        with capturedLogs():
            await self.refused(Busy, self.fails(inbox, "40001", 5))
        self.assertEqual([1, 2, 3, 4], await self.uids(inbox))

    async def fails(self, inbox: Folder, state: str, times: int) -> None:
        left = [state] * times

        def judge(sql: str) -> str:
            if ENDING in sql and left:
                return f"SELECT fail('{left.pop()}'); {sql}"
            return sql

        self.proxy.judge = judge
        try:
            await self.put(inbox)
        finally:
            self.proxy.judge = lambda sql: sql

    async def test_read_only(self) -> None:
        """A server that only reads is busy, in all words; another one is looked for each time."""
        inbox = await self.inbox()
        name = self.direct.url.database
        self.server(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        self.proxy.cut()
        await self.refused(Busy, self.put(inbox))
        await self.refused(Busy, self.store.mail.uids(inbox.id))
        self.server(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
        await self.comes_back(inbox)

    async def test_too_many_connections(self) -> None:
        """Where no connection is to be had it is busy, until there is one."""
        inbox = await self.inbox()
        name = self.direct.url.database
        self.server(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        self.proxy.cut()
        await self.refused(Busy, self.put(inbox))
        await self.refused(Busy, self.store.mail.uids(inbox.id))
        self.server(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await self.comes_back(inbox)

    async def comes_back(self, inbox: Folder) -> None:
        for _ in range(200):
            try:
                await self.put(inbox)
                self.assertEqual([1], await self.uids(inbox))
                return
            except Busy:
                await deferLater(reactor, 0.05)
        self.fail("it never came back")

    async def test_stopped_process(self) -> None:
        """A process that was stopped in a transaction holds others up for a bounded time."""
        inbox = await self.inbox()
        self.patch(commits, "PAUSES", ())

        def judge(sql: str) -> str:
            return sql.replace("lock_timeout TO '10s'", "lock_timeout TO '50ms'")

        self.proxy.judge = judge
        session = self.direct.session()
        self.addCleanup(session.close)
        session.begin_writing()
        await self.refused(Busy, self.put(inbox))
        session.execute("ROLLBACK")
        await self.put(inbox)


class Restarted(StoreCase, TestCase):
    """A server that loses its power again and again, while two stores write."""

    async def make_store(self) -> Store:
        try:
            self.cluster = Cluster(fsync=False)
        except LookupError as error:
            raise SkipTest(str(error)) from None
        self.addCleanup(self.cluster.stop)
        self.url = self.cluster.create("mail")
        return self.another()

    def another(self) -> SQLStore:
        store = SQLStore(self.url, clock=reactor, threads=reactor)
        self.addCleanup(lambda: Deferred.fromCoroutine(store.close()))
        return store

    async def test_nothing_acknowledged_is_lost(self) -> None:
        """What was acknowledged is there, once; nothing else is, and each UID was given once."""
        inbox = await self.inbox()
        other = self.another()
        await other.open()
        known: dict[str, int] = {}
        going = [True]

        async def write(name: str, store: Store) -> None:
            number = 0
            while going[0]:
                number += 1
                text = f"{name}-{number}"
                draft = store.mail.draft()
                draft.write(f"Subject: {text}\r\n\r\n".encode())
                try:
                    (placed,) = await store.mail.commit(draft, [Placement(inbox.id)])
                except StoreError:
                    await deferLater(reactor, 0.02)
                else:
                    known[text] = placed.uid

        writing = [
            Deferred.fromCoroutine(write(f"{name}{number}", store))
            for name, store in (("a", self.store), ("b", other))
            for number in range(5)
        ]
        with capturedLogs():
            for _ in range(3):
                await deferLater(reactor, 0.5)
                await self.in_thread(self.cluster.restart)
            self.server_drops()
            before = len(known)
            while len(known) < before + 50:
                await deferLater(reactor, 0.05)
            going[0] = False
            await gatherResults(writing)
        self.assertGreater(len(known), 100)
        for store in (self.store, other):
            await self.check(store, inbox, known)

    def server_drops(self) -> None:
        with Database(self.url).engine.connect() as connection:
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )

    async def in_thread(self, function: Callable[[], Any]) -> None:
        from twisted.internet.threads import deferToThread

        await deferToThread(function)

    async def check(self, store: Store, inbox: Folder, known: dict[str, int]) -> None:
        messages = await store.mail.messages(inbox.id, None, None)
        there: dict[str, int] = {}
        for each in messages:
            text = (await store.mail.content(each.content)).split(b"\r\n")[0][9:].decode()
            self.assertNotIn(text, there, "stored twice")
            there[text] = each.uid
        uids = [each.uid for each in messages]
        self.assertEqual(sorted(set(uids)), uids)
        self.assertEqual(known, {text: uid for text, uid in there.items() if text in known})
        self.assertEqual(list(range(1, len(uids) + 1)), uids)


class Lock(ProxyCase):
    """What commits on PostgreSQL stand on."""

    async def test_the_locked_row(self) -> None:
        """The row that who writes locks is there once a store has been opened, and counts."""
        session = self.direct.session()
        self.addCleanup(session.close)
        counter = schema.counter.c
        value = sa.select(counter.value).where(counter.name == commits.COMMIT)
        ((before,),) = session.once(value)
        await self.put(await self.inbox())
        ((after,),) = session.once(value)
        self.assertGreater(after, before)
