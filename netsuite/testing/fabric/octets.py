"""Octets on their way: put in and taken out in pieces of any length, in their order."""

from __future__ import annotations

from collections import deque


class Octets:
    """A queue of octets."""

    __slots__ = ("_pieces", "_start", "length")

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._start = 0  # of what is left of the first piece
        #: How many there are.
        self.length = 0

    def put(self, octets: bytes) -> None:
        """Append octets."""
        if octets:
            self._pieces.append(octets)
            self.length += len(octets)

    def take(self, most: int) -> bytes:
        """Return the first octets, as many as there are and are asked for."""
        taken: list[bytes] = []
        left = most = min(most, self.length)
        while left:
            first, start = self._pieces[0], self._start
            if len(first) - start <= left:
                piece = first[start:] if start else first
                self._pieces.popleft()
                self._start = 0
            else:
                piece = first[start : start + left]
                self._start += left
            taken.append(piece)
            left -= len(piece)
        self.length -= most
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def clear(self) -> None:
        """Drop all."""
        self._pieces.clear()
        self._start = self.length = 0
