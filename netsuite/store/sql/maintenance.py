"""Maintenance of a store: hearing of other processes, indexing, sweeping, renewing drafts.

Everything goes in small steps on the injected clock. Steps that cost something wait for a
moment in which nothing is delivered, but not forever.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

import sqlalchemy as sa
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from netsuite.store.changes import Published
from netsuite.store.errors import StorageFull, StoreClosed, StoreError
from netsuite.store.model import ContentId
from netsuite.store.sql import arrivals
from netsuite.store.sql import schema as t
from netsuite.store.sql.changelog import AT_ONCE, last_sequence, read_after
from netsuite.store.sql.database import DatabaseSession, OneOf
from netsuite.store.sql.delivery import discard_draft
from netsuite.store.sql.indexing import (
    keep_described,
    keep_indexed,
    read_pending,
    read_undescribed,
)
from netsuite.store.sql.leases import RENEW_SECONDS as PRESENT_SECONDS
from netsuite.store.sql.locks import Locks
from netsuite.store.sql.offloading import Offloading, doom
from netsuite.store.sql.parts import StoreParts
from netsuite.store.sql.remembered import Expiry, has_expired
from netsuite.store.sql.transaction import Transaction
from netsuite.store.sql.units import GrowingCall

#: How often other processes' commits are looked for.
POLL_SECONDS: Final = 0.2
#: How long between two steps of work while there is some, and while there is none.
STEP_SECONDS: Final = 0.005
REST_SECONDS: Final = 1.0
#: A delivery so short ago makes work wait ...
QUIET_SECONDS: Final = 0.5
#: ... but for descriptions of so many messages, which are made meanwhile: who looks at a mailbox
#: right after a mass import waits for no more than these.
BACKLOG: Final = 512
BUSY_SECONDS: Final = 0.05
#: ... but no longer than that.
PATIENCE_SECONDS: Final = 5.0
RENEW_SECONDS: Final = 60.0
#: How long an object store is left alone that could not be used.
OFFLOAD_AGAIN_SECONDS: Final = 60.0
#: While the disk is full, what nothing refers to is removed after so long; a slow reader may miss
#: the end of it.
FULL_SWEEP_SECONDS: Final = 2.0
#: Drafts that were not renewed for so long are those of a process that died.
LEASE_SECONDS: Final = 900.0
_MICRO: Final = 1_000_000


_C: Final = t.content.c
_K: Final = t.chunk.c
_DEAD: Final = (
    sa.select(_C.id, _C.octets)
    .where(sa.text("refs = 0"), _C.died_at <= sa.bindparam("before"))
    .order_by(_C.id.asc())
    .limit(sa.bindparam("most"))
)
_SOME_CHUNKS: Final = (
    sa.select(_K.id)
    .where(_K.id >= sa.bindparam("first"), _K.id <= sa.bindparam("last"))
    .limit(sa.bindparam("most"))
)
_DROP_CHUNKS: Final = sa.delete(t.chunk).where(OneOf(_K.id, "chunks"))
_DROP_REST: Final = tuple(
    sa.delete(table).where(column == sa.bindparam("content"))
    for table, column in (
        (t.content, _C.id),
        (t.summary, t.summary.c.content),
        (t.heading, t.heading.c.content),
        (t.content_text, t.content_text.c.content),
        (t.pending, t.pending.c.content),
    )
)
_RENEW: Final = (
    sa.update(t.draft)
    .values(renewed_at=sa.bindparam("renewed_at"))
    .where(t.draft.c.process == sa.bindparam("of_process"))
)
_ABANDONED: Final = sa.select(t.draft.c.content).where(
    t.draft.c.renewed_at < sa.bindparam("before")
)

#: One step looks at so many contents.
STEP_CONTENTS: Final = 32
#: One step of sweeping removes no more chunks than that.
STEP_CHUNKS: Final = 32


def read_dead(session: DatabaseSession, before: int) -> list[ContentId]:
    """Return some contents that nothing has referred to since before that moment."""
    return [row[0] for row in session.all(_DEAD, before=before, most=STEP_CONTENTS)]


def sweep(transaction: Transaction, before: int, pinned: frozenset[int]) -> bool:
    """Remove some of what is dead, in one bounded step; return whether there was something.

    Args:
        before: microseconds; what died later may still be read in another process.
        pinned: contents that are being read in this one.
    """
    session = transaction.session
    budget = STEP_CHUNKS
    worked = False
    rows = session.all(_DEAD, before=before, most=STEP_CONTENTS + len(pinned))
    for content, _ in rows:
        if content in pinned:
            continue
        if budget <= 0:
            break
        base = content << t.CHUNK_BITS
        last = base | ((1 << t.CHUNK_BITS) - 1)
        chunks = [row[0] for row in session.all(_SOME_CHUNKS, first=base, last=last, most=budget)]
        session.run(_DROP_CHUNKS, chunks=session.database.numbers(chunks))
        worked = True
        if len(chunks) < budget:
            for statement in _DROP_REST:
                session.run(statement, content=content)
            if session.database.objects is not None:
                doom(transaction, content)
        budget -= len(chunks) + 1
    return worked


def renew_drafts(transaction: Transaction, process: str) -> None:
    """Record that this process's drafts are still being written."""
    transaction.session.run(_RENEW, renewed_at=transaction.now, of_process=process)


def discard_drafts(transaction: Transaction, before: int) -> None:
    """Leave the drafts that nobody has renewed since to the sweeper."""
    for (content,) in transaction.session.all(_ABANDONED, before=before):
        discard_draft(transaction, content, 0)


# -- when ----------------------------------------------------------------------------------------


class _Routine:
    """A coroutine function called again and again, never twice at a time.

    Args:
        step: does a step; gives the seconds until the next one.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, step: Callable[[], Awaitable[float]]) -> None:
        self._clock = clock
        self._step = step
        self._call: IDelayedCall | None = None
        self._running = False
        self._again = False  # whether somebody has asked for a step during this one
        self._stopped = False
        self._idle: list[Deferred[None]] = []

    def start(self, seconds: float) -> None:
        """Begin after so many seconds."""
        self._call = self._clock.callLater(seconds, self._go)

    def go_now(self) -> None:
        """Begin at once, or right after the step under way."""
        if self._call is not None:
            self._call.cancel()
            self._go()
        else:
            self._again = True

    async def stop(self) -> None:
        """Begin no further step; wait for the one under way."""
        self._stopped = True
        if self._call is not None:
            self._call.cancel()
            self._call = None
        if self._running:
            idle: Deferred[None] = Deferred()
            self._idle.append(idle)
            await idle

    def _go(self) -> None:
        self._call = None
        self._running = True
        Deferred.fromCoroutine(self._run())

    async def _run(self) -> None:
        seconds = REST_SECONDS
        self._again = False
        try:
            seconds = await self._step()
        except StoreClosed:
            self._stopped = True
        except StoreError as error:
            self.log.warn("{error}; trying again", error=error)
        except Exception:
            self.log.failure("a routine step failed; trying again")
        self._running = False
        idle, self._idle = self._idle, []
        for waiting in idle:
            waiting.callback(None)
        if not self._stopped:
            self.start(0.0 if self._again else seconds)


class Maintenance:
    """The routines of one store.

    Args:
        write_waiting: each writes something that waits for others to be written with; at once
            where there is nothing.
        sweep_after_seconds: how long a content that nothing refers to stays, because a slow
            reader in another process may still want it.
        offloading: moves large contents to an object store, where there is one.
        locks: what this process holds, and who of all processes works behind deliveries.
        looked: told whether a look for others' commits has found any; returns the seconds until
            the next.
    """

    log = Logger()

    def __init__(
        self,
        shared: StoreParts,
        write_waiting: Sequence[Callable[[], Awaitable[None]]],
        clock: IReactorTime,
        *,
        sweep_after_seconds: float,
        offloading: Offloading | None = None,
        locks: Locks,
        looked: Callable[[bool], float],
    ) -> None:
        self._shared = shared
        self._offloading = offloading
        self._locks = locks
        self._looked = looked
        self._present_at = 0
        self._write_waiting = write_waiting
        self._clock = clock
        self._sweep_after = int(sweep_after_seconds * _MICRO)
        self._data_version: int | None = None
        self._postponed_since: int | None = None
        self._renewed_at = 0
        self._described_to = 0  # the last content that was looked at
        self._routines = [_Routine(clock, self._listen), _Routine(clock, self._tidy)]
        if offloading is not None:
            self._routines.append(_Routine(clock, partial(self._offload, offloading)))

    def start(self) -> None:
        """Begin."""
        self._routines[0].start(POLL_SECONDS)
        for routine in self._routines[1:]:
            routine.start(REST_SECONDS)

    async def stop(self) -> None:
        """End; nothing is under way afterwards."""
        if self._offloading is not None:
            self._offloading.stop()
        for routine in self._routines:
            await routine.stop()

    async def tidy(self) -> None:
        """Write, file, index and sweep all that waits, now."""
        for write in self._write_waiting:
            await write()
        await self._file()
        while await self._describe():
            pass
        while await self._index():
            pass
        while await self._sweep():
            pass
        while await self._expire():
            pass
        while self._offloading is not None and await self._offloading.step():
            pass

    # -- other processes

    def listen_now(self) -> None:
        """Read what others have committed; somebody has told that they have."""
        self._routines[0].go_now()

    async def _listen(self) -> float:
        news = await self._shared.readers.run_inline(self._news)
        if news:
            self._shared.feed.advance(news)
        wait = self._looked(bool(news))
        return 0.0 if len(news) == AT_ONCE else wait

    def _news(self, session: DatabaseSession) -> list[tuple[int, list[Published]]]:
        if session.sqlite:
            version = session.pragma("data_version")
            if version == self._data_version:
                return []
            self._data_version = version
        elif last_sequence(session) == self._shared.feed.sequence:
            return []
        news = read_after(session, self._shared.feed.sequence, AT_ONCE)
        if len(news) == AT_ONCE:
            self._data_version = None
        return news

    # -- work behind deliveries

    async def _tidy(self) -> float:
        shared = self._shared
        now = shared.now()
        described = False
        for write in self._write_waiting:
            with suppress(StorageFull):  # it waits on
                await write()
        if now - self._renewed_at > RENEW_SECONDS * _MICRO:
            self._renewed_at = now
            await self._renew(now)
        if now - self._present_at > PRESENT_SECONDS * _MICRO:
            self._present_at = now
            await self._locks.renew()
        busy = self._busy(now)
        if busy and shared.undescribed < BACKLOG:
            return BUSY_SECONDS
        if not await self._locks.take_tidying():
            return REST_SECONDS
        with suppress(StorageFull):
            described = await self._describe()
        if busy:
            return 0.0 if shared.undescribed >= BACKLOG else BUSY_SECONDS
        if described:
            return 0.0
        await self._file()
        worked = await self._sweep()
        worked = await self._expire() or worked
        with suppress(StorageFull):
            worked = await self._index() or worked
        return STEP_SECONDS if worked else REST_SECONDS

    def _busy(self, now: int) -> bool:
        """Return whether work should wait."""
        if now - self._shared.busy_at > QUIET_SECONDS * _MICRO:
            self._postponed_since = None
            return False
        if self._postponed_since is None:
            self._postponed_since = now
        if now - self._postponed_since <= PATIENCE_SECONDS * _MICRO:
            return True
        self._postponed_since = now
        return False

    async def _renew(self, now: int) -> None:
        shared = self._shared
        if any(draft.chunks for draft in shared.drafts):
            await shared.writer.call(lambda tr: renew_drafts(tr, shared.process))
        before = now - int(LEASE_SECONDS * _MICRO)
        await shared.writer.call(lambda tr: discard_drafts(tr, before))

    async def _file(self) -> None:
        shared = self._shared
        if shared.database.sqlite and await shared.readers.run_inline(arrivals.are_there):
            await shared.writer.call(Transaction.file_all)

    async def _describe(self) -> bool:
        """Describe some contents; return whether there may be more."""
        shared = self._shared
        after = self._described_to
        described, self._described_to = await shared.readers.run_in_thread(
            lambda s: read_undescribed(s, after)
        )
        # What was only queued was counted, and is never described.
        shared.undescribed = max(0, shared.undescribed - len(described)) if described else 0
        if described:
            await shared.writer.submit(GrowingCall(lambda tr: keep_described(tr, described)))
        return bool(described) or bool(after)

    async def _index(self) -> bool:
        shared = self._shared
        read = await shared.readers.run_in_thread(read_pending)
        if read:
            await shared.writer.submit(GrowingCall(lambda tr: keep_indexed(tr, read)))
        return bool(read)

    async def _sweep(self) -> bool:
        shared = self._shared
        after = self._sweep_after
        if shared.writer.is_full:
            after = min(after, int(FULL_SWEEP_SECONDS * _MICRO))
        before = shared.now() - after
        dead = await shared.readers.run_inline(lambda s: read_dead(s, before))
        if not dead:
            return False
        for content in dead:
            shared.contents.drop(content)
            shared.summaries.drop(content)
        pinned = frozenset(shared.pinned)
        return await shared.writer.call(lambda tr: sweep(tr, before, pinned))

    async def _offload(self, offloading: Offloading) -> float:
        try:
            return STEP_SECONDS if await offloading.step() else REST_SECONDS
        except StoreClosed:
            raise
        except StoreError as error:
            self.log.warn("{error}; contents stay in the database meanwhile", error=error)
            return OFFLOAD_AGAIN_SECONDS

    async def _expire(self) -> bool:
        shared, now = self._shared, self._shared.now()
        if not await shared.readers.run_inline(lambda s: has_expired(s, now)):
            return False
        await shared.writer.submit(Expiry())
        return True
