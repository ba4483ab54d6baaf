"""The contract on the outgoing queue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from netsuite.store import model
from netsuite.store.changes import QueueChanged
from netsuite.store.errors import NoSuchMessage, OverQuota
from netsuite.store.interfaces import Draft, Report
from netsuite.store.outgoing import (
    Envelope,
    LeaseLost,
    Outgoing,
    QueueCount,
    QueueFilter,
    QueueItem,
    QueueRecipient,
    QueueState,
    Settlement,
)
from netsuite.testing.store_contract.case import CREATED, StoreCase

_LIFETIME = timedelta(days=5)


def recipient(
    address: str,
    *,
    warn: datetime | None = None,
    not_before: datetime | None = None,
    notify: str = "",
) -> QueueRecipient:
    """Return a recipient whose domain is that of the address."""
    return QueueRecipient(
        address,
        address.rpartition("@")[2],
        CREATED + _LIFETIME,
        warn,
        not_before,
        notify,
        f"rfc822;{address}",
    )


class QueueContract(StoreCase):
    """Items are queued with their message, claimed on a lease, settled, held."""

    def draft(self, octets: bytes = b"mail") -> Draft:
        """Write a draft."""
        draft = self.store.mail.draft()
        draft.write(octets)
        return draft

    async def enqueue(self, *recipients: str, sender: str = "alice@example.test") -> None:
        """Queue a message."""
        envelope = Envelope(sender, ret="HDRS")
        onward = Outgoing(envelope, [recipient(each) for each in recipients])
        await self.store.mail.commit(self.draft(), [], onward=onward)

    async def claim(
        self,
        limit: int = 10,
        *,
        per_domain: int = 10,
        lease: float = 60,
        without: Sequence[str] = (),
    ) -> Sequence[QueueItem]:
        """Claim what is due now."""
        return await self.store.queue.claim(
            limit=limit, per_domain=per_domain, lease_seconds=lease, without=without
        )

    async def queued(self) -> Sequence[str]:
        """Return the recipients of the whole queue."""
        return [item.recipient.address for item in await self.store.queue.items()]

    def deferred(self, item: QueueItem, seconds: float, reply: str = "451 later") -> Settlement:
        """Return that an item is to be tried again."""
        later = self.now() + timedelta(seconds=seconds)
        return Settlement(item.id, item.lease, QueueState.DEFERRED, reply, "mx.test", later)

    async def test_queued_with_the_message(self) -> None:
        """Local copies and queue items come in one step, or not at all; all is kept of them."""
        inbox = await self.inbox()
        assert inbox.owner is not None
        self.published.clear()
        envelope = Envelope("a@b", "BINARYMIME", True, True, "FULL", "id 1", inbox.owner)
        first = recipient("x@y", warn=CREATED + timedelta(hours=4), notify="SUCCESS,DELAY")
        later = CREATED + timedelta(hours=1)
        onward = Outgoing(envelope, [first, recipient("z@y", not_before=later)])
        placements = [model.Placement(inbox.id)]
        await self.store.mail.commit(self.draft(), placements, onward=onward)
        self.assertEqual(
            ["MessagesAdded", "QueueChanged"], [type(change).__name__ for change in self.published]
        )
        one, two = await self.store.queue.items()
        (seen,) = await self.store.mail.messages(inbox.id, None, inbox.owner)
        self.assertEqual(
            QueueItem(
                one.id, one.message, seen.content, 4, envelope, first, QueueState.QUEUED, False, 0,
                0, CREATED, CREATED,
            ),
            one,
        )  # fmt: skip
        self.assertEqual(
            (one.message, "z@y", later),
            (two.message, two.recipient.address, two.next_attempt),
        )
        self.assertEqual(["x@y"], [item.recipient.address for item in await self.claim()])
        await self.store.accounts.update_account(inbox.owner, quota_octets=1)
        await self.refused(
            OverQuota, self.store.mail.commit(self.draft(), placements, onward=onward)
        )
        self.assertEqual(2, len(await self.store.queue.items()))

    async def test_queued_where_full(self) -> None:
        """Whoever has no room is queued, where that is wanted; the others have their copy."""
        full, free = await self.inbox(), await self.inbox("bob")
        assert full.owner is not None
        await self.store.accounts.update_account(full.owner, quota_octets=1)
        placements = [model.Placement(full.id), model.Placement(free.id)]
        onward = Outgoing(Envelope("a@b"), [], {full.id: recipient("alice@here")})
        placed = await self.store.mail.commit(self.draft(), placements, onward=onward)
        self.assertEqual([free.id], [each.folder for each in placed])
        self.assertEqual(["alice@here"], await self.queued())
        left_out = Outgoing(Envelope("a@b"), [], {full.id: None})
        self.assertEqual(
            [], list(await self.store.mail.commit(self.draft(), placements[:1], onward=left_out))
        )
        self.assertEqual(["alice@here"], await self.queued())
        error = await self.refused(
            OverQuota,
            self.store.mail.commit(
                self.draft(), placements, onward=Outgoing(Envelope("a@b"), [recipient("x@y")])
            ),
        )
        self.assertEqual(("alice",), error.accounts)
        self.assertEqual(["alice@here"], await self.queued())

    async def test_claim(self) -> None:
        """An item is claimed by one, oldest first, and comes back when its lease ends."""
        self.assertIsNone(await self.store.queue.next_due())
        await self.enqueue("a@x", "b@x", "c@x")
        self.assertEqual(CREATED, await self.store.queue.next_due())
        first = await self.claim(limit=2)
        self.assertEqual(["a@x", "b@x"], [item.recipient.address for item in first])
        self.assertEqual([QueueState.TRYING] * 2, [item.state for item in first])
        self.assertNotEqual(0, first[0].lease)
        (third,) = await self.claim()
        self.assertNotEqual(first[0].lease, third.lease)
        self.assertEqual([], list(await self.claim()))
        self.assertEqual(CREATED + timedelta(seconds=60), await self.store.queue.next_due())
        self.clock.advance(61)
        again = await self.claim()
        self.assertEqual({"a@x", "b@x", "c@x"}, {item.recipient.address for item in again})
        self.assertEqual([0, 0, 0], [item.attempts for item in again])

    async def test_claim_by_domain(self) -> None:
        """Many of one domain do not stand before one of another; some domains are left out."""
        await self.enqueue(*(f"{number}@dead" for number in range(50)))
        await self.enqueue("a@live", "b@live", "c@live", "d@held")
        await self.store.queue.hold(QueueFilter(domain="held"), True)
        claimed = await self.claim(limit=6, per_domain=2)
        self.assertEqual(
            ["0@dead", "1@dead", "a@live", "b@live"],
            [item.recipient.address for item in claimed],
        )
        self.assertEqual(
            ["c@live"],
            [item.recipient.address for item in await self.claim(without=["dead"])],
        )
        soon = CREATED + timedelta(seconds=60)
        self.assertEqual(soon, await self.store.queue.next_due(["dead"]))
        self.assertEqual(CREATED, await self.store.queue.next_due(["live"]))
        self.assertIsNone(await self.store.queue.next_due(["dead", "live"]))

    async def test_settle(self) -> None:
        """What has ended goes, with the content at last; what was put off comes when due."""
        await self.enqueue("a@x", "b@x", "c@x")
        a, b, c = await self.claim()
        later = self.now() + timedelta(minutes=15)
        self.published.clear()
        await self.store.queue.settle(
            [
                Settlement(a.id, a.lease, QueueState.DELIVERED),
                self.deferred(b, 900, "451 4.7.1 later"),
                Settlement(c.id, c.lease, QueueState.FAILED, "550 no"),
            ]
        )
        self.assertEqual([QueueChanged()], self.published)
        (left,) = await self.store.queue.items()
        self.assertEqual(
            (b.id, QueueState.DEFERRED, 0, 1, later, CREATED, "451 4.7.1 later", "mx.test"),
            (
                left.id, left.state, left.lease, left.attempts, left.next_attempt,
                left.last_attempt, left.last_reply, left.remote,
            ),
        )  # fmt: skip
        self.assertEqual(later, await self.store.queue.next_due())
        await self.catch_up()
        self.assertEqual(b"mail", await self.store.mail.content(left.content))
        self.clock.advance(900)
        (again,) = await self.claim()
        self.assertEqual((b.id, 1), (again.id, again.attempts))
        await self.store.queue.settle([Settlement(b.id, again.lease, QueueState.EXPIRED)])
        self.assertIsNone(await self.store.queue.next_due())
        await self.catch_up()
        await self.refused(NoSuchMessage, self.whole(left.content))

    async def test_not_tried(self) -> None:
        """An attempt that did not take place counts for nothing."""
        await self.enqueue("a@x")
        (item,) = await self.claim()
        later = self.now() + timedelta(seconds=5)
        await self.store.queue.settle(
            [Settlement(item.id, item.lease, QueueState.QUEUED, next_attempt=later)]
        )
        (left,) = await self.store.queue.items()
        self.assertEqual(
            (QueueState.QUEUED, 0, later, None, ""),
            (left.state, left.attempts, left.next_attempt, left.last_attempt, left.last_reply),
        )

    async def test_a_lease_that_is_over(self) -> None:
        """Whose items another has claimed settles nothing, of all that is settled together; nor
        renews. Until then it is theirs, however late: nobody else has done anything with them."""
        await self.enqueue("a@x", "b@x")
        a, b = await self.claim(lease=60)
        self.clock.advance(61)
        queue = self.store.queue
        late = [Settlement(a.id, a.lease, QueueState.DELIVERED)]
        await queue.renew(a.lease, [a.id, b.id], 60)
        self.clock.advance(61)
        (taken,) = await self.claim(limit=1)
        error = await self.refused(LeaseLost, queue.settle(late))
        self.assertEqual([a.id], error.items)
        report = Report(self.draft(b"report"), onward=Outgoing(Envelope(""), [recipient("r@x")]))
        await self.refused(LeaseLost, queue.settle(late, report=report))
        await self.refused(LeaseLost, queue.renew(a.lease, [a.id], 60))
        self.assertEqual(["a@x", "b@x"], await self.queued())
        await queue.renew(taken.lease, [taken.id], 100)
        self.assertEqual(self.now() + timedelta(seconds=100), (await queue.items())[0].next_attempt)
        both = [
            Settlement(taken.id, taken.lease, QueueState.DELIVERED),
            Settlement(b.id, b.lease, QueueState.DELIVERED),
        ]
        (stolen,) = await self.claim()
        self.assertEqual(b.id, stolen.id)
        await self.refused(LeaseLost, queue.settle(both))
        self.assertEqual(["a@x", "b@x"], await self.queued())
        self.clock.advance(101)
        await queue.settle(both[:1])
        await self.refused(LeaseLost, queue.settle(both[:1]))
        self.assertEqual(["b@x"], await self.queued())

    async def test_settled_with_a_report(self) -> None:
        """The end of an attempt and what its sender is told are one commit."""
        inbox = await self.inbox()
        await self.enqueue("a@x")
        (item,) = await self.claim()
        failed = [Settlement(item.id, item.lease, QueueState.FAILED, "550 no")]
        report = Report(
            self.draft(b"report"),
            [model.Placement(inbox.id)],
            Outgoing(Envelope(""), [recipient("r@x")]),
        )
        settled = await self.store.queue.settle(failed, report=report)
        (left,) = await self.store.queue.items()
        self.assertEqual(("", "r@x"), (left.envelope.sender, left.recipient.address))
        (seen,) = await self.store.mail.messages(inbox.id, None, inbox.owner)
        self.assertEqual([], list(settled.message))
        place = model.Placed(inbox.id, inbox.uid_validity, seen.uid)
        self.assertEqual([place], list(settled.report))
        self.assertEqual(b"report", await self.store.mail.content(seen.content))
        self.assertEqual(seen.content, left.content)

    async def test_settled_into_a_folder(self) -> None:
        """An item of our own goes into a folder by the commit that ends it, if there is room."""
        inbox = await self.inbox()
        assert inbox.owner is not None
        await self.enqueue("alice@here", "x@y")
        item, _ = await self.claim()
        done = [Settlement(item.id, item.lease, QueueState.DELIVERED)]
        there = [model.Placement(inbox.id)]
        await self.store.accounts.update_account(inbox.owner, quota_octets=1)
        await self.refused(OverQuota, self.store.queue.settle(done, placements=there))
        self.assertEqual(["alice@here", "x@y"], await self.queued())
        await self.store.accounts.update_account(inbox.owner, quota_octets=None)
        settled = await self.store.queue.settle(done, placements=there)
        self.assertEqual(["x@y"], await self.queued())
        (seen,) = await self.store.mail.messages(inbox.id, None, inbox.owner)
        place = model.Placed(inbox.id, inbox.uid_validity, seen.uid)
        self.assertEqual([place], list(settled.message))
        self.assertEqual([], list(settled.report))
        await self.store.queue.delete(QueueFilter())
        await self.catch_up()
        self.assertEqual(b"mail", await self.store.mail.content(seen.content))

    async def test_settled_into_folders(self) -> None:
        """The message's places and the report's are told apart; a report that has no room is in
        none."""
        inbox, other, full = await self.inbox(), await self.inbox("bob"), await self.inbox("carol")
        assert full.owner is not None
        await self.store.accounts.update_account(full.owner, quota_octets=1)
        await self.enqueue("alice@here")
        (item,) = await self.claim()
        report = Report(
            self.draft(b"report"),
            [model.Placement(inbox.id), model.Placement(full.id)],
            Outgoing(Envelope(""), [], {full.id: recipient("carol@here")}),
        )
        settled = await self.store.queue.settle(
            [Settlement(item.id, item.lease, QueueState.DELIVERED)],
            placements=[model.Placement(inbox.id), model.Placement(other.id)],
            report=report,
        )
        for expected, places in (
            ([(inbox.id, b"mail"), (other.id, b"mail")], settled.message),
            ([(inbox.id, b"report")], settled.report),
        ):
            found = []
            for place in places:
                (seen,) = await self.store.mail.messages(place.folder, [place.uid], None)
                found.append((place.folder, await self.store.mail.content(seen.content)))
            self.assertEqual(expected, found)
        self.assertEqual(["carol@here"], await self.queued())

    async def test_warned(self) -> None:
        """The sender is told of a delay once."""
        onward = Outgoing(Envelope("a@b"), [recipient("x@y", warn=CREATED)])
        await self.store.mail.commit(self.draft(), [], onward=onward)
        (item,) = await self.claim()
        await self.store.queue.settle(
            [
                Settlement(
                    item.id, item.lease, QueueState.DEFERRED, next_attempt=CREATED, warned=True
                )
            ]
        )
        (left,) = await self.store.queue.items()
        self.assertIsNone(left.recipient.warn)

    async def test_nonsense_is_refused(self) -> None:
        """An attempt cannot end as being tried, nor as waiting for nothing."""
        await self.enqueue("a@x")
        (item,) = await self.claim()
        for state in (QueueState.TRYING, QueueState.DEFERRED, QueueState.QUEUED):
            await self.refused(
                ValueError, self.store.queue.settle([Settlement(item.id, item.lease, state)])
            )

    async def test_hold(self) -> None:
        """A held item is not due; released, it is at once. One that is tried stays so."""
        queue = self.store.queue
        await self.enqueue("a@x", "b@x")
        a, b = await queue.items()
        self.assertEqual(1, await queue.hold(QueueFilter(ids=[a.id, 999_999]), True))
        (tried,) = await self.claim()
        self.assertEqual("b@x", tried.recipient.address)
        self.assertEqual(1, await queue.hold(QueueFilter(recipient="B@X"), True))
        self.assertEqual(1, await queue.hold(QueueFilter(ids=[b.id]), False))
        self.assertEqual([], list(await self.claim()))
        await queue.hold(QueueFilter(), True)
        await queue.settle([self.deferred(tried, 60)])
        self.assertIsNone(await queue.next_due())
        held = await queue.items(QueueFilter(held=True))
        self.assertEqual(
            [("a@x", QueueState.QUEUED, 0), ("b@x", QueueState.DEFERRED, 1)],
            [(item.recipient.address, item.state, item.attempts) for item in held],
        )
        self.clock.advance(30)
        self.assertEqual(2, await queue.hold(QueueFilter(), False))
        self.assertEqual(self.now(), await queue.next_due())
        self.assertEqual(2, len(await self.claim()))

    async def test_retry(self) -> None:
        """What waits is due at once; what is tried or held is not touched."""
        queue = self.store.queue
        await self.enqueue("a@x", "b@x", "c@x")
        a, b, c = await self.claim()
        await queue.settle([self.deferred(a, 500), self.deferred(b, 500)])
        await queue.hold(QueueFilter(ids=[b.id]), True)
        await queue.retry(QueueFilter(domain="x"))
        self.assertEqual([a.id], [item.id for item in await self.claim()])
        await queue.settle([Settlement(c.id, c.lease, QueueState.DELIVERED)])

    async def test_expire(self) -> None:
        """The time of items ends, held or not, and they are due; of one that is tried it ends for
        the next try."""
        queue = self.store.queue
        await self.enqueue("a@x", "b@x", "c@y")
        (tried,) = await queue.claim(limit=1, per_domain=1, lease_seconds=60)
        await queue.hold(QueueFilter(recipient="b@x"), True)
        self.clock.advance(5)
        self.assertEqual(2, await queue.expire(QueueFilter(domain="x")))
        a, b, c = await queue.items()
        self.assertEqual([self.now()] * 2, [a.recipient.expires, b.recipient.expires])
        self.assertEqual((tried.next_attempt, tried.lease), (a.next_attempt, a.lease))
        self.assertEqual((self.now(), False), (b.next_attempt, b.held))
        self.assertGreater(c.recipient.expires, self.now())
        self.clock.advance(5)
        await queue.expire(QueueFilter(ids=[b.id]))
        _, again, _ = await queue.items()
        self.assertEqual(b.recipient.expires, again.recipient.expires)

    async def test_delete(self) -> None:
        """Items go with their content, and who tries one has lost it."""
        queue = self.store.queue
        await self.enqueue("a@x", "b@x")
        await self.enqueue("c@x", sender="bob@example.test")
        a, *_ = await self.claim()
        self.assertEqual(2, await queue.delete(QueueFilter(sender="Alice@example.test")))
        self.assertEqual(["c@x"], await self.queued())
        await self.refused(
            LeaseLost, queue.settle([Settlement(a.id, a.lease, QueueState.DELIVERED)])
        )
        await self.catch_up()
        await self.refused(NoSuchMessage, self.whole(a.content))

    async def test_items_and_count(self) -> None:
        """Items come in pages, in the order they were queued, by what is known of them."""
        queue = self.store.queue
        self.assertEqual(QueueCount(0, 0), await queue.count())
        await self.enqueue("a@x", "b@y")
        self.clock.advance(10)
        await self.enqueue("c@x", sender="bob@example.test")
        first = await queue.items(limit=2)
        self.assertEqual(["a@x", "b@y"], [item.recipient.address for item in first])
        rest = await queue.items(after=first[-1].id)
        self.assertEqual(["c@x"], [item.recipient.address for item in rest])
        self.assertEqual(QueueCount(3, 2, CREATED), await queue.count())
        wanted: Sequence[tuple[QueueFilter, Sequence[str]]] = (
            (QueueFilter(domain="X"), ["a@x", "c@x"]),
            (QueueFilter(sender="bob@example.test"), ["c@x"]),
            (QueueFilter(message=first[0].message, domain="y"), ["b@y"]),
            (QueueFilter(ids=[rest[0].id]), ["c@x"]),
            (QueueFilter(held=True), []),
        )
        for each, expected in wanted:
            with self.subTest(each):
                items = await queue.items(each)
                self.assertEqual(expected, [item.recipient.address for item in items])
                self.assertEqual(len(expected), (await queue.count(each)).items)
