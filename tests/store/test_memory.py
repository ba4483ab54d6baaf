"""The memory store keeps the contract."""

from __future__ import annotations

from datetime import timedelta

from netsuite.store.errors import TooLarge
from netsuite.store.interfaces import Store
from netsuite.store.memory import MemoryStore
from netsuite.testing.cases import TestCase
from netsuite.testing.store_contract import CREATED, StoreCase, StoreContract


class MemoryStoreContract(StoreContract, TestCase):
    """All promises."""

    async def make_store(self) -> Store:
        return MemoryStore(self.now)


class Limits(StoreCase, TestCase):
    """What a memory store is told when it is made."""

    async def make_store(self) -> Store:
        return MemoryStore(
            self.now,
            guid=iter("abc").__next__,
            uid_validity=lambda: 7,
            limit_octets=10,
            remembered_values=2,
        )

    async def test_too_large(self) -> None:
        """A content over the limit is refused at the commit, and nothing is kept of it."""
        inbox = await self.inbox()
        await self.refused(TooLarge, self.put(inbox, b"x" * 11))
        self.assertEqual([], list(await self.store.mail.uids(inbox.id)))
        await self.put(inbox, b"x" * 10)

    async def test_sources(self) -> None:
        """Guids and UIDVALIDITY come from where the maker said."""
        inbox = await self.inbox()
        await self.put(inbox, b"x")
        (seen,) = await self.store.mail.messages(inbox.id, None, inbox.owner)
        self.assertEqual(("a", 7), (seen.guid, inbox.uid_validity))
        self.assertEqual(8, (await self.group()).uid_validity)

    async def test_remembered(self) -> None:
        """Of too many values of a kind the one that ends first goes."""
        for key, hours in (("a", 2), ("b", 1), ("c", 3)):
            until = CREATED + timedelta(hours=hours)
            self.store.remembered.remember("k", key, key, until)
        self.store.remembered.remember("other", "a", "x", until)
        found = [await self.store.remembered.recall("k", key) for key in "abc"]
        self.assertEqual(["a", None, "c"], found)
