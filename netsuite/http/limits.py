"""Limits of what a head may be; apart, so that settings need no grammar."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeadLimits:
    """The limits of a head.

    Args:
        line_octets: the request line, its line end included.
        head_octets: all of the head.
        fields: field lines of a head or a trailer section.
    """

    line_octets: int = 8192
    head_octets: int = 65_536
    fields: int = 100
