"""Unknown senders come back, known ones need not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from twisted.internet.task import Clock

from netsuite.smtp.policy.greylisting import (
    FIRST,
    KNOWN,
    KNOWN_SECONDS,
    RETRY_SECONDS,
    UNKNOWN,
    Greylisting,
)
from netsuite.store.memory import MemoryStore
from netsuite.testing.cases import SynchronousTestCase
from tests.smtp.policy.asking import facts


class Unknown(SynchronousTestCase):
    """Senders, on a clock."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(lambda: datetime.fromtimestamp(self.clock.seconds(), UTC))
        self.restart()

    def restart(self) -> None:
        """Know only what the store remembers."""
        self.policy = Greylisting(self.clock, 300.0, 10, self.store.remembered)

    def taken(self, address: str = "192.0.2.7", **more: Any) -> bool:
        verdict = self.successResultOf(self.policy.recipient(facts(address, **more)))
        self.assertIn(verdict, (None, UNKNOWN))
        return verdict is None

    def test_comes_back(self) -> None:
        """Who comes back in time, from the same network, is known, whomever it writes to."""
        self.assertFalse(self.taken())
        self.clock.advance(299)
        self.assertFalse(self.taken("192.0.2.8"))
        self.clock.advance(1)
        self.assertFalse(self.taken(sender="other@y.test"))
        self.assertTrue(self.taken("192.0.2.9", sender="X@Y.test"))
        self.assertTrue(self.taken(sender="other@y.test", recipient="bob@example.org"))
        self.assertFalse(self.taken("192.0.3.7"))

    def test_forgotten(self) -> None:
        """Who comes back too late, or after years, is unknown."""
        self.assertFalse(self.taken())
        self.clock.advance(RETRY_SECONDS + 1)
        self.assertFalse(self.taken())
        self.clock.advance(300)
        self.assertTrue(self.taken())
        self.clock.advance(KNOWN_SECONDS - 1)
        self.assertTrue(self.taken())
        self.clock.advance(KNOWN_SECONDS)
        self.assertFalse(self.taken())

    def test_bounded(self) -> None:
        """Many senders push out the oldest, and nothing grows."""
        self.policy = Greylisting(self.clock, 300.0, keys=10)
        self.assertFalse(self.taken())
        for number in range(10):
            self.assertFalse(self.taken(f"198.51.{number}.1"))
        self.clock.advance(300)
        self.assertFalse(self.taken())
        self.assertTrue(self.taken("198.51.9.1"))
        for number in range(30):
            self.policy._note(f"{number}", self.clock.seconds())
        self.assertEqual((10, 10), (len(self.policy._known), len(self.policy._first) + 1))

    def test_after_a_restart(self) -> None:
        """Who waits may come back after a restart, and who is known stays known."""
        self.assertFalse(self.taken())
        self.clock.advance(200)
        self.restart()
        self.assertFalse(self.taken())
        self.clock.advance(100)
        self.restart()
        self.assertTrue(self.taken())
        for _ in range(2):
            self.restart()
            self.assertTrue(self.taken("192.0.2.8", sender="other@y.test"))
            self.assertFalse(self.taken("192.0.3.8"))
        self.clock.advance(KNOWN_SECONDS - 400)
        self.restart()
        self.assertTrue(self.taken())
        self.clock.advance(KNOWN_SECONDS - 1)
        self.restart()
        self.assertTrue(self.taken())
        self.clock.advance(KNOWN_SECONDS)
        self.restart()
        self.assertFalse(self.taken())

    def test_pushed_out_of_memory(self) -> None:
        """Whom there was no room for in memory the store knows; who has come back is no more
        waited for."""
        self.assertFalse(self.taken())
        for number in range(10):
            self.assertFalse(self.taken(f"198.51.{number}.1"))
        self.clock.advance(300)
        self.assertTrue(self.taken())
        waiting = [key for kind in (FIRST, KNOWN) for key in self.store._records.remembered[kind]]
        self.assertEqual(10 + 1, len(waiting))
        self.assertFalse(any("y.test" in key for key in waiting))

    def test_notes(self) -> None:
        """A known one is noted once in an hour, not with each message."""
        self.assertFalse(self.taken())
        self.clock.advance(300)
        moments = set()
        for _ in range(120):
            self.assertTrue(self.taken())
            moments.add(self.store._records.remembered[KNOWN]["192.0.2.0/24"])
            self.clock.advance(60)
        self.assertEqual(2, len(moments))

    def test_our_own(self) -> None:
        """Accounts and this machine are known."""
        self.assertTrue(self.taken(account="ann"))
        self.assertTrue(self.taken("127.0.0.1", local=True))
        self.assertTrue(self.taken(""))
