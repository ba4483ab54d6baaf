"""The health of one process of a daemon: its numbers, whether it can serve, what the service
manager is told."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from twisted.application.service import IService

from netsuite.connection.listening import ListeningService
from netsuite.control.questions import METRICS, READY
from netsuite.health.collecting import ProcessMetrics
from netsuite.health.notify import Notices
from netsuite.health.readiness import ProcessReadiness, not_ready
from netsuite.site import Site
from netsuite.store.errors import StoreError

R = TypeVar("R")


class ProcessHealth:
    """Answers on the bus what machines ask of a process; tells the service manager of it, where it
    is no worker, whose parent does that.

    Args:
        site: what is looked at.
        services: likewise.
        environment: where the service manager says how it is told.
    """

    def __init__(
        self,
        site: Site,
        services: Iterable[IService],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._site = site
        self._services = services
        self._metrics = ProcessMetrics(site, services)
        self.readiness = ProcessReadiness(site, services)
        site.bus.answer(METRICS, self._metrics.answer)
        site.bus.answer(READY, self.readiness.answer)
        self._notices = Notices(
            site.reactor,
            serves=self._serves,
            reasons=partial(not_ready, site),
            answers=self._answers,
            environment=environment if site.bus.worker == 0 else {},
        )

    def _serves(self) -> str:
        named = [str(each.name) for each in self._services if isinstance(each, ListeningService)]
        return ", ".join(named)

    async def _answers(self) -> None:
        """Wait until the store has answered, whatever it says."""
        with suppress(StoreError):
            await self._site.store.remembered.recall("health", "watchdog")

    def start(self) -> None:
        """Begin to count."""
        self._metrics.start()

    def opened(self) -> None:
        """Say that all services serve."""
        self._notices.ready()

    def reload(self, work: Callable[[], Sequence[str]]) -> Sequence[str]:
        """Read the configuration again; say so meanwhile. Returns what *work* returns."""
        with self._notices.reloading():
            return work()

    def stopping(self) -> None:
        """Say that the daemon stops."""
        self._notices.stopping()

    def stop(self) -> None:
        """End: all has stopped."""
        self._notices.end()
        self._metrics.stop()
