"""The contract on flags, of private and of public folders."""

from __future__ import annotations

from typing import Any

from netsuite.store.changes import FlagsChanged, MessagesAdded
from netsuite.store.model import FlagAction, FlagsStored, Folder, Placement
from netsuite.testing.store_contract.case import StoreCase

ADD, REMOVE, REPLACE = FlagAction.ADD, FlagAction.REMOVE, FlagAction.REPLACE
SEEN = frozenset({"\\Seen"})


class FlagsContract(StoreCase):
    """Flags are changed, and everybody sees the right ones."""

    async def change(
        self,
        folder: Folder,
        uids: list[int],
        action: FlagAction,
        *flags: str,
        account: Any = ...,
        **options: Any,
    ) -> FlagsStored:
        """Change flags, as the owner unless said otherwise."""
        who = folder.owner if account is ... else account
        return await self.store.mail.store_flags(
            folder.id, uids, action, frozenset(flags), who, **options
        )

    async def seen(self, folder: Folder, account: Any = ...) -> list[set[str]]:
        """Return the flags of all messages, as an account sees them."""
        who = folder.owner if account is ... else account
        messages = await self.store.mail.messages(folder.id, None, who)
        return [set(each.flags) for each in messages]

    async def test_actions(self) -> None:
        """Flags are added, removed and replaced; the answer tells what is now."""
        inbox = await self.inbox()
        await self.put(inbox)
        await self.put(inbox, flags={"\\Seen"})
        first = await self.change(inbox, [1, 2, 9], ADD, "\\Seen", "$a")
        both = frozenset({"\\Seen", "$a"})
        self.assertEqual({1: (both, first.modseq), 2: (both, first.modseq)}, dict(first.changed))
        self.assertEqual((), first.refused)
        await self.change(inbox, [1], REMOVE, "\\Seen", "$b")
        await self.change(inbox, [2], REPLACE, "\\Draft", "\\Answered")
        self.assertEqual([{"$a"}, {"\\Draft", "\\Answered"}], await self.seen(inbox))
        now = await self.store.mail.folder_by_id(inbox.id)
        messages = await self.store.mail.messages(inbox.id, None, inbox.owner)
        self.assertEqual([now.highest_modseq - 1, now.highest_modseq], [m.modseq for m in messages])

    async def test_case(self) -> None:
        """Flags are compared without case; a keyword stays as it was first written."""
        inbox = await self.inbox()
        await self.put(inbox, flags={"\\seen", "$Label1"})
        stored = await self.change(inbox, [1], ADD, "\\SEEN", "$label1", "Neu")
        self.assertEqual({"\\Seen", "$Label1", "Neu"}, stored.changed[1][0])
        await self.change(inbox, [1], REPLACE, "NEU", "$LABEL1")
        self.assertEqual([{"$Label1", "Neu"}], await self.seen(inbox))
        await self.change(inbox, [1], REMOVE, "$LABEL1")
        self.assertEqual([{"Neu"}], await self.seen(inbox))

    async def test_already_so(self) -> None:
        """A message that is already so is answered with its old mod-sequence, and not told of."""
        inbox = await self.inbox()
        await self.put(inbox, flags={"\\Seen"})
        await self.put(inbox)
        before = (await self.store.mail.messages(inbox.id, [1], inbox.owner))[0].modseq
        self.published.clear()
        stored = await self.change(inbox, [1, 2], ADD, "\\Seen")
        self.assertEqual((SEEN, before), stored.changed[1])
        self.assertEqual((SEEN, stored.modseq), stored.changed[2])
        self.assertEqual([FlagsChanged(inbox.id, stored.modseq, (2,), (SEEN,))], self.published)

    async def test_unchanged_since(self) -> None:
        """What changed meanwhile is left alone and named (RFC 7162, 3.1.3)."""
        inbox = await self.inbox()
        for _ in range(3):
            await self.put(inbox)
        start = (await self.store.mail.folder_by_id(inbox.id)).highest_modseq
        await self.change(inbox, [2], ADD, "\\Flagged")
        stored = await self.change(inbox, [1, 2, 3], ADD, "\\Seen", unchanged_since=start)
        self.assertEqual(((2,), [1, 3]), (stored.refused, sorted(stored.changed)))
        self.assertEqual([{"\\Seen"}, {"\\Flagged"}, {"\\Seen"}], await self.seen(inbox))
        nobody = await self.change(inbox, [1, 2, 3], ADD, "\\Draft", unchanged_since=1)
        self.assertEqual(((1, 2, 3), {}), (nobody.refused, dict(nobody.changed)))

    async def test_many(self) -> None:
        """A change of many messages has one mod-sequence and is told of once."""
        inbox = await self.inbox()
        await self.put_all([Placement(inbox.id)] * 150)
        self.published.clear()
        stored = await self.change(inbox, list(range(1, 151)), ADD, "\\Seen")
        self.assertEqual(150, len(stored.changed))
        (told,) = self.published
        assert isinstance(told, FlagsChanged)
        self.assertEqual((tuple(range(1, 151)), False), (told.uids, told.partial))

    # -- public folders

    async def test_seen_is_ones_own(self) -> None:
        """On a public folder everybody has read state of their own."""
        group = await self.group()
        alice, bob = (await self.account()).id, (await self.account("bob")).id
        for _ in range(3):
            await self.put(group)
        await self.change(group, [1, 2], ADD, "\\Seen", account=alice)
        await self.change(group, [1], ADD, "\\Seen", account=bob, shared=True)
        self.assertEqual([{"\\Seen"}, {"\\Seen"}, set()], await self.seen(group, alice))
        self.assertEqual([{"\\Seen"}, set(), set()], await self.seen(group, bob))
        self.assertEqual([set(), set(), set()], await self.seen(group, None))
        for who, unseen, first in ((alice, 1, 3), (bob, 2, 2), (None, 3, 1)):
            status = await self.store.mail.status(group.id, who)
            self.assertEqual((unseen, first), (status.unseen, status.first_unseen_uid))

    async def test_own_and_shared_flags(self) -> None:
        """Who may not change a folder changes flags only for itself."""
        group = await self.group()
        alice, bob = (await self.account()).id, (await self.account("bob")).id
        await self.put(group, flags={"$shared"})
        await self.change(group, [1], ADD, "\\Deleted", "$mine", account=alice)
        self.assertEqual([{"$shared", "\\Deleted", "$mine"}], await self.seen(group, alice))
        self.assertEqual([{"$shared"}], await self.seen(group, bob))
        self.assertEqual(1, (await self.store.mail.status(group.id, alice)).deleted)
        self.assertEqual(0, (await self.store.mail.status(group.id, bob)).deleted)
        self.assertEqual([], list(await self.store.mail.expunge(group.id, None)))
        await self.change(group, [1], REPLACE, "$other", account=alice)
        self.assertEqual([{"$shared", "$other"}], await self.seen(group, alice))
        await self.change(group, [1], ADD, "\\Deleted", account=bob, shared=True)
        self.assertEqual([{"$shared", "$other", "\\Deleted"}], await self.seen(group, alice))
        self.assertEqual([1], list(await self.store.mail.expunge(group.id, None)))

    async def test_public_changes_are_told(self) -> None:
        """The feed says whether a change concerns all or one account."""
        group = await self.group()
        alice = (await self.account()).id
        await self.put(group)
        self.published.clear()
        own = await self.change(group, [1], ADD, "\\Seen", account=alice)
        both = await self.change(group, [1], REPLACE, "$a", account=alice, shared=True)
        self.assertEqual(
            [
                FlagsChanged(group.id, own.modseq, (1,), (SEEN,), account=alice),
                FlagsChanged(group.id, both.modseq, (1,), (frozenset({"$a"}),), partial=True),
                FlagsChanged(group.id, both.modseq, (1,), (frozenset({"$a"}),), account=alice),
            ],
            self.published,
        )
        self.assertEqual([{"$a"}], await self.seen(group, alice))

    async def test_public_modseq(self) -> None:
        """An account's own change counts for that account only (RFC 7162, 3.1)."""
        group = await self.group()
        alice, bob = (await self.account()).id, (await self.account("bob")).id
        await self.put(group)
        await self.put(group)
        mail = self.store.mail
        start = (await mail.folder_by_id(group.id)).highest_modseq
        stored = await self.change(group, [2], ADD, "\\Seen", account=alice)
        self.assertGreater(stored.modseq, start)
        changed, _ = await mail.changes_since(group.id, start, alice)
        self.assertEqual([(2, stored.modseq)], [(m.uid, m.modseq) for m in changed])
        self.assertEqual([], list((await mail.changes_since(group.id, start, bob))[0]))
        removed = await self.change(group, [2], REMOVE, "\\Seen", account=alice)
        changed, _ = await mail.changes_since(group.id, stored.modseq, alice)
        self.assertEqual(
            [(2, removed.modseq, frozenset())], [(m.uid, m.modseq, m.flags) for m in changed]
        )
        refused = await self.change(group, [1, 2], ADD, "$x", account=alice, unchanged_since=start)
        self.assertEqual((2,), refused.refused)

    async def test_posting_as_seen(self) -> None:
        """Who posts with \\Seen has read it; nobody else has."""
        group = await self.group()
        alice, bob = (await self.account()).id, (await self.account("bob")).id
        await self.put(group, flags={"\\Seen", "$k"}, account=alice)
        self.assertEqual([{"\\Seen", "$k"}], await self.seen(group, alice))
        self.assertEqual([{"$k"}], await self.seen(group, bob))
        self.assertEqual(
            [(frozenset({"$k"}),)], [c.flags for c in self.published_of(MessagesAdded)]
        )

    async def test_copying_out_of_and_into_public(self) -> None:
        """A copy takes along what the copying account saw."""
        group = await self.group()
        inbox = await self.inbox()
        bob = (await self.account("bob")).id
        mail = self.store.mail
        await self.put(group, flags={"$shared"})
        await self.change(group, [1], ADD, "\\Seen", account=inbox.owner)
        await mail.copy(group.id, [1], inbox.id, inbox.owner)
        self.assertEqual([{"$shared", "\\Seen"}], await self.seen(inbox))
        await mail.copy(inbox.id, [1], group.id, inbox.owner)
        self.assertEqual({"$shared", "\\Seen"}, (await self.seen(group, inbox.owner))[1])
        self.assertEqual({"$shared"}, (await self.seen(group, bob))[1])
