"""The IMAP4 service: settings to a server that listens; the body of ``twistd netsuite-imap``."""

from __future__ import annotations

from twisted.application.service import IService

from netsuite import __version__, daemon
from netsuite.config import schema
from netsuite.connection.listening import ListeningService
from netsuite.imap.dialog.server import Bounds
from netsuite.imap.server.factory import IMAPServerFactory
from netsuite.imap.settings import Settings
from netsuite.site import Site


class Options(daemon.Options):
    """Options of ``twistd netsuite-imap``."""

    services = ("imap",)
    synopsis = "[options]"
    longdesc = "The IMAP4 server."


def makeService(options: Options) -> IService:
    """Make the service. Called by twistd."""
    return daemon.compose(options, options.services)


def _settings(settings: schema.Settings) -> Settings:
    return Settings(
        host=settings.site.hostname,
        version=__version__,
        bounds=Bounds(append_octets=settings.imap.append_octets),
    )


def make_imap(site: Site) -> ListeningService:
    """Make the IMAP4 server (RFC 3501)."""
    factory = IMAPServerFactory(
        site.authenticator,
        site.reactor,
        settings=_settings(site.settings),
        tls=site.tls(b"imap"),
        **site.limits(site.settings.imap),
    )

    def reload(settings: schema.Settings) -> None:
        factory.settings = _settings(settings)

    site.on_reload(reload)
    return site.listening("imap", factory)
