"""What uploads to disk do beside the contract: threads, crowds, crashes, full disks."""

from __future__ import annotations

import errno
import gc
import os
import resource
import stat
import threading
import tracemalloc
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, ensureDeferred, gatherResults
from twisted.internet.task import deferLater

from netsuite.store.errors import (
    Busy,
    Changed,
    FileInTheWay,
    NoSuchFile,
    NotPermitted,
    StorageFull,
    StoreClosed,
    StoreError,
    TooLarge,
)
from netsuite.store.files import DiskTree, disk, staging
from netsuite.store.files.errors import store_error
from netsuite.store.files.syscalls import claim_and_rename, rename_to_new
from netsuite.store.tree import Entry, UploadRequest
from netsuite.testing.cases import SynchronousTestCase, TestCase
from tests.store.files.disk_case import DiskCase, open_below


class Crowds(DiskCase, TestCase):
    """Many at the same time."""

    async def test_one_name(self) -> None:
        """Of many who write one file at once each is whole at its turn, and one is in the end."""

        async def put(number: int) -> Entry:
            return await self.put(("f",), bytes([number]) * (100_000 + number))

        entries = await gatherResults([ensureDeferred(put(number)) for number in range(40)])
        self.assertEqual(40, len({entry.validator for entry in entries}))
        data = await self.whole(("f",))
        self.assertEqual({data[0]}, set(data))
        self.assertEqual(100_000 + data[0], len(data))
        self.assertIn(await self.tree.entry(("f",)), entries)

    async def test_only_new(self) -> None:
        """Of many who make one file at once one does; the others are told."""
        results = await self.race(only_new=True)
        self.assertEqual([FileInTheWay] * 19, [type(each) for each in results])

    async def test_if_validator(self) -> None:
        """Of many who change one state of a file at once one does."""
        before = await self.put(("f",), b"0")
        results = await self.race(if_validator=before.validator)
        self.assertEqual([Changed] * 19, [type(each) for each in results])

    async def race(self, **request: Any) -> list[StoreError]:
        """Commit twenty uploads at once; return the errors."""
        uploads = [await self.partly(("f",), b"%d" % n, **request) for n in range(20)]
        errors: list[StoreError] = []

        async def commit(upload: Any) -> None:
            try:
                await upload.commit()
            except StoreError as error:
                errors.append(error)

        await gatherResults([ensureDeferred(commit(upload)) for upload in uploads])
        self.assertEqual(["f"], await self.names())
        return errors

    async def test_counting(self) -> None:
        """Twenty who count up in one file, each minding what it has read, lose no step."""
        await self.put(("f",), b"0")

        async def count() -> None:
            while True:
                entry = await self.tree.entry(("f",))
                number = int(await self.whole(("f",)))
                try:
                    await self.put(("f",), b"%d" % (number + 1), if_validator=entry.validator)
                except Changed:
                    continue
                return

        await gatherResults([ensureDeferred(count()) for _ in range(20)])
        self.assertEqual(b"20", await self.whole(("f",)))

    async def test_two_trees_on_one_directory(self) -> None:
        """Two processes, as it were, on one directory: a change is not overlooked."""
        other = await self.disk(self.root)
        for number in range(30):
            before = await self.put(("f",), b"%d" % number)
            first = await self.tree.upload(("f",), UploadRequest(if_validator=before.validator))
            second = await other.upload(("f",), UploadRequest(if_validator=before.validator))
            errors: list[StoreError] = []
            for upload in (first, second):
                upload.write(b"x" * number)

            async def commit(upload: Any, errors: list[StoreError] = errors) -> None:
                try:
                    await upload.commit()
                except Changed as error:
                    errors.append(error)

            await gatherResults([ensureDeferred(commit(each)) for each in (first, second)])
            self.assertEqual(1, len(errors))


class Bounds(DiskCase, TestCase):
    """What is large, slow or long costs little."""

    async def test_large_file(self) -> None:
        """200 MB go in and out with a few MB of memory."""
        piece = os.urandom(65_536)
        tracemalloc.start()
        try:
            upload = await self.tree.upload(("f",), UploadRequest(expected_octets=3200 * 65_536))
            for _ in range(3200):
                waiting = upload.write(piece)
                if waiting is not None:
                    await waiting
            entry = await upload.commit()
            file = await self.tree.open(("f",))
            offset = 0
            while data := await file.read(offset, 65_536):
                self.assertEqual(piece[: len(data)], data)
                offset += len(data)
            file.close()
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        self.assertEqual((209_715_200, 209_715_200), (entry.octets, offset))
        self.assertLess(most, 8 << 20)

    async def test_large_directory(self) -> None:
        """10,000 entries come in pieces of at most 500."""
        for number in range(10_000):
            self.on_disk(f"{number:05}").touch()
        pieces = [piece async for piece in self.tree.listing(())]
        self.assertEqual(10_000, sum(map(len, pieces)))
        self.assertEqual(500, max(map(len, pieces)))

    async def test_slow_disk(self) -> None:
        """A sender faster than the disk has to wait after two MiB or so; then it goes on."""
        gate = threading.Event()
        upload: Any = await self.tree.upload(("f",))
        write = upload._staged.write

        def slowly(pieces: Any) -> None:
            gate.wait(10)
            write(pieces)

        upload._staged.write = slowly
        taken = 0
        while (waiting := upload.write(b"x" * 65_536)) is None:
            taken += 65_536
        self.assertLess(taken, 2_300_000)
        waited = ensureDeferred(_awaited(waiting))
        self.assertFalse(waited.called)
        gate.set()
        await waited
        self.assertEqual(taken + 65_536, (await upload.commit()).octets)

    async def test_resume_of_a_large_file(self) -> None:
        """What is kept is copied in steps, by whatever means the file system has."""
        self.patch(staging, "COPY_OCTETS", 1 << 20)
        data = os.urandom(3_500_000)
        await self.put(("f",), data)
        await self.put(("f",), b"more", append=True)
        self.assertEqual(data + b"more", await self.whole(("f",)))
        for failure in (OSError(errno.EXDEV, "other"), AttributeError("not Linux"), 0):
            self.patch(os, "copy_file_range", self.giving(failure))
            await self.put(("f",), b"less", resume_at=3_000_000)
            await self.put(("f",), data[3_000_000:], resume_at=3_000_000)
            self.assertEqual(data, await self.whole(("f",)))

    def giving(self, result: Any) -> Callable[..., int]:
        """Make a function that raises or returns that."""

        def function(*arguments: Any) -> int:
            if isinstance(result, Exception):
                raise result
            return int(result)

        return function


class Modes(DiskCase, TestCase):
    """Permissions on disk."""

    async def test_modes(self) -> None:
        """Files and directories get the tree's permissions, whatever the umask; a file on its way
        in is nobody else's."""
        for unnamed in (True, False):
            self.patch(disk, "can_be_unnamed", partial(bool, unnamed))
            tree = await self.disk(
                Path(self.mktemp()), file_mode=0o644, directory_mode=0o775, at_once=unnamed
            )
            before = os.umask(0o777)
            try:
                upload = await tree.upload(("f",))
                ways = [stat.S_IMODE(way.stat().st_mode) for way in tree.path.iterdir()]
                self.assertEqual([] if unnamed else [0], ways)
                await upload.commit()
                await tree.make_directory(("d",))
            finally:
                os.umask(before)
            modes = [stat.S_IMODE((tree.path / name).stat().st_mode) for name in ("f", "d")]
            self.assertEqual([0o644, 0o775], modes)


class Leftovers(DiskCase, TestCase):
    """What a crash left."""

    at_once = False  # else there is no file before something is written

    async def test_sweeping(self) -> None:
        """At the start old leftovers go, everywhere; young ones may still be written to, and what
        is not ours stays."""
        deep = self.on_disk("a", "b")
        deep.mkdir(parents=True)
        for where in (self.root, deep):
            (where / ".netsuite-upload-1").write_bytes(b"half")
            (where / ".other").touch()
        for later, left in ((80_000, [".netsuite-upload-1"]), (10_000, [])):
            self.clock.advance(later)
            tree: Any = await self.disk(self.root)
            await tree._sweeping
            self.assertEqual([*left, ".other", "a"], sorted(os.listdir(self.root)))
            self.assertEqual([*left, ".other"], sorted(os.listdir(deep)))

    async def test_old_files_on_their_way(self) -> None:
        """An upload that keeps its file's old time is not taken for a leftover."""
        self.patch(self.trees[0], "_unnamed", False)
        upload: Any = await self.partly(("f",), b"x")
        (way,) = self.root.iterdir()
        os.utime(way, (0, 0))  # as the commit does
        tree: Any = await self.disk(self.root)
        await tree._sweeping
        await upload.commit()
        self.assertEqual(b"x", await self.whole(("f",)))

    async def test_removing_a_directory_with_leftovers(self) -> None:
        """A directory that looks empty can be removed though a crash left something in it."""
        self.on_disk("d").mkdir()
        left = self.on_disk("d", ".netsuite-upload-1")
        left.write_bytes(b"half")
        await self.refused(StoreError, self.tree.remove_directory(("d",)))
        self.clock.advance(90_000)
        await self.tree.remove_directory(("d",))
        self.assertFalse(self.on_disk("d").exists())


class Going(DiskCase, TestCase):
    """Callers that go away, trees that are closed."""

    async def test_cancelled(self) -> None:
        """Who is cancelled while a thread works leaves no descriptor and no file behind."""
        await self.put(("f",))
        before = len(open_below(self.root))
        gate = threading.Event()
        tree = DiskTree(self.root, run=self.gated(gate), now=self.clock.seconds, at_once=False)
        gate.set()
        await tree.start()
        await self.swept(tree)
        self.trees.append(tree)
        gate.clear()
        listing = tree.listing(())
        doings = (tree.open(("f",)), tree.upload(("g",)), _next(listing))
        waiting: list[Deferred[Any]] = [ensureDeferred(doing) for doing in doings]
        for deferred in waiting:
            deferred.cancel()
            await self.refused(CancelledError, _awaited(deferred))
        gate.set()
        await self.settled(lambda: not tree._jobs._busy)
        self.assertEqual(before + 1, len(open_below(self.root)))
        self.assertEqual(["f"], os.listdir(self.root))

    def gated(self, gate: threading.Event) -> Callable[..., Deferred[Any]]:
        def run(function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
            def later() -> Any:
                gate.wait(10)
                return function(*arguments)

            return self.run_it(later)

        return run

    async def settled(self, condition: Callable[[], bool]) -> None:
        """Wait for threads to come to an end."""
        from twisted.internet import reactor

        for _ in range(500):
            if condition():
                return
            await deferLater(reactor, 0.01)
        self.fail("it did not settle")

    async def test_cancelled_commit(self) -> None:
        """A commit that has begun goes on though its caller goes, and is told of."""
        upload = await self.partly(("f",), b"x" * 500_000)
        commit = ensureDeferred(upload.commit())
        commit.cancel()
        await self.refused(CancelledError, _awaited(commit))
        await upload.abort()
        self.assertEqual(500_000, (await self.tree.entry(("f",))).octets)
        self.assertEqual([(("f",), False)], self.published)

    async def test_abort_while_it_waits(self) -> None:
        """An upload that is aborted while its sender waits for room ends the wait."""
        upload = await self.tree.upload(("f",))
        while (waiting := upload.write(b"x" * 65_536)) is None:
            pass
        aborting = ensureDeferred(upload.abort())
        await self.refused(StoreError, _awaited(waiting))
        await aborting
        self.assertEqual([], os.listdir(self.root))

    async def test_abort_while_nobody_waits(self) -> None:
        """Who gives it up need not have waited for room: that is no error that nobody heard of."""
        for keep in (False, True):
            upload = await self.tree.upload(("f",))
            while upload.write(b"x" * 65_536) is None:
                pass
            await upload.abort(keep_partial=keep)
            del upload
            gc.collect()
            self.assertEqual([], self.flushLoggedErrors())

    async def test_close_while_it_is_read(self) -> None:
        """A file that is closed while a thread reads from it is closed after that."""
        await self.put(("f",), b"x" * 600_000)
        file: Any = await self.tree.open(("f",))
        descriptor = file.descriptor
        reading = ensureDeferred(file.read(0, 600_000))
        file.close()
        os.fstat(descriptor)
        self.assertEqual(600_000, len(await reading))
        self.assertRaises(OSError, os.fstat, descriptor)

    async def test_stopped(self) -> None:
        """A tree that was stopped takes no more work; what was begun can still be thrown away."""
        upload = await self.partly(("f",), b"x" * 500_000)
        committing = await self.partly(("g",), b"x")
        await self.trees[0].stop()
        for doing in (
            self.tree.entry(()),
            self.tree.sorted_listing(()),
            self.tree.open(("f",)),
            self.tree.upload(("f",)),
            committing.commit(),
        ):
            await self.refused(StoreClosed, doing)
        await upload.abort()
        self.assertEqual([], os.listdir(self.root))


async def _next(listing: AsyncIterator[object]) -> object:
    return await anext(listing)


async def _awaited(waiting: Any) -> None:
    await waiting


class Failures(DiskCase, TestCase):
    """What the system refuses."""

    async def failing_upload(self, number: int, name: str) -> Any:
        """Begin an upload one of whose system calls will fail."""
        upload: Any = await self.tree.upload(("f",))

        def fail(*arguments: Any, **options: Any) -> None:
            raise OSError(number, os.strerror(number))

        setattr(upload._staged, name, fail)
        return upload

    async def test_disk_full(self) -> None:
        """A disk that is full is told of while the upload comes and at the commit; nothing of it
        stays, and who goes on all the same harms nobody."""
        upload = await self.failing_upload(errno.ENOSPC, "write")
        while (waiting := upload.write(b"x" * 65_536)) is None:
            pass
        await self.refused(StorageFull, _awaited(waiting))
        await self.refused(StorageFull, _awaited(upload.write(b"x")))
        await self.refused(StorageFull, upload.commit())
        last = await self.failing_upload(errno.EDQUOT, "_take_name")
        last.write(b"x")
        await self.refused(StorageFull, last.commit())
        kept = await self.failing_upload(errno.ENOSPC, "write")
        kept.write(b"x")
        await kept.abort(keep_partial=True)
        self.assertEqual([], os.listdir(self.root))

    async def test_larger_than_the_disk(self) -> None:
        """What cannot fit is refused before it comes."""
        await self.refused(
            StorageFull, self.tree.upload(("f",), UploadRequest(expected_octets=1 << 60))
        )

    async def test_no_more_threads(self) -> None:
        """A process that is allowed no thread is busy, and can be stopped all the same."""

        def run(function: Any, *arguments: Any) -> Deferred[Any]:
            if refusing:
                raise RuntimeError("can't start new thread")
            return self.run_it(function, *arguments)

        refusing = False
        tree = DiskTree(self.root, run=run, now=self.clock.seconds)
        self.trees.append(tree)
        await tree.start()
        upload = await tree.upload(("f",))
        upload.write(b"x")
        await self.swept(tree)
        refusing = True
        await self.refused(Busy, tree.sorted_listing(()))
        before = len(open_below(self.root))
        await self.refused(Busy, upload.commit())
        self.assertEqual(before - 1, len(open_below(self.root)))
        refusing = False
        await tree.stop()

    async def test_no_more_descriptors(self) -> None:
        """A process that has no descriptors left is busy; nothing leaks meanwhile."""
        await self.put(("f",))
        before = len(open_below(self.root))
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest = os.open("/", os.O_RDONLY)
        os.close(lowest)
        for more in (0, 1, 2):
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + more, limits[1]))
            try:
                for doing in (self.tree.open(("f",)), self.tree.upload(("g",))):
                    try:
                        opened: Any = await doing
                    except Busy:
                        continue
                    self.assertGreater(more, 0)
                    await _closed(opened)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            self.assertEqual(before, len(open_below(self.root)))
        self.assertEqual(["f"], os.listdir(self.root))


async def _closed(opened: Any) -> None:
    if hasattr(opened, "abort"):
        await opened.abort()
    else:
        opened.close()


class Table(SynchronousTestCase):
    """The system's errors in the store's words."""

    def test_errors(self) -> None:
        """Each error that can be expected has its word; others are errors of the store too."""
        for number, kind in (
            (errno.ENOSPC, StorageFull),
            (errno.EDQUOT, StorageFull),
            (errno.EIO, StorageFull),
            (errno.EROFS, NotPermitted),
            (errno.EACCES, NotPermitted),
            (errno.EXDEV, NotPermitted),
            (errno.EMFILE, Busy),
            (errno.ENFILE, Busy),
            (errno.ELOOP, NoSuchFile),
            (errno.EFBIG, TooLarge),
            (errno.EBADF, StoreError),
        ):
            self.assertIs(kind, type(store_error(OSError(number, "x"))))
        self.assertEqual("OSError", str(store_error(OSError())))


class Renaming(SynchronousTestCase):
    """Renaming that replaces nothing, with the kernel's help and without."""

    def test_to_new(self) -> None:
        """Files and directories move to a new name, and never over an old one."""
        for rename in (rename_to_new, claim_and_rename):
            root = Path(self.mktemp())
            root.mkdir()
            where = os.open(root, os.O_RDONLY)
            self.addCleanup(os.close, where)
            (root / "f").write_bytes(b"f")
            (root / "g").write_bytes(b"g")
            (root / "d").mkdir()
            (root / "d" / "x").touch()
            (root / "e").mkdir()
            for old, new in ((b"f", b"g"), (b"f", b"e"), (b"d", b"e"), (b"d", b"g")):
                self.assertRaises(FileExistsError, rename, where, old, where, new)
            rename(where, b"f", where, b"h")
            rename(where, b"d", where, b"i")
            self.assertRaises(FileNotFoundError, rename, where, b"f", where, b"j")
            self.assertEqual(["e", "g", "h", "i"], sorted(os.listdir(root)))
            self.assertEqual(["x"], os.listdir(root / "i"))
