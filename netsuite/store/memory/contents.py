"""Contents of the memory store: drafted, committed, read whole or in pieces."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from netsuite.store import flags as flag_sets
from netsuite.store.changes import Change, MessagesAdded, QueueChanged
from netsuite.store.errors import MessageExists, NoSuchMessage, OverQuota, TooLarge
from netsuite.store.interfaces import Draft
from netsuite.store.memory.folders import MemoryFolders
from netsuite.store.memory.world import Box, Content, Row
from netsuite.store.model import (
    SEEN,
    AccountId,
    ContentId,
    Envelope,
    Onward,
    Placed,
    Placement,
    QueueItem,
    QueueState,
)
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


class MemoryContents(MemoryFolders):
    """Contents in and out."""

    def draft(self, expected_octets: int | None = None) -> MemoryDraft:
        """Begin a content."""
        self._world.check_open()
        return MemoryDraft(self._world.limit_octets)

    async def commit(
        self,
        draft: Draft,
        placements: Sequence[Placement],
        *,
        onward: tuple[Envelope, Sequence[Onward]] | None = None,
        message_id: str | None = None,
    ) -> Sequence[Placed]:
        """Store the content in all the places and in the queue, or in none."""
        world = self._world
        assert isinstance(draft, MemoryDraft)
        if draft.finished:
            raise ValueError("the draft is finished")
        boxes = [world.box(placement.folder) for placement in placements]
        if draft.too_large:
            raise TooLarge(f"{draft.octets} octets")
        self._check_quota([(box, draft.octets) for box in boxes])
        if message_id is not None and world.places(message_id):
            raise MessageExists(message_id)
        content = Content(ContentId(world.next_id()), world.guid(), b"".join(draft.pieces))
        draft.finished = True
        world.contents[content.id] = content
        now = whole_second(world.now())
        changes: list[Change] = []
        placed = []
        for box, placement in zip(boxes, placements, strict=True):
            flags = flag_sets.normalised(placement.flags)
            date = whole_second(placement.internal_date) if placement.internal_date else now
            row = Row(box.uid_next, content, box.advance(), date, flags, now)
            self._make_own(box, row, placement.account)
            box.put(row)
            changes.append(MessagesAdded(box.folder.id, row.modseq, (row.uid,), (row.flags,)))
            placed.append(Placed(box.folder.id, box.folder.uid_validity, row.uid))
        if onward is not None and onward[1]:
            self._enqueue(content, *onward)
            changes.append(QueueChanged())
        if not content.references:  # nowhere to be; all other contents are as they were
            del world.contents[content.id]
        world.publish(*changes)
        return placed

    def _enqueue(self, content: Content, envelope: Envelope, onward: Sequence[Onward]) -> None:
        now = self._world.now()
        for recipient in onward:
            item = QueueItem(
                id=self._world.next_id(),
                content=content.id,
                octets=len(content.octets),
                envelope=envelope,
                recipient=recipient.recipient,
                parameters=recipient.parameters,
                state=QueueState.WAITING,
                attempts=0,
                queued=now,
                next_attempt=now,
            )
            self._world.queue[item.id] = item
            content.references += 1

    def _make_own(self, box: Box, row: Row, account: AccountId | None) -> None:
        """On a public folder nobody's \\Seen is everybody's."""
        if box.public and SEEN in row.flags:
            row.flags -= flag_sets.ONLY_SEEN
            if account is not None:
                row.own[account] = (flag_sets.ONLY_SEEN, row.modseq)

    def _check_quota(self, coming: Sequence[tuple[Box, int]]) -> None:
        world = self._world
        for owner in {box.folder.owner for box, _ in coming}:
            if owner is None:
                continue
            sizes = [octets for box, octets in coming if box.folder.owner == owner]
            account = world.person(owner).account
            octets, messages = world.used(owner)
            over_octets = (
                account.quota_octets is not None and octets + sum(sizes) > account.quota_octets
            )
            over_messages = (
                account.quota_messages is not None
                and messages + len(sizes) > account.quota_messages
            )
            if over_octets or over_messages:
                raise OverQuota(account.name)

    def _content(self, content: ContentId) -> bytes:
        self._world.check_open()
        try:
            return self._world.contents[content].octets
        except KeyError:
            raise NoSuchMessage(f"content {content}") from None

    async def content(self, content: ContentId) -> bytes:
        """A whole content; for small ones."""
        octets = self._content(content)
        if len(octets) > SMALL_OCTETS:
            raise TooLarge(f"{len(octets)} octets")
        return octets

    async def contents(self, contents: Sequence[ContentId]) -> Mapping[ContentId, bytes]:
        """Several small contents in one go; those gone or over 1 MiB are left out."""
        self._world.check_open()
        known = {c: self._world.contents[c].octets for c in contents if c in self._world.contents}
        return {c: octets for c, octets in known.items() if len(octets) <= SMALL_OCTETS}

    async def read(
        self, content: ContentId, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """Stream octets *start* to *stop* in pieces of at most 256 KiB."""
        octets = self._content(content)
        stop = len(octets) if stop is None else min(stop, len(octets))
        for position in range(start, stop, PIECE_OCTETS):
            yield octets[position : min(position + PIECE_OCTETS, stop)]
