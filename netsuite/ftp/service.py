"""The FTP service: settings to a server that listens; the body of ``twistd netsuite-ftp``."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from twisted.application.service import IService

from netsuite import daemon
from netsuite.config.services import FTPSection
from netsuite.connection.listening import ListeningService
from netsuite.ftp.server import FTPServerFactory
from netsuite.ftp.server.transferlog import stamp
from netsuite.ftp.settings import Settings
from netsuite.home import SiteError
from netsuite.site import Site


class Options(daemon.Options):
    """Options of ``twistd netsuite-ftp``."""

    services = ("ftp",)
    synopsis = "[options]"
    longdesc = "The FTP server."


def makeService(options: Options) -> IService:
    """Make the service. Called by twistd."""
    return daemon.compose(options, options.services)


def make_ftp(site: Site) -> ListeningService:
    """Make the FTP server (RFC 959)."""
    section = site.settings.ftp
    factory = FTPServerFactory(
        Settings(
            host=site.settings.site.hostname,
            anonymous=section.anonymous,
            require_tls=section.require_tls,
            require_session_reuse=section.require_session_reuse,
            active=section.active,
            passive=section.passive,
            passive_ports=_ports(section),
            masquerade_address=section.masquerade_address,
            connect_seconds=section.connect_seconds,
            stalled_seconds=section.stalled_seconds,
        ),
        authenticator=site.authenticator,
        anonymous=site.files.anonymous,
        reactor=site.reactor,
        now=lambda: datetime.now(UTC),
        shuffled=_shuffled,
        tls=site.tls(b"ftp"),
        transfer_log=site.line_log(section.transfer_log, stamp),
        **site.limits(section),
    )
    return site.listening("ftp", factory)


def _ports(section: FTPSection) -> tuple[int, int] | None:
    if not section.passive_ports:
        return None
    first, _, last = section.passive_ports.partition("-")
    ports = int(first), int(last or first)
    if not 0 < ports[0] <= ports[1] < 65_536:
        raise SiteError(
            f"ftp.passive_ports: {section.passive_ports!r} is no range of ports; "
            "write it as 50000-50100"
        )
    return ports


def _shuffled(numbers: range) -> list[int]:
    shuffled: list[int] = random.SystemRandom().sample(numbers, len(numbers))
    return shuffled
