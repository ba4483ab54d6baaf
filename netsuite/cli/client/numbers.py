"""Numbers of several messages or articles, as one URL has them: ``5-9``, ``5-``, ``*``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# 5-9, 5:9, 5-, 5:*, 5 or *
_RANGE: Final = re.compile(r"([0-9]{1,10})(?:([-:])([0-9]{1,10}|\*)?)?|\*")


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers of messages, as ranges, both ends among them.

    Args:
        ranges: the first and the last of each; None for no end.
    """

    ranges: tuple[tuple[int, int | None], ...]

    def __contains__(self, number: int) -> bool:
        return any(
            first <= number and (last is None or number <= last) for first, last in self.ranges
        )


def several_numbers(text: str) -> Numbers | None:
    """Read ``5-9``, ``5-``, ``*`` or several with commas between; None where it is no set, and for
    a single number."""
    if text.isascii() and text.isdigit():
        return None
    found = []
    for each in text.split(","):
        match = _RANGE.fullmatch(each)
        if match is None:
            return None
        first, dash, last = match.groups()
        begin = int(first or 1)
        ends = first is None or (dash and last in (None, "*"))
        found.append((begin, None if ends else int(last or begin)))
    return Numbers(tuple(found))
