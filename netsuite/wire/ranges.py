"""Sets of numbers as inclusive, ascending ranges: never as many numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

#: Both ends are in it; each range begins behind the one before.
Ranges: TypeAlias = Sequence[tuple[int, int]]


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return ascending numbers as ranges."""
    ranges: list[tuple[int, int]] = []
    low = high = -1
    for number in numbers:
        if number == high + 1 and low >= 0:
            high = number
            continue
        if low >= 0:
            ranges.append((low, high))
        low = high = number
    if low >= 0:
        ranges.append((low, high))
    return ranges


def gaps(numbers: Iterable[int], low: int, high: int) -> list[tuple[int, int]]:
    """Return what of *low* to *high* is not among ascending numbers."""
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if low > high:
            break
        if low < number:
            ranges.append((low, min(number - 1, high)))
        low = max(low, number + 1)
    if low <= high:
        ranges.append((low, high))
    return ranges


def overlap(some: Ranges, others: Ranges) -> list[tuple[int, int]]:
    """Return what is in both."""
    ranges: list[tuple[int, int]] = []
    one = other = 0
    while one < len(some) and other < len(others):
        low = max(some[one][0], others[other][0])
        high = min(some[one][1], others[other][1])
        if low <= high:
            ranges.append((low, high))
        if some[one][1] <= others[other][1]:
            one += 1
        else:
            other += 1
    return ranges
