"""The commands on running daemons, as they are typed; the work of each is in a module of its own,
whose imports no help waits for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from netsuite.cli.context import Home, pass_home

F = TypeVar("F", bound=Callable[..., None])


def _like(command: F) -> F:
    """Give a command the options that say which sessions are meant."""
    command = click.option("--address", metavar="ADDRESS", help="Those from there.")(command)
    command = click.option("--service", metavar="NAME", help="Those of that service.")(command)
    return click.option("--account", metavar="NAME", help="Those of that account.")(command)


_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@_json
@pass_home
def status(home: Home, as_json: bool) -> None:
    """Say what runs, where it listens, and how much there is to do."""
    from netsuite.cli.status import status

    status(home, as_json)


@click.command()
@_like
@click.option("--limit", type=click.IntRange(1), help="So many of each process at most.")
@_json
@pass_home
def sessions(
    home: Home,
    account: str | None,
    service: str | None,
    address: str | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """List who is connected: as whom, from where, since when, and doing what."""
    from netsuite.cli.sessions import sessions

    sessions(home, account, service, address, limit, as_json)


@click.command()
@click.argument("session", required=False)
@_like
@_json
@pass_home
def kick(
    home: Home,
    session: str | None,
    account: str | None,
    service: str | None,
    address: str | None,
    as_json: bool,
) -> None:
    """End sessions: one, or all of an account, a service, or from an address.

    Each hears its protocol's goodbye. Who it was may come again: `netsuite account disable` keeps
    them out. Exit 1 where there is none.
    """
    if not (session or account or service or address):
        raise click.UsageError("say which: SESSION, --account, --service or --address")
    from netsuite.cli.sessions import kick

    kick(home, session, account, service, address, as_json)


@click.command()
@click.option(
    "--every",
    type=click.FloatRange(0.2, 60),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How often it looks.",
)
@pass_home
def top(home: Home, every: float) -> None:
    """Watch services and sessions as they come and go.

    The key q ends it, s sorts by something else.
    """
    from netsuite.cli.top import top

    top(home, every)


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Print what comes, too, until ^C.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    metavar="COUNT",
    help="So many of the last lines.",
)
@pass_home
def log(home: Home, follow: bool, lines: int) -> None:
    """Print the end of the daemon's log; follow it."""
    from netsuite.cli.log import log

    log(home, follow, lines)


@click.command()
@click.argument("whose", metavar="ACCOUNT|ADDRESS")
@click.option(
    "--seconds",
    type=click.FloatRange(0, 3600),
    default=60.0,
    show_default=True,
    help="For so long.",
)
@_json
@pass_home
def trace(home: Home, whose: str, seconds: float, as_json: bool) -> None:
    """Show what is said on the connections of an account, or from an address.

    Those there are, and those that come. Passwords, and all that helps to guess them, are masked.
    """
    from netsuite.cli.log import trace

    trace(home, whose, seconds, as_json)


@click.command()
@_json
@pass_home
def reload(home: Home, as_json: bool) -> None:
    """Have the daemon read its configuration and certificates again.

    As at SIGHUP; it prints what that has changed. Exit 1 when something is wrong, and nothing has.
    """
    from netsuite.cli.steering import reload

    reload(home, as_json)


@click.command()
@click.option(
    "--wait",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="So long for its sessions to end what they do.",
)
@pass_home
def stop(home: Home, wait: float) -> None:
    """Stop the daemon, and wait until it has."""
    from netsuite.cli.steering import stop

    stop(home, wait)
