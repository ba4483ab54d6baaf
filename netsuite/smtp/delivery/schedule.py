"""The schedule of retries: when an item that was put off is tried again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

#: Waits are this much shorter or longer, so that what failed together does not come back together.
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Schedule:
    """Waits that double, up to a longest one (RFC 5321, 4.5.4.1).

    Args:
        first_seconds: after the first attempt.
        longest_seconds: between any two.
        dice: returns a number from 0 to 1.
    """

    first_seconds: float = 300.0
    longest_seconds: float = 4 * 3600.0
    dice: Callable[[], float] = random.random

    def wait(self, attempts: int) -> timedelta:
        """Return how long to wait after so many attempts."""
        # 2 ** 40 first waits are longer than any longest one.
        seconds = min(self.first_seconds * 2.0 ** min(attempts - 1, 40), self.longest_seconds)
        return timedelta(seconds=seconds * (1 + JITTER * (2 * self.dice() - 1)))

    def rest_seconds(self, failures: int) -> float:
        """Return how long to leave a host in peace that could not be reached so often: all its
        mail waits, so it is asked for sooner than a message is tried again."""
        return min(self.first_seconds / 5 * 2.0 ** min(failures, 40), self.longest_seconds / 8)

    def next_attempt(self, now: datetime, attempts: int, *, not_after: datetime) -> datetime:
        """Return when to try again: at *not_after* for the last time."""
        return min(now + self.wait(attempts), max(not_after, now))
