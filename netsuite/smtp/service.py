"""The SMTP services: settings to servers that listen; the body of ``twistd netsuite-smtp``."""

from __future__ import annotations

from collections.abc import Callable

from netsuite.connection.listening import ListeningService
from netsuite.plugin import plugin
from netsuite.site import Site
from netsuite.smtp.messagelog import stamp
from netsuite.smtp.server import Shared, SMTPServerFactory
from netsuite.smtp.server.shared import Identifiers, LocalTime
from netsuite.smtp.settings import Mode, Settings

Options, makeService = plugin(
    ("smtp", "submission"), "The SMTP server, and the submission server beside it."
)


def _make(site: Site, mode: Mode, settings: Callable[[], Settings]) -> ListeningService:
    now, identify = LocalTime(), Identifiers()
    line_log = site.line_log(settings().message_log, stamp)

    def shared() -> Shared:
        return Shared(
            **site.common(settings()),
            service=mode.value,
            settings=settings(),
            mode=mode,
            authenticator=site.authenticator,
            resolver=site.resolver,
            delivery=site.delivery,
            line_log=line_log,
            now=now,
            identify=identify,
        )

    return site.listening(SMTPServerFactory(shared()), shared)


def make_smtp(site: Site) -> ListeningService:
    """Return the server to which other hosts bring mail (RFC 5321)."""
    return _make(site, Mode.RELAY, lambda: site.settings.smtp)


def make_submission(site: Site) -> ListeningService:
    """Return the server to which accounts bring mail, after a login (RFC 6409)."""
    return _make(site, Mode.SUBMISSION, lambda: site.settings.submission)
