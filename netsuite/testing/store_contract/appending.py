"""The contract on several messages at once, and on one that takes another's place."""

from __future__ import annotations

from collections.abc import Sequence

from netsuite.store.changes import MessagesAdded, MessagesExpunged
from netsuite.store.errors import NoSuchFolder, NoSuchMessage, OverQuota
from netsuite.store.interfaces import Draft
from netsuite.store.model import Folder, FolderId, Placed, Placement
from netsuite.testing.store_contract.case import StoreCase, written


class AppendingContract(StoreCase):
    """``commit_all``."""

    async def _all(
        self,
        *messages: tuple[FolderId, bytes],
        instead_of: tuple[FolderId, int] | None = None,
    ) -> Sequence[Placed]:
        drafts: list[tuple[Draft, Placement]] = []
        for folder, octets in messages:
            draft = self.store.mail.draft()
            await written(draft, octets)
            drafts.append((draft, Placement(folder, frozenset({"\\Seen"}))))
        return await self.store.mail.commit_all(drafts, instead_of=instead_of)

    async def _sizes(self, folder: Folder) -> list[tuple[int, int]]:
        found = await self.store.mail.messages(folder.id, None, folder.owner)
        return [(each.uid, each.octets) for each in found]

    async def test_several(self) -> None:
        """They come in their order, small ones and one that went to disk as it came."""
        inbox = await self.inbox()
        large = b"y" * 600_000
        placed = await self._all((inbox.id, b"x"), (inbox.id, large), (inbox.id, b"zz"))
        self.assertEqual([1, 2, 3], [each.uid for each in placed])
        self.assertEqual([(1, 1), (2, 600_000), (3, 2)], await self._sizes(inbox))
        messages = await self.store.mail.messages(inbox.id, None, inbox.owner)
        self.assertEqual({frozenset({"\\Seen"})}, {each.flags for each in messages})
        self.assertEqual(large, await self.whole(messages[1].content))
        self.assertEqual(3, len(self.published_of(MessagesAdded)))

    async def test_all_or_none(self) -> None:
        """Where one has no room, or no folder, none is stored, and nothing is told."""
        inbox = await self.inbox()
        assert inbox.owner is not None
        await self.store.accounts.update_account(inbox.owner, quota_octets=10)
        self.published.clear()
        await self.refused(OverQuota, self._all((inbox.id, b"x" * 6), (inbox.id, b"y" * 6)))
        nowhere = FolderId(987_654)
        await self.refused(NoSuchFolder, self._all((inbox.id, b"x"), (nowhere, b"y")))
        self.assertEqual([], await self._sizes(inbox))
        self.assertEqual([], self.published)
        self.assertEqual(0, (await self.store.mail.usage(inbox.owner)).octets)
        placed = await self._all((inbox.id, b"x" * 6), (inbox.id, b"y" * 4))
        self.assertEqual([1, 2], [each.uid for each in placed])

    async def test_instead_of(self) -> None:
        """One takes another's place and its room, in its own folder or another (RFC 8508)."""
        inbox = await self.inbox()
        assert inbox.owner is not None
        sent = await self.store.mail.create_folder(inbox.owner, "sent")
        await self.put(inbox, b"x" * 10)
        await self.store.accounts.update_account(inbox.owner, quota_octets=10, quota_messages=1)
        self.published.clear()
        (placed,) = await self._all((inbox.id, b"y" * 9), instead_of=(inbox.id, 1))
        self.assertEqual(2, placed.uid)
        self.assertEqual([(2, 9)], await self._sizes(inbox))
        told = {(type(each), each.folder, each.uids) for each in self.published}
        self.assertEqual(
            {(MessagesExpunged, inbox.id, (1,)), (MessagesAdded, inbox.id, (2,))}, told
        )
        await self._all((sent.id, b"z" * 10), instead_of=(inbox.id, 2))
        self.assertEqual(([], [(1, 10)]), (await self._sizes(inbox), await self._sizes(sent)))
        self.assertEqual(10, (await self.store.mail.usage(inbox.owner)).octets)

    async def test_instead_of_nothing(self) -> None:
        """Where the other is gone, or there is no room still, all stays as it was."""
        inbox = await self.inbox()
        assert inbox.owner is not None
        await self.put(inbox, b"x" * 10)
        await self.store.accounts.update_account(inbox.owner, quota_octets=10)
        self.published.clear()
        replacing = self._all((inbox.id, b"y"), instead_of=(inbox.id, 7))
        await self.refused(NoSuchMessage, replacing)
        replacing = self._all((inbox.id, b"y" * 11), instead_of=(inbox.id, 1))
        await self.refused(OverQuota, replacing)
        self.assertEqual([(1, 10)], await self._sizes(inbox))
        self.assertEqual([], self.published)
