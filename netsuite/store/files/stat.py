"""Entries made of what the system says of a file (stat(2))."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from struct import Struct
from typing import Final

from netsuite.store.tree import Entry, EntryKind

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OLDEST: Final = datetime.min.replace(tzinfo=UTC)
_NEWEST: Final = datetime.max.replace(tzinfo=UTC)
_VALIDATED: Final = Struct("=4Q")
_IDENTITY: Final = Struct("=QQ")
_MASK: Final = (1 << 64) - 1
#: Permissions to read, write and execute; not those that make a program somebody else's.
MODE_BITS: Final = 0o777


class FoundEntry(Entry):
    """An entry whose times and hashes are worked out when they are asked for.

    Measured with 100,000 files: 1 microsecond each instead of 5, and most listings ask for half.
    """

    __slots__ = ("_found",)
    _found: os.stat_result

    def __init__(self, name: str, kind: EntryKind, octets: int, found: os.stat_result) -> None:
        _set_name(self, name)
        _set_kind(self, kind)
        _set_octets(self, octets)
        _set_mode(self, found.st_mode & MODE_BITS)
        _set_found(self, found)

    @property
    def modified(self) -> datetime:
        """When it was modified."""
        return moment(self._found.st_mtime_ns)

    @property
    def unique(self) -> str:
        """A text that is this file's alone, as long as it lives."""
        return unique_of(self._found)

    @property
    def validator(self) -> str:
        """A text that differs when the content may."""
        return validator_of(self._found)

    def named(self, name: str) -> Entry:
        """Return the same under another name."""
        return FoundEntry(name, self.kind, self.octets, self._found)


# An entry is frozen; its slots can be set by themselves, without looking for them by name.
_set_name: Final = Entry.__dict__["name"].__set__
_set_kind: Final = Entry.__dict__["kind"].__set__
_set_octets: Final = Entry.__dict__["octets"].__set__
_set_mode: Final = Entry.__dict__["mode"].__set__
_set_found: Final = FoundEntry.__dict__["_found"].__set__


def entry_of(name: str, found: os.stat_result) -> Entry | None:
    """Return the entry of a file or directory, None of anything else (link, pipe, device)."""
    if stat.S_ISREG(found.st_mode):
        return FoundEntry(name, EntryKind.FILE, found.st_size, found)
    if stat.S_ISDIR(found.st_mode):
        return FoundEntry(name, EntryKind.DIRECTORY, 0, found)
    return None


def kept_mode(mode: int, *, directory: bool) -> int:
    """Return the permissions that somebody asked for, with those that the suite needs itself."""
    return (mode & MODE_BITS) | (0o700 if directory else 0o600)


def validator_of(found: os.stat_result) -> str:
    """Return a text that differs when the content may.

    An upload makes a new inode; who edits in place changes the time of change, which nobody can
    set back. Hashed, because inode numbers are nobody's business.
    """
    # File systems take times far beyond those that 64 bits have the nanoseconds of, and say them.
    octets = _VALIDATED.pack(
        found.st_ino & _MASK, found.st_size, found.st_mtime_ns & _MASK, found.st_ctime_ns & _MASK
    )
    return blake2b(octets, digest_size=12).hexdigest()


def unique_of(found: os.stat_result) -> str:
    """Return a text that is this file's alone, as long as it lives."""
    octets = _IDENTITY.pack(found.st_dev & _MASK, found.st_ino & _MASK)
    return blake2b(octets, digest_size=12).hexdigest()


def moment(nanoseconds: int) -> datetime:
    """Return a time of the file system; those a ``datetime`` cannot hold become its bounds."""
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return _OLDEST if nanoseconds < 0 else _NEWEST


def nanoseconds_of(when: datetime) -> int:
    """Return the file system's word for a time; one without a zone is UTC."""
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return (when - _EPOCH) // timedelta(microseconds=1) * 1000
