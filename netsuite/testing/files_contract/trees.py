"""The contract on names, on looking and reading, on directories and renaming."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from netsuite.store import errors
from netsuite.store.tree import DEPTH, EntryKind, TreePath, name_octets, name_of
from netsuite.testing.files_contract.case import FilesCase

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


class NamesContract(FilesCase):
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
                    tree.set_mode(path, 0o600),
                    tree.space(path),
                ):
                    await self.refused(errors.BadFileName, doing)
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
        await self.refused(errors.BadFileName, self.tree.make_directory((*path, "d")))
        await self.refused(errors.BadFileName, self.tree.entry((*path, "d")))

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
            await self.refused((errors.NoSuchFile, errors.NotPermitted), doing)  # type: ignore[arg-type]

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
                self.tree.set_mode(path, 0o600),
                self.tree.space(path),
            ):
                await self.refused(errors.NoSuchFile, doing)
        await self.refused(errors.NoSuchFile, self.tree.upload(("x", "y")))
        await self.refused(errors.NoSuchFile, self.tree.make_directory(("x", "y")))
        self.assertEqual([], self.published)

    async def test_the_root(self) -> None:
        """The root is a directory without a name that can be listed, and nothing else."""
        root = await self.tree.entry(())
        self.assertEqual(("", EntryKind.DIRECTORY, 0), (root.name, root.kind, root.octets))
        self.assertEqual([], list(await self.tree.sorted_listing(())))
        for error, doing in (
            (errors.IsADirectory, self.tree.open(())),
            (errors.IsADirectory, self.tree.upload(())),
            (errors.IsADirectory, self.tree.remove_file(())),
            (errors.FileInTheWay, self.tree.make_directory(())),
            (errors.NotPermitted, self.tree.remove_directory(())),
            (errors.NotPermitted, self.tree.rename((), ("x",))),
        ):
            await self.refused(error, doing)


class ReadingContract(FilesCase):
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
        await self.refused(errors.IsADirectory, self.tree.open(("d",)))
        await self.refused(errors.NotADirectory, self.tree.sorted_listing(("f",)))

    async def test_many_entries(self) -> None:
        """A large directory comes in pieces; sorted only up to a limit."""
        for number in range(1100):
            await self.tree.make_directory((f"{number:04}",))
        pieces = [piece async for piece in self.tree.listing(())]
        self.assertGreater(len(pieces), 2)
        names = sorted(entry.name for piece in pieces for entry in piece)
        self.assertEqual([f"{number:04}" for number in range(1100)], names)
        self.assertEqual(names, await self.names())
        await self.refused(errors.TooLarge, self.tree.sorted_listing((), limit=1099))
        self.assertEqual(1100, len(await self.tree.sorted_listing((), limit=1100)))

    async def test_a_listing_left(self) -> None:
        """Who stops listing in the middle leaves nothing behind."""
        for number in range(600):
            await self.tree.make_directory((f"{number:04}",))
        listing = self.tree.listing(())
        await anext(listing)
        await listing.aclose()  # type: ignore[attr-defined]


class ChangingContract(FilesCase):
    """Directories, removing, renaming, times."""

    async def test_directories(self) -> None:
        """Directories are made once, and removed when they are empty."""
        await self.tree.make_directory(("d",))
        await self.tree.make_directory(("d", "e"))
        await self.refused(errors.FileInTheWay, self.tree.make_directory(("d",)))
        await self.refused(errors.DirectoryNotEmpty, self.tree.remove_directory(("d",)))
        await self.refused(errors.IsADirectory, self.tree.remove_file(("d", "e")))
        await self.tree.remove_directory(("d", "e"))
        await self.tree.remove_directory(("d",))
        self.assertEqual([], await self.names())
        self.assertEqual(
            [(("d",), False), (("d", "e"), False), (("d", "e"), True), (("d",), True)],
            self.published,
        )

    async def test_remove_file(self) -> None:
        """A file that is removed is gone."""
        await self.put(("f",))
        await self.refused(errors.NotADirectory, self.tree.remove_directory(("f",)))
        await self.refused(errors.FileInTheWay, self.tree.make_directory(("f",)))
        await self.tree.remove_file(("f",))
        await self.refused(errors.NoSuchFile, self.tree.entry(("f",)))
        self.assertEqual([(("f",), False), (("f",), True)], self.published)

    async def test_rename(self) -> None:
        """Files and directories move, with all that is below them."""
        await self.tree.make_directory(("a",))
        await self.tree.make_directory(("b",))
        await self.put(("a", "f"), b"x")
        self.published.clear()
        await self.tree.rename(("a",), ("b", "c"))
        self.assertEqual(b"x", await self.whole(("b", "c", "f")))
        self.assertEqual(["b"], await self.names())
        self.assertEqual([(("a",), True), (("b", "c"), False)], self.published)
        self.assertEqual([("a", "f")], self.uploaded)  # when it was put there
        await self.refused(errors.NoSuchFile, self.tree.rename(("b", "c", "f"), ("x", "y")))
        await self.tree.rename(("b", "c", "f"), ("b", "c", "f"))
        self.assertEqual(b"x", await self.whole(("b", "c", "f")))

    async def test_rename_replaces(self) -> None:
        """A rename takes the place of a file, unless it is not to."""
        await self.put(("a",), b"a")
        await self.put(("b",), b"b")
        await self.refused(errors.FileInTheWay, self.tree.rename(("a",), ("b",), replace=False))
        await self.tree.rename(("a",), ("c",), replace=False)
        await self.tree.rename(("c",), ("b",))
        self.assertEqual((["b"], b"a"), (await self.names(), await self.whole(("b",))))

    async def test_rename_kinds(self) -> None:
        """Nothing replaces what is of another kind, nor a directory that holds something."""
        for path in (("d",), ("e",), ("e", "x")):
            await self.tree.make_directory(path)
        await self.put(("f",))
        for error, old, new, replace in (
            (errors.FileInTheWay, "f", "d", True),
            (errors.FileInTheWay, "d", "f", True),
            (errors.FileInTheWay, "d", "e", False),
            (errors.DirectoryNotEmpty, "d", "e", True),
        ):
            await self.refused(error, self.tree.rename((old,), (new,), replace=replace))
        await self.tree.rename(("e",), ("d",))
        self.assertEqual((["d", "f"], ["x"]), (await self.names(), await self.names(("d",))))

    async def test_rename_into_itself(self) -> None:
        """A directory cannot be moved below itself."""
        await self.tree.make_directory(("d",))
        await self.refused(errors.NotPermitted, self.tree.rename(("d",), ("d", "e")))
        await self.refused(errors.NotPermitted, self.tree.rename(("d",), ("d", "e"), replace=False))
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

    async def test_set_mode(self) -> None:
        """Permissions are set and kept when the file is replaced; what the suite needs itself, and
        what would make a program somebody else's, is not to be had."""
        await self.tree.make_directory(("d",))
        await self.put(("f",))
        self.published.clear()
        for path, mode, kept in (
            (("f",), 0o604, 0o604),
            (("f",), 0o7777, 0o777),
            (("f",), 0o000, 0o600),
            (("d",), 0o7777, 0o777),
            (("d",), 0o000, 0o700),
            (("d",), 0o711, 0o711),
            ((), 0o750, 0o750),
        ):
            entry = await self.tree.set_mode(path, mode)
            self.assertEqual((kept, path[-1:]), (entry.mode, (entry.name,) if path else ()))
            self.assertEqual(entry, await self.tree.entry(path))
        self.assertEqual([(("f",), False)] * 3, self.published[:3])
        self.assertEqual(7, len(self.published))
        self.assertEqual({0o600, 0o711}, {each.mode for each in await self.tree.sorted_listing(())})
        self.assertEqual(0o600, (await self.put(("f",), b"other")).mode)
        await (await self.partly(("f",), b"more", append=True)).abort(keep_partial=True)
        self.assertEqual(b"othermore", await self.whole(("f",)))
        self.assertEqual(0o600, (await self.tree.entry(("f",))).mode)

    async def test_space(self) -> None:
        """What room there is can be asked of every file and directory."""
        await self.tree.make_directory(("d",))
        await self.put(("f",))
        for path in ((), ("d",), ("f",)):
            space = await self.tree.space(path)
            for left in (space.octets_left, space.files_left):
                self.assertTrue(left is None or left > 0, space)
