"""The policy that has unknown senders come back: most of those who send junk do not.

What it remembers is in memory: after a restart everybody is unknown once more, which costs mail
some minutes and no message.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from twisted.internet.interfaces import IReactorTime

from netsuite.smtp.policy.counting import KEYS, network
from netsuite.smtp.policy.interface import Defer, Facts, Policy, Verdict

UNKNOWN: Final = Defer("You are not known here yet; try again in some minutes", 451, "4.7.1")
#: Who has not come back until then is unknown again: senders try for four days (RFC 5321, 4.5.4.1).
RETRY_SECONDS: Final = 4 * 24 * 3600.0
#: Who has, and then not come for so long.
KNOWN_SECONDS: Final = 36 * 24 * 3600.0


class Greylisting(Policy):
    """Defers the first attempt of a network, sender and recipient; a network whose senders have
    come back is known for all of them. See RFC 6647.

    Args:
        seconds: how long after the first attempt another is taken.
    """

    def __init__(self, clock: IReactorTime, seconds: float = 300.0, keys: int = KEYS) -> None:
        self.seconds = seconds
        self._clock = clock
        self._keys = keys
        self._first: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._known: OrderedDict[str, float] = OrderedDict()

    async def recipient(self, facts: Facts) -> Verdict:
        """Look whether whoever sends is known."""
        client = facts.client
        if client.account is not None or client.peer.local or not client.peer.address:
            return None
        now = self._clock.seconds()
        where = network(client.peer.address)
        if now - self._known.get(where, float("-inf")) < KNOWN_SECONDS:
            self._note(where, now)
            return None
        key = where, (facts.sender or "").lower(), facts.recipient.lower()
        first = self._first.get(key)
        if first is None or now - first > RETRY_SECONDS:
            self._first[key] = now
            self._first.move_to_end(key)
            if len(self._first) > self._keys:
                self._first.popitem(last=False)
            return UNKNOWN
        if now - first < self.seconds:
            return UNKNOWN
        del self._first[key]
        self._note(where, now)
        return None

    def _note(self, where: str, now: float) -> None:
        self._known[where] = now
        self._known.move_to_end(where)
        if len(self._known) > self._keys:
            self._known.popitem(last=False)
