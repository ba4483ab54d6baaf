"""The contract on messages in folders: looked at, copied, moved, expunged, resynchronised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from netsuite.store import model
from netsuite.store.changes import MessagesAdded, MessagesExpunged
from netsuite.store.errors import OverQuota
from netsuite.store.model import FlagAction, Placement
from netsuite.testing.store_contract.case import CREATED, StoreCase, message
from netsuite.wire.ranges import Ranges

DELETED = frozenset({"\\Deleted"})


def members(ranges: Ranges) -> list[int]:
    """Return the numbers of ranges."""
    return [number for low, high in ranges for number in range(low, high + 1)]


class MessagesContract(StoreCase):
    """Messages of a folder."""

    async def test_counts(self) -> None:
        """A folder knows its UIDs, messages and octets; UIDs ascend and are never reused."""
        inbox = await self.inbox()
        for octets in (10, 20, 30):
            await self.put(inbox, b"x" * octets)
        await self.store.mail.expunge(inbox.id, [3], deleted_only=False)
        placed = await self.put(inbox, b"x" * 5)
        self.assertEqual((4, inbox.uid_validity), (placed.uid, placed.uid_validity))
        now = await self.store.mail.folder_by_id(inbox.id)
        self.assertEqual((5, 3, 35), (now.uid_next, now.messages, now.octets))
        uids = await self.store.mail.uids(inbox.id)
        self.assertEqual([1, 2, 4], list(uids))

    async def test_dates(self) -> None:
        """A message keeps its internal date with its zone, to the second."""
        inbox = await self.inbox()
        self.clock.advance(3600.7)
        zone = timezone(timedelta(hours=-3, minutes=-30))
        given = datetime(1996, 7, 17, 2, 44, 25, 123456, tzinfo=zone)
        early = datetime(1950, 1, 1, 23, 59, 59, tzinfo=UTC)
        for date in (given, None, early):
            await self.put(inbox, date=date)
        first, second, third = await self.store.mail.messages(inbox.id, None, inbox.owner)
        self.assertEqual(given.replace(microsecond=0), first.internal_date)
        self.assertEqual(zone.utcoffset(None), first.internal_date.utcoffset())
        later = CREATED + timedelta(seconds=3600)
        self.assertEqual((later, later), (second.internal_date, second.saved))
        self.assertEqual((early, later), (third.internal_date, first.saved))

    async def test_messages(self) -> None:
        """Messages come ascending, those asked for, those that are there."""
        inbox = await self.inbox()
        for number in range(5):
            await self.put(inbox, b"x" * number, {"\\Seen", f"$k{number}"})
        mail = self.store.mail
        everything = await mail.messages(inbox.id, None, inbox.owner)
        self.assertEqual([1, 2, 3, 4, 5], [each.uid for each in everything])
        self.assertEqual([{"\\Seen", f"$k{n}"} for n in range(5)], [e.flags for e in everything])
        some = await mail.messages(inbox.id, [4, 99, 2, 2], inbox.owner)
        self.assertEqual([everything[1], everything[3]], list(some))
        self.assertEqual([], list(await mail.messages(inbox.id, [], inbox.owner)))
        self.assertEqual([], list(await mail.messages(inbox.id, [7], inbox.owner)))
        many = await mail.messages(inbox.id, list(range(1, 500)), inbox.owner)
        self.assertEqual(list(everything), list(many))

    async def test_described(self) -> None:
        """A summary comes with a message, made when first asked for, the same ever after."""
        inbox = await self.inbox()
        text = message("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Body", Message_ID="<a@b>")
        await self.put(inbox, text)
        await self.put(inbox, b"no header at all")
        first, second = await self.store.mail.described(inbox.id, [1, 2, 3], inbox.owner)
        self.assertEqual(("Grüße", "a@b"), (first.summary.subject, first.summary.message_id))
        self.assertEqual(len(text), first.summary.root.body_end)
        self.assertEqual([1, 2], [first.message.uid, second.message.uid])
        await self.catch_up()
        again = await self.store.mail.described(inbox.id, [1, 2], inbox.owner)
        self.assertEqual([first, second], list(again))

    async def test_status(self) -> None:
        """Counts are of what is there now."""
        inbox = await self.inbox()
        flags = [{"\\Seen"}, set(), {"\\Deleted"}, {"\\Seen", "\\Deleted"}]
        for number, each in enumerate(flags):
            await self.put(inbox, b"x" * (number + 1), each)
        status = await self.store.mail.status(inbox.id, inbox.owner)
        self.assertEqual(
            (2, 2, 7, 2),
            (status.unseen, status.deleted, status.deleted_octets, status.first_unseen_uid),
        )
        self.assertEqual((4, 5), (status.folder.messages, status.folder.uid_next))
        await self.store.mail.expunge(inbox.id, None, deleted_only=False)
        status = await self.store.mail.status(inbox.id, inbox.owner)
        self.assertEqual(
            (0, 0, 0, None),
            (status.unseen, status.deleted, status.deleted_octets, status.first_unseen_uid),
        )

    async def test_claim_recent(self) -> None:
        """Each message is recent in one session only (RFC 3501, 2.3.2)."""
        inbox = await self.inbox()
        await self.put(inbox)
        await self.put(inbox)
        self.assertEqual(1, (await self.store.mail.folder_by_id(inbox.id)).recent_from)
        self.assertEqual((1, 3), await self.store.mail.claim_recent(inbox.id))
        self.assertEqual((3, 3), await self.store.mail.claim_recent(inbox.id))
        await self.put(inbox)
        self.assertEqual(3, (await self.store.mail.folder_by_id(inbox.id)).recent_from)
        self.assertEqual((3, 4), await self.store.mail.claim_recent(inbox.id))
        self.assertEqual((4, 4), await self.store.mail.claim_recent(inbox.id))

    # -- copying, moving, expunging

    async def test_copy(self) -> None:
        """Copies carry flags and internal date, share the content, and count in the quota."""
        alice = await self.account()
        mail = self.store.mail
        inbox = await mail.folder(alice.id, "INBOX")
        target = await mail.create_folder(alice.id, "copies")
        date = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
        await self.put(inbox, b"one", {"\\Flagged", "$k"}, date=date)
        await self.put(inbox, b"three")
        await self.put(target, b"was here")
        self.published.clear()
        copied = await mail.copy(inbox.id, [2, 1, 9], target.id, alice.id)
        self.assertEqual((target.uid_validity, (1, 2), (2, 3)),
                         (copied.uid_validity, copied.sources, copied.uids))  # fmt: skip
        old = (await mail.messages(inbox.id, [1], alice.id))[0]
        new = (await mail.messages(target.id, [2], alice.id))[0]
        self.assertEqual((old.content, old.guid, old.flags, old.internal_date),
                         (new.content, new.guid, new.flags, new.internal_date))  # fmt: skip
        self.assertEqual(2 * 8 + 8, (await mail.usage(alice.id)).octets)
        (told,) = self.published
        now = await mail.folder_by_id(target.id)
        self.assertEqual(
            MessagesAdded(
                target.id, now.highest_modseq, (2, 3), (frozenset({"\\Flagged", "$k"}), frozenset())
            ),
            told,
        )
        self.assertEqual(
            ((), ()), (await self._pair(mail.copy(inbox.id, [9], target.id, alice.id)))
        )

    async def _pair(self, copying: object) -> tuple[object, object]:
        copied = await copying  # type: ignore[misc]
        return copied.sources, copied.uids

    async def test_copy_all_or_none(self) -> None:
        """A copy that would exceed the quota copies nothing."""
        alice = await self.account()
        mail = self.store.mail
        inbox = await mail.folder(alice.id, "INBOX")
        target = await mail.create_folder(alice.id, "copies")
        for _ in range(3):
            await self.put(inbox, b"x" * 10)
        await self.store.accounts.update_account(alice.id, quota_octets=50)
        await self.refused(OverQuota, mail.copy(inbox.id, [1, 2, 3], target.id, alice.id))
        self.assertEqual(0, (await mail.folder_by_id(target.id)).messages)
        await mail.copy(inbox.id, [1, 2], target.id, alice.id)
        self.assertEqual(50, (await mail.usage(alice.id)).octets)

    async def test_copy_within_a_folder(self) -> None:
        """A folder can be its own target."""
        inbox = await self.inbox()
        await self.put(inbox)
        copied = await self.store.mail.copy(inbox.id, [1], inbox.id, inbox.owner)
        self.assertEqual(((1,), (2,)), (copied.sources, copied.uids))
        moved = await self.store.mail.move(inbox.id, [1], inbox.id, inbox.owner)
        self.assertEqual(((1,), (3,)), (moved.sources, moved.uids))
        self.assertEqual([2, 3], list(await self.store.mail.uids(inbox.id)))

    async def test_move(self) -> None:
        """A move is one step: added there and gone here, quota the same."""
        alice = await self.account()
        mail = self.store.mail
        inbox = await mail.folder(alice.id, "INBOX")
        target = await mail.create_folder(alice.id, "archive")
        for _ in range(3):
            await self.put(inbox, b"x" * 10, {"\\Seen"})
        await self.store.accounts.update_account(alice.id, quota_octets=30, quota_messages=3)
        self.published.clear()
        moved = await mail.move(inbox.id, [3, 1], target.id, alice.id)
        self.assertEqual(((1, 3), (1, 2)), (moved.sources, moved.uids))
        self.assertEqual([2], list(await mail.uids(inbox.id)))
        self.assertEqual([1, 2], list(await mail.uids(target.id)))
        self.assertEqual(30, (await mail.usage(alice.id)).octets)
        self.assertEqual(
            [(MessagesAdded, target.id, (1, 2)), (MessagesExpunged, inbox.id, (1, 3))],
            [(type(c), c.folder, c.uids) for c in self.published],
        )

    async def test_move_to_a_full_account(self) -> None:
        """A move into another account's folder counts there, and fails whole."""
        alice, bob = await self.inbox(), await self.inbox("bob")
        assert bob.owner is not None
        await self.put(alice, b"x" * 10)
        await self.store.accounts.update_account(bob.owner, quota_octets=9)
        await self.refused(OverQuota, self.store.mail.move(alice.id, [1], bob.id, alice.owner))
        self.assertEqual([1], list(await self.store.mail.uids(alice.id)))
        self.assertEqual([], list(await self.store.mail.uids(bob.id)))

    async def test_expunge(self) -> None:
        """Only messages flagged \\Deleted go, of those named, unless all are meant."""
        inbox = await self.inbox()
        mail = self.store.mail
        for flags in (DELETED, frozenset[str](), DELETED, DELETED):
            await self.put(inbox, flags=flags)
        self.published.clear()
        self.assertEqual([3], list(await mail.expunge(inbox.id, [2, 3, 9])))
        self.assertEqual([1, 4], list(await mail.expunge(inbox.id, None)))
        self.assertEqual([], list(await mail.expunge(inbox.id, None)))
        self.assertEqual([2], list(await mail.expunge(inbox.id, None, deleted_only=False)))
        self.assertEqual(
            [(3,), (1, 4), (2,)], [c.uids for c in self.published_of(MessagesExpunged)]
        )
        self.assertEqual(3, len(self.published))

    # -- resynchronising

    async def test_changes_since(self) -> None:
        """What changed and what vanished after a mod-sequence, exactly (RFC 7162, 3.2)."""
        inbox = await self.inbox()
        mail = self.store.mail
        for _ in range(4):
            await self.put(inbox)
        start = (await mail.folder_by_id(inbox.id)).highest_modseq
        self.assertEqual(([], []), await self._since(inbox.id, start, inbox.owner))
        await mail.store_flags(inbox.id, [2], FlagAction.ADD, frozenset({"\\Seen"}), inbox.owner)
        await mail.expunge(inbox.id, [4, 1], deleted_only=False)
        middle = (await mail.folder_by_id(inbox.id)).highest_modseq
        await self.put(inbox)
        await mail.expunge(inbox.id, [3], deleted_only=False)
        self.assertEqual(([2, 5], [1, 3, 4]), await self._since(inbox.id, start, inbox.owner))
        self.assertEqual(([5], [3]), await self._since(inbox.id, middle, inbox.owner))
        everything, vanished = await mail.changes_since(inbox.id, 0, inbox.owner)
        there = await mail.messages(inbox.id, None, inbox.owner)
        self.assertEqual([(m.uid, m.flags, m.modseq) for m in there], list(everything))
        self.assertEqual([(1, 1), (3, 4)], list(vanished))

    async def test_opened(self) -> None:
        """A folder that is opened is of one moment: its UIDs, what is unseen, which keywords
        there are, and what happened since another moment."""
        inbox = await self.inbox()
        mail = self.store.mail
        empty = await mail.opened(inbox.id, inbox.owner)
        self.assertEqual(
            ([], None, frozenset(), None),
            (list(empty.uids), empty.first_unseen_uid, empty.keywords, empty.changes),
        )
        for flags in ({"\\Seen"}, {"$a"}, {"\\Seen", "$b", "$a"}, {"\\Seen"}):
            await self.put(inbox, flags=flags)
        before = await mail.opened(inbox.id, inbox.owner, 0)
        self.assertEqual([1, 2, 3, 4], list(before.uids))
        self.assertEqual((2, {"$a", "$b"}), (before.first_unseen_uid, before.keywords))
        self.assertEqual(await mail.folder_by_id(inbox.id), before.folder)
        self.assertEqual(await mail.changes_since(inbox.id, 0, inbox.owner), before.changes)
        await mail.expunge(inbox.id, [2, 3], deleted_only=False)
        await mail.store_flags(inbox.id, [1], FlagAction.REPLACE, frozenset({"$c"}), inbox.owner)
        await self.put(inbox)
        after = await mail.opened(inbox.id, inbox.owner, before.folder.highest_modseq)
        self.assertEqual(([1, 2, 3, 4], [1, 4, 5]), (list(before.uids), list(after.uids)))
        self.assertEqual(1, after.first_unseen_uid)
        self.assertLessEqual({"$c"}, after.keywords)
        assert after.changes is not None
        self.assertEqual([1, 5], [each.uid for each in after.changes.changed])
        self.assertEqual([(2, 3)], list(after.changes.vanished))
        last = await mail.opened(inbox.id, inbox.owner, after.folder.highest_modseq)
        self.assertEqual(([], []), last.changes)
        self.assertEqual(list(after.uids), list(last.uids))

    async def test_opened_public(self) -> None:
        """Of a public folder that is opened an account sees what is its own, and no other's."""
        group = await self.group()
        alice, bob = (await self.account()).id, (await self.account("bob")).id
        mail = self.store.mail
        for _ in range(3):
            await self.put(group)
        given = frozenset({"\\Seen", "$mine"})
        await mail.store_flags(group.id, [1], FlagAction.ADD, given, alice)
        hers, his = await mail.opened(group.id, alice, 0), await mail.opened(group.id, bob, 0)
        self.assertEqual((2, {"$mine"}), (hers.first_unseen_uid, hers.keywords))
        self.assertEqual((1, frozenset()), (his.first_unseen_uid, his.keywords))
        assert hers.changes is not None
        assert his.changes is not None
        self.assertEqual([given, frozenset(), frozenset()], [c.flags for c in hers.changes.changed])
        self.assertEqual([frozenset()] * 3, [c.flags for c in his.changes.changed])

    async def test_long_ago(self) -> None:
        """Who asks for a time of which no tombstones are left is given all UIDs that are not
        there (RFC 7162, 5.1); they are limited."""
        self.patch(model, "TOMBSTONES", 4)
        inbox = await self.inbox()
        mail = self.store.mail
        for _ in range(30):
            await self.put(inbox)
        start = (await mail.folder_by_id(inbox.id)).highest_modseq
        for uid in range(2, 26, 2):
            await mail.expunge(inbox.id, [uid], deleted_only=False)
        opened = await mail.opened(inbox.id, inbox.owner, start)
        assert opened.changes is not None
        self.assertEqual([(uid, uid) for uid in range(2, 26, 2)], list(opened.changes.vanished))
        lately = opened.folder.highest_modseq - 2
        _, vanished = await mail.changes_since(inbox.id, lately, inbox.owner)
        self.assertEqual([(22, 22), (24, 24)], list(vanished))
        await mail.expunge(inbox.id, None, deleted_only=False)
        _, vanished = await mail.changes_since(inbox.id, start, inbox.owner)
        self.assertEqual([(1, 30)], list(vanished))

    async def _since(self, folder: object, modseq: int, account: object) -> object:
        changed, vanished = await self.store.mail.changes_since(folder, modseq, account)  # type: ignore[arg-type]
        return [each.uid for each in changed], members(vanished)

    async def test_modseq_rises_with_everything(self) -> None:
        """Every change gets a greater mod-sequence; one that changes nothing gets none."""
        inbox = await self.inbox()
        mail = self.store.mail
        last = inbox.highest_modseq
        await self.put_all([Placement(inbox.id), Placement(inbox.id)])
        for change in (
            mail.copy(inbox.id, [1], inbox.id, inbox.owner),
            mail.move(inbox.id, [1], inbox.id, inbox.owner),
            mail.store_flags(inbox.id, [2, 3], FlagAction.ADD, DELETED, inbox.owner),
            mail.expunge(inbox.id, None),
        ):
            await change
            now = (await mail.folder_by_id(inbox.id)).highest_modseq
            self.assertGreater(now, last)
            last = now
        await mail.store_flags(inbox.id, [4], FlagAction.REMOVE, DELETED, inbox.owner)
        await mail.expunge(inbox.id, None)
        self.assertEqual(last, (await mail.folder_by_id(inbox.id)).highest_modseq)
