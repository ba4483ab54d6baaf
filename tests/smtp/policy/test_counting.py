"""Counts by key: bounded, and coming back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock

from netsuite.smtp.policy.counting import Allowance, network
from netsuite.testing.cases import SynchronousTestCase


class Processes:
    """Others whom everything reaches, themselves too, when it is delivered."""

    def __init__(self) -> None:
        self._hear: list[tuple[str, Callable[[Any], object]]] = []
        self._told: list[tuple[str, Any, int]] = []

    def tell(self, topic: str, value: Any) -> None:
        self._told.append((topic, value, len(self._told)))

    def hear(self, topic: str, hear: Callable[[Any], object]) -> None:
        self._hear.append((topic, hear))

    def deliver(self) -> None:
        """Tell each listener of a topic what another has told: the first told first."""
        told, self._told = self._told, []
        for topic, value, number in told:
            listeners = [hear for each, hear in self._hear if each == topic]
            for index, hear in enumerate(listeners):
                if index != number:
                    hear(value)


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

    def test_together(self) -> None:
        """What one process uses, the others have used, a moment later; never more than there is."""
        clock, others = Clock(), Processes()
        one, two = (Allowance[str](clock, 10, 10.0, others=others, topic="a") for _ in range(2))
        apart = Allowance[str](clock, 10, 10.0, others=others, topic="b")
        self.assertTrue(one.use("x", 6))
        self.assertTrue(two.use("x", 6))  # it has not heard of it yet
        others.deliver()
        self.assertEqual([0, 0, 10], [each.left("x") for each in (one, two, apart)])
        self.assertFalse(one.use("x"))
        others.deliver()
        clock.advance(3)
        self.assertEqual([3, 3], [one.left("x"), two.left("x")])

    def test_networks(self) -> None:
        """Hosts of one sender share a network."""
        for address, found in [
            ("192.0.2.7", "192.0.2.0/24"),
            ("2001:db8::1:2:3:4", "2001:db8::/64"),
            ("fe80::1%eth0", "fe80::/64"),
        ]:
            self.assertEqual(found, network(address))
