"""The contract on what is sent because of a message, by the commit that delivers it."""

from __future__ import annotations

from datetime import timedelta

from netsuite.store.errors import NoSuchFolder, OverQuota
from netsuite.store.interfaces import Draft, Report
from netsuite.store.model import Folder, FolderId, Placement
from netsuite.store.outgoing import Envelope, Outgoing, QueueRecipient, QueueState, Settlement
from netsuite.testing.store_contract.case import CREATED, StoreCase, written


class TogetherContract(StoreCase):
    """Several contents by one commit; and what a draft holds before it."""

    async def drafted(self, octets: bytes) -> Draft:
        """Write a draft."""
        draft = self.store.mail.draft()
        await written(draft, octets)
        return draft

    def onward(self, *addresses: str) -> Outgoing:
        """Return a way into the queue."""
        expires = CREATED + timedelta(days=5)
        return Outgoing(
            Envelope("a@b.test"), [QueueRecipient(e, "x.test", expires) for e in addresses]
        )

    async def counts(self, *folders: Folder) -> list[int]:
        """Return how many messages are in folders, then how many items are in the queue."""
        found = [(await self.store.mail.folder_by_id(each.id)).messages for each in folders]
        return [*found, (await self.store.queue.count()).items]

    async def test_beginning(self) -> None:
        """The beginning of a draft can be read before it is committed, however large it is."""
        for size in (0, 10, 100_000, 700_000, 2_000_000):
            octets = bytes(n % 251 for n in range(1000)) * (size // 1000) + b"z" * (size % 1000)
            draft = await self.drafted(octets)
            for wanted in (0, 1, 64 * 1024, 300_000, 900_000, 3_000_000):
                self.assertEqual(octets[:wanted], await self.store.mail.beginning(draft, wanted))
            await draft.abort()

    async def test_replies(self) -> None:
        """A message and replies to it are there together, or none of them is."""
        alice, bob = await self.inbox(), await self.inbox("bob")
        large = b"y" * 600_000
        replies = [
            Report(await self.drafted(b"one"), [Placement(bob.id)]),
            Report(await self.drafted(large), [Placement(bob.id)], self.onward("c@x.test")),
        ]
        placed = await self.store.mail.commit(
            await self.drafted(b"m"), [Placement(alice.id)], replies=replies
        )
        self.assertEqual([alice.id], [each.folder for each in placed])
        self.assertEqual([1, 2, 1], await self.counts(alice, bob))
        (item,) = await self.store.queue.items()
        self.assertEqual(large, await self.whole(item.content))
        assert bob.owner is not None
        await self.store.accounts.update_account(bob.owner, quota_messages=2)
        for error, place in ((OverQuota, bob.id), (NoSuchFolder, FolderId(999))):
            replies = [
                Report(await self.drafted(b"one"), [], self.onward("d@x.test")),
                Report(await self.drafted(b"two"), [Placement(place)]),
            ]
            await self.refused(
                error,
                self.store.mail.commit(
                    await self.drafted(b"m"), [Placement(alice.id)], replies=replies
                ),
            )
            self.assertEqual([1, 2, 1], await self.counts(alice, bob))

    async def test_settled_with_others(self) -> None:
        """An item is settled together with whom else its message goes to, and replies to it."""
        alice, bob = await self.inbox(), await self.inbox("bob")
        await self.store.mail.commit(
            await self.drafted(b"message"), [], onward=self.onward("e@x.test")
        )
        (item,) = await self.store.queue.claim(limit=1, per_domain=1, lease_seconds=60)
        end = [Settlement(item.id, item.lease, QueueState.DELIVERED)]
        wrong = [Report(await self.drafted(b"r"), [Placement(FolderId(999))])]
        await self.refused(
            NoSuchFolder,
            self.store.queue.settle(
                end, placements=[Placement(alice.id)], onward=self.onward("f@x.test"), replies=wrong
            ),
        )
        self.assertEqual([0, 0, 1], await self.counts(alice, bob))
        settled = await self.store.queue.settle(
            end,
            placements=[Placement(alice.id)],
            report=Report(await self.drafted(b"report"), [Placement(bob.id)]),
            onward=self.onward("f@x.test", "g@x.test"),
            replies=[Report(await self.drafted(b"reply"), [Placement(bob.id)])],
        )
        self.assertEqual([alice.id], [each.folder for each in settled.message])
        self.assertEqual([bob.id], [each.folder for each in settled.report])
        self.assertEqual([1, 2, 2], await self.counts(alice, bob))
        items = await self.store.queue.items()
        self.assertEqual(["f@x.test", "g@x.test"], [each.recipient.address for each in items])
        claimed = await self.store.queue.claim(limit=9, per_domain=9, lease_seconds=60)
        ends = [Settlement(each.id, each.lease, QueueState.DELIVERED) for each in claimed]
        self.assertEqual(b"message", await self.whole(claimed[0].content))
        await self.store.queue.settle(ends)
        (message,) = await self.store.mail.messages(alice.id, None, alice.owner)
        self.assertEqual(b"message", await self.whole(message.content))
