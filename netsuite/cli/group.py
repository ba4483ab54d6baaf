"""``netsuite group``: the newsgroups, which are public folders."""

from __future__ import annotations

import click

from netsuite.cli.commands import Subcommands
from netsuite.cli.context import Home, Number, columns, done, json_option, pass_home
from netsuite.message.news import newsgroup_name_problem
from netsuite.store.errors import NoSuchFolder
from netsuite.store.interfaces import Store
from netsuite.store.model import Folder, FolderKind


@click.group(cls=Subcommands)
def group() -> None:
    """Newsgroups: public folders that NNTP serves."""


async def find_group(store: Store, name: str) -> Folder:
    """Return a newsgroup. Raises ClickException."""
    try:
        found = await store.mail.folder(None, name)
    except NoSuchFolder:
        found = None
    if found is None or found.kind is not FolderKind.GROUP:
        raise click.ClickException(f"there is no newsgroup {name}")
    return found


@group.command("add")
@click.argument("name")
@click.option("--description", default="", help="One line; LIST NEWSGROUPS shows it.")
@click.option("--moderator", help="The account whose articles, with Approved, are taken.")
@click.option("--read-only", is_flag=True, help="Nobody may post by NNTP.")
@pass_home
def add(home: Home, name: str, description: str, moderator: str | None, read_only: bool) -> None:
    """Make a newsgroup, such as comp.lang.python."""
    if problem := newsgroup_name_problem(name):
        raise click.ClickException(problem)

    async def work(store: Store) -> None:
        chosen = (await store.accounts.account(moderator.lower())).name if moderator else None
        made = await store.mail.create_folder(
            None,
            name,
            kind=FolderKind.GROUP,
            description=" ".join(description.split()),
            postable=not read_only,
            moderator=chosen,
        )
        await done(store, f"made {made.name}")

    home.with_store(work)


@group.command("list")
@json_option
@pass_home
def list_groups(home: Home) -> None:
    """List the newsgroups."""

    async def work(store: Store) -> None:
        columns(
            ("NAME", "ARTICLES", "HIGHEST", "POSTING", "DESCRIPTION"),
            [
                (each.name, each.messages, Number(each.uid_next - 1), _posting(each),
                 each.description)
                for each in await store.mail.folders(None)
                if each.kind is FolderKind.GROUP
            ],
        )  # fmt: skip

    home.with_store(work)


def _posting(folder: Folder) -> str:
    if not folder.postable:
        return "no"
    return f"by {folder.moderator}" if folder.moderator else "yes"


@group.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_home
def remove(home: Home, name: str, yes: bool) -> None:
    """Remove a newsgroup and its articles."""
    home.insist_on_store()  # before anybody is asked
    if not yes:
        click.confirm(f"Remove {name} with all its articles?", abort=True)

    async def work(store: Store) -> None:
        found = await find_group(store, name)
        await store.mail.delete_folder(found.id)
        await done(store, f"removed {found.name}")

    home.with_store(work)
