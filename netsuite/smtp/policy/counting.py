"""Counts of what happens, by key and time, of so many keys and no more."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, Generic, Protocol, TypeVar

from twisted.internet.interfaces import IReactorTime

K = TypeVar("K", bound=Hashable)

#: How many keys are remembered; the one untouched for longest is forgotten first.
KEYS: Final = 50_000


class Others(Protocol):
    """The other processes of the daemon: a bus, of which each policy uses topics of its own."""

    def tell(self, topic: str, value: Any) -> None:  # what JSON has
        """Tell them something."""

    def hear(self, topic: str, hear: Callable[[Any], object]) -> None:
        """Call a function with what they tell."""


class Allowance(Generic[K]):
    """So much in so much time, for each key: used up at once or little by little, it comes back
    evenly.

    Args:
        most: what a key may use; 0 for any.
        seconds: in which all of it comes back.
        others: who use of the same; they hear of it a moment later. Keys are then what JSON has.
        topic: under which they do.
    """

    def __init__(
        self,
        clock: IReactorTime,
        most: int,
        seconds: float,
        keys: int = KEYS,
        others: Others | None = None,
        topic: str = "",
    ) -> None:
        self.most = most
        self._clock = clock
        self._seconds = seconds
        self._keys = keys
        self._used: OrderedDict[K, tuple[float, float]] = OrderedDict()
        self._others = others
        self._topic = topic
        if others is not None:
            others.hear(topic, self._hear)

    def left(self, key: K) -> float:
        """Return what a key may still use now."""
        if not self.most:
            return float("inf")
        used, when = self._used.get(key, (0.0, 0.0))
        back = (self._clock.seconds() - when) * self.most / self._seconds
        return self.most - max(used - back, 0.0)

    def use(self, key: K, number: int = 1) -> bool:
        """Use some of what a key may; return whether it was there. What was not is not used."""
        if not self.most:
            return True
        if self.left(key) < number:
            return False
        self._take(key, number)
        if self._others is not None:
            self._others.tell(self._topic, [key, number])
        return True

    def _hear(self, value: tuple[K, int]) -> None:
        key, number = value
        if self.most:
            self._take(key, min(number, self.left(key)))

    def _take(self, key: K, number: float) -> None:
        left = self.left(key)
        self._used[key] = (self.most - left + number, self._clock.seconds())
        self._used.move_to_end(key)
        if len(self._used) > self._keys:
            self._used.popitem(last=False)


def network(address: str) -> str:
    """Return the network that hosts of one sender share: an IPv4 /24, an IPv6 /64."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    bits = 24 if ip.version == 4 else 64
    return str(ipaddress.ip_network((ip, bits), strict=False))
