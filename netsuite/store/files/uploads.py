"""Uploads to disk: octets gathered on the reactor's thread, written in others, some ahead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from datetime import datetime
from typing import Final

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.store.errors import StoreError, TooLarge
from netsuite.store.files.group_commit import GroupCommit
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


class DiskUpload:
    """Implements ``tree.Upload``.

    Args:
        commits: where it is committed, with others.
        temporary: what is written to.
        limit_octets: more than that is refused, None for no limit.
        named: told of the file once it has its name.
    """

    log = Logger()

    def __init__(
        self,
        jobs: Jobs,
        commits: GroupCommit,
        temporary: StagedFile,
        limit_octets: int | None,
        named: Callable[[Entry], None],
    ) -> None:
        #: The file's size so far, what was kept of the old one included.
        self.octets = temporary.kept
        self._jobs = jobs
        self._group_commit = commits
        self._temporary = temporary
        self._limit_octets = limit_octets
        self._named = named
        self._failure: StoreError | None = None
        self._pieces: list[bytes] = []
        self._held = 0
        self._flying = 0
        self._in_thread = False
        self._room: list[Deferred[None]] = []
        self._landing: list[Deferred[None]] = []
        self._finished = False
        self._abandoned = False
        #: Waits for the end that has begun.
        self._wait: Callable[[], Deferred[Entry] | Deferred[None]] | None = None
        if temporary.kept:
            self._ask(temporary.copy)

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
        self._held += len(octets)
        self._flush()
        if self._held + self._flying <= AHEAD_OCTETS:
            return None
        room: Deferred[None] = Deferred()
        self._room.append(room)
        return room

    def _flush(self) -> None:
        if not self._in_thread and self._held >= FLUSH_OCTETS:
            self._flying = self._held
            self._ask(self._temporary.write, self._take())

    def _take(self) -> list[bytes]:
        pieces, self._pieces, self._held = self._pieces, [], 0
        return pieces

    def _ask(self, function: Callable[..., object], *arguments: object) -> None:
        self._in_thread = True
        try:
            done = self._jobs.do(function, *arguments)
        except StoreError as error:
            self._in_thread = False
            self._fail(error)
        else:
            done.addBoth(self._landed)

    def _landed(self, result: object) -> None:
        self._in_thread = False
        self._flying = 0
        if isinstance(result, Failure):
            self._fail(self._error_of(result))
        elif result is False and not self._abandoned:  # more of the old file is to be copied
            self._ask(self._temporary.copy)
        elif not self._finished:
            self._flush()
        if not self._in_thread:
            landing, self._landing = self._landing, []
            for waiting in landing:
                waiting.callback(None)
        if self._held + self._flying <= AHEAD_OCTETS // 2:
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
        room, self._room = self._room, []
        for waiting in room:
            if error is None:
                waiting.callback(None)
            else:
                waiting.errback(error)

    # -- the end -------------------------------------------------------------------------------

    async def commit(self, *, modified: datetime | None = None) -> Entry:
        """Make it durable and give it its name; once begun this goes on though the caller goes."""
        if self._finished:
            raise ValueError("the upload is finished")
        self._finished = True
        committed = ensureDeferred(self._commit(modified))
        self._wait = lambda: follower(committed)
        return await follower(committed)

    async def _commit(self, modified: datetime | None) -> Entry:
        await self._thread_free()
        if self._failure is not None:
            await self._discard()
            raise self._failure
        pieces = self._take()
        try:
            if self.octets >= LARGE_OCTETS:
                await self._jobs.do(self._temporary.settle, pieces)
                pieces = []
            done = self._group_commit.add(self._temporary, pieces, modified)
        except StoreError:
            await self._discard()
            raise
        entry = await done
        self._named(entry)
        return entry

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
        await self._thread_free()
        come = self.octets - self._temporary.kept
        if not keep_partial or self._failure is not None or not come:
            return await self._discard()
        try:
            await self._jobs.do(self._temporary.keep, self._take(), then=self._kept)
        except StoreError as error:
            self.log.info("a part of a file was not kept: {error}", error=error)

    def _kept(self, entry: Entry | None) -> None:
        if entry is not None:
            self._named(entry)

    async def _discard(self) -> None:
        self._take()
        try:
            await self._jobs.do(self._temporary.discard)
        except StoreError:  # the tree is closed: there are no threads any more
            self._temporary.discard()

    async def _thread_free(self) -> None:
        if self._in_thread:
            landing: Deferred[None] = Deferred()
            self._landing.append(landing)
            await landing
