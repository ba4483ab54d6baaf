"""The commands, each with its arguments in the order of its grammar (RFC 3501, 6)."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TypeAlias

from netsuite.imap.commands import metadata, quota, rights
from netsuite.imap.commands.append import Append, Replace
from netsuite.imap.commands.fetch import FetchItem
from netsuite.imap.commands.notify import Notify
from netsuite.imap.commands.search import Returns, SearchKey, Window
from netsuite.imap.commands.sorting import Sort, Thread
from netsuite.imap.sequences import SequenceSet


@dataclass(frozen=True, slots=True)
class Capability:
    """CAPABILITY."""


@dataclass(frozen=True, slots=True)
class Noop:
    """NOOP."""


@dataclass(frozen=True, slots=True)
class Logout:
    """LOGOUT."""


@dataclass(frozen=True, slots=True)
class Id:
    """ID (RFC 2971): None for NIL, else what the client tells of itself, in order."""

    parameters: tuple[tuple[str, str | None], ...] | None = None


@dataclass(frozen=True, slots=True)
class StartTls:
    """STARTTLS."""


@dataclass(frozen=True, slots=True)
class Authenticate:
    """AUTHENTICATE, with SASL-IR's initial response where given (RFC 4959)."""

    mechanism: str
    initial: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Login:
    """LOGIN: octets as sent; nobody said in which charset."""

    user: bytes
    password: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unauthenticate:
    """UNAUTHENTICATE (RFC 8437)."""


@dataclass(frozen=True, slots=True)
class Compress:
    """COMPRESS (RFC 4978): the mechanism in upper case."""

    mechanism: str


@dataclass(frozen=True, slots=True)
class Enable:
    """ENABLE (RFC 5161): names in upper case."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resync:
    """What a client still knows of a mailbox (RFC 7162, 3.2.5).

    Args:
        uid_validity: of the mailbox when it knew it.
        modseq: the highest mod-sequence it knew.
        known: the UIDs it knows; None for all.
        matches: numbers and the UIDs that had them, for the search for the last that still has.
    """

    uid_validity: int
    modseq: int
    known: SequenceSet | None = None
    matches: tuple[SequenceSet, SequenceSet] | None = None


@dataclass(frozen=True, slots=True)
class Select:
    """SELECT, with the parameters of CONDSTORE and QRESYNC where given (RFC 7162, 3.1.8)."""

    mailbox: str
    condstore: bool = False
    resync: Resync | None = None


@dataclass(frozen=True, slots=True)
class Examine:
    """EXAMINE: SELECT that changes nothing."""

    mailbox: str
    condstore: bool = False
    resync: Resync | None = None


@dataclass(frozen=True, slots=True)
class Create:
    """CREATE; special uses as attributes, ``\\Sent`` (RFC 6154, 3)."""

    mailbox: str
    special_use: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delete:
    """DELETE."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Rename:
    """RENAME."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Subscribe:
    """SUBSCRIBE."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """UNSUBSCRIBE."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class List:
    """LIST, with the options of RFC 5258 that RFC 6154 builds on.

    Args:
        patterns: several only in the extended form.
        select: selection options in upper case, ``SUBSCRIBED``, ``SPECIAL-USE``.
        returns: return options likewise, and ``CHILDREN``.
        status: what ``RETURN (STATUS (...))`` asks for (RFC 5819).
        metadata: entries that ``RETURN (METADATA (...))`` asks for (RFC 9590).
    """

    reference: str
    patterns: tuple[str, ...]
    select: frozenset[str] = frozenset()
    returns: frozenset[str] = frozenset()
    status: tuple[str, ...] = ()
    extended: bool = False
    metadata: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lsub:
    """LSUB."""

    reference: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Namespace:
    """NAMESPACE (RFC 2342)."""


@dataclass(frozen=True, slots=True)
class StatusOf:
    """STATUS: items in upper case, each once."""

    mailbox: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Idle:
    """IDLE (RFC 2177)."""


@dataclass(frozen=True, slots=True)
class Check:
    """CHECK."""


@dataclass(frozen=True, slots=True)
class Close:
    """CLOSE."""


@dataclass(frozen=True, slots=True)
class Unselect:
    """UNSELECT (RFC 3691)."""


@dataclass(frozen=True, slots=True)
class Expunge:
    """EXPUNGE, or UID EXPUNGE of a set (RFC 4315, 2.1)."""

    uids: SequenceSet | None = None

    @property
    def by_uid(self) -> bool:
        """Whether it is UID EXPUNGE."""
        return self.uids is not None


@dataclass(frozen=True, slots=True)
class Search:
    """SEARCH and UID SEARCH; text is decoded already.

    Args:
        returns: what RETURN asks for (RFC 4731); None without it.
    """

    key: SearchKey
    charset: str | None = None
    by_uid: bool = False
    returns: Returns | None = None


@dataclass(frozen=True, slots=True)
class Fetch:
    """FETCH and UID FETCH; with CHANGEDSINCE where given (RFC 7162, 3.1.4.1), VANISHED
    (3.2.6), and PARTIAL (RFC 9394, 3.3)."""

    numbers: SequenceSet
    items: tuple[FetchItem, ...]
    by_uid: bool = False
    changed_since: int | None = None
    vanished: bool = False
    window: Window | None = None


class StoreAction(enum.Enum):
    """What STORE does with its flags."""

    REPLACE = b""
    ADD = b"+"
    REMOVE = b"-"


@dataclass(frozen=True, slots=True)
class Store:
    """STORE and UID STORE; with UNCHANGEDSINCE where given (RFC 7162, 3.1.3)."""

    numbers: SequenceSet
    action: StoreAction
    flags: frozenset[str]
    silent: bool = False
    by_uid: bool = False
    unchanged_since: int | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """COPY and UID COPY."""

    numbers: SequenceSet
    mailbox: str
    by_uid: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """MOVE and UID MOVE (RFC 6851)."""

    numbers: SequenceSet
    mailbox: str
    by_uid: bool = False


Request: TypeAlias = (
    Capability
    | Noop
    | Logout
    | Id
    | StartTls
    | Authenticate
    | Login
    | Unauthenticate
    | Compress
    | Enable
    | Select
    | Examine
    | Create
    | Delete
    | Rename
    | Subscribe
    | Unsubscribe
    | List
    | Lsub
    | Namespace
    | StatusOf
    | rights.SetAcl
    | rights.DeleteAcl
    | rights.GetAcl
    | rights.ListRights
    | rights.MyRights
    | quota.GetQuota
    | quota.GetQuotaRoot
    | quota.SetQuota
    | metadata.GetMetadata
    | metadata.SetMetadata
    | Append
    | Replace
    | Idle
    | Notify
    | Check
    | Close
    | Unselect
    | Expunge
    | Search
    | Sort
    | Thread
    | Fetch
    | Store
    | Copy
    | Move
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its tag, as a client says it."""

    tag: bytes
    request: Request
