"""SIGHUP: all who listen are told, and who took it before."""

from __future__ import annotations

import os
import signal
import threading

from netsuite.hangup import hear, hear_no_more
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric


class Hangup(SynchronousTestCase):
    """Several in one process."""

    def setUp(self) -> None:
        self.fabric = Fabric()
        self.told: list[str] = []
        before = signal.getsignal(signal.SIGHUP)
        self.addCleanup(signal.signal, signal.SIGHUP, before)
        signal.signal(signal.SIGHUP, lambda number, frame: self.told.append("before"))
        self.before = signal.getsignal(signal.SIGHUP)

    def first(self) -> None:
        """Be told."""
        self.told.append("first")

    def second(self) -> None:
        """Be told."""
        self.told.append("second")

    def hang_up(self) -> set[str]:
        """Send the signal; return who was told."""
        self.told.clear()
        os.kill(os.getpid(), signal.SIGHUP)
        self.fabric.settle()
        return set(self.told)

    def test_in_any_order(self) -> None:
        """Whoever goes first, the other is told on; then all is as it was before."""
        for first, other in (("first", "second"), ("second", "first")):
            hear(self.first, self.fabric)
            hear(self.second, self.fabric)
            self.assertEqual({"first", "second", "before"}, self.hang_up())
            hear_no_more(getattr(self, first))
            self.assertEqual({other, "before"}, self.hang_up())
            hear_no_more(getattr(self, other))
            hear_no_more(getattr(self, other))
            self.assertIs(self.before, signal.getsignal(signal.SIGHUP))

    def test_taken_meanwhile(self) -> None:
        """Who takes the signal meanwhile keeps it."""
        hear(self.first, self.fabric)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        hear_no_more(self.first)
        self.assertIs(signal.SIG_IGN, signal.getsignal(signal.SIGHUP))

    def test_in_a_thread(self) -> None:
        """Where signals cannot be taken nothing happens."""
        thread = threading.Thread(target=hear, args=(self.first, self.fabric))
        thread.start()
        thread.join()
        self.assertEqual({"before"}, self.hang_up())
        hear_no_more(self.first)
