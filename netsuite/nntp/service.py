"""The NNTP service: settings to a server that listens; the body of ``twistd netsuite-nntp``."""

from __future__ import annotations

import secrets

from twisted.application.service import IService

from netsuite import daemon
from netsuite.connection.listening import ListeningService
from netsuite.nntp.server import NNTPServerFactory
from netsuite.nntp.settings import Settings
from netsuite.site import Site

#: Random octets of a Message-ID that we make: enough that none comes twice.
UNIQUE_OCTETS = 12


class Options(daemon.Options):
    """Options of ``twistd netsuite-nntp``."""

    services = ("nntp",)
    synopsis = "[options]"
    longdesc = "The news server."


def makeService(options: Options) -> IService:
    """Make the service. Called by twistd."""
    return daemon.compose(options, options.services)


def make_nntp(site: Site) -> ListeningService:
    """Make the NNTP server (RFC 3977)."""

    def settings() -> Settings:
        section = site.settings.nntp
        return Settings(
            host=site.settings.site.hostname,
            anonymous=section.anonymous,
            motd=section.motd,
            subscriptions=tuple(section.subscriptions),
            distributions=tuple(section.distributions),
            distribution_patterns=tuple(section.distribution_patterns),
        )

    factory = NNTPServerFactory(
        settings(),
        room=site.newsroom,
        authenticator=site.authenticator,
        clock=site.reactor,
        unique=lambda: secrets.token_hex(UNIQUE_OCTETS),
        tls=site.tls(b"nntp"),
        **site.limits(site.settings.nntp),
    )

    def apply(_: object) -> None:
        factory.settings = settings()

    site.on_reload(apply)
    return site.listening("nntp", factory)
