"""System calls on a tree, made in a thread: functions on a root's descriptor.

They raise ``OSError`` and the store's errors; ``errors.translated`` makes the former the latter.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import io
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from typing import Final, NamedTuple

from netsuite.store import errors
from netsuite.store.file_usage import NO_FILES, FileAmount
from netsuite.store.files import openat
from netsuite.store.files.file_names import TEMPORARY, is_plain, shown
from netsuite.store.files.openat import WORK, directory, lstat, visible
from netsuite.store.files.stat import entry_of, kept_mode, nanoseconds_of
from netsuite.store.tree import Entry, EntryKind, Space, name_of

Names = Sequence[bytes]

#: Entries of one piece of a listing.
PIECE_ENTRIES: Final = 500
#: Where a descriptor's file is reached by a name, whatever its own is.
DESCRIPTORS: Final = "/proc/self/fd"
#: To keep a file there, or to reach it, without opening it.
HOLD: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_NOFOLLOW | os.O_CLOEXEC
_NOREPLACE: Final = 1
#: What a kernel or file system says that has no such thing.
_CANNOT: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP})
_NOT_EMPTY: Final = frozenset({errno.ENOTEMPTY, errno.EEXIST})
#: So many are named of what keeps a directory that looks empty from being removed.
UNSHOWN_NAMES: Final = 5
#: How often a lock that another process holds is asked for, and how long between.
_ATTEMPTS: Final = 250
_ATTEMPT_SECONDS: Final = 0.02


def c_function(
    name: str,
    *arguments: type[object],
    result: type[object] = ctypes.c_int,
    library: type[ctypes.CDLL] = ctypes.CDLL,
) -> Callable[..., int] | None:
    """Return a function of the C library that Python has not; None where there is none."""
    try:
        call = getattr(library(None, use_errno=True), name)
    except (AttributeError, OSError):
        return None
    call.argtypes = arguments
    call.restype = result
    found: Callable[..., int] = call
    return found


_NAME: Final = (ctypes.c_int, ctypes.c_char_p)
_renameat2: Final = c_function("renameat2", *_NAME, *_NAME, ctypes.c_uint)


def entry_at(root: int, names: Names) -> Entry:
    """Look one up."""
    if not names:
        result, name = os.fstat(root), ""
    else:
        with directory(root, names[:-1]) as where:
            result, name = lstat(where, names[-1]), name_of(names[-1])
    return _shown(name, result)


def _shown(name: str, result: os.stat_result) -> Entry:
    entry = entry_of(name, result)
    if entry is None:
        raise errors.NoSuchFile("neither file nor directory")
    return entry


def open_file(root: int, names: Names) -> tuple[Entry, io.FileIO]:
    """Open a file for reading."""
    if not names:
        raise errors.IsADirectory("the root")
    with directory(root, names[:-1]) as where:
        # Looked at before it is opened: to open some devices is to do something to them.
        if stat.S_ISDIR(visible(where, names[-1]).st_mode):
            raise errors.IsADirectory("a directory")
        descriptor = os.open(names[-1], openat.READ, dir_fd=where)
    # By now it may be another one than the one that was looked at.
    try:
        result = os.fstat(descriptor)
        entry = _shown(name_of(names[-1]), result)
        if stat.S_ISDIR(result.st_mode):
            raise errors.IsADirectory("a directory")
        return entry, io.FileIO(descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def make_directory(root: int, names: Names, mode: int) -> Entry:
    """Make a directory, durably."""
    if not names:
        raise errors.FileInTheWay("the root")
    with directory(root, names[:-1], WORK) as where:
        os.mkdir(names[-1], mode, dir_fd=where)
        with directory(where, names[-1:], WORK) as made:
            os.fchmod(made, mode)  # whatever the umask is
            os.fsync(made)
            result = os.fstat(made)
        os.fsync(where)
    return _shown(name_of(names[-1]), result)


def remove_file(root: int, names: Names, lock: threading.Lock) -> FileAmount:
    """Remove a file, durably; or a link, with which nothing else can be done. Return what room is
    free then."""
    if not names:
        raise errors.IsADirectory("the root")
    with directory(root, names[:-1], WORK) as where:
        with locked(lock, where):
            found = lstat(where, names[-1])
            if not stat.S_ISLNK(found.st_mode) and stat.S_ISDIR(visible(where, names[-1]).st_mode):
                raise errors.IsADirectory("a directory")
            os.unlink(names[-1], dir_fd=where)
        os.fsync(where)
    return _amount_of(found)


def _amount_of(found: os.stat_result | None) -> FileAmount:
    """Return what a file or directory counts for by itself; nothing else counts."""
    if found is None:
        return NO_FILES
    if stat.S_ISREG(found.st_mode):
        return FileAmount(found.st_size, 1)
    return FileAmount(0, int(stat.S_ISDIR(found.st_mode)))


class Moved(NamedTuple):
    """What a rename has changed of what there is.

    Args:
        itself: what it has moved, without what is below it.
        freed: what was where it is now.
    """

    itself: FileAmount
    freed: FileAmount


def remove_directory(root: int, names: Names, before: float, lock: threading.Lock) -> None:
    """Remove an empty directory, durably; what uploads left in it before then does not count."""
    if not names:
        raise errors.NotPermitted("the root")
    with directory(root, names[:-1], WORK) as where:
        if not stat.S_ISDIR(visible(where, names[-1]).st_mode):
            raise errors.NotADirectory("a file")
        if not _removed(where, names[-1], lock):
            with directory(where, names[-1:], WORK) as full:
                sweep_directory(full, before)
                unshown = _unshown(full)
            if not _removed(where, names[-1], lock):
                raise errors.DirectoryNotEmpty("not empty", unshown)
        os.fsync(where)


def _removed(where: int, name: bytes, lock: threading.Lock) -> bool:
    """Remove a directory; return whether it was empty."""
    try:
        with locked(lock, where):  # a rename in its place sees it before or not
            os.rmdir(name, dir_fd=where)
    except OSError as error:
        if error.errno not in _NOT_EMPTY:
            raise
        return False
    return True


def _unshown(where: int) -> Sequence[str]:
    """Return names in a directory that looks empty; none where anything in it is shown."""
    found: list[str] = []
    with os.scandir(where) as entries:
        for each in entries:
            name = os.fsencode(each.name)
            with suppress(FileNotFoundError):
                if shown(name) is not None and entry_of("", lstat(where, name)) is not None:
                    return ()
                if len(found) < UNSHOWN_NAMES:
                    upload = name.startswith(TEMPORARY)
                    found.append("an upload under way" if upload else name_of(name))
    return found


def rename(
    source_root: int,
    old: Names,
    target_root: int,
    new: Names,
    replace: bool,
    locks: Sequence[threading.Lock],
    fits: Callable[[Moved], bool] | None = None,
) -> Moved:
    """Rename or move, durably.

    Args:
        locks: of the trees that the source and the target are in.
        fits: says whether there is room for it; where not, it raises Changed.
    """
    if not old:
        raise errors.NotPermitted("the root")
    if not new:
        raise errors.FileInTheWay("the root")
    with (
        directory(source_root, old[:-1], WORK) as source,
        directory(target_root, new[:-1], WORK) as target,
    ):
        with all_locked(locks, (source, target)):
            moved = visible(source, old[-1])
            there = openat.lstat_or_none(target, new[-1])
            result = Moved(_amount_of(moved), _amount_of(there))
            if fits is not None and not fits(result):
                raise errors.Changed("one of the files has another size by now")
            if there is not None and replace and os.path.samestat(moved, there):
                if old[-1] != new[-1] or not os.path.sameopenfile(source, target):
                    # Two names of one file: to rename(2) that is done already.
                    os.unlink(old[-1], dir_fd=source)
                else:
                    result = Moved(NO_FILES, NO_FILES)
            elif there is None or not replace:
                rename_to_new(source, old[-1], target, new[-1])
            elif stat.S_IFMT(moved.st_mode) != stat.S_IFMT(there.st_mode):
                raise errors.FileInTheWay("something of another kind")
            else:
                os.rename(old[-1], new[-1], src_dir_fd=source, dst_dir_fd=target)
        os.fsync(target)
        os.fsync(source)
    return result


def set_modified(root: int, names: Names, modified: datetime) -> Entry:
    """Set the time of modification."""
    nanoseconds = nanoseconds_of(modified)
    with directory(root, names[:-1]) as where:
        name = names[-1] if names else b"."
        times = (visible(where, name).st_atime_ns, nanoseconds)
        os.utime(name, ns=times, dir_fd=where, follow_symlinks=False)
        return _shown(name_of(names[-1]) if names else "", lstat(where, name))


def set_mode(root: int, names: Names, mode: int) -> Entry:
    """Set the permissions."""
    with _held(root, names) as held:
        found = _shown("", os.fstat(held))
        kept = kept_mode(mode, directory=found.kind is EntryKind.DIRECTORY)
        # What is held without being opened is reached so; it needs no permission to be read.
        os.chmod(f"{DESCRIPTORS}/{held}" if hasattr(os, "O_PATH") else held, kept)
        return _shown(name_of(names[-1]) if names else "", os.fstat(held))


@contextmanager
def _held(root: int, names: Names) -> Iterator[int]:
    """Hold a file or directory for as long as the block lasts."""
    with directory(root, names[:-1]) as where:
        name = names[-1] if names else b"."
        visible(where, name)  # to open some devices is to do something to them
        held = os.open(name, HOLD, dir_fd=where)
    try:
        _shown("", os.fstat(held))  # by now it may be another than the one that was looked at
        yield held
    finally:
        os.close(held)


def space(root: int, names: Names) -> Space:
    """Ask the file system what it has room for."""
    with _held(root, names) as held:
        room = os.fstatvfs(held)
    # Some file systems make inodes as they need them, and say that they have none.
    return Space(room.f_bavail * room.f_frsize, room.f_favail if room.f_files else None)


class Listing:
    """A directory being listed, some entries at a time."""

    def __init__(self, root: int, names: Names) -> None:
        try:
            self._where = openat.open_directory(root, names, WORK)
        except errors.NoSuchFile:
            with directory(root, names[:-1]) as where:
                if names and stat.S_ISREG(lstat(where, names[-1]).st_mode):
                    raise errors.NotADirectory("a file") from None
            raise
        try:
            self._entries = os.scandir(self._where)
        except BaseException:
            os.close(self._where)
            raise
        self._lock = threading.Lock()
        self._open = True

    def piece(self) -> list[Entry]:
        """Return more entries; none at the end, and after it was closed."""
        piece: list[Entry] = []
        with self._lock:
            for each in self._entries if self._open else ():
                name = each.name if is_plain(each.name) else shown(os.fsencode(each.name))
                if name is None:
                    continue
                try:  # and not suppress, which takes as long as all the rest
                    entry = entry_of(name, each.stat(follow_symlinks=False))
                except FileNotFoundError:
                    continue  # it has gone since
                if entry is not None:
                    piece.append(entry)
                    if len(piece) >= PIECE_ENTRIES:
                        break
        return piece

    def close(self) -> None:
        """Close its descriptors; may be called twice.

        Who is cancelled may call it while a thread still is at a piece: it waits for that piece.
        """
        with self._lock:
            if self._open:
                self._open = False
                self._entries.close()
                os.close(self._where)


def sweep_directory(where: int, before: float) -> list[bytes]:
    """Remove what uploads left that were last written before then; return the directories seen.

    The time of change counts: that of modification is what the uploader says it is, just before
    the file gets its name.
    """
    directories = []
    with os.scandir(where) as entries:
        for each in entries:
            name = os.fsencode(each.name)
            if name.startswith(TEMPORARY):
                with suppress(FileNotFoundError):
                    result = lstat(where, name)
                    if stat.S_ISREG(result.st_mode) and result.st_ctime < before:
                        os.unlink(name, dir_fd=where)
            elif each.is_dir(follow_symlinks=False):
                directories.append(name)
    return directories


class Sweep:
    """Removes what crashes left in a whole tree, in steps of one directory."""

    def __init__(self, root: int, before: float) -> None:
        self._root = root
        self._before = before
        self._waiting: list[tuple[bytes, ...]] = [()]

    def step(self) -> bool:
        """Do one directory; return whether there is more to do."""
        names = self._waiting.pop()
        # Errors: it is gone, or not ours to read.
        with suppress(OSError, errors.NoSuchFile), directory(self._root, names, WORK) as where:
            for name in sweep_directory(where, self._before):
                self._waiting.append((*names, name))
        return bool(self._waiting)


# -- renaming under a lock -----------------------------------------------------------------------


def rename_to_new(source: int, old: bytes, target: int, new: bytes) -> None:
    """Rename where nothing has the new name, in one step.

    Raises:
        FileExistsError: something has.
        OSError: as ``os.rename``.
    """
    if _renameat2 is not None:
        if _renameat2(source, old, target, new, _NOREPLACE) == 0:
            return
        number = ctypes.get_errno()
        if number not in _CANNOT:
            raise OSError(number, os.strerror(number))
    claim_and_rename(source, old, target, new)


def claim_and_rename(source: int, old: bytes, target: int, new: bytes) -> None:
    """As ``rename_to_new``, by what every Unix has: the new name is claimed first.

    A crash in between leaves a file under both names, or an empty directory under the new one.
    """
    found = os.stat(old, dir_fd=source, follow_symlinks=False)
    if stat.S_ISDIR(found.st_mode):
        os.mkdir(new, 0o700, dir_fd=target)
        try:
            os.rename(old, new, src_dir_fd=source, dst_dir_fd=target)
        except OSError:
            os.rmdir(new, dir_fd=target)
            raise
    else:
        os.link(old, new, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
        os.unlink(old, dir_fd=source)


@contextmanager
def locked(lock: threading.Lock, where: int) -> Iterator[None]:
    """Let nobody else change what a directory's names mean, between a look and a rename.

    Args:
        lock: the tree's own, for this process: it is held for a few system calls only.
        where: the directory, open for reading. It is locked against other processes of the suite
            (``flock``), as far as the file system can do that.

    Raises:
        Busy: another process held it for seconds.
    """
    with lock:
        _lock_out_others(where)
        try:
            yield
        finally:
            _let_others_in(where)


@contextmanager
def all_locked(locks: Sequence[threading.Lock], directories: Sequence[int]) -> Iterator[None]:
    """As ``locked`` for several at once, in one order for all who do that. Raises Busy."""
    found = {}
    for each in directories:
        result = os.fstat(each)
        found[result.st_dev, result.st_ino] = each
    with ExitStack() as stack:
        for lock in sorted(set(locks), key=id):
            stack.enter_context(lock)
        for _, where in sorted(found.items()):
            _lock_out_others(where)
            stack.callback(_let_others_in, where)
        yield


def _let_others_in(where: int) -> None:
    with suppress(OSError):  # the file system knows no locks
        fcntl.flock(where, fcntl.LOCK_UN)


def _lock_out_others(where: int) -> None:
    for _ in range(_ATTEMPTS):
        try:
            return fcntl.flock(where, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_ATTEMPT_SECONDS)
        except OSError:
            return None  # the file system knows no locks
    raise errors.Busy("another process holds the directory")
