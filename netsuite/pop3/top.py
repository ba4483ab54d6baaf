"""The top of a message: its header, and so many lines of its body (RFC 1939, 7: TOP)."""

from __future__ import annotations

import re
from typing import Final

_empty_line: Final = re.compile(rb"\n\r?\n")


class TopLines:
    """Lets the header and so many lines of the body of a streamed message through."""

    __slots__ = ("_in_header", "_left", "_tail", "done")

    def __init__(self, lines: int) -> None:
        self._left = lines
        self._in_header = True
        # The end of what came, as far as an empty line may begin in it; at first as if a line
        # had just ended, so that a message may begin with its empty line.
        self._tail = b"\n"
        #: Whether no more is wanted.
        self.done = False

    def feed(self, octets: bytes) -> bytes:
        """Take a piece of the message; give what of it belongs to the top."""
        if self.done:
            return b""
        if not self._in_header:
            return self._lines(octets, 0)
        tail = self._tail
        match = _empty_line.search(tail + octets)
        if match is None:
            self._tail = _tail_of(tail + octets)
            return octets
        self._in_header = False
        return self._lines(octets, match.end() - len(tail))

    def _lines(self, octets: bytes, start: int) -> bytes:
        count = octets.count(b"\n", start)
        if count < self._left:
            self._left -= count
            return octets
        position = start
        for _ in range(self._left):
            position = octets.index(b"\n", position) + 1
        self._left = 0
        self.done = True
        return octets[:position]


def _tail_of(octets: bytes) -> bytes:
    """Return the end that an empty line may go on from: LF, or LF and CR."""
    if octets.endswith(b"\n"):
        return b"\n"
    return b"\n\r" if octets.endswith(b"\n\r") else b""
