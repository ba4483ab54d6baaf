"""Contents read by any session: their sizes, their chunks, and what is made of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import sqlalchemy as sa

from netsuite.message.structure import Summary
from netsuite.store.errors import NoSuchMessage
from netsuite.store.sql import schema as t
from netsuite.store.sql.database import DatabaseSession, OneOf
from netsuite.store.summarize import SEARCHED_OCTETS, Document, document, summarize

_C: Final = t.content.c
_K: Final = t.chunk.c
_OCTETS: Final = sa.select(_C.octets).where(_C.id == sa.bindparam("content"))
_CHUNKS: Final = (
    sa.select(_K.data)
    .where(_K.id >= sa.bindparam("first"), _K.id <= sa.bindparam("last"))
    .order_by(_K.id.asc())
)
_CHUNK: Final = sa.select(_K.data).where(_K.id == sa.bindparam("chunk"))
_SIZES: Final = sa.select(_C.id, _C.octets).where(OneOf(_C.id, "contents"))


def octets_of(session: DatabaseSession, content: int) -> int:
    """Return a content's size. Raises NoSuchMessage."""
    return int(session.found(NoSuchMessage, _OCTETS, content=content)[0])


def sizes(session: DatabaseSession, contents: Collection[int]) -> dict[int, int]:
    """Return the sizes of the contents that are there."""
    return dict(session.all(_SIZES, contents=session.database.numbers(contents)))


def whole(session: DatabaseSession, content: int) -> bytes:
    """Return a content; its size was judged before."""
    base = content << t.CHUNK_BITS
    rows = session.all(_CHUNKS, first=base, last=base | ((1 << t.CHUNK_BITS) - 1))
    return rows[0][0] if len(rows) == 1 else b"".join(row[0] for row in rows)


def chunk(session: DatabaseSession, content: int, number: int) -> bytes:
    """Return one chunk. Raises NoSuchMessage."""
    row = session.found(NoSuchMessage, _CHUNK, chunk=content << t.CHUNK_BITS | number)
    return bytes(row[0])


def chunks(session: DatabaseSession, content: int, octets: int) -> Iterator[bytes]:
    """Return the chunks of a content, one at a time."""
    for number in range(-(-octets // t.CHUNK_OCTETS)):
        yield chunk(session, content, number)


def make_summary(session: DatabaseSession, content: int) -> Summary:
    """Make a summary, reading the content once. Raises NoSuchMessage."""
    return summarize(chunks(session, content, octets_of(session, content)))


def make_document(session: DatabaseSession, content: int) -> tuple[Summary, Document]:
    """Make a summary and the text, reading the content once. Raises NoSuchMessage."""
    octets = octets_of(session, content)
    if octets <= SEARCHED_OCTETS:
        read = whole(session, content)
        summary = summarize([read])
        return summary, document(read, summary)
    start: list[bytes] = []

    def keeping_the_start() -> Iterator[bytes]:
        for number, part in enumerate(chunks(session, content, octets)):
            if number * t.CHUNK_OCTETS < SEARCHED_OCTETS:
                start.append(part)
            yield part

    summary = summarize(keeping_the_start())
    return summary, document(b"".join(start)[:SEARCHED_OCTETS], summary)
