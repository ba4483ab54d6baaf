"""``netsuite import`` and ``export``: mbox files and Maildirs, to and from a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from netsuite.cli import mailfiles
from netsuite.cli.context import Home, pass_home
from netsuite.cli.group import find_group
from netsuite.message.headers import strip
from netsuite.message.news import message_id_of
from netsuite.store.errors import MessageExists, NoSuchFolder
from netsuite.store.interfaces import Draft, Store
from netsuite.store.model import Folder, FolderId, Message, Placement


@click.command("import")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--account", help="Into whose folder.")
@click.option("--folder", "name", default="INBOX", show_default=True, help="Into which folder.")
@click.option("--group", help="Into which newsgroup instead; articles that are there are left out.")
@pass_home
def import_mail(
    home: Home, source: Path, account: str | None, name: str, group: str | None
) -> None:
    """Add the messages of an mbox file or a Maildir to a folder, or to a newsgroup."""
    from rich.progress import Progress

    if (account is None) == (group is None):
        raise click.UsageError("say either --account or --group")
    try:
        opened = mailfiles.open_mail_file(source)
    except mailfiles.NoMailFile as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{source} cannot be read: {error.strerror}") from None

    async def work(store: Store) -> None:
        if group is not None:
            target = await find_group(store, group)
        else:
            target = await _folder_of(store, account or "", name)
        count = 0
        with Progress(transient=True) as progress:
            task = progress.add_task("importing", total=len(opened))
            for message in opened:
                if group is not None:
                    count += await _import_article(store, target.id, message)
                else:
                    await _import_one(store, target.id, message)
                    count += 1
                progress.advance(task)
        what = f"articles into {target.name}"
        if account is not None:
            what = f"messages into {target.name} of {account.lower()}"
        left_out = f"; {len(opened) - count} were there already" if count < len(opened) else ""
        click.echo(f"imported {count} {what}{left_out}")

    home.with_store(work)


async def _folder_of(store: Store, account: str, name: str) -> Folder:
    """Return an account's folder; make it if it is not there."""
    owner = (await store.accounts.account(account.lower())).id
    try:
        return await store.mail.folder(owner, name)
    except NoSuchFolder:
        return await store.mail.create_folder(owner, name)


async def _drafted(store: Store, octets: bytes) -> Draft:
    draft = store.mail.draft(len(octets))
    waiting = draft.write(octets)
    if waiting is not None:
        await waiting
    return draft


async def _import_one(store: Store, target: FolderId, message: mailfiles.Kept) -> None:
    draft = await _drafted(store, message.octets)
    await store.mail.commit(draft, [Placement(target, message.flags, message.received)])


async def _import_article(store: Store, target: FolderId, message: mailfiles.Kept) -> bool:
    """Put an article into a newsgroup; return whether it was not there yet.

    Read state is everybody's own there, so the flags in the file are nobody's.
    """
    octets = strip(message.octets, (b"Xref",))  # of the server it comes from
    draft = await _drafted(store, octets)
    message_id = message_id_of(octets) or None
    placement = Placement(target, internal_date=message.received)
    try:
        await store.mail.commit(draft, [placement], message_id=message_id)
    except MessageExists:
        return False
    return True


@click.command("export")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--account", help="Whose folder; without it a public one.")
@click.option("--folder", "name", default="INBOX", show_default=True, help="Which folder.")
@click.option("--format", "form", type=click.Choice(["mbox", "maildir"]), default="mbox")
@pass_home
def export_mail(home: Home, target: Path, account: str | None, name: str, form: str) -> None:
    """Write a folder's messages to a new mbox file or Maildir."""
    if target.exists():
        raise click.ClickException(f"{target} is there already; name a new one")

    async def work(store: Store) -> None:
        owner = (await store.accounts.account(account.lower())).id if account else None
        source = await store.mail.folder(owner, name)
        messages = await store.mail.messages(source.id, None, owner)
        try:
            kind = mailfiles.NewMbox if form == "mbox" else mailfiles.NewMaildir
            await _export(store, source, messages, kind(target))
        except OSError as error:
            raise click.ClickException(f"{target} cannot be written: {error.strerror}") from None
        click.echo(f"exported {len(messages)} messages of {source.name} to {target}")

    home.with_store(work)


async def _export(
    store: Store,
    source: Folder,
    messages: Sequence[Message],
    destination: mailfiles.NewMbox | mailfiles.NewMaildir,
) -> None:
    from rich.progress import Progress

    with Progress(transient=True) as progress:
        for message in progress.track(messages, description="exporting"):
            octets = b"".join([chunk async for chunk in store.mail.read(message.content)])
            new = message.uid >= source.recent_from
            destination.add(octets, message.flags, message.internal_date, new=new)
    destination.close()
