"""The Telnet service: settings to a server that listens; the body of ``twistd netsuite-telnet``."""

from __future__ import annotations

from netsuite.connection.listening import ListeningService
from netsuite.plugin import plugin
from netsuite.site import Site
from netsuite.telnet.server import Shared, TelnetServerFactory

Options, makeService = plugin("telnet", "The Telnet server.")


def make_telnet(site: Site) -> ListeningService:
    """Return the Telnet server (RFC 854), with its shell."""

    def shared() -> Shared:
        return Shared(
            **site.common(site.settings.telnet),
            settings=site.settings.telnet,
            authenticator=site.authenticator,
            domain=site.settings.site.domains[0],
            commands=site.shell_commands,
        )

    return site.listening(TelnetServerFactory(shared()), shared)
