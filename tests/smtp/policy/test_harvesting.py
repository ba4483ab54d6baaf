"""Who tries out recipients is sent away."""

from __future__ import annotations

from twisted.internet.task import Clock

from netsuite.smtp.commands import reply
from netsuite.smtp.policy.harvesting import SENT_AWAY, Harvesting
from netsuite.testing.cases import SynchronousTestCase
from tests.smtp.policy.asking import facts

UNKNOWN = reply(550, "5.1.1", "No such recipient here")


class Harvest(SynchronousTestCase):
    """Addresses that name unknown recipients."""

    def test_sent_away(self) -> None:
        """After so many in an hour every session of the address is closed; later it may try."""
        clock = Clock()
        policy = Harvesting(clock, 3)
        for _ in range(3):
            self.assertIsNone(self.successResultOf(policy.recipient(facts())))
            policy.refused(facts(), UNKNOWN)
        self.assertTrue(SENT_AWAY.close)
        self.assertIs(SENT_AWAY, self.successResultOf(policy.recipient(facts())))
        self.assertIs(SENT_AWAY, self.successResultOf(policy.connection(facts())))
        for other in (facts("192.0.2.8"), facts(account="ann"), facts(local=True)):
            self.assertIsNone(self.successResultOf(policy.recipient(other)))
        clock.advance(1200)
        self.assertIsNone(self.successResultOf(policy.connection(facts())))

    def test_not_counted(self) -> None:
        """Other answers are no tries, nor are those to accounts."""
        policy = Harvesting(Clock(), 1)
        policy.refused(facts(), reply(250, "2.1.5", "OK"))
        policy.refused(facts(), reply(452, "4.2.2", "Full"))
        policy.refused(facts(account="ann"), UNKNOWN)
        self.assertIsNone(self.successResultOf(policy.recipient(facts())))
