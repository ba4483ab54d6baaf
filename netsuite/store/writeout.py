"""A large file sent to the disk while it is written.

Written out in one go at the end, gigabytes hold up whoever waits for a commit meanwhile. Measured
with a backup of 1 GB under full load: the slowest commit took 2.0 s without this, and 0.1 to 0.2 s
with it (once, of five, 1.0 s).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final

#: How often what has been written is sent to the disk.
WRITE_OUT_SECONDS: Final = 0.05


@contextmanager
def written_out(path: Path) -> Iterator[None]:
    """Send a file to the disk bit by bit, while others write it; it is made if it is not there."""
    done = Event()
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def write_out() -> None:
        while not done.wait(WRITE_OUT_SECONDS):
            os.fdatasync(file)

    thread = Thread(target=write_out, name="netsuite-writeout", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        try:
            os.fdatasync(file)
        finally:
            os.close(file)
