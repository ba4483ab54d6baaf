"""Attempts that are over: what became of their queue items, written together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Final

import sqlalchemy as sa

from netsuite.store.sql import schema as t
from netsuite.store.sql.database import DatabaseSession, OneOf

_Q: Final = t.queue.c
_E: Final = t.envelope.c
_C: Final = t.content.c
# A bound literal would ask for a value in every row of an executemany.
_ONE: Final = sa.literal_column("1", sa.BigInteger)
# Its values stand in the order of the table's columns.
_PUT_OFF: Final = (
    sa.update(t.queue)
    .values(
        warn_at=sa.bindparam("warn_at"),
        state=sa.bindparam("state"),
        lease=sa.bindparam("lease"),
        attempts=sa.bindparam("attempts"),
        next_at=sa.bindparam("next_at"),
        last_at=sa.bindparam("last_at"),
        last_reply=sa.bindparam("last_reply"),
        remote=sa.bindparam("remote"),
    )
    .where(_Q.id == sa.bindparam("item"))
)
_DROP: Final = sa.delete(t.queue).where(OneOf(_Q.id, "items"))
_DROP_EMPTY: Final = (
    sa.delete(t.envelope)
    .where(OneOf(_E.id, "messages"), ~sa.exists().where(_Q.envelope == _E.id))
    .returning(_E.content)
)
_RELEASE: Final = (
    sa.update(t.content)
    .values(
        refs=_C.refs - _ONE,
        died_at=sa.case((_C.refs == _ONE, sa.bindparam("died_at")), else_=sa.literal_column("0")),
    )
    .where(_C.id == sa.bindparam("of_content"))
)
_LESS: Final = sa.cast(sa.bindparam("less"), sa.BigInteger)
_RELEASE_MANY: Final = (
    sa.update(t.content)
    .values(
        refs=_C.refs - _LESS,
        died_at=sa.case((_C.refs == _LESS, sa.bindparam("died_at")), else_=sa.literal_column("0")),
    )
    .where(OneOf(_C.id, "contents"))
)
#: So many contents are released by one statement for all.
_MANY: Final = 16


class Attempts:
    """Items that are put off, and those that have ended, with the messages they were of."""

    def __init__(self) -> None:
        #: Columns in the order of ``_PUT_OFF``.
        self.put_off: list[tuple[object, ...]] = []
        self.ended: list[int] = []
        self.messages: set[int] = set()

    def write(self, session: DatabaseSession, now: int) -> None:
        """Write it down."""
        if self.put_off:
            session.many(_PUT_OFF, self.put_off)
        if self.ended:
            drop(session, self.ended, self.messages, now)
        self.clear()

    def clear(self) -> None:
        """Drop it."""
        self.put_off.clear()
        self.ended.clear()
        self.messages.clear()


def drop(
    session: DatabaseSession, items: Sequence[int], messages: Collection[int], now: int
) -> None:
    """Remove items of messages, and the messages that have none any more."""
    session.run(_DROP, items=session.database.numbers(items))
    empty = session.all(_DROP_EMPTY, messages=session.database.numbers(messages))
    release(session, [row[0] for row in empty], now)


def release(session: DatabaseSession, contents: Sequence[int], now: int) -> None:
    """Count one reference less of each content."""
    if len(contents) < _MANY:
        session.many(_RELEASE, [(now, content) for content in contents])
        return
    for times, some in by_times(contents):
        listed = session.database.numbers(some)
        session.run(_RELEASE_MANY, less=times, died_at=now, contents=listed)


def by_times(contents: Sequence[int]) -> Iterable[tuple[int, Sequence[int]]]:
    """Return the contents that are named so many times, for each number of times."""
    named: dict[int, list[int]] = {}
    for content, times in Counter(contents).items():
        named.setdefault(times, []).append(content)
    return named.items()
