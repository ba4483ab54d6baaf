"""Guesses are slowed down by where from and for whom, and friends are not locked out."""

from __future__ import annotations

from twisted.internet.task import Clock

from netsuite.accounts import throttle
from netsuite.accounts.throttle import Throttle
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.ip_prefix import peer_prefix


class ThrottleTests(SynchronousTestCase):
    """What somebody who guesses meets."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.throttle = Throttle(self.clock, free_guesses=3, slowest_seconds=10)

    def wrong(self, address: str, account: str, times: int) -> None:
        for _ in range(times):
            self.throttle.wrong(address, account)

    def test_free_guesses(self) -> None:
        """A few mistakes cost nothing."""
        self.wrong("192.0.2.1", "ann", 3)
        self.assertEqual(0, self.throttle.seconds_to_wait("192.0.2.1", "ann"))

    def test_doubles_up_to_the_slowest(self) -> None:
        """Each further mistake doubles the wait, which stays bounded."""
        self.wrong("192.0.2.1", "ann", 3)
        waits = []
        for _ in range(6):
            self.throttle.wrong("192.0.2.1", "ann")
            waits.append(self.throttle.seconds_to_wait("192.0.2.1", "ann"))
        self.assertEqual([1, 2, 4, 8, 10, 10], waits)
        self.clock.advance(10)
        self.assertEqual(0, self.throttle.seconds_to_wait("192.0.2.1", "ann"))

    def test_one_address_many_accounts(self) -> None:
        """Guessing at another account every time does not help."""
        for number in range(5):
            self.throttle.wrong("192.0.2.1", f"account{number}")
        self.assertGreater(self.throttle.seconds_to_wait("192.0.2.1", "new"), 0)
        self.assertEqual(0, self.throttle.seconds_to_wait("192.0.2.2", "new"))

    def test_many_addresses_one_account(self) -> None:
        """Nor does another address every time."""
        for number in range(5):
            self.throttle.wrong(f"192.0.2.{number}", "ann")
        self.assertGreater(self.throttle.seconds_to_wait("198.51.100.1", "ann"), 0)

    def test_a_friend_is_not_locked_out(self) -> None:
        """Who has logged in from there before does not suffer from others' guesses."""
        self.throttle.right("203.0.113.5", "ann")
        for number in range(9):
            self.throttle.wrong(f"192.0.2.{number}", "ann")
        self.assertEqual(0, self.throttle.seconds_to_wait("203.0.113.5", "ann"))
        self.assertGreater(self.throttle.seconds_to_wait("203.0.113.6", "ann"), 0)

    def test_an_own_account_does_not_clear_the_address(self) -> None:
        """Logging in to one's own account between guesses does not begin the count anew."""
        for _ in range(5):
            self.throttle.wrong("192.0.2.1", "ann")
            self.throttle.right("192.0.2.1", "mallory")
        self.assertGreater(self.throttle.seconds_to_wait("192.0.2.1", "bob"), 0)

    def test_one_ipv6_host_is_one(self) -> None:
        """Addresses of one /64 count together, those of another do not."""
        for number in range(5):
            self.throttle.wrong(f"2001:db8::{number}", f"account{number}")
        self.assertGreater(self.throttle.seconds_to_wait("2001:db8::ffff", "x"), 0)
        self.assertEqual(0, self.throttle.seconds_to_wait("2001:db8:0:1::1", "x"))
        self.assertEqual(peer_prefix("192.0.2.1"), peer_prefix("::ffff:192.0.2.1"))

    def test_forgets(self) -> None:
        """An hour without a mistake, and one begins anew."""
        self.wrong("192.0.2.1", "ann", 8)
        self.clock.advance(throttle.FORGET_SECONDS + 1)
        self.wrong("192.0.2.1", "ann", 1)
        self.assertEqual(0, self.throttle.seconds_to_wait("192.0.2.1", "ann"))

    def test_together(self) -> None:
        """A guess that one process tells of counts in another; a right one that changes nothing is
        not told."""
        other = throttle.Throttle(self.clock, free_guesses=3, slowest_seconds=10)
        told: list[tuple[str, str, bool]] = []
        self.throttle.tell = lambda *guess: told.append(guess)
        other.tell = lambda *guess: self.fail("what is heard is not told on")
        self.throttle.right("192.0.2.1", "ann")
        self.throttle.right("192.0.2.1", "ann")
        self.wrong("192.0.2.7", "ann", 4)
        self.throttle.right("192.0.2.1", "ann")
        self.assertEqual(6, len(told))
        for guess in told[:5]:
            other.hear(*guess)
        self.assertEqual(1, other.seconds_to_wait("192.0.2.7", "bob"))
        self.assertEqual(1, other.seconds_to_wait("192.0.2.8", "ann"))
        self.assertEqual(0, other.seconds_to_wait("192.0.2.1", "ann"))
        other.hear(*told[5])
        self.assertEqual(0, other.seconds_to_wait("192.0.2.8", "ann"))

    def test_memory_is_bounded(self) -> None:
        """However many addresses guess, a bounded number is remembered."""
        self.patch(throttle, "KEYS", 100)
        for number in range(1000):
            self.throttle.wrong(f"10.0.{number >> 8}.{number & 255}", f"a{number}")
            self.throttle.right(f"10.0.{number >> 8}.{number & 255}", f"a{number}")
        self.assertLessEqual(len(self.throttle._guesses), 100)
        self.assertLessEqual(len(self.throttle._friends), 100)
