"""The service that carries mail on, made from settings; apart, since a server needs none of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.logger import Logger

from netsuite import tls
from netsuite.accounts.resolver import same_domain
from netsuite.certificates import BadCertificate
from netsuite.dns import DNS, DNSClient, read_servers
from netsuite.home import SiteError
from netsuite.site import Site
from netsuite.smtp.delivery.agent import DeliveryAgent
from netsuite.smtp.delivery.connector import Connector
from netsuite.smtp.delivery.mta_sts import DomainPolicies, fetch
from netsuite.smtp.delivery.reports import Reporter
from netsuite.smtp.delivery.routes import Router, RouteSettings
from netsuite.smtp.delivery.schedule import Schedule
from netsuite.smtp.messagelog import stamp
from netsuite.smtp.policy.keys import FOLDER, SigningKey, read_keys
from netsuite.smtp.policy.signing import Signer
from netsuite.smtp.relay import Security, parse_relay
from netsuite.smtp.server.shared import Identifiers
from netsuite.smtp.settings import DeliverySettings
from netsuite.store.interfaces import RememberedStore
from netsuite.wire.dates import now

_log = Logger()


def route_settings(settings: DeliverySettings, host: str) -> RouteSettings:
    """Return what the router has to know of the settings."""
    return RouteSettings(
        smart_host=parse_relay(settings.smart_host) if settings.smart_host else None,
        routes={_route_name(domain): parse_relay(url) for domain, url in settings.routes.items()},
        security={
            same_domain(domain): Security(each) for domain, each in settings.security.items()
        },
        default_security=Security(settings.default_security),
        port=settings.port,
        dane=settings.dane,
        names=frozenset((host.lower(), settings.helo.lower())) - {""},
    )


def _route_name(domain: str) -> str:
    """Return a domain of a route as those of recipients are compared: in A-labels."""
    return "." + same_domain(domain[1:]) if domain.startswith(".") else same_domain(domain)


def make_router(
    settings: DeliverySettings,
    host: str,
    reactor: object,
    dns: DNS | None = None,
    remembered: RememberedStore | None = None,
) -> Router:
    """Return what finds the hosts of a domain.

    Args:
        remembered: where policies of domains outlive a restart; None for nowhere.
    """
    clock = IReactorTime(reactor)
    dns = dns or DNSClient(reactor, read_servers(settings.resolvers))
    policies = None
    if settings.mta_sts:
        policies = DomainPolicies(dns, clock, partial(fetch, clock), remembered)
    return Router(dns, route_settings(settings, host), policies=policies)


def _endpoint(
    reactor: object, source: Sequence[str], address: str, port: int
) -> IStreamClientEndpoint:
    """Return where to connect to, from an address of the same kind where one is configured."""
    is_ipv6 = ":" in address
    ours = [(each, 0) for each in source if (":" in each) is is_ipv6]
    made = TCP6ClientEndpoint if is_ipv6 else TCP4ClientEndpoint
    return made(reactor, address, port, bindAddress=ours[0] if ours else None)


def make_delivery(site: Site) -> DeliveryAgent:
    """Return what carries the site's queued mail on. Raises SiteError."""
    settings, host = site.settings.delivery, site.settings.site.hostname
    helo = settings.helo or host
    home = site.home or Path()
    authorities = home / settings.authorities if settings.authorities else None

    @lru_cache(maxsize=256)
    def tls_for(name: str, verified: bool) -> tls.ClientContext:
        # One for each host: to make one reads all the authorities there are.
        return tls.client_options(name, authorities=authorities, insecure=not verified)

    try:
        tls_for("localhost", True)
    except BadCertificate as error:
        raise SiteError(f"delivery.authorities: {error}") from None
    dns = DNSClient(site.reactor, read_servers(settings.resolvers))
    signer = Signer(_signing_keys(site), site.run, time.time, dns)
    connector = Connector(
        site.reactor,
        make_router(settings, host, site.reactor, dns, site.store.remembered),
        endpoint=partial(_endpoint, site.reactor, settings.source),
        helo=helo,
        tls_for=tls_for,
        loopback=settings.loopback,
        signer=signer,
    )
    agent = DeliveryAgent(
        site.store,
        site.reactor,
        file=site.delivery.file_queued,
        connect=connector.connect,
        reporter=Reporter(site.delivery, host=host, now=now, identify=Identifiers()),
        now=now,
        schedule=_schedule(settings),
        connections=settings.connections,
        lease_seconds=settings.lease_seconds,
        rewritten=site.forwarded_as,
        delivery_log=site.line_log(settings.delivery_log, stamp),
        delivered=site.arrivals.mail_delivered,
        counts=site.counts,
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
    if site.home is None:
        return ()
    keys, problems = read_keys(site.home / FOLDER)
    for each in problems:
        _log.error("mail is signed without a key: {problem}", problem=each)
    return keys


def _schedule(settings: DeliverySettings) -> Schedule:
    return Schedule(settings.first_retry_seconds, settings.longest_retry_seconds)
