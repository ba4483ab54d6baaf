"""The workers there are: started, replaced when they die, and exchanged for new ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.config.schema import Settings
from netsuite.home import Reactor
from netsuite.workers.bus import ParentBus
from netsuite.workers.handing_over import HandedWorker
from netsuite.workers.messages import Message
from netsuite.workers.process import DidNotStart, WorkerProcess
from netsuite.workers.start import Start
from netsuite.workers.table import COLUMNS, Table

#: A worker that dies so early has died young: the next one is waited for, twice as long each time.
YOUNG_SECONDS: Final = 10.0
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 60.0

#: Returns what a worker of a number is started with, by settings: also its descriptors to ours.
Describe: TypeAlias = Callable[[Settings, int], tuple[Start, Mapping[int, int]]]


class Crew:
    """All workers of a daemon.

    Args:
        bus: they are on it from when they are started until they are gone.
        table: the descriptor of the table of counts.
        settings: with which one that has died is replaced.

    Attributes:
        all: those that live, also those that are ending.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Reactor,
        bus: ParentBus,
        table: int,
        describe: Describe,
        settings: Settings,
    ) -> None:
        self.all: list[WorkerProcess] = []
        self.settings = settings
        #: How many have died.
        self.deaths = 0
        self.is_stopping = False
        self._reactor = reactor
        self._bus = bus
        self._table_file = table
        self._table = Table(table)
        self._describe = describe
        self._current: set[WorkerProcess] = set()  # those that are replaced when they die
        self._young = 0  # deaths one after the other
        self._pauses: set[IDelayedCall] = set()
        self._all_gone: Deferred[None] | None = None

    def _make(self, number: int) -> WorkerProcess:
        worker = WorkerProcess(self._reactor, number, self._heard, self._gone)
        self.all.append(worker)
        return worker

    def start(self, settings: Settings) -> WorkerProcess:
        """Start a worker; when it dies, no other is started before it is kept."""
        taken = {worker.number for worker in self.all}
        number = next(each for each in range(1, COLUMNS + 1) if each not in taken)
        start, descriptors = self._describe(settings, number)
        worker = self._make(number)
        self._bus.join(worker.link)
        worker.started.addCallbacks(lambda _: self._serves(worker), lambda failure: failure)
        worker.spawn(start, self._table_file, descriptors)
        return worker

    def keep(self, worker: WorkerProcess) -> None:
        """Start another when a worker dies."""
        self._current.add(worker)

    def keep_more(self, count: int) -> None:
        """Start so many, each of which is replaced when it dies."""
        for _ in range(count):
            self.keep(self.start(self.settings))

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be sent to any of them."""
        return all(worker.link.is_idle for worker in self.all)

    def hand_over(self) -> list[HandedWorker]:
        """Return what another program has to know of them."""
        there = [worker for worker in self.all if worker.is_connected]
        return [worker.hand_over(self._bus.holds(worker.link)) for worker in there]

    def go_on(self, handed: Sequence[HandedWorker]) -> None:
        """Take over the workers of the program before."""
        for each in handed:
            worker = self._make(each.number)
            self._bus.go_on(worker.link, each.roles)
            self.keep(worker)
            worker.take_over(each)

    async def exchange(self, settings: Settings, count: int) -> Sequence[WorkerProcess]:
        """Start so many new workers; when they serve, others than these are not kept. Return the
        others. Raises DidNotStart, and all is as it was, where the first new one does not serve, or
        too many are still ending."""
        old = list(self.all)
        # As many again may come in their places while the next exchange is under way.
        if len(old) + 2 * count > COLUMNS:
            raise DidNotStart(f"{len(old)} workers are there, and some must end first")
        first = self.start(settings)
        await first.started
        if self.is_stopping:
            raise DidNotStart("the daemon stops")
        self.settings = settings
        self._current = {first}
        self.keep_more(count - 1)
        await DeferredList([each.started for each in self._current], consumeErrors=True)
        return [worker for worker in old if worker in self.all]

    def drain(self, workers: Sequence[WorkerProcess], seconds: float) -> None:
        """Have workers end what they do; others take their roles at once."""
        self._current.difference_update(workers)
        self._bus.pass_over([worker.link for worker in workers])
        for worker in workers:
            worker.drain(seconds)

    async def stop(self, seconds: float) -> None:
        """Have all end, and wait for that."""
        self.is_stopping = True
        while self._pauses:
            self._pauses.pop().cancel()
        self.drain(list(self.all), seconds)
        if self.all:
            self._all_gone = Deferred()
            await self._all_gone

    def _serves(self, worker: WorkerProcess) -> None:
        self.log.info("worker {number} serves, process {pid}", number=worker.number, pid=worker.pid)

    def _heard(self, worker: WorkerProcess, message: Message) -> None:
        self._bus.heard(worker.link, message)

    def _gone(self, worker: WorkerProcess, how: str) -> None:
        """A worker has ended."""
        self.all.remove(worker)
        self._bus.leave(worker.link)
        self._table.clear(worker.number)
        worker.started.addErrback(_known)
        if worker.draining:
            self.log.info("worker {number} has ended", number=worker.number)
        if worker in self._current:
            self._current.discard(worker)
            self._replace(worker, how)
        if not self.all and self._all_gone is not None:
            self._all_gone.callback(None)

    def _replace(self, worker: WorkerProcess, how: str) -> None:
        """Start another in place of one that has died: at once, but for those that die young."""
        self.deaths += 1
        lived = self._reactor.seconds() - worker.began
        self._young = self._young + 1 if lived < YOUNG_SECONDS else 0
        pause = 0.0
        if self._young > 1:
            pause = min(FIRST_PAUSE_SECONDS * 2.0 ** (self._young - 2), LONGEST_PAUSE_SECONDS)
        self.log.error(
            "worker {number} died after {lived:.1f} s, {how}; another is started {when}",
            number=worker.number,
            lived=lived,
            how=how,
            when=f"in {pause:g} s" if pause else "now",
        )

        def start() -> None:
            self._pauses.discard(call)
            self.keep(self.start(self.settings))

        call = self._reactor.callLater(pause, start)
        self._pauses.add(call)


def _known(failure: Failure) -> None:
    """Leave it at that: whoever waited for a worker has been told."""
    failure.trap(DidNotStart)
