"""The contract on folders."""

from __future__ import annotations

from netsuite.store.changes import FolderCreated, FolderDeleted, FolderRenamed, SubscriptionChanged
from netsuite.store.errors import BadFolderName, FolderExists, NoSuchFolder, NotPermitted
from netsuite.store.model import FolderId, FolderKind, SpecialUse
from netsuite.testing.store_contract.case import CREATED, StoreCase


class FoldersContract(StoreCase):
    """Folders are made, found, renamed, removed and subscribed."""

    async def test_inbox_in_any_case(self) -> None:
        """INBOX is there from the beginning, and found in any case (RFC 3501, 5.1)."""
        alice = await self.account()
        for name in ("INBOX", "inbox", "Inbox"):
            self.assertEqual("INBOX", (await self.store.mail.folder(alice.id, name)).name)
        await self.refused(FolderExists, self.store.mail.create_folder(alice.id, "inBox"))
        below = await self.store.mail.create_folder(alice.id, "inbox/Lists")
        self.assertEqual("INBOX/Lists", below.name)

    async def test_create(self) -> None:
        """A new folder is empty, and everything said about it is kept."""
        alice = await self.account()
        made = await self.store.mail.create_folder(
            alice.id, "Gesendet/Ö", special_use=SpecialUse.SENT, description="was ich schrieb"
        )
        self.assertEqual(made, await self.store.mail.folder(alice.id, "Gesendet/Ö"))
        self.assertEqual(made, await self.store.mail.folder_by_id(made.id))
        self.assertEqual(
            (alice.id, FolderKind.MAILBOX, SpecialUse.SENT, "was ich schrieb", CREATED, True),
            (made.owner, made.kind, made.special_use, made.description, made.created,
             made.postable),
        )  # fmt: skip
        self.assertEqual(
            (1, 1, 1, 0, 0),
            (made.uid_next, made.highest_modseq, made.recent_from, made.messages, made.octets),
        )
        names = [folder.name for folder in await self.store.mail.folders(alice.id)]
        self.assertEqual(["Gesendet", "Gesendet/Ö", "INBOX"], names)

    async def test_create_says_so_from_the_top(self) -> None:
        """The feed tells of the missing parents first, then of the folder."""
        alice = await self.account()
        self.published.clear()
        await self.store.mail.create_folder(alice.id, "a/b/c")
        self.assertEqual(["a", "a/b", "a/b/c"], [c.name for c in self.published_of(FolderCreated)])

    async def test_groups_have_no_parents(self) -> None:
        """A newsgroup's name is one name; kinds and postability are kept."""
        made = await self.store.mail.create_folder(
            None, "comp.lang/x", kind=FolderKind.GROUP, postable=False
        )
        self.assertEqual((None, FolderKind.GROUP, False), (made.owner, made.kind, made.postable))
        self.assertEqual(["comp.lang/x"], [f.name for f in await self.store.mail.folders(None)])

    async def test_bad_names(self) -> None:
        """Names that cannot be a folder's are refused, and nothing is made."""
        alice = await self.account()
        bad = ["", "/", "a//b", "/a", "a/", "a\x00b", "a\nb", "a\x7f", "x" * 256, "\ud800"]
        for name in [*bad, "/".join("x" * 33), "/".join(["x" * 250] * 5)]:
            await self.refused(BadFolderName, self.store.mail.create_folder(alice.id, name))
        for name in ["Public", "Public/x", "Other Users", "Other Users/bob/x"]:  # of others
            await self.refused(BadFolderName, self.store.mail.create_folder(alice.id, name))
        self.assertEqual(1, len(await self.store.mail.folders(alice.id)))

    async def test_unknown(self) -> None:
        """Asking for what is not there says so, whatever was asked."""
        alice = await self.account()
        mail, nowhere = self.store.mail, FolderId(999_999)
        for name in ("nothing", "", "a\x00", "\ud800", "inboxes"):
            await self.refused(NoSuchFolder, mail.folder(alice.id, name))
        await self.refused(NoSuchFolder, mail.folder(None, "INBOX"))
        await self.refused(NoSuchFolder, mail.folder_by_id(nowhere))
        await self.refused(NoSuchFolder, mail.status(nowhere, alice.id))
        await self.refused(NoSuchFolder, mail.uids(nowhere))
        await self.refused(NoSuchFolder, mail.messages(nowhere, None, alice.id))
        await self.refused(NoSuchFolder, mail.claim_recent(nowhere))
        await self.refused(NoSuchFolder, mail.changes_since(nowhere, 1, alice.id))
        await self.refused(NoSuchFolder, mail.delete_folder(nowhere))
        await self.refused(NoSuchFolder, mail.rename_folder(nowhere, "x"))
        await self.refused(NoSuchFolder, mail.expunge(nowhere, None))

    async def test_delete_leaves_children(self) -> None:
        """A deleted folder is gone with its messages; those below it stay."""
        alice = await self.account()
        below = await self.store.mail.create_folder(alice.id, "a/b")
        above = await self.store.mail.folder(alice.id, "a")
        placed = await self.put(above)
        (seen,) = await self.store.mail.messages(above.id, None, alice.id)
        await self.store.mail.delete_folder(above.id)
        await self.refused(NoSuchFolder, self.store.mail.folder(alice.id, "a"))
        await self.refused(NoSuchFolder, self.store.mail.uids(above.id))
        self.assertEqual(below, await self.store.mail.folder(alice.id, "a/b"))
        self.assertEqual([FolderDeleted(above.id, alice.id, "a")], self.published_of(FolderDeleted))
        self.assertEqual(0, (await self.store.mail.usage(alice.id)).messages)
        self.assertEqual((placed.uid, above.id), (seen.uid, placed.folder))

    async def test_inbox_cannot_be_deleted(self) -> None:
        """INBOX always exists."""
        inbox = await self.inbox()
        await self.refused(NotPermitted, self.store.mail.delete_folder(inbox.id))

    async def test_uid_validity_rises(self) -> None:
        """A name that was deleted comes back with a greater UIDVALIDITY (RFC 3501, 2.3.1.1)."""
        alice = await self.account()
        last = 0
        for _ in range(3):
            made = await self.store.mail.create_folder(alice.id, "again")
            self.assertGreater(made.uid_validity, last)
            self.assertLess(made.uid_validity, 1 << 32)
            last = made.uid_validity
            await self.store.mail.delete_folder(made.id)

    async def test_rename(self) -> None:
        """Renaming takes along what lies below, makes parents, and keeps UIDs."""
        alice = await self.account()
        mail = self.store.mail
        below = await mail.create_folder(alice.id, "old/deep/er")
        near = await mail.create_folder(alice.id, "older")
        old = await mail.folder(alice.id, "old")
        placed = await self.put(old)
        self.published.clear()
        await mail.rename_folder(old.id, "new/place")
        names = [folder.name for folder in await mail.folders(alice.id)]
        self.assertEqual(
            ["INBOX", "new", "new/place", "new/place/deep", "new/place/deep/er", "older"], names
        )
        self.assertEqual(below.id, (await mail.folder(alice.id, "new/place/deep/er")).id)
        self.assertEqual(near, await mail.folder(alice.id, "older"))
        moved = await mail.folder(alice.id, "new/place")
        self.assertEqual((old.id, old.uid_validity), (moved.id, moved.uid_validity))
        self.assertEqual([placed.uid], list(await mail.uids(moved.id)))
        self.assertEqual(
            [("old", "new/place"), ("old/deep", "new/place/deep"),
             ("old/deep/er", "new/place/deep/er")],
            [(change.old, change.new) for change in self.published_of(FolderRenamed)],
        )  # fmt: skip

    async def test_rename_refused(self) -> None:
        """A taken name, a bad name, and a place below itself are refused; nothing changes."""
        alice = await self.account()
        mail = self.store.mail
        old = await mail.create_folder(alice.id, "old")
        await mail.create_folder(alice.id, "taken")
        before = await mail.folders(alice.id)
        self.published.clear()
        await self.refused(FolderExists, mail.rename_folder(old.id, "taken"))
        await self.refused(FolderExists, mail.rename_folder(old.id, "inbox"))
        await self.refused(FolderExists, mail.rename_folder(old.id, "old"))
        await self.refused(BadFolderName, mail.rename_folder(old.id, "a//b"))
        await self.refused(BadFolderName, mail.rename_folder(old.id, "old/below"))
        await self.refused(BadFolderName, mail.rename_folder(old.id, "Public/old"))
        self.assertEqual(before, await mail.folders(alice.id))
        self.assertEqual([], self.published)

    async def test_rename_inbox(self) -> None:
        """INBOX gives its messages to a new folder and stays, empty (RFC 3501, 6.3.6)."""
        inbox = await self.inbox()
        mail = self.store.mail
        await mail.create_folder(inbox.owner, "INBOX/stays")
        await self.put(inbox, flags={"\\Seen", "$x"})
        await self.put(inbox)
        await mail.rename_folder(inbox.id, "Old/mail")
        self.assertEqual([], list(await mail.uids(inbox.id)))
        after = await mail.folder(inbox.owner, "INBOX")
        self.assertEqual((inbox.id, 3), (after.id, after.uid_next))
        target = await mail.folder(inbox.owner, "Old/mail")
        moved = await mail.messages(target.id, None, inbox.owner)
        self.assertEqual([{"\\Seen", "$x"}, set()], [set(m.flags) for m in moved])
        names = [folder.name for folder in await mail.folders(inbox.owner)]
        self.assertEqual(["INBOX", "INBOX/stays", "Old", "Old/mail"], names)

    async def test_subscriptions(self) -> None:
        """Names are subscribed whether folders of that name exist or not (RFC 3501, 6.3.6)."""
        alice, bob = await self.account(), await self.account("bob")
        mail = self.store.mail
        self.assertEqual({"INBOX"}, await mail.subscriptions(alice.id))
        await mail.subscribe(alice.id, "INBOX", False)
        self.published.clear()
        for name in ("Public/news", "nowhere", "nowhere", "inbox"):
            await mail.subscribe(alice.id, name, True)
        await mail.subscribe(alice.id, "never", False)
        self.assertEqual({"Public/news", "nowhere", "INBOX"}, await mail.subscriptions(alice.id))
        await mail.subscribe(alice.id, "nowhere", False)
        self.assertEqual({"Public/news", "INBOX"}, await mail.subscriptions(alice.id))
        self.assertEqual({"INBOX"}, await mail.subscriptions(bob.id))
        self.assertEqual(
            [("Public/news", True), ("nowhere", True), ("INBOX", True), ("nowhere", False)],
            [(change.name, change.subscribed) for change in self.published_of(SubscriptionChanged)],
        )

    async def test_subscription_outlives_the_folder(self) -> None:
        """Deleting a folder takes no name off the list (RFC 3501, 6.3.6)."""
        alice = await self.account()
        made = await self.store.mail.create_folder(alice.id, "a")
        await self.store.mail.subscribe(alice.id, "a", True)
        await self.store.mail.delete_folder(made.id)
        self.assertEqual({"INBOX", "a"}, await self.store.mail.subscriptions(alice.id))

    async def test_first_folders_are_subscribed(self) -> None:
        """The folders an account begins with are subscribed: many programs show no others."""
        first = [("Sent", SpecialUse.SENT), ("Lists/one", None)]
        alice = await self.store.accounts.add_account("alice", None, folders=first)
        self.assertEqual(
            {"INBOX", "Sent", "Lists", "Lists/one"}, await self.store.mail.subscriptions(alice.id)
        )

    async def test_maildrop_lock(self) -> None:
        """One session at a time holds a maildrop (RFC 1939, 4)."""
        inbox = await self.inbox()
        other = await self.inbox("bob")
        mail = self.store.mail
        self.assertTrue(await mail.lock_maildrop(inbox.id))
        self.assertFalse(await mail.lock_maildrop(inbox.id))
        self.assertTrue(await mail.lock_maildrop(other.id))
        mail.unlock_maildrop(inbox.id)
        mail.unlock_maildrop(inbox.id)
        self.assertTrue(await mail.lock_maildrop(inbox.id))
