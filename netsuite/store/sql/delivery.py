"""Committing contents: the path every accepted message takes, kept short.

A delivery refuses before it changes anything, then only appends rows to the transaction's
lists; ``Transaction.flush`` writes those of a whole batch with one statement a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

import sqlalchemy as sa

from netsuite.message.news import message_id_of
from netsuite.store.changes import MessagesAdded, QueueChanged
from netsuite.store.errors import MessageExists
from netsuite.store.flags import NONE, ONLY_SEEN, normalised
from netsuite.store.model import SEEN, Envelope, Onward, Placed, Placement, QueueState
from netsuite.store.sql import schema as t
from netsuite.store.sql.articles import is_placed, note_places
from netsuite.store.sql.drafts import SQLDraft
from netsuite.store.sql.rows import mapping_json, packed
from netsuite.store.sql.transaction import (
    CHUNK,
    CONTENT,
    MESSAGE,
    PENDING,
    QUEUE,
    STATE,
    FolderState,
    Transaction,
)
from netsuite.store.sql.writer import Unit
from netsuite.store.timestamps import to_seconds, zone_minutes

DROP_DRAFT: Final = sa.delete(t.draft).where(t.draft.c.content == sa.bindparam("content"))
_NEVER: Final = 0


class Delivery(Unit):
    """One content into its folders and the queue.

    Args:
        draft: finished; its last octets are still in memory, all of them if it is small.
        guid: the content's.
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
        self.content = 0

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
            transaction.session.run(DROP_DRAFT, content=content)
        else:
            content = transaction.next("content")
        self.content = content
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
