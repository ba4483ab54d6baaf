"""Turns to write: nobody is passed over, nobody waits for ever, and the dead hold nothing up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from netsuite.store.errors import Busy
from netsuite.store.octet_locks import OctetLocks
from netsuite.store.sql.turns import WriteTurns
from netsuite.testing.cases import SynchronousTestCase

#: A process that takes the turn, says so, and keeps it.
HOLDER = """
import sys, time
from netsuite.store.sql.turns import WriteTurns
with WriteTurns(sys.argv[1], 1.0):
    print("mine", flush=True)
    time.sleep(60)
"""


class Turns(SynchronousTestCase):
    """Two stores, each with a writer's thread, on one file."""

    def setUp(self) -> None:
        self.path = os.path.abspath(self.mktemp())
        self.one, self.other = self.turns(), self.turns()

    def turns(self, seconds: float = 10.0) -> WriteTurns:
        made = WriteTurns(self.path, seconds)
        self.addCleanup(made.close)
        return made

    def test_one_at_a_time(self) -> None:
        """While one has the turn the other waits, and is woken when it is given back."""
        taken = threading.Event()

        def take() -> None:
            with self.other:
                taken.set()

        with self.one:
            waiting = threading.Thread(target=take)
            waiting.start()
            self.assertFalse(taken.wait(0.05))
        began = time.monotonic()
        self.assertTrue(taken.wait(10))
        self.assertLess(time.monotonic() - began, 1.0)
        waiting.join()

    def test_fair(self) -> None:
        """Who wants the next turn at once does not get it before who waits already."""
        order: list[str] = []
        ready = threading.Barrier(2)

        def work(name: str, turns: WriteTurns) -> None:
            ready.wait()
            for _ in range(100):
                with turns:
                    order.append(name)
                    time.sleep(0.0005)

        others = threading.Thread(target=work, args=("b", self.other))
        others.start()
        work("a", self.one)
        others.join()
        both = order[: 1 + min(_last(order, "a"), _last(order, "b"))]
        longest = max(len(run) for name in "ab" for run in "".join(both).split(name))
        self.assertLess(longest, 10, both)

    def test_gives_up(self) -> None:
        """Who has waited for too long is told so; a turn that comes later is taken by nobody."""
        hasty = self.turns(0.02)
        with self.one:
            for _ in range(3):
                with pytest.raises(Busy, match="has been writing for"), hasty:
                    self.fail("two have the turn")
        with self.other:
            pass
        with hasty:
            pass

    def test_killed(self) -> None:
        """A process that is killed in its turn leaves it to the next."""
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, self.path], stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout is not None
        self.addCleanup(holder.stdout.close)
        self.assertEqual("mine\n", holder.stdout.readline())
        with pytest.raises(Busy), self.turns(0.02):
            self.fail("two have the turn")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with self.one:
            pass

    def test_beside_folders(self) -> None:
        """POP3's locks of folders, in the same file, are other ones."""
        folders = OctetLocks(self.path)
        self.addCleanup(folders.close)
        with self.one:
            self.assertTrue(folders.take(1))
        self.assertFalse(OctetLocks(self.path).take(1))


def _last(order: list[str], name: str) -> int:
    return len(order) - 1 - order[::-1].index(name)
