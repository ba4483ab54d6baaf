"""``netsuite certificate``: which certificates there are, whom they serve and until when."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Final

import click

from netsuite.cli.commands import Subcommands
from netsuite.cli.context import Home, columns, one_line, pass_home

#: How often it is looked whether a certificate has come.
_LOOK_SECONDS: Final = 0.25


@click.group(cls=Subcommands)
def certificate() -> None:
    """Certificates: which there are, whom they serve, until when; and how ACME does."""


@certificate.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@pass_home
def list_certificates(home: Home, as_json: bool) -> None:
    """List certificates: whom they serve, who issued them, until when they are good."""
    from netsuite.acme.overview import listeners, look_at
    from netsuite.cli.settings import read_settings

    settings = read_settings(home.config_path, home.overrides)
    if not settings.tls.enabled:
        raise click.ClickException("TLS is off (tls.enabled), and no certificate is used")
    with one_line():
        found, troubles = look_at(home.path / settings.tls.certificates, settings)
    if as_json:
        for row in found:
            click.echo(json.dumps(asdict(row)))
        return
    columns(
        ("NAME", "SERVES", "ISSUER", "UNTIL", "KEPT BY"),
        [(each.file, each.serves, each.issuer, each.until or "-", each.kept_by) for each in found],
    )
    for line in troubles:
        click.echo(f"! {line}")
    click.echo(f"Shown by name (SNI) on every port: {listeners(settings)}")


@certificate.command()
@click.argument("names", nargs=-1)
@click.option(
    "--wait",
    type=click.FloatRange(0),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="So long for what becomes of it.",
)
@pass_home
def renew(home: Home, names: tuple[str, ...], wait: float) -> None:
    """Have the daemon try to get certificates by ACME now: for NAMES; without any, for those whose
    last try failed. Exit 1 when one has failed."""
    from netsuite.accounts.resolver import same_domain
    from netsuite.acme.files import ACMEFolder
    from netsuite.acme.setup import names_of
    from netsuite.cli.running import all_told, daemons
    from netsuite.cli.settings import read_settings

    settings = read_settings(home.config_path, home.overrides)
    wanted = [same_domain(each) for each in names]
    folder = ACMEFolder(home.path / settings.tls.certificates)
    with one_line():
        folder.load()
        for name in wanted:
            if name not in names_of(settings):
                raise click.ClickException(f"{name} is not among acme.names")
            if (path := folder.of_others(name)) is not None:
                raise click.ClickException(f"{path} was put there by somebody else: move it away")
        before = {name: folder.state(name) for name in names_of(settings)}
        with daemons(home) as found:
            asked = [str(each) for each in all_told(found, "renew", names=wanted)]
        until = time.monotonic() + wait
        failed = not asked
        for name in asked:
            while (outcome := folder.outcome(name, before.get(name))) is None:
                if time.monotonic() > until:
                    outcome = f"nothing has come of it within {wait:g} seconds"
                    break
                time.sleep(_LOOK_SECONDS)
                folder.load()
            failed = failed or bool(outcome)
            click.echo(f"{name}: {outcome or 'there is a new one'}")
    if not asked:
        raise click.ClickException("there is no name whose last try has failed; say which to try")
    if failed:
        raise SystemExit(1)
