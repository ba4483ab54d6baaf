"""The records of one memory store: contents, folders, messages, accounts, queue items."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from netsuite.message.news import message_id_of
from netsuite.message.structure import Summary
from netsuite.store import flags as flag_sets
from netsuite.store import folder_names, model, outgoing
from netsuite.store.changes import Change, FolderCreated, FolderDeleted, RightsChanged
from netsuite.store.errors import NoSuchAccount, NoSuchFolder, OverQuota, StoreClosed
from netsuite.store.feed import LocalFeed
from netsuite.store.file_usage import FileAmount
from netsuite.store.summarize import SEARCHED_OCTETS, Description, Document, describe, document
from netsuite.wire.ranges import gaps, runs


@dataclass(slots=True)
class ContentRecord:
    """Octets, how many messages and queue items refer to them, and what was read out of them."""

    id: model.ContentId
    guid: str
    octets: bytes
    references: int = 0
    known_message_id: str | None = None
    known_description: tuple[Summary, Description] | None = None
    known_document: Document | None = None

    def message_id(self) -> str:
        """The Message-ID, read when first asked for; empty for none."""
        if self.known_message_id is None:
            self.known_message_id = message_id_of(self.octets)
        return self.known_message_id

    def _described(self) -> tuple[Summary, Description]:
        if self.known_description is None:
            self.known_description = describe([self.octets])
        return self.known_description

    def summary(self) -> Summary:
        """The summary, made when first asked for."""
        return self._described()[0]

    def description(self) -> Description:
        """What protocols send of it, made when first asked for."""
        return self._described()[1]

    def document(self) -> Document:
        """The text, made when first asked for."""
        if self.known_document is None:
            self.known_document = document(self.octets[:SEARCHED_OCTETS], self.summary())
        return self.known_document


@dataclass(slots=True)
class MessageRecord:
    """A message in a folder; ``own`` is what single accounts see of it on a public folder."""

    uid: int
    content: ContentRecord
    modseq: int
    internal_date: datetime
    flags: frozenset[str]
    saved: datetime
    own: dict[model.AccountId, tuple[frozenset[str], int]] = field(default_factory=dict)

    def seen_by(self, account: model.AccountId | None, public: bool) -> model.Message:
        """The message as an account sees it."""
        flags, modseq = self.flags, self.modseq
        if public:
            own, own_modseq = flag_sets.NONE, 0
            if account is not None:
                own, own_modseq = self.own.get(account, (own, own_modseq))
            flags, modseq = flags - {model.SEEN} | own, max(modseq, own_modseq)
        content = self.content
        return model.Message(
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
class FolderRecord:
    """A folder with its messages; ``folder`` holds what seldom changes, the rest is counted."""

    folder: model.Folder
    rows: dict[int, MessageRecord] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    tombstones: list[tuple[int, int]] = field(default_factory=list)
    uid_next: int = 1
    highest_modseq: int = 1
    recent_from: int = 1
    octets: int = 0
    #: As ``sharing.RightsStore.rows`` gives them.
    rights: dict[str, str] = field(default_factory=dict)
    #: By whose they are (None: shared) and name.
    annotations: dict[tuple[model.AccountId | None, str], bytes] = field(default_factory=dict)
    forgotten: int = 0  # tombstones up to that mod-sequence are gone

    @property
    def public(self) -> bool:
        """Whether it is nobody's."""
        return self.folder.owner is None

    def is_apart(self, account: model.AccountId | None) -> bool:
        """As ``Folder.is_apart``."""
        return self.folder.is_apart(account)

    def snapshot(self) -> model.Folder:
        """The folder as it stands."""
        return replace(
            self.folder,
            uid_next=self.uid_next,
            highest_modseq=self.highest_modseq,
            recent_from=self.recent_from,
            messages=len(self.order),
            octets=self.octets,
        )

    def present(self, uids: Iterable[int] | None) -> Iterator[MessageRecord]:
        """The rows of the UIDs that are there, ascending; all for None."""
        if uids is None:
            chosen = list(self.order)
        else:
            chosen = sorted({uid for uid in uids if uid in self.rows})
        for uid in chosen:
            yield self.rows[uid]

    def changes(self, modseq: int, account: model.AccountId | None) -> model.Changes:
        """Return what happened after a mod-sequence, as an account sees it."""
        messages = (row.seen_by(account, self.is_apart(account)) for row in self.present(None))
        return model.Changes(
            [model.Changed(m.uid, m.flags, m.modseq) for m in messages if m.modseq > modseq],
            gaps(self.order, 1, self.uid_next - 1)
            if modseq < self.forgotten
            else runs(sorted(uid for when, uid in self.tombstones if when > modseq)),
        )

    def advance(self) -> int:
        """Return the next mod-sequence."""
        self.highest_modseq += 1
        return self.highest_modseq

    def put(self, row: MessageRecord, account: model.AccountId | None = None) -> None:
        """Add a row whose UID is ``uid_next``; what is ``\\Seen`` is so for the account alone where
        the folder is not the account's."""
        if row.uid != self.uid_next:
            raise ValueError(f"the next UID is {self.uid_next}, not {row.uid}")
        if self.is_apart(account) and model.SEEN in row.flags:
            row.flags -= flag_sets.ONLY_SEEN
            if account is not None:
                row.own[account] = (flag_sets.ONLY_SEEN, row.modseq)
        self.uid_next += 1
        self.rows[row.uid] = row
        insort(self.order, row.uid)
        self.octets += len(row.content.octets)
        row.content.references += 1

    def take(self, uid: int, modseq: int) -> MessageRecord:
        """Remove a row, leaving a tombstone."""
        row = self.rows.pop(uid)
        del self.order[bisect_left(self.order, uid)]
        self.tombstones.append((modseq, uid))
        if len(self.tombstones) > 2 * model.TOMBSTONES:
            # All of one mod-sequence stay or go.
            self.forgotten = self.tombstones[-model.TOMBSTONES][0]
            self.tombstones = [each for each in self.tombstones if each[0] > self.forgotten]
        self.octets -= len(row.content.octets)
        row.content.references -= 1
        return row


@dataclass(slots=True)
class AccountRecord:
    """An account with its secrets."""

    account: model.Account
    verifiers: model.Verifiers | None
    app_passwords: dict[int, model.AppPassword] = field(default_factory=dict)
    subscriptions: set[str] = field(default_factory=set)
    scripts: dict[str, str] = field(default_factory=dict)
    active_script: str | None = None
    #: The tally of its files; None where they have to be counted.
    files: FileAmount | None = None
    #: By process, what it has claimed beside that.
    file_claims: dict[str, FileAmount] = field(default_factory=dict)


@dataclass(slots=True)
class Records:
    """All that one memory store holds."""

    now: Callable[[], datetime]
    guid: Callable[[], str]
    uid_validity: Callable[[], int]
    limit_octets: int
    feed: LocalFeed = field(default_factory=LocalFeed)
    contents: dict[model.ContentId, ContentRecord] = field(default_factory=dict)
    folders: dict[model.FolderId, FolderRecord] = field(default_factory=dict)
    accounts: dict[model.AccountId, AccountRecord] = field(default_factory=dict)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    logins: list[model.Login] = field(default_factory=list)
    queue: dict[int, outgoing.QueueItem] = field(default_factory=dict)
    remembered: dict[str, dict[str, tuple[str, datetime]]] = field(default_factory=dict)
    annotations: dict[tuple[model.AccountId | None, str], bytes] = field(default_factory=dict)
    last_id: int = 0
    last_uid_validity: int = 0
    open: bool = True

    def check_open(self) -> None:
        """Raise StoreClosed when it is."""
        if not self.open:
            raise StoreClosed("the store is closed")

    def next_id(self) -> int:
        """Return a number that no other thing here has or had."""
        self.last_id += 1
        return self.last_id

    def next_uid_validity(self) -> int:
        """Return a UIDVALIDITY greater than all before."""
        self.last_uid_validity = max(self.last_uid_validity + 1, self.uid_validity())
        return self.last_uid_validity

    def publish(self, *changes: Change) -> None:
        """Publish changes."""
        self.feed.publish(changes)

    def folder(self, folder: model.FolderId) -> FolderRecord:
        """A folder. Raises NoSuchFolder."""
        self.check_open()
        try:
            return self.folders[folder]
        except KeyError:
            raise NoSuchFolder(f"folder {folder}") from None

    def find(self, owner: model.AccountId | None, name: str) -> FolderRecord | None:
        """The folder of that kept name."""
        for record in self.folders.values():
            if record.folder.owner == owner and record.folder.name == name:
                return record
        return None

    def places(self, message_id: str) -> list[tuple[model.FolderId, int]]:
        """Folder and UID of each message of that Message-ID in a public folder, ascending."""
        return sorted(
            (record.folder.id, row.uid)
            for record in self.folders.values()
            if record.public
            for row in record.rows.values()
            if message_id and row.content.message_id() == message_id
        )

    def account(self, account: model.AccountId) -> AccountRecord:
        """An account. Raises NoSuchAccount."""
        self.check_open()
        try:
            return self.accounts[account]
        except KeyError:
            raise NoSuchAccount(f"account {account}") from None

    def used(self, account: model.AccountId) -> tuple[int, int]:
        """Octets and messages in the account's folders."""
        owned = [record for record in self.folders.values() if record.folder.owner == account]
        return (
            sum(record.octets for record in owned),
            sum(len(record.order) for record in owned),
        )

    def full(
        self,
        coming: Sequence[tuple[FolderRecord, int]],
        leaving: Sequence[tuple[FolderRecord, int]] = (),
    ) -> dict[model.AccountId, str]:
        """Return the owners, with their names, for whom so much more in folders is too much.

        Args:
            leaving: what goes away before.
        """
        found: dict[model.AccountId, str] = {}
        for owner in {folder.folder.owner for folder, _ in coming}:
            if owner is None:
                continue
            sizes = [octets for folder, octets in coming if folder.folder.owner == owner]
            account = self.account(owner).account
            octets, messages = self.used(owner)
            gone = [octets for folder, octets in leaving if folder.folder.owner == owner]
            octets, messages = octets - sum(gone), messages - len(gone)
            over_octets = (
                account.quota_octets is not None and octets + sum(sizes) > account.quota_octets
            )
            over_messages = (
                account.quota_messages is not None
                and messages + len(sizes) > account.quota_messages
            )
            if over_octets or over_messages:
                found[owner] = account.name
        return found

    def check_quota(self, coming: Sequence[tuple[FolderRecord, int]]) -> None:
        """Raise OverQuota when so much more in folders is too much for their owners."""
        full = self.full(coming)
        if full:
            raise OverQuota(*full.values())

    def drop_unused(self) -> None:
        """Forget contents that nothing refers to; who reads one still has it."""
        for content in [c for c in self.contents.values() if not c.references]:
            del self.contents[content.id]

    # -- folders

    def make_folder(
        self,
        owner: model.AccountId | None,
        name: str,
        kind: model.FolderKind = model.FolderKind.MAILBOX,
        special_use: model.SpecialUse | None = None,
        description: str = "",
        postable: bool = True,
        moderator: str | None = None,
    ) -> tuple[FolderRecord, list[Change]]:
        """Add a new folder; return it, and what has changed."""
        folder = model.Folder(
            id=model.FolderId(self.next_id()),
            owner=owner,
            name=name,
            kind=kind,
            uid_validity=self.next_uid_validity(),
            uid_next=1,
            highest_modseq=1,
            recent_from=1,
            messages=0,
            octets=0,
            special_use=special_use,
            description=description,
            created=self.now(),
            moderator=moderator,
            postable=postable,
        )
        record = self.folders[folder.id] = FolderRecord(folder)
        for parent in reversed(list(folder_names.above(name))):
            found = self.find(owner, parent)
            if found is not None:
                record.rights.update(found.rights)
                break
        made: list[Change] = [FolderCreated(folder.id, owner, name)]
        if owner is not None and record.rights:
            made.append(RightsChanged(folder.id, owner))
        return record, made

    def remove_folder(self, record: FolderRecord) -> FolderDeleted:
        """Remove a folder with its messages."""
        folder = record.folder
        for uid in list(record.order):
            record.take(uid, 0)
        del self.folders[folder.id]
        return FolderDeleted(folder.id, folder.owner, folder.name)
