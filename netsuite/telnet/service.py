"""The Telnet service: settings to a server that listens; the body of ``twistd netsuite-telnet``."""

from __future__ import annotations

from twisted.application.service import IService

from netsuite import daemon
from netsuite.config import schema
from netsuite.connection.listening import ListeningService
from netsuite.site import Site
from netsuite.telnet.server import TelnetServerFactory
from netsuite.telnet.settings import Settings


class Options(daemon.Options):
    """Options of ``twistd netsuite-telnet``."""

    services = ("telnet",)
    synopsis = "[options]"
    longdesc = "The Telnet server."


def makeService(options: Options) -> IService:
    """Make the service. Called by twistd."""
    return daemon.compose(options, options.services)


def _settings(settings: schema.Settings) -> Settings:
    return Settings(
        host=settings.site.hostname,
        domain=settings.site.domains[0],
        greeting=settings.telnet.greeting,
        utf8=settings.telnet.charset == "utf-8",
        login_tries=settings.telnet.login_tries,
        login_seconds=settings.telnet.login_seconds or None,
    )


def make_telnet(site: Site) -> ListeningService:
    """Make the Telnet server (RFC 854), with its shell."""
    factory = TelnetServerFactory(
        _settings(site.settings),
        authenticator=site.authenticator,
        clock=site.reactor,
        tls=site.tls(),
        **site.limits(site.settings.telnet),
    )

    def reload(settings: schema.Settings) -> None:
        factory.configure(_settings(settings))

    site.on_reload(reload)
    return site.listening("telnet", factory)
