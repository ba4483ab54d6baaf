"""The places where a service listens, read from its settings, with TLS and PROXY where wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from twisted.internet.interfaces import IProtocolFactory, IStreamServerEndpoint

from netsuite.config.endpoints import read_endpoint, socket_path
from netsuite.connection.factory import ServerFactory
from netsuite.connection.listening import Opening
from netsuite.connection.proxy import ProxyFactory
from netsuite.connection.server import ServerShared
from netsuite.home import Reactor, SiteError
from netsuite.tls import wrap_server
from netsuite.workers.sockets import Inherited, InheritedEndpoint

Sh = TypeVar("Sh", bound=ServerShared)
#: Connections that may wait to be accepted; Twisted's own 50 is little for a burst.
BACKLOG: Final = 1024


@dataclass(frozen=True, slots=True)
class Place:
    """One place where a service is to listen.

    Args:
        service: its name, as in the configuration.
        setting: ``listen`` or ``listen_tls``.
        description: the endpoint string.
    """

    service: str
    setting: str
    description: str

    @property
    def name(self) -> str:
        """What it goes by between processes."""
        return f"{self.service}.{self.setting} {self.description}"

    @property
    def tls(self) -> bool:
        """Whether TLS comes before the first octet."""
        return self.setting == "listen_tls"

    def opening(
        self, factory: IProtocolFactory, reactor: Reactor, home: Path | None, inherited: Inherited
    ) -> Opening:
        """Return it with where to listen: on an inherited socket, where there is one for it.
        Raises SiteError where its string cannot be understood."""
        below = home or Path.cwd()
        path = socket_path(self.description, below)
        descriptor = inherited.take(self.name, self.description, below)
        if descriptor is not None:
            endpoint: IStreamServerEndpoint = InheritedEndpoint(
                reactor, descriptor, inherited.gives_way
            )
            return Opening(self.description, endpoint, factory, self.tls, path, is_inherited=True)
        wanted = self.description
        if wanted.startswith(("tcp", "unix:")) and ":backlog=" not in wanted:
            wanted += f":backlog={BACKLOG}"
        if path is not None and ":lockfile=" not in wanted:
            # It would name a process, whose number another may have by now.
            wanted += ":lockfile=0"
        try:
            endpoint = read_endpoint(wanted, reactor, below)
        except ValueError as error:
            raise SiteError(f"{self.service}.{self.setting}: {error}") from None
        at_home = path is not None and path.parent == home
        return Opening(self.description, endpoint, factory, self.tls, path, at_home)


def places_of(
    service: str, listen: Sequence[str], listen_tls: Sequence[str], home: Path | None
) -> list[Place]:
    """Return where a service is to listen; without a home not at sockets that would be there."""
    return [
        *(
            Place(service, "listen", each)
            for each in listen
            if home is not None or not _is_at_home(each)
        ),
        *(Place(service, "listen_tls", each) for each in listen_tls),
    ]


def openings_of(
    factory: ServerFactory[Sh],
    reactor: Reactor,
    home: Path | None,
    inherited: Inherited | None = None,
) -> list[Opening]:
    """Return where a factory listens as its settings say, with TLS and PROXY where wanted. Raises
    SiteError where an endpoint string cannot be understood."""
    shared = factory.shared
    settings = shared.settings
    with_tls = settings.listen_tls if shared.tls is not None else ()
    openings = []
    for place in places_of(shared.service, settings.listen, with_tls, home):
        wrapped: IProtocolFactory = factory
        if place.tls and shared.tls is not None:
            wrapped = wrap_server(wrapped, shared.tls, reactor)
        if settings.proxies:  # its header comes before TLS
            wrapped = ProxyFactory(wrapped, reactor, trusted=settings.proxies)
        openings.append(place.opening(wrapped, reactor, home, inherited or Inherited()))
    return openings


def _is_at_home(description: str) -> bool:
    """Return whether an endpoint string is that of a socket below the home."""
    path = socket_path(description, Path())
    return path is not None and not path.is_absolute()
