"""The policy that has unknown senders come back: most of those who send junk do not.

What it remembers is in memory, and in the store where there is one to remember it: without one
everybody is unknown once more after a restart, which costs mail some minutes and no message.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Final

from twisted.internet.interfaces import IReactorTime

from netsuite.smtp.policy.counting import KEYS, network
from netsuite.smtp.policy.interface import Defer, Facts, Policy, Verdict
from netsuite.store.interfaces import RememberedStore

UNKNOWN: Final = Defer("You are not known here yet; try again in some minutes", 451, "4.7.1")
#: Who has not come back until then is unknown again: senders try for four days (RFC 5321, 4.5.4.1).
RETRY_SECONDS: Final = 4 * 24 * 3600.0
#: Who has, and then not come for so long.
KNOWN_SECONDS: Final = 36 * 24 * 3600.0
#: That a known one has come again is noted no more often: each note is written down.
NOTED_SECONDS: Final = 3600.0
#: Kinds of what the store remembers.
FIRST: Final = "greylisting first"
KNOWN: Final = "greylisting known"


class Greylisting(Policy):
    """Defers the first attempt of a network, sender and recipient; a network whose senders have
    come back is known for all of them. See RFC 6647.

    Args:
        clock: tells the time of day, as reactors do: it is compared with that of earlier runs.
        seconds: how long after the first attempt another is taken.
        keys: how many of each kind are in memory.
        remembered: where they outlive a restart; None for nowhere.
    """

    def __init__(
        self,
        clock: IReactorTime,
        seconds: float = 300.0,
        keys: int = KEYS,
        remembered: RememberedStore | None = None,
    ) -> None:
        self.seconds = seconds
        self._clock = clock
        self._keys = keys
        self._remembered = remembered
        self._first: OrderedDict[str, float] = OrderedDict()
        self._known: OrderedDict[str, float] = OrderedDict()

    async def recipient(self, facts: Facts) -> Verdict:
        """Look whether whoever sends is known."""
        client = facts.client
        if client.account is not None or client.peer.local or not client.peer.address:
            return None
        where = network(client.peer.address)
        known = await self._moment(self._known, KNOWN, where)
        now = self._clock.seconds()
        if known is not None and now - known < KNOWN_SECONDS:
            if now - known >= NOTED_SECONDS:
                self._note(where, now)
            return None
        key = _key(where, facts.sender or "", facts.recipient)
        first = await self._moment(self._first, FIRST, key)
        if first is None or now - first > RETRY_SECONDS:
            self._keep(self._first, FIRST, key, now, RETRY_SECONDS)
            return UNKNOWN
        if now - first < self.seconds:
            return UNKNOWN
        self._first.pop(key, None)
        if self._remembered is not None:
            self._remembered.forget(FIRST, key)
        self._note(where, now)
        return None

    async def _moment(self, kept: OrderedDict[str, float], kind: str, key: str) -> float | None:
        """Return when something was noted, in memory or in the store."""
        if key in kept or self._remembered is None:
            return kept.get(key)
        value = await self._remembered.recall(kind, key)
        if value is None:
            return None
        self._into(kept, key, float(value))
        return float(value)

    def _note(self, where: str, now: float) -> None:
        self._keep(self._known, KNOWN, where, now, KNOWN_SECONDS)

    def _keep(
        self, kept: OrderedDict[str, float], kind: str, key: str, now: float, seconds: float
    ) -> None:
        self._into(kept, key, now)
        if self._remembered is not None:
            until = datetime.fromtimestamp(now + seconds, UTC)
            self._remembered.remember(kind, key, repr(now), until)

    def _into(self, kept: OrderedDict[str, float], key: str, moment: float) -> None:
        kept[key] = moment
        kept.move_to_end(key)
        if len(kept) > self._keys:
            kept.popitem(last=False)


def _key(where: str, sender: str, recipient: str) -> str:
    """Return what stands for three words: short, whatever they are, and no list of who writes to
    whom."""
    words = "\n".join((where, sender.lower(), recipient.lower()))
    return hashlib.sha256(words.encode("utf-8", "surrogateescape")).hexdigest()
