"""Work of the writer behind deliveries: summaries and text kept, what is dead swept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from twisted.logger import Logger

from netsuite.message.structure import Summary
from netsuite.store.errors import NoSuchMessage
from netsuite.store.sql import schema as t
from netsuite.store.sql.contents import made_document, sizes
from netsuite.store.sql.database import OneOf, Session
from netsuite.store.sql.drafts import bury
from netsuite.store.sql.summaries import frozen
from netsuite.store.sql.transaction import Transaction
from netsuite.store.summarize import Document

_log = Logger()

_C: Final = t.content.c
_K: Final = t.chunk.c
_SOME_PENDING: Final = (
    sa.select(t.pending.c.content).order_by(t.pending.c.content.asc()).limit(sa.bindparam("most"))
)
_SETTLE: Final = sa.delete(t.pending).where(t.pending.c.content == sa.bindparam("content"))
_THERE: Final = sa.select(_C.id).where(OneOf(_C.id, "contents"))
_DROP_SUMMARIES: Final = sa.delete(t.summary).where(OneOf(t.summary.c.content, "contents"))
_INSERT_SUMMARY: Final = sa.insert(t.summary)
_INSERT_TEXT: Final = sa.insert(t.content_text)
_DEAD: Final = (
    sa.select(_C.id, _C.octets)
    .where(sa.text("refs = 0"), _C.died_at <= sa.bindparam("before"))
    .order_by(_C.id.asc())
    .limit(sa.bindparam("most"))
)
_SOME_CHUNKS: Final = (
    sa.select(_K.id)
    .where(_K.id >= sa.bindparam("first"), _K.id <= sa.bindparam("last"))
    .limit(sa.bindparam("most"))
)
_DROP_CHUNKS: Final = sa.delete(t.chunk).where(OneOf(_K.id, "chunks"))
_DROP_REST: Final = tuple(
    sa.delete(table).where(column == sa.bindparam("content"))
    for table, column in (
        (t.content, _C.id),
        (t.summary, t.summary.c.content),
        (t.content_text, t.content_text.c.content),
        (t.pending, t.pending.c.content),
    )
)
_RENEW: Final = (
    sa.update(t.draft)
    .values(renewed_at=sa.bindparam("renewed_at"))
    .where(t.draft.c.process == sa.bindparam("of_process"))
)
_ABANDONED: Final = sa.select(t.draft.c.content).where(
    t.draft.c.renewed_at < sa.bindparam("before")
)

#: One step of indexing reads no more than that, unless one content alone is larger.
STEP_CONTENTS: Final = 32
STEP_OCTETS: Final = 256 * 1024
#: Trigrams of longer text are not kept: noise of a megabyte takes seconds to write. Searches
#: look through the text itself.
INDEXED_CHARACTERS: Final = 64 * 1024
#: One step of sweeping removes no more chunks than that.
STEP_CHUNKS: Final = 32


@dataclass(frozen=True, slots=True)
class Indexed:
    """What was read out of a content."""

    content: int
    summary: Summary | None
    document: Document


def read_pending(session: Session) -> list[Indexed]:
    """Read some contents that are not indexed; empty when there are none."""
    waiting = [row[0] for row in session.all(_SOME_PENDING, most=STEP_CONTENTS)]
    octets = sizes(session, waiting)
    read: list[Indexed] = []
    total = 0
    for content in waiting:
        total += octets.get(content, 0)
        if read and total > STEP_OCTETS:
            break
        try:
            summary, document = made_document(session, content)
        except NoSuchMessage:
            read.append(Indexed(content, None, Document((), "")))
        except Exception:
            # It would come back at every step and hold up all others.
            _log.failure("content {content} cannot be indexed", content=content)
            read.append(Indexed(content, None, Document((), "")))
        else:
            read.append(Indexed(content, summary, document))
    return read


def keep_indexed(transaction: Transaction, read: list[Indexed]) -> None:
    """Write the summaries and texts of contents that no other process wrote meanwhile."""
    session = transaction.session
    there = _there(transaction, [each.content for each in read])
    mine = [each for each in read if session.run(_SETTLE, content=each.content)]
    mine = [each for each in mine if each.content in there]
    keep_summaries(
        transaction, {each.content: each.summary for each in mine if each.summary is not None}
    )
    session.many(_INSERT_TEXT, [_text_row(each) for each in mine])


def _text_row(read: Indexed) -> tuple[object, ...]:
    header, body = read.document.header(), read.document.body
    sent_day = read.summary.sent_day if read.summary else None
    long = len(header) + len(body) > INDEXED_CHARACTERS
    return (read.content, int(long), sent_day, header, body)


def _there(transaction: Transaction, contents: Collection[int]) -> set[int]:
    numbers = transaction.session.database.numbers(contents)
    return {row[0] for row in transaction.session.all(_THERE, contents=numbers)}


def keep_summaries(transaction: Transaction, summaries: Mapping[int, Summary]) -> None:
    """Write summaries of contents that are still there."""
    session = transaction.session
    there = _there(transaction, summaries.keys())
    session.run(_DROP_SUMMARIES, contents=session.database.numbers(there))
    session.many(
        _INSERT_SUMMARY, [(content, frozen(summaries[content])) for content in sorted(there)]
    )


def dead(session: Session, before: int) -> list[int]:
    """Give some contents that nothing has referred to since before that moment."""
    return [row[0] for row in session.all(_DEAD, before=before, most=STEP_CONTENTS)]


def sweep(transaction: Transaction, before: int, pinned: frozenset[int]) -> bool:
    """Remove some of what is dead, in one bounded step; say whether there was something.

    Args:
        before: microseconds; what died later may still be read in another process.
        pinned: contents that are being read in this one.
    """
    session = transaction.session
    budget = STEP_CHUNKS
    worked = False
    rows = session.all(_DEAD, before=before, most=STEP_CONTENTS + len(pinned))
    for content, _ in rows:
        if content in pinned:
            continue
        if budget <= 0:
            break
        base = content << t.CHUNK_BITS
        last = base | ((1 << t.CHUNK_BITS) - 1)
        chunks = [row[0] for row in session.all(_SOME_CHUNKS, first=base, last=last, most=budget)]
        session.run(_DROP_CHUNKS, chunks=session.database.numbers(chunks))
        worked = True
        if len(chunks) < budget:
            for statement in _DROP_REST:
                session.run(statement, content=content)
        budget -= len(chunks) + 1
    return worked


def renew_drafts(transaction: Transaction, process: str) -> None:
    """Say that this process's drafts are still being written."""
    transaction.session.run(_RENEW, renewed_at=transaction.now, of_process=process)


def bury_drafts(transaction: Transaction, before: int) -> None:
    """Leave the drafts that nobody has renewed since to the sweeper."""
    for (content,) in transaction.session.all(_ABANDONED, before=before):
        bury(transaction, content, 0)
