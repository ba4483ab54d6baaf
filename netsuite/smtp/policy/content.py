"""The content of a message while it is judged: a small one in memory, a large one in a file."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from netsuite.message.headers import Field, header_end
from netsuite.smtp.policy.interface import Tag
from netsuite.smtp.policy.verification import BLOCK, RunInThread
from netsuite.wire.reader import CRLF

#: Of a body kept in memory.
KEPT_OCTETS: Final = 256 * 1024


class Spool:
    """A message (``interface.Message``) that is written as a store's ``Draft`` is.

    It is judged before any of it goes to the store, since what is said of it stands before it.

    Args:
        run: for what may wait for the disk.
        trace: octets at its beginning that are ours, and nobody judges.
        folder: for its file, which has no name there; None for the system's.
    """

    def __init__(self, run: RunInThread, trace: int = 0, folder: Path | None = None) -> None:
        self._run = run
        self._skipped = trace
        self._folder = folder
        self._begun = False
        self._kept: list[bytes] = []
        self._kept_octets = 0
        self._file: BinaryIO | None = None
        # A thread may be at it while the session ends; a descriptor closed under it could be
        # another file's by then.
        self._lock = threading.Lock()
        self._filed = self._over = False
        #: What was written before the message's own header.
        self.trace = b""
        self.header = b""
        self.octets = 0

    def write(self, octets: bytes) -> Awaitable[None] | None:
        """Append; the first piece holds the whole header. Return what to wait for, if anything."""
        if not self._begun:
            self._begun = True
            self.trace, octets = octets[: self._skipped], octets[self._skipped :]
            end = header_end(octets)
            self.header, octets = octets[:end], octets[end:]
            self.octets = len(self.header)
        self.octets += len(octets)
        self._kept.append(octets)
        self._kept_octets += len(octets)
        if self._kept_octets <= KEPT_OCTETS:
            return None
        self._filed = True
        whole = b"".join(self._kept)
        self._kept, self._kept_octets = [], 0
        return self._run(self._append, whole)

    def _append(self, octets: bytes) -> None:
        with self._lock:
            if self._over:
                return
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by abort
            self._file.write(octets)
            self._file.flush()

    def _read(self, position: int) -> bytes:
        with self._lock:
            return b"" if self._file is None else os.pread(self._file.fileno(), BLOCK, position)

    def _close(self) -> None:
        with self._lock:
            self._over = True
            file, self._file = self._file, None
            if file is not None:
                file.close()

    @property
    def kept(self) -> bytes | None:
        """What follows the header; None where it is in a file."""
        return None if self._filed else b"".join(self._kept)

    async def body(self) -> AsyncIterator[bytes]:
        """Return what follows the header, piece by piece."""
        position = 0
        while self._filed:
            piece = await self._run(self._read, position)
            if not piece:
                break
            position += len(piece)
            yield piece
        if self._kept_octets:
            yield b"".join(self._kept)

    async def abort(self) -> None:
        """Throw it away."""
        self._kept.clear()
        self._kept_octets = 0
        if self._filed:
            await self._run(self._close)


def marked_header(spool: Spool, tags: Sequence[Tag]) -> bytes:
    """Return what a message is kept with before its body: what was said of it stands behind its
    Return-Path, where every host puts what it has found (RFC 8601, 4); what is to be left out is
    not there."""
    if not tags:
        return spool.trace + spool.header
    path, line_end, received = spool.trace.partition(CRLF)
    fields = b"".join(tag.fields for tag in reversed(tags))
    dropped = [field for tag in tags for field in tag.dropped]
    return b"".join((path, line_end, fields, received, header_without(spool.header, dropped)))


def header_without(header: bytes, dropped: Iterable[Field]) -> bytes:
    """Return a header with some of its fields left out."""
    kept = []
    position = 0
    for each in sorted(dropped, key=lambda field: field.start):
        kept.append(header[position : each.start])
        position = max(position, each.end)
    return b"".join((*kept, header[position:]))
