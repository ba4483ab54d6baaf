"""The contract on what news needs: Message-IDs found, and refused twice."""

from __future__ import annotations

from twisted.internet.defer import Deferred, gatherResults

from netsuite.store.errors import MessageExists
from netsuite.store.model import FolderId, FolderKind, Placement
from netsuite.testing.store_contract.case import StoreCase, message, written

ONE = "<one@example.test>"


def article(message_id: str = ONE, body: str = "text") -> bytes:
    """Return a message with a Message-ID that is not its first field."""
    return message("article", body, Message_ID=message_id)


class ArticlesContract(StoreCase):
    """Articles of public folders are found by Message-ID, whatever put them there."""

    async def _places(self, message_id: str = ONE) -> list[tuple[FolderId, int]]:
        found = list(await self.store.mail.find_message_id(message_id))
        many = await self.store.mail.find_message_ids([message_id, "<no@where>"])
        self.assertEqual(
            {message_id: found} if found else {}, {k: list(v) for k, v in many.items()}
        )
        return found

    async def test_found_in_public_folders(self) -> None:
        """A crosspost is found in all its groups; the same message in a mailbox is not."""
        inbox, group, other = await self.inbox(), await self.group(), await self.group("misc.test")
        self.assertEqual([], await self._places())
        await self.put(inbox, article())
        self.assertEqual([], await self._places())
        await self.put(other, message())
        placements = [Placement(group.id), Placement(other.id), Placement(inbox.id)]
        await self.put_all(placements, article())
        self.assertEqual(sorted([(group.id, 1), (other.id, 2)]), await self._places())
        self.assertEqual([], await self._places("<ONE@example.test>"))
        for odd in ("", "<>", "<\0@x>", "<\u00fc@x>", "%", "<one@example.test> "):
            self.assertEqual([], list(await self.store.mail.find_message_id(odd)))

    async def test_goes_with_the_message(self) -> None:
        """Expunged, moved away, or its folder deleted: it is not found there any more."""
        inbox, group, other = await self.inbox(), await self.group(), await self.group("misc.test")
        await self.put_all([Placement(group.id), Placement(other.id)], article())
        await self.store.mail.expunge(group.id, [1], deleted_only=False)
        self.assertEqual([(other.id, 1)], await self._places())
        await self.store.mail.move(other.id, [1], inbox.id, inbox.owner)
        self.assertEqual([], await self._places())
        await self.store.mail.copy(inbox.id, [1], group.id, inbox.owner)
        self.assertEqual([(group.id, 2)], await self._places())
        await self.store.mail.delete_folder(group.id)
        self.assertEqual([], await self._places())

    async def test_large_and_odd_ones(self) -> None:
        """The header of a large message is read; one without a usable Message-ID is not kept."""
        group = await self.group()
        draft = self.store.mail.draft()
        await written(draft, article(body="x" * 900_000))
        await self.store.mail.commit(draft, [Placement(group.id)])
        self.assertEqual([(group.id, 1)], await self._places())
        in_body = b"Subject: x\r\n\r\nMessage-ID: <body@x>\r\n"
        no_id = b"Message-ID: none\r\n\r\n"
        for octets in (b"", b"\r\n", no_id, in_body, b"\x00" * 300_000):
            await self.put(group, octets)
        self.assertEqual([], await self._places("<body@x>"))
        await self.put(group, b"A: b\nmessage-id :\n <folded@x> (old)\n\ntext")
        self.assertEqual([(group.id, 7)], await self._places("<folded@x>"))

    async def test_only_once(self) -> None:
        """Of four commits at once that insist on a Message-ID, one succeeds."""
        group = await self.group()

        def posting() -> Deferred[object]:
            async def post() -> object:
                draft = self.store.mail.draft()
                await written(draft, article())
                try:
                    return await self.store.mail.commit(
                        draft, [Placement(group.id)], message_id=ONE
                    )
                except MessageExists as error:
                    return error

            return Deferred.fromCoroutine(post())

        results = await gatherResults([posting() for _ in range(4)])
        refused = [each for each in results if isinstance(each, MessageExists)]
        self.assertEqual(3, len(refused))
        self.assertEqual([(group.id, 1)], await self._places())
        self.assertEqual(2, (await self.store.mail.folder_by_id(group.id)).uid_next)

    async def test_first_uids(self) -> None:
        """The lowest UID of folders, in one go; empty ones and those not there are left out."""
        group, other = await self.group(), await self.group("misc.test")
        for _ in range(3):
            await self.put(group)
        await self.store.mail.expunge(group.id, [1], deleted_only=False)
        wanted = [group.id, other.id, FolderId(999_999)]
        self.assertEqual({group.id: 2}, dict(await self.store.mail.first_uids(wanted)))

    async def test_groups_keep_what_they_were_made_with(self) -> None:
        """Kind, description, moderator and whether one may post."""
        made = await self.store.mail.create_folder(
            None, "misc.moderated", kind=FolderKind.GROUP, description="Talk", postable=False,
            moderator="alice",
        )  # fmt: skip
        for folder in (made, await self.store.mail.folder(None, "misc.moderated")):
            self.assertEqual(
                (FolderKind.GROUP, "Talk", False, "alice"),
                (folder.kind, folder.description, folder.postable, folder.moderator),
            )
