"""Uploads to disk: octets gathered on the reactor's thread, written in others, some ahead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from datetime import datetime
from typing import Final

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.store.errors import StoreError, TooLarge
from netsuite.store.files.group_commit import Commit, GroupCommit
from netsuite.store.files.quotas import Growth
from netsuite.store.files.staging import StagedFile
from netsuite.store.files.thread_jobs import Jobs, follower
from netsuite.store.tree import Entry

#: From so many octets on a thread is asked to write.
FLUSH_OCTETS: Final = 512 << 10
#: So many may wait for it before their sender has to.
AHEAD_OCTETS: Final = 2 << 20
#: From that size on a file is brought to the disk before others are committed with it, so that
#: they need not wait.
LARGE_OCTETS: Final = 4 << 20


class FailedAwaitable:
    """An awaitable that raises; unlike a failed Deferred nobody has to await it."""

    def __init__(self, error: StoreError) -> None:
        self._error = error

    def __await__(self) -> Generator[None, None, None]:
        raise self._error


class Writable:
    """An awaitable of room for more. Nobody has to await it: who gives an upload up hands over what
    has come without waiting."""

    def __init__(self, wait: Callable[[], Deferred[None] | None]) -> None:
        self._wait = wait

    def __await__(self) -> Generator[Deferred[None], None, None]:
        waiting = self._wait()
        if waiting is not None:
            yield from waiting.__await__()


async def _awaited(waiting: Awaitable[None]) -> None:
    await waiting


class DiskUpload:
    """Implements ``tree.Upload``.

    Args:
        limit_octets: more than that is refused, None for no limit.
        named: told once it has its name, and whether it is whole.
        growth: what it takes of a quota; None where there can be none.
        check_locks: raises Locked where a lock keeps it from getting its name.
    """

    log = Logger()

    def __init__(
        self,
        jobs: Jobs,
        commits: GroupCommit,
        staged: StagedFile,
        limit_octets: int | None,
        named: Callable[[bool], None],
        growth: Growth | None = None,
        check_locks: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        #: The file's size so far, what was kept of the old one included.
        self.octets = staged.kept
        self._jobs = jobs
        self._group_commit = commits
        self._staged = staged
        self._limit_octets = limit_octets
        self._named = named
        self._growth = growth
        self._check_locks = check_locks
        self._growing = False  # room for it is being claimed
        self._entered = False  # it is getting its name
        self._failure: StoreError | None = None
        self._pieces: list[bytes] = []
        self._gathered = 0
        self._being_written = 0
        self._in_thread = False
        self._waiting: list[Deferred[None]] = []
        self._idle: list[Deferred[None]] = []
        self._finished = False
        self._abandoned = False
        #: Waits for the end that has begun.
        self._wait: Callable[[], Deferred[Entry] | Deferred[None]] | None = None
        if staged.kept:
            self._ask(staged.copy)

    # -- while it comes ------------------------------------------------------------------------

    def write(self, octets: bytes) -> Awaitable[None] | None:
        """Append; None when more may come at once, else an awaitable to await first."""
        if self._finished:
            raise ValueError("the upload is finished")
        if self._failure is None:
            self.octets += len(octets)
            if self._limit_octets is not None and self.octets > self._limit_octets:
                self._fail(TooLarge(f"more than {self._limit_octets} octets"))
        if self._failure is not None:
            return FailedAwaitable(self._failure)
        self._pieces.append(bytes(octets))
        self._gathered += len(octets)
        self._flush()
        if self._growth is not None:
            self._grow(self._growth)
        return self._writable()

    def _writable(self) -> Awaitable[None] | None:
        if self._failure is not None:
            return FailedAwaitable(self._failure)
        return None if self._has_room else Writable(self._until_writable)

    @property
    def _has_room(self) -> bool:
        return self._gathered + self._being_written <= AHEAD_OCTETS and not self._growing

    def _until_writable(self) -> Deferred[None] | None:
        """Return what fires when more may come; None if it may. Raises StoreError."""
        if self._failure is not None:
            raise self._failure
        if self._finished:
            raise StoreError("the upload was aborted")
        if self._has_room:
            return None
        writable: Deferred[None] = Deferred()
        self._waiting.append(writable)
        return writable

    def _grow(self, growth: Growth) -> None:
        """Reserve room for what has come."""
        waiting = None if self._growing else growth.cover(self.octets)
        if waiting is None:
            return
        self._growing = True

        def grown(result: object) -> None:
            self._growing = False
            if isinstance(result, Failure):
                self._fail(self._error_of(result))
            else:
                self._grow(growth)  # more has come meanwhile
            self._tell_waiting()

        Deferred.fromCoroutine(_awaited(waiting)).addBoth(grown)

    def _flush(self) -> None:
        if not self._in_thread and self._gathered >= FLUSH_OCTETS:
            self._being_written = self._gathered
            self._ask(self._staged.write, self._take())

    def _take(self) -> list[bytes]:
        pieces, self._pieces, self._gathered = self._pieces, [], 0
        return pieces

    def _ask(self, function: Callable[..., object], *arguments: object) -> None:
        self._in_thread = True
        try:
            done = self._jobs.do(function, *arguments)
        except StoreError as error:
            self._in_thread = False
            self._fail(error)
        else:
            done.addBoth(self._written)

    def _written(self, result: object) -> None:
        self._in_thread = False
        self._being_written = 0
        if isinstance(result, Failure):
            self._fail(self._error_of(result))
        elif result is False and not self._abandoned:  # more of the old file is to be copied
            self._ask(self._staged.copy)
        elif not self._finished:
            self._flush()
        self._tell_waiting()

    def _tell_waiting(self) -> None:
        if not self._in_thread and not self._growing:
            idle, self._idle = self._idle, []
            for waiting in idle:
                waiting.callback(None)
        if self._gathered + self._being_written <= AHEAD_OCTETS // 2 and not self._growing:
            self._release(None)

    def _error_of(self, failure: Failure) -> StoreError:
        error = failure.value
        if isinstance(error, StoreError):
            return error
        self.log.failure("writing a file", failure)
        return StoreError("writing failed")

    def _fail(self, error: StoreError) -> None:
        if self._failure is None:
            self._failure = error
        self._take()
        self._release(error)

    def _release(self, error: StoreError | None) -> None:
        waiting, self._waiting = self._waiting, []
        for writable in waiting:
            if error is None:
                writable.callback(None)
            else:
                writable.errback(error)

    # -- the end -------------------------------------------------------------------------------

    async def commit(
        self,
        *,
        modified: datetime | None = None,
        may_replace: Callable[[], Awaitable[object]] | None = None,
    ) -> Entry:
        """Make it durable and give it its name; once begun this goes on though the caller goes."""
        if self._finished:
            raise ValueError("the upload is finished")
        self._finished = True
        committed = ensureDeferred(self._commit(modified, may_replace))
        self._wait = lambda: follower(committed)
        return await follower(committed)

    async def _commit(
        self, modified: datetime | None, may_replace: Callable[[], Awaitable[object]] | None
    ) -> Entry:
        await self._wait_for_thread()
        if self._failure is not None:
            await self._discard()
            raise self._failure
        pieces = self._take()
        try:
            if self.octets >= LARGE_OCTETS:
                await self._jobs.do(self._staged.write_and_sync, pieces)
                pieces = []
            entry = await self._take_name(pieces, modified, may_replace)
        except BaseException:
            await self._discard()
            raise
        self._leave(entry)
        self._named(True)
        return entry

    async def _take_name(
        self,
        pieces: Sequence[bytes],
        modified: datetime | None,
        may_replace: Callable[[], Awaitable[object]] | None,
    ) -> Entry:
        await self._enter()
        commit = Commit(self._staged, pieces, modified, replaces=may_replace is None)
        entry = await self._group_commit.add(commit)
        while entry is None:
            if may_replace is not None:
                try:
                    await may_replace()
                except BaseException:
                    await self._keep(())
                    raise
                may_replace = None
            else:  # what it was to replace has become smaller, or is gone
                self._leave()
                await self._enter(again=True)
            entry = await self._group_commit.add(Commit(self._staged, (), None))
        return entry

    async def _enter(self, *, again: bool = False) -> None:
        """Begin to give it its name, with room for it. Raises OverQuota, Locked."""
        if self._check_locks is not None:
            await self._check_locks()
        if self._growth is not None and not self._entered:
            await self._growth.enter(self.octets, again=again)
            self._entered = True
            self._staged.counts_on = self._growth.replaced

    def _leave(self, entry: Entry | None = None) -> None:
        """It has its name, or will not get one."""
        if self._growth is None:
            return
        if self._entered:
            self._entered = False
            octets = None if entry is None else entry.octets
            self._growth.leave(octets, self._staged.replaced_octets)
        else:
            self._growth.give_back()

    async def abort(self, *, keep_partial: bool = False) -> None:
        """Throw it away, or keep what has come where that takes nothing away."""
        if not self._finished:
            self._finished = True
            self._abandoned = not keep_partial
            self._release(StoreError("the upload was aborted"))
            aborted = ensureDeferred(self._abort(keep_partial))
            self._wait = lambda: follower(aborted)
        if self._wait is not None:
            await self._wait()

    async def _abort(self, keep_partial: bool) -> None:
        await self._wait_for_thread()
        come = self.octets - self._staged.kept
        if not keep_partial or self._failure is not None or not come:
            return await self._discard()
        await self._keep(self._take())

    async def _keep(self, pieces: Sequence[bytes]) -> None:
        try:
            await self._enter()
            self._leave(await self._jobs.do(self._staged.keep, pieces, then=self._kept))
        except StoreError as error:
            self.log.info("a part of a file was not kept: {error}", error=error)
            await self._discard()

    def _kept(self, entry: Entry | None) -> None:
        if entry is not None:
            self._named(False)

    async def _discard(self) -> None:
        self._take()
        self._leave()
        try:
            await self._jobs.do(self._staged.discard)
        except StoreError:  # the tree is closed: there are no threads any more
            self._staged.discard()

    async def _wait_for_thread(self) -> None:
        if self._in_thread or self._growing:
            idle: Deferred[None] = Deferred()
            self._idle.append(idle)
            await idle
