"""The settings of the home that the command line names.

Apart from ``context``, as their import takes a third of a second, which no help needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from netsuite.config.load import ConfigError, Configuration, Problem, read
from netsuite.config.schema import Settings


def read_configuration(path: Path | None, overrides: Sequence[str]) -> Configuration:
    """Read the settings; every problem becomes a line on the terminal, and exit code 2."""
    try:
        return read(path, overrides)
    except ConfigError as error:
        refuse(error.problems)
        raise SystemExit(2) from None


def read_settings(path: Path | None, overrides: Sequence[str]) -> Settings:
    """Read the settings; as ``read_configuration``."""
    return read_configuration(path, overrides).settings


def refuse(problems: Sequence[Problem]) -> None:
    """Show problems, a line each, and end with exit code 2, if there are any."""
    for problem in problems:
        click.echo(f"netsuite: {problem}", err=True)
    if problems:
        raise SystemExit(2)
