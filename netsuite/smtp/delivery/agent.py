"""The delivery agent: claims queued mail, carries it on, and says what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from twisted.application.service import Service
from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from netsuite.accounts.interfaces import Delivered, Filed, Rejected
from netsuite.connection.linelog import LineLog
from netsuite.smtp import replies
from netsuite.smtp.commands import Reply
from netsuite.smtp.delivery.content import Content
from netsuite.smtp.delivery.destination import Connect, Destination, Job
from netsuite.smtp.delivery.leases import Leases
from netsuite.smtp.delivery.lifecycle import Said, Tried
from netsuite.smtp.delivery.reports import Reporter
from netsuite.smtp.delivery.schedule import Schedule
from netsuite.smtp.delivery.settling import STORE_SECONDS, Settler
from netsuite.store.changes import Change, Subscription
from netsuite.store.errors import StoreError
from netsuite.store.interfaces import Store
from netsuite.store.outgoing import QueueItem

#: When the service stops, what is on its way may take so long to end.
DRAIN_SECONDS: Final = 10.0
#: Recipients on their way at once, of all domains, and those of one.
ITEMS: Final = 500
ITEMS_PER_DOMAIN: Final = 100
#: Timers that are set for longer ring too early, which does no harm.
LONGEST_TIMER_SECONDS: Final = 3600.0


class DeliveryAgent(Service):
    """Carries queued mail to other hosts, and to mailboxes here that could not take it at once.

    Several may work on one store: each has what it claims on a lease.

    Args:
        store: its queue, and the contents.
        file: returns where a message for a mailbox here goes, as ``Delivery.file_queued``.
        connect: connects to the hosts of a domain.
        lease_seconds: how long items are claimed for; a lease is renewed twice before it ends.
        rewritten: returns the reverse path that a forwarded message leaves with.
        delivery_log: a line for each attempt; None for none.
        delivered: told of each message, and each report, that is in folders; None for nobody.
        when_open: fires when the store is open.
    """

    log = Logger()

    def __init__(
        self,
        store: Store,
        clock: IReactorTime,
        *,
        file: Callable[[QueueItem], Awaitable[Filed]],
        connect: Connect,
        reporter: Reporter,
        now: Callable[[], datetime],
        schedule: Schedule | None = None,
        connections: int = 5,
        lease_seconds: float = 60.0,
        rewritten: Callable[[str], str] = lambda sender: sender,
        delivery_log: LineLog | None = None,
        delivered: Delivered | None = None,
        counts: Counter[tuple[str, ...]] | None = None,
        when_open: Callable[[], Deferred[None]] = lambda: succeed(None),
    ) -> None:
        self.setName("delivery")
        self.schedule = schedule or Schedule()
        self.connections = connections
        self._leases = Leases(store.queue, lease_seconds)
        self._store = store
        self._clock = clock
        self._file = file
        self._connect = connect
        self._settler = Settler(
            store,
            clock,
            reporter=reporter,
            now=now,
            delivery_log=delivery_log,
            delivered=delivered,
            counts=counts,
        )
        self._now = now
        self._rewritten = rewritten
        self._when_open = when_open
        # A domain may have two: one more for what goes without TLS, if need be.
        self._destinations: dict[tuple[str, bool], Destination] = {}
        self._jobs: set[Job] = set()
        self._looking = False
        self._look_again = False
        self._timer: IDelayedCall | None = None
        self._soon: IDelayedCall | None = None
        self._subscription: Subscription | None = None
        self._renewing = LoopingCall(self._renew)
        self._renewing.clock = clock
        self._all_ended: Deferred[None] | None = None

    def startService(self) -> None:
        """Begin to carry, as soon as the store is open."""
        super().startService()
        self._settler.stopping = False
        self._when_open().addCallback(lambda _: self._start())

    def _start(self) -> None:
        self._subscription = self._store.changes.watch_queue(self._changed)
        self._renewing.start(self._leases.seconds / 3, now=False)
        self._look()

    def stopService(self) -> Deferred[None]:
        """Give back what waits, and end what is on its way; of what takes too long the lease
        ends."""
        super().stopService()
        if self._subscription is not None:
            self._subscription.cancel()
        if self._renewing.running:
            self._renewing.stop()
        for call in (self._timer, self._soon):
            if call is not None and call.active():
                call.cancel()
        self._soon = None
        self._settler.stopping = True
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        destinations = list(self._destinations.values())
        for destination in destinations:
            for job in destination.stop():
                await self._put_back(job, self._clock.seconds())
        if self._jobs or self._looking:
            self._all_ended = Deferred()
            self._all_ended.addTimeout(DRAIN_SECONDS, self._clock)
            try:
                await self._all_ended
            except DeferredTimeout:
                self.log.warn("{count} messages are still on their way", count=len(self._jobs))
        for destination in destinations:
            destination.abort()

    # -- claiming ------------------------------------------------------------------------------

    def _changed(self, change: Change) -> None:
        self._look_soon()

    def _look_soon(self) -> None:
        """Look for items that are due, once for all that happens in this turn of the reactor."""
        if self._soon is None and self.running:
            self._soon = self._clock.callLater(0, self._look)

    def _look(self) -> None:
        """Look for items that are due."""
        self._soon = None
        if not self.running:
            return
        if self._looking:
            self._look_again = True
            return
        self._looking = True
        looking = ensureDeferred(self._claim_all())
        looking.addErrback(lambda failure: self.log.failure("claiming mail", failure))

    async def _claim_all(self) -> None:
        try:
            while self.running and len(self._leases) < ITEMS:
                self._look_again = False
                busy = [
                    each.domain
                    for each in self._destinations.values()
                    if each.busy or each.items >= ITEMS_PER_DOMAIN
                ]
                due = await self._store.queue.next_due(busy)
                if due is not None and due <= self._now():
                    free = ITEMS - len(self._leases)
                    items = await self._store.queue.claim(
                        limit=free,
                        # The fuller it is, the less may one domain have: some that are slow must
                        # not have all others wait.
                        per_domain=min(ITEMS_PER_DOMAIN, max(free // 4, 1)),
                        lease_seconds=self._leases.seconds,
                        without=busy,
                    )
                    for job in self._jobs_of(self._leases.adopt(items)):
                        await self._begin(job)
                elif not self._look_again:
                    self._wake_at(due)
                    return
        except Exception as error:
            if not isinstance(error, StoreError):
                self.log.failure("claiming mail")
            elif self.running:
                self.log.error("mail cannot be claimed: {error}", error=error)
            if self.running:
                self._wake_in(STORE_SECONDS)
        finally:
            self._looking = False
            self._check_ended()

    def _wake_at(self, due: datetime | None) -> None:
        rests = [
            each.rests_until - self._clock.seconds()
            for each in self._destinations.values()
            if each.resting
        ]
        waits = [*rests, *([] if due is None else [(due - self._now()).total_seconds()])]
        if waits:
            self._wake_in(min(waits))

    def _wake_in(self, seconds: float) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        wait = min(max(seconds, 0.01), LONGEST_TIMER_SECONDS)
        self._timer = self._clock.callLater(wait, self._look_soon)

    def _jobs_of(self, items: Sequence[QueueItem]) -> Sequence[Job]:
        """Put together what can be sent together: one message for one domain."""
        groups: dict[tuple[int, str, str], list[QueueItem]] = {}
        for item in items:
            recipient = item.recipient
            # A mailbox of ours is an end of its own: each may be full, or not.
            alone = item.recipient.address if not recipient.domain else recipient.domain
            groups.setdefault((item.message, alone, recipient.forwarded_by), []).append(item)
        jobs = []
        for group in groups.values():
            sender = group[0].envelope.sender
            if group[0].recipient.forwarded_by:
                sender = self._rewritten(sender)
            jobs.append(Job(group, sender, Content(self._store.mail, group[0])))
        return jobs

    async def _begin(self, job: Job) -> None:
        self._jobs.add(job)
        self._leases.add(job.tried)
        if not self.running:  # since it was claimed
            await self._put_back(job, self._clock.seconds())
            return
        domain = job.items[0].recipient.domain
        if not domain:
            working = ensureDeferred(self._deliver_here(job))
            working.addErrback(lambda failure: self.log.failure("delivering mail here", failure))
            return
        self._put(job)

    def _put(self, job: Job) -> None:
        domain = job.items[0].recipient.domain
        destination = self._destinations.get((domain, job.tls_optional))
        if destination is None:
            destination = self._destinations[domain, job.tls_optional] = Destination(
                domain,
                self._clock,
                connect=partial(self._connect, tls_optional=job.tls_optional),
                without_tls=self._without_tls,
                settle=self._settle,
                put_back=self._put_back,
                rest_seconds=lambda failures: self.schedule.rest_seconds(failures),
                connections=lambda: self.connections,
            )
        destination.items += len(job.items)
        destination.put(job)

    async def _without_tls(self, job: Job) -> bool:
        """Move a job that is kept by TLS alone to where it is optional, if its sender wants that
        (RFC 8689, 3), and has not said REQUIRETLS (4.1); return whether it was moved."""
        if job.tls_optional or job.items[0].envelope.require_tls:
            return False
        try:
            optional = await job.content.tls_optional()
        except Exception:
            self.log.failure("reading a header")
            return False
        if not optional or not self.running:
            return False
        self._taken_from(job)
        job.tls_optional = True
        self._put(job)
        return True

    def _ended(self, job: Job) -> None:
        self._jobs.discard(job)
        self._leases.remove(job.items)
        self._check_ended()
        self._taken_from(job)
        self._look_soon()

    def _taken_from(self, job: Job) -> None:
        """Count a job no more where it was."""
        key = job.items[0].recipient.domain, job.tls_optional
        destination = self._destinations.get(key)
        if destination is not None:
            destination.items -= len(job.items)
            if destination.unused:
                del self._destinations[key]

    def _check_ended(self) -> None:
        """Have a stop go on when there is nothing left that it waits for."""
        ended = self._all_ended
        if ended is not None and not ended.called and not self._jobs and not self._looking:
            ended.callback(None)

    async def _renew(self) -> None:
        """Have the leases of what is on its way go on; forget destinations that nothing goes to."""
        for key in [key for key, each in self._destinations.items() if each.unused]:
            del self._destinations[key]
        await self._leases.renew()

    # -- mailboxes here ------------------------------------------------------------------------

    async def _deliver_here(self, job: Job) -> None:
        """Put a message into a mailbox by the commit that ends its item."""
        (item,) = job.items
        if item.recipient.deliver_by == "R" and self._now() >= item.recipient.expires:
            await self._settle(job, [Said(replies.TOO_LATE)])  # RFC 2852, 4.1.3: no further attempt
            return
        try:
            await self._settle(job, [Said(replies.DELIVERED)], await self._file(item))
        except Exception as error:
            # Whether there is room is found by the commit; nothing of it has been done.
            job.tried = [Tried(job.tried[0].item)]
            self._leases.add(job.tried)
            await self._settle(job, [Said(self._refusal(error))])

    def _refusal(self, error: Exception) -> Reply:
        """Return why a mailbox does not take a message, or not now."""
        if isinstance(error, Rejected):
            return replies.rejected(error)
        reply = replies.AT_RECIPIENT.find(error)
        if reply is None:
            self.log.failure("delivering mail here")
        return reply or replies.BROKEN

    # -- settling ------------------------------------------------------------------------------

    async def _settle(self, job: Job, said: Sequence[Said], filed: Filed | None = None) -> None:
        """Record what was said of each recipient, and tell the sender by the same commit.

        Raises:
            StoreError: of where it is filed, if it is; nothing was done.
        """
        now = self._now()
        for tried, each in zip(job.tried, said, strict=True):
            recipient = tried.item.recipient
            following = self.schedule.next_attempt(
                now, tried.item.attempts + 1, not_after=recipient.expires
            )
            if recipient.warn is not None and now < recipient.warn:
                following = min(following, recipient.warn)
            tried.decide(each, now, following)
        await self._commit(job, filed)

    async def _put_back(self, job: Job, until: float) -> None:
        """Give back a job that was not tried."""
        due = self._now() + timedelta(seconds=max(until - self._clock.seconds(), 0.0))
        late = [tried for tried in job.tried if tried.item.recipient.expires <= due]
        if late:  # it will not be tried again in time
            await self._settle(job, [Said(replies.NOT_IN_TIME)] * len(job.items))
            return
        for tried in job.tried:
            tried.life.untried(due)
        await self._commit(job)

    async def _commit(self, job: Job, filed: Filed | None = None) -> None:
        """Commit how an attempt has ended. Raises StoreError of where it is filed."""
        try:
            await self._settler.record(job, filed)
        except StoreError:
            raise
        except Exception:
            self.log.failure("recording what became of mail")
        self._ended(job)
