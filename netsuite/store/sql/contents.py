"""Contents read by any session: their sizes, their chunks, and what is made of them.

Where there is an object store (``Database.objects``), a large content may be there instead of in
chunks; whoever reads one must be in a thread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import sqlalchemy as sa

from netsuite.message.structure import Summary
from netsuite.store.errors import NoSuchMessage
from netsuite.store.sql import schema as t
from netsuite.store.sql.columns import Columns
from netsuite.store.sql.database import DatabaseSession, OneOf
from netsuite.store.summarize import (
    SEARCHED_OCTETS,
    Document,
    describe,
    document,
)

#: So much of an object is asked for at once: a question to the object store takes milliseconds.
OBJECT_OCTETS: Final = 16 * t.CHUNK_OCTETS

#: ``moved.state``: on its way to the object store; there; and to be removed from it.
MOVING: Final = 0
MOVED: Final = 1
DOOMED: Final = 2

_C: Final = t.content.c
_K: Final = t.chunk.c
_OCTETS: Final = sa.select(_C.octets).where(_C.id == sa.bindparam("content"))
_CHUNKS: Final = (
    sa.select(_K.data)
    .where(_K.id >= sa.bindparam("first"), _K.id <= sa.bindparam("last"))
    .order_by(_K.id.asc())
)
#: So many small contents come with one step: together they fit a processor's cache.
STEP_CONTENTS: Final = 64
_SMALL: Final = Columns(
    sa.select(_C.id, _K.data)
    .join_from(t.content, t.chunk, _K.id == _C.id * sa.literal_column(str(1 << t.CHUNK_BITS)))
    .where(OneOf(_C.id, "contents"), _C.octets <= sa.literal_column(str(t.CHUNK_OCTETS))),
    any_octets=True,
)
_CHUNK: Final = sa.select(_K.data).where(_K.id == sa.bindparam("chunk"))
_SIZES: Final = sa.select(_C.id, _C.octets).where(OneOf(_C.id, "contents"))
_KEY: Final = sa.select(t.moved.c.key).where(
    t.moved.c.content == sa.bindparam("content"), t.moved.c.state == MOVED
)


def octets_of(session: DatabaseSession, content: int) -> int:
    """Return a content's size. Raises NoSuchMessage."""
    return int(session.found(NoSuchMessage, _OCTETS, content=content)[0])


def sizes(session: DatabaseSession, contents: Collection[int]) -> dict[int, int]:
    """Return the sizes of the contents that are there."""
    return dict(session.all(_SIZES, contents=session.database.numbers(contents)))


def key_of(session: DatabaseSession, content: int) -> str | None:
    """Return the key of a content that is in the object store; None for one that is here."""
    if session.database.objects is None:
        return None
    row = session.one(_KEY, content=content)
    return None if row is None else str(row[0])


def whole(session: DatabaseSession, content: int) -> bytes:
    """Return a content; its size was judged before."""
    objects, key = session.database.objects, key_of(session, content)
    if objects is not None and key is not None:
        return objects.get(key)
    base = content << t.CHUNK_BITS
    rows = session.all(_CHUNKS, first=base, last=base | ((1 << t.CHUNK_BITS) - 1))
    return rows[0][0] if len(rows) == 1 else b"".join(row[0] for row in rows)


def chunk(session: DatabaseSession, content: int, number: int) -> bytes:
    """Return one chunk. Raises NoSuchMessage."""
    objects, key = session.database.objects, key_of(session, content)
    if objects is not None and key is not None:
        start = number * t.CHUNK_OCTETS
        return objects.get(key, start, start + t.CHUNK_OCTETS)
    row = session.found(NoSuchMessage, _CHUNK, chunk=content << t.CHUNK_BITS | number)
    return bytes(row[0])


def some(session: DatabaseSession, content: int, number: int) -> bytes:
    """Return one chunk; of a content in the object store those that come with it. Raises
    NoSuchMessage."""
    objects, key = session.database.objects, key_of(session, content)
    if objects is None or key is None:
        return chunk(session, content, number)
    start = number * t.CHUNK_OCTETS
    return objects.get(key, start, start + OBJECT_OCTETS)


def chunks(session: DatabaseSession, content: int, octets: int) -> Iterator[bytes]:
    """Return the chunks of a content, one at a time; of an object several at once."""
    objects, key = session.database.objects, key_of(session, content)
    if objects is not None and key is not None:
        for start in range(0, octets, OBJECT_OCTETS):
            yield objects.get(key, start, start + OBJECT_OCTETS)
        return
    for number in range(-(-octets // t.CHUNK_OCTETS)):
        yield chunk(session, content, number)


def small(session: DatabaseSession, contents: Collection[int]) -> dict[int, bytes]:
    """Return of some contents those that are one chunk here."""
    found: dict[int, bytes] = {}
    listed = list(contents)
    while listed:
        some, listed = listed[:STEP_CONTENTS], listed[STEP_CONTENTS:]
        ids, octets = _SMALL.read(session, contents=session.database.numbers(some))
        found.update(zip(ids, octets, strict=True))
    return found


def chunks_of(session: DatabaseSession, content: int) -> Iterator[bytes]:
    """Return the chunks of a content. Raises NoSuchMessage, when the first is asked for."""
    yield from chunks(session, content, octets_of(session, content))


def text_of(octets: Iterable[bytes], summary: Summary) -> Document:
    """Return the text of a content, reading no more of its octets than that takes."""
    start = _Beginning()
    for _ in start.keep(octets):
        if start.full:
            break
    return document(start.octets(), summary)


def read_whole(octets: Iterable[bytes]) -> tuple[Summary, Document]:
    """Return the summary and the text of a content, reading its octets once."""
    start = _Beginning()
    summary, _ = describe(start.keep(octets))
    return summary, document(start.octets(), summary)


class _Beginning:
    """The beginning of a content that passes, as much of it as is searched."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._kept = 0

    @property
    def full(self) -> bool:
        """Whether there is no need for more."""
        return self._kept >= SEARCHED_OCTETS

    def keep(self, octets: Iterable[bytes]) -> Iterator[bytes]:
        """Return the octets, and keep the first of them."""
        for piece in octets:
            if not self.full:
                self._pieces.append(piece)
                self._kept += len(piece)
            yield piece

    def octets(self) -> bytes:
        """Return what was kept."""
        return b"".join(self._pieces)[:SEARCHED_OCTETS]
