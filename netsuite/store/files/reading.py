"""A file on disk, opened for reading."""

from __future__ import annotations

import io
import os
from typing import Final

from netsuite.store.files.thread_jobs import Jobs
from netsuite.store.tree import Entry

#: More than that is not read at once, whatever is asked for.
READ_OCTETS: Final = 1 << 20
#: So much is first looked for in the page cache, on the reactor's thread.
NEAR_OCTETS: Final = 256 << 10
#: Read only what takes no waiting; Linux has it, and not for every file system.
_NO_WAIT: Final = getattr(os, "RWF_NOWAIT", 0)


class DiskFile:
    """Implements ``tree.OpenFile``.

    What the page cache holds is read where it is asked for, without waiting (``RWF_NOWAIT``: the
    kernel gives what it has, or says that it would have to wait); the rest in a thread, which also
    makes the kernel read ahead. A hop to a thread and back costs more than 64 KiB copied.
    """

    def __init__(self, jobs: Jobs, entry: Entry, file: io.FileIO) -> None:
        self.entry = entry
        self._jobs = jobs
        self._file = file
        self._in_thread = 0
        self._closed = False
        self._near = bool(_NO_WAIT)

    @property
    def descriptor(self) -> int:
        """For ``sendfile``; belongs to this object."""
        return self._file.fileno()

    async def read(self, offset: int, octets: int) -> bytes:
        """Read at most so many octets from an offset; fewer do not mean the end, none does."""
        if self._closed:
            raise ValueError("the file is closed")
        octets = min(octets, READ_OCTETS)
        if self._near and octets <= NEAR_OCTETS:
            data = self._read_near(offset, octets)
            if data is not None:
                return data
        self._in_thread += 1
        read: bytes = await self._jobs.do(self._read, offset, octets, ended=self._ended)
        return read

    def _read_near(self, offset: int, octets: int) -> bytes | None:
        piece = bytearray(octets)
        try:
            count = os.preadv(self._file.fileno(), [piece], offset, _NO_WAIT)
        except BlockingIOError:
            return None
        except OSError:  # not on this file system; if it is a real error, the thread will say so
            self._near = False
            return None
        del piece[count:]
        return bytes(piece)

    def _read(self, offset: int, octets: int) -> bytes:
        """In a thread."""
        return os.pread(self._file.fileno(), octets, offset)

    def _ended(self) -> None:
        self._in_thread -= 1
        if self._closed:
            self.close()

    def close(self) -> None:
        """Give the descriptor back, once no thread reads from it; may be called twice."""
        self._closed = True
        if not self._in_thread:
            self._file.close()
