"""Answers of one process on the bus: its status, its sessions, and their ending."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from twisted.application.service import IService
from twisted.internet.task import deferLater
from twisted.logger import Logger

from netsuite import __version__
from netsuite.bus import Value
from netsuite.connection.deadlines import CloseReason
from netsuite.connection.factory import AnyConnection
from netsuite.connection.listening import ListeningService
from netsuite.control.questions import (
    KICK,
    SESSIONS,
    SESSIONS_AT_MOST,
    STATUS,
    ServiceStatus,
    Session,
    Status,
)
from netsuite.control.shells import equip_shells
from netsuite.health.resources import cpu_seconds, resident_octets
from netsuite.site import Site
from netsuite.store.errors import StoreError

#: Sessions that are looked at in one turn of the reactor: about two milliseconds.
AT_ONCE: Final = 500

Found: TypeAlias = tuple[ListeningService, AnyConnection]


class ProcessAnswers:
    """Answers STATUS, SESSIONS and KICK; and gives shells what they show of the daemon.

    Args:
        site: what the services share.
        services: those that listen among them have sessions.
        now: seconds since 1970.
    """

    log = Logger()

    def __init__(
        self,
        site: Site,
        services: Iterable[IService],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._site = site
        self._services = services
        self._now = now
        self._started = now()
        site.bus.answer(STATUS, self._status)
        site.bus.answer(SESSIONS, self._sessions)
        site.bus.answer(KICK, self._kick)
        equip_shells(site, self._listening)

    def _listening(self) -> Iterator[ListeningService]:
        return (each for each in self._services if isinstance(each, ListeningService))

    # -- the process ---------------------------------------------------------------------------

    async def _status(self, value: Value) -> Value:
        site = self._site
        status: Status = {
            "pid": os.getpid(),
            "worker": site.bus.worker,
            "version": __version__,
            "started": self._started,
            "ready": site.is_open and site.running == 1,
            "memory_octets": resident_octets() or 0,
            "cpu_seconds": cpu_seconds(),
            "store": self._store(),
            "queue": await self._queue(),
            "services": [_service_status(each) for each in self._listening()],
        }
        return status

    def _store(self) -> str:
        """Return which kind of database it is; its URL may have a password in it."""
        if self._site.home is None:
            return "memory"
        return self._site.settings.store.url.partition(":")[0].partition("+")[0] or "sqlite"

    async def _queue(self) -> int | None:
        try:
            return (await self._site.store.queue.count()).messages
        except StoreError:
            return None

    # -- its sessions --------------------------------------------------------------------------

    async def _found(self, value: Value) -> list[Found]:
        """Return the sessions that are wanted, as ``questions`` says how."""
        wanted = wanted_of(value)
        found: list[Found] = []
        looked_at = 0
        for service in self._listening():
            for connection in service.factory:
                looked_at += 1
                if looked_at % AT_ONCE == 0:
                    await deferLater(self._site.reactor, 0)
                if not connection.lost and _is_wanted(service, connection, wanted):
                    found.append((service, connection))
        return found

    async def _sessions(self, value: Value) -> Value:
        limit = limit_of(value)
        found = await self._found(value)
        told: list[Session] = []
        for start in range(0, min(len(found), limit), AT_ONCE):
            if start:
                await deferLater(self._site.reactor, 0)
            told += [self._session(*each) for each in found[start : min(limit, start + AT_ONCE)]]
        return told

    def _session(self, service: ListeningService, connection: AnyConnection) -> Session:
        now, clock = self._now(), connection.clock.seconds()
        deadlines, peer = connection.deadlines, connection.peer
        doing = connection.doing
        return {
            "session": connection.name,
            "service": str(service.name),
            "worker": self._site.bus.worker,
            "address": peer.address,
            "port": peer.port,
            "tls": peer.tls_version,
            "account": connection.account,
            "began": now - (clock - deadlines.opened_at),
            "doing": "" if doing is type(None) else doing.__name__,
            "busy": connection.is_busy(),
            "idle_seconds": max(0.0, clock - deadlines.heard_at),
            "commands": connection.commands,
            "octets_in": connection.octets_in,
            "octets_out": connection.writer.octets,
        }

    async def _kick(self, value: Value) -> int:
        if not wanted_of(value):  # nobody means all of them
            return 0
        found = await self._found(value)
        for _, connection in found:
            self.log.info("{name} is ended by an operator", name=connection.name)
            connection.end(CloseReason.KICKED)
        return len(found)


def _service_status(service: ListeningService) -> ServiceStatus:
    factory = service.factory
    tally = factory.tally
    return {
        "name": str(service.name),
        "urls": service.urls,
        "sessions": len(factory),
        "accepted": tally.accepted,
        "turned_away": sum(tally.turned_away.values()),
        "logins": tally.logins,
    }


def wanted_of(value: Value) -> Mapping[str, str]:
    """Return what sessions are to be like, by the name of a field of ``questions.Session``."""
    if not isinstance(value, Mapping):
        return {}
    return {key: each for key, each in value.items() if key in _FIELDS and isinstance(each, str)}


def limit_of(value: Value) -> int:
    """Return how many are wanted at most."""
    limit = value.get("limit") if isinstance(value, Mapping) else None
    return min(limit, SESSIONS_AT_MOST) if isinstance(limit, int) else SESSIONS_AT_MOST


def _is_wanted(
    service: ListeningService, connection: AnyConnection, wanted: Mapping[str, str]
) -> bool:
    return all(_FIELDS[key](service, connection) == each for key, each in wanted.items())


_FIELDS: Final[Mapping[str, Callable[[ListeningService, AnyConnection], str]]] = {
    "session": lambda service, connection: connection.name,
    "account": lambda service, connection: connection.account,
    "address": lambda service, connection: connection.peer.address,
    "service": lambda service, connection: str(service.name),
}
