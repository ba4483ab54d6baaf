"""The contract on contents: written, committed, read."""

from __future__ import annotations

import hashlib

from twisted.internet.defer import Deferred, gatherResults

from netsuite.store.changes import MessagesAdded
from netsuite.store.errors import NoSuchFolder, NoSuchMessage, OverQuota, StoreClosed, TooLarge
from netsuite.store.model import ContentId, FolderId, Placement
from netsuite.testing.store_contract.case import StoreCase, message, written


def pattern(octets: int) -> bytes:
    """Return octets of which no two stretches are the same."""
    blocks = (hashlib.sha256(str(number).encode()).digest() for number in range(octets // 32 + 1))
    return b"".join(blocks)[:octets]


class ContentsContract(StoreCase):
    """Contents go in whole or not at all, and come out as they went in."""

    async def test_octets_come_back(self) -> None:
        """What was written is what is read, of any size, octet for octet."""
        inbox = await self.inbox()
        chunk = 256 * 1024
        for octets in (0, 1, 4096, 65536, 65537, chunk - 1, chunk, chunk + 1, 3 * chunk, 1 << 20):
            data = pattern(octets)
            placed = await self.put(inbox, data)
            (seen,) = await self.store.mail.messages(inbox.id, [placed.uid], inbox.owner)
            self.assertEqual(octets, seen.octets)
            self.assertEqual(data, await self.whole(seen.content))
            self.assertEqual(data, await self.store.mail.content(seen.content))
            self.assertEqual(
                {seen.content: data}, dict(await self.store.mail.contents([seen.content]))
            )

    async def test_ranges(self) -> None:
        """A range is read without the rest, whatever the chunks are; pieces are bounded."""
        inbox = await self.inbox()
        data = pattern(700_000)
        placed = await self.put(inbox, data)
        (seen,) = await self.store.mail.messages(inbox.id, [placed.uid], inbox.owner)
        for start, stop in [(0, 1), (0, 0), (262_143, 262_145), (5, 600_000), (699_999, None),
                            (100, 9_000_000), (700_000, None), (800_000, 900_000)]:  # fmt: skip
            self.assertEqual(data[start:stop], await self.whole(seen.content, start, stop))
        pieces = [len(piece) async for piece in self.store.mail.read(seen.content)]
        self.assertLessEqual(max(pieces), 256 * 1024)

    async def test_octet_by_octet(self) -> None:
        """The pieces in which a content is written do not matter, nor does reusing a buffer."""
        inbox = await self.inbox()
        draft = self.store.mail.draft(expected_octets=5)
        buffer = bytearray(1)
        for octet in b"a\r\nb\n":
            buffer[0] = octet
            waiting = draft.write(buffer)  # type: ignore[arg-type]
            if waiting is not None:
                await waiting
        self.assertEqual(5, draft.octets)
        (placed,) = await self.store.mail.commit(draft, [Placement(inbox.id)])
        (seen,) = await self.store.mail.messages(inbox.id, [placed.uid], inbox.owner)
        self.assertEqual(b"a\r\nb\n", await self.store.mail.content(seen.content))

    async def test_crosspost_is_one_content(self) -> None:
        """A content in several folders is kept once: one content, one guid."""
        inbox, other, group = await self.inbox(), await self.inbox("bob"), await self.group()
        placements = [Placement(folder.id) for folder in (inbox, other, group)]
        placed = await self.put_all(placements)
        self.assertEqual([p.folder for p in placements], [p.folder for p in placed])
        seen = [
            (await self.store.mail.messages(folder.id, None, folder.owner))[0]
            for folder in (inbox, other, group)
        ]
        self.assertEqual(1, len({(each.content, each.guid) for each in seen}))
        self.assertRegex(seen[0].guid, "^[0-9a-f]{32}$")
        again = await self.put(inbox)
        (copy,) = await self.store.mail.messages(inbox.id, [again.uid], inbox.owner)
        self.assertNotEqual(seen[0].guid, copy.guid)

    async def test_all_places_or_none(self) -> None:
        """One place that is not there, and nothing is anywhere; nothing is told."""
        inbox = await self.inbox()
        self.published.clear()
        placements = [Placement(inbox.id), Placement(FolderId(999_999))]
        await self.refused(NoSuchFolder, self.put_all(placements))
        self.assertEqual([], list(await self.store.mail.uids(inbox.id)))
        self.assertEqual([], self.published)
        self.assertEqual(1, (await self.store.mail.folder_by_id(inbox.id)).uid_next)

    async def test_nothing_of_a_draft_is_seen(self) -> None:
        """Before the commit there is nothing; after an abort there never is."""
        inbox = await self.inbox()
        draft = self.store.mail.draft()
        await written(draft, pattern(1_500_000))
        self.assertEqual(0, (await self.store.mail.folder_by_id(inbox.id)).messages)
        await draft.abort()
        await draft.abort()
        await self.refused(ValueError, self._commit(draft, inbox.id))
        self.assertRaises(ValueError, draft.write, b"more")
        self.assertEqual([], list(await self.store.mail.uids(inbox.id)))

    async def _commit(self, draft: object, folder: FolderId) -> object:
        return await self.store.mail.commit(draft, [Placement(folder)])  # type: ignore[arg-type]

    async def test_a_draft_commits_once(self) -> None:
        """A second commit of a draft is a mistake, not a second message."""
        inbox = await self.inbox()
        draft = self.store.mail.draft()
        draft.write(b"x")
        await self._commit(draft, inbox.id)
        await self.refused(ValueError, self._commit(draft, inbox.id))
        self.assertEqual([1], list(await self.store.mail.uids(inbox.id)))

    async def test_large_ones_are_streamed(self) -> None:
        """Whole contents are given up to 1 MiB; larger ones only in pieces."""
        inbox = await self.inbox()
        placed = await self.put(inbox, pattern((1 << 20) + 1))
        (seen,) = await self.store.mail.messages(inbox.id, [placed.uid], inbox.owner)
        await self.refused(TooLarge, self.store.mail.content(seen.content))
        self.assertEqual({}, dict(await self.store.mail.contents([seen.content])))

    async def test_unknown_content(self) -> None:
        """A content that is not there is no message."""
        nothing = ContentId(999_999)
        await self.refused(NoSuchMessage, self.store.mail.content(nothing))
        await self.refused(NoSuchMessage, self.whole(nothing))
        self.assertEqual({}, dict(await self.store.mail.contents([nothing])))

    async def test_a_reader_keeps_reading(self) -> None:
        """Who began to read a message reads it to its end though it was expunged."""
        inbox = await self.inbox()
        data = pattern(900_000)
        placed = await self.put(inbox, data)
        (seen,) = await self.store.mail.messages(inbox.id, [placed.uid], inbox.owner)
        reading = self.store.mail.read(seen.content)
        read = await anext(reading)
        await self.store.mail.expunge(inbox.id, None, deleted_only=False)
        await self.catch_up()
        async for piece in reading:
            read += piece
        self.assertEqual(data, read)

    async def test_content_goes_with_the_last_message(self) -> None:
        """A content stays while any folder has it, and is gone afterwards."""
        inbox, other = await self.inbox(), await self.inbox("bob")
        await self.put_all([Placement(inbox.id), Placement(other.id)], pattern(300_000))
        (seen,) = await self.store.mail.messages(inbox.id, None, inbox.owner)
        await self.store.mail.expunge(inbox.id, None, deleted_only=False)
        await self.catch_up()
        self.assertEqual(300_000, len(await self.whole(seen.content)))
        await self.store.mail.delete_folder(
            (await self.store.mail.create_folder(inbox.owner, "unrelated")).id
        )
        await self.store.mail.expunge(other.id, None, deleted_only=False)
        await self.catch_up()
        await self.refused(NoSuchMessage, self.whole(seen.content))

    async def test_many_at_once(self) -> None:
        """Commits that share an fsync stay apart: each has its UID, in the order asked."""
        inbox = await self.inbox()
        self.published.clear()
        texts = [message(str(number)) for number in range(40)]
        drafts = []
        for text in texts:
            drafts.append(self.store.mail.draft())
            drafts[-1].write(text)
        await gatherResults(
            [
                Deferred.fromCoroutine(self.store.mail.commit(draft, [Placement(inbox.id)]))
                for draft in drafts
            ]
        )
        seen = await self.store.mail.messages(inbox.id, None, inbox.owner)
        self.assertEqual(list(range(1, 41)), [each.uid for each in seen])
        self.assertEqual(texts, [await self.store.mail.content(each.content) for each in seen])
        told = self.published_of(MessagesAdded)
        self.assertEqual(list(range(1, 41)), [uid for change in told for uid in change.uids])
        modseqs = [change.modseq for change in told]
        self.assertEqual(sorted(modseqs), modseqs)

    async def test_one_bad_among_many(self) -> None:
        """A commit that is refused does not take along those it shared a transaction with."""
        inbox = await self.inbox()
        outcomes = []
        for folder in (inbox.id, FolderId(999_999), inbox.id):
            draft = self.store.mail.draft()
            draft.write(b"x")
            deferred = Deferred.fromCoroutine(self.store.mail.commit(draft, [Placement(folder)]))
            outcomes.append(deferred.addCallbacks(lambda r: "stored", lambda f: f.type.__name__))
        self.assertEqual(["stored", "NoSuchFolder", "stored"], await gatherResults(outcomes))
        self.assertEqual([1, 2], list(await self.store.mail.uids(inbox.id)))

    async def test_quota(self) -> None:
        """The quota counts every copy; what would exceed it is refused whole."""
        alice = await self.account()
        mail, inbox = self.store.mail, await self.store.mail.folder(alice.id, "INBOX")
        await self.store.accounts.update_account(alice.id, quota_octets=100, quota_messages=3)
        await self.put(inbox, b"x" * 60)
        await self.refused(OverQuota, self.put(inbox, b"x" * 41))
        usage = await mail.usage(alice.id)
        self.assertEqual(
            (60, 1, 100, 3),
            (usage.octets, usage.messages, usage.quota_octets, usage.quota_messages),
        )
        await self.put(inbox, b"x" * 40)
        await self.put(inbox, b"")
        await self.refused(OverQuota, self.put(inbox, b""))
        await mail.expunge(inbox.id, [1], deleted_only=False)
        self.assertEqual(40, (await mail.usage(alice.id)).octets)
        await self.put(inbox, b"y" * 30)
        await self.refused(
            OverQuota, self.put_all([Placement(inbox.id), Placement(inbox.id)], b"y" * 20)
        )
        self.assertEqual(3, (await mail.folder_by_id(inbox.id)).messages)

    async def test_quota_of_one_recipient(self) -> None:
        """One full recipient keeps the message from all (the caller splits if it wants to)."""
        alice, bob = await self.inbox(), await self.inbox("bob")
        assert bob.owner is not None
        await self.store.accounts.update_account(bob.owner, quota_messages=0)
        await self.refused(OverQuota, self.put_all([Placement(alice.id), Placement(bob.id)]))
        self.assertEqual([], list(await self.store.mail.uids(alice.id)))

    async def test_closed(self) -> None:
        """After closing, everything says so."""
        inbox = await self.inbox()
        await self.store.close()
        await self.refused(StoreClosed, self.store.mail.folder_by_id(inbox.id))
        await self.refused(StoreClosed, self.store.mail.folders(inbox.owner))
        await self.refused(StoreClosed, self.store.accounts.accounts())
        await self.refused(StoreClosed, self.store.queue.items())
        self.assertRaises(StoreClosed, self.store.mail.draft)
