"""Contents of the SQL mail store: drafted, committed, read whole or in pieces."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from netsuite.store.errors import TooLarge
from netsuite.store.interfaces import Draft
from netsuite.store.model import ContentId, Envelope, Onward, Placed, Placement
from netsuite.store.sql import contents
from netsuite.store.sql import schema as t
from netsuite.store.sql.base import HOT_OCTETS
from netsuite.store.sql.database import Session
from netsuite.store.sql.delivery import Delivery
from netsuite.store.sql.drafts import SQLDraft
from netsuite.store.sql.folders import SQLFolders
from netsuite.store.sql.transaction import Transaction

_TOUCH: Final = (
    sa.update(t.content)
    .values(died_at=sa.bindparam("died_at"))
    .where(t.content.c.id == sa.bindparam("of_content"), t.content.c.refs == 0)
)

#: ``content`` and ``contents`` give no larger ones.
WHOLE_OCTETS: Final = 1 << 20
#: How often a slow reader says that it still reads a content nothing refers to.
TOUCH_SECONDS: Final = 60


class SQLContents(SQLFolders):
    """Contents in and out."""

    def draft(self, expected_octets: int | None = None) -> SQLDraft:
        """Begin a content."""
        base = self._base
        base.check_open()
        draft = SQLDraft(base.writer, base.process, base.limit_octets, base.drafts.discard)
        base.drafts.add(draft)
        return draft

    async def commit(
        self,
        draft: Draft,
        placements: Sequence[Placement],
        *,
        onward: tuple[Envelope, Sequence[Onward]] | None = None,
        message_id: str | None = None,
    ) -> Sequence[Placed]:
        """Make the content durable, in all the places and in the queue, or in none."""
        base = self._base
        base.check_open()
        assert isinstance(draft, SQLDraft)
        if draft.finished:
            raise ValueError("the draft is finished")
        if draft.too_large:
            await draft.abort()
            raise TooLarge(f"{draft.octets} octets")
        small = not draft.chunks
        delivery = Delivery(draft, base.guid(), placements, onward, message_id)
        tail = delivery.tail
        base.busy_at = base.now()
        try:
            placed: Sequence[Placed] = await base.writer.submit(delivery)
        except BaseException:
            await draft.discard()
            raise
        if small and len(tail) <= HOT_OCTETS:
            base.contents.put(delivery.content, tail, len(tail))
        return placed

    async def content(self, content: ContentId) -> bytes:
        """A whole content; for small ones. Raises NoSuchMessage, TooLarge (over 1 MiB)."""
        base = self._base
        base.check_open()
        known = base.contents.get(content)
        if known is not None:
            return known

        def read_small(session: Session) -> tuple[int, bytes | None]:
            octets = contents.octets_of(session, content)
            return octets, contents.whole(session, content) if octets <= HOT_OCTETS else None

        octets, read = await base.readers.run_inline(read_small)
        if octets > WHOLE_OCTETS:
            raise TooLarge(f"{octets} octets")
        if read is None:
            return await base.readers.run_in_thread(lambda s: contents.whole(s, content))
        base.contents.put(content, read, octets)
        return read

    async def contents(self, wanted: Sequence[ContentId]) -> Mapping[ContentId, bytes]:
        """Several small contents in one go; those gone or over 1 MiB are left out."""
        base = self._base
        base.check_open()
        found: dict[ContentId, bytes] = {}
        missing: list[ContentId] = []
        for content in wanted:
            known = base.contents.get(content)
            if known is None:
                missing.append(content)
            else:
                found[content] = known
        if missing:

            def read(session: Session) -> dict[ContentId, bytes]:
                sizes = contents.sizes(session, missing)
                return {
                    content: contents.whole(session, content)
                    for content in missing
                    if sizes.get(content, WHOLE_OCTETS + 1) <= WHOLE_OCTETS
                }

            for content, octets in (await base.readers.run_in_thread(read)).items():
                found[content] = octets
                if len(octets) <= HOT_OCTETS:
                    base.contents.put(content, octets, len(octets))
        return found

    async def read(
        self, content: ContentId, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """Stream octets *start* to *stop* in pieces of at most 256 KiB."""
        base = self._base
        base.check_open()
        known = base.contents.get(content)
        if known is not None:
            if known[start:stop]:
                yield known[start:stop]
            return
        base.pinned[content] += 1
        try:
            octets = await base.readers.run_inline(lambda s: contents.octets_of(s, content))
            stop = octets if stop is None else min(stop, octets)
            touched_at = base.now()
            while start < stop:
                number, offset = divmod(start, t.CHUNK_OCTETS)
                piece = await self._piece(content, number, octets)
                piece = piece[offset : offset + stop - start]
                start += len(piece)
                yield piece
                if base.now() - touched_at > TOUCH_SECONDS * 1_000_000:
                    touched_at = base.now()
                    await base.writer.call(lambda transaction: _touch(transaction, content))
        finally:
            base.pinned[content] -= 1
            if not base.pinned[content]:
                del base.pinned[content]

    async def _piece(self, content: ContentId, number: int, octets: int) -> bytes:
        readers = self._base.readers
        if octets > HOT_OCTETS:
            return await readers.run_in_thread(lambda s: contents.piece(s, content, number))
        return await readers.run_inline(lambda s: contents.piece(s, content, number))


def _touch(transaction: Transaction, content: int) -> None:
    transaction.session.run(_TOUCH, died_at=transaction.now, of_content=content)
