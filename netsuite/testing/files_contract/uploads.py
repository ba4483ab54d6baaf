"""The contract on uploads."""

from __future__ import annotations

import os
from collections.abc import Awaitable
from datetime import UTC, datetime

from netsuite.store import errors
from netsuite.store.tree import UploadRequest
from netsuite.testing.files_contract.case import FilesCase, written


class UploadContract(FilesCase):
    """Files on their way in."""

    async def test_not_there_before(self) -> None:
        """Until it is committed a file is not there, and what was there is."""
        upload = await self.partly(("f",), b"new")
        self.assertEqual([], await self.names())
        await self.refused(errors.NoSuchFile, self.tree.open(("f",)))
        self.assertEqual(3, upload.octets)
        self.assertEqual(3, (await upload.commit()).octets)
        second = await self.partly(("f",), b"newer")
        self.assertEqual(b"new", await self.whole(("f",)))
        await second.commit()
        self.assertEqual(b"newer", await self.whole(("f",)))
        self.assertEqual([(("f",), False)] * 2, self.published)
        self.assertEqual([("f",)] * 2, self.uploaded)

    async def test_sizes(self) -> None:
        """Files of every size come out as they went in, empty ones too."""
        for octets in (0, 1, 65_536, 131_072, 131_073, 3_000_001):
            data = os.urandom(octets)
            entry = await self.put(("f",), data, expected_octets=octets)
            self.assertEqual(octets, entry.octets)
            self.assertEqual(data, await self.whole(("f",)))

    async def test_modified(self) -> None:
        """The time of a file can come with it."""
        when = datetime(2001, 2, 3, 4, 5, 6, 7, UTC)
        upload = await self.partly(("f",))
        self.assertEqual(when, (await upload.commit(modified=when)).modified)
        self.assertEqual(when, (await self.tree.entry(("f",))).modified)

    async def test_abort(self) -> None:
        """What is aborted leaves nothing, and may be aborted again; nor may it go on."""
        upload = await self.partly(("f",), b"x" * 200_000)
        await upload.abort()
        await upload.abort(keep_partial=True)
        self.assertEqual(([], []), (await self.names(), self.published))
        self.assertRaises(ValueError, upload.write, b"x")
        await self.refused(ValueError, upload.commit())
        done = await self.partly(("f",), b"done")
        await done.commit()
        await done.abort()
        await self.refused(ValueError, done.commit())
        self.assertEqual(b"done", await self.whole(("f",)))

    async def test_kinds(self) -> None:
        """A file cannot take a directory's name, nor be in a directory that is not there."""
        await self.tree.make_directory(("d",))
        await self.refused(errors.IsADirectory, self.tree.upload(("d",)))
        upload = await self.partly(("e",))
        await self.tree.make_directory(("e",))
        await self.refused(errors.IsADirectory, upload.commit())
        self.assertEqual(["d", "e"], await self.names())

    async def test_resume(self) -> None:
        """An upload goes on behind what is there of the file, wherever in it."""
        await self.put(("f",), b"0123456789")
        for at, more, whole in (
            (10, b"abc", b"0123456789abc"),
            (4, b"X", b"0123X"),
            (0, b"Y", b"Y"),
            (1, b"", b"Y"),
        ):
            upload = await self.tree.upload(("f",), UploadRequest(resume_at=at))
            self.assertEqual(at, upload.octets)
            await written(upload, more)
            self.assertEqual(len(whole), (await upload.commit()).octets)
            self.assertEqual(whole, await self.whole(("f",)))
        await self.refused(errors.NoSuchFile, self.tree.upload(("f",), UploadRequest(resume_at=2)))
        await self.refused(errors.NoSuchFile, self.tree.upload(("g",), UploadRequest(resume_at=1)))

    async def test_append(self) -> None:
        """What is appended comes behind all there is, or makes the file."""
        await self.put(("f",), b"one ", append=True)
        await self.put(("f",), b"two", append=True)
        self.assertEqual(b"one two", await self.whole(("f",)))

    async def test_append_loses_nothing(self) -> None:
        """Of two that append at the same time one is told that the file has changed."""
        await self.put(("f",), b"0")
        first = await self.partly(("f",), b"1", append=True)
        second = await self.partly(("f",), b"2", append=True)
        await second.commit()
        await self.refused(errors.Changed, first.commit())
        self.assertEqual(b"02", await self.whole(("f",)))

    async def test_only_new(self) -> None:
        """Only one of many who make a new file makes it; none replaces anything."""
        uploads = [await self.partly(("f",), b"%d" % n, only_new=True) for n in range(3)]
        await uploads[1].commit()
        await self.refused(errors.FileInTheWay, uploads[0].commit())
        await self.refused(errors.FileInTheWay, uploads[2].commit())
        await self.refused(
            errors.FileInTheWay, self.tree.upload(("f",), UploadRequest(only_new=True))
        )
        self.assertEqual((b"1", ["f"]), (await self.whole(("f",)), await self.names()))

    async def test_if_validator(self) -> None:
        """Who has not seen the last state of a file does not replace it."""
        first = (await self.put(("f",), b"1")).validator
        late = await self.partly(("f",), b"late", if_validator=first)
        second = (await self.put(("f",), b"2", if_validator=first)).validator
        await self.refused(errors.Changed, late.commit())
        await self.refused(
            errors.Changed, self.tree.upload(("f",), UploadRequest(if_validator=first))
        )
        await self.refused(
            errors.Changed, self.tree.upload(("g",), UploadRequest(if_validator=first))
        )
        gone = await self.partly(("f",), b"3", if_validator=second)
        await self.tree.remove_file(("f",))
        await self.refused(errors.Changed, gone.commit())
        self.assertEqual([], await self.names())

    async def test_same_name(self) -> None:
        """Of many uploads to one name the last commit wins, whole."""
        uploads = [await self.partly(("f",), bytes([n]) * 200_000) for n in range(8)]
        for number in (3, 7, 0, 5):
            await uploads[number].commit()
        for number in (1, 2, 4, 6):
            await uploads[number].abort()
        self.assertEqual(b"\x05" * 200_000, await self.whole(("f",)))
        self.assertEqual(["f"], await self.names())

    async def test_may_replace(self) -> None:
        """Who commits is asked before a file that is there is replaced, and of nothing else; a no
        leaves all as it was."""
        asked: list[bool] = []

        async def refuse() -> None:
            asked.append(True)
            raise errors.Changed("no")

        async def allow() -> None:
            asked.append(False)

        for content in (b"first", b"second"):
            upload = await self.tree.upload(("f",))
            upload.write(content)
            if content == b"first":
                await upload.commit(may_replace=refuse)
            else:
                await self.refused(errors.Changed, upload.commit(may_replace=refuse))
        self.assertEqual([True], asked)
        self.assertEqual(b"first", await self.whole(("f",)))
        self.assertEqual(["f"], await self.names())
        upload = await self.tree.upload(("f",))
        upload.write(b"third")
        entry = await upload.commit(may_replace=allow)
        self.assertEqual(5, entry.octets)
        self.assertEqual([True, False], asked)
        self.assertEqual(b"third", await self.whole(("f",)))

    async def test_keep_partial(self) -> None:
        """What came before the line broke is there to be resumed, again and again."""
        await (await self.partly(("f",), b"a" * 200_000)).abort(keep_partial=True)
        self.assertEqual(b"a" * 200_000, await self.whole(("f",)))
        for at, append in ((200_000, False), (None, True)):
            upload = await self.partly(("f",), b"b" * 9, resume_at=at, append=append)
            await upload.abort(keep_partial=True)
        self.assertEqual(b"a" * 200_000 + b"b" * 18, await self.whole(("f",)))
        self.assertEqual([(("f",), False)] * 3, self.published)
        self.assertEqual([], self.uploaded)

    async def test_keep_partial_takes_nothing_away(self) -> None:
        """A part never replaces what was there before or came meanwhile; nothing is no part."""
        await self.put(("f",), b"whole")
        await (await self.partly(("f",), b"pa")).abort(keep_partial=True)
        await (await self.partly(("f",), b"pa", resume_at=2)).abort(keep_partial=True)
        resumed = await self.partly(("f",), b"pa", resume_at=5)
        await self.put(("f",), b"other")
        await resumed.abort(keep_partial=True)
        meanwhile = await self.partly(("g",), b"pa")
        await self.put(("g",), b"whole")
        await meanwhile.abort(keep_partial=True)
        gone = await self.partly(("g",), b"pa", append=True)
        await self.tree.remove_file(("g",))
        await gone.abort(keep_partial=True)
        await (await self.partly(("h",), b"")).abort(keep_partial=True)
        self.assertEqual(["f"], await self.names())
        self.assertEqual(b"other", await self.whole(("f",)))

    async def test_too_large(self) -> None:
        """More than the tree takes is refused at once when announced, else as soon as it came."""
        tree = await self.make_tree(100)
        await self.refused(errors.TooLarge, tree.upload(("f",), UploadRequest(expected_octets=101)))
        await self.put(("f",), b"x" * 100, tree, expected_octets=100)
        await self.refused(
            errors.TooLarge, tree.upload(("f",), UploadRequest(append=True, expected_octets=1))
        )
        upload = await tree.upload(("g",))
        self.assertIsNone(upload.write(b"x" * 100))
        for _ in range(2):
            waiting = upload.write(b"y")
            assert waiting is not None
            await self.refused(errors.TooLarge, _awaited(waiting))
        await self.refused(errors.TooLarge, upload.commit())
        other = await tree.upload(("g",))
        other.write(b"x" * 101)
        await other.abort(keep_partial=True)
        self.assertEqual(["f"], [entry.name for entry in await tree.sorted_listing(())])


async def _awaited(waiting: Awaitable[object]) -> None:
    await waiting
