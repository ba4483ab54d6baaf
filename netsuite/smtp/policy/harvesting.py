"""The policy that sends away who tries out which recipients there are."""

from __future__ import annotations

from typing import Final

from twisted.internet.interfaces import IReactorTime

from netsuite.smtp.commands import Reply
from netsuite.smtp.policy.counting import Allowance, Others
from netsuite.smtp.policy.interface import Defer, Facts, Policy, Verdict
from netsuite.wire.ip_prefix import peer_prefix

SENT_AWAY: Final = Defer("Too many unknown recipients; try again later", 421, "4.7.0", close=True)
#: RFC 3463, 3.2: bad destination mailbox address.
_UNKNOWN: Final = "5.1.1"


class Harvesting(Policy):
    """Counts the unknown recipients that an address names, over all its sessions, and closes them
    when there are too many.

    Args:
        unknown: recipients in an hour.
        others: the other processes of the daemon, which count with this one.
    """

    def __init__(
        self, clock: IReactorTime, unknown: int = 50, others: Others | None = None
    ) -> None:
        self._allowance = Allowance[str](clock, unknown, 3600.0, others=others, topic="harvesting")

    async def connection(self, facts: Facts) -> Verdict:
        """Turn away who has tried too many."""
        return self._judge(facts)

    async def recipient(self, facts: Facts) -> Verdict:
        """Send away who has tried too many."""
        return self._judge(facts)

    def refused(self, facts: Facts, answer: Reply) -> None:
        """Count an unknown recipient."""
        if answer.enhanced == _UNKNOWN and facts.client.account is None:
            self._allowance.use(peer_prefix(facts.client.peer.address))

    def _judge(self, facts: Facts) -> Verdict:
        client = facts.client
        if client.account is not None or client.peer.local:
            return None
        left = self._allowance.left(peer_prefix(client.peer.address))
        return None if left >= 1 else SENT_AWAY
