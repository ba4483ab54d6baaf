"""The outgoing queue on SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from netsuite.store.changes import QueueChanged
from netsuite.store.model import QueueItem, QueueState, Settlement, check_settlements
from netsuite.store.sql import schema as t
from netsuite.store.sql.database import OneOf
from netsuite.store.sql.messages import release
from netsuite.store.sql.parts import StoreParts
from netsuite.store.sql.rows import SELECT_QUEUE, item_of
from netsuite.store.sql.transaction import Transaction
from netsuite.store.timestamps import from_microseconds, to_microseconds

_Q: Final = t.queue.c
_WAITING: Final = QueueState.WAITING.value
_CLAIMED: Final = QueueState.CLAIMED.value
_HELD: Final = QueueState.HELD.value
_ORDER: Final = (_Q.next_at.asc(), _Q.id.asc())
# The states as literals: an expanding IN has no place in a statement that is compiled once.
_LIVE: Final = sa.text("state IN ('waiting', 'claimed')")
_DUE: Final = (
    SELECT_QUEUE.where(_LIVE, _Q.next_at <= sa.bindparam("now"))
    .order_by(*_ORDER)
    .limit(sa.bindparam("most"))
)
_NEXT: Final = sa.select(sa.func.min(_Q.next_at)).where(_LIVE)
_ALL: Final = SELECT_QUEUE.order_by(*_ORDER)
_SOME: Final = SELECT_QUEUE.where(OneOf(_Q.id, "items"))
_SET: Final = (
    sa.update(t.queue)
    .values(
        state=sa.bindparam("state"),
        attempts=sa.bindparam("attempts"),
        next_at=sa.bindparam("next_at"),
        last_reply=sa.bindparam("last_reply"),
    )
    .where(_Q.id == sa.bindparam("of_item"))
)
_DROP: Final = sa.delete(t.queue).where(OneOf(_Q.id, "items"))
_ENDED: Final = frozenset({QueueState.DELIVERED, QueueState.FAILED})


class SQLQueue:
    """Queue items; of a claimed one ``next_attempt`` is the end of its lease."""

    def __init__(self, shared: StoreParts) -> None:
        self._shared = shared

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> Sequence[QueueItem]:
        """Take items that are due, for so long; an unsettled one comes back afterwards."""
        moment = to_microseconds(now)
        first = await self.next_due()
        if first is None or first > now:
            return []

        def take(transaction: Transaction) -> list[QueueItem]:
            session = transaction.session
            transaction.flush()
            rows = session.all(_DUE, now=moment, most=limit)
            until = moment + int(lease_seconds * 1_000_000)
            session.many(_SET, [(_CLAIMED, row[9], until, row[12], row[0]) for row in rows])
            return [item_of((*row[:8], _CLAIMED, *row[9:11], until, row[12])) for row in rows]

        return await self._shared.write(take)

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record what became of claimed items; a held one stays held."""
        check_settlements(settlements)

        def settle(transaction: Transaction) -> None:
            session = transaction.session
            transaction.flush()
            numbers = session.database.numbers([s.item for s in settlements])
            known = {row[0]: row for row in session.all(_SOME, items=numbers)}
            ended: dict[int, int] = {}
            rows = []
            for settlement in settlements:
                row = known.get(settlement.item)
                if row is None:
                    continue
                if settlement.state in _ENDED:
                    ended[row[0]] = row[1]
                    continue
                held = _HELD in (row[8], settlement.state.value)
                moment = settlement.next_attempt
                next_at = row[11] if moment is None else to_microseconds(moment)
                rows.append(
                    (
                        _HELD if held else _WAITING, row[9] + 1, next_at, settlement.last_reply,
                        row[0],
                    )
                )  # fmt: skip
            session.many(_SET, rows)
            session.run(_DROP, items=session.database.numbers(ended))
            release(transaction, list(ended.values()))
            if known:
                transaction.changes.append(QueueChanged())

        await self._shared.write(settle)

    async def items(self) -> Sequence[QueueItem]:
        """All, by next attempt."""
        return [
            item_of(row) for row in await self._shared.read(lambda s: s.all(_ALL), inline=False)
        ]

    async def hold(self, items: Sequence[int], held: bool) -> None:
        """Hold items, or release held ones for an attempt at once."""

        def hold(transaction: Transaction) -> None:
            session = transaction.session
            transaction.flush()
            rows = session.all(_SOME, items=session.database.numbers(items))
            wanted = [row for row in rows if (row[8] == _HELD) is not held]
            session.many(
                _SET,
                [
                    (
                        _HELD if held else _WAITING, row[9],
                        row[11] if held else transaction.now, row[12], row[0],
                    )
                    for row in wanted
                ],
            )  # fmt: skip
            if wanted:
                transaction.changes.append(QueueChanged())

        await self._shared.write(hold)

    async def next_due(self) -> datetime | None:
        """When the next item is due, or its lease ends."""
        (due,) = await self._shared.read(lambda s: s.single(_NEXT), inline=True)
        return None if due is None else from_microseconds(due)
