"""``netsuite check-config`` and ``describe-config``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from netsuite.cli.context import Home, pass_home

if TYPE_CHECKING:
    from netsuite.config.schema import Settings
    from netsuite.config.services import ServiceSection


@click.command("check-config")
@pass_home
def check_config(home: Home) -> None:
    """Say what is wrong with the configuration; exit 0 when nothing is."""
    settings = home.settings()
    _check_endpoints(settings)
    source = home.config_path
    click.echo(f"{source}: fine" if source else "no configuration file: the defaults are used")
    for name, listening in home.listening(settings):
        click.echo(f"  {name}: {', '.join(listening) or 'off'}")


def _check_endpoints(settings: Settings) -> None:
    from twisted.internet import reactor

    from netsuite.config.schema import SERVICES
    from netsuite.home import SiteError
    from netsuite.site import read_endpoint

    problems = []
    for name in SERVICES:
        section: ServiceSection = getattr(settings, name)
        for setting in ("listen", "listen_tls"):
            for each in getattr(section, setting):
                try:
                    read_endpoint(f"{name}.{setting}", each, reactor)
                except SiteError as error:
                    problems.append(f"netsuite: {error}")
    if problems:
        click.echo("\n".join(problems), err=True)
        raise SystemExit(2)


@click.command("describe-config")
@click.option("--rst", is_flag=True, help="As the page of the manual.")
def describe_config(*, rst: bool) -> None:
    """Print every setting with its documentation, as a sample configuration."""
    from netsuite.config.describe import manual, sample

    click.echo(manual() if rst else sample(), nl=False)
