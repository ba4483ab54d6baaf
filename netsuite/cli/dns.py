"""``netsuite dns``: what a mail domain publishes, and whether it does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netsuite.cli.context import Home, pass_home

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime

    from netsuite.config.schema import Settings
    from netsuite.smtp.records import Published


@click.command("dns")
@click.argument("domain")
@click.option("--check", is_flag=True, help="Compare with what the resolver says; exit 1 if not.")
@pass_home
def dns(home: Home, domain: str, check: bool) -> None:
    """Print every DNS record that a mail domain needs, or compare with what there is.

    The host itself needs an address record (A, AAAA), and its addresses need its name (PTR).
    """
    from netsuite.autoconfig.policy import policy_of
    from netsuite.cli.settings import read_settings
    from netsuite.smtp.policy.authors import a_labels
    from netsuite.smtp.policy.keys import is_domain

    settings = read_settings(home.config_path, home.overrides)
    domain, host = a_labels(domain), a_labels(settings.site.hostname)
    if not is_domain(domain):
        raise click.ClickException(f"{domain!r} is no domain")
    if not is_domain(host):
        raise click.ClickException(f"site.hostname is {host}: set it to this host's name first")
    found = records_of(home.path, settings, domain)
    if check:
        _compare(home, found, settings.delivery.resolvers)
        return
    for each in found:
        click.echo(each.line)
    if not any(each.name.endswith(f"._domainkey.{domain}") for each in found):
        click.echo(f"; no DKIM key yet: netsuite dkim new {domain}")
    policy = policy_of(settings)
    if policy:
        click.echo(f"; https://mta-sts.{domain}/.well-known/mta-sts.txt, which our HTTP has, says:")
        for line in policy.splitlines():
            click.echo(f";   {line}")


def records_of(home: Path, settings: Settings, domain: str) -> Sequence[Published]:
    """Return what a domain is to publish.

    Args:
        domain: as A-labels.
    """
    from netsuite.autoconfig.policy import policy_of
    from netsuite.autoconfig.servers import configured, reachable
    from netsuite.smtp.policy.authors import a_labels
    from netsuite.smtp.policy.keys import FOLDER, read_keys
    from netsuite.smtp.records import SERVICES, records

    keys, _ = read_keys(home / FOLDER)
    enabled = {"submission": settings.submission, "imap": settings.imap, "pop3": settings.pop3}
    return records(
        domain,
        a_labels(settings.site.hostname),
        [each for each in keys if each.domain == domain],
        services={name: enabled[name].enabled for name, *_ in SERVICES},
        ports={(each.service, each.tls): each.port for each in reachable(configured(settings))},
        smart_host=bool(settings.delivery.smart_host),
        policy=policy_of(settings),
        autoconfig=settings.http.enabled and settings.autoconfig.enabled,
    )


def _compare(home: Home, wanted: Sequence[Published], resolvers: Sequence[str]) -> None:
    from netsuite.dns import DNSClient, read_servers
    from netsuite.smtp.records import look

    states = set()

    async def work(reactor: IReactorTime) -> None:
        client = DNSClient(reactor, read_servers(resolvers))
        for each in wanted:
            found = await look(client, each)
            states.add(found.state)
            click.echo(f"{found.state:8} {each.line}")
            if found.state == "differs":
                for text in found.texts:
                    click.echo(f"         there is: {_printable(text)}")

    home.in_loop(work)
    if states != {"there"}:
        raise SystemExit(1)


def _printable(text: str) -> str:
    """Return what a stranger's record says without what a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in text)
