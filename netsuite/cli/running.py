"""The daemons that run over a home, as commands ask them: by their control sockets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from netsuite.bus import Value
from netsuite.cli.context import Home
from netsuite.config.load import ConfigError, load
from netsuite.control.client import CommandFailed, Control, NoAnswer, living
from netsuite.control.settings import ControlSection


@contextmanager
def daemons(home: Home) -> Iterator[Sequence[Control]]:
    """Return connections to all daemons of a home; what they refuse is one line and exit 1.

    Raises:
        ClickException: none runs.
    """
    found = list(living(home.path, _socket(home)))
    if not found:
        raise click.ClickException(
            f"no daemon runs over {home.path}; `twistd netsuite --home {home.path}` starts one"
        )
    try:
        yield found
    except (CommandFailed, NoAnswer) as error:
        raise click.ClickException(str(error)) from None
    finally:
        for each in found:
            each.close()


def _socket(home: Home) -> str:
    """Return the name of the socket; the usual one where the configuration is wrong: whoever has
    just broken it wants to look all the more."""
    try:
        return load(home.config_path, home.overrides).control.socket
    except ConfigError as error:
        for problem in error.problems:
            click.echo(f"netsuite: {problem}", err=True)
        return ControlSection().socket


def all_told(found: Sequence[Control], do: str, **arguments: Value) -> list[Value]:
    """Return what all daemons tell. Raises CommandFailed, NoAnswer."""
    return [value for each in found for value in each.ask(do, arguments)]
