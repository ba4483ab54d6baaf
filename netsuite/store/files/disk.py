"""A tree of real files below a directory: see ``openat`` for why nothing leads out of it."""

from __future__ import annotations

import io
import os
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.logger import Logger

from netsuite.store.errors import NoSuchFile, NotPermitted, StoreError
from netsuite.store.file_usage import NO_FILES, ONE_FILE, FileAmount
from netsuite.store.files import cached_lookup, syscalls
from netsuite.store.files.account_tally import AccountTally
from netsuite.store.files.counting import Count
from netsuite.store.files.file_names import checked
from netsuite.store.files.group_commit import GroupCommit
from netsuite.store.files.links import links_in, resolve
from netsuite.store.files.locks import TreeLocks
from netsuite.store.files.openat import open_root
from netsuite.store.files.quotas import FileQuotas
from netsuite.store.files.staging import StagedFile, can_be_unnamed
from netsuite.store.files.tallied import changing, moving
from netsuite.store.files.thread_jobs import Jobs, RunInThread
from netsuite.store.files.uploads import DiskUpload
from netsuite.store.tree import (
    DEPTH,
    PLAIN_UPLOAD,
    Entry,
    EntryKind,
    HomeTree,
    Space,
    TreePath,
    UploadRequest,
    name_of,
)

#: What a crash left behind of an upload goes when nothing was written to it for so long.
LEFTOVER_SECONDS: Final = 24 * 3600
_TOKEN_OCTETS: Final = 8
#: More than that is not read at once, whatever is asked for.
READ_OCTETS: Final = 1 << 20
#: So much is first looked for in the page cache, on the reactor's thread.
CACHED_OCTETS: Final = 256 << 10
#: Read only what takes no waiting; Linux has it, and not for every file system.
_NO_WAIT: Final = getattr(os, "RWF_NOWAIT", 0)


class OnChange(Protocol):
    """Told of each change of a tree."""

    def __call__(self, path: TreePath, gone: bool, uploaded: bool = False) -> None:
        """Accept that something has changed: whether it is gone, or came as an upload."""


def tell_nobody(path: TreePath, gone: bool, uploaded: bool = False) -> None:
    """Ignore a change."""


class DiskFile:
    """Implements ``tree.OpenFile``.

    What the page cache holds is read where it is asked for, without waiting (``RWF_NOWAIT``: the
    kernel gives what it has, or says that it would have to wait); the rest in a thread, which also
    makes the kernel read ahead. A hop to a thread and back costs more than 64 KiB copied.
    """

    def __init__(self, jobs: Jobs, entry: Entry, file: io.FileIO) -> None:
        self.entry = entry
        self._jobs = jobs
        self._file = file
        self._in_thread = 0
        self._closed = False
        self._try_cache = bool(_NO_WAIT)

    @property
    def descriptor(self) -> int:
        """For ``sendfile``; belongs to this object."""
        return self._file.fileno()

    async def read(self, offset: int, octets: int) -> bytes:
        """Read at most so many octets from an offset; fewer do not mean the end, none does."""
        if self._closed:
            raise ValueError("the file is closed")
        octets = min(octets, READ_OCTETS)
        if self._try_cache and octets <= CACHED_OCTETS:
            data = self._read_cached(offset, octets)
            if data is not None:
                return data
        self._in_thread += 1
        return await self._jobs.do(self._read, offset, octets, ended=self._ended)

    def _read_cached(self, offset: int, octets: int) -> bytes | None:
        piece = bytearray(octets)
        try:
            count = os.preadv(self._file.fileno(), [piece], offset, _NO_WAIT)
        except BlockingIOError:
            return None
        except OSError:  # not on this file system; if it is a real error, the thread will say so
            self._try_cache = False
            return None
        del piece[count:]
        return bytes(piece)

    def _read(self, offset: int, octets: int) -> bytes:
        """In a thread."""
        return os.pread(self._file.fileno(), octets, offset)

    def _ended(self) -> None:
        self._in_thread -= 1
        if self._closed:
            self.close()

    def close(self) -> None:
        """Close the descriptor, once no thread reads from it; may be called twice."""
        self._closed = True
        if not self._in_thread:
            self._file.close()


# Its length is the interface's: one short method for each of HomeTree's.
class DiskTree(HomeTree):
    """Implements ``tree.HomeTree`` on a directory of a Unix file system.

    Args:
        root: the directory; ``open`` makes it. Links on the way to it are followed.
        run: runs a function with arguments in a thread; all that touches the disk goes there.
        now: returns seconds since 1970, to know what was left by crashes long ago.
        on_change: called after each change, before its caller goes on.
        file_mode: permissions of uploaded files, whatever the process's umask.
        limit_octets: the largest file taken, None for no limit.
        token: returns what makes temporary names unique.
        durable: whether an upload is on the disk before its commit is done. If not, a crash of
            the system may lose what was committed lately, or leave it empty.
        links: whether symbolic links that stay inside are followed.
        quotas: of the accounts whose homes are in it, if there are any.
        locks: on what is in it, if there can be any.
        at_once: whether what the kernel can answer without waiting is asked on the caller's
            thread, where the system and the file system allow that.
    """

    log = Logger()

    def __init__(
        self,
        root: Path,
        *,
        run: RunInThread,
        now: Callable[[], float] = time.time,
        on_change: OnChange = tell_nobody,
        file_mode: int = 0o640,
        directory_mode: int = 0o750,
        limit_octets: int | None = None,
        depth: int = DEPTH,
        token: Callable[[], str] = lambda: secrets.token_hex(_TOKEN_OCTETS),
        durable: bool = True,
        links: bool = False,
        quotas: FileQuotas | None = None,
        locks: TreeLocks | None = None,
        at_once: bool = True,
    ) -> None:
        self.path = root
        self.limit_octets = limit_octets
        self._jobs = Jobs(run)
        self._group_commit = GroupCommit(self._jobs)
        self._now = now
        self._on_change = on_change
        self._file_mode = file_mode
        self._directory_mode = directory_mode
        self._depth = depth
        self._token = token
        self._durable = durable
        self._links = links
        self._quotas = quotas
        self._locks = locks
        self._at_once = at_once
        self._cached = False
        self._unnamed = False
        self._root = -1
        self._lock = threading.Lock()
        self._sweeping: Deferred[None] | None = None

    # -- life ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the root, and begin to remove what crashes left behind, a directory at a time."""
        self._root = await self._jobs.do(open_root, self.path, self._directory_mode, undo=os.close)
        self._unnamed = can_be_unnamed()
        self._cached = self._at_once and await self._jobs.do(cached_lookup.is_local, self._root)
        self._sweeping = ensureDeferred(self._sweep())

    async def _sweep(self) -> None:
        sweep = syscalls.Sweep(self._root, self._long_ago())
        try:
            while await self._jobs.do(sweep.step):
                pass
        except StoreError as error:  # closed meanwhile
            self.log.debug("leftovers were not all removed: {error}", error=error)

    def _long_ago(self) -> float:
        return self._now() - LEFTOVER_SECONDS

    async def stop(self) -> None:
        """Take no more work, wait for what is being done, return the root back."""
        self._cached = False
        await self._jobs.close()
        root, self._root = self._root, -1
        if root >= 0:
            os.close(root)

    # -- looking -------------------------------------------------------------------------------

    async def entry(self, path: TreePath) -> Entry:
        """Look one up."""
        names = checked(path, self._depth)
        if self._cached and (known := cached_lookup.entry_at(self._root, names)) is not None:
            return known
        return await self._jobs.do(syscalls.entry_at, self._root, names)

    async def listing(self, path: TreePath) -> AsyncIterator[Sequence[Entry]]:
        """List a directory in pieces, in no order."""
        names = checked(path, self._depth)
        listing = await self._jobs.do(
            syscalls.Listing, self._root, names, undo=syscalls.Listing.close
        )
        try:
            while piece := await self._jobs.do(listing.piece):
                yield piece
        finally:
            listing.close()

    async def open(self, path: TreePath) -> DiskFile:
        """Open a file for reading."""
        names = checked(path, self._depth)
        if self._cached and (opened := cached_lookup.open_file(self._root, names)) is not None:
            return DiskFile(self._jobs, *opened)
        entry, file = await self._jobs.do(
            syscalls.open_file, self._root, names, undo=lambda opened: opened[1].close()
        )
        return DiskFile(self._jobs, entry, file)

    @property
    def follows_links(self) -> bool:
        """Whether links that stay inside are followed."""
        return self._links

    async def resolved(self, path: TreePath, *, floor: int = 0, last: bool = True) -> TreePath:
        """Return a path without the links on it."""
        if not self._links:
            return path
        names = checked(path, self._depth)
        try:
            if self._cached and cached_lookup.lstat(self._root, names) is not None:
                return path  # which follows no link, so there is none
        except NoSuchFile:
            return path
        found = await self._jobs.do(self._resolved, names, floor, last)
        return tuple(map(name_of, found))

    def _resolved(self, names: Sequence[bytes], floor: int, last: bool) -> Sequence[bytes]:
        """In a thread."""
        host = os.fsencode(os.path.realpath(self.path))
        return resolve(self._root, names, host, floor=floor, last=last)

    async def links(self, path: TreePath) -> Sequence[str]:
        """Return the names of the links in a directory."""
        if not self._links:
            return ()
        return await self._jobs.do(links_in, self._root, checked(path, self._depth))

    # -- changing ------------------------------------------------------------------------------

    async def upload(self, path: TreePath, request: UploadRequest = PLAIN_UPLOAD) -> DiskUpload:
        """Begin a file."""
        names = checked(path, self._depth)
        if self._locks is not None and self._locks.any:
            await self._check_upload(path, names)
        growth = None
        if self._quotas is not None:
            growth = self._quotas.growth(path, partial(self._octets_at, names))
        begin = partial(
            StagedFile,
            self._root,
            names,
            request,
            limit_octets=self.limit_octets,
            mode=self._file_mode,
            lock=self._lock,
            token=self._token,
            durable=self._durable,
            account_names=int(self._quotas is not None),
            unnamed=self._unnamed,
        )
        if growth is not None and growth.is_judged:
            await growth.begin(request)
        try:
            known = (
                cached_lookup.directory_for(self._root, names)
                if self._cached and request.is_plain
                else None
            )
            if known is not None:
                # What takes another's name needs one before that.
                where, taken = known
                staged = begin(where=where, unnamed=self._unnamed and not taken)
            else:
                staged = await self._jobs.do(begin, undo=self._discard)
        except BaseException:
            if growth is not None:
                growth.give_back()
            raise
        return DiskUpload(
            self._jobs,
            self._group_commit,
            staged,
            self.limit_octets,
            lambda whole: self._on_change(path, False, uploaded=whole),
            growth,
            None if self._locks is None else partial(self._check_upload, path, names),
        )

    async def _check_upload(self, path: TreePath, names: Sequence[bytes]) -> None:
        """Check that no lock is on a file, or on its name where it is a new one. Raises Locked."""
        locks = self._locks
        if locks is not None and locks.any:
            locks.check_content(path)
            if await self._octets_at(names) is None:
                locks.check_name(path)

    async def _octets_at(self, names: Sequence[bytes]) -> int | None:
        """Return the size of a file; None where there is none."""
        try:
            entry = cached_lookup.entry_at(self._root, names) if self._cached else None
            if entry is None:
                entry = await self._jobs.do(syscalls.entry_at, self._root, names)
        except NoSuchFile:
            return None
        return entry.octets if entry.kind is EntryKind.FILE else None

    def _discard(self, staged: StagedFile) -> None:
        """Remove an upload's file whose caller went before it had it."""
        try:
            self._jobs.do(staged.discard)
        except StoreError:  # closed: there are no threads any more
            staged.discard()

    async def make_directory(self, path: TreePath) -> Entry:
        """Make a directory."""
        names = checked(path, self._depth)
        self._check_names(path)
        return await changing(
            self._tally(path),
            self._jobs,
            partial(syscalls.make_directory, self._root, names, self._directory_mode),
            then=lambda made: self._on_change(path, False),
            changed=lambda made: ONE_FILE,
            reserved=ONE_FILE,
        )

    async def remove_file(self, path: TreePath) -> None:
        """Remove a file."""
        names = checked(path, self._depth)
        self._check_names(path)
        await changing(
            self._tally(path),
            self._jobs,
            partial(syscalls.remove_file, self._root, names, self._lock),
            then=lambda _: self._gone(path),
            changed=lambda freed: NO_FILES - freed,
        )

    async def remove_directory(self, path: TreePath) -> None:
        """Remove an empty directory."""
        names = checked(path, self._depth)
        self._check_names(path)
        await changing(
            self._tally(path),
            self._jobs,
            partial(syscalls.remove_directory, self._root, names, self._long_ago(), self._lock),
            then=lambda _: self._gone(path),
            changed=lambda _: NO_FILES - ONE_FILE,
        )

    async def move_to(
        self, old: TreePath, sister: HomeTree, new: TreePath, *, replace: bool = True
    ) -> None:
        """As ``rename``, but *new* is in the sister, on the same file system."""
        tree, new = sister.underlying(new)
        if not isinstance(tree, DiskTree):
            raise NotPermitted("a tree of another kind")
        names = checked(old, self._depth), checked(new, tree._depth)

        self._check_names(old)
        tree._check_names(new)

        def tell(result: object) -> None:
            self._gone(old)
            tree._on_change(new, False)

        rename = partial(
            syscalls.rename,
            self._root,
            names[0],
            tree._root,
            names[1],
            replace,
            (self._lock, tree._lock),
        )
        source, target = self._tally(old), tree._tally(new)
        if source is target:
            await changing(
                source, self._jobs, rename, then=tell, changed=lambda moved: NO_FILES - moved.freed
            )
        else:
            is_directory, amount = await self._all_of(names[0])
            replaced = await tree._octets_at(names[1])
            there = NO_FILES if replaced is None else FileAmount(replaced, 1)
            await moving(
                source,
                target,
                self._jobs,
                rename,
                then=tell,
                need=(amount - there).positive,
                is_directory=is_directory,
            )

    def _check_names(self, path: TreePath) -> None:
        """Check that a name may be given or taken away. Raises Locked."""
        if self._locks is not None:
            self._locks.check_name(path)

    def _gone(self, path: TreePath) -> None:
        if self._locks is not None:
            self._locks.forget(path)
        self._on_change(path, True)

    def _tally(self, path: TreePath) -> AccountTally | None:
        return None if self._quotas is None else self._quotas.of(path)

    async def _all_of(self, names: Sequence[bytes]) -> tuple[bool, FileAmount]:
        """Return whether something is a directory, and what it counts for with all in it."""
        entry = await self._jobs.do(syscalls.entry_at, self._root, names)
        if entry.kind is EntryKind.FILE:
            return False, FileAmount(entry.octets, 1)
        return True, await self._below(names) + ONE_FILE

    async def amount(self, path: TreePath) -> FileAmount:
        """Count what is below a directory."""
        return await self._below(checked(path, self._depth))

    async def _below(self, names: Sequence[bytes]) -> FileAmount:
        count = Count(self._root, names)
        while await self._jobs.do(count.step):
            pass
        return count.amount

    async def set_modified(self, path: TreePath, modified: datetime) -> Entry:
        """Set the time of modification."""
        names = checked(path, self._depth)
        if self._locks is not None:
            self._locks.check_content(path)
        return await self._jobs.do(
            syscalls.set_modified,
            self._root,
            names,
            modified,
            then=lambda _: self._on_change(path, False),
        )

    async def set_mode(self, path: TreePath, mode: int) -> Entry:
        """Set the permission bits."""
        names = checked(path, self._depth)
        if self._locks is not None:
            self._locks.check_content(path)
        return await self._jobs.do(
            syscalls.set_mode,
            self._root,
            names,
            mode,
            then=lambda _: self._on_change(path, False),
        )

    async def space(self, path: TreePath) -> Space:
        """Return what the disk has room for, and the quota."""
        room = await self._jobs.do(syscalls.space, self._root, checked(path, self._depth))
        return room if self._quotas is None else await self._quotas.within(path, room)
