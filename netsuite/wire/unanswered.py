"""What a client has said and the server has not answered yet, in order."""

from __future__ import annotations

import sys
from collections import deque
from typing import Generic, TypeVar

from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.reader import OctetReader

K = TypeVar("K")


class Unanswered(Generic[K]):
    """Commands that wait for a reply, each with how many octets had come when it was said.

    A reply answers only what had been said when its first octet came. So one that is too many is
    found out, whether it is glued to the one before or comes alone, and is never taken for a later
    command's.

    Args:
        reader: what the replies are read from; its first is the greeting, which answers None.
    """

    __slots__ = ("_reader", "_said")

    def __init__(self, reader: OctetReader) -> None:
        self._reader = reader
        self._said: deque[tuple[K | None, int]] = deque([(None, 0)])

    def __len__(self) -> int:
        return len(self._said)

    def say(self, command: K, *, whole: bool = True) -> None:
        """Expect a reply to a command.

        Args:
            whole: whether all of it is said now; else ``said_whole`` follows.
        """
        self._said.append((command, self._reader.fed if whole else sys.maxsize))

    def said_whole(self) -> None:
        """Accept that what was said last has been said to its end."""
        command, _ = self._said.pop()
        self._said.append((command, self._reader.fed))

    def is_surplus(self, begun: int) -> bool:
        """Return whether a reply answers nothing.

        Args:
            begun: the reader's position before its first octet.
        """
        return not self._said or begun < self._said[0][1]

    @property
    def first(self) -> K | None:
        """What the next reply answers; None for the greeting, and for nothing."""
        return self._said[0][0] if self._said else None

    def answered(self, begun: int, *, final: bool = True) -> K | None:
        """Return what a reply answers.

        Args:
            begun: as for ``is_surplus``.
            final: whether no other reply follows to the same.

        Raises:
            RemoteProtocolError: it answers nothing.
        """
        if self.is_surplus(begun):
            raise RemoteProtocolError("a reply to nothing", close=True)
        return self.take() if final else self.first

    def take(self) -> K | None:
        """Return what comes first, which counts as answered."""
        return self._said.popleft()[0]
