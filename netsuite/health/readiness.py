"""Whether a daemon can serve now, and if not, why: asked of the store, the ports, the certificates
and the disk."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Generic, TypeVar

from twisted.application.service import IService
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import TimeoutError as TookTooLong
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.bus import DaemonPlace, Value
from netsuite.connection.listening import ListeningService
from netsuite.control.questions import READY
from netsuite.site import Site
from netsuite.store.errors import StoreError
from netsuite.wire.dates import now

T = TypeVar("T")

#: What is asked must answer by then, or counts as broken; less than the bus waits for it.
ASK_SECONDS: Final = 3.0
#: An answer is good for so long: who asks often costs nobody a write each time.
REMEMBER_SECONDS: Final = 2.0


def free_octets_at(path: Path) -> int:
    """Return how many octets whoever is not root may still write there; 0 where no more files can
    be made. Raises OSError."""
    there = os.statvfs(path)
    if there.f_files and not there.f_favail:
        return 0
    return there.f_bavail * there.f_frsize


class Question(Generic[T]):
    """Something that is asked, and must answer in time. While it has not, it is asked nothing more:
    what hangs is not buried under questions.

    Args:
        ask: asks; somebody waits for one answer at a time.
    """

    def __init__(self, ask: Callable[[], Awaitable[T]], clock: IReactorTime) -> None:
        self._ask = ask
        self._clock = clock
        self._asked = False
        self._waiting: Deferred[T] | None = None

    async def answer(self) -> T:
        """Return what it gives. Raises what it raises, and twisted.internet.error.TimeoutError."""
        waiting: Deferred[T] = Deferred()
        self._waiting = waiting
        timer = self._clock.callLater(ASK_SECONDS, self._land, Failure(TookTooLong()))
        if not self._asked:
            self._asked = True
            ensureDeferred(_awaited(self._ask())).addBoth(self._answered)
        try:
            return await waiting
        finally:
            if timer.active():
                timer.cancel()

    def _answered(self, result: T | Failure) -> None:
        self._asked = False
        self._land(result)

    def _land(self, result: T | Failure) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(result)  # a Failure makes it fail


async def _awaited(work: Awaitable[T]) -> T:
    return await work


class ProcessReadiness:
    """Looks whether one process of a daemon can serve.

    Args:
        site: whose store, certificates and disk are looked at.
        services: those that listen are looked at.
        now: the time, with its zone, that certificates are held against.
        free_octets: returns how much is free on the disk of the home; run in a thread.
    """

    log = Logger()

    def __init__(
        self,
        site: Site,
        services: Iterable[IService],
        *,
        now: Callable[[], datetime] = now,
        free_octets: Callable[[Path], int] = free_octets_at,
    ) -> None:
        self._site = site
        self._services = services
        self._now = now
        self._probe = Question(lambda: site.store.probe(), site.reactor)
        self._free = Question(lambda: site.run(free_octets, site.home), site.reactor)
        self._found: tuple[float, list[str]] | None = None
        self._waiting: list[Deferred[list[str]]] = []

    async def answer(self, _: Value) -> Value:
        """Answer the bus question ``READY``, with a ``Readiness``."""
        return {"worker": self._site.bus.worker, "reasons": await self.reasons()}

    async def reasons(self) -> list[str]:
        """Return why it cannot serve, empty where it can; what was found just now is found still,
        and who asks while somebody does has the same answer."""
        seconds = self._site.reactor.seconds()
        if self._found is not None and seconds - self._found[0] < REMEMBER_SECONDS:
            return self._found[1]
        found: Deferred[list[str]] = Deferred()
        self._waiting.append(found)
        if len(self._waiting) == 1:
            ensureDeferred(self._look())
        return await found

    async def _look(self) -> None:
        found: list[str] = []
        for look in (self._store, self._listening, self._certificates, self._disk):
            try:
                found += await look()
            except Exception:
                self.log.failure("looking whether the daemon can serve")
                found.append("looking went wrong; the log has the reason")
        self._found = self._site.reactor.seconds(), found
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(found)

    async def _store(self) -> list[str]:
        try:
            await self._probe.answer()
        except StoreError as error:
            return [f"the store cannot be used: {error}"]
        except TookTooLong:
            return [f"the store has not answered for {ASK_SECONDS:g} seconds"]
        return []

    async def _listening(self) -> list[str]:
        found = []
        for service in self._services:
            if not isinstance(service, ListeningService):
                continue
            if service.factory.draining:
                found.append(f"{service.name} is stopping")
            elif not service.running or len(service.bound) < len(service.openings):
                found.append(f"{service.name} does not listen everywhere")
        return found

    async def _certificates(self) -> list[str]:
        certificates = self._site.certificates
        if certificates is None:
            return []
        moment = self._now()
        return [
            f"the certificate {name} was good until {until:%Y-%m-%d %H:%M} UTC"
            for name, until in sorted(certificates.expiries().items())
            if until <= moment
        ]

    async def _disk(self) -> list[str]:
        home, least = self._site.home, self._site.settings.health.free_octets
        if home is None or not least:
            return []
        try:
            free = await self._free.answer()
        except OSError as error:
            return [f"the disk of the home cannot be asked: {error.strerror}"]
        except TookTooLong:
            return [f"the disk of the home has not answered for {ASK_SECONDS:g} seconds"]
        if free < least:
            return [f"{free:,} octets are free on the disk of the home, fewer than {least:,}"]
        return []


async def not_ready(place: DaemonPlace) -> Sequence[str]:
    """Return why a daemon cannot serve, asked of all its processes; empty where it can.

    As many must be ready as there are to be; one more that is not, which stops or starts while
    others take its place, is no reason.
    """
    workers = place.settings.daemon.workers
    answers = [each for each in await place.bus.ask(READY) if isinstance(each, dict)]
    reasons = {int(each["worker"]): list(each["reasons"]) for each in answers}
    ready = sum(1 for each in answers if not each["reasons"])
    if ready >= max(workers, 1):
        return ()
    found = [
        f"worker {worker}: {reason}" if workers else str(reason)
        for worker in sorted(reasons)
        for reason in reasons[worker]
    ]
    if len(answers) < max(workers, 1):
        found.append(f"{len(answers)} of {workers} workers answer" if workers else "nobody answers")
    return found
