"""The numbers of one process, read from whoever counts, when somebody asks."""

from __future__ import annotations

import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from twisted.application.service import IService
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import implementer

from netsuite import __version__
from netsuite.bus import Value
from netsuite.connection.listening import ListeningService
from netsuite.control.questions import Family, Metrics
from netsuite.health import resources
from netsuite.health.families import METRICS, Gathered
from netsuite.health.lag import ReactorLag
from netsuite.site import Site
from netsuite.store.errors import StoreError
from netsuite.store.outgoing import QueueCount
from netsuite.store.tally import Backlog
from netsuite.wire.dates import now

#: What has to be counted in the store is asked again after so many times as long as it took, and no
#: sooner than after so many seconds.
PATIENCE: Final = 20
LEAST_SECONDS: Final = 5.0


@implementer(ILogObserver)
class LogCount(Counter[str]):
    """How many lines of the log there were, by level."""

    def __call__(self, event: LogEvent) -> None:
        """Count one."""
        level = event.get("log_level", LogLevel.info)
        self[level.name] += 1


class ProcessMetrics:
    """Gathers the numbers of a process.

    Args:
        site: whose store, logins and certificates are told of.
        services: those that listen are told of.
    """

    def __init__(self, site: Site, services: Iterable[IService]) -> None:
        self._site = site
        self._services = services
        self._lag = ReactorLag(site.reactor)
        self._log = LogCount()
        self._started = time.time()
        self._counted: tuple[QueueCount, Backlog] | None = None
        self._count_again = float("-inf")

    def start(self) -> None:
        """Begin to measure what nobody else does: the reactor's lag, and lines of the log."""
        self._lag.start()
        globalLogPublisher.addObserver(self._log)

    def stop(self) -> None:
        """End that."""
        self._lag.stop()
        globalLogPublisher.removeObserver(self._log)

    async def answer(self, _: Value) -> Value:
        """Answer the bus question ``METRICS``."""
        return _told(self._site.bus.worker, self._started, await self.families())

    async def families(self) -> list[Family]:
        """Return all there is; without what the store cannot tell now."""
        into = Gathered()
        version = platform.python_version()
        into.add("netsuite_build_info", 1, version=__version__, python=version)
        into.add("netsuite_processes", 1)
        for level, count in self._log.items():
            into.add("netsuite_log_events", count, level=level)
        for each in self._services:
            if isinstance(each, ListeningService):
                _add_service(into, each)
        for (name, *values), count in self._site.counts.items():
            labels = dict(zip(METRICS[name].labels, values, strict=True))
            into.add(name, count, **labels)
        await self._add_store(into)
        self._add_certificates(into)
        _add_process(into, str(self._site.bus.worker), self._started)
        into.histogram("netsuite_reactor_lag_seconds", self._lag.seconds)
        return into.families()

    async def _add_store(self, into: Gathered) -> None:
        tally, worker = self._site.store.tally, str(self._site.bus.worker)
        into.histogram("netsuite_store_commit_seconds", tally.commits)
        into.add("netsuite_store_units", tally.units)
        for error, count in tally.failures.items():
            into.add("netsuite_store_failures", count, error=error)
        for cache in tally.hits:
            into.add("netsuite_cache_hits", tally.hits[cache], cache=cache)
            into.add("netsuite_cache_misses", tally.misses[cache], cache=cache)
        for threads, jobs in self._site.waiting.items():
            into.add("netsuite_waiting_jobs", jobs, worker=worker, threads=threads)
        try:
            queue, backlog = await self._count()
        except StoreError:
            return  # /readyz says so
        waited = timedelta() if queue.oldest is None else now() - queue.oldest
        into.add("netsuite_queue_recipients", queue.items)
        into.add("netsuite_queue_messages", queue.messages)
        into.add("netsuite_queue_oldest_seconds", max(0.0, waited.total_seconds()))
        into.add("netsuite_store_unindexed_contents", backlog.unindexed)
        into.add("netsuite_store_unpublished_transactions", backlog.unpublished, worker=worker)
        for threads, jobs in (("readers", backlog.reads), ("writer", backlog.writes)):
            into.add("netsuite_waiting_jobs", jobs, worker=worker, threads=threads)

    async def _count(self) -> tuple[QueueCount, Backlog]:
        """Count what waits, or return what was counted: of a long queue that takes its time."""
        clock = self._site.reactor
        began = clock.seconds()
        if self._counted is None or began >= self._count_again:
            store = self._site.store
            self._counted = await store.queue.count(), await store.backlog()
            took = clock.seconds() - began
            self._count_again = began + max(LEAST_SECONDS, PATIENCE * took)
        return self._counted

    def _add_certificates(self, into: Gathered) -> None:
        certificates = self._site.certificates
        if certificates is not None:
            for name, until in certificates.expiries().items():
                name_, seconds = "netsuite_certificate_expiry_timestamp_seconds", until.timestamp()
                into.add(name_, seconds, certificate=name)


def _add_process(into: Gathered, worker: str, started: float) -> None:
    into.add("netsuite_process_start_time_seconds", started, worker=worker)
    into.add("netsuite_process_cpu_seconds", resources.cpu_seconds(), worker=worker)
    for name, value in (
        ("netsuite_process_resident_memory_bytes", resources.resident_octets()),
        ("netsuite_process_open_fds", resources.open_descriptors()),
        ("netsuite_process_max_fds", resources.most_descriptors()),
    ):
        if value is not None:
            into.add(name, value, worker=worker)
    for number, (runs, removed) in enumerate(resources.garbage()):
        generation = str(number)
        into.add("netsuite_gc_collections", runs, worker=worker, generation=generation)
        into.add("netsuite_gc_collected_objects", removed, worker=worker, generation=generation)


def parent_metrics(restarts: Callable[[], int]) -> Callable[[Value], Metrics]:
    """Return what answers the bus question ``METRICS`` in the parent of workers.

    Args:
        restarts: returns how many workers have died, and others were started in their place.
    """
    started = time.time()

    def answer(_: Value) -> Metrics:
        into = Gathered()
        into.add("netsuite_worker_restarts", restarts())
        _add_process(into, "0", started)
        return _told(0, started, into.families())

    return answer


def _told(worker: int, started: float, families: list[Family]) -> Metrics:
    """Return ``Metrics``."""
    return {"worker": worker, "started": started, "families": families}


def _add_service(into: Gathered, listening: ListeningService) -> None:
    service, factory = str(listening.name), listening.factory
    tally = factory.tally
    connections = list(factory)
    into.add("netsuite_connections", len(connections), service=service)
    into.add("netsuite_connections_accepted", tally.accepted, service=service)
    for reason, count in tally.turned_away.items():
        into.add(
            "netsuite_connections_turned_away", count, service=service, reason=reason.name.lower()
        )
    received = tally.octets_in + sum(each.octets_in for each in connections)
    sent = tally.octets_out + sum(each.writer.octets for each in connections)
    into.add("netsuite_received_bytes", received, service=service)
    into.add("netsuite_sent_bytes", sent, service=service)
    for command, count in tally.commands.items():
        into.add("netsuite_commands", count, service=service, command=command.__name__)
    for status, count in tally.statuses.items():
        into.add("netsuite_http_responses", count, service=service, code=str(status))
    into.add("netsuite_commands_refused", tally.refused, service=service)
    into.add("netsuite_failures", tally.failures, service=service)
