"""Limits of bandwidth: what they let pass, and how they are shared."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock

from netsuite.connection.counts import OwnCounts
from netsuite.ftp.transfer.rates import BURST_SECONDS, SLICE_OCTETS, Allowance, Bucket, Rates
from netsuite.testing.cases import SynchronousTestCase


class RatesCase(SynchronousTestCase):
    """Transfers that take what they may."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.running: list[Deferred[None]] = []

    def run_for(self, seconds: float) -> None:
        """Let time pass in small steps."""
        for _ in range(round(seconds * 200)):
            self.clock.advance(0.005)

    def passing(self, allowance: Allowance, piece: int) -> Callable[[], int]:
        """Begin a transfer of pieces without end; return what tells how much has passed."""
        passed = 0

        async def transfer() -> None:
            nonlocal passed
            while True:
                await allowance.take(piece)
                passed += piece

        running = ensureDeferred(transfer())
        running.addErrback(lambda failure: None)
        self.running.append(running)
        self.addCleanup(running.cancel)
        return lambda: passed

    def test_rate(self) -> None:
        """Over ten seconds as much passes as may, and a burst at most; whatever the pieces."""
        for rate in (2_000, 100_000, 5_000_000):
            for piece in (100, 4_096, 262_144):
                if piece > rate:
                    continue
                allowance = Allowance(self.clock, [(Bucket(), partial(int, rate))])
                passed = self.passing(allowance, piece)
                self.run_for(10)
                self.assertGreaterEqual(passed(), 10 * rate - piece - SLICE_OCTETS.stop)
                self.assertLessEqual(passed(), (10 + BURST_SECONDS) * rate + SLICE_OCTETS.stop)

    def test_no_limit(self) -> None:
        """Where there is none, nobody waits."""
        allowance = Allowance(self.clock, [(Bucket(), lambda: 0)])
        self.assertIsNone(allowance.slice_octets)
        self.successResultOf(ensureDeferred(allowance.take(1 << 40)))
        self.assertEqual([], self.clock.getDelayedCalls())

    def test_shares(self) -> None:
        """Who shares a limit gets the same of it, large pieces or small."""
        everybody = Bucket()
        limits = [(everybody, lambda: 300_000)]
        passed = [
            self.passing(Allowance(self.clock, limits), piece) for piece in (1_000, 30_000, 262_144)
        ]
        self.run_for(30)
        each = [count() for count in passed]
        self.assertLess(max(each) - min(each), 0.1 * 9_000_000, each)
        self.assertGreater(sum(each), 8_500_000)

    def test_given_up_by_others(self) -> None:
        """Nobody waits for what was asked for and given up, again and again."""
        everybody = Bucket()
        limits = [(everybody, lambda: 100_000)]
        for _ in range(100):
            given_up = self.passing(Allowance(self.clock, limits), 10_000)
            self.running[-1].cancel()
        self.assertEqual(0, given_up())
        passed = self.passing(Allowance(self.clock, limits), 10_000)
        self.run_for(1)
        self.assertGreater(passed(), 70_000)

    def test_tightest(self) -> None:
        """Of several limits the tightest counts."""
        session, everybody = Bucket(), Bucket()
        allowance = Allowance(
            self.clock, [(session, lambda: 50_000), (everybody, lambda: 10_000_000)]
        )
        passed = self.passing(allowance, 5_000)
        self.run_for(10)
        self.assertLess(abs(passed() - 500_000), 25_000)

    def test_live(self) -> None:
        """A limit that is set, changed or taken away counts from the next slice on."""
        rate = [0]
        allowance = Allowance(self.clock, [(Bucket(), lambda: rate[0])])
        rate[0] = 100_000
        passed = self.passing(allowance, 10_000)
        self.run_for(10)
        before = passed()
        rate[0] = 400_000
        self.run_for(10)
        self.assertLess(abs(passed() - before - 4_000_000), 200_000)

    def test_idle(self) -> None:
        """Who was idle for long begins with a burst, and not with all that has not passed."""
        bucket = Bucket()
        self.assertEqual(0, bucket.book(bucket.seconds(1, 1000), 100.0))
        self.assertEqual(0, bucket.book(bucket.seconds(200, 1000), 900.0))
        self.assertGreater(bucket.book(bucket.seconds(1000, 1000), 900.0), 0.9)

    def test_given_up(self) -> None:
        """Who is cancelled while it waits leaves nothing behind."""
        allowance = Allowance(self.clock, [(Bucket(), lambda: 10)])
        waiting = ensureDeferred(allowance.take(1_000))
        self.assertNoResult(waiting)
        waiting.cancel()
        self.failureResultOf(waiting)
        self.assertEqual([], self.clock.getDelayedCalls())

    def test_accounts(self) -> None:
        """An account has one bucket for as long as somebody uses it."""
        rates = Rates()
        held = rates.of_account("alice")
        self.assertIs(held, rates.of_account("alice"))
        self.assertIsNot(held, rates.of_account("bob"))

    def test_processes(self) -> None:
        """Processes share a limit by the transfers that each has; who ends leaves its part."""
        counts = OwnCounts()
        ours, theirs = (Rates(lambda: counts) for _ in range(2))
        limits = [
            Allowance(self.clock, [(each.everybody, lambda: 100_000)])
            for each in (ours, ours, theirs)
        ]
        passed = [self.passing(each, 2_000) for each in limits]
        self.run_for(20)
        each = [count() for count in passed]
        self.assertLess(abs(sum(each) - 2_000_000), 100_000, each)
        self.assertLess(max(each) - min(each), 100_000, each)
        self.running[0].cancel()
        self.running[1].cancel()
        for allowance in limits[:2]:
            allowance.ended()
            allowance.ended()
        self.run_for(10)
        self.assertLess(abs(passed[2]() - each[2] - 1_000_000), 60_000)
        limits[2].ended()
        self.assertEqual(0, counts.add("ftp transfers", 0))
