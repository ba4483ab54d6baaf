"""What commands give back where more comes than one kind of response."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from netsuite.imap.commands.fetch import FetchData
from netsuite.imap.commands.responses import Listed, Vanished
from netsuite.imap.sequences import NOTHING, SequenceSet


def united(vanished: Iterable[Vanished]) -> SequenceSet:
    """Return all UIDs that some responses tell of."""
    return SequenceSet(tuple(each for one in vanished for each in one.uids.ranges))


class Fetched(list[FetchData]):
    """Messages, as FETCH tells of them.

    Attributes:
        vanished: UIDs that are gone, where that was asked for.
    """

    def __init__(self, messages: Iterable[FetchData], vanished: SequenceSet = NOTHING) -> None:
        super().__init__(messages)
        self.vanished = vanished


class Stored(list[FetchData]):
    """Messages, as STORE tells of them.

    Attributes:
        modified: those that were left alone, since they have changed meanwhile: numbers or UIDs,
            as they were named.
    """

    def __init__(self, messages: Iterable[FetchData], modified: SequenceSet = NOTHING) -> None:
        super().__init__(messages)
        self.modified = modified


class Removed(list[int]):
    """Numbers as messages went, each counted without those before.

    Attributes:
        vanished: their UIDs instead, where QRESYNC is enabled.
    """

    def __init__(self, numbers: Iterable[int], vanished: SequenceSet = NOTHING) -> None:
        super().__init__(numbers)
        self.vanished = vanished


@dataclass(frozen=True, slots=True)
class ListedMailbox:
    """A mailbox, and what LIST was asked to tell besides; None where it does not tell.

    Args:
        status: counts by item (RFC 5819).
        rights: one's own (RFC 8440).
        annotations: by entry (RFC 9590).
    """

    listed: Listed
    status: Mapping[str, int] | None = None
    rights: str | None = None
    annotations: Mapping[str, bytes | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Annotations:
    """Values by entry; None for one that there is not.

    Args:
        longest: octets of the longest value that was too large to be told; None where none was.
    """

    values: Mapping[str, bytes | None]
    longest: int | None = None
