"""``netsuite check-config`` and ``describe-config``."""

from __future__ import annotations

import click

from netsuite.cli.context import Home, pass_home
from netsuite.store.interfaces import Store


@click.command("check-config")
@pass_home
def check_config(home: Home) -> None:
    """Say what is wrong with the configuration; exit 0 when nothing is."""
    from twisted.internet import reactor

    from netsuite.cli.settings import read_configuration, refuse
    from netsuite.config.check import problems, store_problems
    from netsuite.config.load import Problem
    from netsuite.config.schema import SERVICES
    from netsuite.connection.settings import ServiceSettings

    configuration = read_configuration(home.config_path, home.overrides)
    settings = configuration.settings
    refuse(problems(configuration, home.path, reactor))
    found: list[Problem] = []

    async def work(store: Store) -> None:
        found.extend(await store_problems(configuration, store))

    if home.has_store(settings.store.url):
        home.with_store(work)
        refuse(found)
    source = configuration.path
    click.echo(f"{source}: fine" if source else "no configuration file: the defaults are used")
    for name in SERVICES:
        section: ServiceSettings = getattr(settings, name)
        listening = [*section.listen, *(f"{each} (TLS)" for each in section.listen_tls)]
        click.echo(f"  {name}: {', '.join(listening) if section.enabled and listening else 'off'}")


@click.command("describe-config")
@click.option("--rst", is_flag=True, help="As the page of the manual.")
def describe_config(*, rst: bool) -> None:
    """Print every setting with its documentation, as a sample configuration."""
    from netsuite.config.describe import manual, sample

    click.echo(manual() if rst else sample(), nl=False)
