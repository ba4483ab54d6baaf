"""Limits of bandwidth: how many octets may pass in a second, of a session, an account, and all.

A transfer asks before each slice it sends, or behind each it has received, and waits as long as it
is told. Slices are small and of one size, and who asks first goes first: so those that share a
limit get the same. Of a limit that several processes keep together, each has its part: as much of
it as it has of the transfers under way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from weakref import WeakValueDictionary

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from netsuite.connection.counts import Counts

#: Unused time that may be made up for: who was idle begins with so many seconds' worth.
BURST_SECONDS: Final = 0.25
#: A slice is what passes in a tenth of a second, and of these sizes.
SLICE_OCTETS: Final = range(1_024, 65_536)
#: How much passes before it is looked whether there is a limit by now.
UNLIMITED_OCTETS: Final = 16 << 20
#: The same of what comes in small pieces.
UNLIMITED_LOOK_OCTETS: Final = 1 << 20


class Bucket:
    """One limit's account of time: until when all that has passed keeps it busy.

    Args:
        key: of the transfers that share it, in *counts*.
        counts: returns those of the transfers of all processes; None where there is but one.
    """

    __slots__ = ("__weakref__", "_busy_until", "_counts", "_key", "_transfers")

    def __init__(self, key: str = "", counts: Callable[[], Counts] | None = None) -> None:
        self._busy_until = 0.0
        self._key = key
        self._counts = counts
        self._transfers = 0

    def count(self, change: int) -> None:
        """Count a transfer that begins (1) or has ended (-1)."""
        self._transfers += change
        if self._counts is not None:
            self._counts().add(self._key, change)

    def seconds(self, octets: int, rate: float) -> float:
        """Return how long octets take at a rate in octets per second."""
        if self._counts is not None and self._transfers:
            rate *= self._transfers / max(self._transfers, self._counts().add(self._key, 0))
        return octets / rate

    def book(self, seconds: float, now: float) -> float:
        """Let pass what takes so long; return in how many seconds it may."""
        self._busy_until = max(self._busy_until, now - BURST_SECONDS) + seconds
        return max(0.0, self._busy_until - now)

    def give_back(self, seconds: float) -> None:
        """Accept that what was booked will not pass."""
        self._busy_until -= seconds


class Rates:
    """The limits that sessions share.

    Args:
        counts: as of ``Bucket``.
    """

    def __init__(self, counts: Callable[[], Counts] | None = None) -> None:
        self._counts = counts
        self.everybody = Bucket("ftp transfers", counts)
        self._accounts: WeakValueDictionary[str, Bucket] = WeakValueDictionary()

    def of_account(self, name: str) -> Bucket:
        """Return an account's, the same for as long as somebody has it."""
        bucket = self._accounts.get(name)
        if bucket is None:
            bucket = self._accounts[name] = Bucket(f"ftp transfers of {name}", self._counts)
        return bucket


class Allowance:
    """What one session may do; it keeps what it has been allowed and did not use.

    Args:
        clock: on which it waits.
        limits: buckets, and the rate of each by now; 0 for no limit.
    """

    def __init__(
        self, clock: IReactorTime, limits: Sequence[tuple[Bucket, Callable[[], int]]]
    ) -> None:
        self._clock = clock
        self._limits = limits
        self._left = 0  # allowed, and not used yet
        self._counted = False

    @property
    def slice_octets(self) -> int | None:
        """How much may pass at a time; None where there is no limit by now."""
        rates = [rate for _, limit in self._limits if (rate := limit())]
        if not rates:
            return None
        return max(SLICE_OCTETS.start, min(SLICE_OCTETS.stop, min(rates) // 10))

    async def take(self, octets: int) -> None:
        """Wait until octets may pass. A whole slice is asked for each time, however few they are:
        who sends in small pieces has to wait in line as often as others."""
        while octets > self._left:
            step = self.slice_octets
            if step is None:
                self._left = octets + UNLIMITED_LOOK_OCTETS
                break
            self._count()
            now = self._clock.seconds()
            booked = [
                (bucket, bucket.seconds(step, rate))
                for bucket, limit in self._limits
                if (rate := limit())
            ]
            wait = max(bucket.book(seconds, now) for bucket, seconds in booked)
            if wait > 0:
                try:
                    await deferLater(self._clock, wait)
                except BaseException:  # given up; others would wait for what does not pass
                    for bucket, seconds in booked:
                        bucket.give_back(seconds)
                    raise
            self._left += step
        self._left -= octets

    def _count(self) -> None:
        if not self._counted:
            self._counted = True
            for bucket, _ in self._limits:
                bucket.count(1)

    def ended(self) -> None:
        """Accept that the transfer has ended; may be called though none was held to a limit."""
        if self._counted:
            self._counted = False
            for bucket, _ in self._limits:
                bucket.count(-1)
