"""Counts by key: bounded, and coming back."""

from __future__ import annotations

from twisted.internet.task import Clock

from netsuite.smtp.policy.counting import Allowance, network
from netsuite.testing.cases import SynchronousTestCase


class Counts(SynchronousTestCase):
    """An allowance on a clock."""

    def test_bounded(self) -> None:
        """No more keys are remembered; the one untouched for longest goes first."""
        allowance = Allowance[int](Clock(), 2, 60.0, keys=3)
        for key in (1, 2, 3, 1, 4):
            self.assertTrue(allowance.use(key))
        self.assertEqual([0, 2, 1, 1], [allowance.left(key) for key in (1, 2, 3, 4)])

    def test_not_used(self) -> None:
        """What is more than what is left is not used at all."""
        clock = Clock()
        allowance = Allowance[str](clock, 10, 10.0)
        self.assertTrue(allowance.use("a", 8))
        self.assertFalse(allowance.use("a", 3))
        self.assertTrue(allowance.use("a", 2))
        clock.advance(2.5)
        self.assertEqual(2.5, allowance.left("a"))

    def test_networks(self) -> None:
        """Hosts of one sender share a network."""
        for address, found in [
            ("192.0.2.7", "192.0.2.0/24"),
            ("2001:db8::1:2:3:4", "2001:db8::/64"),
            ("fe80::1%eth0", "fe80::/64"),
        ]:
            self.assertEqual(found, network(address))
