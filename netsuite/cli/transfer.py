"""``netsuite import`` and ``export``: mbox files and Maildirs, to and from a folder."""

from __future__ import annotations

import mailbox
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.progress import Progress

from netsuite.cli.context import Home, pass_home
from netsuite.store.errors import NoSuchFolder
from netsuite.store.interfaces import Store
from netsuite.store.model import (
    ANSWERED,
    DELETED,
    DRAFT,
    FLAGGED,
    SEEN,
    Folder,
    FolderId,
    Message,
    Placement,
)

_BARE_LF = re.compile(rb"(?<!\r)\n")
_FROM_LINE = re.compile(rb"^(>*From )", re.MULTILINE)
_BATCH_MESSAGES = 100

#: Letters of a Maildir name's info, of an mbox's Status and X-Status fields.
_LETTERS = {"S": SEEN, "R": ANSWERED, "F": FLAGGED, "T": DELETED, "D": DRAFT}
_STATUS_LETTERS = {"R": SEEN, "A": ANSWERED, "F": FLAGGED, "D": DELETED, "T": DRAFT}


def _open_source(path: Path) -> mailbox.mbox | mailbox.Maildir:
    if path.is_dir():
        if not (path / "cur").is_dir():
            raise click.ClickException(f"{path} is a folder but no Maildir: it has no cur/")
        return mailbox.Maildir(path, create=False)
    if not path.is_file():
        raise click.ClickException(f"{path}: no such file")
    with path.open("rb") as file:
        start = file.read(5)
    if start not in (b"", b"From "):
        raise click.ClickException(f"{path} is no mbox: it does not begin with 'From '")
    return mailbox.mbox(path, create=False)


def _flags(message: mailbox.Message) -> frozenset[str]:
    if isinstance(message, mailbox.MaildirMessage):
        return frozenset(_LETTERS[each] for each in message.get_flags() if each in _LETTERS)
    status = str(message.get("Status", "")) + str(message.get("X-Status", ""))
    return frozenset(_STATUS_LETTERS[each] for each in status if each in _STATUS_LETTERS)


def _received(message: mailbox.Message) -> datetime | None:
    if isinstance(message, mailbox.MaildirMessage):
        return datetime.fromtimestamp(message.get_date(), UTC)
    if isinstance(message, mailbox.mboxMessage):
        stamp = " ".join(message.get_from().split()[1:])
        for form in ("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y"):
            try:
                parsed = datetime.strptime(stamp, form)
            except ValueError:
                continue
            return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return None


def _read_all(source: mailbox.mbox | mailbox.Maildir) -> Iterator[tuple[bytes, mailbox.Message]]:
    for key in source.keys():  # noqa: SIM118 - a mailbox is no mapping
        octets = source.get_bytes(key)
        if isinstance(source, mailbox.mbox):
            octets = re.sub(rb"^>(>*From )", rb"\1", octets, flags=re.MULTILINE)  # mboxrd
        yield _BARE_LF.sub(b"\r\n", octets), source.get_message(key)


@click.command("import")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--account", required=True, help="Into whose folder.")
@click.option("--folder", "name", default="INBOX", show_default=True, help="Into which folder.")
@pass_home
def import_mail(home: Home, source: Path, account: str, name: str) -> None:
    """Add the messages of an mbox file or a Maildir to a folder."""
    opened = _open_source(source)

    async def work(store: Store) -> None:
        owner = (await store.accounts.account(account.lower())).id
        try:
            target = await store.mail.folder(owner, name)
        except NoSuchFolder:
            target = await store.mail.create_folder(owner, name)
        count = 0
        with Progress(transient=True) as progress:
            task = progress.add_task("importing", total=len(opened))
            for octets, message in _read_all(opened):
                await _import_one(store, target.id, octets, message)
                count += 1
                progress.advance(task)
        click.echo(f"imported {count} messages into {target.name} of {account.lower()}")

    home.with_store(work)


async def _import_one(
    store: Store, target: FolderId, octets: bytes, message: mailbox.Message
) -> None:
    draft = store.mail.draft(len(octets))
    waiting = draft.write(octets)
    if waiting is not None:
        await waiting
    await store.mail.commit(draft, [Placement(target, _flags(message), _received(message))])


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
        destination: mailbox.mbox | mailbox.Maildir = (
            mailbox.mbox(target) if form == "mbox" else mailbox.Maildir(target)
        )
        with Progress(transient=True) as progress:
            for message in progress.track(messages, description="exporting"):
                octets = b"".join([chunk async for chunk in store.mail.read(message.content)])
                destination.add(_exported(octets, message, form, source))
        destination.flush()
        destination.close()
        click.echo(f"exported {len(messages)} messages of {source.name} to {target}")

    home.with_store(work)


def _exported(
    octets: bytes, message: Message, form: str, folder: Folder
) -> mailbox.MaildirMessage | mailbox.mboxMessage:
    lines = octets.replace(b"\r\n", b"\n")
    if form == "maildir":
        kept = mailbox.MaildirMessage(lines)
        kept.set_subdir("cur" if message.uid < folder.recent_from else "new")
        kept.set_flags("".join(sorted(k for k, v in _LETTERS.items() if v in message.flags)))
        kept.set_date(message.internal_date.timestamp())
        return kept
    quoted = mailbox.mboxMessage(_FROM_LINE.sub(rb">\1", lines))
    quoted.set_from("MAILER-DAEMON", message.internal_date.timetuple())
    quoted.set_flags("".join(k for k, v in _STATUS_LETTERS.items() if v in message.flags) + "O")
    return quoted
