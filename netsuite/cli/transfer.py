"""``netsuite import`` and ``export``: an account's folders, or one of them, from files and back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from netsuite.cli.context import Home, columns, done, pass_home
from netsuite.cli.group import find_group
from netsuite.cli.leftout import LeftOut
from netsuite.cli.mailfiles.kept import NoMailFile
from netsuite.cli.mailfiles.names import Parts
from netsuite.cli.mailfiles.trees import Tree, read_tree
from netsuite.cli.message_bar import MessageBar
from netsuite.store.interfaces import Store

QUOTINGS: Final = ("mboxrd", "mboxo", "none")


@click.command("import")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--account", help="Into whose folders.")
@click.option("--folder", "base", help="Into which folder, others below it; else INBOX.")
@click.option("--group", help="Into which newsgroup instead; articles that are there are left out.")
@click.option(
    "--quoting",
    type=click.Choice(QUOTINGS),
    help="Which lines of an mbox have a > more than their message; else found out.",
)
@click.option("--dry-run", is_flag=True, help="Say what there is, and take nothing.")
@pass_home
def import_mail(
    home: Home,
    source: Path,
    account: str | None,
    base: str | None,
    group: str | None,
    quoting: str | None,
    *,
    dry_run: bool,
) -> None:
    """Add messages of mbox files or Maildirs, one or a tree of folders, to an account or newsgroup.

    SOURCE is an mbox file, a Maildir with the folders in it (Maildir++), or a directory with either
    in it. Flags, keywords, dates and subscriptions come along. Exit code 8: something was left out.
    """
    if (account is None) == (group is None):
        raise click.UsageError("say either --account or --group")
    left_out = LeftOut()
    tree = _read(source, quoting, left_out)

    async def work(store: Store) -> None:
        from netsuite.cli.importing import names_of

        if group is not None:
            await _import_group(store, tree, group, left_out)
            return
        names = names_of(tree, base)
        if dry_run:
            rows = [(names[each.parts], f"{len(each.file):,}", str(each.path))
                    for each in tree.folders]  # fmt: skip
            columns(("FOLDER", "MESSAGES", "FROM"), rows)
        else:
            await _import_account(store, tree, account or "", names, left_out)

    home.with_store(work)
    left_out.end()


def _read(source: Path, quoting: str | None, left_out: LeftOut) -> Tree:
    """Look what there is to import. Raises ClickException."""
    try:
        tree = read_tree(source, quoting)
    except NoMailFile as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{source} cannot be read: {error.strerror}") from None
    for line in tree.complaints:
        left_out.say(line)
    return tree


async def _import_group(store: Store, tree: Tree, group: str, left_out: LeftOut) -> None:
    from netsuite.cli.importing import Importing

    if len(tree.folders) > 1:
        raise click.ClickException(
            f"there are {len(tree.folders)} folders, and a newsgroup is one; name one of them"
        )
    target = await find_group(store, group)
    (found,) = tree.folders
    with MessageBar("importing", len(found.file)) as progress:
        importing = Importing(store, left_out, progress.advance)
        await importing.group(found.file, target.id)
    there = len(found.file) - importing.taken - left_out.count
    more = f"; {there} were there already" if there > 0 else ""
    await done(store, f"imported {importing.taken} articles into {target.name}{more}")


async def _import_account(
    store: Store, tree: Tree, account: str, names: Mapping[Parts, str], left_out: LeftOut
) -> None:
    from netsuite.cli.importing import Importing

    owner = await store.accounts.account(account.lower())
    with MessageBar("importing", sum(len(each.file) for each in tree.folders)) as progress:
        importing = Importing(store, left_out, progress.advance)
        await importing.tree(owner.id, tree.folders, names)
    for parts in tree.subscribed:
        await store.mail.subscribe(owner.id, names[parts], True)
    into = names[tree.folders[0].parts]
    if len(tree.folders) > 1:
        into = f"{len(tree.folders)} folders"
    what = f"imported {importing.taken} messages into {into} of {owner.name}"
    await done(store, what, owner.name)


@click.command("export")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--account", help="Whose folders; without it a public one.")
@click.option("--folder", "name", help="Which folder alone; else all of the account.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["mbox", "maildir"]),
    help="Default: mbox for a folder, maildir for an account.",
)
@pass_home
def export_mail(
    home: Home, target: Path, account: str | None, name: str | None, form: str | None
) -> None:
    """Write an account's folders, or one, to a new Maildir, mbox file, or tree of them.

    Messages, flags, keywords, dates and subscriptions are in it; passwords, aliases, settings and
    the account's files are not. Exit code 8: something was left out.
    """
    if account is None and name is None:
        raise click.UsageError("say --account, --folder, or both")
    if target.exists():
        raise click.ClickException(f"{target} is there already; name a new one")
    os.umask(0o077)  # other people's mail
    left_out = LeftOut()

    from netsuite.cli.exporting import new_place

    with new_place(target) as place:
        home.with_store(lambda store: _export(store, place, target, account, name, form, left_out))
    left_out.end()


async def _export(
    store: Store,
    place: Path,
    target: Path,
    account: str | None,
    name: str | None,
    form: str | None,
    left_out: LeftOut,
) -> None:
    from netsuite.cli.exporting import Exporting, put_in_place

    owner = (await store.accounts.account(account.lower())).id if account else None
    if name is None:
        folders = await store.mail.folders(owner)
    else:
        folders = [await store.mail.folder(owner, name)]
    with MessageBar("exporting", sum(each.messages for each in folders)) as progress:
        exporting = Exporting(store, owner, left_out, progress.advance)
        try:
            if name is None:
                await exporting.tree(folders, place, form or "maildir")
            else:
                await exporting.folder(folders[0], place, form or "mbox")
            put_in_place(place, target)
        except OSError as error:
            raise click.ClickException(f"{target} cannot be written: {error.strerror}") from None
    of = folders[0].name if name is not None else f"{len(folders)} folders"
    what = f"exported {exporting.written} messages of {of} to {target}"
    await done(store, what, account.lower() if account else "")
