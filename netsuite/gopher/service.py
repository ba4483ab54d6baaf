"""The Gopher service: settings to a server that listens; the body of ``twistd netsuite-gopher``."""

from __future__ import annotations

from twisted.application.service import IService

from netsuite import daemon
from netsuite.config import schema
from netsuite.connection.listening import ListeningService
from netsuite.gopher.server import GopherServerFactory
from netsuite.gopher.server.access import stamp
from netsuite.gopher.settings import Settings
from netsuite.site import Site


class Options(daemon.Options):
    """Options of ``twistd netsuite-gopher``."""

    services = ("gopher",)
    synopsis = "[options]"
    longdesc = "The Gopher server."


def makeService(options: Options) -> IService:
    """Make the service. Called by twistd."""
    return daemon.compose(options, options.services)


def _settings(settings: schema.Settings) -> Settings:
    return Settings(
        host=settings.site.hostname,
        port=settings.gopher.port,
        title=settings.gopher.title or f"Welcome to {settings.site.hostname}",
        news=settings.nntp.anonymous == "read",
    )


def make_gopher(site: Site) -> ListeningService:
    """Make the Gopher server (RFC 1436)."""
    factory = GopherServerFactory(
        _settings(site.settings),
        files=site.files,
        news=site.newsroom,
        clock=site.reactor,
        tls=site.tls(b"gopher"),
        access_log=site.line_log(site.settings.gopher.access_log, stamp),
        **site.limits(site.settings.gopher),
    )

    def reload(settings: schema.Settings) -> None:
        factory.configure(_settings(settings))

    site.on_reload(reload)
    return site.listening("gopher", factory)
