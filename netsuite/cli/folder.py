"""``netsuite folder``: what folders there are."""

from __future__ import annotations

import click

from netsuite.cli.commands import Subcommands
from netsuite.cli.context import Home, columns, done, pass_home
from netsuite.store.interfaces import Store


@click.group(cls=Subcommands)
def folder() -> None:
    """Folders of accounts, and public ones."""


@folder.command("list")
@click.argument("account", required=False)
@pass_home
def list_folders(home: Home, account: str | None) -> None:
    """List an account's folders, or the public ones."""

    async def work(store: Store) -> None:
        owner = (await store.accounts.account(account.lower())).id if account else None
        columns(
            ("NAME", "KIND", "MESSAGES", "OCTETS", "UIDNEXT", "USE"),
            [
                (
                    each.name,
                    each.kind.value,
                    f"{each.messages:,}",
                    f"{each.octets:,}",
                    str(each.uid_next),
                    each.special_use.value if each.special_use else "",
                )
                for each in await store.mail.folders(owner)
            ],
        )

    home.with_store(work)


@folder.command("create")
@click.argument("name")
@click.option("--account", help="Whose; without it the folder is public.")
@pass_home
def create(home: Home, name: str, account: str | None) -> None:
    """Make a folder."""

    async def work(store: Store) -> None:
        owner = (await store.accounts.account(account.lower())).id if account else None
        made = await store.mail.create_folder(owner, name)
        await done(store, f"created {made.name}", account.lower() if account else "")

    home.with_store(work)
