"""Staging of uploads: a file under a temporary name in the directory it is for.

One that is written and committed in one go needs none, where the system can make a file without a
name (O_TMPFILE): it gets its own in one step that fails where something has it, so that nothing has
to be looked for before. One that comes slowly keeps its directory from being removed meanwhile.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, TypeVar

from netsuite.store import errors
from netsuite.store.files.file_names import TEMPORARY
from netsuite.store.files.openat import READ, WORK, lstat_or_none, open_directory
from netsuite.store.files.stat import entry_of, kept_mode, nanoseconds_of, validator_of
from netsuite.store.files.syscalls import DESCRIPTORS, HOLD, locked, rename_to_new
from netsuite.store.files.writeback import Writeback
from netsuite.store.tree import Entry, UploadRequest, name_of

T = TypeVar("T")

#: What is kept of the old file is copied in such steps, so that others get their turn.
COPY_OCTETS: Final = 64 << 20
_COPY_PIECE: Final = 1 << 20
#: Pieces that one system call writes, at most (IOV_MAX).
_PIECES: Final = 1024
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
#: Linux has it, and most of its file systems.
_UNNAMED: Final = os.O_RDWR | os.O_CLOEXEC | getattr(os, "O_TMPFILE", 0)
_NAME_ATTEMPTS: Final = 100
#: What one says that makes no file without a name; before Linux 3.11 it takes the flag for another.
_NEEDS_NAME: Final = frozenset({errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT})
#: What a file system says that cannot copy by itself.
_CANNOT_COPY: Final = frozenset({errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})

#: A file that need not be durable and is no larger is written on the reactor's thread: a hop to
#: another and back costs five times what that does.
QUICK_OCTETS: Final = 64 << 10
#: After so long the system has written out what was written to a file.
WRITTEN_SECONDS: Final = 60


class StagedFile:
    """A temporary file, its directory held open, so that it is committed where it was begun, or
    nowhere where that has gone to another tree or account.

    Args:
        names: of the file it is to become.
        request: what is asked of it.
        limit_octets: the largest that the tree takes; None for any.
        mode: its permissions then; until then nobody else can read it.
        lock: of the tree.
        token: returns a part of its temporary name.
        durable: whether it is to be on the disk when it is committed.
        where: its directory, open for reading, if that is known already, and that a file may be
            made there; then nothing is done before something is written. Of a plain request only.
        account_names: so many of the first names say whose quota counts.
        unnamed: whether to make it without a name, see ``can_be_unnamed``, if all of it is at hand
            when it is made.
    """

    def __init__(
        self,
        root: int,
        names: Sequence[bytes],
        request: UploadRequest,
        *,
        limit_octets: int | None,
        mode: int,
        lock: threading.Lock,
        token: Callable[[], str],
        durable: bool = True,
        where: int = -1,
        account_names: int = 0,
        unnamed: bool = False,
    ) -> None:
        if not names:
            raise errors.IsADirectory("the root")
        self._root = root
        self._parents = names[:-1]
        self._account_names = account_names
        self._name = names[-1]
        self._mode = mode
        self.durable = durable
        self._lock = lock
        self._only_new = request.only_new
        self._if_validator = request.if_validator
        #: Octets taken over from the file there was.
        self.kept = 0
        self._copied = 0
        self._source: io.FileIO | None = None
        self._request = request
        self._limit_octets = limit_octets
        self._token = token
        self._unnamed = unnamed
        self._named = False
        #: The file there was, as it was; None where there was none.
        self._before: str | None = None
        #: Whether the new file begins with the whole of the old one.
        self._continues = False
        self._append = request.append
        self._file: io.FileIO | None = None
        self._temporary = b""
        #: The file whose name it has taken: whoever closes this last waits for the system to free
        #: what it had.
        self.replaced = -1
        #: Its size; None where it has taken the name of none.
        self.replaced_octets: int | None = None
        #: It is to take the name of a file of that size, or of a larger one; None for any or none.
        self.counts_on: int | None = None
        self._end = 0
        self._where = where
        self._considered = where >= 0
        if where < 0:
            self._where = open_directory(root, names[:-1], WORK)
            self._begin()

    def _begin(self, *, whole: bool = False) -> io.FileIO:
        """Return the file; make it, where that was not done.

        Args:
            whole: whether all that is written to it is at hand.
        """
        if self._file is None:
            try:
                if not self._considered:
                    self._consider(self._request)
                self._unnamed = self._unnamed and whole
                self._file = self._create()
                self._writeback = Writeback(self._file.fileno())
            except BaseException:
                self._close_others()
                raise
        return self._file

    def _consider(self, request: UploadRequest) -> None:
        there = lstat_or_none(self._where, self._name)
        self._check(there)
        self._before = validator_of(there) if there is not None else None
        octets = there.st_size if there is not None else 0
        self.kept = octets if request.append else request.resume_at or 0
        if self.kept > octets:
            raise errors.NoSuchFile(f"{octets} octets are there")
        self._continues = there is not None and self.kept == octets
        if self.kept and there is not None:
            self._source = self._open_source(there)
        whole = self.kept + (request.expected_octets or 0)
        if self._limit_octets is not None and whole > self._limit_octets:
            raise errors.TooLarge(f"{whole} octets")
        if whole:
            room = os.fstatvfs(self._where)
            if whole > room.f_bavail * room.f_frsize:
                raise errors.StorageFull(f"{whole} octets do not fit")

    def _open_source(self, there: os.stat_result) -> io.FileIO:
        descriptor = os.open(self._name, READ, dir_fd=self._where)
        if not os.path.samestat(there, os.fstat(descriptor)):
            os.close(descriptor)
            raise errors.Changed("another file has the name now")
        return io.FileIO(descriptor)

    def _check(self, there: os.stat_result | None) -> None:
        """Raise unless the name may be taken, *there* having it now."""
        if there is not None:
            if stat.S_ISDIR(there.st_mode):
                raise errors.IsADirectory("a directory has the name")
            if not stat.S_ISREG(there.st_mode) or self._only_new:
                raise errors.FileInTheWay("something has the name")
        is_now = validator_of(there) if there is not None else None
        if self._if_validator is not None and is_now != self._if_validator:
            raise errors.Changed("the file is not what it was")

    def _create(self) -> io.FileIO:
        if self._unnamed:
            try:
                made = os.open(".", _UNNAMED, self._mode, dir_fd=self._where)
                return io.FileIO(made, "r+")
            except OSError as error:
                if error.errno not in _NEEDS_NAME:
                    raise
                self._unnamed = False

        def create(name: bytes) -> io.FileIO:
            return io.FileIO(os.open(name, _NEW, 0o600, dir_fd=self._where), "r+")

        return self._with_temporary_name(create)

    def _with_temporary_name(self, make: Callable[[bytes], T]) -> T:
        """Return what is made under the first name that is free."""
        for _ in range(_NAME_ATTEMPTS):
            name = TEMPORARY + self._token().encode()
            with suppress(FileExistsError):
                made = make(name)
                self._temporary = name
                return made
        raise errors.Busy("no temporary name is free")

    # -- content -------------------------------------------------------------------------------

    def copy(self) -> bool:
        """Take over some more of what is kept; return whether all of it is."""
        source = self._source
        if source is None:
            return True
        until = min(self.kept, self._copied + COPY_OCTETS)
        while self._copied < until:
            self._copied += self._copy_piece(source, until - self._copied)
        self._begin().seek(self._copied)
        self._end = self._copied
        self._writeback.wrote(self._end)
        if self._copied < self.kept:
            return False
        source.close()
        self._source = None
        return True

    def _copy_piece(self, source: io.FileIO, octets: int) -> int:
        here, there = source.fileno(), self._begin().fileno()
        copied = 0
        try:
            copied = os.copy_file_range(here, there, octets, self._copied, self._copied)
        except AttributeError:  # not Linux
            pass
        except OSError as error:
            if error.errno not in _CANNOT_COPY:
                raise
        if not copied:  # some file systems say that they copied nothing
            data = os.pread(here, min(octets, _COPY_PIECE), self._copied)
            if not data:
                raise errors.Changed("the file became shorter")
            copied = os.pwrite(there, data, self._copied)
        return copied

    def write(self, pieces: Sequence[bytes]) -> None:
        """Append."""
        descriptor = self._begin().fileno()
        for first in range(0, len(pieces), _PIECES):
            self._end += _write_all(descriptor, pieces[first : first + _PIECES])
        if self.durable:
            self._writeback.wrote(self._end)

    def is_quick(self, pieces: Sequence[bytes]) -> bool:
        """Return whether to make it of these pieces, and to give it a name that nothing has, takes
        no waiting: a few system calls on what the kernel has in memory."""
        return (
            not self.durable
            and self._unnamed
            and self._file is None
            and self._considered
            and sum(map(len, pieces)) <= QUICK_OCTETS
        )

    # -- the end -------------------------------------------------------------------------------

    def sync_directory(self, synced: set[tuple[int, int]] | None = None) -> None:
        """Wait until its name is on the disk, if it is to be durable.

        Args:
            synced: directories for which that was done since the name was taken, and what to
                note this one in.
        """
        if not self.durable:
            return
        if synced is None:
            os.fsync(self._where)
            return
        found = os.fstat(self._where)
        key = found.st_dev, found.st_ino
        if key not in synced:
            os.fsync(self._where)
            synced.add(key)

    def write_and_sync(self, pieces: Sequence[bytes]) -> None:
        """Append pieces and bring all to the disk, so that the commit has nothing to wait for."""
        self.write(pieces)
        self.sync()

    def prepare(
        self, pieces: Sequence[bytes], modified: datetime | None, *, begin: bool = False
    ) -> None:
        """Append the last pieces and make it what the file is to be.

        Args:
            begin: whether to begin to bring it to the disk, too.
        """
        descriptor = self._begin(whole=True).fileno()
        if pieces:
            self.write(pieces)
        if stat.S_IMODE(os.fstat(descriptor).st_mode) != self._mode:
            os.fchmod(descriptor, self._mode)
        if modified is not None:
            nanoseconds = nanoseconds_of(modified)
            os.utime(descriptor, ns=(nanoseconds, nanoseconds))
        if begin and self.durable:
            self._writeback.begin()

    def sync(self) -> None:
        """Wait until all of it is on the disk, if it is to be durable."""
        if self.durable:
            os.fsync(self._begin().fileno())

    def take_free_name(self) -> bool:
        """Give it its name, if nothing has that; return whether it was so."""
        if not self._request.is_plain or self.counts_on is not None:
            return False  # what it is to be compared with has to be looked at
        self._check_place()
        try:
            self._take_name(replace=False)
        except FileExistsError:
            return False
        return True

    def _check_place(self) -> None:
        """Raise NoSuchFile where its directory has left the tree, or the account: there it is
        judged by another quota, under other rules and locks than were asked."""
        if not self._parents:
            return
        path = b"/".join(self._parents)
        with suppress(OSError):  # a long path, or what has become none
            there = lstat_or_none(self._root, path)
            if there is not None and os.path.samestat(there, os.fstat(self._where)):
                return
        if not hasattr(os, "O_PATH"):
            return  # nothing tells where it is
        home = [os.readlink(f"{DESCRIPTORS}/{self._root}".encode()).rstrip(b"/")]
        home += self._parents[: self._account_names]
        here = os.readlink(f"{DESCRIPTORS}/{self._where}".encode())
        if not (here + b"/").startswith(b"/".join([*home, b""])):
            raise errors.NoSuchFile("its directory was moved away")

    def take_name(self) -> bool:
        """Give it its name, where what has the name is still what it was to be; return whether that
        is as large as it was to be at least, and it has the name."""
        with locked(self._lock, self._where):
            self._check_place()
            there = lstat_or_none(self._where, self._name)
            self._check(there)
            if self._append and self._before != (there and validator_of(there)):
                raise errors.Changed("the file that was to be appended to")
            if self._is_less(there):
                return False
            self._take_mode(there)
            try:
                self._take_name(replace=there is not None)
            except FileExistsError:  # by now; what is no program of ours asks for no lock
                if self._only_new:
                    raise
                self._take_name(replace=True)
            self.replaced_octets = None if there is None else there.st_size
        return True

    def _is_less(self, there: os.stat_result | None) -> bool:
        return self.counts_on is not None and (there is None or there.st_size < self.counts_on)

    def finished(self) -> Entry:
        """Return its entry, and close everything."""
        try:
            entry = entry_of(name_of(self._name), os.fstat(self._begin().fileno()))
        finally:
            self.discard()
        if entry is None:
            raise errors.FileInTheWay("no file any more")
        return entry

    def keep(self, pieces: Sequence[bytes]) -> Entry | None:
        """Let what has come be the file, where that takes nothing away; else throw it away."""
        try:
            self.prepare(pieces, None)
            self.sync()
            with locked(self._lock, self._where):
                self._check_place()
                there = lstat_or_none(self._where, self._name)
                if self._is_less(there):
                    pass
                elif there is None:
                    if self._before is None:
                        self._take_name(replace=False)
                elif self._goes_on_from(there):
                    self._take_mode(there)
                    self._take_name(replace=True)
                    self.replaced_octets = there.st_size
        except (OSError, errors.StoreError):
            self.discard()
            raise
        if not self._named:
            self.discard()
            return None
        try:
            self.sync_directory()
            return self.finished()
        finally:
            self.discard()
            if self.replaced >= 0:
                os.close(self.replaced)

    def _goes_on_from(self, there: os.stat_result) -> bool:
        if self._request.is_plain:
            return stat.S_ISREG(there.st_mode) and not there.st_size
        return self._continues and validator_of(there) == self._before

    def _take_mode(self, there: os.stat_result | None) -> None:
        """Keep the permissions of the file that it replaces."""
        mode = self._mode if there is None else stat.S_IMODE(there.st_mode)
        if mode != self._mode:
            os.fchmod(self._begin().fileno(), kept_mode(mode, directory=False))

    def _take_name(self, *, replace: bool) -> None:
        where = self._where
        if replace:
            if self._unnamed and not self._temporary:
                self._with_temporary_name(self._link)
            if not self.durable:
                self.replaced = _held(where, self._name)
            os.rename(self._temporary, self._name, src_dir_fd=where, dst_dir_fd=where)
        elif self._temporary:
            rename_to_new(where, self._temporary, where, self._name)
        else:
            self._link(self._name)
        self._temporary = b""
        self._named = True

    def _link(self, name: bytes) -> None:
        """Give it a name that nothing has."""
        unnamed = f"{DESCRIPTORS}/{self._begin().fileno()}"
        os.link(unnamed, name, dst_dir_fd=self._where, follow_symlinks=True)

    def discard(self) -> None:
        """Close everything, and remove the temporary file if it still is one."""
        if self._temporary:
            with suppress(OSError):
                os.unlink(self._temporary, dir_fd=self._where)
            self._temporary = b""
        if self._file is not None:
            with suppress(OSError):  # NFS tells of lost writes here; the commit had its fsync
                self._file.close()
        self._close_others()

    def _close_others(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
        if self._where >= 0:
            os.close(self._where)
            self._where = -1


def can_be_unnamed() -> bool:
    """Return whether this system can make files without a name, and name them."""
    return hasattr(os, "O_TMPFILE") and os.path.isdir(DESCRIPTORS)


def _held(where: int, name: bytes) -> int:
    """Return a descriptor that keeps a file there whatever becomes of its name; -1 for none.

    Of a file that was written a moment ago and is not on the disk yet, the rename that takes its
    name away would wait for that: 1.5 ms, where it takes 0.4 ms so.
    """
    try:
        held = os.open(name, HOLD, dir_fd=where)
    except OSError:
        return -1
    if time.time() - os.fstat(held).st_mtime < WRITTEN_SECONDS:
        return held
    os.close(held)
    return -1


def _write_all(descriptor: int, pieces: Sequence[bytes]) -> int:
    """Write pieces one behind the other, as they are in memory; return how many octets."""
    octets = sum(map(len, pieces))
    written = os.writev(descriptor, pieces)
    if written < octets:  # the disk is nearly full, or a signal came
        left = memoryview(b"".join(pieces))[written:]
        while left:
            left = left[os.write(descriptor, left) :]
    return octets
