"""A destination: the messages that wait for one domain, its connections, and its bad times."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.connection import errors
from netsuite.smtp import replies
from netsuite.smtp.commands import reply
from netsuite.smtp.delivery.connector import Unreachable
from netsuite.smtp.delivery.content import Content
from netsuite.smtp.delivery.lifecycle import Said, Tried
from netsuite.smtp.delivery.routes import Unroutable
from netsuite.store.outgoing import QueueItem

T = TypeVar("T")

#: How long a connection waits for more mail before it is ended.
IDLE_SECONDS: Final = 2.0
#: Messages that one connection carries.
MESSAGES: Final = 100
#: So long may it take to find a host that is ready, and to hand a message over, a large one so
#: much longer: who says an octet a minute would be waited for without end.
CONNECT_SECONDS: Final = 1800.0
SEND_SECONDS: Final = 3600.0
SLOWEST_OCTETS_PER_SECOND: Final = 1000
#: How long it is remembered that hosts could not be reached, when nothing more is sent to them.
REMEMBERED_SECONDS: Final = 4 * 3600.0

NOT_READY: Final = reply(451, "4.4.1", "No host was ready in time")


class Connect(Protocol):
    """Makes connections, as ``connector.Connector.connect``."""

    def __call__(self, domain: str, *, tls_optional: bool = False) -> Awaitable[Connection]:
        """Connect to a host of a domain. Raises Unroutable, Unreachable."""


class Connection(Protocol):
    """A connection to a host that takes mail, as ``carrier.Carrier``."""

    remote: str
    carried: int

    async def send(
        self, sender: str, items: Sequence[QueueItem], content: Content
    ) -> Sequence[Said]:
        """Hand a message over. Raises ClientError."""

    async def close(self) -> None:
        """Say goodbye."""

    def abort(self) -> None:
        """Drop it."""


@dataclass(eq=False, slots=True)
class Job:
    """One message for recipients of one domain, on one lease.

    Args:
        sender: the reverse path it is sent with.
        tls_optional: it has turned out that it goes over connections without TLS, if need be.
    """

    items: Sequence[QueueItem]
    sender: str
    content: Content
    tls_optional: bool = False
    tried: Sequence[Tried] = field(init=False)

    def __post_init__(self) -> None:
        self.tried = [Tried(item) for item in self.items]


class Destination:
    """Sends the messages for one domain, over a few connections at once.

    Args:
        connect: makes a connection; raises Unroutable, Unreachable.
        without_tls: takes a job that is kept here by TLS alone, if it may go without; returns
            whether it has.
        settle: takes a job's recipients with what was said of each.
        put_back: takes a job that was not tried, and when it may be: a time of the clock.
        rest_seconds: returns how long to leave hosts in peace that failed so often.
        connections: returns how many at once.
    """

    log = Logger()

    def __init__(
        self,
        domain: str,
        clock: IReactorTime,
        *,
        connect: Callable[[str], Awaitable[Connection]],
        without_tls: Callable[[Job], Awaitable[bool]],
        settle: Callable[[Job, Sequence[Said]], Awaitable[None]],
        put_back: Callable[[Job, float], Coroutine[Any, Any, None]],
        rest_seconds: Callable[[int], float],
        connections: Callable[[], int],
    ) -> None:
        self.domain = domain
        self._connections = connections
        self._clock = clock
        self._connect = connect
        self._without_tls = without_tls
        self._settle = settle
        self._put_back = put_back
        self._rest_seconds = rest_seconds
        self._jobs: deque[Job] = deque()
        self._workers = 0
        self._idle: deque[Deferred[bool]] = deque()
        self._carriers: set[Connection] = set()
        self._failures = 0
        self._stopping = False
        #: Recipients of the messages that it has; who gives them counts.
        self.items = 0
        #: Until then, on the clock, its hosts are left in peace.
        self.rests_until = 0.0
        self._by_tls = False  # it is how they are secured that they rest for

    @property
    def resting(self) -> bool:
        """Whether its hosts are left in peace."""
        return self.rests_until > self._clock.seconds()

    @property
    def busy(self) -> bool:
        """Whether it wants no more for now: it does want what may go without TLS, and only sees
        what that is when it has it."""
        return (self.resting and not self._by_tls) or len(self._jobs) >= self._connections()

    @property
    def unused(self) -> bool:
        """Whether there is nothing to remember of it: that it failed long ago is nothing."""
        idle = not (self._jobs or self._workers or self.resting)
        return idle and (
            not self._failures or self._clock.seconds() > self.rests_until + REMEMBERED_SECONDS
        )

    def put(self, job: Job) -> None:
        """Accept a message to send."""
        if self.resting:  # since it was claimed
            self._run(self._put_off(job))
            return
        self._jobs.append(job)
        if self._idle:
            self._idle.popleft().callback(True)
        else:
            self._open_another()

    def _open_another(self) -> None:
        """Work on a further connection, if there may be one: hosts that could not be reached are
        tried with one first."""
        if self._workers < (1 if self._failures else self._connections()):
            self._workers += 1
            self._run(self._work())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        working = ensureDeferred(work)
        working.addErrback(lambda failure: self.log.failure("delivering mail", failure))

    def stop(self) -> Sequence[Job]:
        """Send what is being sent, and no more; return what waits."""
        self._stopping = True
        waiting = list(self._jobs)
        self._jobs.clear()
        while self._idle:
            self._idle.popleft().callback(False)
        return waiting

    def abort(self) -> None:
        """Drop the connections that are left."""
        for carrier in list(self._carriers):
            carrier.abort()

    # -- one connection ------------------------------------------------------------------------

    async def _work(self) -> None:
        """Send message after message over one connection at a time."""
        carrier: Connection | None = None
        try:
            while True:
                while self._jobs:
                    carrier = await self._carry(self._jobs.popleft(), carrier)
                    if carrier is not None and carrier.carried >= MESSAGES:
                        await self._close(carrier)
                        carrier = None
                if carrier is None or self._stopping or not await self._more():
                    return
        finally:
            self._workers -= 1
            if carrier is not None:
                await self._close(carrier)

    async def _close(self, carrier: Connection) -> None:
        self._carriers.discard(carrier)
        await carrier.close()

    async def _more(self) -> bool:
        """Wait for another message; return whether there is one."""
        waiting: Deferred[bool] = Deferred()
        self._idle.append(waiting)
        timer = self._clock.callLater(IDLE_SECONDS, self._give_up, waiting)
        try:
            return await waiting
        finally:
            if timer.active():
                timer.cancel()

    def _give_up(self, waiting: Deferred[bool]) -> None:
        self._idle.remove(waiting)
        waiting.callback(False)

    async def _carry(self, job: Job, carrier: Connection | None) -> Connection | None:
        """Send one message; return the connection if it can be used on."""
        if carrier is not None:
            try:
                return await self._send(job, carrier)
            except errors.ConnectionLost:
                self._carriers.discard(carrier)  # it had been idle; a fresh one is another matter
        try:
            connecting = ensureDeferred(_awaited(self._connect(self.domain)))
            carrier = await connecting.addTimeout(CONNECT_SECONDS, self._clock)
        except DeferredTimeout:
            await self._unreachable(job, Said(NOT_READY))
            return None
        except Unroutable as error:
            await self._settle(job, [error.said] * len(job.items))
            return None
        except Unreachable as error:
            if not (error.by_tls and await self._without_tls(job)):
                await self._unreachable(job, error.said, by_tls=error.by_tls)
            return None
        except Exception:
            self.log.failure("connecting to the hosts of {domain}", domain=self.domain)
            await self._settle(job, [Said(replies.BROKEN)] * len(job.items))
            return None
        if self._stopping:  # meanwhile; what is sent now could be too late to be written down
            await carrier.close()
            await self._put_back(job, self._clock.seconds())
            return None
        self._carriers.add(carrier)
        self.rests_until = 0.0
        if self._failures:
            self._failures = 0
            for _ in range(min(len(self._jobs), self._connections())):
                self._open_another()
        try:
            return await self._send(job, carrier)
        except errors.ConnectionLost as error:
            await self._lost(job, carrier, error)
            return None

    async def _send(self, job: Job, carrier: Connection) -> Connection | None:
        """Send one message over a connection. Raises ConnectionLost."""
        try:
            sending = ensureDeferred(carrier.send(job.sender, job.items, job.content))
            seconds = SEND_SECONDS + job.items[0].octets / SLOWEST_OCTETS_PER_SECOND
            said = await sending.addTimeout(seconds, self._clock)
        except DeferredTimeout:
            await self._lost(job, carrier, errors.Timeout("it was too slow"))
            return None
        except errors.ConnectionLost:
            raise
        except Exception as error:
            await self._lost(job, carrier, error)
            return None
        return await self._done(job, said, carrier)

    async def _done(self, job: Job, said: Sequence[Said], carrier: Connection) -> Connection | None:
        await self._settle(job, said)
        if any(each.reply.code == 421 for each in said):
            await self._close(carrier)
            return None
        return carrier

    async def _lost(self, job: Job, carrier: Connection, error: Exception) -> None:
        """Accept that a connection broke while a message was sent, which may have arrived."""
        self._carriers.discard(carrier)
        carrier.abort()
        said = Said(reply(451, "4.4.2", f"The connection to {carrier.remote} broke: {error}"))
        if not isinstance(error, errors.ClientError):
            # A mistake of ours, or a content that cannot be read: the item must not stay claimed.
            self.log.failure("sending to {remote}", Failure(error), remote=carrier.remote)
            said = Said(replies.BROKEN)
        await self._settle(job, [said] * len(job.items))

    async def _unreachable(self, job: Job, said: Said, *, by_tls: bool = False) -> None:
        """Leave the hosts in peace, and with them all that waits for them."""
        if not self.resting:
            self.rests_until = self._clock.seconds() + self._rest_seconds(self._failures)
            self._failures += 1
            self._by_tls = by_tls
        waiting = list(self._jobs)
        self._jobs.clear()
        await self._settle(job, [said] * len(job.items))
        for each in waiting:
            await self._put_off(each)

    async def _put_off(self, job: Job) -> None:
        """Put a job back until the hosts have rested, if they rest for it, too."""
        if not (self._by_tls and await self._without_tls(job)):
            await self._put_back(job, self.rests_until)


async def _awaited(work: Awaitable[T]) -> T:
    return await work
