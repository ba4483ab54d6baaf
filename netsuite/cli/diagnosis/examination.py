"""The examination by ``netsuite doctor``: which parts are looked at, and in which order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from netsuite.cli.context import Home
from netsuite.cli.diagnosis.certificates import look_at_certificates
from netsuite.cli.diagnosis.disk import look_at_backups, look_at_home
from netsuite.cli.diagnosis.findings import Finding
from netsuite.cli.diagnosis.machine import look_at_machine
from netsuite.cli.diagnosis.mail import look_at_relaying, look_outside
from netsuite.cli.diagnosis.names import (
    addresses_of,
    judge_hostname,
    judge_record,
    look_at_reverse,
)
from netsuite.cli.diagnosis.ports import (
    LOOPBACK,
    Place,
    daemon_of,
    look_at_passive,
    look_at_ports,
    look_at_reach,
    places,
)
from netsuite.cli.dns import records_of
from netsuite.config.check import problems
from netsuite.config.load import ConfigError, Configuration, read
from netsuite.dns import DNSClient, read_servers
from netsuite.smtp.policy.authors import a_labels
from netsuite.smtp.policy.keys import is_domain
from netsuite.smtp.records import look


def look_at_settings(home: Home) -> Iterator[Finding]:
    """Look whether a start would take the configuration."""
    from twisted.internet import reactor

    if not home.path.is_dir():
        advice = f"netsuite --home {home.path} init, or name another with --home"
        yield Finding("fail", "home", f"there is no home {home.path}", advice)
        return
    try:
        configuration = read(home.config_path, home.overrides)
        wrong = problems(configuration, home.path, reactor)
    except ConfigError as error:
        wrong = error.problems
    for each in wrong:
        yield Finding("fail", "settings", str(each), "change it; netsuite check-config looks again")
    if not wrong:
        said = str(home.config_path) if home.config_path else "no file; the defaults are used"
        yield Finding("ok", "settings", said)


def look_here(home: Home, configuration: Configuration, backups: Path | None) -> Iterator[Finding]:
    """Look at what is on this machine."""
    settings = configuration.settings
    now = datetime.now(UTC)
    pid = daemon_of(settings, home.path)
    yield from look_at_machine(home.path, pid)
    yield from look_at_home(home.path, sqlite=not settings.store.url.startswith("postgresql"))
    yield look_at_backups(backups, now)
    if settings.tls.enabled:
        folder = home.path / settings.tls.certificates
        yield from look_at_certificates(folder, settings.site.hostname, now)
    yield from look_at_ports(settings, pid)


async def look_outside_in(
    home: Home, configuration: Configuration, reactor: object, outgoing: str | None
) -> AsyncIterator[Finding]:
    """Look at what others see of this machine."""
    settings = configuration.settings
    host = settings.site.hostname
    named = judge_hostname(host)
    yield named
    addresses: Sequence[str] = ()
    if named.level == "ok":
        dns = DNSClient(reactor, read_servers(settings.delivery.resolvers))
        known, finding = await addresses_of(dns, host)
        yield finding
        addresses = known or ()
        async for finding in look_at_reverse(dns, host, addresses):
            yield finding
        if known is not None:  # somebody answers
            for domain in filter(is_domain, dict.fromkeys(map(a_labels, settings.site.domains))):
                for record in records_of(home.path, settings, domain):
                    yield judge_record(await look(dns, record))
    for finding in look_at_passive(settings, addresses):
        yield finding
    if daemon_of(settings, home.path) is not None:
        for finding in look_at_reach(settings, addresses):
            yield finding
        for place in places(settings):
            if place.service == "smtp" and not place.tls:
                yield look_at_relaying(_reached(place, addresses), place.port)
    if outgoing:
        yield look_outside(outgoing)


def _reached(place: Place, addresses: Sequence[str]) -> str:
    """Return an address to ask a service at, as a stranger would: not loopback, if it can be."""
    if not place.everywhere:
        return place.interface
    return next(iter(addresses), LOOPBACK[place.interface])
