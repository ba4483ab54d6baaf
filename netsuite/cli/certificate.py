"""``netsuite certificate``: which certificates there are, whom they serve and until when."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

import click

from netsuite.cli.commands import Subcommands
from netsuite.cli.context import Home, columns, pass_home


@click.group(cls=Subcommands)
def certificate() -> None:
    """Certificates: which there are, whom they serve, until when; and how ACME does."""


@certificate.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@pass_home
def list_certificates(home: Home, as_json: bool) -> None:
    """List certificates: whom they serve, who issued them, until when they are good."""
    from twisted.internet.task import Clock

    from netsuite.accounts.resolver import same_domain
    from netsuite.acme.files import ACMEFolder
    from netsuite.acme.overview import listeners, rows
    from netsuite.certificates import Certificates
    from netsuite.cli.settings import read_settings

    settings = read_settings(home.config_path, home.overrides)
    if not settings.tls.enabled:
        raise click.ClickException("TLS is off (tls.enabled), and no certificate is used")
    path = home.path / settings.tls.certificates
    certificates = Certificates(path, Clock(), host=settings.site.hostname)
    certificates.look()
    folder = ACMEFolder(path)
    try:
        folder.load()
        names = [same_domain(each) for each in settings.acme.names]
        found = list(rows(certificates, folder, names, datetime.now(UTC)))
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None
    if as_json:
        for row in found:
            click.echo(json.dumps(asdict(row)))
        return
    columns(
        ("NAME", "SERVES", "ISSUER", "UNTIL", "KEPT BY"),
        [(each.file, each.serves, each.issuer, each.until or "-", each.kept_by) for each in found],
    )
    for line in [*(f"{each.file}: {each.trouble}" for each in found if each.trouble),
                 *certificates.wrong()]:  # fmt: skip
        click.echo(f"! {line}")
    click.echo(f"Shown by name (SNI) on every port: {listeners(settings)}")
