"""Ranges of octets (RFC 9110, 14): read, bounded, joined where they overlap."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#   ranges-specifier = range-unit "=" range-set
#   range-set        = 1#range-spec
#   int-range        = first-pos "-" [ last-pos ]
#   suffix-range     = "-" suffix-length
_ranges: Final = re.compile(r"(?i:bytes)=([0-9 \t,\-]*+)")
_range: Final = re.compile(r"([0-9]{0,40})-([0-9]{0,40})")

#: A request for more is not followed (14.2): nobody needs them, and each costs a seek.
MOST_RANGES: Final = 16
#: Ranges nearer to each other than a part's head is long are cheaper together (15.3.7.2).
GAP_OCTETS: Final = 80


@dataclass(frozen=True, slots=True)
class Range:
    """Octets from an offset; never none."""

    offset: int
    octets: int

    def content_range(self, whole: int) -> str:
        """Return the value of Content-Range."""
        return f"bytes {self.offset}-{self.offset + self.octets - 1}/{whole}"


def parse_ranges(value: str, whole: int) -> Sequence[Range] | None:
    """Read a Range field.

    Args:
        value: the field's.
        whole: the length of all there is, in octets.

    Returns:
        What can be given, in ascending order and without overlap, so that all together is
        never more than there is; nothing where no range can be satisfied (416); None where the
        field is to be ignored, which is what becomes of one that cannot be read (14.2).
    """
    found = _ranges.fullmatch(value)
    if found is None:
        return None
    wanted: list[Range] = []
    count = 0
    for part in found[1].split(","):
        spec = part.strip(" \t")
        if not spec:
            continue
        count += 1
        parsed = _range.fullmatch(spec)
        if parsed is None or spec == "-" or count > MOST_RANGES:
            return None
        first, last = parsed.groups()
        if not first:
            start = max(0, whole - int(last))
            stop = whole
        else:
            start = int(first)
            if last and int(last) < start:
                return None
            stop = min(whole, int(last) + 1) if last else whole
        if start < stop:
            wanted.append(Range(start, stop - start))
    return _joined(wanted) if count else None


def _joined(ranges: list[Range]) -> list[Range]:
    joined: list[Range] = []
    for each in sorted(ranges, key=lambda one: one.offset):
        if joined and each.offset <= joined[-1].offset + joined[-1].octets + GAP_OCTETS:
            before = joined[-1]
            stop = max(before.offset + before.octets, each.offset + each.octets)
            joined[-1] = Range(before.offset, stop - before.offset)
        else:
            joined.append(each)
    return joined


def part_head(boundary: str, media_type: str, each: Range, whole: int) -> bytes:
    """Return what stands before a range in multipart/byteranges (RFC 9110, 14.6)."""
    return (
        f"\r\n--{boundary}\r\nContent-Type: {media_type}\r\n"
        f"Content-Range: {each.content_range(whole)}\r\n\r\n"
    ).encode("latin-1")


def last_boundary(boundary: str) -> bytes:
    """Return what stands behind the last range."""
    return f"\r\n--{boundary}--\r\n".encode("latin-1")
