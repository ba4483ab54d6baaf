"""The contract on what is remembered until a moment."""

from __future__ import annotations

from datetime import timedelta

from twisted.internet.defer import Deferred, gatherResults

from netsuite.store.errors import StoreClosed
from netsuite.testing.store_contract.case import CREATED, StoreCase

_HOUR = timedelta(hours=1)


class RememberedContract(StoreCase):
    """Values by kind and key."""

    async def recalled(self, kind: str = "k", key: str = "a") -> str | None:
        """Return what is remembered, twice: as it was given, and as it was written."""
        found = await self.store.remembered.recall(kind, key)
        await self.catch_up()
        self.assertEqual(found, await self.store.remembered.recall(kind, key))
        return found

    async def test_remembered(self) -> None:
        """A value is there at once, of its kind and key, until another takes its place."""
        remembered = self.store.remembered
        self.assertIsNone(await self.recalled())
        remembered.remember("k", "a", "one", CREATED + _HOUR)
        remembered.remember("k", "b", 'zwei "ü"\n', CREATED + _HOUR)
        remembered.remember("other", "a", "three", CREATED + _HOUR)
        self.assertEqual("one", await self.recalled())
        self.assertEqual('zwei "ü"\n', await self.recalled(key="b"))
        self.assertEqual("three", await self.recalled("other"))
        self.assertIsNone(await self.recalled("other", "b"))
        remembered.remember("k", "a", "four", CREATED + 2 * _HOUR)
        remembered.remember("k", "a", "five", CREATED + 2 * _HOUR)
        self.assertEqual("five", await self.recalled())
        self.assertEqual([], self.published)

    async def test_forgotten(self) -> None:
        """What is forgotten is gone, written or not; what is not there can be forgotten."""
        remembered = self.store.remembered
        remembered.remember("k", "a", "one", CREATED + _HOUR)
        await self.catch_up()
        remembered.forget("k", "a")
        remembered.forget("k", "nothing")
        self.assertIsNone(await self.recalled())
        remembered.remember("k", "a", "two", CREATED + _HOUR)
        remembered.forget("k", "a")
        self.assertIsNone(await self.recalled())
        remembered.remember("k", "a", "three", CREATED + _HOUR)
        self.assertEqual("three", await self.recalled())

    async def test_claimed(self) -> None:
        """Of those who claim a key one has it, until its moment; it can be forgotten and claimed
        again, and what was remembered counts."""
        remembered = self.store.remembered
        end = CREATED + _HOUR
        claims = [remembered.claim("k", "a", end) for _ in range(5)]
        won = await gatherResults([Deferred.fromCoroutine(each) for each in claims])
        self.assertEqual([False] * 4 + [True], sorted(won))
        self.assertEqual("", await self.recalled())
        remembered.forget("k", "a")
        self.assertTrue(await remembered.claim("k", "a", end))
        await self.catch_up()
        self.assertFalse(await remembered.claim("k", "a", end))
        remembered.remember("k", "b", "x", end)
        self.assertFalse(await remembered.claim("k", "b", end))
        self.clock.advance(3600)
        self.assertTrue(await remembered.claim("k", "a", end + _HOUR))

    async def test_remembered_until(self) -> None:
        """A value is good until its moment, and not in that moment."""
        remembered = self.store.remembered
        remembered.remember("k", "a", "one", CREATED + _HOUR)
        remembered.remember("k", "b", "late", CREATED)
        self.assertIsNone(await self.recalled(key="b"))
        self.clock.advance(3599.5)
        self.assertEqual("one", await self.recalled())
        self.clock.advance(0.5)
        self.assertIsNone(await self.recalled())

    async def test_probe(self) -> None:
        """A store that can be asked and written takes a probe, of which nothing is to be seen."""
        await self.store.probe()
        await self.store.probe()
        self.assertEqual([], self.published)
        backlog = await self.store.backlog()
        self.assertEqual((0, 0), (backlog.unindexed, backlog.unpublished))
        self.assertFalse(self.store.tally.failures)
        inbox = await self.inbox()
        await self.put(inbox, b"x" * 5000)
        self.assertGreaterEqual(await self.store.octets(), 5000)
        await self.store.close()
        with self.assertRaises(StoreClosed):
            await self.store.probe()
        with self.assertRaises(StoreClosed):
            await self.store.backlog()
        with self.assertRaises(StoreClosed):
            await self.store.octets()

    async def test_remembered_while_closed(self) -> None:
        """A closed store neither remembers nor recalls."""
        await self.store.close()
        remembered = self.store.remembered
        await self.refused(StoreClosed, remembered.recall("k", "a"))
        with self.assertRaises(StoreClosed):
            remembered.remember("k", "a", "one", CREATED + _HOUR)
        with self.assertRaises(StoreClosed):
            remembered.forget("k", "a")
