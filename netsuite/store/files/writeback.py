"""What is written to a file is sent on its way to the disk while more of it comes."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import Final

from netsuite.store.files.syscalls import c_function

_WAIT_BEFORE, _WRITE, _WAIT_AFTER = 1, 2, 4
#: What is written is sent on its way to the disk in such steps.
STEP_OCTETS: Final = 8 << 20
#: So much may be on its way. More would only push what others need out of the page cache.
AHEAD_OCTETS: Final = 64 << 20
#: Where one cannot begin without waiting, so much is gathered before it is waited for.
SYNC_OCTETS: Final = 32 << 20

_sync_file_range: Final = c_function(
    "sync_file_range", ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint
)


class Writeback:
    """Keeps the disk busy behind a writer, and not far behind.

    It promises nothing: what is to be durable needs its ``fsync`` all the same, which then has
    little left to wait for.

    Args:
        descriptor: of the file written to.
        begin: begins to write a range (sync_file_range(2)); None where that cannot be done.
    """

    def __init__(
        self, descriptor: int, begin: Callable[..., int] | None = _sync_file_range
    ) -> None:
        self._descriptor = descriptor
        self._begin = begin
        self._end = 0  # of what was written
        self._begun = 0  # until where it is on its way
        self._behind = 0  # until where it was waited for

    def wrote(self, end: int) -> None:
        """Note that the file has been written up to an offset. May wait for the disk."""
        self._end = max(self._end, end)
        step = STEP_OCTETS if self._begin is not None else SYNC_OCTETS
        if self._end - self._begun < step:
            return
        if self._begin is None or not self._go_on(self._begin):
            self._begin = None
            getattr(os, "fdatasync", os.fsync)(self._descriptor)
            self._behind = self._end
        self._begun = self._end

    def begin(self) -> None:
        """Begin what was not begun, where that takes no waiting."""
        if self._begin is not None and self._end > self._begun:
            self._begin(self._descriptor, self._begun, self._end - self._begun, _WRITE)
            self._begun = self._end

    def _go_on(self, begin: Callable[..., int]) -> bool:
        if begin(self._descriptor, self._begun, self._end - self._begun, _WRITE):
            return False
        until = self._end - AHEAD_OCTETS
        if until > self._behind:
            flags = _WAIT_BEFORE | _WRITE | _WAIT_AFTER
            if begin(self._descriptor, self._behind, until - self._behind, flags):
                return False
            self._behind = until
        return True
