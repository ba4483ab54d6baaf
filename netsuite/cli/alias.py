"""``netsuite alias``: addresses that stand for accounts, or for addresses elsewhere."""

from __future__ import annotations

import click

from netsuite.cli.context import Home, columns, pass_home
from netsuite.store.interfaces import Store


@click.group()
def alias() -> None:
    """Aliases: `local`, `local@domain`, or `@domain` for all that is left."""


@alias.command("set")
@click.argument("name")
@click.argument("targets", nargs=-1, required=True)
@pass_home
def set_alias(home: Home, name: str, targets: tuple[str, ...]) -> None:
    """Make an alias stand for the accounts (or aliases) given."""

    async def work(store: Store) -> None:
        await store.accounts.set_alias(name.lower(), targets)
        click.echo(f"{name.lower()}: {', '.join(targets)}")

    home.with_store(work)


@alias.command("remove")
@click.argument("name")
@pass_home
def remove(home: Home, name: str) -> None:
    """Take an alias away."""

    async def work(store: Store) -> None:
        if name.lower() not in await store.accounts.aliases():
            raise click.ClickException(f"there is no alias {name}")
        await store.accounts.set_alias(name.lower(), ())
        click.echo(f"removed {name.lower()}")

    home.with_store(work)


@alias.command("list")
@pass_home
def list_aliases(home: Home) -> None:
    """List the aliases."""

    async def work(store: Store) -> None:
        aliases = await store.accounts.aliases()
        columns(
            ("ALIAS", "STANDS FOR"),
            [(name, ", ".join(targets)) for name, targets in sorted(aliases.items())],
        )

    home.with_store(work)
