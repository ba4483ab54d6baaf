"""Large contents on their way to the object store, behind delivery.

A message is accepted into the database, as ever: whether the object store can be reached decides
about nothing that anybody waits for. Later a content goes there in three steps, each of which may
be the last one that a process does:

1. It is claimed (a row of ``moved``), so that no other process sends it too, for a while.
2. The object is written. Its key is the content's GUID: written twice it is the same.
3. In one transaction the row says that it is there, and the chunks here are dropped.

Contents are looked through in the order of their ids, once: those below every draft, and below all
that is not indexed, have come or will never. Objects of contents that are gone are kept for a time,
since a backup of the database refers to them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from typing import ClassVar, Final, NamedTuple, Protocol, TypeVar

import sqlalchemy as sa

from netsuite.store.errors import StoreClosed
from netsuite.store.objects import KEYS_AT_ONCE, ObjectStore
from netsuite.store.sql import schema as t
from netsuite.store.sql.contents import DOOMED, MOVED, MOVING, chunks
from netsuite.store.sql.database import DatabaseSession
from netsuite.store.sql.parts import StoreParts
from netsuite.store.sql.transaction import SELECT_COUNTER, Transaction
from netsuite.store.sql.units import Unit

T = TypeVar("T")

#: Smaller contents are read on the reactor's thread, and kept whole in memory: they stay.
LEAST_OCTETS: Final = 64 * 1024 + 1
#: So many ids are looked through at once.
LOOK_AT: Final = 2_000
#: Who has not come back by then has died.
CLAIM_SECONDS: Final = 900
_MICRO: Final = 1_000_000
#: The counters of what has been looked through, and of the contents there are.
_LOOKED: Final = "moved"
_CONTENTS: Final = "content"

_C: Final = t.content.c
_M: Final = t.moved.c
#: By its partial index, for which a database needs the condition as it stands there.
_UNSETTLED: Final = sa.text("state <> 1")
_COMING: Final = sa.union_all(
    sa.select(t.draft.c.content), sa.select(t.pending.c.content)
).subquery()
_FIRST_COMING: Final = sa.select(sa.func.min(_COMING.c.content))
_LARGE: Final = (
    sa.select(_C.id, _C.guid, _C.octets)
    .where(
        _C.id > sa.bindparam("after"),
        _C.id < sa.bindparam("before"),
        _C.octets >= sa.bindparam("from_octets"),
        _C.refs > 0,
        ~sa.exists().where(_M.content == _C.id),
    )
    .order_by(_C.id.asc())
    .limit(1)
)
_ABANDONED: Final = (
    sa.select(_C.id, _C.guid, _C.octets)
    .join(t.moved, _M.content == _C.id)
    .where(_UNSETTLED, _M.state == MOVING, _M.at < sa.bindparam("before"))
    .limit(1)
)
_CLAIM: Final = sa.insert(t.moved)
_CLAIM_AGAIN: Final = (
    sa.update(t.moved).values(at=sa.bindparam("now")).where(_M.content == sa.bindparam("of"))
)
_SETTLE: Final = (
    sa.update(t.moved)
    .values(state=MOVED, at=sa.bindparam("now"))
    .where(_M.content == sa.bindparam("of"), _M.state == MOVING)
)
_DROP_CHUNKS: Final = sa.delete(t.chunk).where(
    t.chunk.c.id >= sa.bindparam("first"), t.chunk.c.id <= sa.bindparam("last")
)
_DOOM: Final = (
    sa.update(t.moved)
    .values(state=DOOMED, at=sa.bindparam("now"))
    .where(_M.content == sa.bindparam("of"))
)
_SOME_DOOMED: Final = (
    sa.select(_M.content, _M.key)
    .where(_UNSETTLED, _M.state == DOOMED, _M.at < sa.bindparam("before"))
    .limit(KEYS_AT_ONCE)
)
_FORGET: Final = sa.delete(t.moved).where(_M.content == sa.bindparam("of"), sa.text("state = 2"))
_ANY: Final = sa.select(_M.content).limit(1)


class Claimed(NamedTuple):
    """A content that is to be moved."""

    content: int
    guid: str
    octets: int


class Claim(Unit[Claimed | None]):
    """A content is claimed for this process. That can be lost: nothing has been done yet.

    Args:
        from_octets: smaller ones stay.
    """

    durable: ClassVar[bool] = False

    def __init__(self, objects: ObjectStore, from_octets: int) -> None:
        super().__init__()
        self._objects = objects
        self._from_octets = from_octets

    def apply(self, transaction: Transaction) -> Claimed | None:
        """Return the content; None when there is none among those that were looked through."""
        session, now = transaction.session, transaction.now
        found = session.one(_ABANDONED, before=now - CLAIM_SECONDS * _MICRO)
        if found is not None:
            session.run(_CLAIM_AGAIN, now=now, of=found[0])
            return Claimed(*found)
        after = transaction.counter(_LOOKED)
        before = min(_all_below(session), after + LOOK_AT + 1)
        found = session.one(_LARGE, after=after, before=before, from_octets=self._from_octets)
        looked = before - 1 if found is None else found[0]
        if looked > after:
            transaction.next(_LOOKED, looked - after)
        if found is None:
            return None
        claimed = Claimed(*found)
        key = self._objects.key_of(claimed.guid)
        session.many(_CLAIM, [(claimed.content, key, MOVING, now)])
        return claimed


def _counter(session: DatabaseSession, name: str) -> int:
    row = session.one(SELECT_COUNTER, name=name)
    return 0 if row is None else int(row[0])


def _all_below(session: DatabaseSession) -> int:
    """Return an id below which no content is still to come, or to be indexed."""
    first = session.single(_FIRST_COMING)[0]
    return _counter(session, _CONTENTS) + 1 if first is None else int(first)


def any_moved(session: DatabaseSession) -> bool:
    """Return whether contents are in an object store, or on their way."""
    return session.one(_ANY) is not None


def settle(transaction: Transaction, content: int) -> bool:
    """Note that a content is in the object store, and drop its chunks here; return whether it was
    still to be moved."""
    session = transaction.session
    if not session.run(_SETTLE, now=transaction.now, of=content):
        return False
    first = content << t.CHUNK_BITS
    session.run(_DROP_CHUNKS, first=first, last=first | ((1 << t.CHUNK_BITS) - 1))
    return True


def doom(transaction: Transaction, content: int) -> None:
    """Note that a content has gone, and its object, if it has one, is to go."""
    transaction.session.run(_DOOM, now=transaction.now, of=content)


class InThread(Protocol):
    """Runs a function in a thread of its own."""

    def __call__(self, function: Callable[[], T], /) -> Awaitable[T]:
        """Return what it returns."""


class Offloading:
    """Moves the large contents of one store, one at a time.

    Args:
        from_octets: smaller contents stay in the database.
        keep_seconds: how long objects of contents that are gone are kept.
    """

    def __init__(
        self,
        shared: StoreParts,
        objects: ObjectStore,
        in_thread: InThread,
        *,
        from_octets: int,
        keep_seconds: float,
    ) -> None:
        self._shared = shared
        self._objects = objects
        self._in_thread = in_thread
        self._from_octets = max(from_octets, LEAST_OCTETS)
        self._keep = int(keep_seconds * _MICRO)
        self._stopping = False

    def stop(self) -> None:
        """Leave a content that is being sent: it is claimed again later."""
        self._stopping = True

    async def step(self) -> bool:
        """Move a content, or remove objects; return whether there may be more to do.

        Raises:
            StoreError: the object store, or the database, cannot be used now. What was claimed is
                taken up again after a while.
        """
        shared = self._shared
        if not await shared.readers.run_in_thread(self._is_anything_to_do):
            return False
        claimed = await shared.writer.submit(Claim(self._objects, self._from_octets))
        if claimed is None:
            await self._remove()
            return True
        key = self._objects.key_of(claimed.guid)
        await self._in_thread(lambda: self._objects.put(key, self._pieces(claimed)))
        await shared.writer.call(lambda tr: settle(tr, claimed.content))
        return True

    def _is_anything_to_do(self, session: DatabaseSession) -> bool:
        now = self._shared.now()
        return (
            _counter(session, _LOOKED) < _all_below(session) - 1
            or session.one(_ABANDONED, before=now - CLAIM_SECONDS * _MICRO) is not None
            or session.one(_SOME_DOOMED, before=now - self._keep) is not None
        )

    def _pieces(self, claimed: Claimed) -> Iterator[bytes]:
        """Return the chunks of a content, by a connection of its own."""
        with closing(self._shared.database.session()) as session:
            for piece in chunks(session, claimed.content, claimed.octets):
                if self._stopping:
                    raise StoreClosed("the store is closing")
                yield piece

    async def _remove(self) -> None:
        """Remove some objects whose contents have been gone for long enough."""
        shared = self._shared
        before = shared.now() - self._keep
        doomed = await shared.readers.run_in_thread(lambda s: s.all(_SOME_DOOMED, before=before))
        if doomed:
            await self._in_thread(lambda: self._objects.drop([key for _, key in doomed]))
            rows = [(content,) for content, _ in doomed]
            await shared.writer.call(lambda tr: tr.session.many(_FORGET, rows))
