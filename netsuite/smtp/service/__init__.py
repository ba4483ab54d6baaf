"""The SMTP services: settings to servers that listen; the body of ``twistd netsuite-smtp``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from netsuite.bus import Bus, Hear, Value
from netsuite.connection.listening import ListeningService
from netsuite.dns import DNSClient, read_servers
from netsuite.home import SiteError
from netsuite.plugin import plugin
from netsuite.site import Site
from netsuite.smtp.messagelog import stamp
from netsuite.smtp.policy.chain import Policies
from netsuite.smtp.policy.ready import BadPolicy, Parts, make_policies
from netsuite.smtp.server import Shared, SMTPServerFactory
from netsuite.smtp.server.shared import Identifiers, LocalTime
from netsuite.smtp.settings import Mode, Settings

Options, makeService = plugin(
    ("smtp", "submission", "lmtp", "delivery"),
    "The SMTP, submission and LMTP servers, and what sends mail out.",
)


class _OfService:
    """The bus as the policies of one service use it: those of another count for themselves."""

    def __init__(self, bus: Bus, service: str) -> None:
        self._bus = bus
        self._service = service

    def tell(self, topic: str, value: Value) -> None:
        """As ``Others.tell``."""
        self._bus.tell(f"{self._service} {topic}", value)

    def hear(self, topic: str, hear: Hear) -> None:
        """As ``Others.hear``."""
        self._bus.hear(f"{self._service} {topic}", hear)


def _policies(site: Site, service: str, names: Sequence[str] = ()) -> Policies | None:
    """Return who judges a service. Raises SiteError."""
    own = site.policies.of(service)
    if not names and not own:
        return None
    settings = site.settings
    dns = DNSClient(site.reactor, read_servers(settings.delivery.resolvers))
    ours = {settings.site.hostname, *settings.site.domains} - {"localhost"}
    parts = Parts(
        settings.policy,
        site.reactor,
        dns,
        site.run,
        time.time,
        ours,
        site.home,
        site.store.remembered,
        _OfService(site.bus, service),
        site.counts,
    )
    try:
        return make_policies(names, parts, own)
    except BadPolicy as error:
        raise SiteError(f"policy: {error}") from None


def _make(
    site: Site, mode: Mode, settings: Callable[[], Settings], policies: Policies | None = None
) -> ListeningService:
    local_time, identify = LocalTime(), Identifiers()
    line_log = site.line_log(settings().message_log, stamp)

    def shared() -> Shared:
        return Shared(
            **site.common(settings()),
            service=mode.value,
            settings=settings(),
            mode=mode,
            extensions=settings().extensions(queued=site.resolver.carries_onward),
            authenticator=site.authenticator,
            resolver=site.resolver,
            delivery=site.delivery,
            line_log=line_log,
            now=local_time,
            identify=identify,
            policies=policies,
        )

    return site.listening(SMTPServerFactory(shared()), shared)


def make_smtp(site: Site) -> ListeningService:
    """Return the server to which other hosts bring mail (RFC 5321)."""
    policies = _policies(site, "smtp", site.settings.policy.smtp)
    return _make(site, Mode.RELAY, lambda: site.settings.smtp, policies)


def make_submission(site: Site) -> ListeningService:
    """Return the server to which accounts bring mail, after a login (RFC 6409)."""
    policies = _policies(site, "submission", site.settings.policy.submission)
    return _make(site, Mode.SUBMISSION, lambda: site.settings.submission, policies)


def make_lmtp(site: Site) -> ListeningService:
    """Return the server to which a mail server beside us delivers (RFC 2033)."""
    policies = _policies(site, "lmtp", site.settings.policy.lmtp)
    return _make(site, Mode.LMTP, lambda: site.settings.lmtp, policies)
