"""Contents on their way in: small ones in memory, large ones to chunk rows as they come."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar, Final

import sqlalchemy as sa
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from netsuite.message.news import HEADER_OCTETS
from netsuite.store.errors import StoreClosed, StoreError
from netsuite.store.sql import schema as t
from netsuite.store.sql.transaction import FULL_CHUNK, Transaction
from netsuite.store.sql.writer import Unit, Writer

#: So many octets of a draft may wait for the writer before its sender has to. Each commit of
#: the writer takes what waits: with half of this a large draft passes at half the speed.
AHEAD_OCTETS: Final = 2 << 20

_INSERT_DRAFT: Final = sa.insert(t.draft)
_DROP_DRAFT: Final = sa.delete(t.draft).where(t.draft.c.content == sa.bindparam("content"))
_BURY: Final = sa.insert(t.content)


class SQLDraft:
    """A content on its way in.

    Args:
        writer: takes full chunks.
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
        self._room: list[Deferred[None]] = []

    @property
    def too_large(self) -> bool:
        """Whether more was written than the store takes."""
        return self.octets > self._limit_octets

    def write(self, octets: bytes) -> Deferred[None] | None:
        """Append; give a Deferred when the writer has to catch up first."""
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
        room: Deferred[None] = Deferred()
        self._room.append(room)
        return room

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
        room, self._room = self._room, []
        for waiting in room:
            waiting.callback(None)

    def take_rest(self) -> bytes:
        """Finish; give the octets that are still in memory."""
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
                await self._writer.call(self._bury)

    def _bury(self, transaction: Transaction) -> None:
        # A chunk's unit comes before this one, so the id is known unless none was written.
        content = transaction.draft_ids.get(self) or self.content
        if content is not None:
            bury(transaction, content, self.octets)


def bury(transaction: Transaction, content: int, octets: int) -> None:
    """Make a draft a content that nothing refers to, for the sweeper."""
    if transaction.session.run(_DROP_DRAFT, content=content):
        transaction.session.many(_BURY, [(content, "", octets, 0, 0)])


class ChunkWrite(Unit):
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
