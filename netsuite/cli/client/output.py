"""The output of a command that fetches: a file, or standard output."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from netsuite.cli.client.problems import FileTrouble
from netsuite.cli.client.progress import Progress


class Output:
    """The place where what is fetched is written: a file, or standard output.

    The file is opened when the first octet comes, so that a refusal harms nothing that is
    there. Its time of modification becomes the server's, also when the transfer is broken off:
    by that ``--continue`` knows later whether the rest is of the same file.

    Args:
        path: None for standard output.
        resume: whether what is there may be continued.
    """

    def __init__(
        self, path: Path | None, *, resume: bool = False, progress: Progress | None = None
    ) -> None:
        self.path = path
        #: What the server says of the file; set before the end.
        self.modified: datetime | None = None
        self._resume = resume
        #: Shown while it comes.
        self.progress = progress or Progress()
        self._file: BinaryIO | None = None
        self._whole = False

    def there(self) -> tuple[int, datetime] | None:
        """Return size in octets and time of what may be continued; None for nothing."""
        if not self._resume or self.path is None:
            return None
        try:
            facts = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._trouble(error) from None
        if not facts.st_size:
            return None
        return facts.st_size, datetime.fromtimestamp(int(facts.st_mtime), UTC)

    def begin(self, total: int | None = None, *, offset: int = 0) -> BinaryIO:
        """Open.

        Args:
            total: the whole size in octets, None for not known.
            offset: how many octets of the file stay.

        Raises:
            FileTrouble: it cannot be.
        """
        try:
            if self.path is None:
                file: BinaryIO = sys.stdout.buffer
            elif offset:
                file = self.path.open("r+b")
                file.truncate(offset)
                file.seek(offset)
            else:
                file = self.path.open("wb")
        except OSError as error:
            raise self._trouble(error) from None
        if self.path is not None or not sys.stdout.isatty():
            self.progress.begin(total, offset)
        self._file = file
        return file

    def write(self, octets: bytes) -> None:
        """Write a piece. Raises FileTrouble."""
        try:
            (self._file or self.begin()).write(octets)
        except OSError as error:
            raise self._trouble(error) from None
        self.progress.advance(len(octets))

    def keep(self) -> None:
        """Leave the file as it is: that is all there is."""
        self._whole = True

    def finish(self) -> None:
        """All has come; an empty file is a file too. Raises FileTrouble."""
        if self._file is None and not self._whole:
            self.begin()

    def close(self) -> None:
        """Close, whether all has come or not. Raises FileTrouble."""
        self.progress.end()
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.flush()
            if self.path is not None:
                file.close()
                if self.modified is not None:
                    seconds = self.modified.timestamp()
                    os.utime(self.path, (seconds, seconds))
        except OSError as error:
            raise self._trouble(error) from None

    def _trouble(self, error: OSError) -> FileTrouble:
        name = self.path or "standard output"
        return FileTrouble(f"{name} cannot be written: {error.strerror or error}")
