"""Contents on their way in: drafts being written, and their delivery into folders and the queue.

Small drafts stay in memory, large ones go to chunk rows as they come. The delivery is the path
every accepted message takes, kept short: it refuses before it changes anything, then only appends
rows to the transaction's lists; ``Transaction.flush`` writes those of a whole batch with one
statement a table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import ClassVar, Final

import sqlalchemy as sa
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from netsuite.message.news import HEADER_OCTETS, message_id_of
from netsuite.store.changes import MessagesAdded, QueueChanged
from netsuite.store.errors import MessageExists, StoreClosed, StoreError
from netsuite.store.flags import NONE, ONLY_SEEN, normalised
from netsuite.store.model import SEEN, ContentId, Envelope, Onward, Placed, Placement, QueueState
from netsuite.store.sql import schema as t
from netsuite.store.sql.articles import is_placed, note_places
from netsuite.store.sql.rows import mapping_json, packed
from netsuite.store.sql.transaction import (
    CHUNK,
    CONTENT,
    FULL_CHUNK,
    MESSAGE,
    PENDING,
    QUEUE,
    STATE,
    FolderState,
    Transaction,
)
from netsuite.store.sql.writer import Unit, Writer
from netsuite.store.timestamps import to_seconds, zone_minutes

#: So many octets of a draft may wait for the writer before its sender has to. Each commit of
#: the writer takes what waits: with half of this a large draft passes at half the speed.
AHEAD_OCTETS: Final = 2 << 20

_INSERT_DRAFT: Final = sa.insert(t.draft)
_DROP_DRAFT: Final = sa.delete(t.draft).where(t.draft.c.content == sa.bindparam("content"))
_INSERT_DEAD: Final = sa.insert(t.content)
_NEVER: Final = 0


class SQLDraft:
    """A content on its way in.

    Args:
        process: the token this process's drafts carry.
        limit_octets: more than that is thrown away; the commit will say so.
        forget: called when it is finished.
    """

    def __init__(
        self,
        writer: Writer,
        process: str,
        limit_octets: int,
        forget: Callable[[SQLDraft], None],
    ) -> None:
        self.octets = 0
        #: Chunks that were handed to the writer.
        self.chunks = 0
        #: The content's id, once the writer gave one.
        self.content: int | None = None
        #: The beginning, once chunks were handed over: who needs the header finds it there.
        self.head = b""
        #: Why it cannot be committed.
        self.failure: StoreError | None = None
        self.finished = False
        self.process = process
        self._writer = writer
        self._limit_octets = limit_octets
        self._forget = forget
        self._pieces: list[bytes] = []
        self._held = 0
        self._ahead = 0
        self._waiting: list[Deferred[None]] = []

    @property
    def too_large(self) -> bool:
        """Whether more was written than the store takes."""
        return self.octets > self._limit_octets

    def write(self, octets: bytes) -> Deferred[None] | None:
        """Append; return a Deferred when the writer has to catch up first."""
        if self.finished:
            raise ValueError("the draft is finished")
        self.octets += len(octets)
        if self.failure is not None or self.octets > self._limit_octets:
            self._pieces.clear()
            self._held = 0
            return None
        self._pieces.append(bytes(octets))
        self._held += len(octets)
        if self._held < t.CHUNK_OCTETS:
            return None
        self._hand_over()
        if self._ahead <= AHEAD_OCTETS:
            return None
        writable: Deferred[None] = Deferred()
        self._waiting.append(writable)
        return writable

    def _hand_over(self) -> None:
        held = memoryview(b"".join(self._pieces))
        self._pieces.clear()
        if not self.chunks:
            self.head = bytes(held[:HEADER_OCTETS])
        end = len(held) - len(held) % t.CHUNK_OCTETS
        for start in range(0, end, t.CHUNK_OCTETS):
            self._ahead += t.CHUNK_OCTETS
            unit = ChunkWrite(self, self.chunks, bytes(held[start : start + t.CHUNK_OCTETS]))
            self.chunks += 1
            try:
                self._writer.submit(unit).addCallbacks(self._written, self._failed)
            except StoreClosed as error:
                self._fail(error)
        rest = bytes(held[end:])
        self._held = len(rest)
        if rest:
            self._pieces.append(rest)

    def _written(self, result: object) -> None:
        self._ahead -= t.CHUNK_OCTETS
        if self._ahead <= AHEAD_OCTETS // 2:
            self._release()

    def _failed(self, failure: Failure) -> None:
        error = failure.value
        self._fail(error if isinstance(error, StoreError) else StoreError(str(error)))

    def _fail(self, error: StoreError) -> None:
        """Remember why; the commit raises it, until then what comes is thrown away."""
        self._ahead -= t.CHUNK_OCTETS
        if self.failure is None:
            self.failure = error
        self._release()

    def _release(self) -> None:
        waiting, self._waiting = self._waiting, []
        for writable in waiting:
            writable.callback(None)

    def take_rest(self) -> bytes:
        """Finish; return the octets that are still in memory."""
        rest = b"".join(self._pieces)
        self.finish()
        return rest

    def finish(self) -> None:
        """Take no more."""
        self.finished = True
        self._pieces.clear()
        self._held = 0
        self._forget(self)

    async def abort(self) -> None:
        """Throw it away; the chunks that were written already go in small steps."""
        if self.finished:
            return
        self.finish()
        await self.discard()

    async def discard(self) -> None:
        """Leave what was written to the sweeper."""
        if self.chunks:
            with suppress(StoreClosed):  # the next start finds the draft and buries it
                await self._writer.call(self._discard_chunks)

    def _discard_chunks(self, transaction: Transaction) -> None:
        # A chunk's unit comes before this one, so the id is known unless none was written.
        content = transaction.draft_ids.get(self) or self.content
        if content is not None:
            discard_draft(transaction, content, self.octets)


def discard_draft(transaction: Transaction, content: int, octets: int) -> None:
    """Make a draft a content that nothing refers to, for the sweeper."""
    if transaction.session.run(_DROP_DRAFT, content=content):
        transaction.session.many(_INSERT_DEAD, [(content, "", octets, 0, 0)])


class ChunkWrite(Unit[None]):
    """A chunk of a draft; the first one gives the content its id.

    Nobody was promised anything yet, so it need not wait for the disk: the delivery will.
    """

    needs_savepoint: ClassVar[bool] = False
    durable: ClassVar[bool] = False

    def __init__(self, draft: SQLDraft, number: int, data: bytes) -> None:
        super().__init__()
        self._draft = draft
        self._number = number
        self._data = data
        self._content = 0
        self.octets = len(data)

    def apply(self, transaction: Transaction) -> None:
        """Append the row."""
        draft = self._draft
        content = draft.content or transaction.draft_ids.get(draft)
        if content is None:
            if self._number:
                raise draft.failure or StoreError("an earlier part of the content was not written")
            content = transaction.next("content")
            transaction.draft_ids[draft] = content
            transaction.session.many(_INSERT_DRAFT, [(content, draft.process, transaction.now)])
        self._content = content
        transaction.rows[FULL_CHUNK].append((content << t.CHUNK_BITS | self._number, self._data))

    def committed(self) -> None:
        """Remember the content's id; it is true from now on."""
        self._draft.content = self._content
        self._data = b""


class Delivery(Unit[list[Placed]]):
    """One content into its folders and the queue.

    Args:
        draft: finished; its last octets are still in memory, all of them if it is small.
        message_id: refuse when a public folder has it already.
    """

    needs_savepoint: ClassVar[bool] = False

    def __init__(
        self,
        draft: SQLDraft,
        guid: str,
        placements: Sequence[Placement],
        onward: tuple[Envelope, Sequence[Onward]] | None,
        message_id: str | None = None,
    ) -> None:
        super().__init__()
        self._message_id = message_id
        self._draft = draft
        self._guid = guid
        self._placements = placements
        self._onward = onward if onward is not None and onward[1] else None
        self.tail = draft.take_rest()
        self.octets = len(self.tail)
        self.content = ContentId(0)

    def apply(self, transaction: Transaction) -> list[Placed]:
        """Check, then append rows. Raises NoSuchFolder, OverQuota, MessageExists, StorageFull."""
        draft = self._draft
        if draft.failure is not None:
            raise draft.failure
        folders = [transaction.folder(placement.folder) for placement in self._placements]
        self._check_quota(transaction, folders)
        if self._message_id is not None and is_placed(transaction, self._message_id):
            raise MessageExists(self._message_id)
        content = transaction.draft_ids.get(draft) or draft.content
        if content is not None:
            transaction.session.run(_DROP_DRAFT, content=content)
        else:
            content = transaction.next("content")
        self.content = ContentId(content)
        rows = transaction.rows
        if self.tail:
            rows[CHUNK].append((content << t.CHUNK_BITS | draft.chunks, self.tail))
        recipients = self._onward[1] if self._onward is not None else ()
        references = len(folders) + len(recipients)
        died_at = _NEVER if references else transaction.now
        rows[CONTENT].append((content, self._guid, draft.octets, references, died_at))
        rows[PENDING].append((content,))
        placed = [
            self._place(transaction, content, folder, placement)
            for folder, placement in zip(folders, self._placements, strict=True)
        ]
        if not all(folder.owner for folder in folders):
            head = draft.head or self.tail
            note_places(
                transaction,
                message_id_of(head),
                [each for each in placed if not transaction.folder(each.folder).owner],
            )
        if self._onward is not None:
            self._enqueue(transaction, content, *self._onward)
        return placed

    def _check_quota(self, transaction: Transaction, folders: Sequence[FolderState]) -> None:
        octets = self._draft.octets
        if len(folders) == 1:
            if folders[0].owner:
                transaction.quota(folders[0].owner).check(octets, 1)
            return
        coming: dict[int, int] = {}
        for folder in folders:
            if folder.owner:
                coming[folder.owner] = coming.get(folder.owner, 0) + 1
        for owner, count in coming.items():
            transaction.quota(owner).check(octets * count, count)

    def _place(
        self, transaction: Transaction, content: int, folder: FolderState, placement: Placement
    ) -> Placed:
        octets = self._draft.octets
        uid = folder.uid_next
        folder.uid_next = uid + 1
        folder.messages += 1
        folder.octets += octets
        modseq = folder.advance()
        now = transaction.now_seconds
        flags = normalised(placement.flags) if placement.flags else NONE
        if folder.owner:
            transaction.quota(folder.owner).add(octets, 1)
        elif SEEN in flags:
            flags -= ONLY_SEEN
            if placement.account is not None:
                transaction.rows[STATE].append(
                    (folder.id, placement.account, uid, t.BIT_SEEN, "", modseq)
                )
        date = placement.internal_date
        seconds, zone = (now, 0) if date is None else (to_seconds(date), zone_minutes(date))
        bits, keywords = packed(flags)
        transaction.rows[MESSAGE].append(
            (folder.id, uid, content, octets, modseq, seconds, zone, bits, keywords, now)
        )
        transaction.changes.append(MessagesAdded(folder.id, modseq, (uid,), (flags,)))
        return Placed(folder.id, folder.uid_validity, uid)

    def _enqueue(
        self,
        transaction: Transaction,
        content: int,
        envelope: Envelope,
        onward: Sequence[Onward],
    ) -> None:
        sender_parameters = mapping_json(envelope.parameters)
        first = transaction.next("queue", len(onward))
        transaction.rows[QUEUE].extend(
            (
                number,
                content,
                self._draft.octets,
                envelope.sender,
                sender_parameters,
                envelope.account,
                recipient.recipient,
                mapping_json(recipient.parameters),
                QueueState.WAITING.value,
                0,
                transaction.now,
                transaction.now,
                "",
            )
            for number, recipient in enumerate(onward, first)
        )
        transaction.changes.append(QueueChanged())
