"""The outgoing queue on SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Final

import sqlalchemy as sa

from netsuite.store.changes import QueueChanged
from netsuite.store.errors import OverQuota
from netsuite.store.interfaces import Report
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
from netsuite.store.sql import schema as t
from netsuite.store.sql.attempts import drop
from netsuite.store.sql.database import DatabaseSession, OneOf, Row
from netsuite.store.sql.delivery import Delivery, Together, enqueue, over_quota, place
from netsuite.store.sql.mail import SQLMail
from netsuite.store.sql.messages import retain
from netsuite.store.sql.parts import StoreParts
from netsuite.store.sql.rows import SELECT_QUEUE, item_of, leased_of
from netsuite.store.sql.transaction import PENDING, Transaction
from netsuite.store.sql.units import Unit
from netsuite.store.timestamps import from_microseconds, to_microseconds

_Q: Final = t.queue.c
_E: Final = t.envelope.c
_NOW: Final[sa.BindParameter[int]] = sa.bindparam("now")
_FREE: Final = (_Q.held == 0, sa.not_(OneOf(_Q.domain, "without")))
_DUE: Final = (
    sa.select(_Q.id, _Q.domain)
    .where(*_FREE, _Q.next_at <= _NOW)
    .order_by(_Q.next_at, _Q.id)
    .limit(sa.bindparam("most"))
)
_NEXT: Final = sa.select(sa.func.min(_Q.next_at)).where(*_FREE)
_SOME: Final = SELECT_QUEUE.where(OneOf(_Q.id, "items"))
_TAKE: Final = (
    sa.update(t.queue)
    .values(
        state=sa.bindparam("new_state"),
        lease=sa.bindparam("of_lease"),
        next_at=sa.bindparam("until"),
    )
    .where(OneOf(_Q.id, "items"))
)
# In the order of ``leased_of``.
_LEASED: Final = sa.select(
    _Q.id, _Q.lease, _Q.envelope, _Q.attempts, _Q.warn_at, _Q.last_at, _Q.last_reply, _Q.remote
).where(OneOf(_Q.id, "items"), _Q.lease != 0)
_RENEW: Final = (
    sa.update(t.queue).values(next_at=sa.bindparam("until")).where(OneOf(_Q.id, "items"))
)
_CONTENT: Final = sa.select(_E.content, _E.octets).where(_E.id == sa.bindparam("message"))
#: Whether text of a content is, or will be, found by who searches.
_SEARCHED: Final = sa.union_all(
    *(
        sa.select(column).where(column == sa.bindparam("content"))
        for column in (t.pending.c.content, t.content_text.c.content)
    )
)
_HOLD: Final = sa.update(t.queue).values(held=sa.bindparam("is_held")).where(OneOf(_Q.id, "items"))
_EXPIRE: Final = (
    sa.update(t.queue).values(expires_at=_NOW).where(OneOf(_Q.id, "items"), _Q.expires_at > _NOW)
)
_AT_ONCE: Final = (
    sa.update(t.queue).values(next_at=_NOW).where(OneOf(_Q.id, "items"), _Q.lease == 0)
)


class Settling(Unit[Settled]):
    """The end of an attempt: what became of items, where their message goes, what is reported."""

    # Everything that refuses does so before anything is changed.
    needs_savepoint: ClassVar[bool] = False

    def __init__(
        self,
        settlements: Sequence[Settlement],
        placements: Sequence[Placement],
        report: Delivery | None,
        onward: Outgoing | None = None,
    ) -> None:
        super().__init__()
        self._onward = onward
        self._settlements = settlements
        self._placements = placements
        self._report = report
        self.octets = 0 if report is None else report.octets

    def apply(self, transaction: Transaction) -> Settled:
        """Check, then do it. Raises LeaseLost, and what a delivery does."""
        rows = self._leased(transaction)
        known = [(each, rows.get(each.item)) for each in self._settlements]
        lost = [each.item for each, row in known if row is None or row[1] != each.lease]
        if lost:
            raise LeaseLost(lost)
        message = next(iter(rows.values()))[2]
        if self._placements:
            self._check_room(transaction, message)
        told = self._report.apply(transaction) if self._report is not None else ()
        placed = self._place(transaction, message) if self._placements else ()
        if self._onward is not None and self._onward.recipients:
            content, octets = transaction.session.single(_CONTENT, message=message)
            retain(transaction, [content])
            enqueue(transaction, content, octets, self._onward.envelope, self._onward.recipients)
        put_off = [
            _after(each, row, transaction.now)
            for each, row in known
            if row is not None and each.state not in ENDS
        ]
        attempts = transaction.attempts
        attempts.put_off += put_off
        ended = [each.item for each in self._settlements if each.state in ENDS]
        if ended:
            attempts.ended += ended
            attempts.messages.add(message)
        for each in self._settlements:
            transaction.leased.pop(each.item, None)
        transaction.changes.append(QueueChanged())
        return Settled(placed, told)

    def _leased(self, transaction: Transaction) -> Mapping[int, Row]:
        """Return the items as they were claimed: those that this process has claimed are known.
        To ask for each message's, and to write down the end of each by itself, took 61
        microseconds a message; it takes 3 so, and a share of what the commit writes."""
        known = transaction.leased
        rows = {each.item: known[each.item] for each in self._settlements if each.item in known}
        if len(rows) == len(self._settlements):
            return rows
        transaction.flush()  # what was queued a moment ago can be claimed, and settled
        session = transaction.session
        items = session.database.numbers([each.item for each in self._settlements])
        return {row[0]: row for row in session.all(_LEASED, items=items)}

    def _check_room(self, transaction: Transaction, message: int) -> None:
        """Check that there is room for the message. Raises OverQuota, NoSuchFolder."""
        _, octets = transaction.session.single(_CONTENT, message=message)
        folders = [transaction.folder(each.folder) for each in self._placements]
        full = over_quota(transaction, folders, octets)
        if full:
            raise OverQuota(*(transaction.quota(owner).name for owner in full))

    def _place(self, transaction: Transaction, message: int) -> Sequence[Placed]:
        session = transaction.session
        content, octets = session.single(_CONTENT, message=message)
        pending = transaction.rows[PENDING]
        if (content,) not in pending and session.one(_SEARCHED, content=content) is None:
            pending.append((content,))
        retain(transaction, [content] * len(self._placements))
        return [
            place(transaction, content, octets, transaction.folder(each.folder), each)
            for each in self._placements
        ]

    def committed(self) -> None:
        """Tell the report, too."""
        if self._report is not None:
            self._report.committed()


def _after(settlement: Settlement, row: Row, now: int) -> tuple[object, ...]:
    """Return the columns of an item that was put off, in the order that ``Attempts`` has."""
    _, _, _, attempts, warn_at, last_at, last_reply, remote = row
    tried = settlement.state is QueueState.DEFERRED
    moment = settlement.next_attempt
    return (
        None if settlement.warned else warn_at,
        (QueueState.DEFERRED if tried or attempts else QueueState.QUEUED).value,
        0,
        attempts + tried,
        now if moment is None else to_microseconds(moment),
        now if tried else last_at,
        settlement.last_reply or last_reply,
        settlement.remote if settlement.last_reply else remote,
        settlement.item,
    )


class Claiming(Unit[list[QueueItem]]):
    """Items taken on a lease. A loss of power takes the lease with it, and who had it."""

    needs_savepoint: ClassVar[bool] = False
    durable: ClassVar[bool] = False

    def __init__(
        self, limit: int, per_domain: int, lease_seconds: float, without: Collection[str]
    ) -> None:
        super().__init__()
        self._limit = limit
        self._per_domain = per_domain
        self._lease_seconds = lease_seconds
        self._without = without

    def apply(self, transaction: Transaction) -> list[QueueItem]:
        """Choose and take."""
        transaction.flush()
        session, now = transaction.session, transaction.now
        numbers = _due(session, now, self._limit, self._per_domain, set(self._without))
        if not numbers:
            return []
        items = session.database.numbers(numbers)
        session.run(
            _TAKE,
            new_state=QueueState.TRYING.value,
            of_lease=transaction.next("lease"),
            until=now + int(self._lease_seconds * 1_000_000),
            items=items,
        )
        rows = session.all(_SOME, items=items)
        transaction.leased.update((row[0], leased_of(row)) for row in rows)
        found = {row[0]: item_of(row) for row in rows}
        return [found[number] for number in numbers]


class SQLQueue:
    """Queue items; of one that is being tried ``next_attempt`` is the end of its lease."""

    def __init__(self, shared: StoreParts, mail: SQLMail) -> None:
        self._shared = shared
        self._mail = mail

    async def claim(
        self,
        *,
        limit: int,
        per_domain: int,
        lease_seconds: float,
        without: Collection[str] = (),
    ) -> Sequence[QueueItem]:
        """Take items that are due, oldest first."""
        shared = self._shared
        shared.check_open()
        return await shared.writer.submit(Claiming(limit, per_domain, lease_seconds, without))

    async def renew(self, lease: int, items: Sequence[int], lease_seconds: float) -> None:
        """Have a lease end so much after now. Raises LeaseLost."""

        def renew(transaction: Transaction) -> None:
            session = transaction.session
            numbers = session.database.numbers(items)
            rows = session.all(_LEASED, items=numbers)
            ours = {row[0] for row in rows if row[1] == lease}
            if not ours.issuperset(items):
                raise LeaseLost([each for each in items if each not in ours])
            until = transaction.now + int(lease_seconds * 1_000_000)
            session.run(_RENEW, until=until, items=numbers)

        await self._shared.write(renew)

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
        shared = self._shared
        shared.check_open()
        check_settlements(settlements)
        if report is None and not replies:
            return await shared.writer.submit(Settling(settlements, placements, None, onward))
        told = [] if report is None else [report]
        deliveries = await self._mail.begin_deliveries([*told, *replies])
        settling = Settling(settlements, placements, deliveries[0] if told else None, onward)
        others = deliveries[len(told) :]
        unit: Unit[Settled] = Together(settling, others) if others else settling
        return await self._mail.finish_deliveries(unit, deliveries)

    # -- for operators -------------------------------------------------------------------------

    async def items(
        self, wanted: QueueFilter = ALL, *, after: int = 0, limit: int = 1000
    ) -> Sequence[QueueItem]:
        """Return items in the order they were queued, a page of them."""
        conditions, values = self._conditions(wanted)
        statement = SELECT_QUEUE.where(_Q.id > after, *conditions).order_by(_Q.id).limit(limit)
        rows = await self._shared.read(lambda s: s.once(statement, **values), inline=False)
        return [item_of(row) for row in rows]

    async def count(self, wanted: QueueFilter = ALL) -> QueueCount:
        """Count items."""
        conditions, values = self._conditions(wanted)
        counted = (sa.func.count(), sa.func.count(_E.id.distinct()), sa.func.min(_E.queued_at))
        statement = SELECT_QUEUE.with_only_columns(*counted).where(*conditions)
        ((items, messages, oldest),) = await self._shared.read(
            lambda s: s.once(statement, **values), inline=False
        )
        return QueueCount(items, messages, None if oldest is None else from_microseconds(oldest))

    def _conditions(
        self, wanted: QueueFilter
    ) -> tuple[list[sa.ColumnElement[bool]], dict[str, object]]:
        """Return what a filter asks for, and the values of parameters in it."""
        found: list[sa.ColumnElement[bool]] = []
        values: dict[str, object] = {}
        if wanted.ids:
            found.append(OneOf(_Q.id, "ids"))
            values["ids"] = self._shared.database.numbers(wanted.ids)
        if wanted.message is not None:
            found.append(_Q.envelope == wanted.message)
        if wanted.sender:
            found.append(_same(_E.sender, wanted.sender))
        if wanted.recipient:
            found.append(_same(_Q.recipient, wanted.recipient))
        if wanted.domain:
            found.append(_Q.domain == wanted.domain.lower())
        if wanted.held is not None:
            found.append(_Q.held == int(wanted.held))
        return found, values

    async def _change(
        self, wanted: QueueFilter, change: Callable[[Transaction, Sequence[int]], object]
    ) -> int:
        """Do something with the items that are meant; return how many they were."""
        conditions, values = self._conditions(wanted)
        statement = SELECT_QUEUE.with_only_columns(_Q.id).where(*conditions)

        def apply(transaction: Transaction) -> int:
            transaction.flush()
            items = [row[0] for row in transaction.session.once(statement, **values)]
            transaction.leased.clear()
            if items:
                change(transaction, items)
                transaction.changes.append(QueueChanged())
            return len(items)

        return await self._shared.write(apply)

    async def hold(self, wanted: QueueFilter, held: bool) -> int:
        """Hold items, or release held ones."""

        def hold(transaction: Transaction, items: Sequence[int]) -> None:
            session = transaction.session
            numbers = session.database.numbers(items)
            session.run(_HOLD, is_held=int(held), items=numbers)
            if not held:
                session.run(_AT_ONCE, items=numbers, now=transaction.now)

        return await self._change(replace(wanted, held=not held), hold)

    async def retry(self, wanted: QueueFilter) -> int:
        """Have items tried at once that wait for it."""

        def retry(transaction: Transaction, items: Sequence[int]) -> None:
            session = transaction.session
            session.run(_AT_ONCE, items=session.database.numbers(items), now=transaction.now)

        return await self._change(replace(wanted, held=False), retry)

    async def expire(self, wanted: QueueFilter) -> int:
        """Have the time of items end now, and have them tried a last time."""

        def expire(transaction: Transaction, items: Sequence[int]) -> None:
            session = transaction.session
            numbers = session.database.numbers(items)
            session.run(_EXPIRE, items=numbers, now=transaction.now)
            session.run(_HOLD, is_held=0, items=numbers)
            session.run(_AT_ONCE, items=numbers, now=transaction.now)

        return await self._change(wanted, expire)

    async def delete(self, wanted: QueueFilter) -> int:
        """Remove items, and tell nobody."""

        def delete(transaction: Transaction, items: Sequence[int]) -> None:
            session = transaction.session
            rows = session.all(_SOME, items=session.database.numbers(items))
            drop(session, items, {row[1] for row in rows}, transaction.now)

        return await self._change(wanted, delete)

    async def next_due(self, without: Collection[str] = ()) -> datetime | None:
        """Return when the next item is due, or its lease ends."""
        texts = self._shared.database.texts(without)
        (due,) = await self._shared.read(lambda s: s.single(_NEXT, without=texts), inline=True)
        return None if due is None else from_microseconds(due)


def _same(column: sa.ColumnElement[str], address: str) -> sa.ColumnElement[bool]:
    return sa.or_(column == address, sa.func.lower(column) == address.lower())


def _due(
    session: DatabaseSession, now: int, limit: int, per_domain: int, without: set[str]
) -> list[int]:
    """Return the items to claim: the oldest, but not more than *per_domain* of one domain.

    Each step leaves out the domains of which there are enough, so a great many items of one stand
    before those of others for one step only.
    """
    found: list[int] = []
    taken: Counter[str] = Counter()
    seen: set[int] = set()
    while len(found) < limit:
        texts = session.database.texts(without)
        most = limit + len(seen)
        rows = session.all(_DUE, now=now, without=texts, most=most)
        for number, domain in rows:
            if number in seen or len(found) == limit:
                continue
            if taken[domain] == per_domain:
                without.add(domain)
                continue
            taken[domain] += 1
            seen.add(number)
            found.append(number)
        if len(rows) < most:
            break
    return found
