"""The daemons that run over a home, as commands ask them: by their control sockets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from netsuite.bus import Value
from netsuite.cli.context import Home
from netsuite.cli.settings import read_settings
from netsuite.control.client import CommandFailed, Control, NoAnswer, living


@contextmanager
def daemons(home: Home) -> Iterator[Sequence[Control]]:
    """Return connections to all daemons of a home; what they refuse is one line and exit 1.

    Raises:
        ClickException: none runs.
    """
    settings = read_settings(home.config_path, home.overrides)
    found = list(living(home.path, settings.control.socket))
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


def all_told(found: Sequence[Control], do: str, **arguments: Value) -> list[Value]:
    """Return what all daemons tell. Raises CommandFailed, NoAnswer."""
    return [value for each in found for value in each.ask(do, arguments)]
