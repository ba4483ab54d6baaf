"""What a mirror tells of its work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class _OfPath:
    """Something about a file or directory.

    Args:
        path: from the top of the tree, with ``/`` between names; empty for the top itself. Octets
            that are not UTF-8 are in lone surrogates.
    """

    path: str


@dataclass(frozen=True, slots=True)
class Transferred(_OfPath):
    """A file has come, or gone, whole.

    Args:
        octets: its size.
        offset: how many of them were there from an earlier try.
    """

    octets: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class TimeSet(_OfPath):
    """A file was the same by its hash, and has the time now that it should have."""


@dataclass(frozen=True, slots=True)
class MadeDirectory(_OfPath):
    """A directory was made."""


@dataclass(frozen=True, slots=True)
class Removed(_OfPath):
    """Something was removed that is not where it is mirrored from."""


@dataclass(frozen=True, slots=True)
class LeftOut(_OfPath):
    """Something is not mirrored.

    Args:
        why: in words.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Failed(_OfPath):
    """Something could not be done; the rest goes on."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Retrying(_OfPath):
    """A connection was lost, and is made again.

    Args:
        error: how it was lost.
        seconds: until it is tried.
    """

    error: Exception
    seconds: float


@dataclass(frozen=True, slots=True)
class FewerSessions(_OfPath):
    """The server takes no more sessions; the work goes on with those that there are."""

    error: Exception


Event: TypeAlias = (
    Transferred | TimeSet | MadeDirectory | Removed | LeftOut | Failed | Retrying | FewerSessions
)
