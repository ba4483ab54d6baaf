"""The tally of a store: what it has done since it was opened, as plain numbers."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

#: Commits take as long as the disk does: from a fast one's hundred microseconds to a sick one's
#: seconds.
SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Histogram:
    """How many values were no larger than each bound; one thread adds, any may look.

    Args:
        bounds: ascending; what is larger than the last is counted, too.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass(slots=True)
class StoreTally:
    """What a store has done.

    Whoever counts adds to a number on a thread of its own; nothing is made of the numbers before
    somebody asks.

    Args:
        commits: how long each commit took, from the lock on, in seconds.
        units: pieces of work in them.
        failures: commits that could not be done, by the kind of error.
        hits: what a cache had, by the cache's name.
        misses: what it had not.
    """

    commits: Histogram = field(default_factory=Histogram)
    units: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    misses: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in a store.

    Args:
        unindexed: messages' contents that are not in the text index yet; ``MOST_COUNTED`` for so
            many or more.
        unpublished: transactions that others have committed and this process has not heard of.
        reads: that wait for a thread.
        writes: bundles of units that wait for the writer.
    """

    unindexed: int = 0
    unpublished: int = 0
    reads: int = 0
    writes: int = 0


#: To count more would take longer than the figure is worth.
MOST_COUNTED: Final = 100_000
