"""``netsuite init``, ``check-config`` and ``describe-config``: a home and its configuration."""

from __future__ import annotations

import os
import socket
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from netsuite.cli.context import Home, pass_home
from netsuite.cli.system import SYSTEM_HOME
from netsuite.store.interfaces import Store

#: The standard ports of each service: in the clear at first, and under TLS alone.
_PORTS: Final[Mapping[str, tuple[Sequence[int], Sequence[int]]]] = {
    "smtp": ((25,), ()),
    "submission": ((587,), (465,)),
    "imap": ((143,), (993,)),
    "pop3": ((110,), (995,)),
    "managesieve": ((4190,), ()),
    "nntp": ((119,), (563,)),
    "ftp": ((21,), (990,)),
    "http": ((80,), (443,)),
    "telnet": ((23,), (992,)),
    "gopher": ((70,), ()),
}
#: What init opens: a mail host's. The others show files, news or a shell, which is to be wanted.
_OPENED: Final = ("smtp", "submission", "imap", "pop3", "managesieve")


@click.command()
@click.option(
    "--hostname", help="The name of this host, such as mail.example.org; else what it calls itself."
)
@click.option(
    "--domain",
    "domains",
    multiple=True,
    help="A mail domain received for; may be repeated. Else the name without its first word.",
)
@pass_home
def init(home: Home, hostname: str | None, domains: tuple[str, ...]) -> None:
    """Write a home directory whose services listen on the standard ports."""
    from netsuite.config.describe import sample
    from netsuite.store.sql.presence import give_to_owner

    kind = "tcp6" if takes_both() else "tcp"
    path = home.path / "netsuite.toml"
    if _says_something(path):
        raise click.ClickException(f"{path} is there already; edit it, or choose another --home")
    host = hostname or full_name()
    ours = list(domains) or [_domain_of(host)]
    text = sample(
        {
            "site": {"hostname": host, "domains": ours},
            **{name: _listening(name, kind) for name in _OPENED},
        }
    )
    try:
        for each in (home.path, home.path / "tls"):
            if not each.exists():
                each.mkdir(mode=0o700, parents=True)
                give_to_owner(each)
        place = path.resolve()  # a package has it in /etc, and a link here
        # A smart host's password may come to stand in it.
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        give_to_owner(place)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None
    click.echo(f"wrote {place}, for the host {host} and mail of {', '.join(ours)}")
    _tell_ports(kind)
    click.echo("next:")
    click.echo(f"  put PEM files into {home.path / 'tls'} (a self-signed one is made otherwise)")
    click.echo(f"  netsuite --home {home.path} account add NAME")
    if home.path == SYSTEM_HOME and os.path.isdir("/run/systemd/system"):
        click.echo("  systemctl enable --now netsuite")
    else:
        click.echo(f"  twistd --uid USER --gid GROUP netsuite --home {home.path}")
    click.echo(f"  netsuite --home {home.path} doctor")


def _says_something(path: Path) -> bool:
    """Return whether a file has settings, or may have; one of comments alone is a package's."""
    try:
        return bool(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True


def full_name() -> str:
    """Return this host's name as it knows it. Raises UsageError where that is no full name."""
    found = socket.getfqdn().lower().rstrip(".")
    if "." not in found or found.endswith((".localdomain", ".local")) or found == "localhost":
        raise click.UsageError(
            f"this host calls itself {found or 'nothing'}, which is no full name; say it with "
            "--hostname, as in --hostname mail.example.org"
        )
    return found


def _domain_of(host: str) -> str:
    """Return the mail domain that a host of a name is likely for."""
    above = host.partition(".")[2]
    return above if "." in above else host


def takes_both() -> bool:
    """Return whether a socket of IPv6 on this machine takes connections of IPv4, too."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::", 0))
            return not probe.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    except OSError:
        return False


def _listening(name: str, kind: str) -> dict[str, list[str]]:
    """Return what a service's table says to listen on its standard ports."""
    plain, tls = _PORTS[name]
    both = {"listen": plain, "listen_tls": tls}
    return {key: [f"{kind}:{port}" for port in ports] for key, ports in both.items() if ports}


def _tell_ports(kind: str) -> None:
    """Say what was opened, what was left closed, and how that is opened."""
    from netsuite.config.describe import toml_value

    if kind == "tcp6":
        click.echo("open to everybody, by IPv4 and IPv6 (tcp6 takes both on this machine):")
    else:
        click.echo("open to everybody, by IPv4 alone (IPv6 is off, or takes no IPv4, here):")
    for name in _OPENED:
        plain, tls = _PORTS[name]
        ports = [*map(str, plain), *(f"{port} (TLS)" for port in tls)]
        click.echo(f"  {name:<12}{', '.join(ports)}")
    click.echo("open to this machine alone, at 8000 + port; to open one, write in its table:")
    for name in _PORTS:
        if name not in _OPENED:
            for key, endpoints in _listening(name, kind).items():
                click.echo(f"  {f'[{name}]':<12}{key} = {toml_value(endpoints)}")
    click.echo("  lmtp        lmtp.sock in the home, for programs of this machine")
    click.echo("  console     for administrators, by browser: see docs/howto/console.rst")


@click.command("check-config")
@pass_home
def check_config(home: Home) -> None:
    """Say what is wrong with the configuration; exit 0 when nothing is."""
    from twisted.internet import reactor

    from netsuite.acme.overview import troubles
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
    for line in troubles(home.path, settings):
        click.echo(f"! {line}")


@click.command("describe-config")
@click.option("--rst", is_flag=True, help="As the page of the manual.")
def describe_config(*, rst: bool) -> None:
    """Print every setting with its documentation, as a sample configuration."""
    from netsuite.config.describe import manual, sample

    click.echo(manual() if rst else sample(), nl=False)
