"""``netsuite alias``: addresses that stand for accounts, or for addresses elsewhere."""

from __future__ import annotations

import click

from netsuite.accounts.naming import alias_name_problem, alias_target_problem
from netsuite.cli.commands import Subcommands
from netsuite.cli.context import Home, columns, done, json_option, pass_home
from netsuite.store.interfaces import Store


@click.group(cls=Subcommands)
def alias() -> None:
    """Aliases: `local`, `local@domain`, or `@domain` for all that is left."""


@alias.command("set")
@click.argument("name")
@click.argument("targets", nargs=-1, required=True)
@pass_home
def set_alias(home: Home, name: str, targets: tuple[str, ...]) -> None:
    """Make an alias stand for the accounts, aliases or addresses elsewhere that are given, in place
    of what it stood for."""
    from netsuite.accounts.resolver import same_domain
    from netsuite.cli.settings import read_settings

    if problem := alias_name_problem(name.lower()):
        raise click.ClickException(f"{name!r} cannot be an alias: {problem}")
    settings = read_settings(home.config_path, home.overrides)
    domains = {same_domain(each) for each in settings.site.domains}

    def is_ours(domain: str) -> bool:
        return same_domain(domain) in domains

    async def work(store: Store) -> None:
        known = {each.name for each in await store.accounts.accounts()}
        known.update(await store.accounts.aliases())
        for target in targets:
            if problem := alias_target_problem(
                target.lower(), known, is_ours, settings.delivery.enabled
            ):
                raise click.ClickException(problem)
        await store.accounts.set_alias(name.lower(), targets)
        await done(store, f"{name.lower()}: {', '.join(targets)}")

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
        await done(store, f"removed {name.lower()}")

    home.with_store(work)


@alias.command("list")
@json_option
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
