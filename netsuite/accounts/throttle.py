"""Slowing down guesses: one memory for all protocols, keyed by where from and for whom.

Each key (an address prefix, an account) may be wrong a few times; then every further wrong guess
doubles the time during which the next one is refused without being looked at. Who has logged in
as an account from a prefix before is not locked out of it by what others guess.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from twisted.internet.defer import DeferredLock
from twisted.internet.interfaces import IReactorTime

from netsuite.wire.ip_prefix import peer_prefix

#: How many keys are remembered; the one untouched for longest is forgotten first.
KEYS: Final = 50_000
#: A key without a wrong guess for so long begins anew.
FORGET_SECONDS: Final = 3600.0
_FIRST_SECONDS: Final = 1.0

Key = tuple[str, ...]


@dataclass(slots=True)
class _Guesses:
    wrong: int
    last: float
    refused_until: float


class Throttle:
    """Remembers wrong guesses.

    Args:
        free_guesses: how many a key may have before it is slowed down.
        slowest_seconds: how long one refusal may grow.

    Attributes:
        tell: called with each guess that changes something (from which address, for which account,
            whether it was right), for other processes of the daemon, whose ``hear`` takes it.
    """

    def __init__(
        self, clock: IReactorTime, *, free_guesses: int = 5, slowest_seconds: float = 300.0
    ) -> None:
        self.free_guesses = free_guesses
        self.slowest_seconds = slowest_seconds
        self.tell: Callable[[str, str, bool], object] = lambda address, account, right: None
        self._clock = clock
        self._guesses: OrderedDict[Key, _Guesses] = OrderedDict()
        self._friends: OrderedDict[Key, None] = OrderedDict()

    def seconds_to_wait(self, address: str, account: str) -> float:
        """Return for how long a guess would be refused now; 0 when it may be made."""
        now = self._clock.seconds()
        wait = 0.0
        keys = self._keys(address, account)
        if (peer_prefix(address), account) in self._friends:
            # Many share an address, and the one among them whose program goes on with an old
            # password must not keep the others out.
            keys = keys[-1:]
        for key in keys:
            guesses = self._guesses.get(key)
            if guesses is not None:
                wait = max(wait, guesses.refused_until - now)
        return max(wait, 0.0)

    def wrong(self, address: str, account: str) -> None:
        """Note a wrong guess."""
        self._note_wrong(address, account)
        self.tell(address, account, False)

    def right(self, address: str, account: str) -> None:
        """Note a right one. The address keeps its count: whoever guesses at others' accounts
        must not be able to clear it by logging in to one of their own."""
        if self._note_right(address, account):
            self.tell(address, account, True)

    def hear(self, address: str, account: str, right: bool) -> None:
        """Note a guess that another process has told of."""
        if right:
            self._note_right(address, account)
        else:
            self._note_wrong(address, account)

    def _note_wrong(self, address: str, account: str) -> None:
        now = self._clock.seconds()
        for key in self._keys(address, account):
            guesses = self._guesses.pop(key, None)
            if guesses is None or now - guesses.last > FORGET_SECONDS:
                guesses = _Guesses(0, now, 0.0)
            guesses.wrong += 1
            guesses.last = now
            beyond = guesses.wrong - self.free_guesses
            if beyond > 0:
                seconds = min(self.slowest_seconds, _FIRST_SECONDS * 2.0 ** min(beyond - 1, 30))
                guesses.refused_until = now + seconds
            self._guesses[key] = guesses
        while len(self._guesses) > KEYS:
            self._guesses.popitem(last=False)

    def _note_right(self, address: str, account: str) -> bool:
        """Note a right guess; return whether that has changed anything."""
        friend = (peer_prefix(address), account)
        forgotten = [
            self._guesses.pop(key, None) for key in (("account", account), ("pair", *friend))
        ]
        known = friend in self._friends
        self._friends.pop(friend, None)
        self._friends[friend] = None
        while len(self._friends) > KEYS:
            self._friends.popitem(last=False)
        return not known or any(forgotten)

    def _keys(self, address: str, account: str) -> tuple[Key, ...]:
        where = peer_prefix(address)
        keys: list[Key] = []
        if where:
            keys.append(("address", where))
        if account:
            friend = (where, account) in self._friends
            keys.append(("pair", where, account) if friend else ("account", account))
        return tuple(keys)


class KeyedLocks:
    """Locks by name, kept only while somebody holds or awaits them.

    By address they let one password at a time be looked at. Hashing is slow on purpose: a host
    could fill the queue of the hashing threads from its many connections, and have all its guesses
    looked at before the first was found wrong.
    """

    def __init__(self) -> None:
        self._locks: dict[str, DeferredLock] = {}

    def __len__(self) -> int:
        return len(self._locks)

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait for one's turn; an empty name never waits."""
        if not name:
            yield
            return
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = DeferredLock()
        await lock.acquire()
        try:
            yield
        finally:
            lock.release()
            if not lock.locked:
                self._locks.pop(name, None)
