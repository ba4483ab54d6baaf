"""``netsuite folder``: what folders there are."""

from __future__ import annotations

import click

from netsuite.cli.commands import Subcommands
from netsuite.cli.context import Home, Number, columns, done, json_option, pass_home
from netsuite.store import rights
from netsuite.store.interfaces import Store
from netsuite.store.model import FlagAction, Folder


@click.group(cls=Subcommands)
def folder() -> None:
    """Folders of accounts, and public ones."""


@folder.command("list")
@json_option
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
                    each.messages,
                    each.octets,
                    Number(each.uid_next),
                    each.special_use.value if each.special_use else "",
                )
                for each in await store.mail.folders(owner)
            ],
        )

    home.with_store(work)


async def _found(store: Store, name: str, account: str | None) -> Folder:
    owner = (await store.accounts.account(account.lower())).id if account else None
    return await store.mail.folder(owner, name)


@folder.command("rights")
@json_option
@click.argument("name")
@click.option("--account", help="Whose; without it the folder is public.")
@pass_home
def list_rights(home: Home, name: str, account: str | None) -> None:
    """List who may do what with a folder, besides its owner."""

    async def work(store: Store) -> None:
        found = await _found(store, name, account)
        rows = rights.in_force(await store.rights.rows(found.id), public=found.owner is None)
        columns(("WHO", "RIGHTS"), [(who, letters) for who, letters in sorted(rows.items())])

    home.with_store(work)


@folder.command("share")
@click.argument("name")
@click.argument("letters")
@click.option("--to", "who", required=True, help="An account, anyone, or a group as $NAME.")
@click.option("--account", help="Whose; without it the folder is public.")
@pass_home
def share(home: Home, name: str, letters: str, who: str, account: str | None) -> None:
    """Let somebody into a folder: LETTERS are rights of RFC 4314, such as lrs; none take all."""
    wrong = set(letters) - set(rights.ALL) - set(rights.VIRTUAL)
    if wrong:
        raise click.UsageError(f"there is no right {' '.join(sorted(wrong))}")

    async def work(store: Store) -> None:
        found = await _found(store, name, account)
        bare = who.removeprefix(rights.NEGATIVE)
        if bare not in (rights.ANYONE, rights.AUTHENTICATED) and bare[:1] != rights.GROUP:
            await store.accounts.account(bare)
        if found.owner is None and (
            (bare == who == rights.ANYONE and not set(rights.READ) <= set(letters))
            or (bare != who and set(rights.READ) & set(letters))
        ):
            raise click.UsageError("what is public can be read as news, so everybody has l and r")
        kept = who if bare[:1] == rights.GROUP else who.lower()
        await store.rights.change(found.id, kept, FlagAction.REPLACE, letters)
        told = rights.ordered(letters) or "nothing"
        await done(store, f"{who} has {told} on {found.name}", account.lower() if account else "")

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
