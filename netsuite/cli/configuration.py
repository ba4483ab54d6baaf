"""``netsuite init``, ``check-config`` and ``describe-config``: a home and its configuration."""

from __future__ import annotations

import click

from netsuite.cli.context import Home, pass_home
from netsuite.store.interfaces import Store

#: By section and setting, what init writes: the standard ports on every address.
_STANDARD = {
    "smtp": {"listen": ["tcp:25"]},
    "submission": {"listen": ["tcp:587"], "listen_tls": ["tcp:465"]},
    "imap": {"listen": ["tcp:143"], "listen_tls": ["tcp:993"]},
    "pop3": {"listen": ["tcp:110"], "listen_tls": ["tcp:995"]},
}


@click.command()
@click.option("--hostname", required=True, help="The name of this host, such as mail.example.org.")
@click.option(
    "--domain", "domains", multiple=True, help="A mail domain received for; may be repeated."
)
@pass_home
def init(home: Home, hostname: str, domains: tuple[str, ...]) -> None:
    """Write a home directory whose services listen on the standard ports."""
    from netsuite.config.describe import sample

    path = home.path / "netsuite.toml"
    if path.exists():
        raise click.ClickException(f"{path} is there already; edit it, or choose another --home")
    ours = list(domains) or [hostname.partition(".")[2] or hostname]
    try:
        for each in (home.path, home.path / "tls"):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(
            sample({"site": {"hostname": hostname, "domains": ours}, **_STANDARD}),
            encoding="utf-8",
        )
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None
    click.echo(f"wrote {path}")
    click.echo("next:")
    click.echo(f"  put PEM files into {home.path / 'tls'} (a self-signed one is made otherwise)")
    click.echo(f"  netsuite --home {home.path} account add NAME")
    click.echo(f"  twistd --uid USER --gid GROUP netsuite --home {home.path}")


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
