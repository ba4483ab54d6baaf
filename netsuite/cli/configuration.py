"""``netsuite check-config`` and ``describe-config``."""

from __future__ import annotations

import click

from netsuite.cli.context import Home, pass_home
from netsuite.config.describe import manual, sample


@click.command("check-config")
@pass_home
def check_config(home: Home) -> None:
    """Say what is wrong with the configuration; exit 0 when nothing is."""
    settings = home.settings()
    source = home.config_path
    click.echo(f"{source}: fine" if source else "no configuration file: the defaults are used")
    for name, listening in home.listening(settings):
        click.echo(f"  {name}: {', '.join(listening) or 'off'}")


@click.command("describe-config")
@click.option("--rst", is_flag=True, help="As the page of the manual.")
def describe_config(*, rst: bool) -> None:
    """Print every setting with its documentation, as a sample configuration."""
    click.echo(manual() if rst else sample(), nl=False)
