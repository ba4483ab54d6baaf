"""Sets of message numbers or UIDs, ``*`` included, as ranges: never as many numbers."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from netsuite.wire import ranges

#: Stands in a range for ``*``, the largest number in use.
LARGEST: Final = 0
#: The largest number the grammar knows (RFC 3501, 9: nz-number).
TOP: Final = 4_294_967_295

# seq-number   = nz-number / "*"
# seq-range    = seq-number ":" seq-number
# sequence-set = (seq-number / seq-range) *("," sequence-set)
_SEQ_NUMBER = rb"(?:[1-9][0-9]{0,9}|\*)"
_SEQ_RANGE = rb"%b(?::%b)?" % (_SEQ_NUMBER, _SEQ_NUMBER)
SEQUENCE_SET = re.compile(rb"%b(?:,%b)*" % (_SEQ_RANGE, _SEQ_RANGE))

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """What a client named: pairs of ends as written, ``LARGEST`` for ``*``.

    Args:
        saved: it is ``$``, what the last SEARCH saved (RFC 5182); it has no ranges of its own.
    """

    ranges: Ranges
    saved: bool = False

    @classmethod
    def parse(cls, octets: bytes) -> SequenceSet | None:
        """Read a sequence-set that has been matched; None when a number is beyond 32 bits."""
        ends = []
        for word in octets.split(b","):
            first, colon, last = word.partition(b":")
            low = LARGEST if first == b"*" else int(first)
            high = low if not colon else LARGEST if last == b"*" else int(last)
            if low > TOP or high > TOP:
                return None
            ends.append((low, high))
        return cls(tuple(ends))

    @classmethod
    def of(cls, numbers: Iterable[int]) -> SequenceSet:
        """Return the shortest set of ascending numbers."""
        return cls(tuple(ranges.runs(numbers)))

    def is_fixed(self) -> bool:
        """Return whether it names, ascending, numbers without ``*``."""
        last = 0
        for low, high in self.ranges:
            if not last < low <= high:
                return False
            last = high
        return True

    def size(self) -> int:
        """Return how many numbers one that is fixed names."""
        return sum(high - low + 1 for low, high in self.ranges)

    def __bytes__(self) -> bytes:
        if self.saved:
            return b"$"
        return b",".join(
            _end(low) if low == high else b"%b:%b" % (_end(low), _end(high))
            for low, high in self.ranges
        )

    def __str__(self) -> str:
        """Return it as it is written."""
        return bytes(self).decode("ascii")

    def resolve(self, largest: int) -> Ranges:
        """Return what is meant as ascending, disjoint ranges, ``*`` standing for *largest*."""
        ends = []
        for one, other in self.ranges:
            low, high = one or largest, other or largest
            ends.append((low, high) if low <= high else (high, low))
        if len(ends) == 1:
            return tuple(ends)
        ends.sort()
        merged: list[tuple[int, int]] = []
        for low, high in ends:
            if merged and low <= merged[-1][1] + 1:
                if high > merged[-1][1]:
                    merged[-1] = (merged[-1][0], high)
            else:
                merged.append((low, high))
        return tuple(merged)

    def members(self, numbers: Iterable[int], largest: int) -> list[int]:
        """Return those of the numbers that are in it, ``*`` standing for *largest*."""
        named = self.resolve(largest)
        lows = [low for low, _ in named]
        return [
            number
            for number in numbers
            if (place := bisect_right(lows, number)) and number <= named[place - 1][1]
        ]


def window_of(window: tuple[int, int], count: int) -> tuple[int, int]:
    """Return where PARTIAL begins in so many results, and where it stops (RFC 9394, 3.1): it
    counts from 1, or from the end where it is negative."""
    first, last = window
    if first > 0:
        return min(first - 1, count), min(last, count)
    return max(0, count + first), max(0, count + last + 1)


def spans_within(
    spans: Iterable[tuple[int, int]], window: tuple[int, int]
) -> list[tuple[int, int]]:
    """Return of ascending half-open ranges what PARTIAL leaves."""
    spans = list(spans)
    first, stop = window_of(window, sum(end - start for start, end in spans))
    left = []
    before = 0
    for start, end in spans:
        low, high = max(start, start + first - before), min(end, start + stop - before)
        if low < high:
            left.append((low, high))
        before += end - start
    return left


#: No number at all; it cannot be said.
NOTHING: Final = SequenceSet(())
#: ``$``.
SAVED: Final = SequenceSet((), saved=True)


def _end(number: int) -> bytes:
    return b"%d" % number if number else b"*"
