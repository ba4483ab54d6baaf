"""``netsuite sieve``: the Sieve scripts of accounts."""

from __future__ import annotations

from typing import BinaryIO

import click

from netsuite.cli.commands import Subcommands
from netsuite.cli.context import Home, Number, columns, done, json_option, pass_home
from netsuite.store.errors import NoSuchScript, ScriptActive
from netsuite.store.interfaces import Store


@click.group(cls=Subcommands)
def sieve() -> None:
    """Sieve scripts of accounts: they say what becomes of mail."""


def _checked(octets: bytes, name: str) -> None:
    """Report what is odd in a script. Raises ClickException where it is wrong."""
    from netsuite.sieve.compiler import compile_script
    from netsuite.sieve.errors import ScriptError

    try:
        script = compile_script(octets)
    except ScriptError as error:
        raise click.ClickException(f"{name}: {error}") from None
    for line, warning in script.warnings:
        click.echo(f"{name}: line {line}: {warning}", err=True)


@sieve.command("check")
@click.argument("files", nargs=-1, required=True, type=click.File("rb"))
def check(files: tuple[BinaryIO, ...]) -> None:
    """Check scripts: report what is wrong with them; exit 0 when nothing is."""
    for file in files:
        _checked(file.read(), file.name)


@sieve.command("list")
@json_option
@click.argument("account")
@pass_home
def list_scripts(home: Home, account: str) -> None:
    """List an account's scripts."""

    async def work(store: Store) -> None:
        known = await store.accounts.account(account)
        columns(
            ("SCRIPT", "OCTETS", "ACTIVE"),
            [
                (each.name, Number(each.octets), "yes" if each.active else "")
                for each in await store.scripts.scripts(known.id)
            ],
        )

    home.with_store(work)


@sieve.command("get")
@click.argument("account")
@click.argument("name")
@pass_home
def get(home: Home, account: str, name: str) -> None:
    """Print a script."""

    async def work(store: Store) -> None:
        known = await store.accounts.account(account)
        try:
            text = await store.scripts.script(known.id, name)
        except NoSuchScript:
            raise _nothing(account, name) from None
        click.echo(text.encode(), nl=False)

    home.with_store(work)


@sieve.command("put")
@click.argument("account")
@click.argument("name")
@click.argument("file", type=click.File("rb"))
@click.option("--activate", "active", is_flag=True, help="Make it the active one, too.")
@pass_home
def put(home: Home, account: str, name: str, file: BinaryIO, active: bool) -> None:
    """Check a script, and make or replace it; FILE may be -."""
    from netsuite.cli.settings import read_settings
    from netsuite.managesieve.grammar import is_name

    if not is_name(name):
        raise click.ClickException(f"no script can be called {name!r}")
    octets = file.read()
    _checked(octets, file.name)
    most = read_settings(home.config_path, home.overrides).managesieve.scripts

    async def work(store: Store) -> None:
        known = await store.accounts.account(account)
        await store.scripts.put(known.id, name, octets.decode("utf-8"), most=most)
        if active:
            await store.scripts.activate(known.id, name)
        await done(store, f"{account}: {name}{' is active' if active else ''}")

    home.with_store(work)


@sieve.command("activate")
@click.argument("account")
@click.argument("name", required=False)
@pass_home
def activate(home: Home, account: str, name: str | None) -> None:
    """Make a script the active one; without a name, have none be."""

    async def work(store: Store) -> None:
        known = await store.accounts.account(account)
        try:
            await store.scripts.activate(known.id, name)
        except NoSuchScript:
            raise _nothing(account, name or "") from None
        await done(store, f"{account}: {name or 'no script'} is active")

    home.with_store(work)


@sieve.command("delete")
@click.argument("account")
@click.argument("name")
@pass_home
def delete(home: Home, account: str, name: str) -> None:
    """Remove a script that is not active."""

    async def work(store: Store) -> None:
        known = await store.accounts.account(account)
        try:
            await store.scripts.delete(known.id, name)
        except NoSuchScript:
            raise _nothing(account, name) from None
        except ScriptActive:
            raise click.ClickException(
                f"{name} is active: activate another first, or none"
            ) from None
        await done(store, f"removed {name}")

    home.with_store(work)


def _nothing(account: str, name: str) -> click.ClickException:
    return click.ClickException(f"{account} has no script {name}")
