"""The SMTP services: servers that listen, and what carries mail on; the body of ``twistd
netsuite-smtp``."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

from twisted.logger import Logger

from netsuite import tls
from netsuite.connection.listening import ListeningService
from netsuite.dns import DNSClient, name_servers
from netsuite.home import SiteError
from netsuite.plugin import plugin
from netsuite.site import Site
from netsuite.smtp.delivery.agent import DeliveryAgent
from netsuite.smtp.delivery.carrier import Connector
from netsuite.smtp.delivery.reports import Reporter
from netsuite.smtp.delivery.routes import Router, RouteSettings
from netsuite.smtp.delivery.schedule import Schedule
from netsuite.smtp.messagelog import stamp
from netsuite.smtp.policy.chain import Policies
from netsuite.smtp.policy.keys import FOLDER, SigningKey, read_keys
from netsuite.smtp.policy.ready import BadPolicy, Parts, make_policies
from netsuite.smtp.policy.signing import Signer
from netsuite.smtp.relay import Security, parse_relay
from netsuite.smtp.server import Shared, SMTPServerFactory
from netsuite.smtp.server.shared import Identifiers, LocalTime
from netsuite.smtp.settings import DeliverySettings, Mode, Settings
from netsuite.wire.dates import now

_log = Logger()

Options, makeService = plugin(
    ("smtp", "submission", "delivery"), "The SMTP server, and what sends mail out, beside it."
)


def _policies(site: Site, names: Sequence[str]) -> Policies | None:
    """Return who judges a service. Raises SiteError."""
    if not names:
        return None
    settings = site.settings
    dns = DNSClient(site.reactor, read_servers(settings.delivery.resolvers))
    ours = {settings.site.hostname, *settings.site.domains} - {"localhost"}
    parts = Parts(
        settings.policy, site.reactor, dns, site.file_threads.run, time.time, ours, site.home
    )
    try:
        return make_policies(names, parts)
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
    policies = _policies(site, site.settings.policy.smtp)
    return _make(site, Mode.RELAY, lambda: site.settings.smtp, policies)


def make_submission(site: Site) -> ListeningService:
    """Return the server to which accounts bring mail, after a login (RFC 6409)."""
    policies = _policies(site, site.settings.policy.submission)
    return _make(site, Mode.SUBMISSION, lambda: site.settings.submission, policies)


# -- mail to other hosts -----------------------------------------------------------------------


def read_servers(addresses: Sequence[str]) -> Sequence[tuple[str, int]]:
    """Return name servers as address and port; the system's where none is named."""
    found = []
    for each in addresses:
        host, colon, port = each.rpartition(":")
        if colon and (host.endswith("]") or ":" not in host):
            found.append((host.strip("[]"), int(port)))
        else:
            found.append((each.strip("[]"), 53))
    return found or name_servers()


def route_settings(settings: DeliverySettings, host: str) -> RouteSettings:
    """Return what the router has to know of the settings."""
    return RouteSettings(
        smart_host=parse_relay(settings.smart_host) if settings.smart_host else None,
        routes={domain.lower(): parse_relay(url) for domain, url in settings.routes.items()},
        security={domain.lower(): Security(each) for domain, each in settings.security.items()},
        default_security=Security(settings.default_security),
        port=settings.port,
        names=frozenset((host.lower(), settings.helo.lower())) - {""},
    )


def make_delivery(site: Site) -> DeliveryAgent:
    """Return what carries the site's queued mail on. Raises SiteError."""
    settings, host = site.settings.delivery, site.settings.site.hostname
    helo = settings.helo or host
    authorities = site.home / settings.authorities if settings.authorities else None

    @lru_cache(maxsize=256)
    def tls_for(name: str, verified: bool) -> tls.ClientContext:
        # One for each host: to make one reads all the authorities there are.
        return tls.client_options(name, authorities=authorities, insecure=not verified)

    try:
        tls_for("localhost", True)
    except tls.BadCertificate as error:
        raise SiteError(f"delivery.authorities: {error}") from None
    dns = DNSClient(site.reactor, read_servers(settings.resolvers))
    router = Router(dns, route_settings(settings, host))
    signer = Signer(_signing_keys(site), site.file_threads.run, time.time, dns)
    agent = DeliveryAgent(
        site.store,
        site.reactor,
        resolver=site.resolver,
        connector=Connector(
            site.reactor,
            router,
            helo=helo,
            loopback=settings.loopback,
            source=[str(ipaddress.ip_address(each)) for each in settings.source],
            tls_for=tls_for,
            signer=signer,
        ),
        reporter=Reporter(site.delivery, host=host, now=now, identify=Identifiers()),
        now=now,
        schedule=_schedule(settings),
        connections=settings.connections,
        rewritten=site.forwarded_as,
        delivery_log=site.line_log(settings.delivery_log, stamp),
        when_open=site.when_open,
    )

    def apply(_: object) -> None:
        changed = site.settings.delivery
        agent.schedule, agent.connections = _schedule(changed), changed.connections
        signer.configure(_signing_keys(site))

    site.on_reload(apply)
    return agent


def _signing_keys(site: Site) -> Sequence[SigningKey]:
    """Return the keys that mail is signed with; what is wrong with others is in the log."""
    keys, problems = read_keys(site.home / FOLDER)
    for each in problems:
        _log.error("mail is signed without a key: {problem}", problem=each)
    return keys


def _schedule(settings: DeliverySettings) -> Schedule:
    return Schedule(settings.first_retry_seconds, settings.longest_retry_seconds)
