"""Counts of connections by key, which several processes of one daemon may make together."""

from __future__ import annotations

from collections import Counter
from typing import Protocol


class Counts(Protocol):
    """Counts by key."""

    def add(self, key: str, change: int) -> int:
        """Change the count of a key by some; return what it is now, over all processes. Who must
        not exceed a limit adds first, and takes it back when the sum is too much."""


class OwnCounts:
    """Those of one process."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, key: str, change: int) -> int:
        """As ``Counts.add``."""
        count = self._counts[key] + change
        if count > 0:
            self._counts[key] = count
        else:
            self._counts.pop(key, None)
        return count
