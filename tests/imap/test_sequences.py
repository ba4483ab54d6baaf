"""Sequence sets: ranges that stay ranges."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from netsuite.imap.sequences import LARGEST, SequenceSet
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.ranges import runs

ENDS = st.integers(0, 300)


def numbers_of(ranges: tuple[tuple[int, int], ...]) -> list[int]:
    return [number for low, high in ranges for number in range(low, high + 1)]


class Resolve(SynchronousTestCase):
    """The examples of RFC 3501, 9."""

    def test_examples(self) -> None:
        """A set names the messages the RFC says it names."""
        for octets, largest, expected in [
            (b"2,4:7,9,12:*", 15, [2, 4, 5, 6, 7, 9, 12, 13, 14, 15]),
            (b"*:4,5:7", 10, [4, 5, 6, 7, 8, 9, 10]),
            (b"4:2", 10, [2, 3, 4]),
            (b"3291:*", 100, list(range(100, 3292))),
            (b"*", 7, [7]),
            (b"1,1,1:2", 7, [1, 2]),
        ]:
            numbers = SequenceSet.parse(octets)
            assert numbers is not None
            self.assertEqual(octets, bytes(numbers))
            self.assertEqual(expected, numbers_of(numbers.resolve(largest)))

    def test_beyond_32_bits(self) -> None:
        """A number no message can have is refused."""
        self.assertIsNone(SequenceSet.parse(b"1:4294967296"))

    def test_order_is_kept(self) -> None:
        """COPYUID pairs sources and targets by position."""
        self.assertEqual(b"7:9,3,11", bytes(SequenceSet.of([7, 8, 9, 3, 11])))


@given(st.lists(st.tuples(ENDS, ENDS), min_size=1), st.integers(1, 300))
def test_resolve_names_what_is_written(pairs: list[tuple[int, int]], largest: int) -> None:
    numbers = SequenceSet(tuple(pairs))
    assert SequenceSet.parse(bytes(numbers)) == numbers
    expected: set[int] = set()
    for one, other in pairs:
        low, high = sorted((one or largest, other or largest))
        expected.update(range(low, high + 1))
    assert numbers_of(numbers.resolve(largest)) == sorted(expected)
    assert LARGEST == 0


@given(st.sets(st.integers(1, 200)))
def test_runs_give_back_what_they_were_given(numbers: set[int]) -> None:
    ranges = runs(sorted(numbers))
    assert numbers_of(tuple(ranges)) == sorted(numbers)
    assert all(high + 1 < low for (_, high), (low, _) in pairwise(ranges))
