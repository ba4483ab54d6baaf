"""Sets of numbers as ranges."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.ranges import Ranges, gaps, overlap, runs

NUMBERS = st.sets(st.integers(1, 40))


def members(ranges: Ranges) -> list[int]:
    """Return the numbers of ranges."""
    return [number for low, high in ranges for number in range(low, high + 1)]


class TestRanges(SynchronousTestCase):
    """Each operation is that of sets, and its ranges are the fewest there are."""

    @given(NUMBERS)
    def test_runs(self, numbers: set[int]) -> None:
        """Ranges have the numbers; no two of them touch."""
        ranges = runs(sorted(numbers))
        self.assertEqual(sorted(numbers), members(ranges))
        for (_, high), (low, _) in pairwise(ranges):
            self.assertGreater(low, high + 1)

    @given(NUMBERS, st.integers(1, 45), st.integers(0, 45))
    def test_gaps(self, numbers: set[int], low: int, high: int) -> None:
        """What lies between the numbers, within the ends."""
        wanted = [each for each in range(low, high + 1) if each not in numbers]
        self.assertEqual(runs(wanted), gaps(sorted(numbers), low, high))

    @given(NUMBERS, NUMBERS)
    def test_overlap(self, some: set[int], others: set[int]) -> None:
        """What is in both."""
        both = overlap(runs(sorted(some)), runs(sorted(others)))
        self.assertEqual(sorted(some & others), members(both))
