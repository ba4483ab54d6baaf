"""What one process adds to an account's files, and takes away, within the account's quota.

Room is claimed in the store, some more of it than is needed, so that most files need nothing of the
store; what has changed is settled there a second later, all together. Before the first change the
store has noted, durably, that this process is at it, and forgets it once it rests: after a crash of
the process or a power cut the account's files are counted again.

While files are counted nobody changes them: each process shares a lock while it has changed
something that is not settled yet, and the one that counts has it alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from twisted.internet.defer import Deferred, DeferredLock, ensureDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from netsuite.store.errors import Busy, OverQuota, StoreError
from netsuite.store.file_usage import (
    NO_FILES,
    Claimed,
    FileAmount,
    FileUsage,
    FileUsageStore,
)
from netsuite.store.files.account_locks import AccountLocks
from netsuite.store.files.thread_jobs import follower
from netsuite.store.model import AccountId

#: What has changed is settled after so long.
SETTLE_SECONDS: Final = 1.0
#: The mark goes when nothing has changed for so long: then all of it is on the disk. What need not
#: be durable is there when the system has written it out.
QUIET_SECONDS: Final = 5.0
LAZY_SECONDS: Final = 60.0
#: How often a lock that another process has is asked for, and for how long.
ASK_SECONDS: Final = 0.02
PATIENCE_SECONDS: Final = 30.0
#: Room that another process has claimed in advance comes back within that time.
RETURN_SECONDS: Final = 2.5
#: A quota that was just set is known to all processes after so long.
NOTICE_SECONDS: Final = 3.0
#: Claimed at once in advance, at most.
AHEAD: Final = FileAmount(64 << 20, 1000)


@dataclass(slots=True, eq=False)
class Surroundings:
    """What the tallies of one process share.

    Args:
        usage: in the store.
        token: this process's, of hexadecimal digits.
        count: counts an account's files, by its name.
        durable: whether each change is on the disk when it is told to be done.
    """

    usage: FileUsageStore
    locks: AccountLocks
    clock: IReactorTime
    token: str
    count: Callable[[str], Awaitable[FileAmount]]
    durable: bool = True

    @property
    def quiet_seconds(self) -> float:
        """After so long without a change all that was changed is on the disk."""
        return QUIET_SECONDS if self.durable else LAZY_SECONDS

    def sleep(self, seconds: float) -> Deferred[None]:
        """Wait."""
        return deferLater(self.clock, seconds)

    def dead(self, processes: Collection[str]) -> frozenset[str]:
        """Return those that live no more."""
        return frozenset(each for each in processes if not self.locks.is_alive(each))


class AccountTally:
    """One account's files, as far as this process changes them.

    Used on the reactor's thread. A change is between ``enter`` and ``leave``; what it adds was
    reserved before.

    Args:
        name: the account's.
    """

    log = Logger()

    def __init__(self, shared: Surroundings, account: AccountId, name: str) -> None:
        self.name = name
        self._shared = shared
        self._account = account
        self._since = shared.clock.seconds()
        #: Of what the store has granted, what uploads under way have reserved.
        self._granted = NO_FILES
        self._reserved = NO_FILES
        self._unsettled = NO_FILES
        self._is_uncounted = False  # what has changed is not known
        self._active = 0
        self._is_marked = False
        self._is_sharing = False
        self._is_stopped = False
        self._changed_at = 0.0
        self._waiting: list[Deferred[None]] = []
        self._drained: Deferred[None] | None = None
        self._claiming = DeferredLock()
        self._settling = DeferredLock()
        self._call: IDelayedCall | None = None

    # -- room ----------------------------------------------------------------------------------

    @property
    def _free(self) -> FileAmount:
        # What was freed may be used once the store knows it: the quota may be less by now.
        return self._granted - self._reserved - self._unsettled.positive

    def try_reserve(self, amount: FileAmount) -> bool:
        """Reserve room where it is at hand; return whether it was."""
        if self._lacking(amount) != NO_FILES or (self._is_uncounted and amount != NO_FILES):
            return False
        self._reserved += amount
        return True

    async def reserve(self, amount: FileAmount) -> None:
        """Reserve room. Raises OverQuota where there is none, a StoreError where that cannot be
        known."""
        if not self.try_reserve(amount):
            await self._claim(amount)

    def _lacking(self, amount: FileAmount) -> FileAmount:
        """Return what is to be claimed for an amount. Who needs nothing of a kind is not asked
        whether there is too much of it."""
        free = self._free
        return FileAmount(
            max(0, amount.octets - free.octets) if amount.octets else 0,
            max(0, amount.files - free.files) if amount.files else 0,
        )

    def release(self, amount: FileAmount) -> None:
        """Give back what was reserved."""
        self._reserved -= amount
        self._settle_later()

    async def _claim(self, amount: FileAmount) -> None:
        until = self._shared.clock.seconds() + RETURN_SECONDS
        await self._claiming.acquire()
        try:
            while self._is_uncounted or self._lacking(amount) != NO_FILES:
                if self._is_uncounted or self._unsettled.positive != self._unsettled:
                    await self.settle()
                claimed = await self._claim_once(self._lacking(amount))
                if claimed.granted is not None:
                    self._granted += claimed.granted
                elif claimed.usage.used is None or self._dead(claimed.usage):
                    await self._count()
                elif self._shared.clock.seconds() < until and self._may_return(claimed.usage):
                    await self._shared.sleep(5 * ASK_SECONDS)
                else:
                    raise OverQuota(self.name)
            self._reserved += amount
        finally:
            self._claiming.release()
            self._settle_later()

    async def _claim_once(self, need: FileAmount) -> Claimed:
        await self._mark()
        shared = self._shared
        claimed = await shared.usage.claim(self._account, shared.token, need, AHEAD)
        if claimed.granted is not None and self._dead(claimed.usage):
            # What those have changed is not known: nothing is judged before it is.
            await shared.usage.settle(self._account, shared.token, NO_FILES, claimed.granted)
            return Claimed(None, claimed.usage)
        return claimed

    def _may_return(self, usage: FileUsage) -> bool:
        """Return whether other processes have claimed something, perhaps in advance."""
        return (usage.claimed - self._granted).positive != NO_FILES

    def _dead(self, usage: FileUsage) -> frozenset[str]:
        return self._shared.dead(usage.processes)

    async def left(self) -> tuple[int | None, int | None]:
        """Return the octets and files that may still be stored; None for no limit."""
        await self._count_if_needed()
        usage = await self._shared.usage.usage(self._account)
        free = self._granted - self._reserved - self._unsettled
        octets, files = usage.left()
        return (
            None if octets is None else max(0, octets + free.octets),
            None if files is None else max(0, files + free.files),
        )

    async def _count_if_needed(self) -> None:
        await self._claiming.acquire()
        try:
            if self._is_uncounted:
                await self.settle()
            usage = await self._shared.usage.usage(self._account)
            if usage.has_quota and (usage.used is None or self._dead(usage)):
                await self._count()
        finally:
            self._claiming.release()

    # -- changes -------------------------------------------------------------------------------

    async def enter(self) -> None:
        """Begin a change, once nobody counts the files."""
        while True:
            if self._is_stopped:
                resumed: Deferred[None] = Deferred()
                self._waiting.append(resumed)
                await resumed
            elif not self._is_marked:
                await self._mark()
            elif not self._is_sharing:
                if self._shared.locks.share(self._account):
                    self._is_sharing = True
                else:
                    await self._shared.sleep(ASK_SECONDS)
            else:
                break
        self._active += 1

    def leave(
        self,
        changed: FileAmount = NO_FILES,
        *,
        reserved: FileAmount = NO_FILES,
        uncounted: bool = False,
    ) -> None:
        """End a change.

        Args:
            changed: what there is more than before.
            reserved: what was for it and is not needed any more.
            uncounted: it is not known by how much.
        """
        self._active -= 1
        self._unsettled += changed
        self._reserved -= reserved
        self._is_uncounted |= uncounted
        self._changed_at = self._shared.clock.seconds()
        if self._drained is not None and not self._active:
            drained, self._drained = self._drained, None
            drained.callback(None)
        self._settle_later()

    async def _mark(self) -> None:
        if not self._is_marked:
            await self._shared.usage.mark(self._account, self._shared.token)
            self._is_marked = True
            self._changed_at = self._shared.clock.seconds()
            self._settle_later()

    # -- settling ------------------------------------------------------------------------------

    def _settle_later(self) -> None:
        if self._call is None and self._is_marked:
            self._call = self._shared.clock.callLater(SETTLE_SECONDS, self._begin_to_settle)

    def _begin_to_settle(self) -> None:
        self._call = None
        ensureDeferred(self._settle_in_turn()).addErrback(
            lambda failure: self.log.failure("settling what files take", failure)
        )

    async def _settle_in_turn(self) -> None:
        with suppress(StoreError):  # the writer has logged what was wrong: later, then
            await self.settle()
            if self._is_sharing and self._shared.locks.is_wanted(self._account):
                await self._give_way()
        self._settle_later()

    def _is_resting(self, now: float) -> bool:
        return (
            not self._active
            and not self._claiming.locked
            and self._reserved == NO_FILES
            and now - self._changed_at >= self._shared.quiet_seconds
        )

    async def settle(self) -> None:
        """Put what has changed into the store's tally. Raises StoreError."""
        # Who is cancelled leaves it to go on: what the store was told, it was told.
        await follower(ensureDeferred(self._settle_alone(at_end=False)))

    async def close(self) -> None:
        """Settle, and be at nothing any more; what may not be on the disk yet is counted by who
        comes next. Raises StoreError."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
        await self._settle_alone(at_end=True)

    async def _settle_alone(self, *, at_end: bool) -> None:
        await self._settling.acquire()
        try:
            await self._settle(at_end=at_end)
        finally:
            self._settling.release()

    async def _settle(self, *, at_end: bool) -> None:
        shared = self._shared
        if not self._is_marked:
            return
        done = (at_end and shared.durable) or self._is_resting(shared.clock.seconds())
        changed, uncounted = self._unsettled, self._is_uncounted
        unused = self._granted - self._reserved
        if not done and (changed, unused, uncounted) == (NO_FILES, NO_FILES, False):
            self._unshare()
            return
        # At once, so that nobody takes what is given back.
        self._unsettled, self._granted, self._is_uncounted = NO_FILES, self._reserved, False
        self._is_marked = not done
        try:
            await shared.usage.settle(
                self._account, shared.token, changed, unused, done=done, uncounted=uncounted
            )
        except BaseException:
            self._unsettled += changed
            self._granted += unused
            self._is_uncounted |= uncounted
            self._is_marked = True
            raise
        self._unshare()

    def _unshare(self) -> None:
        """Let others count, where all that was changed is settled."""
        if self._is_sharing and not self._active and self._unsettled == NO_FILES:
            self._is_sharing = False
            self._shared.locks.release(self._account)

    # -- counting ------------------------------------------------------------------------------

    async def _stop(self) -> None:
        """Let no change begin, and wait for the end of those that have; settle them."""
        self._is_stopped = True
        if self._active:
            self._drained = Deferred()
            await self._drained
        await self.settle()
        self._unshare()

    def _resume(self) -> None:
        self._is_stopped = False
        waiting, self._waiting = self._waiting, []
        for resumed in waiting:
            if not resumed.called:
                resumed.callback(None)

    async def _give_way(self) -> None:
        """Let another process count."""
        if self._is_stopped:
            return
        try:
            await self._stop()
        finally:
            self._resume()

    async def _count(self) -> None:
        """Count the files, unless another process has. Raises Busy, StoreError."""
        await follower(ensureDeferred(self._count_alone()))

    async def _count_alone(self) -> None:
        shared = self._shared
        while self._is_stopped:
            await shared.sleep(ASK_SECONDS)
        try:
            await self._stop()
            await self._take()
            usage = await shared.usage.usage(self._account)
            dead = self._dead(usage)
            if usage.used is None or dead:
                counted = await shared.count(self.name)
                await shared.usage.set_counted(self._account, counted, dead)
        finally:
            shared.locks.release(self._account)
            self._resume()

    async def _take(self) -> None:
        """Have the files for ourselves."""
        shared = self._shared
        until = shared.clock.seconds() + PATIENCE_SECONDS
        noticed = self._since + NOTICE_SECONDS
        while not shared.locks.take(self._account) or (
            shared.clock.seconds() < noticed and not shared.locks.is_alone()
        ):
            if shared.clock.seconds() > until:
                raise Busy("another process changes the files of the account")
            await shared.sleep(ASK_SECONDS)
