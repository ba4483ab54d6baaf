"""Messages of the memory store."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from netsuite.store import flags as flag_sets
from netsuite.store.changes import (
    Change,
    FlagsChanged,
    MessagesAdded,
    MessagesExpunged,
)
from netsuite.store.matching import matches
from netsuite.store.memory.contents import MemoryContents
from netsuite.store.memory.world import Box, Content, Row
from netsuite.store.model import (
    DELETED,
    AccountId,
    Copied,
    Described,
    FlagAction,
    FlagsStored,
    FolderId,
    Message,
    Usage,
)
from netsuite.store.query import Query
from netsuite.store.summarize import Document
from netsuite.store.timestamps import whole_second


@dataclass(frozen=True, slots=True)
class _Seen:
    """A message as an account sees it, for ``matches``."""

    message: Message
    content: Content

    def sent_day(self) -> int | None:
        """The Date field's day."""
        return self.content.summary().sent_day

    def document(self) -> Document:
        """The text."""
        return self.content.document()


class MemoryMail(MemoryContents):
    """Folders and the messages in them."""

    # -- looking

    async def uids(self, folder: FolderId) -> Sequence[int]:
        """All UIDs, ascending."""
        return array("I", self._world.box(folder).order)

    async def first_uids(self, folders: Sequence[FolderId]) -> Mapping[FolderId, int]:
        """The lowest UID of each folder; empty folders are left out."""
        boxes = self._world.boxes
        return {f: boxes[f].order[0] for f in folders if f in boxes and boxes[f].order}

    async def find_message_id(self, message_id: str) -> Sequence[tuple[FolderId, int]]:
        """Where messages of that Message-ID are, in public folders."""
        self._world.check_open()
        return self._world.places(message_id)

    async def find_message_ids(
        self, message_ids: Sequence[str]
    ) -> Mapping[str, Sequence[tuple[FolderId, int]]]:
        """The same for many; those nowhere to be found are left out."""
        self._world.check_open()
        found = {each: self._world.places(each) for each in message_ids}
        return {each: places for each, places in found.items() if places}

    async def claim_recent(self, folder: FolderId) -> int:
        """Give the first UID no read-write session was told of; mark all as told of."""
        box = self._world.box(folder)
        recent_from, box.recent_from = box.recent_from, box.uid_next
        return recent_from

    async def messages(
        self, folder: FolderId, uids: Sequence[int] | None, account: AccountId | None
    ) -> Sequence[Message]:
        """The messages of those UIDs that are there (None: all), ascending by UID."""
        box = self._world.box(folder)
        return [row.seen_by(account, box.public) for row in box.present(uids)]

    async def described(
        self, folder: FolderId, uids: Sequence[int], account: AccountId | None
    ) -> Sequence[Described]:
        """The same with summaries."""
        box = self._world.box(folder)
        return [
            Described(row.seen_by(account, box.public), row.content.summary())
            for row in box.present(uids)
        ]

    async def search(
        self, folder: FolderId, query: Query, account: AccountId | None
    ) -> Sequence[int]:
        """The UIDs that match, ascending."""
        box = self._world.box(folder)
        return [
            row.uid
            for row in box.present(None)
            if matches(query, _Seen(row.seen_by(account, box.public), row.content))
        ]

    # -- changing

    async def store_flags(
        self,
        folder: FolderId,
        uids: Sequence[int],
        action: FlagAction,
        flags: frozenset[str],
        account: AccountId | None,
        *,
        unchanged_since: int | None = None,
        shared: bool = False,
    ) -> FlagsStored:
        """Change flags, all with one mod-sequence."""
        box = self._world.box(folder)
        given = flag_sets.normalised(flags)
        modseq = box.highest_modseq + 1
        changed: dict[int, tuple[frozenset[str], int]] = {}
        refused = []
        common: dict[int, frozenset[str]] = {}
        own: dict[int, frozenset[str]] = {}
        for row in box.present(uids):
            before = row.seen_by(account, box.public)
            if unchanged_since is not None and before.modseq > unchanged_since:
                refused.append(row.uid)
                continue
            if self._change(box, row, action, given, account, shared, modseq):
                common[row.uid] = row.flags
            after = row.seen_by(account, box.public)
            if account in row.own and row.own[account][1] == modseq:
                own[row.uid] = after.flags
            changed[row.uid] = (after.flags, after.modseq)
        if common or own:
            box.advance()
        events: list[Change] = []
        if common:
            events.append(
                FlagsChanged(
                    folder, modseq, tuple(common), tuple(common.values()), partial=box.public
                )
            )
        if own:
            events.append(
                FlagsChanged(folder, modseq, tuple(own), tuple(own.values()), account=account)
            )
        self._world.publish(*events)
        return FlagsStored(changed, tuple(refused), box.highest_modseq)

    def _change(
        self,
        box: Box,
        row: Row,
        action: FlagAction,
        given: frozenset[str],
        account: AccountId | None,
        shared: bool,
        modseq: int,
    ) -> bool:
        """Change one message; say whether what all see of it has changed."""
        if not box.public:
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
    ) -> Copied:
        """Copy all or none, in order; flags and internal dates go along."""
        origin, box = self._world.box(source), self._world.box(target)
        rows = list(origin.present(uids))
        self._check_quota([(box, len(row.content.octets)) for row in rows])
        copied, change = self._copy(origin, rows, box, account)
        self._world.publish(*change)
        return copied

    def _copy(
        self, origin: Box, rows: Sequence[Row], box: Box, account: AccountId | None
    ) -> tuple[Copied, list[Change]]:
        if not rows:
            return Copied(box.folder.uid_validity, (), ()), []
        modseq, now = box.advance(), whole_second(self._world.now())
        made = []
        for row in rows:
            flags = row.seen_by(account, origin.public).flags
            copy = replace(row, uid=box.uid_next, modseq=modseq, flags=flags, saved=now, own={})
            self._make_own(box, copy, account)
            box.put(copy)
            made.append(copy)
        uids = tuple(row.uid for row in made)
        added = MessagesAdded(box.folder.id, modseq, uids, tuple(row.flags for row in made))
        sources = tuple(row.uid for row in rows)
        return Copied(box.folder.uid_validity, sources, uids), [added]

    async def move(
        self,
        source: FolderId,
        uids: Sequence[int],
        target: FolderId,
        account: AccountId | None,
    ) -> Copied:
        """Move in one durable step (RFC 6851)."""
        origin, box = self._world.box(source), self._world.box(target)
        rows = list(origin.present(uids))
        if origin.folder.owner != box.folder.owner:
            self._check_quota([(box, len(row.content.octets)) for row in rows])
        copied, changes = self._copy(origin, rows, box, account)
        if rows:
            changes.append(self._remove(origin, copied.sources))
        self._world.publish(*changes)
        return copied

    def _remove(self, box: Box, uids: Sequence[int]) -> Change:
        modseq = box.advance()
        for uid in uids:
            box.take(uid, modseq)
        self._world.drop_unused()
        return MessagesExpunged(box.folder.id, modseq, tuple(uids))

    async def expunge(
        self, folder: FolderId, uids: Sequence[int] | None, *, deleted_only: bool = True
    ) -> Sequence[int]:
        """Remove messages (None: all); with *deleted_only* those flagged ``\\Deleted``."""
        box = self._world.box(folder)
        gone = [row.uid for row in box.present(uids) if not deleted_only or DELETED in row.flags]
        if gone:
            self._world.publish(self._remove(box, gone))
        return gone

    async def changes_since(
        self, folder: FolderId, modseq: int, account: AccountId | None
    ) -> tuple[Sequence[Message], Sequence[int]]:
        """Messages changed and UIDs vanished after *modseq*."""
        box = self._world.box(folder)
        messages = (row.seen_by(account, box.public) for row in box.present(None))
        return (
            [message for message in messages if message.modseq > modseq],
            sorted(uid for when, uid in box.tombstones if when > modseq),
        )

    # -- quota

    async def usage(self, account: AccountId) -> Usage:
        """What the account uses and may use."""
        person = self._world.person(account)
        octets, messages = self._world.used(account)
        limits = person.account
        return Usage(octets, messages, limits.quota_octets, limits.quota_messages)
