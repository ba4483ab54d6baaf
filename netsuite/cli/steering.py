"""``netsuite reload`` and ``netsuite stop``: a running daemon is told what to do."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Final

import click

from netsuite.cli.context import Home
from netsuite.cli.running import all_told, daemons
from netsuite.control.client import Control, NoAnswer

#: What the lines of a reload begin with that say what could not be done.
_WRONG: Final = (
    "the configuration was not read again",
    "nothing has changed",
    "the workers there are go on",
)
#: How often it is looked whether a daemon has ended.
_LOOK_SECONDS: Final = 0.1


def reload(home: Home, as_json: bool) -> None:
    """Have the daemon read its configuration and certificates again, as at SIGHUP; print what that
    has changed. Exit 1 when something is wrong, and nothing has changed."""
    with daemons(home) as found:
        lines = [str(line) for line in all_told(found, "reload")]
    click.echo(json.dumps(lines) if as_json else "\n".join(lines))
    if any(line.startswith(_WRONG) for line in lines):
        raise SystemExit(1)


def stop(home: Home, wait: float) -> None:
    """Stop the daemon, as SIGTERM does, and wait until it has."""
    with daemons(home) as found:
        all_told(found, "stop")
        if not _have_gone(found, time.monotonic() + wait):
            raise click.ClickException(f"the daemon has not ended within {wait:g} seconds")
    click.echo("stopped")


def _have_gone(found: Sequence[Control], until: float) -> bool:
    for each in found:
        while True:
            try:
                Control(each.path).close()
            except NoAnswer:
                break
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK_SECONDS)
    return True
