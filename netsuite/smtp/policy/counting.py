"""Counts of what happens, by key and time, of so many keys and no more."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

from twisted.internet.interfaces import IReactorTime

K = TypeVar("K", bound=Hashable)

#: How many keys are remembered; the one untouched for longest is forgotten first.
KEYS: Final = 50_000


class Allowance(Generic[K]):
    """So much in so much time, for each key: used up at once or little by little, it comes back
    evenly.

    Args:
        most: what a key may use; 0 for any.
        seconds: in which all of it comes back.
    """

    def __init__(self, clock: IReactorTime, most: int, seconds: float, keys: int = KEYS) -> None:
        self.most = most
        self._clock = clock
        self._seconds = seconds
        self._keys = keys
        self._used: OrderedDict[K, tuple[float, float]] = OrderedDict()

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
        left = self.left(key)
        if left < number:
            return False
        self._used[key] = (self.most - left + number, self._clock.seconds())
        self._used.move_to_end(key)
        if len(self._used) > self._keys:
            self._used.popitem(last=False)
        return True


def network(address: str) -> str:
    """Return the network that hosts of one sender share: an IPv4 /24, an IPv6 /64."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    bits = 24 if ip.version == 4 else 64
    return str(ipaddress.ip_network((ip, bits), strict=False))
