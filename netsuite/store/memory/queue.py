"""The outgoing queue of the memory store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from netsuite.store.changes import QueueChanged
from netsuite.store.memory.records import Records
from netsuite.store.model import QueueItem, QueueState, Settlement, check_settlements

_WILL_BE_DUE = frozenset({QueueState.WAITING, QueueState.CLAIMED})


class MemoryQueue:
    """Queue items; of a claimed one ``next_attempt`` is the end of its lease."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> Sequence[QueueItem]:
        """Take items that are due, for so long; an unsettled one comes back afterwards."""
        self._records.check_open()
        due = [
            item
            for item in self._records.queue.values()
            if item.state in _WILL_BE_DUE and item.next_attempt <= now
        ]
        claimed = []
        for item in sorted(due, key=_order)[:limit]:
            taken = replace(
                item,
                state=QueueState.CLAIMED,
                next_attempt=now + timedelta(seconds=lease_seconds),
            )
            self._records.queue[item.id] = taken
            claimed.append(taken)
        return claimed

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record what became of claimed items; a held one stays held."""
        records = self._records
        records.check_open()
        check_settlements(settlements)
        known = [s for s in settlements if s.item in records.queue]
        for settlement in known:
            item = records.queue[settlement.item]
            if settlement.state in (QueueState.DELIVERED, QueueState.FAILED):
                del records.queue[item.id]
                records.contents[item.content].references -= 1
                continue
            held = QueueState.HELD in (item.state, settlement.state)
            records.queue[item.id] = replace(
                item,
                state=QueueState.HELD if held else QueueState.WAITING,
                attempts=item.attempts + 1,
                next_attempt=settlement.next_attempt or item.next_attempt,
                last_reply=settlement.last_reply,
            )
        records.drop_unused()
        if known:
            records.publish(QueueChanged())

    async def items(self) -> Sequence[QueueItem]:
        """All, by next attempt."""
        self._records.check_open()
        return sorted(self._records.queue.values(), key=_order)

    async def hold(self, items: Sequence[int], held: bool) -> None:
        """Hold items, or release held ones for an attempt at once."""
        records = self._records
        records.check_open()
        changed = False
        for number in items:
            item = records.queue.get(number)
            if item is None or (item.state is QueueState.HELD) is held:
                continue
            changed = True
            if held:
                records.queue[number] = replace(item, state=QueueState.HELD)
            else:
                records.queue[number] = replace(
                    item, state=QueueState.WAITING, next_attempt=records.now()
                )
        if changed:
            records.publish(QueueChanged())

    async def next_due(self) -> datetime | None:
        """When the next item is due, or its lease ends."""
        self._records.check_open()
        return min(
            (i.next_attempt for i in self._records.queue.values() if i.state in _WILL_BE_DUE),
            default=None,
        )


def _order(item: QueueItem) -> tuple[datetime, int]:
    return item.next_attempt, item.id
