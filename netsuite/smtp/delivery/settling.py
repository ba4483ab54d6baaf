"""The end of an attempt, written down: the queue's items, and what their sender is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from netsuite.accounts.interfaces import Delivered, Filed
from netsuite.connection.linelog import Line, LineLog, fit
from netsuite.message.trace import received_id
from netsuite.smtp.delivery.destination import Job
from netsuite.smtp.delivery.lifecycle import Tried
from netsuite.smtp.delivery.reports import Reporter
from netsuite.store.errors import Busy, StorageFull, StoreClosed, StoreError
from netsuite.store.interfaces import Report, Store
from netsuite.store.outgoing import Envelope, LeaseLost, QueueItem, QueueState, Settled, Settlement

#: After the store has failed, how long to wait.
STORE_SECONDS: Final = 5.0
#: And how often to try: after an hour the items are left to whoever claims them next.
STORE_TRIES: Final = 720


class Settler:
    """Records how attempts have ended, and tells the senders by the same commits.

    Args:
        delivery_log: a line for each attempt; None for none.
        delivered: told of each message, and each report, that is in folders; None for nobody.
        counts: of attempts, by metric and how they ended; None for its own.
    """

    log = Logger()

    def __init__(
        self,
        store: Store,
        clock: IReactorTime,
        *,
        reporter: Reporter,
        now: Callable[[], datetime],
        delivery_log: LineLog | None,
        delivered: Delivered | None,
        counts: Counter[tuple[str, ...]] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._reporter = reporter
        self._now = now
        self._line_log = delivery_log
        self._delivered = delivered
        self._counts: Counter[tuple[str, ...]] = Counter() if counts is None else counts
        #: No more is waited for a store that fails.
        self.stopping = False

    async def record(self, job: Job, filed: Filed | None = None) -> None:
        """Record how the attempt of a job has ended.

        What has been delivered is delivered again when that is not written down; so a store that
        cannot be written now is waited for, and nothing else goes that way meanwhile.

        Raises:
            StoreError: of where it is filed, if it is; nothing was done.
        """
        try:
            recorded = await self._record(job, filed or Filed())
        except StoreError:
            if filed is not None:
                filed.undone()
            raise
        if filed is not None:
            (filed.done if recorded else filed.undone)()

    async def _record(self, job: Job, filed: Filed) -> bool:
        """Record it; return whether that was done. Raises StoreError, as ``record``."""
        tried = list(job.tried)
        identifier = await self._identifier(job)
        reporting = True
        for _ in range(STORE_TRIES):
            report = await self._report(tried, job) if reporting else None
            replies = await filed.replies() if filed.replies is not None else ()
            settlements = [self._settlement(each) for each in tried]
            try:
                settled = await self._store.queue.settle(
                    settlements,
                    placements=filed.placements,
                    report=report,
                    onward=filed.onward,
                    replies=replies,
                )
            except LeaseLost as error:
                await _drop(report, replies)
                tried = self._left(tried, settlements, error.items)
                if not tried:
                    return False
            except StoreError as error:
                await _drop(report, replies)
                passing = isinstance(error, StorageFull | Busy)
                if report is not None and not passing:
                    self.log.error("{error}: a report cannot be delivered", error=error)
                    reporting = False
                    continue
                if filed != Filed() and not passing:
                    raise
                self.log.error("what became of mail cannot be recorded: {error}", error=error)
                if self.stopping or isinstance(error, StoreClosed):
                    return False  # the lease ends
                await deferLater(self._clock, STORE_SECONDS)
            else:
                for each in tried:
                    self._note(each, identifier)
                await self._tell(tried[0].item, settled)
                return True
        return False

    def _left(
        self, tried: Sequence[Tried], settlements: Sequence[Settlement], lost: Collection[int]
    ) -> list[Tried]:
        """Return the items that can still be settled."""
        gone = [
            each
            for each, settlement in zip(tried, settlements, strict=True)
            if each.item.id in lost and each.item.lease == settlement.lease
        ]
        if gone:
            self.log.warn(
                "{items} were removed, or somebody else has claimed them: what was done with them "
                "may be done again",
                items=[each.item.id for each in gone],
            )
        return [each for each in tried if each not in gone]

    async def _report(self, tried: Sequence[Tried], job: Job) -> Report | None:
        try:
            return await self._reporter.report(tried, job.content)
        except Exception:
            self.log.failure("writing a report; its message's state goes on without")
            return None

    def _settlement(self, tried: Tried) -> Settlement:
        """Return how an attempt has ended, with whether the sender is told of a delay by it."""
        settlement = tried.settlement
        assert settlement is not None
        warned = settlement.state is QueueState.DEFERRED and self._reporter.told(tried) is not None
        lease = tried.item.lease
        if not warned and settlement.lease == lease:
            return settlement
        return replace(settlement, lease=lease, warned=warned)

    async def _tell(self, item: QueueItem, settled: Settled) -> None:
        """Report what is in folders by now."""
        if self._delivered is None:
            return
        envelope = item.envelope
        if settled.message:
            account = await self._account(envelope)
            recipients = [item.recipient.address]
            self._delivered(envelope.sender, recipients, account, settled.message)
        if settled.report:
            self._delivered("", [envelope.sender], None, settled.report)

    async def _account(self, envelope: Envelope) -> str | None:
        """Return the name of who submitted a message; None where that is nobody, or cannot be
        known now: what was delivered is told of all the same."""
        if envelope.account is None:
            return None
        try:
            return (await self._store.accounts.account_by_id(envelope.account)).name
        except StoreError:
            return None

    async def _identifier(self, job: Job) -> str:
        """Return the message's identifier, as the message log has it, for the delivery log."""
        if self._line_log is None:
            return ""
        try:
            return received_id(await job.content.header(), self._reporter.host)
        except StoreError:
            return ""

    def _note(self, tried: Tried, identifier: str) -> None:
        settlement = tried.settlement
        if settlement is None or settlement.state is QueueState.QUEUED:
            return
        self._counts["netsuite_delivery_attempts", settlement.state.value] += 1
        if self._line_log is not None:
            self._line_log.add(LINE, tried.item, identifier, settlement, self._now())


async def _drop(report: Report | None, replies: Sequence[Report]) -> None:
    for each in (*([] if report is None else [report]), *replies):
        await each.draft.abort()


def format_line(
    when: str, item: QueueItem, identifier: str, settlement: Settlement, now: datetime
) -> str:
    """Return the line of one attempt; nothing a server says can make it two.

    Args:
        when: as ``messagelog.stamp`` gives it.
        identifier: the message's, as the message log has it; empty where it did not come by SMTP.
    """
    delay = (now - item.queued).total_seconds()
    return (
        f"{when} message={item.message} item={item.id} id={identifier or '-'} "
        f"from=<{fit(item.envelope.sender)}> "
        f"to=<{fit(item.recipient.address)}> {settlement.state.value} "
        f"attempt={item.attempts + 1} delay={delay:.1f} host={fit(settlement.remote) or '-'} "
        f'"{fit(settlement.last_reply)}"\n'
    )


def line_fields(
    item: QueueItem, identifier: str, settlement: Settlement, now: datetime
) -> Mapping[str, object]:
    """Return the same for a line in JSON."""
    return {
        "message": item.message,
        "item": item.id,
        "id": identifier,
        "from": item.envelope.sender,
        "to": item.recipient.address,
        "outcome": settlement.state.value,
        "attempt": item.attempts + 1,
        "delay": round((now - item.queued).total_seconds(), 1),
        "host": settlement.remote,
        "answer": settlement.last_reply,
    }


LINE: Final = Line(format_line, line_fields)
