"""The POP3 service: settings to a server that listens; the body of ``twistd netsuite-pop3``."""

from __future__ import annotations

from twisted.application.service import IService

from netsuite import daemon
from netsuite.connection.listening import ListeningService
from netsuite.pop3.server import POP3ServerFactory
from netsuite.pop3.settings import Settings
from netsuite.site import Site


class Options(daemon.Options):
    """Options of ``twistd netsuite-pop3``."""

    services = ("pop3",)
    synopsis = "[options]"
    longdesc = "The POP3 server."


def makeService(options: Options) -> IService:
    """Make the service. Called by twistd."""
    return daemon.compose(options, options.services)


def make_pop3(site: Site) -> ListeningService:
    """Make the POP3 server (RFC 1939)."""
    factory = POP3ServerFactory(
        Settings(host=site.settings.site.hostname),
        authenticator=site.authenticator,
        clock=site.reactor,
        tls=site.tls(b"pop3"),
        **site.limits(site.settings.pop3),
    )
    return site.listening("pop3", factory)
