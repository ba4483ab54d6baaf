"""``netsuite doctor``: this machine, the home and the DNS, and what is to be changed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from netsuite.cli.client.problems import Exit
from netsuite.cli.context import Home, pass_home
from netsuite.cli.diagnosis.findings import Finding, worst
from netsuite.cli.diagnosis.ports import LOOPBACK, Place
from netsuite.config.load import ConfigError, Configuration, read


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--offline", is_flag=True, help="Ask no name server, and connect to no address.")
@click.option(
    "--outgoing",
    metavar="HOST",
    help="A mail host elsewhere to connect to at port 25, whether mail can leave.",
)
@click.option(
    "--backups",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where `netsuite backup DIR` writes.",
)
@pass_home
def doctor(
    home: Home, *, as_json: bool, offline: bool, outgoing: str | None, backups: Path | None
) -> None:
    """Look at the machine, the home, the ports and the DNS, and say what to change.

    Each line is `ok`, `warn` or `fail`, with what to do below it. Nothing is changed, and no mail
    is sent. Run it as root, or as the home's owner. Exit code 0: nothing fails; 8: something does.
    """
    found: list[Finding] = []

    def tell(finding: Finding) -> None:
        found.append(finding)
        for line in [json.dumps(finding.as_json())] if as_json else finding.lines():
            click.echo(line)

    for finding in _configured(home):
        tell(finding)
    if worst(found) != "fail":
        configuration = read(home.config_path, home.overrides)
        for finding in _here(home, configuration, backups):
            tell(finding)
        if not offline:

            async def work(reactor: object) -> None:
                async for finding in _outside(home, configuration, reactor, outgoing):
                    tell(finding)

            home.in_loop(work)
    if worst(found) == "fail":
        raise SystemExit(int(Exit.PARTLY))


def _configured(home: Home) -> Iterator[Finding]:
    """Look whether a start would take the configuration."""
    from twisted.internet import reactor

    from netsuite.config.check import problems

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


def _here(home: Home, configuration: Configuration, backups: Path | None) -> Iterator[Finding]:
    """Look at what is on this machine."""
    from netsuite.cli.diagnosis.certificates import look_at_certificates
    from netsuite.cli.diagnosis.disk import look_at_backups, look_at_home
    from netsuite.cli.diagnosis.machine import look_at_machine
    from netsuite.cli.diagnosis.ports import daemon_of, look_at_ports

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


async def _outside(
    home: Home, configuration: Configuration, reactor: object, outgoing: str | None
) -> AsyncIterator[Finding]:
    """Look at what others see of this machine."""
    from netsuite.cli.diagnosis.mail import look_at_relaying, look_outside
    from netsuite.cli.diagnosis.names import (
        addresses_of,
        judge_hostname,
        judge_record,
        look_at_reverse,
    )
    from netsuite.cli.diagnosis.ports import daemon_of, look_at_passive, look_at_reach, places
    from netsuite.cli.dns import records_of
    from netsuite.dns import DNSClient, read_servers
    from netsuite.smtp.policy.authors import a_labels
    from netsuite.smtp.policy.keys import is_domain
    from netsuite.smtp.records import look

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
