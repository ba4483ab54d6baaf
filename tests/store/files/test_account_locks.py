"""Locks of accounts' files: many change, or one counts; the system knows who is alive."""

from __future__ import annotations

import subprocess
import sys

from netsuite.store.files.account_locks import AccountLocks
from netsuite.store.model import AccountId
from netsuite.testing.cases import SynchronousTestCase

ANN, BEN = AccountId(1), AccountId(2)

HOLDER = """
import sys
from netsuite.store.files.account_locks import AccountLocks
locks = AccountLocks(sys.argv[1], "cc")
print(locks.share(1), flush=True)
sys.stdin.read()
"""


class Locks(SynchronousTestCase):
    """Two of them on one file stand for two processes, as the system sees it."""

    def setUp(self) -> None:
        self.path = self.mktemp()
        self.one, self.two = AccountLocks(self.path, "aa"), AccountLocks(self.path, "bb")
        self.addCleanup(self.one.close)
        self.addCleanup(self.two.close)

    def test_share(self) -> None:
        """Many change files at once, and keep out who counts; of other accounts that says
        nothing."""
        self.assertEqual((True, True), (self.one.share(ANN), self.two.share(ANN)))
        self.one.release(ANN)
        self.assertFalse(self.one.take(ANN))
        self.assertTrue(self.one.take(BEN))
        self.assertFalse(self.two.share(BEN))

    def test_who_waits_comes_next(self) -> None:
        """While one waits to count nobody begins to change anything, and nobody else waits."""
        self.two.share(ANN)
        self.assertFalse(self.one.take(ANN))
        self.assertTrue(self.two.is_wanted(ANN))
        self.assertFalse(self.one.is_wanted(ANN))
        third = AccountLocks(self.path, "dd")
        self.addCleanup(third.close)
        self.assertFalse(third.share(ANN))
        self.assertFalse(third.take(ANN))
        self.two.release(ANN)
        self.assertTrue(self.one.take(ANN))
        self.one.release(ANN)
        self.assertTrue(self.two.share(ANN))
        self.assertFalse(self.two.is_wanted(ANN))

    def test_alive(self) -> None:
        """A process is alive until it has given all back, or has died."""
        self.assertTrue(self.one.is_alive("aa"))
        self.assertTrue(self.one.is_alive("bb"))
        self.assertFalse(self.one.is_alive("cc"))
        self.assertFalse(self.one.is_alone())
        self.two.close()
        self.assertFalse(self.one.is_alive("bb"))
        self.assertTrue(self.one.is_alone())
        child = subprocess.Popen(
            [sys.executable, "-c", HOLDER, self.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with child:
            assert child.stdout is not None
            self.assertEqual("True\n", child.stdout.readline())
            self.assertTrue(self.one.is_alive("cc"))
            self.assertFalse(self.one.take(ANN))
            child.kill()
        self.assertFalse(self.one.is_alive("cc"))
        self.assertTrue(self.one.take(ANN))

    def test_no_other_processes(self) -> None:
        """Without a file all is one's own."""
        locks = AccountLocks(None, "aa")
        self.assertTrue(locks.share(ANN))
        self.assertTrue(locks.take(ANN))
        self.assertEqual((True, False), (locks.is_alive("aa"), locks.is_alive("bb")))
        self.assertEqual((True, False), (locks.is_alone(), locks.is_wanted(ANN)))
        locks.release(ANN)
        locks.close()
