"""What the parts of the memory store share: contents, folders, accounts, the queue, the feed."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from netsuite.message.news import message_id_of
from netsuite.message.structure import Summary
from netsuite.store import flags as flag_sets
from netsuite.store.changes import Change
from netsuite.store.errors import NoSuchAccount, NoSuchFolder, StoreClosed
from netsuite.store.feed import LocalFeed
from netsuite.store.model import (
    SEEN,
    Account,
    AccountId,
    AppPassword,
    ContentId,
    Folder,
    FolderId,
    Login,
    Message,
    QueueItem,
    Verifiers,
)
from netsuite.store.summarize import SEARCHED_OCTETS, Document, document, summarize


@dataclass(slots=True)
class Content:
    """Octets, how many messages and queue items refer to them, and what was read out of them."""

    id: ContentId
    guid: str
    octets: bytes
    references: int = 0
    known_message_id: str | None = None
    known_summary: Summary | None = None
    known_document: Document | None = None

    def message_id(self) -> str:
        """The Message-ID, read when first asked for; empty for none."""
        if self.known_message_id is None:
            self.known_message_id = message_id_of(self.octets)
        return self.known_message_id

    def summary(self) -> Summary:
        """The summary, made when first asked for."""
        if self.known_summary is None:
            self.known_summary = summarize([self.octets])
        return self.known_summary

    def document(self) -> Document:
        """The text, made when first asked for."""
        if self.known_document is None:
            self.known_document = document(self.octets[:SEARCHED_OCTETS], self.summary())
        return self.known_document


@dataclass(slots=True)
class Row:
    """A message in a folder; ``own`` is what single accounts see of it on a public folder."""

    uid: int
    content: Content
    modseq: int
    internal_date: datetime
    flags: frozenset[str]
    saved: datetime
    own: dict[AccountId, tuple[frozenset[str], int]] = field(default_factory=dict)

    def seen_by(self, account: AccountId | None, public: bool) -> Message:
        """The message as an account sees it."""
        flags, modseq = self.flags, self.modseq
        if public:
            own, own_modseq = (
                self.own.get(account, (flag_sets.NONE, 0))
                if account
                else (
                    flag_sets.NONE,
                    0,
                )
            )
            flags, modseq = flags - {SEEN} | own, max(modseq, own_modseq)
        content = self.content
        return Message(
            uid=self.uid,
            content=content.id,
            guid=content.guid,
            octets=len(content.octets),
            internal_date=self.internal_date,
            flags=flags,
            modseq=modseq,
            saved=self.saved,
        )


@dataclass(slots=True)
class Box:
    """A folder with its messages; ``folder`` holds what seldom changes, the rest is counted."""

    folder: Folder
    rows: dict[int, Row] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    tombstones: list[tuple[int, int]] = field(default_factory=list)
    uid_next: int = 1
    highest_modseq: int = 1
    recent_from: int = 1
    octets: int = 0

    @property
    def public(self) -> bool:
        """Whether it is nobody's."""
        return self.folder.owner is None

    def now(self) -> Folder:
        """The folder as it stands."""
        return replace(
            self.folder,
            uid_next=self.uid_next,
            highest_modseq=self.highest_modseq,
            recent_from=self.recent_from,
            messages=len(self.order),
            octets=self.octets,
        )

    def present(self, uids: object) -> Iterator[Row]:
        """The rows of the UIDs that are there, ascending; all for None."""
        if uids is None:
            chosen = list(self.order)
        else:
            assert hasattr(uids, "__iter__")
            chosen = sorted({uid for uid in uids if uid in self.rows})
        for uid in chosen:
            yield self.rows[uid]

    def advance(self) -> int:
        """Give the next mod-sequence."""
        self.highest_modseq += 1
        return self.highest_modseq

    def put(self, row: Row) -> None:
        """Add a row whose UID is ``uid_next``."""
        assert row.uid == self.uid_next
        self.uid_next += 1
        self.rows[row.uid] = row
        insort(self.order, row.uid)
        self.octets += len(row.content.octets)
        row.content.references += 1

    def take(self, uid: int, modseq: int) -> Row:
        """Remove a row, leaving a tombstone."""
        row = self.rows.pop(uid)
        del self.order[bisect_left(self.order, uid)]
        self.tombstones.append((modseq, uid))
        self.octets -= len(row.content.octets)
        row.content.references -= 1
        return row


@dataclass(slots=True)
class Person:
    """An account with its secrets."""

    account: Account
    verifiers: Verifiers | None
    app_passwords: dict[int, AppPassword] = field(default_factory=dict)
    subscriptions: set[str] = field(default_factory=set)


@dataclass(slots=True)
class World:
    """All there is in one memory store."""

    now: Callable[[], datetime]
    guid: Callable[[], str]
    uid_validity: Callable[[], int]
    limit_octets: int
    feed: LocalFeed = field(default_factory=LocalFeed)
    contents: dict[ContentId, Content] = field(default_factory=dict)
    boxes: dict[FolderId, Box] = field(default_factory=dict)
    people: dict[AccountId, Person] = field(default_factory=dict)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    logins: list[Login] = field(default_factory=list)
    queue: dict[int, QueueItem] = field(default_factory=dict)
    last_id: int = 0
    last_uid_validity: int = 0
    open: bool = True

    def check_open(self) -> None:
        """Raise StoreClosed when it is."""
        if not self.open:
            raise StoreClosed("the store is closed")

    def next_id(self) -> int:
        """Give a number that no other thing here has or had."""
        self.last_id += 1
        return self.last_id

    def next_uid_validity(self) -> int:
        """Give a UIDVALIDITY greater than all before."""
        self.last_uid_validity = max(self.last_uid_validity + 1, self.uid_validity())
        return self.last_uid_validity

    def publish(self, *changes: Change) -> None:
        """Tell the listeners."""
        self.feed.publish(changes)

    def box(self, folder: FolderId) -> Box:
        """A folder. Raises NoSuchFolder."""
        self.check_open()
        try:
            return self.boxes[folder]
        except KeyError:
            raise NoSuchFolder(f"folder {folder}") from None

    def find(self, owner: AccountId | None, name: str) -> Box | None:
        """The folder of that kept name."""
        for box in self.boxes.values():
            if box.folder.owner == owner and box.folder.name == name:
                return box
        return None

    def places(self, message_id: str) -> list[tuple[FolderId, int]]:
        """Folder and UID of each message of that Message-ID in a public folder, ascending."""
        return sorted(
            (box.folder.id, row.uid)
            for box in self.boxes.values()
            if box.public
            for row in box.rows.values()
            if message_id and row.content.message_id() == message_id
        )

    def person(self, account: AccountId) -> Person:
        """An account. Raises NoSuchAccount."""
        self.check_open()
        try:
            return self.people[account]
        except KeyError:
            raise NoSuchAccount(f"account {account}") from None

    def used(self, account: AccountId) -> tuple[int, int]:
        """Octets and messages in the account's folders."""
        owned = [box for box in self.boxes.values() if box.folder.owner == account]
        return (
            sum(box.octets for box in owned),
            sum(len(box.order) for box in owned),
        )

    def drop_unused(self) -> None:
        """Forget contents that nothing refers to; who reads one still has it."""
        for content in [c for c in self.contents.values() if not c.references]:
            del self.contents[content.id]
