"""The contract on rights, on folders seen by others than their owner, and on annotations."""

from __future__ import annotations

from netsuite.store.changes import (
    AnnotationsChanged,
    FlagsChanged,
    RightsChanged,
    SubscriptionChanged,
)
from netsuite.store.errors import NoSuchAccount, NoSuchFolder, TooManyEntries
from netsuite.store.model import AccountId, FlagAction, Folder, FolderId, Placement
from netsuite.store.query import HasFlag
from netsuite.testing.store_contract.case import StoreCase

ADD, REMOVE, REPLACE = FlagAction.ADD, FlagAction.REMOVE, FlagAction.REPLACE
SEEN, FLAGGED, DELETED = "\\Seen", "\\Flagged", "\\Deleted"


class RightsContract(StoreCase):
    """Rights are given, taken, inherited, and go with folders and accounts."""

    async def test_rows(self) -> None:
        """Rights are set, added and taken away; an identifier without any has no row."""
        inbox = await self.inbox()
        rights = self.store.rights
        self.assertEqual({}, dict(await rights.rows(inbox.id)))
        await rights.change(inbox.id, "bob", REPLACE, "rl")
        await rights.change(inbox.id, "bob", ADD, "c")
        await rights.change(inbox.id, "-$staff", ADD, "d")
        self.assertEqual({"bob": "lrkx", "-$staff": "te"}, dict(await rights.rows(inbox.id)))
        await rights.change(inbox.id, "bob", REMOVE, "lk")
        await rights.change(inbox.id, "-$staff", REPLACE, "")
        await rights.change(inbox.id, "carol", REMOVE, "l")
        self.assertEqual({"bob": "rx"}, dict(await rights.rows(inbox.id)))
        told = [(each.folder, each.owner) for each in self.published_of(RightsChanged)]
        self.assertEqual([(inbox.id, inbox.owner)] * 5, told)
        await self.refused(NoSuchFolder, rights.rows(FolderId(999)))
        await self.refused(NoSuchFolder, rights.change(FolderId(999), "bob", ADD, "l"))

    async def test_public(self) -> None:
        """What everybody may do with a public folder is kept where it is not the usual."""
        group, other = await self.group(), await self.group("other")
        rights = self.store.rights
        await rights.change(group.id, "anyone", ADD, "i")
        await rights.change(other.id, "anyone", REPLACE, "")
        self.assertEqual(
            {group.id: {"anyone": "lrsi"}, other.id: {"anyone": ""}},
            {folder: dict(rows) for folder, rows in (await rights.rows_of_public()).items()},
        )
        await rights.change(group.id, "anyone", REMOVE, "i")
        await rights.change(other.id, "anyone", REPLACE, "lrs")
        self.assertEqual({}, dict(await rights.rows_of_public()))

    async def test_shared(self) -> None:
        """Folders of others are found by one's identifiers, with all that is said of them."""
        alice, bob, carol = [await self.account(name) for name in ("alice", "bob", "carol")]
        mail, rights = self.store.mail, self.store.rights
        made = {
            (owner.name, name): await mail.create_folder(owner.id, name)
            for owner, name in ((carol, "c"), (alice, "b"), (alice, "a"), (bob, "mine"))
        }
        for folder in made.values():
            await rights.change(folder.id, "anyone", REPLACE, "l")
        await rights.change(made["alice", "a"].id, "-bob", REPLACE, "r")
        found = await rights.shared({"anyone", "nobody"}, bob.id)
        self.assertEqual(
            [("alice", "a"), ("alice", "b"), ("carol", "c")],
            [(each.owner_name, each.folder.name) for each in found],
        )
        self.assertEqual({"anyone": "l", "-bob": "r"}, dict(found[0].rows))
        self.assertEqual([], list(await rights.shared({"bob"}, bob.id)))

    async def test_inherited(self) -> None:
        """A new folder begins with the rights of the nearest above; those renamed keep theirs."""
        alice = await self.account()
        mail, rights = self.store.mail, self.store.rights
        top = await mail.create_folder(alice.id, "a")
        await rights.change(top.id, "bob", REPLACE, "lr")
        self.published.clear()
        below = await mail.create_folder(alice.id, "a/b/c")
        self.assertEqual({"bob": "lr"}, dict(await rights.rows(below.id)))
        told = [each.folder for each in self.published_of(RightsChanged)]
        self.assertEqual((2, below.id), (len(told), told[-1]))
        await mail.rename_folder(below.id, "z")
        self.assertEqual({"bob": "lr"}, dict(await rights.rows(below.id)))

    async def test_they_go(self) -> None:
        """Rights go with the folder, and with the account they were given to."""
        inbox, bob = await self.inbox(), await self.account("bob")
        mail, rights = self.store.mail, self.store.rights
        made = await mail.create_folder(inbox.owner, "a")
        for who in ("bob", "-bob", "$bob"):
            await rights.change(inbox.id, who, REPLACE, "lr")
            await rights.change(made.id, who, REPLACE, "lr")
        await mail.delete_folder(made.id)
        again = await mail.create_folder(inbox.owner, "a")
        self.assertEqual({}, dict(await rights.rows(again.id)))
        await self.store.accounts.remove_account(bob.id)
        self.assertEqual({"$bob": "lr"}, dict(await rights.rows(inbox.id)))


class OthersContract(StoreCase):
    """What accounts besides its owner see and do in a folder."""

    async def _shared(self) -> tuple[Folder, AccountId, AccountId]:
        inbox, bob = await self.inbox(), await self.account("bob")
        await self.put(inbox)  # before it is shared
        await self.store.rights.change(inbox.id, "bob", REPLACE, "lrswite")
        for _ in range(2):
            await self.put(inbox)
        assert inbox.owner is not None
        return inbox, inbox.owner, bob.id

    async def _flags(self, folder: Folder, account: AccountId) -> list[set[str]]:
        read = await self.store.mail.messages(folder.id, None, account)
        return [set(each.flags) for each in read]

    async def test_seen_is_each_ones_own(self) -> None:
        """What one has seen, no other has; all else is shared."""
        inbox, alice, bob = await self._shared()
        mail = self.store.mail
        await mail.store_flags(inbox.id, [1], ADD, frozenset({SEEN}), alice)
        self.published.clear()
        stored = await mail.store_flags(
            inbox.id, [1, 2], REPLACE, frozenset({SEEN, FLAGGED}), bob, shared=True
        )
        self.assertEqual({SEEN, FLAGGED}, set(stored.changed[1][0]))
        await mail.store_flags(inbox.id, [1], REMOVE, frozenset({SEEN}), bob, shared=True)
        self.assertEqual([{SEEN, FLAGGED}, {FLAGGED}, set()], await self._flags(inbox, alice))
        self.assertEqual([{FLAGGED}, {SEEN, FLAGGED}, set()], await self._flags(inbox, bob))
        told = [(each.uids, each.account, each.partial) for each in self.published_of(FlagsChanged)]
        self.assertEqual([((1, 2), None, True), ((1, 2), bob, False), ((1,), bob, False)], told)
        counts = [(await mail.status(inbox.id, each)) for each in (alice, bob, None)]
        self.assertEqual([2, 2, 2], [each.unseen for each in counts])
        self.assertEqual([2, 1, 2], [each.first_unseen_uid for each in counts])
        for account, found in ((alice, [1]), (bob, [2])):
            self.assertEqual(found, list(await mail.search(inbox.id, HasFlag(SEEN), account)))

    async def test_flags_that_may_not_be_set(self) -> None:
        """They stay as they are, whatever is done with the others."""
        inbox, alice, bob = await self._shared()
        mail = self.store.mail
        await mail.store_flags(inbox.id, [1, 2, 3], ADD, frozenset({DELETED}), alice)
        cases: list[tuple[int, FlagAction, set[str]]] = [
            (1, REPLACE, {SEEN, FLAGGED}),
            (2, REMOVE, {DELETED}),
            (3, ADD, {FLAGGED, SEEN}),
        ]
        for uid, action, flags in cases:
            await mail.store_flags(
                inbox.id, [uid], action, frozenset(flags), bob, shared=True, may="lrsw"
            )
        both = {DELETED, FLAGGED, SEEN}
        self.assertEqual([both, {DELETED}, both], await self._flags(inbox, bob))
        await mail.store_flags(inbox.id, [1], REPLACE, frozenset(), bob, shared=True, may="lrs")
        self.assertEqual({DELETED, FLAGGED}, (await self._flags(inbox, bob))[0])

    async def test_what_others_put_there(self) -> None:
        """Its flags are shared, but for what they have seen; the owner's quota counts it."""
        inbox, alice, bob = await self._shared()
        mail = self.store.mail
        await self.put(inbox, flags={SEEN, FLAGGED}, account=bob)
        self.assertEqual({FLAGGED}, (await self._flags(inbox, alice))[3])
        self.assertEqual({SEEN, FLAGGED}, (await self._flags(inbox, bob))[3])
        target = await mail.create_folder(bob, "copies")
        copied = await mail.copy(inbox.id, [4], target.id, bob)
        self.assertEqual((4,), copied.sources)
        self.assertEqual([{SEEN, FLAGGED}], await self._flags(target, bob))
        await mail.move(target.id, [1], inbox.id, bob, may="lrsi")
        self.assertEqual({SEEN}, (await self._flags(inbox, bob))[4])
        self.assertEqual(set(), (await self._flags(inbox, alice))[4])
        self.assertEqual([5, 0], [(await mail.usage(each)).messages for each in (alice, bob)])

    async def test_expunged(self) -> None:
        """What is expunged is gone for all, and so is what anybody had seen of it."""
        inbox, alice, bob = await self._shared()
        mail = self.store.mail
        await mail.store_flags(inbox.id, [1, 2], ADD, frozenset({SEEN, DELETED}), bob, shared=True)
        self.assertEqual([1, 2], list(await mail.expunge(inbox.id, None)))
        self.assertEqual(1, (await mail.usage(alice)).messages)
        await self.put(inbox)
        self.assertEqual([set(), set()], await self._flags(inbox, bob))

    async def test_no_longer_shared(self) -> None:
        """Who sees a folder again that was not shared for a time has seen nothing in it."""
        inbox, alice, bob = await self._shared()
        mail, rights = self.store.mail, self.store.rights
        await mail.store_flags(inbox.id, [1], ADD, frozenset({SEEN}), bob, shared=True)
        await mail.store_flags(inbox.id, [2], ADD, frozenset({SEEN}), alice)
        await rights.change(inbox.id, "bob", REPLACE, "")
        await self.put_all([Placement(inbox.id), Placement(inbox.id)])
        await rights.change(inbox.id, "bob", REPLACE, "lr")
        self.assertEqual([set()] * 5, await self._flags(inbox, bob))
        self.assertEqual([set(), {SEEN}, set(), set(), set()], await self._flags(inbox, alice))

    async def test_subscriptions_follow(self) -> None:
        """A renamed folder's subscriptions follow: its owner's, and those of others."""
        alice, bob = await self.account(), await self.account("bob")
        mail = self.store.mail
        for name in ("a", "a/b", "gone/x"):
            await mail.create_folder(alice.id, name)
        await mail.delete_folder((await mail.folder(alice.id, "gone")).id)
        for name in ("a/b", "a/absent", "ab"):
            await mail.subscribe(alice.id, name, True)
        for name in ("Others/alice/a/b", "Others/alice/ab", "Others/alice/a", "a/b"):
            await mail.subscribe(bob.id, name, True)
        self.published.clear()
        await mail.rename_named(alice.id, "a", "z", shown="Others/alice/")
        self.assertEqual({"INBOX", "z/b", "z/absent", "ab"}, await mail.subscriptions(alice.id))
        self.assertEqual(
            {"INBOX", "Others/alice/z/b", "Others/alice/z", "Others/alice/ab", "a/b"},
            await mail.subscriptions(bob.id),
        )
        self.assertEqual(8, len(self.published_of(SubscriptionChanged)))

    async def test_rename_what_is_only_a_name(self) -> None:
        """A name that has only folders below it can be renamed (RFC 3501, 6.3.5)."""
        alice = await self.account()
        mail = self.store.mail
        await mail.create_folder(alice.id, "a/b")
        await mail.delete_folder((await mail.folder(alice.id, "a")).id)
        await mail.rename_named(alice.id, "a", "z")
        names = [each.name for each in await mail.folders(alice.id)]
        self.assertEqual(["INBOX", "z/b"], names)
        for old in ("a", "nowhere", "\ud800", "a\0"):
            await self.refused(NoSuchFolder, mail.rename_named(alice.id, old, "y"))


class AnnotationsContract(StoreCase):
    """Annotations are set, read, bounded, and go with folders and accounts."""

    async def test_annotate(self) -> None:
        """Shared entries are everybody's, private ones each one's own; None removes."""
        inbox, bob = await self.inbox(), (await self.account("bob")).id
        notes, alice = self.store.annotations, inbox.owner
        assert alice is not None
        await notes.annotate(
            inbox.id, alice, {"/shared/comment": b"a\0b", "/private/comment": b""}, most=9
        )
        await notes.annotate(inbox.id, bob, {"/private/comment": b"his"}, most=9)
        self.assertEqual(
            {"/private/comment": b"", "/shared/comment": b"a\0b"},
            dict(await notes.entries(inbox.id, alice)),
        )
        self.assertEqual(
            {"/private/comment": b"his", "/shared/comment": b"a\0b"},
            dict(await notes.entries(inbox.id, bob)),
        )
        self.assertEqual({}, dict(await notes.entries(None, alice)))
        self.published.clear()
        await notes.annotate(
            inbox.id, bob, {"/private/comment": None, "/shared/comment": None}, most=9
        )
        self.assertEqual({"/private/comment": b""}, dict(await notes.entries(inbox.id, alice)))
        self.assertEqual(
            [
                AnnotationsChanged(inbox.id, alice, ("/shared/comment",)),
                AnnotationsChanged(inbox.id, alice, ("/private/comment",), bob),
            ],
            self.published,
        )

    async def test_server(self) -> None:
        """The server has entries, too."""
        alice, bob = (await self.account()).id, (await self.account("bob")).id
        notes = self.store.annotations
        await notes.annotate(None, alice, {"/shared/a": b"1", "/private/b": b"2"}, most=9)
        self.assertEqual({"/shared/a": b"1"}, dict(await notes.entries(None, bob)))
        await self.store.accounts.remove_account(alice)
        self.assertEqual({"/shared/a": b"1"}, dict(await notes.entries(None, bob)))

    async def test_too_many(self) -> None:
        """There are so many at most; what has as many can still be changed. All or none."""
        inbox = await self.inbox()
        notes, alice = self.store.annotations, inbox.owner
        assert alice is not None
        await notes.annotate(inbox.id, alice, {"/shared/1": b"1", "/shared/2": b"2"}, most=2)
        await notes.annotate(inbox.id, alice, {"/private/1": b"1", "/shared/1": b"x"}, most=2)
        before = dict(await notes.entries(inbox.id, alice))
        more = {"/shared/1": b"y", "/shared/3": b"3"}
        await self.refused(TooManyEntries, notes.annotate(inbox.id, alice, more, most=2))
        self.assertEqual(before, dict(await notes.entries(inbox.id, alice)))
        await notes.annotate(inbox.id, alice, {**more, "/shared/2": None}, most=2)
        nobody = AccountId(999)
        await self.refused(NoSuchAccount, notes.annotate(inbox.id, nobody, more, most=2))
        await self.refused(NoSuchFolder, notes.annotate(FolderId(999), alice, more, most=2))
        await self.refused(NoSuchFolder, notes.entries(FolderId(999), alice))

    async def test_with_the_folder(self) -> None:
        """They stay with a folder that is renamed and go with one that is deleted; a renamed
        INBOX keeps them, and its messages' new folder has them (RFC 5464, 4.1)."""
        inbox = await self.inbox()
        mail, notes, alice = self.store.mail, self.store.annotations, inbox.owner
        assert alice is not None
        made = await mail.create_folder(alice, "a")
        for folder in (inbox, made):
            await notes.annotate(folder.id, alice, {"/shared/x": b"1"}, most=9)
        await mail.rename_folder(made.id, "b")
        self.assertEqual({"/shared/x": b"1"}, dict(await notes.entries(made.id, alice)))
        await mail.delete_folder(made.id)
        again = await mail.create_folder(alice, "b")
        self.assertEqual({}, dict(await notes.entries(again.id, alice)))
        await mail.rename_folder(inbox.id, "old")
        old = await mail.folder(alice, "old")
        for folder in (inbox, old):
            self.assertEqual({"/shared/x": b"1"}, dict(await notes.entries(folder.id, alice)))
