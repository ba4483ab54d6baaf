"""The interface of a tree of files: real files below one root, seen by every protocol.

Names are text; a path is a tuple of names below the root, ``()`` for the root itself. No method
follows a path out of the root, whatever links and races there are. Nothing here blocks the
reactor's thread. Errors are the store's: ``NoSuchFile``, ``FileInTheWay`` ...

A file's name on disk is octets. Those that are not UTF-8 are kept in the text as lone surrogates
(PEP 383), as Python's own file functions do, so that a file named in Latin-1 long ago can be
listed, read and removed, and a client that knows no UTF-8 gets back the name it gave. On the wire
names therefore go through ``name_octets`` and ``name_of``; what can only hold text shows
``shown_name``.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol, TypeAlias

from netsuite.store.errors import TooLarge

TreePath: TypeAlias = tuple[str, ...]

#: Longest name, in octets of UTF-8, and deepest path.
NAME_OCTETS = 255
DEPTH = 64


def name_octets(name: str) -> bytes:
    """Return the octets of a name, or of names with slashes between them, as they are on disk.

    Raises:
        UnicodeEncodeError: a surrogate that ``name_of`` did not make.
    """
    return name.encode("utf-8", "surrogateescape")


def name_of(octets: bytes) -> str:
    """Return the name that these octets are; what is not UTF-8 becomes lone surrogates."""
    return octets.decode("utf-8", "surrogateescape")


def shown_name(name: str) -> str:
    """Return a name as text without surrogates, U+FFFD for each octet that is not UTF-8.

    It is for display only: two names may be shown alike.
    """
    if name.isascii():
        return name
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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
        mode: the permission bits that other programs on the machine go by; the suite does not.
    """

    name: str
    kind: EntryKind
    octets: int
    modified: datetime
    unique: str
    validator: str
    mode: int

    def named(self, name: str) -> Entry:
        """Return the same under another name."""
        return self if name == self.name else replace(self, name=name)


@dataclass(frozen=True, slots=True)
class Space:
    """What may still be stored somewhere, in octets and in files; None where nothing limits it."""

    octets_left: int | None
    files_left: int | None


@dataclass(frozen=True, slots=True)
class FileLock:
    """A write lock (RFC 4918, 6 and 7): who does not name its token may not change what it is on.

    Args:
        token: a URI that no other lock ever has.
        path: what it is on, as ``FileHomes.locks`` names it. On a directory it also keeps names
            from being added to it, or taken out of it.
        account: who has made it; nobody else is to use it.
        owner: what its maker says of itself, for people to read.
        exclusive: whether there may be no other.
        infinite: whether it also is on all that is below (Depth: infinity).
        until: when it ends, in UTC.
    """

    token: str
    path: TreePath
    account: str
    owner: str
    exclusive: bool
    infinite: bool
    until: datetime

    def is_on(self, path: TreePath) -> bool:
        """Return whether what is there is locked by it."""
        return path == self.path or (self.infinite and path[: len(self.path)] == self.path)

    def is_within(self, path: TreePath) -> bool:
        """Return whether it is on something there or below."""
        return self.path[: len(path)] == path


class Locks(Protocol):
    """The locks of a site's files, as all its processes see them.

    Paths begin with ``"public"``, or with ``"home"`` and the account's name.
    """

    async def lock(
        self,
        path: TreePath,
        *,
        account: str,
        owner: str = "",
        exclusive: bool = True,
        infinite: bool = True,
        seconds: float,
    ) -> FileLock:
        """Lock something, whether it is there or not.

        Raises:
            Locked: there is a lock that does not go with it, on it or below.
            TooManyEntries: there are as many as there may be.
        """

    async def refresh(self, token: str, seconds: float) -> FileLock:
        """Let a lock end so long from now. Raises NoSuchLock."""

    async def unlock(self, token: str) -> None:
        """End a lock. Raises NoSuchLock."""

    def locks(self, path: TreePath) -> Sequence[FileLock]:
        """Return those that are on what is there, be it by way of a directory above."""


_held: Final[ContextVar[frozenset[str]]] = ContextVar("netsuite_lock_tokens", default=frozenset())


@contextmanager
def holding(*tokens: str) -> Iterator[None]:
    """Name the tokens of locks for as long as the block lasts: the changes of trees that are begun
    and the uploads that are committed in it are let by them. Whoever calls it has made sure that
    they are those of the account."""
    before = _held.set(_held.get() | frozenset(tokens))
    try:
        yield
    finally:
        _held.reset(before)


def held_tokens() -> frozenset[str]:
    """Return the tokens that are named, see ``holding``."""
    return _held.get()


class OpenFile(Protocol):
    """A file opened for reading: it stays what it was though the name is replaced meanwhile."""

    entry: Entry

    @property
    def descriptor(self) -> int:
        """For ``sendfile``; belongs to this object, which closes it."""

    async def read(self, offset: int, octets: int) -> bytes:
        """Read at most so many octets from an offset; fewer do not mean the end, none does."""

    def close(self) -> None:
        """Close the descriptor; may be called twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRequest:
    """What is asked of an upload beside its path: of a plain one nothing, whatever has its name.

    Args:
        resume_at: keep so many octets of the file there is, and go on behind them.
        append: keep all of it.
        only_new: refuse where there is one already, now and at the commit.
        if_validator: refuse, now and at the commit, where the file has changed.
        expected_octets: how many are to come, where that is known.
    """

    resume_at: int | None = None
    append: bool = False
    only_new: bool = False
    if_validator: str | None = None
    expected_octets: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing is asked for but a file of that name, whatever has it now."""
        return not (
            self.resume_at
            or self.append
            or self.only_new
            or self.if_validator is not None
            or self.expected_octets
        )


PLAIN_UPLOAD: Final = UploadRequest()


class Upload(Protocol):
    """A file on its way in, under a temporary name, until it is committed."""

    @property
    def octets(self) -> int:
        """Its size so far, what was kept of the old file included."""

    def write(self, octets: bytes) -> Awaitable[None] | None:
        """Append; None when more may come at once, else an awaitable to await first.

        The awaitable raises what the commit would raise, once that is known: TooLarge,
        StorageFull ... ; who goes on writing all the same is told so again each time.
        """

    async def commit(
        self,
        *,
        modified: datetime | None = None,
        may_replace: Callable[[], Awaitable[object]] | None = None,
    ) -> Entry:
        """Make it durable and give it its name, in one step.

        Args:
            may_replace: awaited, at the last moment, where it is to take the place of a file that
                is there; what it raises ends the commit as ``abort(keep_partial=True)`` does.

        Raises:
            as ``FileTree.upload``, and TooLarge; nothing is left of the upload then.
        """

    async def abort(self, *, keep_partial: bool = False) -> None:
        """Throw it away; may be called twice, and after a commit, which it does not undo.

        With *keep_partial* what has come becomes the file where none of that name was there
        before, or where that one is its beginning (the upload resumed behind the whole of it)
        and has not changed, so that it can be resumed from its size.
        """


class FileTree(Protocol):
    """One tree below one root.

    Whatever changes something raises Locked where a lock is on it that ``holding`` does not name.
    """

    async def entry(self, path: TreePath) -> Entry:
        """Look one up. Raises NoSuchFile, BadFileName."""

    def listing(self, path: TreePath) -> AsyncIterator[Sequence[Entry]]:
        """List a directory in pieces, in no order. Raises NoSuchFile, NotADirectory."""

    async def sorted_listing(self, path: TreePath, *, limit: int = 10_000) -> Sequence[Entry]:
        """List a directory sorted by name, by code points. Raises TooLarge when it holds more than
        *limit*."""
        entries: list[Entry] = []
        async for piece in self.listing(path):
            entries += piece
            if len(entries) > limit:
                raise TooLarge(f"more than {limit} entries")
        return sorted(entries, key=lambda entry: entry.name)

    async def open(self, path: TreePath) -> OpenFile:
        """Open a file for reading. Raises NoSuchFile, IsADirectory."""

    async def upload(self, path: TreePath, request: UploadRequest = PLAIN_UPLOAD) -> Upload:
        """Begin a file.

        Raises:
            NoSuchFile: its directory is not there; or the part to resume behind.
            IsADirectory, FileInTheWay, Changed, BadFileName, OverQuota, StorageFull.
            TooLarge: more octets are expected than the tree takes.

        Where nothing else is asked for, what cannot be known without waiting for the disk
        may be told later, by ``write`` or ``commit``.
        """

    async def make_directory(self, path: TreePath) -> Entry:
        """Raises FileInTheWay, NoSuchFile (its directory)."""

    async def remove_file(self, path: TreePath) -> None:
        """Remove a file; or a link, though it is not shown, and nothing that it points to.

        Raises:
            NoSuchFile, IsADirectory.
        """

    async def remove_directory(self, path: TreePath) -> None:
        """Raises NoSuchFile, NotADirectory, DirectoryNotEmpty."""

    async def rename(self, old: TreePath, new: TreePath, *, replace: bool = True) -> None:
        """Rename or move. A directory replaces only an empty one, a file only a file.

        Raises:
            NoSuchFile: there is none, or no directory to move it to.
            FileInTheWay, DirectoryNotEmpty: what is there is not to be replaced, or cannot be.
            NotPermitted: the root, or a directory into itself.
        """

    async def set_modified(self, path: TreePath, modified: datetime) -> Entry:
        """Set the time of modification. Raises NoSuchFile."""

    async def set_mode(self, path: TreePath, mode: int) -> Entry:
        """Set the permission bits, of which only those for reading, writing and execution count.

        The owner's for reading and writing stay, and for entering a directory, so that the suite
        does not lock itself out. Raises NoSuchFile.
        """

    async def space(self, path: TreePath) -> Space:
        """Return what may still be stored there: what the disk has room for, and the quota.

        Raises NoSuchFile.
        """


class HomeTree(FileTree, Protocol):
    """A tree that has sisters of its kind to move files to."""

    async def rename(self, old: TreePath, new: TreePath, *, replace: bool = True) -> None:
        """Rename or move."""
        await self.move_to(old, self, new, replace=replace)

    async def move_to(
        self, old: TreePath, sister: HomeTree, new: TreePath, *, replace: bool = True
    ) -> None:
        """As ``rename``, but *new* is in the sister."""

    def underlying(self, path: TreePath) -> tuple[HomeTree, TreePath]:
        """Return the tree that has a path of this one, and the path there."""
        return self, path

    @property
    def follows_links(self) -> bool:
        """Whether symbolic links that stay inside are followed: by ``resolved``, and it alone."""
        return False

    async def resolved(self, path: TreePath, *, floor: int = 0, last: bool = True) -> TreePath:
        """Return a path without the links on it, where links are followed. What is behind a name
        that nothing has stays as it is.

        Args:
            floor: so many of the first names are no links, and no link may lead above them.
            last: whether a link that has the last name is followed, too.

        Raises:
            NoSuchFile: a link leads out, or in a circle.
        """
        return path

    async def links(self, path: TreePath) -> Sequence[str]:
        """Return the names of the links in a directory, which a listing has not; none where links
        are not followed."""
        return ()


class FileHomes(Protocol):
    """All trees of a site: the public one, and one for each account.

    Args:
        public: the public site, which everybody may see.
        locks: on files of all trees; None where there is no table of them.
    """

    public: HomeTree
    locks: Locks | None

    async def home(self, account: str) -> HomeTree:
        """Return an account's tree; the first time make it, with a directory ``public``.

        Raises:
            BadFileName: the account's name cannot be a directory's.
        """

    def public_of(self, account: str) -> HomeTree:
        """Return the directory ``public`` of an account's tree as a tree, whether it is there or
        not; where it is not, every path is NoSuchFile. Raises BadFileName."""
