"""Everything a server says, as values (RFC 3501, 7)."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from netsuite.imap.commands import metadata, quota, rights
from netsuite.imap.commands.fetch import FetchData
from netsuite.imap.commands.search import Window
from netsuite.imap.commands.sorting import SortData, ThreadData
from netsuite.imap.sequences import SequenceSet


class Status(enum.Enum):
    """How a command ended, or what an untagged condition is."""

    OK = b"OK"
    NO = b"NO"
    BAD = b"BAD"
    BYE = b"BYE"
    PREAUTH = b"PREAUTH"


@dataclass(frozen=True, slots=True)
class CopyUid:
    """The argument of COPYUID (RFC 4315, 3); APPENDUID has no sources."""

    uid_validity: int
    sources: SequenceSet | None
    uids: SequenceSet


#: What stands behind a response code's name.
Argument: TypeAlias = int | CopyUid | SequenceSet | tuple[str, ...] | bytes


@dataclass(frozen=True, slots=True)
class Code:
    """A response code, ``[NAME argument]``.

    Args:
        name: in upper case.
        argument: by name: a number, a ``CopyUid``, a ``SequenceSet``, names or flags as a
            tuple of text; of an unknown code the octets as they stand; None for none.
    """

    name: str
    argument: Argument | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """An untagged OK, NO, BAD, BYE or PREAUTH."""

    status: Status
    text: str
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """The end of a command. The tag of what could not be read is ``*``: then it is untagged."""

    tag: bytes
    status: Status
    text: str
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """The end of the command under way, whose tag the server's dialog knows (RFC 3501, 2.2.2)."""

    status: Status
    text: str
    code: Code | None = None


def ok(text: str, code: Code | None = None) -> Completion:
    """Return the completion of a command that succeeded."""
    return Completion(Status.OK, text, code)


def no(text: str, code: Code | None = None) -> Completion:
    """Return the completion of a command that failed."""
    return Completion(Status.NO, text, code)


def bad(text: str, code: Code | None = None) -> Completion:
    """Return the completion of a command that should not have been given."""
    return Completion(Status.BAD, text, code)


@dataclass(frozen=True, slots=True)
class Continue:
    """A continuation request: a word to people, or a challenge (shown in base64)."""

    text: str = ""
    challenge: bytes | None = None


@dataclass(frozen=True, slots=True)
class CapabilityData:
    """CAPABILITY."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnabledData:
    """ENABLED (RFC 5161)."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdData:
    """ID (RFC 2971)."""

    parameters: tuple[tuple[str, str | None], ...] | None


@dataclass(frozen=True, slots=True)
class NamespaceData:
    """NAMESPACE (RFC 2342): (prefix, separator) pairs."""

    personal: tuple[tuple[str, str | None], ...] = ()
    others: tuple[tuple[str, str | None], ...] = ()
    shared: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """LIST or LSUB; ``childinfo`` and ``oldname`` are the extended items of those names (RFC 5258,
    3.5; RFC 5465, 5.4)."""

    attributes: tuple[str, ...]
    separator: str | None
    mailbox: str
    lsub: bool = False
    childinfo: tuple[str, ...] = ()
    oldname: str | None = None


@dataclass(frozen=True, slots=True)
class StatusData:
    """STATUS; of an object id only without its parentheses (RFC 8474, 4.3)."""

    mailbox: str
    values: tuple[tuple[str, int], ...]
    object_id: str | None = None


@dataclass(frozen=True, slots=True)
class FlagsData:
    """FLAGS."""

    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """EXISTS."""

    messages: int


@dataclass(frozen=True, slots=True)
class Recent:
    """RECENT."""

    messages: int


@dataclass(frozen=True, slots=True)
class Expunged:
    """EXPUNGE."""

    number: int


@dataclass(frozen=True, slots=True)
class Vanished:
    """VANISHED (RFC 7162, 3.2.10)."""

    uids: SequenceSet
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class SearchData:
    """SEARCH: numbers or UIDs, and the highest mod-sequence where asked for."""

    numbers: Sequence[int]
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class ExtendedSearchData:
    """ESEARCH (RFC 4731, 3.2): what was asked for, None where it was not or nothing was found.

    Args:
        tag: of the command that it answers.
        all: in the order of a SORT, which a set keeps.
        window: of PARTIAL, and what there is in it (RFC 9394, 3.1).
    """

    tag: bytes | None
    by_uid: bool = False
    lowest: int | None = None
    highest: int | None = None
    all: SequenceSet | None = None
    count: int | None = None
    window: tuple[Window, SequenceSet | None] | None = None
    modseq: int | None = None


Response: TypeAlias = (
    Condition
    | Tagged
    | Continue
    | CapabilityData
    | EnabledData
    | IdData
    | NamespaceData
    | Listed
    | StatusData
    | FlagsData
    | Exists
    | Recent
    | Expunged
    | Vanished
    | SearchData
    | ExtendedSearchData
    | SortData
    | ThreadData
    | rights.AclData
    | rights.ListRightsData
    | rights.MyRightsData
    | quota.QuotaData
    | quota.QuotaRootData
    | metadata.MetadataData
    | metadata.MetadataChanged
    | FetchData
)
