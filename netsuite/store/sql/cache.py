"""What is kept in memory of contents that were just stored or read: bounded by octets."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Cache(Generic[K, V]):
    """The most recently used values whose sizes do not exceed a limit together."""

    def __init__(self, limit_octets: int) -> None:
        self._limit_octets = limit_octets
        self._octets = 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Give a value, or None."""
        known = self._values.get(key)
        if known is None:
            return None
        self._values.move_to_end(key)
        return known[0]

    def put(self, key: K, value: V, octets: int) -> None:
        """Keep a value of that size."""
        if octets * 8 > self._limit_octets:
            return
        self.drop(key)
        self._values[key] = (value, octets)
        self._octets += octets
        while self._octets > self._limit_octets:
            _, (_, size) = self._values.popitem(last=False)
            self._octets -= size

    def drop(self, key: K) -> None:
        """Forget a value."""
        known = self._values.pop(key, None)
        if known is not None:
            self._octets -= known[1]
