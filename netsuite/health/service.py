"""The service that machines ask: ``/metrics``, ``/healthz`` and ``/readyz``, on a port of its own.

It is of the whole daemon: it asks all processes on the bus, and needs no store itself.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NoReturn

from netsuite.accounts.interfaces import Ask, Channel, LoginUnavailable
from netsuite.bus import DaemonPlace
from netsuite.config.check import METRICS_NEEDED
from netsuite.config.endpoints import read_endpoint, socket_path
from netsuite.connection.listening import ListeningService, Opening
from netsuite.control.questions import METRICS, Metrics
from netsuite.health.families import Gathered
from netsuite.health.merging import Merger, sum_up
from netsuite.health.readiness import not_ready
from netsuite.home import SiteError
from netsuite.http.commands import Response
from netsuite.http.request import IncomingRequest
from netsuite.http.responses import AnyResponse, json, text
from netsuite.http.router import Router
from netsuite.http.server import HTTPServerFactory, Shared
from netsuite.http.settings import Settings

#: Nothing here is to be kept by anybody.
_FIELDS: Final = ("Cache-Control", "no-store")
#: Who asks are a few machines.
CONNECTIONS: Final = 64


class NoAccounts:
    """Where nobody can log in: nothing here asks for that."""

    def allows_password(self, channel: Channel) -> bool:
        """No."""
        return False

    def mechanisms(self, channel: Channel) -> tuple[str, ...]:
        """None."""
        return ()

    async def log_in(
        self, channel: Channel, username: str, password: str, facet: type[Any]
    ) -> NoReturn:
        """Raise LoginUnavailable."""
        raise LoginUnavailable("there are no accounts here")

    async def authenticate(
        self,
        channel: Channel,
        mechanism: str,
        facet: type[Any],
        ask: Ask,
        initial: bytes | None = None,
        *,
        data_with_success: bool = False,
    ) -> NoReturn:
        """Raise LoginUnavailable."""
        raise LoginUnavailable("there are no accounts here")


class Health:
    """Answers what machines ask.

    Args:
        place: the daemon.
    """

    def __init__(self, place: DaemonPlace) -> None:
        self._place = place
        self._merger = Merger()

    def router(self) -> Router:
        """Return the routes."""
        router = Router()
        router.add("GET", "/metrics", self.metrics)
        router.add("GET", "/healthz", self.lives)
        router.add("GET", "/readyz", self.ready)
        return router

    async def metrics(self, request: IncomingRequest) -> AnyResponse:
        """Return the metrics of all processes, added up."""
        from netsuite.health.exposition import written

        answers: list[Any] = await self._place.bus.ask(METRICS)  # each a ``Metrics``
        known: list[Metrics] = list(answers)
        into = Gathered()
        into.add("netsuite_ready", 0 if await not_ready(self._place) else 1)
        families = sum_up([*into.families(), *self._merger.merged(known)])
        octets, kind = written(families, request.fields.elements("accept"))
        return Response(200, (("Content-Type", kind), _FIELDS), octets)

    async def lives(self, request: IncomingRequest) -> AnyResponse:
        """Say that the process lives: who reads that knows it."""
        return text("ok\n", 200, _FIELDS)

    async def ready(self, request: IncomingRequest) -> AnyResponse:
        """Say whether the daemon can serve, and if not (503), why; as JSON to who wants that."""
        reasons = list(await not_ready(self._place))
        status = 503 if reasons else 200
        if "application/json" in request.fields.elements("accept"):
            return json({"ready": not reasons, "reasons": reasons}, status, _FIELDS)
        lines = [f"not ready: {reason}" for reason in reasons] or ["ready"]
        return text("".join(f"{line}\n" for line in lines), status, _FIELDS)


def make_health(place: DaemonPlace) -> ListeningService:
    """Return the service that machines ask. Raises SiteError."""
    if find_spec("prometheus_client") is None:
        raise SiteError(f"health.listen: {METRICS_NEEDED}")
    settings = Settings(
        listen=place.settings.health.listen,
        listen_tls=[],
        connections=CONNECTIONS,
        connections_per_address=0,
        body_octets=1024,
    )
    shared = Shared(
        clock=place.reactor,
        service="health",
        settings=settings,
        host=place.settings.site.hostname,
        authenticator=NoAccounts(),
        router=Health(place).router(),
    )
    factory = HTTPServerFactory(shared)
    openings = [_opening(each, factory, place) for each in settings.listen]
    return ListeningService("health", openings, factory)


def _opening(description: str, factory: HTTPServerFactory, place: DaemonPlace) -> Opening:
    below = place.home or Path.cwd()
    path = socket_path(description, below)
    # A lock file would name a process, whose number another may have by now.
    wanted = description if path is None else f"{description}:lockfile=0"
    try:
        endpoint = read_endpoint(wanted, place.reactor, below)
    except ValueError as error:
        raise SiteError(f"health.listen: {error}") from None
    at_home = path is not None and path.parent == place.home
    return Opening(description, endpoint, factory, path=path, at_home=at_home)
