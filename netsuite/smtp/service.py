"""The SMTP services: settings to servers that listen; the body of ``twistd netsuite-smtp``."""

from __future__ import annotations

import itertools
import os
import time
from dataclasses import replace
from datetime import datetime

from twisted.application.service import IService

from netsuite import daemon
from netsuite.config import schema
from netsuite.config.services import SMTPSection
from netsuite.connection.listening import ListeningService
from netsuite.site import Site
from netsuite.smtp.messagelog import stamp
from netsuite.smtp.server import SMTPServerFactory
from netsuite.smtp.settings import Mode, Settings


class Options(daemon.Options):
    """Options of ``twistd netsuite-smtp``: port 25's server, and the submission server."""

    services = ("smtp", "submission")
    synopsis = "[options]"
    longdesc = "The SMTP server, and the submission server beside it."


def makeService(options: Options) -> IService:
    """Make the service. Called by twistd."""
    return daemon.compose(options, options.services)


class _Identifiers:
    """Gives each message an identifier of its own: when the daemon started, which process it
    was, and a count; no system call a message."""

    def __init__(self) -> None:
        self._prefix = f"{int(time.time()):x}{os.getpid():x}"
        self._count = itertools.count(1)

    def __call__(self) -> str:
        return f"{self._prefix}.{next(self._count):x}"


class _LocalTime:
    """The local time in whole seconds, which is what a trace field tells; worked out once a
    second, for to find the zone's offset takes longer than all else about a date."""

    def __init__(self) -> None:
        self._second = -1
        self._now = datetime.now().astimezone()

    def __call__(self) -> datetime:
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._now = datetime.fromtimestamp(second).astimezone()
        return self._now


def _settings(site: Site, section: SMTPSection, mode: Mode) -> Settings:
    return Settings(
        host=site.settings.site.hostname,
        mode=mode,
        size_octets=section.message_octets,
        recipients=section.recipients,
        mend_line_ends=section.bare_line_ends == "mend",
    )


def _make(site: Site, name: str, mode: Mode) -> ListeningService:
    section: SMTPSection = getattr(site.settings, name)
    limits = site.limits(section)
    limits["timeouts"] = replace(
        limits["timeouts"], greeting_seconds=section.greeting_seconds or None
    )
    factory = SMTPServerFactory(
        _settings(site, section, mode),
        authenticator=site.authenticator,
        receiver=site.addresses,
        clock=site.reactor,
        now=_LocalTime(),
        identify=_Identifiers(),
        tls=site.tls(),
        message_log=site.line_log(section.message_log, stamp),
        **limits,
    )

    def reload(settings: schema.Settings) -> None:
        factory.settings = _settings(site, getattr(settings, name), mode)

    site.on_reload(reload)
    return site.listening(name, factory)


def make_smtp(site: Site) -> ListeningService:
    """Make the server to which other hosts bring mail (RFC 5321)."""
    return _make(site, "smtp", Mode.RELAY)


def make_submission(site: Site) -> ListeningService:
    """Make the server to which accounts bring mail, after a login (RFC 6409)."""
    return _make(site, "submission", Mode.SUBMISSION)
