"""How much an address, and an account, may send."""

from __future__ import annotations

from twisted.internet.task import Clock

from netsuite.smtp.policy.rates import ACCOUNT, TOO_MANY, Rates
from netsuite.testing.cases import SynchronousTestCase
from tests.smtp.policy.asking import facts


class Messages(SynchronousTestCase):
    """Rates of messages and recipients, on a clock."""

    def setUp(self) -> None:
        self.clock = Clock()

    def test_addresses(self) -> None:
        """An address has its number; others have theirs; it comes back evenly."""
        policy = Rates(self.clock, address_messages=60)

        def sent(address: str = "192.0.2.7", *, local: bool = False) -> int:
            known = facts(address, local=local)
            asked = [self.successResultOf(policy.mail(known)) for _ in range(100)]
            self.assertLessEqual(set(asked), {None, TOO_MANY})
            return asked.count(None)

        self.assertEqual([60, 0, 60], [sent(), sent(), sent("192.0.2.8")])
        self.assertEqual([60, 0], [sent("2001:db8::1"), sent("2001:db8::2")])
        self.clock.advance(600)
        self.assertEqual([10, 60], [sent(), sent("192.0.2.9")])
        self.clock.advance(10_000)
        self.assertEqual([60, 100], [sent(), sent("127.0.0.1", local=True)])

    def test_accounts(self) -> None:
        """An account has its recipients in an hour and in a day, from wherever."""
        policy = Rates(self.clock, address_messages=1, account_hour=50, account_day=120)

        def sent(address: str = "192.0.2.7") -> int:
            known = facts(address, account="ann")
            self.assertIsNone(self.successResultOf(policy.mail(known)))
            asked = [self.successResultOf(policy.recipient(known)) for _ in range(100)]
            self.assertLessEqual(set(asked), {None, ACCOUNT})
            return asked.count(None)

        counts = [sent(), sent("192.0.2.8")]
        for _ in range(3):
            self.clock.advance(3600)
            counts.append(sent())
        self.assertEqual([50, 0, 50, 30, 5], counts)
        self.assertIsNone(self.successResultOf(policy.recipient(facts())))

    def test_without_limits(self) -> None:
        """0 is any number."""
        policy = Rates(self.clock)
        known = facts(account="ann")
        for _ in range(1000):
            self.assertIsNone(self.successResultOf(policy.mail(facts())))
            self.assertIsNone(self.successResultOf(policy.recipient(known)))
