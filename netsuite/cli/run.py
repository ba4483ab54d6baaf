"""``netsuite run``: all services in the foreground, with handlers of one's own from files."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from netsuite.cli.context import Home, pass_home


@click.command("run")
@click.argument("handlers", nargs=-1, type=click.Path(exists=True, dir_okay=False))
@click.option("--memory", is_flag=True, help="Keep everything in memory, and nothing after.")
@click.option(
    "--demo", is_flag=True, help="Accounts alice and bob (password netsuite), sample content."
)
@pass_home
def run(home: Home, handlers: Sequence[str], memory: bool, demo: bool) -> None:
    """Run all services in the foreground, with the handlers that Python files have.

    \b
    # handlers.py
    async def on_mail(envelope, message):
        print(envelope.sender, (await message.email())["Subject"])

    It is `twistd -n netsuite --handlers FILE` in one word; the manual says what else a file may
    have (docs/howto/extend).
    """
    from twisted.scripts import twistd

    logger = ["--logger=netsuite.demo.log_after_table"] * demo
    arguments = ["twistd", "--nodaemon", "--pidfile=", *logger]
    arguments += ["netsuite", "--home", str(home.path)]
    if home.config_path is not None:
        arguments += ["--config", str(home.config_path)]
    arguments += [f"--set={each}" for each in home.overrides]
    arguments += [f"--handlers={each}" for each in handlers]
    arguments += [flag for flag, given in (("--memory", memory), ("--demo", demo)) if given]
    sys.argv = arguments
    twistd.run()
