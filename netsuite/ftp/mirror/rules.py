"""What is mirrored, and what counts as the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

#: What the zones of two clocks may differ by.
_ZONES: Final = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Options:
    """How a tree is mirrored.

    Args:
        parallel: sessions at once, at the most; a server that wants fewer gets fewer.
        delete: whether what is not in the source is removed from the target.
        dry_run: whether only is told what would be done.
        include: patterns of the files to mirror; all where there is none.
        exclude: patterns of files and directories to leave as they are, on both sides. A pattern
            with ``/`` in it is of the path from the top, one without of the name; ``*``, ``?`` and
            ``[...]`` stand for letters, ``*`` for ``/`` too.
        newer: whether only files are transferred that are newer than those there, or not there.
        checksum: whether files of the same size are compared by their hash, not by their time.
        verify: whether what was transferred is compared by its hash.
        attempts: so often something is tried while connections are lost before it gets on.
        wait_seconds: before the second of them; doubled for each that follows, up to a minute.
    """

    parallel: int = 4
    delete: bool = False
    dry_run: bool = False
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    newer: bool = False
    checksum: bool = False
    verify: bool = False
    attempts: int = 6
    wait_seconds: float = 1.0

    def wants(self, path: str, *, directory: bool) -> bool:
        """Return whether something is mirrored. Directories are looked into unless excluded."""
        if _any_fits(self.exclude, path):
            return False
        return directory or not self.include or _any_fits(self.include, path)


def _any_fits(patterns: Sequence[str], path: str) -> bool:
    name = path.rpartition("/")[2]
    return any(
        fnmatchcase(path if "/" in each.rstrip("/") else name, each.strip("/")) for each in patterns
    )


@dataclass(frozen=True, slots=True)
class Version:
    """What tells one version of a file from another.

    Args:
        octets: its size; None where that is not known.
        modified: None where it is not known.
        precision_seconds: how far off that may be; a time beyond a second is in no known zone.
    """

    octets: int | None
    modified: datetime | None
    precision_seconds: int = 1


def is_same(source: Version, target: Version, *, keeps_times: bool) -> bool:
    """Return whether a target is what a source is, as far as size and time tell.

    A target that keeps times was given that of its source, and has it still: any other is another
    version. One that does not has the time when it was stored: later than its source's, or it is
    of an earlier version.
    """
    if None not in (source.octets, target.octets) and source.octets != target.octets:
        return False
    if source.modified is None or target.modified is None:
        return source.octets is not None and source.octets == target.octets
    precision = max(source.precision_seconds, target.precision_seconds)
    off = source.modified.replace(microsecond=0) - target.modified.replace(microsecond=0)
    if keeps_times:
        return abs(off) < timedelta(seconds=precision)
    # The end of the minute or day that is told, in the zone that is farthest away.
    slack = timedelta() if precision == 1 else timedelta(seconds=precision) + _ZONES
    return off <= slack


def is_newer(source: Version, target: Version) -> bool:
    """Return whether a source is newer than a target, as far as is known."""
    if source.modified is None or target.modified is None:
        return False
    precision = timedelta(seconds=max(source.precision_seconds, target.precision_seconds))
    return source.modified - target.modified >= precision
