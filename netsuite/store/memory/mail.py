"""The mail store in memory.

In one class as its interface is, and without SQL: all methods read and change the same folders.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from netsuite.store import errors, folder_names, model, outgoing
from netsuite.store import flags as flag_sets
from netsuite.store.changes import (
    Change,
    FlagsChanged,
    FolderRenamed,
    MessagesAdded,
    MessagesExpunged,
    QueueChanged,
    SubscriptionChanged,
)
from netsuite.store.interfaces import Draft, Report
from netsuite.store.matching import matches
from netsuite.store.memory.records import ContentRecord, FolderRecord, MessageRecord, Records
from netsuite.store.memory.values import value_of
from netsuite.store.model import AccountId, ContentId, FolderId
from netsuite.store.query import Query
from netsuite.store.rights import ALL, settable
from netsuite.store.summarize import Document
from netsuite.store.timestamps import whole_second

#: ``content`` and ``contents`` give no larger ones.
SMALL_OCTETS: Final = 1 << 20
PIECE_OCTETS: Final = 256 * 1024


class MemoryDraft:
    """A content on its way in."""

    def __init__(self, limit_octets: int) -> None:
        self.octets = 0
        self.pieces: list[bytes] = []
        self.finished = False
        self._limit_octets = limit_octets

    @property
    def too_large(self) -> bool:
        """Whether more was written than the store takes."""
        return self.octets > self._limit_octets

    def write(self, octets: bytes) -> None:
        """Append."""
        if self.finished:
            raise ValueError("the draft is finished")
        self.octets += len(octets)
        if self.too_large:
            self.pieces.clear()
        else:
            self.pieces.append(bytes(octets))

    async def abort(self) -> None:
        """Throw it away."""
        self.finished = True
        self.pieces.clear()


@dataclass(frozen=True, slots=True)
class Ready:
    """A delivery that nothing is in the way of.

    Args:
        places: those whose owners have room.
        recipients: who is queued, those in place of a full folder among them.
    """

    draft: MemoryDraft
    places: Sequence[model.Placement]
    envelope: outgoing.Envelope | None
    recipients: Sequence[outgoing.QueueRecipient]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A message as an account sees it, for ``matches``."""

    message: model.Message
    content: ContentRecord

    def sent_day(self) -> int | None:
        """The Date field's day."""
        return self.content.summary().sent_day

    def document(self) -> Document:
        """The text."""
        return self.content.document()


# Longer than 300 lines, and the module than 500: one interface of the store, ``MailStore``, whose
# methods are short and work on the same few records.
class MemoryMail:
    """Implements ``interfaces.MailStore``; one class, since that is one interface."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._locked: set[FolderId] = set()

    # -- folders

    async def folders(self, account: AccountId | None) -> Sequence[model.Folder]:
        """All folders of the account, or all public ones, sorted by name."""
        self._records.check_open()
        owned = [b.snapshot() for b in self._records.folders.values() if b.folder.owner == account]
        return sorted(owned, key=lambda folder: folder.name)

    async def folder(self, owner: AccountId | None, name: str) -> model.Folder:
        """One folder by name; INBOX in any case. Raises NoSuchFolder."""
        self._records.check_open()
        record = self._records.find(owner, folder_names.looked_up(name, private=owner is not None))
        if record is None:
            raise errors.NoSuchFolder(name)
        return record.snapshot()

    async def folder_by_id(self, folder: FolderId) -> model.Folder:
        """One folder by id. Raises NoSuchFolder."""
        return self._records.folder(folder).snapshot()

    async def status(self, folder: FolderId, account: AccountId | None) -> model.Status:
        """Counts as *account* sees them. Raises NoSuchFolder."""
        record = self._records.folder(folder)
        messages = [row.seen_by(account, record.is_apart(account)) for row in record.present(None)]
        unseen = [message for message in messages if model.SEEN not in message.flags]
        deleted = [message for message in messages if "\\Deleted" in message.flags]
        return model.Status(
            folder=record.snapshot(),
            unseen=len(unseen),
            deleted=len(deleted),
            deleted_octets=sum(message.octets for message in deleted),
            first_unseen_uid=unseen[0].uid if unseen else None,
        )

    async def create_folder(
        self,
        owner: AccountId | None,
        name: str,
        *,
        kind: model.FolderKind = model.FolderKind.MAILBOX,
        special_use: model.SpecialUse | None = None,
        description: str = "",
        postable: bool = True,
        moderator: str | None = None,
    ) -> model.Folder:
        """Make a folder and the missing ones above it (mailfolders only)."""
        records = self._records
        records.check_open()
        name = folder_names.checked(name, private=owner is not None)
        if owner is not None:
            records.account(owner)
        if records.find(owner, name) is not None:
            raise errors.FolderExists(name)
        changes: list[Change] = []
        if kind is model.FolderKind.MAILBOX:
            changes += self._make_above(owner, name)
        record, created = records.make_folder(
            owner, name, kind, special_use, description, postable, moderator
        )
        changes += created
        records.publish(*changes)
        return record.snapshot()

    def _make_above(self, owner: AccountId | None, name: str) -> list[Change]:
        changes: list[Change] = []
        for parent in folder_names.above(name):
            if self._records.find(owner, parent) is None:
                changes += self._records.make_folder(owner, parent)[1]
        return changes

    async def delete_folder(self, folder: FolderId) -> None:
        """Remove a folder and its messages; folders below it stay."""
        records = self._records
        record = records.folder(folder)
        if record.folder.owner is not None and record.folder.name == model.INBOX:
            raise errors.NotPermitted("INBOX cannot be deleted")
        deleted = records.remove_folder(record)
        self._locked.discard(folder)
        records.drop_unused()
        records.publish(deleted)

    async def rename_folder(self, folder: FolderId, name: str) -> None:
        """Rename it and those below it; INBOX instead gives its messages away."""
        self._rename(self._records.folder(folder), name, "")

    async def rename_named(
        self, owner: AccountId | None, old: str, name: str, *, shown: str = ""
    ) -> None:
        """The same by name, where there may be only folders below it."""
        self._records.check_open()
        kept = folder_names.looked_up(old, private=owner is not None)
        record = self._records.find(owner, kept)
        if record is None:
            self._rename_tree(owner, kept, name, shown, parents=True)
        else:
            self._rename(record, name, shown)

    def _rename(self, record: FolderRecord, name: str, shown: str) -> None:
        folder = record.folder
        if folder.owner is not None and folder.name == model.INBOX:
            name = folder_names.checked(name, private=True)
            if self._records.find(folder.owner, name) is not None:
                raise errors.FolderExists(name)
            self._rename_inbox(record, name)
        else:
            group = folder.kind is model.FolderKind.GROUP
            self._rename_tree(folder.owner, folder.name, name, shown, parents=not group)

    def _rename_tree(
        self, owner: AccountId | None, old: str, name: str, shown: str, *, parents: bool
    ) -> None:
        records = self._records
        name = folder_names.checked(name, private=owner is not None)
        named = {b.folder.name: b for b in records.folders.values() if b.folder.owner == owner}
        renamed = folder_names.renamed(named, old, name)
        changes = self._make_above(owner, name) if parents else []
        for before, new in renamed:
            record = named[before]
            changes.append(FolderRenamed(record.folder.id, owner, before, new))
            record.folder = replace(record.folder, name=new)
        for account in records.accounts:
            if account == owner:
                changes += self._resubscribe(account, old, name)
            if shown:  # of others those of folders that are there
                known = {shown + each for each in (old, *named)}
                changes += self._resubscribe(account, shown + old, shown + name, known)
        records.publish(*changes)

    def _resubscribe(
        self, account: AccountId, old: str, name: str, among: Collection[str] | None = None
    ) -> list[Change]:
        """Have an account's subscriptions follow what was renamed."""
        subscriptions = self._records.account(account).subscriptions
        changes: list[Change] = []
        for before in sorted(subscriptions):
            if among is not None and before not in among:
                continue
            if before == old or folder_names.is_below(before, old):
                after = name + before[len(old) :]
                changes.append(SubscriptionChanged(account, before, False))
                if after not in subscriptions:
                    changes.append(SubscriptionChanged(account, after, True))
                subscriptions.remove(before)
                subscriptions.add(after)
        return changes

    def _rename_inbox(self, inbox: FolderRecord, name: str) -> None:
        records, owner = self._records, inbox.folder.owner
        changes = self._make_above(owner, name)
        target, created = records.make_folder(owner, name)
        target.annotations.update(inbox.annotations)
        changes += created
        uids = tuple(inbox.order)
        if uids:
            modseq, gone = target.advance(), inbox.advance()
            for uid in uids:
                row = inbox.rows[uid]
                target.put(replace(row, uid=target.uid_next, modseq=modseq, saved=records.now()))
                inbox.take(uid, gone)
            flags = tuple(row.flags for row in target.present(None))
            changes.append(MessagesAdded(target.folder.id, modseq, tuple(target.order), flags))
            changes.append(MessagesExpunged(inbox.folder.id, gone, uids))
        records.publish(*changes)

    async def subscriptions(self, account: AccountId) -> frozenset[str]:
        """The names the account has subscribed, of folders that exist or not."""
        return frozenset(self._records.account(account).subscriptions)

    async def subscribe(self, account: AccountId, name: str, subscribed: bool) -> None:
        """Add or take away a subscription."""
        kept = folder_names.subscribed(name, subscribed)
        if kept is None:
            return
        name = kept
        subscriptions = self._records.account(account).subscriptions
        if (name in subscriptions) is subscribed:
            return
        if subscribed:
            subscriptions.add(name)
        else:
            subscriptions.remove(name)
        self._records.publish(SubscriptionChanged(account, name, subscribed))

    # -- contents

    def draft(self, expected_octets: int | None = None) -> MemoryDraft:
        """Begin a content."""
        self._records.check_open()
        return MemoryDraft(self._records.limit_octets)

    async def beginning(self, draft: Draft, octets: int) -> bytes:
        """Return the first octets of a draft, before its commit."""
        if not isinstance(draft, MemoryDraft):
            raise TypeError(f"not a draft of this store: {draft!r}")
        return b"".join(draft.pieces)[:octets]

    async def commit(
        self,
        draft: Draft,
        placements: Sequence[model.Placement],
        *,
        onward: outgoing.Outgoing | None = None,
        message_id: str | None = None,
        replies: Sequence[Report] = (),
    ) -> Sequence[model.Placed]:
        """Store the content in all the places and in the queue, or in none."""
        ready = self.check(draft, placements, onward, message_id)
        checked = [self.check(each.draft, each.placements, each.onward) for each in replies]
        placed = self.store(ready)
        for each in checked:
            self.store(each)
        return placed

    def check(
        self,
        draft: Draft,
        placements: Sequence[model.Placement],
        onward: outgoing.Outgoing | None,
        message_id: str | None = None,
    ) -> Ready:
        """Return a delivery that can be stored. Raises what ``commit`` does."""
        records = self._records
        if not isinstance(draft, MemoryDraft):
            raise TypeError(f"not a draft of this store: {draft!r}")
        if draft.finished:
            raise ValueError("the draft is finished")
        folders = [records.folder(placement.folder) for placement in placements]
        if draft.too_large:
            raise errors.TooLarge(f"{draft.octets} octets")
        full = records.full([(folder, draft.octets) for folder in folders])
        recipients = list(onward.recipients) if onward is not None else []
        for folder in folders:
            if folder.folder.owner in full:
                if onward is None or folder.folder.id not in onward.where_full:
                    raise errors.OverQuota(*full.values())
                queued = onward.where_full[folder.folder.id]
                if queued is not None:
                    recipients.append(queued)
        if message_id is not None and records.places(message_id):
            raise errors.MessageExists(message_id)
        places = [
            placement
            for folder, placement in zip(folders, placements, strict=True)
            if folder.folder.owner not in full
        ]
        return Ready(draft, places, onward.envelope if onward is not None else None, recipients)

    def store(self, ready: Ready) -> Sequence[model.Placed]:
        """Store a delivery."""
        records, draft = self._records, ready.draft
        content = ContentRecord(
            ContentId(records.next_id()), records.guid(), b"".join(draft.pieces)
        )
        draft.finished = True
        records.contents[content.id] = content
        changes: list[Change] = []
        placed = [self.place(content, placement, changes) for placement in ready.places]
        if ready.envelope is not None and ready.recipients:
            self.enqueue(content, ready.envelope, ready.recipients)
            changes.append(QueueChanged())
        if not content.references:  # nowhere to be; all other contents are as they were
            del records.contents[content.id]
        records.publish(*changes)
        return placed

    async def commit_all(
        self,
        messages: Sequence[tuple[Draft, model.Placement]],
        *,
        instead_of: tuple[FolderId, int] | None = None,
    ) -> Sequence[model.Placed]:
        """Store several contents, each in its place, in their order, or none."""
        records = self._records
        coming: list[tuple[FolderRecord, int]] = []
        for draft, placement in messages:
            if not isinstance(draft, MemoryDraft):
                raise TypeError(f"not a draft of this store: {draft!r}")
            if draft.too_large:
                raise errors.TooLarge(f"{draft.octets} octets")
            coming.append((records.folder(placement.folder), draft.octets))
        leaving: list[tuple[FolderRecord, int]] = []
        if instead_of is not None:
            folder, uid = instead_of
            record = records.folder(folder)
            leaving = [(record, len(row.content.octets)) for row in record.present([uid])]
            if not leaving:
                raise errors.NoSuchMessage(f"UID {uid}")
        full = records.full(coming, leaving)
        if full:
            raise errors.OverQuota(*full.values())
        if instead_of is not None:
            records.publish(self._remove(record, [uid]))
        return [
            placed
            for draft, placement in messages
            for placed in await self.commit(draft, [placement])
        ]

    def place(
        self, content: ContentRecord, placement: model.Placement, changes: list[Change]
    ) -> model.Placed:
        """Put a content into a folder. Raises NoSuchFolder."""
        now = whole_second(self._records.now())
        folder = self._records.folder(placement.folder)
        flags = flag_sets.normalised(placement.flags)
        date = whole_second(placement.internal_date) if placement.internal_date else now
        row = MessageRecord(folder.uid_next, content, folder.advance(), date, flags, now)
        folder.put(row, placement.account)
        changes.append(MessagesAdded(folder.folder.id, row.modseq, (row.uid,), (row.flags,)))
        return model.Placed(folder.folder.id, folder.folder.uid_validity, row.uid)

    def enqueue(
        self,
        content: ContentRecord,
        envelope: outgoing.Envelope,
        recipients: Sequence[outgoing.QueueRecipient],
    ) -> None:
        """Put a content into the queue."""
        now = self._records.now()
        message = self._records.next_id()
        for recipient in recipients:
            item = outgoing.QueueItem(
                id=self._records.next_id(),
                message=message,
                content=content.id,
                octets=len(content.octets),
                envelope=envelope,
                recipient=recipient,
                state=outgoing.QueueState.QUEUED,
                held=False,
                lease=0,
                attempts=0,
                queued=now,
                next_attempt=recipient.not_before or now,
            )
            self._records.queue[item.id] = item
            content.references += 1

    def _content(self, content: ContentId) -> bytes:
        self._records.check_open()
        try:
            return self._records.contents[content].octets
        except KeyError:
            raise errors.NoSuchMessage(f"content {content}") from None

    async def content(self, content: ContentId) -> bytes:
        """A whole content; for small ones."""
        octets = self._content(content)
        if len(octets) > SMALL_OCTETS:
            raise errors.TooLarge(f"{len(octets)} octets")
        return octets

    async def contents(self, contents: Sequence[ContentId]) -> Mapping[ContentId, bytes]:
        """Several small contents in one go; those gone or over 1 MiB are left out."""
        self._records.check_open()
        known = {
            c: self._records.contents[c].octets for c in contents if c in self._records.contents
        }
        return {c: octets for c, octets in known.items() if len(octets) <= SMALL_OCTETS}

    async def read(
        self, content: ContentId, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """Stream octets *start* to *stop* in pieces of at most 256 KiB."""
        octets = self._content(content)
        stop = len(octets) if stop is None else min(stop, len(octets))
        for position in range(start, stop, PIECE_OCTETS):
            yield octets[position : min(position + PIECE_OCTETS, stop)]

    # -- looking

    async def uids(self, folder: FolderId) -> Sequence[int]:
        """All UIDs, ascending."""
        return array("I", self._records.folder(folder).order)

    async def first_uids(self, folders: Sequence[FolderId]) -> Mapping[FolderId, int]:
        """The lowest UID of each folder; empty folders are left out."""
        known = self._records.folders
        return {f: known[f].order[0] for f in folders if f in known and known[f].order}

    async def find_message_id(self, message_id: str) -> Sequence[tuple[FolderId, int]]:
        """Where messages of that Message-ID are, in public folders."""
        self._records.check_open()
        return self._records.places(message_id)

    async def find_message_ids(
        self, message_ids: Sequence[str]
    ) -> Mapping[str, Sequence[tuple[FolderId, int]]]:
        """The same for many; those nowhere to be found are left out."""
        self._records.check_open()
        found = {each: self._records.places(each) for each in message_ids}
        return {each: places for each, places in found.items() if places}

    async def crossposts(
        self, folder: FolderId, uids: Sequence[int]
    ) -> Mapping[int, Sequence[tuple[FolderId, int]]]:
        """Where else, in public folders, messages of a public folder are."""
        found = {}
        for row in self._records.folder(folder).present(uids):
            places = self._records.places(row.content.message_id())
            if len(places) > 1:
                found[row.uid] = [place for place in places if place != (folder, row.uid)]
        return found

    async def opened(
        self, folder: FolderId, account: AccountId | None, since: int | None = None
    ) -> model.Opened:
        """Return a folder as it stands, all of it of one moment."""
        record = self._records.folder(folder)
        messages = [row.seen_by(account, record.is_apart(account)) for row in record.present(None)]
        unseen = (message.uid for message in messages if model.SEEN not in message.flags)
        flags = frozenset[str]().union(*(message.flags for message in messages))
        return model.Opened(
            folder=record.snapshot(),
            uids=array("I", record.order),
            first_unseen_uid=next(unseen, None),
            keywords=frozenset(flag for flag in flags if flag[:1] != "\\"),
            changes=None if since is None else record.changes(since, account),
        )

    async def claim_recent(self, folder: FolderId) -> tuple[int, int]:
        """Return what no read-write session was told of; mark all as told of."""
        record = self._records.folder(folder)
        recent_from, record.recent_from = record.recent_from, record.uid_next
        return recent_from, record.uid_next

    async def messages(
        self, folder: FolderId, uids: Sequence[int] | None, account: AccountId | None
    ) -> Sequence[model.Message]:
        """The messages of those UIDs that are there (None: all), ascending by UID."""
        record = self._records.folder(folder)
        return [row.seen_by(account, record.is_apart(account)) for row in record.present(uids)]

    async def described(
        self, folder: FolderId, uids: Sequence[int], account: AccountId | None
    ) -> Sequence[model.Described]:
        """The same with summaries."""
        record = self._records.folder(folder)
        return [
            model.Described(row.seen_by(account, record.is_apart(account)), row.content.summary())
            for row in record.present(uids)
        ]

    async def columns(
        self,
        folder: FolderId,
        uids: Sequence[int],
        wanted: Collection[model.Column],
        account: AccountId | None,
    ) -> model.Columns:
        """What is wanted of the messages of those UIDs that are there, ascending by UID."""
        record = self._records.folder(folder)
        apart = record.is_apart(account)
        rows = [(row.seen_by(account, apart), row.content) for row in record.present(uids)]
        found = model.Columns([message.uid for message, _ in rows])
        for column in wanted:
            setattr(found, column.value, [value_of(column, *row) for row in rows])
        return found

    async def search(
        self, folder: FolderId, query: Query, account: AccountId | None
    ) -> Sequence[int]:
        """The UIDs that match, ascending."""
        record = self._records.folder(folder)
        return [
            row.uid
            for row in record.present(None)
            if matches(query, _Seen(row.seen_by(account, record.is_apart(account)), row.content))
        ]

    # -- changing

    async def store_flags(
        self,
        folder: FolderId,
        uids: Sequence[int],
        action: model.FlagAction,
        flags: frozenset[str],
        account: AccountId | None,
        *,
        unchanged_since: int | None = None,
        shared: bool = False,
        may: str = ALL,
    ) -> model.FlagsStored:
        """Change flags, all with one mod-sequence."""
        record = self._records.folder(folder)
        apart = record.is_apart(account)
        given = flag_sets.normalised(flags)
        modseq = record.highest_modseq + 1
        changed: dict[int, tuple[frozenset[str], int]] = {}
        refused = []
        common: dict[int, frozenset[str]] = {}
        own: dict[int, frozenset[str]] = {}
        for row in record.present(uids):
            before = row.seen_by(account, apart)
            if unchanged_since is not None and before.modseq > unchanged_since:
                refused.append(row.uid)
                continue
            wanted = flag_sets.permitted(action, before.flags, given, may)
            if self._change(apart, row, action, wanted, account, shared, modseq):
                common[row.uid] = row.flags
            after = row.seen_by(account, apart)
            if account in row.own and row.own[account][1] == modseq:
                own[row.uid] = after.flags
            changed[row.uid] = (after.flags, after.modseq)
        if common or own:
            record.advance()
        events: list[Change] = []
        if common:
            events.append(
                FlagsChanged(folder, modseq, tuple(common), tuple(common.values()), partial=apart)
            )
        if own:
            events.append(
                FlagsChanged(folder, modseq, tuple(own), tuple(own.values()), account=account)
            )
        self._records.publish(*events)
        taken = frozenset({modseq} if common or own else ())
        return model.FlagsStored(changed, tuple(refused), record.highest_modseq, taken)

    def _change(
        self,
        apart: bool,
        row: MessageRecord,
        action: model.FlagAction,
        given: frozenset[str],
        account: AccountId | None,
        shared: bool,
        modseq: int,
    ) -> bool:
        """Change one message; return whether what all see of it has changed."""
        if not apart:
            flags = flag_sets.applied(action, row.flags, given)
        elif account is None:
            flags = flag_sets.applied(action, row.flags, given - flag_sets.ONLY_SEEN)
        else:
            own = row.own.get(account, (flag_sets.NONE, 0))[0]
            if shared:
                flags, now = flag_sets.change_of_shared(action, row.flags, own, given)
            else:
                flags, now = row.flags, flag_sets.change_of_own(action, row.flags, own, given)
            if now != own:
                row.own[account] = (now, modseq)
        if flags == row.flags:
            return False
        row.flags, row.modseq = flags, modseq
        return True

    async def copy(
        self,
        source: FolderId,
        uids: Sequence[int],
        target: FolderId,
        account: AccountId | None,
        *,
        may: str = ALL,
    ) -> model.Copied:
        """Copy all or none, in order; flags and internal dates go along."""
        origin, destination = self._records.folder(source), self._records.folder(target)
        rows = list(origin.present(uids))
        self._records.check_quota([(destination, len(row.content.octets)) for row in rows])
        copied, change = self._copy(origin, rows, destination, account, may)
        self._records.publish(*change)
        return copied

    def _copy(
        self,
        origin: FolderRecord,
        rows: Sequence[MessageRecord],
        destination: FolderRecord,
        account: AccountId | None,
        may: str,
    ) -> tuple[model.Copied, list[Change]]:
        if not rows:
            return model.Copied(destination.folder.uid_validity, (), ()), []
        modseq, now = destination.advance(), whole_second(self._records.now())
        made = []
        for row in rows:
            flags = settable(may, row.seen_by(account, origin.is_apart(account)).flags)
            copy = replace(
                row, uid=destination.uid_next, modseq=modseq, flags=flags, saved=now, own={}
            )
            destination.put(copy, account)
            made.append(copy)
        uids = tuple(row.uid for row in made)
        added = MessagesAdded(destination.folder.id, modseq, uids, tuple(row.flags for row in made))
        sources = tuple(row.uid for row in rows)
        return model.Copied(destination.folder.uid_validity, sources, uids), [added]

    async def move(
        self,
        source: FolderId,
        uids: Sequence[int],
        target: FolderId,
        account: AccountId | None,
        *,
        may: str = ALL,
    ) -> model.Copied:
        """Move in one durable step (RFC 6851)."""
        origin, destination = self._records.folder(source), self._records.folder(target)
        rows = list(origin.present(uids))
        if origin.folder.owner != destination.folder.owner:
            self._records.check_quota([(destination, len(row.content.octets)) for row in rows])
        copied, changes = self._copy(origin, rows, destination, account, may)
        if rows:
            changes.append(self._remove(origin, copied.sources))
        self._records.publish(*changes)
        return copied

    def _remove(self, record: FolderRecord, uids: Sequence[int]) -> Change:
        modseq = record.advance()
        for uid in uids:
            record.take(uid, modseq)
        self._records.drop_unused()
        return MessagesExpunged(record.folder.id, modseq, tuple(uids))

    async def expunge(
        self, folder: FolderId, uids: Sequence[int] | None, *, deleted_only: bool = True
    ) -> Sequence[int]:
        """Remove messages (None: all); with *deleted_only* those flagged ``\\Deleted``."""
        record = self._records.folder(folder)
        gone = [
            row.uid
            for row in record.present(uids)
            if not deleted_only or model.DELETED in row.flags
        ]
        if gone:
            self._records.publish(self._remove(record, gone))
        return gone

    async def changes_since(
        self, folder: FolderId, modseq: int, account: AccountId | None
    ) -> model.Changes:
        """Messages changed and UIDs vanished after *modseq*."""
        return self._records.folder(folder).changes(modseq, account)

    # -- quota

    async def usage(self, account: AccountId) -> model.Usage:
        """What the account uses and may use."""
        record = self._records.account(account)
        octets, messages = self._records.used(account)
        limits = record.account
        return model.Usage(octets, messages, limits.quota_octets, limits.quota_messages)

    # -- maildrop

    async def lock_maildrop(self, folder: FolderId) -> bool:
        """Take the exclusive POP3 lock of a folder; False when it is taken (RFC 1939, 4)."""
        self._records.check_open()
        if folder in self._locked:
            return False
        self._locked.add(folder)
        return True

    def unlock_maildrop(self, folder: FolderId) -> None:
        """Release it."""
        self._locked.discard(folder)
