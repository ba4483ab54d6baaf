"""The POP3 service: settings to a server that listens; the body of ``twistd netsuite-pop3``."""

from __future__ import annotations

from datetime import datetime

from netsuite.connection.listening import ListeningService
from netsuite.plugin import plugin
from netsuite.pop3.server import POP3ServerFactory, Shared
from netsuite.site import Site

Options, makeService = plugin("pop3", "The POP3 server.")


def make_pop3(site: Site) -> ListeningService:
    """Return the POP3 server (RFC 1939)."""

    line_log = site.line_log(site.settings.pop3.read_log, datetime.isoformat)

    def shared() -> Shared:
        return Shared(
            **site.common(site.settings.pop3, b"pop3"),
            settings=site.settings.pop3,
            authenticator=site.authenticator,
            line_log=line_log,
        )

    return site.listening(POP3ServerFactory(shared()), shared)
