"""What a process uses of its machine: memory, time, descriptors; as Linux tells, as far as it can
be told elsewhere."""

from __future__ import annotations

import gc
import os
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

#: Where Linux tells of a process.
SELF: Final = Path("/proc/self")


def resident_octets() -> int | None:
    """Return the memory a process has; None where the system does not tell."""
    with suppress(OSError, ValueError, IndexError):
        pages = int((SELF / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return None


def cpu_seconds() -> float:
    """Return the time of processors a process has used, its own and the system's for it."""
    return time.process_time()


def open_descriptors() -> int | None:
    """Return how many file descriptors are open; None where the system does not tell."""
    with suppress(OSError):
        return len(os.listdir(SELF / "fd")) - 1  # without the one it is read by
    return None


def most_descriptors() -> int | None:
    """Return how many file descriptors may be open; None for any number."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def garbage() -> Iterator[tuple[int, int]]:
    """Return of each generation of objects how often garbage was looked for, and how many were
    removed."""
    for each in gc.get_stats():
        yield each["collections"], each["collected"]
