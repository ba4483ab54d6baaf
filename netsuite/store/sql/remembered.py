"""Values that a store on SQL remembers until a moment: written together, swept at their end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

import sqlalchemy as sa

from netsuite.store.sql import schema as t
from netsuite.store.sql.database import DatabaseSession
from netsuite.store.sql.parts import StoreParts
from netsuite.store.sql.transaction import Transaction
from netsuite.store.sql.units import Unit
from netsuite.store.timestamps import to_microseconds

#: So many are written, or swept, in one step, so that no other unit waits for long.
STEP: Final = 1000

_R: Final = t.remembered.c
_NOW: Final[sa.BindParameter[int]] = sa.bindparam("now")
_GOOD: Final = sa.select(_R.value).where(
    _R.kind == sa.bindparam("kind"), _R.key == sa.bindparam("key"), _R.expires_at > _NOW
)
_INSERT: Final = sa.insert(t.remembered)
_DROP: Final = sa.delete(t.remembered).where(
    _R.kind == sa.bindparam("of_kind"), _R.key == sa.bindparam("of_key")
)
_COUNT: Final = sa.select(sa.func.count()).where(_R.kind == sa.bindparam("kind"))
_FIRST: Final = (
    sa.select(_R.kind, _R.key)
    .where(_R.kind == sa.bindparam("kind"))
    .order_by(_R.expires_at)
    .limit(sa.bindparam("most"))
)
_EXPIRED: Final = (
    sa.select(_R.kind, _R.key)
    .where(_R.expires_at <= _NOW)
    .order_by(_R.expires_at)
    .limit(sa.bindparam("most"))
)

#: By kind and key the value and its end in microseconds; None for what is to be dropped.
_Changes = dict[tuple[str, str], tuple[str, int] | None]


class _Remembering(Unit[None]):
    """Values that were gathered. Their loss is harmless, so they want no fsync of their own.

    Args:
        trimmed: kinds of which there may be too many.
        most: how many of a kind are kept.
    """

    needs_savepoint: ClassVar[bool] = False
    durable: ClassVar[bool] = False
    grows: ClassVar[bool] = True

    def __init__(self, changes: _Changes, trimmed: frozenset[str], most: int) -> None:
        super().__init__()
        self._changes = changes
        self._trimmed = trimmed
        self._most = most

    def apply(self, transaction: Transaction) -> None:
        """Put each in place of what its key had."""
        session = transaction.session
        session.many(_DROP, list(self._changes))
        kept = [(*place, *each) for place, each in self._changes.items() if each is not None]
        session.insert(_INSERT, kept)
        for kind in self._trimmed:
            (count,) = session.single(_COUNT, kind=kind)
            if count > self._most:
                session.many(_DROP, session.all(_FIRST, kind=kind, most=count - self._most))


class _Claim(Unit[bool]):
    """A value that is kept where its key has none that is still good; whether it was is the result.

    Whatever durable is done because of it is committed behind it, so it wants no fsync either.

    Args:
        anyway: it is kept in any case: what is there is to be forgotten.
    """

    needs_savepoint: ClassVar[bool] = False
    durable: ClassVar[bool] = False
    grows: ClassVar[bool] = True

    def __init__(self, kept: _Remembering, place: tuple[str, str], *, anyway: bool) -> None:
        super().__init__()
        self._kept = kept
        self._place = place
        self._anyway = anyway

    def apply(self, transaction: Transaction) -> bool:
        """Keep it, unless somebody has."""
        kind, key = self._place
        there = transaction.session.one(_GOOD, kind=kind, key=key, now=transaction.now)
        if there is not None and not self._anyway:
            return False
        self._kept.apply(transaction)
        return True


def probe(process: str, until: int) -> Unit[None]:
    """Return a value that nobody misses, to be written: whether it can be is what somebody wants
    to know."""
    return _Remembering({("probe", process): ("", until)}, frozenset(), 0)


class Expiry(Unit[None]):
    """The end of some values whose time is over."""

    needs_savepoint: ClassVar[bool] = False
    durable: ClassVar[bool] = False

    def apply(self, transaction: Transaction) -> None:
        """Remove some of them."""
        session = transaction.session
        session.many(_DROP, session.all(_EXPIRED, now=transaction.now, most=STEP))


def has_expired(session: DatabaseSession, now: int) -> bool:
    """Return whether there are values whose time is over."""
    return session.one(_EXPIRED, now=now, most=1) is not None


class SQLRemembered:
    """Values by kind and key.

    Args:
        most: how many of a kind are kept, and some per cent more until they are counted again.
    """

    def __init__(self, shared: StoreParts, most: int) -> None:
        self._shared = shared
        self._most = most
        self._waiting: _Changes = {}
        self._writing: Mapping[tuple[str, str], tuple[str, int] | None] = {}
        self._uncounted: dict[str, int] = {}

    async def recall(self, kind: str, key: str) -> str | None:
        """Return a value that is still good, written already or not."""
        shared, now, place = self._shared, self._shared.now(), (kind, key)
        shared.check_open()
        for changes in (self._waiting, self._writing):
            if place in changes:
                found = changes[place]
                return found[0] if found is not None and found[1] > now else None
        row = await shared.read(lambda s: s.one(_GOOD, kind=kind, key=key, now=now), inline=True)
        return None if row is None else str(row[0])

    def remember(self, kind: str, key: str, value: str, until: datetime) -> None:
        """Keep a value, in place of what the key had."""
        self._change(kind, key, (value, to_microseconds(until)))

    async def claim(self, kind: str, key: str, until: datetime) -> bool:
        """Keep an empty value, unless the key has one; return whether it had none."""
        if await self.recall(kind, key) is not None:
            return False
        place = kind, key
        forgotten = place in self._waiting
        self._waiting.pop(place, None)
        changes: _Changes = {place: ("", to_microseconds(until))}
        kept = _Remembering(changes, self._to_count(changes), self._most)
        return await self._shared.writer.submit(_Claim(kept, place, anyway=forgotten))

    def forget(self, kind: str, key: str) -> None:
        """Drop a value, if there is one."""
        self._change(kind, key, None)

    def _change(self, kind: str, key: str, change: tuple[str, int] | None) -> None:
        self._shared.check_open()
        self._waiting.pop((kind, key), None)
        self._waiting[kind, key] = change
        self._bound()

    def _bound(self) -> None:
        """Drop the oldest of what waits, while nothing can be written."""
        while len(self._waiting) > self._most:
            del self._waiting[next(iter(self._waiting))]

    async def write(self) -> None:
        """Write what waits, in steps."""
        while self._waiting:
            await self._write(list(self._waiting)[:STEP])

    async def _write(self, places: Sequence[tuple[str, str]]) -> None:
        changes = {place: self._waiting.pop(place) for place in places}
        self._writing = changes
        try:
            await self._shared.writer.submit(
                _Remembering(changes, self._to_count(changes), self._most)
            )
        except BaseException:
            self._waiting = changes | self._waiting
            self._bound()
            raise
        finally:
            self._writing = {}

    def _to_count(self, places: Iterable[tuple[str, str]]) -> frozenset[str]:
        """Return the kinds of which so much was written that they are to be counted: to count
        takes a millisecond or two, which is too long for every second."""
        counted = set()
        for kind, _ in places:
            self._uncounted[kind] = self._uncounted.get(kind, self._most) + 1
            if self._uncounted[kind] > self._most // 50:
                counted.add(kind)
        for kind in counted:
            self._uncounted[kind] = 0
        return frozenset(counted)
