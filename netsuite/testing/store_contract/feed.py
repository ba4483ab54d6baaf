"""The contract on the change feed."""

from __future__ import annotations

from netsuite.store import changes
from netsuite.store.model import FlagAction
from netsuite.testing.store_contract.case import StoreCase


class FeedContract(StoreCase):
    """Who listens hears of everything that concerns them, in order, after it is durable."""

    async def test_told_before_the_answer(self) -> None:
        """When a call returns, the feed has told of it."""
        inbox = await self.inbox()
        self.published.clear()
        await self.put(inbox)
        self.assertEqual(1, len(self.published))

    async def test_order(self) -> None:
        """Changes are told in the order in which they were made."""
        inbox = await self.inbox()
        self.published.clear()
        mail = self.store.mail
        await self.put(inbox, flags={"\\Deleted"})
        await mail.store_flags(inbox.id, [1], FlagAction.ADD, frozenset({"\\Seen"}), inbox.owner)
        await mail.expunge(inbox.id, None)
        await mail.create_folder(inbox.owner, "x")
        names = [type(change).__name__ for change in self.published]
        self.assertEqual(
            ["MessagesAdded", "FlagsChanged", "MessagesExpunged", "FolderCreated"], names
        )
        modseqs = [change.modseq for change in self.published[:3]]
        self.assertEqual([2, 3, 4], modseqs)

    async def test_watch_folder(self) -> None:
        """Who watches a folder hears of that one only, until cancelled."""
        alice, bob = await self.inbox(), await self.inbox("bob")
        heard: list[changes.Change] = []
        watching = self.store.changes.watch_folder(alice.id, heard.append)
        await self.put(bob)
        await self.put(alice, flags={"$k"})
        self.assertEqual([changes.MessagesAdded(alice.id, 2, (1,), (frozenset({"$k"}),))], heard)
        watching.cancel()
        watching.cancel()
        await self.put(alice)
        self.assertEqual(1, len(heard))

    async def test_watch_account(self) -> None:
        """Who watches an account hears of its folders, public folders, and itself."""
        alice, bob = await self.account(), await self.account("bob")
        heard: list[changes.Change] = []
        self.store.changes.watch_account(alice.id, heard.append)
        mail = self.store.mail
        mine = await mail.create_folder(alice.id, "mine")
        await mail.create_folder(bob.id, "his")
        public = await mail.create_folder(None, "public")
        await mail.subscribe(alice.id, "public", True)
        await mail.subscribe(bob.id, "public", True)
        await self.store.accounts.set_verifiers(alice.id, None)
        await self.put(mine)
        self.assertEqual(
            [
                changes.FolderCreated(mine.id, alice.id, "mine"),
                changes.FolderCreated(public.id, None, "public"),
                changes.SubscriptionChanged(alice.id, "public", True),
                changes.AccountChanged(alice.id, "alice"),
            ],
            heard,
        )

    async def test_a_listener_that_fails(self) -> None:
        """One listener's exception is logged; the store and the other listeners go on."""
        inbox = await self.inbox()

        def fail(change: changes.Change) -> None:
            raise ZeroDivisionError

        self.store.changes.watch_folder(inbox.id, fail)
        heard: list[changes.Change] = []
        self.store.changes.watch_folder(inbox.id, heard.append)
        await self.put(inbox)
        await self.put(inbox)
        self.assertEqual(2, len(heard))
        self.assertEqual(2, len(self.flushLoggedErrors(ZeroDivisionError)))

    async def test_cancelling_while_told(self) -> None:
        """A listener may cancel itself or another while being told."""
        inbox = await self.inbox()
        heard: list[str] = []

        def first(change: changes.Change) -> None:
            heard.append("first")
            one.cancel()
            two.cancel()

        one = self.store.changes.watch_folder(inbox.id, first)
        two = self.store.changes.watch_folder(inbox.id, lambda change: heard.append("second"))
        self.store.changes.watch_folder(inbox.id, lambda change: heard.append("third"))
        await self.put(inbox)
        await self.put(inbox)
        self.assertEqual(["first", "third", "third"], heard)
