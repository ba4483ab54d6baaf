"""The policy that bounds how much one address, and one account, may send."""

from __future__ import annotations

from typing import Final

from twisted.internet.interfaces import IReactorTime

from netsuite.smtp.policy.counting import Allowance, Others
from netsuite.smtp.policy.interface import Defer, Facts, Policy, Verdict
from netsuite.wire.ip_prefix import peer_prefix

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR

TOO_MANY: Final = Defer("Too many messages from there; try again later", 450, "4.7.1")
ACCOUNT: Final = Defer("The account has sent to too many; try again later", 450, "4.7.1")


class Rates(Policy):
    """Bounds the messages of an address (of an IPv6 /64) that come without a login, and the
    recipients that an account names: whoever has stolen a password cannot send to the world.

    Args:
        address_messages: in an hour; 0 for any number.
        account_hour: recipients of an account in an hour; 0 for any number.
        account_day: the same in a day.
        others: the other processes of the daemon, which count with this one.
    """

    def __init__(
        self,
        clock: IReactorTime,
        *,
        address_messages: int = 0,
        account_hour: int = 0,
        account_day: int = 0,
        others: Others | None = None,
    ) -> None:
        def allowance(most: int, seconds: float, topic: str) -> Allowance[str]:
            return Allowance(clock, most, seconds, others=others, topic=f"rates {topic}")

        self._addresses = allowance(address_messages, HOUR, "address")
        self._hours = allowance(account_hour, HOUR, "hour")
        self._days = allowance(account_day, DAY, "day")

    async def mail(self, facts: Facts) -> Verdict:
        """Count a message of an address."""
        peer = facts.client.peer
        if facts.client.account is not None or peer.local:
            return None
        return None if self._addresses.use(peer_prefix(peer.address)) else TOO_MANY

    async def recipient(self, facts: Facts) -> Verdict:
        """Count a recipient of an account."""
        account = facts.client.account
        if account is None:
            return None
        if self._days.left(account) < 1 or not self._hours.use(account):
            return ACCOUNT
        self._days.use(account)
        return None
