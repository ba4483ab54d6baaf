"""The ManageSieve service: settings to a server that listens; the body of ``twistd
netsuite-managesieve``."""

from __future__ import annotations

from netsuite.connection.listening import ListeningService
from netsuite.managesieve.server import ManageSieveServerFactory, Shared
from netsuite.plugin import plugin
from netsuite.site import Site

Options, makeService = plugin("managesieve", "The ManageSieve server.")


def make_managesieve(site: Site) -> ListeningService:
    """Return the ManageSieve server (RFC 5804)."""

    def shared() -> Shared:
        return Shared(
            **site.common(site.settings.managesieve, b"managesieve"),
            settings=site.settings.managesieve,
            authenticator=site.authenticator,
        )

    return site.listening(ManageSieveServerFactory(shared()), shared)
