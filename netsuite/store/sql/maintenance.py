"""What a store does by itself: hear of other processes, index, sweep, renew.

Everything goes in small steps on the injected clock. Steps that cost something wait for a
moment in which nothing is delivered, but not forever.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from netsuite.store.changes import Change
from netsuite.store.errors import StoreClosed, StoreError
from netsuite.store.sql import indexing
from netsuite.store.sql.base import Base
from netsuite.store.sql.changelog import AT_ONCE, last_sequence, read_after
from netsuite.store.sql.database import Session

#: How often other processes' commits are looked for.
POLL_SECONDS: Final = 0.2
#: How long between two steps of work while there is some, and while there is none.
STEP_SECONDS: Final = 0.02
REST_SECONDS: Final = 1.0
#: A delivery so short ago makes work wait ...
QUIET_SECONDS: Final = 0.5
#: ... but no longer than that.
PATIENCE_SECONDS: Final = 5.0
RENEW_SECONDS: Final = 60.0
#: Drafts that were not renewed for so long are those of a process that died.
LEASE_SECONDS: Final = 900.0
_MICRO: Final = 1_000_000


class _Logins(Protocol):
    async def write_logins(self) -> None: ...


class _Routine:
    """A coroutine function called again and again, never twice at a time.

    Args:
        clock: when.
        step: does a step; gives the seconds until the next one.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, step: Callable[[], Awaitable[float]]) -> None:
        self._clock = clock
        self._step = step
        self._call: IDelayedCall | None = None
        self._running = False
        self._stopped = False
        self._idle: list[Deferred[None]] = []

    def start(self, seconds: float) -> None:
        """Begin after so many seconds."""
        self._call = self._clock.callLater(seconds, self._go)

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
            self.start(seconds)


class Maintenance:
    """The routines of one store.

    Args:
        sweep_after_seconds: how long a content that nothing refers to stays, because a slow
            reader in another process may still want it.
    """

    def __init__(
        self,
        base: Base,
        logins: _Logins,
        clock: IReactorTime,
        *,
        sweep_after_seconds: float,
    ) -> None:
        self._base = base
        self._logins = logins
        self._clock = clock
        self._sweep_after = int(sweep_after_seconds * _MICRO)
        self._data_version: int | None = None
        self._postponed_since: int | None = None
        self._renewed_at = 0
        self._routines = (_Routine(clock, self._listen), _Routine(clock, self._tidy))

    def start(self) -> None:
        """Begin."""
        self._routines[0].start(POLL_SECONDS)
        self._routines[1].start(REST_SECONDS)

    async def stop(self) -> None:
        """End; nothing is under way afterwards."""
        for routine in self._routines:
            await routine.stop()

    async def tidy(self) -> None:
        """Index and sweep all that waits, now."""
        while await self._index():
            pass
        while await self._sweep():
            pass

    # -- other processes

    async def _listen(self) -> float:
        news = await self._base.readers.run_inline(self._news)
        if news:
            self._base.feed.advance(news)
        return 0.0 if len(news) == AT_ONCE else POLL_SECONDS

    def _news(self, session: Session) -> list[tuple[int, list[Change]]]:
        if session.sqlite:
            version = session.pragma("data_version")
            if version == self._data_version:
                return []
            self._data_version = version
        elif last_sequence(session) == self._base.feed.sequence:
            return []
        news = read_after(session, self._base.feed.sequence, AT_ONCE)
        if len(news) == AT_ONCE:
            self._data_version = None
        return news

    # -- work behind deliveries

    async def _tidy(self) -> float:
        base, now = self._base, self._base.now()
        if base.logins:
            await self._logins.write_logins()
        if now - self._renewed_at > RENEW_SECONDS * _MICRO:
            self._renewed_at = now
            await self._renew(now)
        if self._busy(now):
            return QUIET_SECONDS
        worked = await self._index()
        worked = await self._sweep() or worked
        return STEP_SECONDS if worked else REST_SECONDS

    def _busy(self, now: int) -> bool:
        """Say whether work should wait."""
        if now - self._base.busy_at > QUIET_SECONDS * _MICRO:
            self._postponed_since = None
            return False
        if self._postponed_since is None:
            self._postponed_since = now
        if now - self._postponed_since <= PATIENCE_SECONDS * _MICRO:
            return True
        self._postponed_since = now
        return False

    async def _renew(self, now: int) -> None:
        base = self._base
        if any(draft.chunks for draft in base.drafts):
            await base.writer.call(lambda tr: indexing.renew_drafts(tr, base.process))
        before = now - int(LEASE_SECONDS * _MICRO)
        await base.writer.call(lambda tr: indexing.bury_drafts(tr, before))

    async def _index(self) -> bool:
        base = self._base
        read = await base.readers.run_in_thread(indexing.read_pending)
        if read:
            await base.writer.call(lambda tr: indexing.keep_indexed(tr, read))
        return bool(read)

    async def _sweep(self) -> bool:
        base = self._base
        before = base.now() - self._sweep_after
        dead = await base.readers.run_inline(lambda s: indexing.dead(s, before))
        if not dead:
            return False
        for content in dead:
            base.contents.drop(content)
            base.summaries.drop(content)
        pinned = frozenset(base.pinned)
        return await base.writer.call(lambda tr: indexing.sweep(tr, before, pinned))
