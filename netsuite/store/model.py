"""The values a store holds, frozen: folders, messages, contents, accounts, queue items.

Times are aware ``datetime`` in the zone they were given in, sizes are octets.
"""

from __future__ import annotations

import enum
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, NewType

from netsuite.message.structure import Summary

AccountId = NewType("AccountId", int)
FolderId = NewType("FolderId", int)
ContentId = NewType("ContentId", int)

#: The system flags. Others are keywords, compared without case, kept as first written.
SEEN: Final = "\\Seen"
ANSWERED: Final = "\\Answered"
FLAGGED: Final = "\\Flagged"
DELETED: Final = "\\Deleted"
DRAFT: Final = "\\Draft"
SYSTEM_FLAGS: Final = frozenset({SEEN, ANSWERED, FLAGGED, DELETED, DRAFT})

#: A folder remembers of about so many expunged messages, the last ones, when they went.
TOMBSTONES: Final = 20_000

#: Parts of a folder's name are separated by this.
SEPARATOR: Final = "/"
INBOX: Final = "INBOX"

#: What the folders of everybody, and those of other accounts, are shown below: no account can have
#: its own there, since none could be opened by its full name.
PUBLIC: Final = "Public"
OTHERS: Final = "Other Users"
NAMESPACES: Final = (PUBLIC, OTHERS)

#: Values of one kind that a store remembers (``interfaces.RememberedStore``).
REMEMBERED: Final = 50_000


class FolderKind(enum.Enum):
    """What a folder is: somebody's mailbox, or a newsgroup that all may read."""

    MAILBOX = "mailbox"
    GROUP = "group"


class SpecialUse(enum.Enum):
    """What a mailbox is for (RFC 6154, 2)."""

    ARCHIVE = "archive"
    DRAFTS = "drafts"
    FLAGGED = "flagged"
    JUNK = "junk"
    SENT = "sent"
    TRASH = "trash"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it stood when it was read.

    Args:
        owner: the account it belongs to; None for a public folder.
        name: parts joined by ``SEPARATOR``; INBOX is always written so.
        uid_validity: changes when UIDs can no longer be compared with earlier ones.
        uid_next: greater than every UID ever given here.
        highest_modseq: the greatest mod-sequence of anything that happened here, at least 1.
        recent_from: the first UID that no read-write session has been told of.
        octets: the sum of the messages' sizes.
        subscribed, rights: of the account that asks (see ``rights``); no store sets them.
    """

    id: FolderId
    owner: AccountId | None
    name: str
    kind: FolderKind
    uid_validity: int
    uid_next: int
    highest_modseq: int
    recent_from: int
    messages: int
    octets: int
    special_use: SpecialUse | None = None
    subscribed: bool = False
    description: str = ""
    created: datetime | None = None
    moderator: str | None = None
    postable: bool = True
    rights: str = ""

    def is_apart(self, account: int | None) -> bool:
        """Return whether what an account has seen here is its own: it is not the owner's."""
        return self.owner is None or (account is not None and account != self.owner)


@dataclass(frozen=True, slots=True)
class Message:
    """One message in one folder, with the flags that the asking account sees.

    Args:
        modseq: of the last change to what this account sees of it.
        internal_date: when it was received, or what APPEND said (RFC 3501, 2.3.3).
        guid: 32 hexadecimal digits, the same for every copy of one content; never reused.
    """

    uid: int
    content: ContentId
    guid: str
    octets: int
    internal_date: datetime
    flags: frozenset[str]
    modseq: int
    saved: datetime


@dataclass(frozen=True, slots=True)
class Described:
    """A message with the summary of its content, for whoever asked for both."""

    message: Message
    summary: Summary


#: Seconds since 1970 of what has no date.
NEVER: Final = -(1 << 62)


class Column(enum.Enum):
    """What can be asked of many messages, one value each; see ``Columns``."""

    CONTENT = "contents"
    OCTETS = "octets"
    FLAGS = "flags"
    MODSEQ = "modseqs"
    RECEIVED = "received"
    ARRIVED = "arrived"
    SAVED = "saved"
    GUID = "guids"
    ENVELOPE = "envelopes"
    STRUCTURE = "structures"
    OFFSETS = "offsets"
    OVERVIEW = "overviews"
    PREVIEW = "previews"
    SENT = "sent"
    SORT_KEYS = "sort_keys"
    MESSAGE_ID = "message_ids"
    REFERENCES = "references"


#: Those that are read out of the content.
DESCRIBED: Final = frozenset(
    {
        Column.ENVELOPE,
        Column.STRUCTURE,
        Column.OFFSETS,
        Column.OVERVIEW,
        Column.PREVIEW,
        Column.SENT,
        Column.SORT_KEYS,
        Column.MESSAGE_ID,
        Column.REFERENCES,
    }
)


@dataclass(slots=True)
class Columns:
    """What was asked of many messages: as many values in each sequence as there are UIDs; none
    where it was not asked for.

    Args:
        flags, modseqs: as the asking account sees them.
        received: the internal dates.
        arrived: the same, in seconds since 1970: of many, a number is a quarter of the work.
        envelopes, structures, offsets, overviews: see ``Description``.
        sent: of the Date field, ``NEVER`` where it has none or a bad one.
        sort_keys: see ``message.sorting``.
        message_ids, references: without angle brackets; of references a text with spaces between.
    """

    uids: Sequence[int] = ()
    contents: Sequence[ContentId] = ()
    octets: Sequence[int] = ()
    flags: Sequence[frozenset[str]] = ()
    modseqs: Sequence[int] = ()
    received: Sequence[datetime] = ()
    arrived: Sequence[int] = ()
    saved: Sequence[datetime] = ()
    guids: Sequence[str] = ()
    envelopes: Sequence[bytes] = ()
    structures: Sequence[bytes] = ()
    offsets: Sequence[str] = ()
    overviews: Sequence[bytes] = ()
    previews: Sequence[str] = ()
    sent: Sequence[int] = ()
    sort_keys: Sequence[str] = ()
    message_ids: Sequence[str] = ()
    references: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.uids)

    def chosen(self, places: Sequence[int]) -> Columns:
        """Return those at some places alone."""
        result = Columns([self.uids[place] for place in places])
        for column in Column:
            values = getattr(self, column.value)
            if values:
                setattr(result, column.value, [values[place] for place in places])
        return result


class FlagAction(enum.Enum):
    """What to do with the flags given."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class FlagsStored:
    """What a change of flags did.

    Args:
        changed: UID to (flags now, modseq now), for those that were changed or already so.
        refused: UIDs that had changed after the given mod-sequence (RFC 7162, 3.1.3).
        modseq: the folder's highest mod-sequence afterwards.
        taken: the mod-sequences that the change has taken; what has another was so already.
    """

    changed: Mapping[int, tuple[frozenset[str], int]]
    refused: tuple[int, ...]
    modseq: int
    taken: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Copied:
    """Where copies went: ``sources[i]`` became ``uids[i]`` in the target (RFC 4315, 3)."""

    uid_validity: int
    sources: tuple[int, ...]
    uids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where one message was put."""

    folder: FolderId
    uid_validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where to put a message that is being committed.

    Args:
        internal_date: None for the time of the commit.
        account: whose quota and permission count; None for the folder's owner's.
    """

    folder: FolderId
    flags: frozenset[str] = frozenset()
    internal_date: datetime | None = None
    account: AccountId | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """Counts of a folder as an account sees it, in one read."""

    folder: Folder
    unseen: int
    deleted: int
    deleted_octets: int
    first_unseen_uid: int | None


class Changed(NamedTuple):
    """A message that came, or whose flags changed, as an account sees it."""

    uid: int
    flags: frozenset[str]
    modseq: int


class Changes(NamedTuple):
    """What happened in a folder after a mod-sequence (RFC 7162, 3.2.5.1).

    Args:
        changed: ascending by UID.
        vanished: the UIDs that are gone since, as inclusive ascending ranges; of a time so long
            ago that the store no longer knows, all that are not there (RFC 7162, 5.1).
    """

    changed: Sequence[Changed]
    vanished: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder at one moment, as who opens it needs it.

    Args:
        uids: of all messages, ascending (an ``array`` of 32-bit unsigned numbers). Others may
            have the same one: it is not to be changed.
        first_unseen_uid: None where all have been seen.
        keywords: that messages have.
        changes: since the mod-sequence that was asked about; None where none was.
    """

    folder: Folder
    uids: array[int]
    first_unseen_uid: int | None
    keywords: frozenset[str]
    changes: Changes | None


# -- accounts ---------------------------------------------------------------------------------


class AccountState(enum.Enum):
    """Whether an account can be used."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class ScramVerifier:
    """What a server keeps to check SCRAM proofs (RFC 5802, 3); the password is not in it."""

    salt: bytes
    iterations: int
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verifiers:
    """Everything kept of one password: never the password itself.

    Args:
        argon2: an encoded argon2id hash.
        scram: by hash name, ``SHA-1`` and ``SHA-256``.
        cram_md5: an encrypted or plain shared secret, only where the operator turned
            CRAM-MD5 on; None otherwise.
    """

    argon2: str
    scram: Mapping[str, ScramVerifier] = field(default_factory=dict)
    cram_md5: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may log in or receive mail.

    Args:
        name: in lower case, without a domain; what one logs in with.
        protocols: the services the account may use (``"imap"`` ...); None for all.
        quota_octets, quota_messages: of mail; None for no limit.
        groups: names of groups of accounts it belongs to.
        quota_file_octets, quota_files: of files; None for no limit.
    """

    id: AccountId
    name: str
    state: AccountState = AccountState.ACTIVE
    display_name: str = ""
    protocols: frozenset[str] | None = None
    quota_octets: int | None = None
    quota_messages: int | None = None
    groups: frozenset[str] = frozenset()
    quota_file_octets: int | None = None
    quota_files: int | None = None


@dataclass(frozen=True, slots=True)
class ScriptEntry:
    """A Sieve script of an account, in a list of them."""

    name: str
    active: bool
    octets: int


@dataclass(frozen=True, slots=True)
class AppPassword:
    """A further password of an account, for one program (its label says which)."""

    id: int
    label: str
    verifiers: Verifiers
    protocols: frozenset[str] | None
    created: datetime
    last_used: datetime | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What an account uses of its quota."""

    octets: int
    messages: int
    quota_octets: int | None
    quota_messages: int | None


#: What stands for a protocol in lines of the audit log that tell of administration: by which way
#: it was done. None is a service's name, the console's neither: attempts to log in there are many,
#: and not kept as long.
ADMINISTRATION: Final = frozenset({"command", "web", "control"})


@dataclass(frozen=True, slots=True)
class Login:
    """One line of the audit log: a login, or an attempt at one; or, where ``protocol`` is one of
    ``ADMINISTRATION``, what somebody has done, who stands in ``mechanism``, to an account."""

    when: datetime
    account: str
    protocol: str
    address: str
    mechanism: str
    secure: bool
    outcome: str
