"""What the tree of files holds and promises: real files below one root, seen by every protocol.

Names are text; a path is a tuple of names below the root, ``()`` for the root itself. No method
follows a path out of the root, whatever links and races there are. Nothing here blocks the
reactor's thread. Errors are the store's: ``NoSuchFile``, ``FileInTheWay`` ...
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

TreePath: TypeAlias = tuple[str, ...]

#: Longest name, in octets of UTF-8, and deepest path.
NAME_OCTETS = 255
DEPTH = 64


class EntryKind(enum.Enum):
    """What an entry is; nothing else is shown."""

    FILE = "file"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or directory, as it was when it was looked at.

    Args:
        name: its own name, without its directory's; empty for the root.
        octets: its size; 0 for a directory.
        modified: in UTC, to the microsecond.
        unique: the same for as long as the file lives, whatever its name (MLST's ``unique``).
        validator: differs when the content may differ: what HTTP calls a strong ETag, unquoted.
    """

    name: str
    kind: EntryKind
    octets: int
    modified: datetime
    unique: str
    validator: str


class OpenFile(Protocol):
    """A file opened for reading: it stays what it was though the name is replaced meanwhile."""

    entry: Entry
    #: For ``sendfile``; belongs to this object, which closes it.
    descriptor: int

    async def read(self, offset: int, octets: int) -> bytes:
        """Read at most so many octets from an offset; empty at the end."""

    def close(self) -> None:
        """Give the descriptor back; may be called twice."""


class Upload(Protocol):
    """A file on its way in, under a temporary name, until it is committed."""

    octets: int

    def write(self, octets: bytes) -> Awaitable[None] | None:
        """Append; None when more may come at once, else an awaitable to await first."""

    async def commit(self, *, modified: datetime | None = None) -> Entry:
        """Make it durable and give it its name, in one step. Raises as ``FileTree.upload``."""

    async def abort(self, *, keep_partial: bool = False) -> None:
        """Throw it away; may be called twice. With *keep_partial* what has come becomes the file
        where none of that name was there before, so that it can be resumed from its size."""


class FileTree(Protocol):
    """One tree below one root."""

    async def entry(self, path: TreePath) -> Entry:
        """Look one up. Raises NoSuchFile, BadFileName."""

    def listing(self, path: TreePath) -> AsyncIterator[Sequence[Entry]]:
        """List a directory in pieces, in no order. Raises NoSuchFile, NotADirectory."""

    async def sorted_listing(self, path: TreePath, *, limit: int = 10_000) -> Sequence[Entry]:
        """List a directory sorted by name. Raises TooLarge when it holds more than *limit*."""

    async def open(self, path: TreePath) -> OpenFile:
        """Open a file for reading. Raises NoSuchFile, IsADirectory."""

    async def upload(
        self,
        path: TreePath,
        *,
        resume_at: int | None = None,
        append: bool = False,
        only_new: bool = False,
        if_validator: str | None = None,
        expected_octets: int | None = None,
    ) -> Upload:
        """Begin a file.

        Args:
            resume_at: keep so many octets of the file there is, and go on behind them.
            append: keep all of it.
            only_new: refuse where there is one already, now and at the commit.
            if_validator: refuse, now and at the commit, where the file has changed.

        Raises:
            NoSuchFile: its directory is not there; or the part to resume behind.
            IsADirectory, FileInTheWay, Changed, BadFileName, OverQuota, StorageFull.
        """

    async def make_directory(self, path: TreePath) -> Entry:
        """Raises FileInTheWay, NoSuchFile (its directory)."""

    async def remove_file(self, path: TreePath) -> None:
        """Raises NoSuchFile, IsADirectory."""

    async def remove_directory(self, path: TreePath) -> None:
        """Raises NoSuchFile, NotADirectory, DirectoryNotEmpty."""

    async def rename(self, old: TreePath, new: TreePath, *, replace: bool = True) -> None:
        """Rename or move. Raises NoSuchFile, FileInTheWay, DirectoryNotEmpty."""

    async def set_modified(self, path: TreePath, modified: datetime) -> Entry:
        """Set the time of modification. Raises NoSuchFile."""
