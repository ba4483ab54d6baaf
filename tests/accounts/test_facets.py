"""What an account's facets allow, and under which names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from netsuite.accounts.interfaces import (
    MailAccess,
    Maildrop,
    MaildropInUse,
    NewMail,
    OpenedLately,
)
from netsuite.store.changes import Change, FolderCreated
from netsuite.store.errors import BadFolderName, NoSuchFolder, NoSuchMessage, NotPermitted
from netsuite.store.model import SEEN, FlagAction, Placement
from netsuite.testing.cases import TestCase
from tests.accounts.worlds import TLS, World

F = TypeVar("F")


class Facets(TestCase):
    """Mail access and maildrops over the memory store."""

    def setUp(self) -> None:
        self.world = World()

    async def facet(self, name: str, facet: type[F]) -> F:
        """Log in; return the facet."""
        return (await self.world.authenticator.log_in(TLS, name, "secret", facet)).avatar

    async def mail(self, name: str) -> MailAccess:
        """Log in for mail."""
        return await self.facet(name, MailAccess)

    async def put(
        self, mail: MailAccess, folder: str, octets: bytes = b"Subject: x\r\n\r\n"
    ) -> int:
        """APPEND, as it were; give the UID."""
        draft = mail.draft()
        draft.write(octets)
        (placed,) = await mail.append(folder, [NewMail(draft)])
        return placed.uid

    async def test_public_folders(self) -> None:
        """Public folders are below Public/, for reading; only an administrator changes them."""
        await self.world.account("ann")
        await self.world.account("root", groups=frozenset({"admin"}))
        root, ann = await self.mail("root"), await self.mail("ann")
        await root.create("Public/lists")
        uid = await self.put(root, "Public/lists")
        names = [folder.name for folder in await ann.folders()]
        self.assertEqual(["INBOX", "Public/lists"], names)
        folder = await ann.folder("Public/lists")
        self.assertFalse(ann.writable(folder))
        self.assertTrue(root.writable(folder))
        with self.assertRaises(NotPermitted):
            await self.put(ann, "Public/lists")
        with self.assertRaises(NotPermitted):
            await ann.expunge(folder.id, None)
        with self.assertRaises(NotPermitted):
            await ann.move(folder.id, [uid], "INBOX")
        with self.assertRaises(NotPermitted):
            await ann.delete("Public/lists")
        with self.assertRaises(NotPermitted):
            await ann.create("Public/mine")
        copied = await ann.copy(folder.id, [uid], "INBOX")
        self.assertEqual((uid,), tuple(copied.sources))

    async def test_read_state_is_ones_own(self) -> None:
        """What ann has read in a public folder is still new to bob."""
        await self.world.account("root", groups=frozenset({"admin"}))
        await self.world.account("ann")
        root, ann = await self.mail("root"), await self.mail("ann")
        await root.create("Public/lists")
        uid = await self.put(root, "Public/lists")
        folder = await ann.folder("Public/lists")
        await ann.store_flags(folder.id, [uid], FlagAction.ADD, frozenset({SEEN}))
        self.assertEqual(0, (await ann.status("Public/lists")).unseen)
        self.assertEqual(1, (await root.status("Public/lists")).unseen)

    async def test_others_marks_are_not_heard(self) -> None:
        """Who watches a public folder hears new messages, and of flags only their own."""
        for name in ("root", "ann", "bob"):
            await self.world.account(name, groups=frozenset({"admin"} if name == "root" else ()))
        root, ann, bob = [await self.mail(name) for name in ("root", "ann", "bob")]
        await root.create("Public/lists")
        folder = await ann.folder("Public/lists")
        heard: list[Change] = []
        subscription = ann.watch_folder(folder.id, heard.append)
        uid = await self.put(root, "Public/lists")
        for who in (bob, ann):
            await who.store_flags(folder.id, [uid], FlagAction.ADD, frozenset({SEEN}))
        subscription.cancel()
        self.assertEqual(["MessagesAdded", "FlagsChanged"], [type(each).__name__ for each in heard])

    async def test_anothers_folders(self) -> None:
        """Nobody sees another's folders, whatever name is given."""
        await self.world.account("ann")
        await self.world.account("bob")
        ann, bob = await self.mail("ann"), await self.mail("bob")
        await ann.create("Secret")
        for name in ("Secret", "ann/Secret", "../ann/Secret", "Public/../Secret"):
            with self.assertRaises((NoSuchFolder, BadFolderName)):
                await bob.folder(name)

    async def test_the_namespace_itself(self) -> None:
        """A folder called Public cannot be made, nor renamed to."""
        await self.world.account("ann")
        ann = await self.mail("ann")
        with self.assertRaises(BadFolderName):
            await ann.create("Public")
        await ann.create("Mine")
        with self.assertRaises(BadFolderName):
            await ann.rename("Mine", "Public")
        with self.assertRaises(NotPermitted):
            await ann.rename("Mine", "Public/Mine")

    async def test_changes_carry_full_names(self) -> None:
        """A new public folder is told of by the name the client knows it by."""
        await self.world.account("root", groups=frozenset({"admin"}))
        root = await self.mail("root")
        heard: list[Change] = []
        subscription = root.watch(heard.append)
        await root.create("Public/lists")
        subscription.cancel()
        self.assertIn(
            "Public/lists", [each.name for each in heard if isinstance(each, FolderCreated)]
        )

    async def test_maildrop(self) -> None:
        """One session at a time; numbers stay; what is removed is gone, the rest is not."""
        account = await self.world.account("ann")
        inbox = await self.world.store.mail.folder(account.id, "INBOX")
        for number in range(3):
            draft = self.world.store.mail.draft()
            draft.write(b"Subject: %d\r\n\r\n" % number)
            await self.world.store.mail.commit(draft, [Placement(inbox.id)])
        first = await self.maildrop("ann")
        items = await first.open()
        self.assertEqual((3, [14] * 3), (len(set(items.uidls)), list(items.octets)))
        second = await self.maildrop("ann")
        with self.assertRaises(MaildropInUse):
            await second.open()
        octets = b"".join([chunk async for chunk in first.read(1)])
        self.assertEqual(b"Subject: 1\r\n\r\n", octets)
        with self.assertRaises(NoSuchMessage):
            first.read(3)
        (message, *_) = await self.world.store.mail.messages(inbox.id, [1], account.id)
        later = message.internal_date + timedelta(seconds=1)
        self.assertEqual([0, 2], sorted(await first.received_before([0, 2], later)))
        self.assertEqual([], list(await first.received_before([0, 2], message.internal_date)))
        await first.remove([0, 2])
        first.release()
        first.release()
        left = await second.open()
        self.assertEqual([items.uidls[1]], list(left.uidls))
        second.release()

    async def test_opened_lately(self) -> None:
        """Who has opened a maildrop opens it again when the time has come; who was refused has
        locked nothing, and each account has its own time."""
        for name in ("ann", "ben"):
            await self.world.account(name)
        later = datetime.now(UTC) + timedelta(minutes=1)
        first = await self.maildrop("ann")
        await first.open(later)
        first.release()
        second = await self.maildrop("ann")
        with self.assertRaises(OpenedLately):
            await second.open(later)
        await second.open()  # not locked, and no such rule
        second.release()
        other = await self.maildrop("ben")
        await other.open(later)
        other.release()

    async def maildrop(self, name: str) -> Maildrop:
        """Log in for POP3."""
        return await self.facet(name, Maildrop)
