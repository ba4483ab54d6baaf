"""The contract on the outgoing queue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from netsuite.store import model
from netsuite.store.changes import QueueChanged
from netsuite.store.errors import NoSuchMessage, OverQuota
from netsuite.testing.store_contract.case import CREATED, StoreCase

DELIVERED, FAILED, WAITING = (
    model.QueueState.DELIVERED,
    model.QueueState.FAILED,
    model.QueueState.WAITING,
)
HELD, CLAIMED = model.QueueState.HELD, model.QueueState.CLAIMED


class QueueContract(StoreCase):
    """Items are queued with their message, claimed, settled and held."""

    async def enqueue(self, *recipients: str, octets: bytes = b"mail") -> None:
        """Queue a message."""
        draft = self.store.mail.draft()
        draft.write(octets)
        envelope = model.Envelope("alice@example.test", {"RET": "HDRS"})
        onward = [model.Onward(recipient, {"NOTIFY": "NEVER"}) for recipient in recipients]
        await self.store.mail.commit(draft, [], onward=(envelope, onward))

    async def claim(self, limit: int = 10, lease: float = 60) -> Sequence[model.QueueItem]:
        """Claim what is due now."""
        return await self.store.queue.claim(self.now(), limit, lease)

    async def test_queued_with_the_message(self) -> None:
        """Local copies and queue items come in one step, or not at all."""
        inbox = await self.inbox()
        draft = self.store.mail.draft()
        draft.write(b"mail")
        self.published.clear()
        onward = (
            model.Envelope("a@b", {"SIZE": "4"}, inbox.owner),
            [model.Onward("x@y"), model.Onward("z@y")],
        )
        await self.store.mail.commit(draft, [model.Placement(inbox.id)], onward=onward)
        self.assertEqual(
            ["MessagesAdded", "QueueChanged"], [type(change).__name__ for change in self.published]
        )
        first, second = await self.store.queue.items()
        (seen,) = await self.store.mail.messages(inbox.id, None, inbox.owner)
        self.assertEqual(
            model.QueueItem(
                first.id, seen.content, 4, onward[0], "x@y", {}, WAITING, 0, CREATED, CREATED
            ),
            first,
        )
        self.assertEqual("z@y", second.recipient)
        assert inbox.owner is not None
        await self.store.accounts.update_account(inbox.owner, quota_octets=1)
        draft = self.store.mail.draft()
        draft.write(b"mail")
        await self.refused(
            OverQuota, self.store.mail.commit(draft, [model.Placement(inbox.id)], onward=onward)
        )
        self.assertEqual(2, len(await self.store.queue.items()))

    async def test_claim(self) -> None:
        """An item is claimed by one, oldest first, and comes back when its lease ends."""
        self.assertIsNone(await self.store.queue.next_due())
        await self.enqueue("a@x", "b@x", "c@x")
        self.assertEqual(CREATED, await self.store.queue.next_due())
        first = await self.claim(limit=2)
        self.assertEqual(["a@x", "b@x"], [item.recipient for item in first])
        self.assertEqual([CLAIMED] * 2, [item.state for item in first])
        self.assertEqual(({"NOTIFY": "NEVER"}, {"RET": "HDRS"}),
                         (first[0].parameters, first[0].envelope.parameters))  # fmt: skip
        self.assertEqual(["c@x"], [item.recipient for item in await self.claim()])
        self.assertEqual([], list(await self.claim()))
        self.assertEqual(CREATED + timedelta(seconds=60), await self.store.queue.next_due())
        self.clock.advance(61)
        again = await self.claim()
        self.assertEqual({"a@x", "b@x", "c@x"}, {item.recipient for item in again})
        self.assertEqual([0, 0, 0], [item.attempts for item in again])

    async def test_settle(self) -> None:
        """Delivered and failed items go, with the content; waiting ones come back when due."""
        await self.enqueue("a@x", "b@x", "c@x")
        a, b, c = await self.claim()
        later = self.now() + timedelta(minutes=15)
        self.published.clear()
        await self.store.queue.settle(
            [
                model.Settlement(a.id, DELIVERED),
                model.Settlement(b.id, WAITING, "451 4.7.1 later", later),
                model.Settlement(c.id, FAILED, "550 no"),
                model.Settlement(999_999, DELIVERED),
            ]
        )
        self.assertEqual([QueueChanged()], self.published)
        (left,) = await self.store.queue.items()
        self.assertEqual(
            (b.id, WAITING, 1, later, "451 4.7.1 later"),
            (left.id, left.state, left.attempts, left.next_attempt, left.last_reply),
        )
        self.assertEqual(later, await self.store.queue.next_due())
        await self.catch_up()
        self.assertEqual(b"mail", await self.store.mail.content(left.content))
        self.clock.advance(900)
        (again,) = await self.claim()
        self.assertEqual((b.id, 1), (again.id, again.attempts))
        await self.store.queue.settle([model.Settlement(b.id, DELIVERED)])
        self.assertIsNone(await self.store.queue.next_due())
        await self.catch_up()
        await self.refused(NoSuchMessage, self.whole(left.content))

    async def test_nonsense_is_refused(self) -> None:
        """An attempt cannot end as claimed, nor as waiting for nothing."""
        await self.enqueue("a@x")
        (item,) = await self.claim()
        for state in (CLAIMED, WAITING):
            await self.refused(
                ValueError, self.store.queue.settle([model.Settlement(item.id, state)])
            )

    async def test_hold(self) -> None:
        """A held item is not due; released, it is at once. Holding wins over a retry."""
        queue = self.store.queue
        await self.enqueue("a@x", "b@x")
        a, b = await queue.items()
        await queue.hold([a.id, 999_999], True)
        self.assertEqual(["b@x"], [item.recipient for item in await self.claim()])
        await queue.hold([b.id], True)
        later = self.now() + timedelta(minutes=1)
        await queue.settle([model.Settlement(b.id, WAITING, "400", later)])
        self.assertIsNone(await queue.next_due())
        self.assertEqual([HELD, HELD], [item.state for item in await queue.items()])
        self.clock.advance(30)
        await queue.hold([a.id, b.id], False)
        self.assertEqual(self.now(), await queue.next_due())
        self.assertEqual(["a@x", "b@x"], [item.recipient for item in await self.claim()])
        await queue.settle([model.Settlement(a.id, HELD, "hm")])
        held = [item for item in await queue.items() if item.state is HELD]
        self.assertEqual([(a.id, "hm", 1)], [(i.id, i.last_reply, i.attempts) for i in held])

    async def test_order(self) -> None:
        """Items are listed by their next attempt."""
        await self.enqueue("a@x", "b@x")
        a, b = await self.claim()
        now = self.now()
        await self.store.queue.settle(
            [
                model.Settlement(a.id, WAITING, "", now + timedelta(seconds=20)),
                model.Settlement(b.id, WAITING, "", now + timedelta(seconds=10)),
            ]
        )
        self.assertEqual(["b@x", "a@x"], [i.recipient for i in await self.store.queue.items()])
