"""Counts what is below a directory: octets of files, and how many files and directories."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from netsuite.store.errors import NoSuchFile
from netsuite.store.file_usage import FileAmount
from netsuite.store.files.file_names import TEMPORARY
from netsuite.store.files.openat import WORK, directory, lstat
from netsuite.store.files.syscalls import Names


class Count:
    """A count in steps of one directory, in threads.

    What is neither file nor directory takes no room; what is on its way in is not there yet. Names
    that are not shown take room all the same.

    Attributes:
        octets, files: what was counted.
    """

    def __init__(self, root: int, names: Names) -> None:
        self._root = root
        self._waiting: list[tuple[bytes, ...]] = [tuple(names)]
        self.octets = 0
        self.files = 0

    @property
    def amount(self) -> FileAmount:
        """What was counted."""
        return FileAmount(self.octets, self.files)

    def step(self) -> bool:
        """Count one directory; return whether there is more to do."""
        names = self._waiting.pop()
        # It is gone, or not ours to read.
        with (
            suppress(PermissionError, NoSuchFile),
            directory(self._root, names, WORK) as where,
            os.scandir(where) as entries,
        ):
            for each in entries:
                name = os.fsencode(each.name)
                if not name.startswith(TEMPORARY):
                    self._entry(names, where, name)
        return bool(self._waiting)

    def _entry(self, names: tuple[bytes, ...], where: int, name: bytes) -> None:
        with suppress(FileNotFoundError):
            found = lstat(where, name)
            if stat.S_ISREG(found.st_mode):
                self.octets += found.st_size
                self.files += 1
            elif stat.S_ISDIR(found.st_mode):
                self.files += 1
                self._waiting.append((*names, name))
