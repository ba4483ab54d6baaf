"""The ``netsuite`` command: one file a group of commands; ``main`` is its entry point."""

from __future__ import annotations

import click

from netsuite import __version__
from netsuite.cli.account import account
from netsuite.cli.alias import alias
from netsuite.cli.client import COMMANDS as CLIENT_COMMANDS
from netsuite.cli.configuration import check_config, describe_config
from netsuite.cli.context import Home
from netsuite.cli.folder import folder
from netsuite.cli.group import group
from netsuite.cli.setup import init
from netsuite.cli.transfer import export_mail, import_mail


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="netsuite")
@click.option("--home", metavar="DIR", help="The home directory; else $NETSUITE_HOME.")
@click.option("--config", metavar="FILE", help="The configuration; else netsuite.toml in the home.")
@click.option(
    "--set", "overrides", metavar="KEY=VALUE", multiple=True, help="A setting; may be repeated."
)
@click.pass_context
def main(
    context: click.Context, home: str | None, config: str | None, overrides: tuple[str, ...]
) -> None:
    """Look after a netsuite: its configuration, accounts, aliases and folders; and fetch, store,
    list, send and post by URL, here or anywhere.

    The servers themselves are started by twistd: `twistd netsuite`, `twistd netsuite-smtp` ...
    """
    context.obj = Home(home, config, overrides)


for command in (
    init,
    account,
    alias,
    folder,
    group,
    import_mail,
    export_mail,
    check_config,
    describe_config,
    *CLIENT_COMMANDS,
):
    main.add_command(command)
