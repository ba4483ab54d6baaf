"""The places where a service listens, read from its settings, with TLS and PROXY where wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeVar

from twisted.internet.interfaces import IProtocolFactory

from netsuite.config.endpoints import read_endpoint, socket_path
from netsuite.connection.factory import ServerFactory
from netsuite.connection.listening import Opening
from netsuite.connection.proxy import ProxyFactory
from netsuite.connection.server import ServerShared
from netsuite.home import SiteError
from netsuite.storage import Reactor
from netsuite.tls import wrap_server

Sh = TypeVar("Sh", bound=ServerShared)
#: Connections that may wait to be accepted; Twisted's own 50 is little for a burst.
BACKLOG: Final = 1024


def openings_of(factory: ServerFactory[Sh], reactor: Reactor, home: Path | None) -> list[Opening]:
    """Return where a factory listens as its settings say; without a home not at sockets that would
    be there. Raises SiteError where an endpoint string cannot be understood."""
    settings = factory.shared.settings
    openings = [
        _opening(factory, "listen", each, reactor, home)
        for each in settings.listen
        if home is not None or not _is_at_home(each)
    ]
    if factory.shared.tls is not None:
        openings += [
            _opening(factory, "listen_tls", each, reactor, home) for each in settings.listen_tls
        ]
    return openings


def _opening(
    factory: ServerFactory[Sh],
    setting: str,
    description: str,
    reactor: Reactor,
    home: Path | None,
) -> Opening:
    shared, tls = factory.shared, setting == "listen_tls"
    below = home or Path.cwd()
    wanted = description
    if wanted.startswith(("tcp", "unix:")) and ":backlog=" not in wanted:
        wanted += f":backlog={BACKLOG}"
    path = socket_path(description, below)
    if path is not None and ":lockfile=" not in wanted:
        wanted += ":lockfile=0"  # it would name a process, whose number another may have by now
    try:
        endpoint = read_endpoint(wanted, reactor, below)
    except ValueError as error:
        raise SiteError(f"{shared.service}.{setting}: {error}") from None
    wrapped: IProtocolFactory = factory
    if tls and shared.tls is not None:
        wrapped = wrap_server(wrapped, shared.tls, reactor)
    if shared.settings.proxies:  # its header comes before TLS
        wrapped = ProxyFactory(wrapped, reactor, trusted=shared.settings.proxies)
    at_home = path is not None and path.parent == home
    return Opening(description, endpoint, wrapped, tls, path, at_home)


def _is_at_home(description: str) -> bool:
    """Return whether an endpoint string is that of a socket below the home."""
    path = socket_path(description, Path())
    return path is not None and not path.is_absolute()
