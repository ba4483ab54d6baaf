"""The outgoing queue of the memory store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from netsuite.store.changes import QueueChanged
from netsuite.store.memory.world import World
from netsuite.store.model import QueueItem, QueueState, Settlement, check_settlements

_WILL_BE_DUE = frozenset({QueueState.WAITING, QueueState.CLAIMED})


class MemoryQueue:
    """Queue items; of a claimed one ``next_attempt`` is the end of its lease."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> Sequence[QueueItem]:
        """Take items that are due, for so long; an unsettled one comes back afterwards."""
        self._world.check_open()
        due = [
            item
            for item in self._world.queue.values()
            if item.state in _WILL_BE_DUE and item.next_attempt <= now
        ]
        claimed = []
        for item in sorted(due, key=_order)[:limit]:
            taken = replace(
                item,
                state=QueueState.CLAIMED,
                next_attempt=now + timedelta(seconds=lease_seconds),
            )
            self._world.queue[item.id] = taken
            claimed.append(taken)
        return claimed

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record what became of claimed items; a held one stays held."""
        world = self._world
        world.check_open()
        check_settlements(settlements)
        known = [s for s in settlements if s.item in world.queue]
        for settlement in known:
            item = world.queue[settlement.item]
            if settlement.state in (QueueState.DELIVERED, QueueState.FAILED):
                del world.queue[item.id]
                world.contents[item.content].references -= 1
                continue
            held = QueueState.HELD in (item.state, settlement.state)
            world.queue[item.id] = replace(
                item,
                state=QueueState.HELD if held else QueueState.WAITING,
                attempts=item.attempts + 1,
                next_attempt=settlement.next_attempt or item.next_attempt,
                last_reply=settlement.last_reply,
            )
        world.drop_unused()
        if known:
            world.publish(QueueChanged())

    async def items(self) -> Sequence[QueueItem]:
        """All, by next attempt."""
        self._world.check_open()
        return sorted(self._world.queue.values(), key=_order)

    async def hold(self, items: Sequence[int], held: bool) -> None:
        """Hold items, or release held ones for an attempt at once."""
        world = self._world
        world.check_open()
        changed = False
        for number in items:
            item = world.queue.get(number)
            if item is None or (item.state is QueueState.HELD) is held:
                continue
            changed = True
            if held:
                world.queue[number] = replace(item, state=QueueState.HELD)
            else:
                world.queue[number] = replace(
                    item, state=QueueState.WAITING, next_attempt=world.now()
                )
        if changed:
            world.publish(QueueChanged())

    async def next_due(self) -> datetime | None:
        """When the next item is due, or its lease ends."""
        self._world.check_open()
        return min(
            (i.next_attempt for i in self._world.queue.values() if i.state in _WILL_BE_DUE),
            default=None,
        )


def _order(item: QueueItem) -> tuple[datetime, int]:
    return item.next_attempt, item.id
