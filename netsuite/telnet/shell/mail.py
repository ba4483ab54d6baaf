"""Commands on mail: list, read, delete."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from functools import partial
from typing import Final

from netsuite.store.errors import NoSuchMessage, NotPermitted
from netsuite.store.model import DELETED, SEEN, FlagAction, Folder, Message, SpecialUse
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell.command import Command, CommandRefused, Shell, Usage, command, number
from netsuite.telnet.shell.message_lines import listed, message_lines

INBOX: Final = "INBOX"


async def _open(shell: Shell, name: str) -> tuple[Folder, Sequence[int]]:
    folder = await shell.access.mail.folder(name)
    shell.mailbox = (folder, tuple(await shell.access.mail.uids(folder.id)))
    return shell.mailbox


async def _numbered(shell: Shell, words: Sequence[str]) -> tuple[Folder, list[int]]:
    """Return the folder listed last and the UIDs that numbers stand for in that list."""
    if not words:
        raise Usage
    numbers = [number(word) for word in words]
    folder, uids = shell.mailbox or await _open(shell, INBOX)
    for each in numbers:
        if not 0 < each <= len(uids):
            raise CommandRefused(f"There is no message {each} in {one_line(folder.name)}.")
    return folder, [uids[each - 1] for each in numbers]


@command("mail list", "[FOLDER]", "list your messages, or those of a folder; N: new")
async def list_mail(shell: Shell, words: Sequence[str]) -> None:
    """List a mailbox; the numbers are good until it is listed again."""
    if len(words) > 1:
        raise Usage
    folder, uids = await _open(shell, words[0] if words else INBOX)
    if not uids:
        shell.terminal.say(f"There is nothing in {one_line(folder.name)}.")
        return

    def lead(message: Message) -> str:
        return f"{bisect(uids, message.uid):>5} {' ' if SEEN in message.flags else 'N'}"

    find = partial(shell.access.mail.described, folder.id)
    await shell.terminal.page(listed(shell, find, uids, lead))


@command("mail folders", "", "list your folders")
async def list_folders(shell: Shell, words: Sequence[str]) -> None:
    """List the mailboxes."""
    if words:
        raise Usage
    folders = await shell.access.mail.folders()
    await shell.terminal.page(f"{each.messages:>8} {one_line(each.name)}" for each in folders)


@command("mail read", "NUMBER", "read a message of the last list")
async def read_mail(shell: Shell, words: Sequence[str]) -> None:
    """Show a message, and mark it as read."""
    if len(words) != 1:
        raise Usage
    folder, uids = await _numbered(shell, words)
    mail = shell.access.mail
    found = await mail.described(folder.id, uids)
    if not found:
        raise NoSuchMessage(str(uids[0]))
    await mail.store_flags(folder.id, uids, FlagAction.ADD, frozenset({SEEN}))
    await shell.terminal.page(message_lines(mail.read, found[0]))


@command("mail delete", "NUMBER...", "move messages to Trash; from there, delete them")
async def delete_mail(shell: Shell, words: Sequence[str]) -> None:
    """Move messages to the trash; remove them where they are in it already, or there is none."""
    folder, uids = await _numbered(shell, words)
    mail = shell.access.mail
    if not mail.writable(folder):
        raise NotPermitted(folder.name)
    trash = next(
        (each for each in await mail.folders() if each.special_use is SpecialUse.TRASH), None
    )
    if trash is not None and trash.id != folder.id:
        gone: Sequence[int] = (await mail.move(folder.id, uids, trash.name)).sources
        how = f"moved to {one_line(trash.name)}"
    else:
        await mail.store_flags(folder.id, uids, FlagAction.ADD, frozenset({DELETED}))
        gone = await mail.expunge(folder.id, uids)
        how = "deleted"
    if not gone:  # another session was quicker
        raise NoSuchMessage(folder.name)
    shell.terminal.say(f"{len(gone)} {how}.")


COMMANDS: Sequence[Command] = (list_mail, read_mail, delete_mail, list_folders)
