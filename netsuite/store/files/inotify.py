"""inotify(7): directories watched by descriptor, events read as values.

Twisted's ``twisted.internet.inotify`` watches paths, which a link on the way leads anywhere; it
reads all there is in the turn it comes, tells nobody of an overflow, and stops altogether when one
watched directory is removed.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from netsuite.store.files.syscalls import DESCRIPTORS, c_function

ATTRIB, CLOSE_WRITE, MOVED_FROM, MOVED_TO = 0x4, 0x8, 0x40, 0x80
CREATE, DELETE = 0x100, 0x200
OVERFLOW, IGNORED, IS_DIRECTORY = 0x4000, 0x8000, 0x40000000
#: Not what is done to files that have lost their name, or never had one: our own uploads.
_EXCL_UNLINK: Final = 0x04000000
_MASK: Final = (
    ATTRIB | CLOSE_WRITE | MOVED_FROM | MOVED_TO | CREATE | DELETE | _EXCL_UNLINK
)  # fmt: skip
_READ_OCTETS: Final = 65_536
_HEAD: Final = struct.Struct("=iIII")  # wd, mask, cookie, len

_init: Final = c_function("inotify_init1", ctypes.c_int)
_add: Final = c_function("inotify_add_watch", ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32)
_remove: Final = c_function("inotify_rm_watch", ctypes.c_int, ctypes.c_int)


class Event(NamedTuple):
    """Something that happened in a watched directory.

    Args:
        watch: the directory's number; -1 for an overflow.
        mask: what: the numbers above.
        name: of what it happened to; empty for the directory itself.
    """

    watch: int
    mask: int
    name: bytes


def is_there() -> bool:
    """Return whether this system has inotify."""
    return None not in (_init, _add, _remove) and os.path.isdir(DESCRIPTORS)


def most_watches() -> int:
    """Return how many directories one user may watch (fs.inotify.max_user_watches)."""
    try:
        return int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
    except (OSError, ValueError):
        return 8192


class Inotify:
    """An instance: a queue of events, read without waiting.

    Raises:
        OSError: there may be no more of them, or the system has none.
    """

    def __init__(self) -> None:
        assert _init is not None
        self.descriptor = _init(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise _error()

    def add(self, directory: int) -> int:
        """Watch a directory, open as a descriptor; return its number. May wait for the disk.

        Raises:
            OSError: ENOSPC: no more may be watched.
        """
        assert _add is not None
        number = _add(self.descriptor, f"{DESCRIPTORS}/{directory}".encode(), _MASK)
        if number < 0:
            raise _error()
        return number

    def remove(self, number: int) -> None:
        """Watch a directory no more; one that has gone already does no harm."""
        assert _remove is not None
        _remove(self.descriptor, number)

    def read(self) -> Iterator[Event]:
        """Give what has happened since the last time."""
        while True:
            try:
                octets = os.read(self.descriptor, _READ_OCTETS)
            except BlockingIOError:
                return
            offset = 0
            while offset < len(octets):
                number, mask, _, length = _HEAD.unpack_from(octets, offset)
                offset += _HEAD.size
                yield Event(number, mask, octets[offset : offset + length].rstrip(b"\0"))
                offset += length
            if len(octets) < _READ_OCTETS // 2:  # a longer name would have had room
                return

    def close(self) -> None:
        """Give it back, and forget all events."""
        os.close(self.descriptor)


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
