"""Uploads committed together are each as durable as alone, and fail each for itself."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred, gatherResults

from netsuite.store.errors import StorageFull
from netsuite.store.files import staging
from netsuite.store.files.group_commit import Commit, commit_all
from netsuite.store.files.syscalls import rename_to_new
from netsuite.store.tree import Entry
from netsuite.testing.cases import TestCase
from tests.store.files.disk_case import DiskCase


class Together(DiskCase, TestCase):
    """Several uploads that end at the same time."""

    async def uploads(self, *names: str) -> list[Any]:
        """Begin uploads in two directories."""
        for directory in ("one", "two"):
            await self.tree.make_directory((directory,))
        found = []
        for name in names:
            upload: Any = await self.tree.upload(tuple(name.split("/")))
            found.append(upload._staged)
        return found

    def traced(self) -> list[str]:
        """Note the names of what is synced and renamed."""
        calls: list[str] = []

        def name(descriptor: int) -> str:
            found = Path(os.readlink(f"/proc/self/fd/{descriptor}")).name
            is_unnamed = found.endswith(" (deleted)")
            return "file" if is_unnamed or found.startswith(".netsuite-") else found

        def noting(where: Any, function: Callable[..., Any], said: Callable[..., str]) -> None:
            def note(*arguments: Any, **options: Any) -> Any:
                calls.append(said(*arguments, **options))
                return function(*arguments, **options)

            self.patch(where, function.__name__, note)

        noting(os, os.fsync, lambda descriptor: f"sync {name(descriptor)}")
        noting(os, os.link, lambda _, new, **more: f"name {new.decode()}")
        noting(os, os.rename, lambda _, new, **more: f"name {new.decode()}")
        noting(staging, rename_to_new, lambda *both: f"name {both[3].decode()}")
        return calls

    async def test_order(self) -> None:
        """Every file is on the disk before one has its name, each directory is synced once and
        after all of its names, and only then anybody hears of it."""
        staged = await self.uploads("one/a", "one/b", "two/c")
        calls = self.traced()
        commits = [Commit(each, [b"x"], None) for each in staged]
        commit_all(commits)
        self.assertEqual(
            ["sync file"] * 3 + ["name a", "name b", "name c", "sync one", "sync two"], calls
        )
        told = [each.result for each in commits]
        self.assertEqual([1] * 3, [each.octets for each in told if isinstance(each, Entry)])

    async def test_alone(self) -> None:
        """One alone: the file, its name, its directory."""
        (temporary,) = await self.uploads("one/a")
        calls = self.traced()
        commit_all([Commit(temporary, [b"x"], None)])
        self.assertEqual(["sync file", "name a", "sync one"], calls)

    async def test_not_durable(self) -> None:
        """Where the operator says so nothing waits for the disk; names are taken all the same."""
        tree = await self.disk(self.root, durable=False)
        uploads: list[Any] = [await tree.upload((name,)) for name in "ab"]
        calls = self.traced()
        for upload in uploads:
            upload.write(b"x" * (5 << 20))
        await gatherResults([ensureDeferred(each.commit()) for each in uploads])
        kept: Any = await tree.upload(("c",))
        kept.write(b"x")
        await kept.abort(keep_partial=True)
        self.assertEqual(["name a", "name b", "name c"], sorted(calls))
        self.assertEqual(["a", "b", "c"], await self.names())

    async def test_each_fails_alone(self) -> None:
        """One that fails at any step leaves nothing and harms no other."""
        steps = ("prepare", "sync", "take_free_name", "finished")
        for number, step in enumerate(steps):
            uploads = [await self.trees[0].upload((f"{name}{number}",)) for name in "abc"]
            for upload in uploads:
                upload.write(b"x")

            def fail(*arguments: Any, **options: Any) -> None:
                raise OSError(errno.ENOSPC, "full")

            setattr(uploads[1]._staged, step, fail)
            doings = [ensureDeferred(each.commit()) for each in uploads]
            await self.refused(StorageFull, _awaited(doings[1]))
            for doing in (doings[0], doings[2]):
                self.assertEqual(1, (await doing).octets)
        names = sorted(f"{name}{number}" for number in range(4) for name in "ac")
        # Told of an error though it has its name: its entry could not be asked for any more.
        self.assertEqual(sorted([*names, "b3"]), await self.names())

    async def test_those_that_come_meanwhile(self) -> None:
        """What ends while others are committed is committed next, all of it at once."""
        uploads: list[Any] = [await self.tree.upload((f"f{number}",)) for number in range(200)]
        sizes: list[int] = []
        work = self.trees[0]._jobs
        run = work.run

        def noted(function: Any, *arguments: Any) -> Deferred[Any]:
            if function is commit_all:
                sizes.append(len(arguments[0]))
            done: Deferred[Any] = run(function, *arguments)
            return done

        self.patch(work, "run", noted)
        for upload in uploads:
            upload.write(b"x")
        await gatherResults([ensureDeferred(upload.commit()) for upload in uploads])
        self.assertEqual([1, 64, 64, 64, 7], sizes)
        self.assertEqual(200, len(await self.names()))

    async def test_stop_waits(self) -> None:
        """A tree that is stopped first ends what was to be committed."""
        uploads: list[Any] = [await self.tree.upload((f"f{number}",)) for number in range(70)]
        doings = [ensureDeferred(upload.commit()) for upload in uploads]
        await self.trees[0].stop()
        self.assertTrue(all(doing.called for doing in doings))
        self.assertEqual(70, len(os.listdir(self.root)))

    async def test_large_ones_first(self) -> None:
        """A large file is brought to the disk before others wait for it."""
        upload: Any = await self.tree.upload(("f",))
        calls = self.traced()
        for _ in range(80):
            if (waiting := upload.write(b"x" * 65_536)) is not None:
                await waiting
        await upload.commit()
        self.assertEqual(["sync file", "sync file", "name f"], calls[:3])


async def _awaited(waiting: Any) -> Any:
    return await waiting
