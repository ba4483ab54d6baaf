"""Processes before one PostgreSQL: they hear of each other at once, and share what is shared."""

from __future__ import annotations

import time
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import capturedLogs

from netsuite.store.model import Folder
from netsuite.store.sql import SQLStore, leases, listener
from tests.store.reactors import reactor
from tests.store.test_commits import ProxyCase

#: So long one waits for another thread; far more than it takes.
SECONDS = 10.0


class Heard(ProxyCase):
    """A store behind a proxy, whose clock stands still, and another one that writes."""

    async def another(self) -> SQLStore:
        url = self.direct.url.render_as_string(hide_password=False)
        store = SQLStore(url, clock=self.clock, threads=reactor)
        await store.open()
        self.addCleanup(lambda: Deferred.fromCoroutine(store.close()))
        return store

    async def until(self, condition: Any, *, tick: float = 0.0) -> None:
        end = time.monotonic() + SECONDS
        while not condition():
            self.assertLess(time.monotonic(), end, "it never came true")
            self.clock.advance(tick)
            await deferLater(reactor, 0.005)

    def notified(self) -> bool:
        return self.sql._database.notifies

    async def put_by(self, store: SQLStore, inbox: Folder) -> None:
        mine, self.store = self.store, store
        try:
            await self.put(inbox)
        finally:
            self.store = mine

    async def test_at_once(self) -> None:
        """What one commits the other is told of, while no time passes."""
        inbox = await self.inbox()
        other = await self.another()
        await self.until(self.notified)
        await self.until(lambda: other._database.notifies)
        self.published.clear()
        for number in range(1, 4):
            await self.put_by(other, inbox)
            await self.until(lambda n=number: len(self.published) == n)
        self.assertEqual([(1,), (2,), (3,)], [each.uids for each in self.published])

    async def test_again_after_a_cut(self) -> None:
        """When the line was cut it listens again, and has missed nothing."""
        inbox = await self.inbox()
        other = await self.another()
        await self.until(self.notified)
        self.published.clear()
        with capturedLogs():
            self.proxy.cut()
            await self.until(lambda: not self.notified())
            await self.put_by(other, inbox)
            await self.until(self.notified)
            await self.until(lambda: len(self.published) == 1)

    async def test_looks_by_itself(self) -> None:
        """Where notifications do not come it looks, and soon enough."""
        self.patch(listener, "AGAIN_SECONDS", 3600.0)
        inbox = await self.inbox()
        other = await self.another()
        await self.until(self.notified)
        self.proxy.judge = lambda sql: sql.replace("LISTEN ", "UNLISTEN ")
        with capturedLogs():
            self.proxy.cut()
            await self.until(lambda: not self.notified())
            self.published.clear()
            await self.put_by(other, inbox)
            await self.until(lambda: len(self.published) == 1, tick=0.05)

    async def test_swallowed(self) -> None:
        """Notifications that no longer come, as behind a pooler, are trusted no longer."""
        inbox = await self.inbox()
        other = await self.another()
        await self.until(self.notified)
        self.patch(listener, "AGAIN_SECONDS", 3600.0)
        with capturedLogs():
            for _ in range(10 * listener.FOUND_BEFORE):
                other._database.notifies = False  # it commits without a word
                self.published.clear()
                await self.put_by(other, inbox)
                await self.until(lambda: self.published, tick=0.5)
                if not self.notified():
                    break
            else:
                self.fail("it still waits for notifications")

    async def test_maildrop_of_two_daemons(self) -> None:
        """A maildrop that one has the other has not, until it is given back, or its holder has
        been gone for a while."""
        inbox = await self.inbox()
        other = await self.another()
        self.assertTrue(await other.mail.lock_maildrop(inbox.id))
        self.assertFalse(await other.mail.lock_maildrop(inbox.id))
        self.assertFalse(await self.store.mail.lock_maildrop(inbox.id))
        other.mail.unlock_maildrop(inbox.id)
        await self.until_taken(self.sql, inbox)
        await self.sql._locks.renew()  # keeps it
        self.assertFalse(await other.mail.lock_maildrop(inbox.id))
        with capturedLogs():
            self.proxy.away = True
            self.proxy.cut()
            self.clock.advance(leases.LIVE_SECONDS + 1)  # ours has not been heard of since
            self.assertTrue(await other.mail.lock_maildrop(inbox.id))
            self.proxy.away = False
            await deferLater(reactor, 0.6)  # a server that was away is left in peace for so long
            self.store.mail.unlock_maildrop(inbox.id)  # which is not ours any more
            self.assertFalse(await self.store.mail.lock_maildrop(inbox.id))
        await other.close()
        self.assertTrue(await self.store.mail.lock_maildrop(inbox.id))

    async def until_taken(self, store: SQLStore, inbox: Folder) -> None:
        end = time.monotonic() + SECONDS
        while not await store.mail.lock_maildrop(inbox.id):
            self.assertLess(time.monotonic(), end)

    async def test_given_back_later(self) -> None:
        """What could not be given back is with the next renewal."""
        inbox = await self.inbox()
        other = await self.another()
        self.assertTrue(await self.store.mail.lock_maildrop(inbox.id))
        self.proxy.away = True
        self.proxy.cut()
        with capturedLogs():
            self.store.mail.unlock_maildrop(inbox.id)
            await deferLater(reactor, 0.1)
            self.proxy.away = False
            self.assertFalse(await other.mail.lock_maildrop(inbox.id))
            await deferLater(reactor, 0.6)  # a server that was away is left in peace for so long
            await self.sql._locks.renew()
        self.assertTrue(await other.mail.lock_maildrop(inbox.id))

    async def test_one_tidies(self) -> None:
        """One of them works behind deliveries; when it is closed, the other."""
        await self.inbox()
        other = await self.another()
        self.assertTrue(await self.sql._locks.take_tidying())
        self.assertTrue(await self.sql._locks.take_tidying())
        self.assertFalse(await other._locks.take_tidying())
        await self.sql.close()
        self.assertTrue(await other._locks.take_tidying())
