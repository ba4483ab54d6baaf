"""What every tree of files promises, as tests: mix ``FilesContract`` into a trial ``TestCase``.

::

    class MemoryTreeTests(FilesContract, TestCase):
        async def make_tree(self) -> MemoryTree:
            return MemoryTree(told=self.note)
"""

from __future__ import annotations

import os
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import Deferred

from netsuite.store.errors import (
    BadFileName,
    Changed,
    DirectoryNotEmpty,
    FileInTheWay,
    IsADirectory,
    NoSuchFile,
    NotADirectory,
    NotPermitted,
    TooLarge,
)
from netsuite.store.tree import (
    DEPTH,
    Entry,
    EntryKind,
    HomeTree,
    TreePath,
    Upload,
    name_octets,
    name_of,
)
from netsuite.testing.store_contract.base import _Base, written

#: Names that no tree takes, whatever is asked of it.
BAD_NAMES = (
    "", ".", "..", "/", "a/b", "../a", "a\0", "\0", "a\nb", "a\r", "\x7f", "\x85", "\x1b[2J",
    "x" * 256, "ü" * 128, "\ud800", "\udcc3\udcbc", "\udcc2\udc85", ".netsuite-upload-1",
    ".netsuite-x",
)  # fmt: skip

#: Names that every tree takes and gives back as they were.
GOOD_NAMES = (
    "a", "a b", " ", "...", ".hidden", "-rf", "~", "*", "%2e%2e", "\\", "C:", "x" * 255,
    "ü" * 127, "u\u0308", "\u00fc", "日本", "\U0001f409", "caf\udce9",
    "\udcff\udcfe", "con", "a\u2028b",
)  # fmt: skip


class FilesBase(_Base):
    """A test case with a tree in ``self.tree``, all of whose changes ``self.told`` holds."""

    tree: HomeTree

    async def make_tree(self, limit_octets: int | None = None) -> HomeTree:
        """Make an empty tree that tells ``self.note`` of changes."""
        raise NotImplementedError

    async def close_trees(self) -> None:
        """Close what ``make_tree`` made."""

    def note(self, path: TreePath, gone: bool) -> None:
        """Take note of a change."""
        self.told.append((path, gone))

    def setUp(self) -> Deferred[None]:
        """Make a tree."""
        return Deferred.fromCoroutine(self._set_up())

    def tearDown(self) -> Deferred[None]:
        """Close it."""
        return Deferred.fromCoroutine(self.close_trees())

    async def _set_up(self) -> None:
        self.told: list[tuple[TreePath, bool]] = []
        self.tree = await self.make_tree()

    # -- shorthand

    async def put(
        self,
        path: TreePath,
        octets: bytes = b"content",
        tree: HomeTree | None = None,
        **wanted: Any,
    ) -> Entry:
        """Put a file there."""
        upload = await (tree or self.tree).upload(path, **wanted)
        await written(upload, octets)
        return await upload.commit()

    async def partly(self, path: TreePath, octets: bytes = b"content", **wanted: Any) -> Upload:
        """Begin a file."""
        upload = await self.tree.upload(path, **wanted)
        await written(upload, octets)
        return upload

    async def whole(self, path: TreePath, tree: HomeTree | None = None) -> bytes:
        """Read a file."""
        file = await (tree or self.tree).open(path)
        data = b""
        try:
            while piece := await file.read(len(data), 100_000):
                data += piece
        finally:
            file.close()
        return data

    async def names(self, path: TreePath = ()) -> list[str]:
        """Give the names in a directory, sorted."""
        return [entry.name for entry in await self.tree.sorted_listing(path)]

    async def refused(self, error: type[BaseException], doing: Coroutine[Any, Any, object]) -> None:
        """Fail unless *doing* raises *error*."""
        try:
            result = await doing
        except error:
            return
        self.fail(f"{error.__name__} was not raised; the result was {result!r}")


class NamesContract(FilesBase):
    """Names and paths."""

    async def test_bad_names(self) -> None:
        """No method takes a name that no file can have, at whichever place of a path."""
        await self.tree.make_directory(("d",))
        for name in BAD_NAMES:
            for path in ((name,), ("d", name), (name, "d")):
                tree = self.tree
                for doing in (
                    tree.entry(path),
                    tree.sorted_listing(path),
                    tree.open(path),
                    tree.upload(path),
                    tree.make_directory(path),
                    tree.remove_file(path),
                    tree.remove_directory(path),
                    tree.rename(path, ("x",)),
                    tree.rename(("d",), path),
                    tree.set_modified(path, datetime.now(UTC)),
                ):
                    await self.refused(BadFileName, doing)
        self.assertEqual(["d"], await self.names())

    async def test_good_names(self) -> None:
        """Every other name comes back as it was given: spaces, dots, forms of Unicode, and octets
        that are no UTF-8; the two forms of one letter are two files."""
        for number, name in enumerate(GOOD_NAMES):
            await self.put((name,), b"%d" % number)
        self.assertEqual(sorted(GOOD_NAMES), await self.names())
        for number, name in enumerate(GOOD_NAMES):
            self.assertEqual(b"%d" % number, await self.whole((name,)))
            self.assertEqual(name, name_of(name_octets(name)))
            self.assertEqual(name, (await self.tree.entry((name,))).name)

    async def test_depth(self) -> None:
        """A path may be so deep and no deeper."""
        path: TreePath = ()
        for _ in range(DEPTH):
            path += ("d",)
            await self.tree.make_directory(path)
        await self.tree.entry(path)
        await self.refused(BadFileName, self.tree.make_directory((*path, "d")))
        await self.refused(BadFileName, self.tree.entry((*path, "d")))

    async def test_through_a_file(self) -> None:
        """A file has nothing below it."""
        await self.put(("f",))
        for doing in (
            self.tree.entry(("f", "x")),
            self.tree.sorted_listing(("f", "x")),
            self.tree.open(("f", "x")),
            self.tree.upload(("f", "x")),
            self.tree.make_directory(("f", "x")),
            self.tree.remove_file(("f", "x")),
            self.tree.remove_directory(("f", "x")),
            self.tree.rename(("f", "x"), ("y",)),
            self.tree.rename(("f",), ("f", "x")),
        ):
            await self.refused((NoSuchFile, NotPermitted), doing)  # type: ignore[arg-type]

    async def test_nothing_there(self) -> None:
        """What is not there cannot be looked at, read, listed, removed or renamed."""
        for path in (("x",), ("x", "y")):
            for doing in (
                self.tree.entry(path),
                self.tree.sorted_listing(path),
                self.tree.open(path),
                self.tree.remove_file(path),
                self.tree.remove_directory(path),
                self.tree.rename(path, ("y",)),
                self.tree.set_modified(path, datetime.now(UTC)),
            ):
                await self.refused(NoSuchFile, doing)
        await self.refused(NoSuchFile, self.tree.upload(("x", "y")))
        await self.refused(NoSuchFile, self.tree.make_directory(("x", "y")))
        self.assertEqual([], self.told)

    async def test_the_root(self) -> None:
        """The root is a directory without a name that can be listed, and nothing else."""
        root = await self.tree.entry(())
        self.assertEqual(("", EntryKind.DIRECTORY, 0), (root.name, root.kind, root.octets))
        self.assertEqual([], list(await self.tree.sorted_listing(())))
        for error, doing in (
            (IsADirectory, self.tree.open(())),
            (IsADirectory, self.tree.upload(())),
            (IsADirectory, self.tree.remove_file(())),
            (FileInTheWay, self.tree.make_directory(())),
            (NotPermitted, self.tree.remove_directory(())),
            (NotPermitted, self.tree.rename((), ("x",))),
        ):
            await self.refused(error, doing)


class ReadingContract(FilesBase):
    """Looking, listing, reading."""

    async def test_entry(self) -> None:
        """An entry tells kind, size and time; the same each time until something changes."""
        made = await self.put(("f",), b"12345")
        self.assertEqual(("f", EntryKind.FILE, 5), (made.name, made.kind, made.octets))
        self.assertEqual(made, await self.tree.entry(("f",)))
        self.assertEqual([made], list(await self.tree.sorted_listing(())))
        self.assertEqual(UTC, made.modified.tzinfo)
        directory = await self.tree.make_directory(("d",))
        self.assertEqual(directory, await self.tree.entry(("d",)))
        self.assertEqual((EntryKind.DIRECTORY, 0), (directory.kind, directory.octets))
        self.assertNotEqual(made.unique, directory.unique)

    async def test_validator(self) -> None:
        """The validator differs after every upload, though size and time be the same; ``unique``
        survives a rename."""
        when = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
        seen = set()
        for _ in range(5):
            upload = await self.partly(("f",), b"same")
            seen.add((await upload.commit(modified=when)).validator)
        self.assertEqual(5, len(seen))
        before = await self.tree.entry(("f",))
        await self.tree.rename(("f",), ("g",))
        after = await self.tree.entry(("g",))
        self.assertEqual((before.unique, when), (after.unique, after.modified))

    async def test_ranges(self) -> None:
        """Any part of a file can be read, in any order; beyond its end is nothing."""
        data = bytes(range(256)) * 2000
        await self.put(("f",), data)
        file = await self.tree.open(("f",))
        for offset, octets in ((0, 10), (511_990, 100), (300_000, 5), (512_000, 1), (600_000, 9)):
            self.assertEqual(data[offset : offset + octets], await file.read(offset, octets))
        self.assertEqual(data[70:90], os.pread(file.descriptor, 20, 70))
        self.assertEqual(len(data), file.entry.octets)
        file.close()
        file.close()
        await self.refused(ValueError, file.read(0, 1))

    async def test_open_files_stay(self) -> None:
        """Who reads a file reads it to its end, though another takes its name or it is removed."""
        await self.put(("f",), b"old")
        first = await self.tree.open(("f",))
        await self.put(("f",), b"newer")
        second = await self.tree.open(("f",))
        await self.tree.remove_file(("f",))
        self.assertEqual(b"old", await first.read(0, 10))
        self.assertEqual(b"newer", await second.read(0, 10))
        self.assertEqual((3, 5), (first.entry.octets, second.entry.octets))
        first.close()
        second.close()

    async def test_kinds(self) -> None:
        """Files are read, directories are listed; not the other way."""
        await self.put(("f",))
        await self.tree.make_directory(("d",))
        await self.refused(IsADirectory, self.tree.open(("d",)))
        await self.refused(NotADirectory, self.tree.sorted_listing(("f",)))

    async def test_many_entries(self) -> None:
        """A large directory comes in pieces; sorted only up to a limit."""
        for number in range(1100):
            await self.tree.make_directory((f"{number:04}",))
        pieces = [piece async for piece in self.tree.listing(())]
        self.assertGreater(len(pieces), 2)
        names = sorted(entry.name for piece in pieces for entry in piece)
        self.assertEqual([f"{number:04}" for number in range(1100)], names)
        self.assertEqual(names, await self.names())
        await self.refused(TooLarge, self.tree.sorted_listing((), limit=1099))
        self.assertEqual(1100, len(await self.tree.sorted_listing((), limit=1100)))

    async def test_a_listing_left(self) -> None:
        """Who stops listing in the middle leaves nothing behind."""
        for number in range(600):
            await self.tree.make_directory((f"{number:04}",))
        listing = self.tree.listing(())
        await anext(listing)
        await listing.aclose()  # type: ignore[attr-defined]


class ChangingContract(FilesBase):
    """Directories, removing, renaming, times."""

    async def test_directories(self) -> None:
        """Directories are made once, and removed when they are empty."""
        await self.tree.make_directory(("d",))
        await self.tree.make_directory(("d", "e"))
        await self.refused(FileInTheWay, self.tree.make_directory(("d",)))
        await self.refused(DirectoryNotEmpty, self.tree.remove_directory(("d",)))
        await self.refused(IsADirectory, self.tree.remove_file(("d", "e")))
        await self.tree.remove_directory(("d", "e"))
        await self.tree.remove_directory(("d",))
        self.assertEqual([], await self.names())
        self.assertEqual(
            [(("d",), False), (("d", "e"), False), (("d", "e"), True), (("d",), True)], self.told
        )

    async def test_remove_file(self) -> None:
        """A file that is removed is gone."""
        await self.put(("f",))
        await self.refused(NotADirectory, self.tree.remove_directory(("f",)))
        await self.refused(FileInTheWay, self.tree.make_directory(("f",)))
        await self.tree.remove_file(("f",))
        await self.refused(NoSuchFile, self.tree.entry(("f",)))
        self.assertEqual([(("f",), False), (("f",), True)], self.told)

    async def test_rename(self) -> None:
        """Files and directories move, with all that is below them."""
        await self.tree.make_directory(("a",))
        await self.tree.make_directory(("b",))
        await self.put(("a", "f"), b"x")
        self.told.clear()
        await self.tree.rename(("a",), ("b", "c"))
        self.assertEqual(b"x", await self.whole(("b", "c", "f")))
        self.assertEqual(["b"], await self.names())
        self.assertEqual([(("a",), True), (("b", "c"), False)], self.told)
        await self.refused(NoSuchFile, self.tree.rename(("b", "c", "f"), ("x", "y")))
        await self.tree.rename(("b", "c", "f"), ("b", "c", "f"))
        self.assertEqual(b"x", await self.whole(("b", "c", "f")))

    async def test_rename_replaces(self) -> None:
        """A rename takes the place of a file, unless it is not to."""
        await self.put(("a",), b"a")
        await self.put(("b",), b"b")
        await self.refused(FileInTheWay, self.tree.rename(("a",), ("b",), replace=False))
        await self.tree.rename(("a",), ("c",), replace=False)
        await self.tree.rename(("c",), ("b",))
        self.assertEqual((["b"], b"a"), (await self.names(), await self.whole(("b",))))

    async def test_rename_kinds(self) -> None:
        """Nothing replaces what is of another kind, nor a directory that holds something."""
        for path in (("d",), ("e",), ("e", "x")):
            await self.tree.make_directory(path)
        await self.put(("f",))
        for error, old, new, replace in (
            (FileInTheWay, "f", "d", True),
            (FileInTheWay, "d", "f", True),
            (FileInTheWay, "d", "e", False),
            (DirectoryNotEmpty, "d", "e", True),
        ):
            await self.refused(error, self.tree.rename((old,), (new,), replace=replace))
        await self.tree.rename(("e",), ("d",))
        self.assertEqual((["d", "f"], ["x"]), (await self.names(), await self.names(("d",))))

    async def test_rename_into_itself(self) -> None:
        """A directory cannot be moved below itself."""
        await self.tree.make_directory(("d",))
        await self.refused(NotPermitted, self.tree.rename(("d",), ("d", "e")))
        await self.refused(NotPermitted, self.tree.rename(("d",), ("d", "e"), replace=False))
        self.assertEqual((["d"], []), (await self.names(), await self.names(("d",))))

    async def test_set_modified(self) -> None:
        """Times are kept to the microsecond, also old ones, and change the validator."""
        await self.tree.make_directory(("d",))
        before = await self.put(("f",))
        for when in (
            datetime(1999, 12, 31, 23, 59, 59, 123456, UTC),
            datetime(1969, 7, 20, 20, 17, 40, 1, UTC),
            datetime(2100, 1, 1, tzinfo=UTC),
        ):
            for path in (("f",), ("d",)):
                entry = await self.tree.set_modified(path, when)
                self.assertEqual((when, path[-1]), (entry.modified, entry.name))
                self.assertEqual(entry, await self.tree.entry(path))
        self.assertNotEqual(before.validator, (await self.tree.entry(("f",))).validator)


class UploadContract(FilesBase):
    """Files on their way in."""

    async def test_not_there_before(self) -> None:
        """Until it is committed a file is not there, and what was there is."""
        upload = await self.partly(("f",), b"new")
        self.assertEqual([], await self.names())
        await self.refused(NoSuchFile, self.tree.open(("f",)))
        self.assertEqual(3, upload.octets)
        self.assertEqual(3, (await upload.commit()).octets)
        second = await self.partly(("f",), b"newer")
        self.assertEqual(b"new", await self.whole(("f",)))
        await second.commit()
        self.assertEqual(b"newer", await self.whole(("f",)))
        self.assertEqual([(("f",), False)] * 2, self.told)

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
        self.assertEqual(([], []), (await self.names(), self.told))
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
        await self.refused(IsADirectory, self.tree.upload(("d",)))
        upload = await self.partly(("e",))
        await self.tree.make_directory(("e",))
        await self.refused(IsADirectory, upload.commit())
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
            upload = await self.tree.upload(("f",), resume_at=at)
            self.assertEqual(at, upload.octets)
            await written(upload, more)
            self.assertEqual(len(whole), (await upload.commit()).octets)
            self.assertEqual(whole, await self.whole(("f",)))
        await self.refused(NoSuchFile, self.tree.upload(("f",), resume_at=2))
        await self.refused(NoSuchFile, self.tree.upload(("g",), resume_at=1))

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
        await self.refused(Changed, first.commit())
        self.assertEqual(b"02", await self.whole(("f",)))

    async def test_only_new(self) -> None:
        """Only one of many who make a new file makes it; none replaces anything."""
        uploads = [await self.partly(("f",), b"%d" % n, only_new=True) for n in range(3)]
        await uploads[1].commit()
        await self.refused(FileInTheWay, uploads[0].commit())
        await self.refused(FileInTheWay, uploads[2].commit())
        await self.refused(FileInTheWay, self.tree.upload(("f",), only_new=True))
        self.assertEqual((b"1", ["f"]), (await self.whole(("f",)), await self.names()))

    async def test_if_validator(self) -> None:
        """Who has not seen the last state of a file does not replace it."""
        first = (await self.put(("f",), b"1")).validator
        late = await self.partly(("f",), b"late", if_validator=first)
        second = (await self.put(("f",), b"2", if_validator=first)).validator
        await self.refused(Changed, late.commit())
        await self.refused(Changed, self.tree.upload(("f",), if_validator=first))
        await self.refused(Changed, self.tree.upload(("g",), if_validator=first))
        gone = await self.partly(("f",), b"3", if_validator=second)
        await self.tree.remove_file(("f",))
        await self.refused(Changed, gone.commit())
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

    async def test_keep_partial(self) -> None:
        """What came before the line broke is there to be resumed, again and again."""
        await (await self.partly(("f",), b"a" * 200_000)).abort(keep_partial=True)
        self.assertEqual(b"a" * 200_000, await self.whole(("f",)))
        for at, append in ((200_000, False), (None, True)):
            upload = await self.partly(("f",), b"b" * 9, resume_at=at, append=append)
            await upload.abort(keep_partial=True)
        self.assertEqual(b"a" * 200_000 + b"b" * 18, await self.whole(("f",)))
        self.assertEqual([(("f",), False)] * 3, self.told)

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
        await self.refused(TooLarge, tree.upload(("f",), expected_octets=101))
        await self.put(("f",), b"x" * 100, tree, expected_octets=100)
        await self.refused(TooLarge, tree.upload(("f",), append=True, expected_octets=1))
        upload = await tree.upload(("g",))
        self.assertIsNone(upload.write(b"x" * 100))
        for _ in range(2):
            waiting = upload.write(b"y")
            assert waiting is not None
            await self.refused(TooLarge, _awaited(waiting))
        await self.refused(TooLarge, upload.commit())
        other = await tree.upload(("g",))
        other.write(b"x" * 101)
        await other.abort(keep_partial=True)
        self.assertEqual(["f"], [entry.name for entry in await tree.sorted_listing(())])


async def _awaited(waiting: Any) -> None:
    await waiting


class FilesContract(NamesContract, ReadingContract, ChangingContract, UploadContract):
    """All of the contract."""
