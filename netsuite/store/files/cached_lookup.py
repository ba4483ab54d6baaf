"""Lookups that the kernel answers without waiting, done where they are asked for.

Linux opens a path with the promise to give up where it would have to read from a disk or to ask
anybody (``openat2`` with ``RESOLVE_CACHED``, since 5.12). So what was used lately needs no thread:
a hop to one and back costs five times what the lookup does, and everybody else's turn besides.

The same call lets nothing out of the root: links are not followed, ``..`` and other mounts are
refused (``RESOLVE_BENEATH``, ``RESOLVE_NO_SYMLINKS``, ``RESOLVE_NO_XDEV``). All that it does not
settle is for a thread, which goes step by step as in ``openat``.
"""

from __future__ import annotations

import ctypes
import errno
import io
import os
import stat
import sys
from collections.abc import Callable, Sequence
from typing import Final

from netsuite.store.errors import FileInTheWay, IsADirectory, NoSuchFile
from netsuite.store.files.stat import entry_of
from netsuite.store.files.syscalls import c_function
from netsuite.store.tree import Entry, name_of

#: The same number on every architecture but Alpha.
_OPENAT2: Final = 437
_NO_XDEV, _NO_SYMLINKS, _BENEATH, _CACHED = 0x01, 0x04, 0x08, 0x20
#: File systems whose files are opened, and inodes read, without asking anybody: ext2 to ext4,
#: XFS, Btrfs, F2FS, ZFS, tmpfs. What is not here (NFS, FUSE, overlays of them) goes to a thread.
LOCAL: Final = frozenset(
    {0xEF53, 0x58465342, 0x9123683E, 0xF2F52010, 0x2FC12FC1, 0x01021994}
)  # fmt: skip
_STATFS_OCTETS: Final = 512


class _How(ctypes.Structure):
    """``struct open_how``."""

    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


def _how(flags: int) -> _How:
    resolve = _NO_XDEV | _NO_SYMLINKS | _BENEATH | _CACHED
    return _How(flags | os.O_CLOEXEC, 0, resolve)


def _system_call() -> Callable[..., int] | None:
    """Return openat2(2); None where there is none."""
    if not sys.platform.startswith("linux") or not hasattr(os, "O_PATH"):
        return None
    number_and_root = (ctypes.c_long, ctypes.c_int)
    path_and_how = (ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t)
    # It does not wait, so the interpreter's lock (PyDLL) need not be given up for it.
    return c_function(
        "syscall", *number_and_root, *path_and_how, result=ctypes.c_long, library=ctypes.PyDLL
    )


_call: Final = _system_call()
_HOW_OCTETS: Final = ctypes.sizeof(_How)
_LOOK: Final = _how(getattr(os, "O_PATH", 0))
_READ: Final = _how(os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
_LIST: Final = _how(os.O_RDONLY | os.O_DIRECTORY)


def is_local(root: int) -> bool:
    """Return whether a descriptor is of a file system that only this machine has. May wait."""
    if _call is None:
        return False
    found = ctypes.create_string_buffer(_STATFS_OCTETS)
    try:
        if ctypes.CDLL(None).fstatfs(root, found) != 0:
            return False
    except AttributeError:
        return False
    kind = ctypes.c_long.from_buffer(found).value & 0xFFFFFFFF
    return kind in LOCAL


def _opened(root: int, names: Sequence[bytes], how: _How) -> int | None:
    """Return a descriptor, None where that would take waiting or something is unusual.

    Raises:
        NoSuchFile: it is known that nothing has the name.
    """
    if _call is None:
        return None
    descriptor = _call(_OPENAT2, root, b"/".join(names) or b".", ctypes.byref(how), _HOW_OCTETS)
    if descriptor >= 0:
        return descriptor
    if ctypes.get_errno() == errno.ENOENT:
        raise NoSuchFile("nothing has the name")
    return None


def lstat(root: int, names: Sequence[bytes]) -> os.stat_result | None:
    """Ask for a path, without waiting; None where that cannot be.

    Raises:
        NoSuchFile: it is known that nothing has the name.
    """
    descriptor = _opened(root, names, _LOOK)
    if descriptor is None:
        return None
    try:
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def entry_at(root: int, names: Sequence[bytes]) -> Entry | None:
    """Look one up, without waiting; None where that cannot be. Raises as ``lstat``."""
    found = lstat(root, names)
    return None if found is None else entry_of(name_of(names[-1]) if names else "", found)


def open_file(root: int, names: Sequence[bytes]) -> tuple[Entry, io.FileIO] | None:
    """Open a file for reading, without waiting; None where that cannot be.

    Raises:
        NoSuchFile: it is known that nothing has the name.
        IsADirectory: a directory has it.
    """
    # Looked at before it is opened: to open some devices is to do something to them.
    found = lstat(root, names)
    if found is None:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectory("a directory")
    descriptor = _opened(root, names, _READ) if stat.S_ISREG(found.st_mode) else None
    if descriptor is None:
        return None
    try:
        # By now it may be another one than the one that was looked at.
        found = os.fstat(descriptor)
        entry = entry_of(name_of(names[-1]), found) if stat.S_ISREG(found.st_mode) else None
        if entry is not None:
            return entry, io.FileIO(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def directory_for(root: int, names: Sequence[bytes]) -> tuple[int, bool] | None:
    """Return a descriptor of the directory that a file is to be made in, and whether a file is
    known to have the name already; without waiting.

    None where that cannot be, or where it is not plain that a file can be made there.

    Raises:
        NoSuchFile: it is known that there is no such directory.
        IsADirectory: it is known that a directory has the name.
        FileInTheWay: it is known that something has it that is no file.
    """
    if not names:
        raise IsADirectory("the root")
    where = _opened(root, names[:-1], _LIST)
    if where is None:
        return None
    try:
        if not _is_ours(os.fstat(where)):
            os.close(where)
            return None
        return where, _is_taken(where, names[-1])
    except BaseException:
        os.close(where)
        raise


def _is_ours(directory: os.stat_result) -> bool:
    user = os.geteuid()
    return not user or (directory.st_uid == user and directory.st_mode & 0o300 == 0o300)


def _is_taken(where: int, name: bytes) -> bool:
    """Return whether a file is known to have a name; refuse one that is known to be taken by
    something that no file replaces."""
    try:
        found = lstat(where, (name,))
    except NoSuchFile:
        return False
    if found is None:
        if ctypes.get_errno() == errno.ELOOP:
            raise FileInTheWay("a link has the name")
        return False
    if not stat.S_ISREG(found.st_mode):
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectory("a directory has the name")
        raise FileInTheWay("something has the name")
    return True
