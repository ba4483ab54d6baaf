"""The settings of the home that the command line names.

Apart from ``context``, as their import takes a third of a second, which no help needs.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from netsuite.cli.context import Home
from netsuite.config.load import ConfigError, Configuration, Problem, read
from netsuite.config.schema import Settings


def configuration_of(home: Home) -> Configuration:
    """Read the settings; every problem becomes a line on the terminal, and exit code 2."""
    try:
        return read(home.config_path, home.overrides)
    except ConfigError as error:
        refuse(error.problems)
        raise SystemExit(2) from None


def settings_of(home: Home) -> Settings:
    """Read the settings; as ``configuration_of``."""
    return configuration_of(home).settings


def refuse(problems: Sequence[Problem]) -> None:
    """Show problems, a line each, and end with exit code 2, if there are any."""
    for problem in problems:
        click.echo(f"netsuite: {problem}", err=True)
    if problems:
        raise SystemExit(2)
