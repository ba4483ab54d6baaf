"""The outgoing queue of the memory store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from netsuite.store.changes import Change, QueueChanged
from netsuite.store.errors import OverQuota
from netsuite.store.interfaces import Report
from netsuite.store.memory.mail import MemoryMail
from netsuite.store.memory.records import Records
from netsuite.store.model import Placed, Placement
from netsuite.store.outgoing import (
    ALL,
    ENDS,
    LeaseLost,
    Outgoing,
    QueueCount,
    QueueFilter,
    QueueItem,
    QueueState,
    Settled,
    Settlement,
    check_settlements,
)


class MemoryQueue:
    """Queue items; of one that is being tried ``next_attempt`` is the end of its lease."""

    def __init__(self, records: Records, mail: MemoryMail) -> None:
        self._records = records
        self._mail = mail

    def _wanted(self, wanted: QueueFilter = ALL) -> list[QueueItem]:
        self._records.check_open()
        return [item for item in self._records.queue.values() if _fits(item, wanted)]

    def _waiting(self, without: Collection[str]) -> list[QueueItem]:
        return [
            item
            for item in self._wanted(QueueFilter(held=False))
            if item.recipient.domain not in without
        ]

    def _leased(self, lease: int, number: int) -> bool:
        item = self._records.queue.get(number)
        return item is not None and item.lease == lease != 0

    async def claim(
        self,
        *,
        limit: int,
        per_domain: int,
        lease_seconds: float,
        without: Collection[str] = (),
    ) -> Sequence[QueueItem]:
        """Take items that are due, oldest first."""
        now = self._records.now()
        due = [item for item in self._waiting(without) if item.next_attempt <= now]
        due.sort(key=lambda item: (item.next_attempt, item.id))
        taken: Counter[str] = Counter()
        claimed: list[QueueItem] = []
        lease = self._records.next_id()
        for item in due:
            if len(claimed) == limit:
                break
            if taken[item.recipient.domain] < per_domain:
                taken[item.recipient.domain] += 1
                claimed.append(
                    replace(
                        item,
                        state=QueueState.TRYING,
                        lease=lease,
                        next_attempt=now + timedelta(seconds=lease_seconds),
                    )
                )
        self._records.queue.update((item.id, item) for item in claimed)
        return claimed

    async def renew(self, lease: int, items: Sequence[int], lease_seconds: float) -> None:
        """Have a lease end so much after now. Raises LeaseLost."""
        records = self._records
        records.check_open()
        lost = [number for number in items if not self._leased(lease, number)]
        if lost:
            raise LeaseLost(lost)
        until = records.now() + timedelta(seconds=lease_seconds)
        for number in items:
            records.queue[number] = replace(records.queue[number], next_attempt=until)

    async def settle(
        self,
        settlements: Sequence[Settlement],
        *,
        placements: Sequence[Placement] = (),
        report: Report | None = None,
        onward: Outgoing | None = None,
        replies: Sequence[Report] = (),
    ) -> Settled:
        """Record what became of claimed items of one message, all at once or nothing."""
        records = self._records
        records.check_open()
        check_settlements(settlements)
        lost = [each.item for each in settlements if not self._leased(each.lease, each.item)]
        if lost:
            raise LeaseLost(lost)
        content = records.contents[records.queue[settlements[0].item].content]
        octets = len(content.octets)
        full = records.full([(records.folder(each.folder), octets) for each in placements])
        if full:
            raise OverQuota(*full.values())
        mail = self._mail
        reports = [*([] if report is None else [report]), *replies]
        ready = [mail.check(each.draft, each.placements, each.onward) for each in reports]
        stored = [mail.store(each) for each in ready]
        told: Sequence[Placed] = stored[0] if report is not None else ()
        changes: list[Change] = [QueueChanged()]
        if onward is not None and onward.recipients:
            mail.enqueue(content, onward.envelope, onward.recipients)
        placed = [mail.place(content, placement, changes) for placement in placements]
        for each in settlements:
            self._settle(each)
        records.drop_unused()
        records.publish(*changes)
        return Settled(placed, told)

    def _settle(self, settlement: Settlement) -> None:
        records = self._records
        item = records.queue[settlement.item]
        if settlement.state in ENDS:
            del records.queue[item.id]
            records.contents[item.content].references -= 1
            return
        tried = settlement.state is QueueState.DEFERRED
        warn = None if settlement.warned else item.recipient.warn
        records.queue[item.id] = replace(
            item,
            recipient=replace(item.recipient, warn=warn),
            state=QueueState.DEFERRED if tried or item.attempts else QueueState.QUEUED,
            lease=0,
            attempts=item.attempts + tried,
            next_attempt=settlement.next_attempt or item.next_attempt,
            last_attempt=records.now() if tried else item.last_attempt,
            last_reply=settlement.last_reply or item.last_reply,
            remote=settlement.remote if settlement.last_reply else item.remote,
        )

    async def items(
        self, wanted: QueueFilter = ALL, *, after: int = 0, limit: int = 1000
    ) -> Sequence[QueueItem]:
        """Return items in the order they were queued, a page of them."""
        return [item for item in self._wanted(wanted) if item.id > after][:limit]

    async def count(self, wanted: QueueFilter = ALL) -> QueueCount:
        """Count items."""
        items = self._wanted(wanted)
        messages = {item.message for item in items}
        return QueueCount(
            len(items), len(messages), min((item.queued for item in items), default=None)
        )

    async def hold(self, wanted: QueueFilter, held: bool) -> int:
        """Hold items, or release held ones."""
        now = self._records.now()
        items = [item for item in self._wanted(wanted) if item.held is not held]
        for item in items:
            due = item.next_attempt if held or item.lease else now
            self._records.queue[item.id] = replace(item, held=held, next_attempt=due)
        return self._changed(len(items))

    async def retry(self, wanted: QueueFilter) -> int:
        """Have items tried at once that wait for it."""
        items = [item for item in self._wanted(wanted) if not item.lease and not item.held]
        for item in items:
            self._records.queue[item.id] = replace(item, next_attempt=self._records.now())
        return self._changed(len(items))

    async def expire(self, wanted: QueueFilter) -> int:
        """Have the time of items end now, and have them tried a last time."""
        now = self._records.now()
        items = self._wanted(wanted)
        for item in items:
            self._records.queue[item.id] = replace(
                item,
                recipient=replace(item.recipient, expires=min(item.recipient.expires, now)),
                held=False,
                next_attempt=item.next_attempt if item.lease else now,
            )
        return self._changed(len(items))

    async def delete(self, wanted: QueueFilter) -> int:
        """Remove items, and tell nobody."""
        items = self._wanted(wanted)
        for item in items:
            del self._records.queue[item.id]
            self._records.contents[item.content].references -= 1
        self._records.drop_unused()
        return self._changed(len(items))

    def _changed(self, count: int) -> int:
        if count:
            self._records.publish(QueueChanged())
        return count

    async def next_due(self, without: Collection[str] = ()) -> datetime | None:
        """Return when the next item is due, or its lease ends."""
        return min((item.next_attempt for item in self._waiting(without)), default=None)


def _fits(item: QueueItem, wanted: QueueFilter) -> bool:
    return (
        (not wanted.ids or item.id in wanted.ids)
        and wanted.message in (None, item.message)
        and wanted.sender.lower() in ("", item.envelope.sender.lower())
        and wanted.recipient.lower() in ("", item.recipient.address.lower())
        and wanted.domain.lower() in ("", item.recipient.domain)
        and wanted.held in (None, item.held)
    )
