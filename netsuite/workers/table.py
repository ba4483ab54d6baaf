"""The table of what is counted by all workers together: memory that they share.

Each process writes to a column of its own and reads all of them, so nothing has to be locked and
nothing is sent: a count is exact as soon as it is made. A column is a hash table of keys and
counts (open addressing, linear probing); a count that is 0 gives its place back. When a process
has died, the parent clears its column.
"""

from __future__ import annotations

import mmap
import os
import secrets
import struct
import tempfile
from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

#: Processes that may be there at once; while workers are replaced, there are twice as many.
COLUMNS: Final = 130
#: Places of a column: two for each connection that a worker is likely to have.
PLACES: Final = 1 << 16
#: Places that are looked at for one key. A column that is so full counts by itself alone.
PROBES: Final = 64

_PLACE: Final = struct.Struct("=QQ")  # what stands for the key, never 0; the count
_PLACE_OCTETS: Final = _PLACE.size
_read: Final = _PLACE.unpack_from
_COLUMN_OCTETS: Final = PLACES * _PLACE_OCTETS
#: Before the columns: what this is, a secret, an octet for each column, and the sum of each.
_MARK: Final = b"netsuite counts 1"
_SECRET_AT: Final = 32
_STATES_AT: Final = 64
_SUMS_AT: Final = 1024
_SUM: Final = struct.Struct("=Q")
#: The states of a column: nobody's, of a process that counts, of one that takes connections.
_COUNTS: Final = 1
_ACCEPTS: Final = 2
_HEADER_OCTETS: Final = 4096
TABLE_OCTETS: Final = _HEADER_OCTETS + COLUMNS * _COLUMN_OCTETS


class BadTable(Exception):
    """A file is no such table."""


def unnamed_file() -> int:
    """Make a file without a name, in memory where that can be; return its descriptor."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("netsuite")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def make_table() -> int:
    """Make an empty table; return the descriptor of its file. Pages that nobody has written to
    take no memory."""
    descriptor = unnamed_file()
    os.truncate(descriptor, TABLE_OCTETS)
    os.pwrite(descriptor, _MARK, 0)
    os.pwrite(descriptor, secrets.token_bytes(16), _SECRET_AT)
    return descriptor


class Table:
    """One process's view of the table.

    Args:
        descriptor: of its file; may be closed afterwards.
        column: that of this process, from 1; 0 for the parent, which counts nothing.

    Raises:
        BadTable: it is none, or of another release.
    """

    def __init__(self, descriptor: int, column: int = 0) -> None:
        if os.fstat(descriptor).st_size != TABLE_OCTETS:
            raise BadTable("its size is another")
        self._memory = mmap.mmap(descriptor, TABLE_OCTETS)
        if self._memory[: len(_MARK)] != _MARK:
            raise BadTable("it begins in another way")
        # Whoever connects must not be able to choose whose counts theirs are added to.
        self._secret = self._memory[_SECRET_AT : _SECRET_AT + 16]
        self._column = column
        if column:
            self._memory[_STATES_AT + column] = _COUNTS

    def accept(self, *, begins: bool) -> None:
        """Say that this process begins to take connections, or takes no more."""
        self._memory[_STATES_AT + self._column] = _ACCEPTS if begins else _COUNTS

    def gives_way(self) -> bool:
        """Return whether another process that takes connections has fewer than this one."""
        memory, ours = self._memory, self._column
        sum_of_ours = _SUM.unpack_from(memory, _SUMS_AT + ours * _SUM.size)[0]
        if not sum_of_ours:
            return False
        states = memory[_STATES_AT : _STATES_AT + COLUMNS + 1]
        other = states.find(_ACCEPTS)
        while other >= 0:
            if other != ours:
                (theirs,) = _SUM.unpack_from(memory, _SUMS_AT + other * _SUM.size)
                if theirs < sum_of_ours:
                    return True
            other = states.find(_ACCEPTS, other + 1)
        return False

    def add(self, key: str, change: int) -> int:
        """Change the count of a key by some; return what it is now, over all processes.

        Who must not exceed a limit adds first, and takes it back when the sum is too much: then of
        two processes that do so at once none can have missed the other.
        """
        mark = self._mark(key)
        memory = self._memory
        at = _SUMS_AT + self._column * _SUM.size
        _SUM.pack_into(memory, at, max(0, _SUM.unpack_from(memory, at)[0] + change))
        total = self._change(mark, change)
        for column in self._columns():
            if column != self._column:
                at = self._find(column, mark)
                if at:
                    total += _read(memory, at)[1]
        return total

    def clear(self, column: int) -> None:
        """Forget what a process has counted that is gone."""
        self._memory[_STATES_AT + column] = 0
        _SUM.pack_into(self._memory, _SUMS_AT + column * _SUM.size, 0)
        start = _HEADER_OCTETS + (column - 1) * _COLUMN_OCTETS
        self._memory[start : start + _COLUMN_OCTETS] = bytes(_COLUMN_OCTETS)

    def _mark(self, key: str) -> int:
        digest = blake2b(key.encode("utf-8", "surrogateescape"), digest_size=8, key=self._secret)
        return int.from_bytes(digest.digest(), "big") or 1

    def _columns(self) -> Iterator[int]:
        states = self._memory[_STATES_AT : _STATES_AT + COLUMNS + 1]
        return (column for column, state in enumerate(states) if state)

    def _find(self, column: int, mark: int) -> int:
        """Return where a mark is; 0 for nowhere."""
        memory, start = self._memory, _HEADER_OCTETS + (column - 1) * _COLUMN_OCTETS
        for step in range(PROBES):
            at: int = start + (mark + step) % PLACES * _PLACE_OCTETS
            found = _read(memory, at)[0]
            if found == mark:
                return at
            if not found:
                return 0
        return 0

    def _change(self, mark: int, change: int) -> int:
        """Change a count of our own; return it."""
        at = self._find(self._column, mark)
        if not at:
            at = self._free_place(mark)
            if not at:
                return change if change > 0 else 0
            _PLACE.pack_into(self._memory, at, mark, 0)
        count = max(0, int(_read(self._memory, at)[1]) + change)
        _PLACE.pack_into(self._memory, at, mark, count)
        if not count:
            self._give_back(at)
        return count

    def _free_place(self, mark: int) -> int:
        """Return the first place for a mark that nobody has, or whose count is 0; 0 for none."""
        start = _HEADER_OCTETS + (self._column - 1) * _COLUMN_OCTETS
        for step in range(PROBES):
            at: int = start + (mark + step) % PLACES * _PLACE_OCTETS
            if not _read(self._memory, at)[1]:
                return at
        return 0

    def _give_back(self, at: int) -> None:
        """Empty a place whose count is 0, and those before it, as far as no search has to go on
        beyond them."""
        start = _HEADER_OCTETS + (self._column - 1) * _COLUMN_OCTETS
        place = (at - start) // _PLACE_OCTETS
        following = start + (place + 1) % PLACES * _PLACE_OCTETS
        if _read(self._memory, following)[0]:
            return
        for step in range(PLACES):
            at = start + (place - step) % PLACES * _PLACE_OCTETS
            found, count = _read(self._memory, at)
            if not found or count:
                return
            _PLACE.pack_into(self._memory, at, 0, 0)
