"""Commands on mail that is there: list, read, search, move, save, delete."""

from __future__ import annotations

from bisect import bisect
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from typing import Final

from netsuite.message.decoding import Identity, decoder
from netsuite.message.reading import file_name, numbered, type_name
from netsuite.message.structure import Part
from netsuite.store import query
from netsuite.store.errors import NoSuchMessage, NotPermitted
from netsuite.store.model import DELETED, SEEN, FlagAction, Folder, Message, SpecialUse
from netsuite.store.tree import EntryKind, TreePath, UploadRequest
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell import completion, mailbox
from netsuite.telnet.shell.columns import size
from netsuite.telnet.shell.command import Command, CommandRefused, Shell, Usage, command
from netsuite.telnet.shell.mailbox import INBOX
from netsuite.telnet.shell.message_lines import listed, message_lines
from netsuite.telnet.shell.paths import kind_of, resolved, written

#: Words that are searched for at once.
_WORDS: Final = 20
#: Characters of the name that a part's sender gave it, where that becomes a file's.
_NAME_CHARACTERS: Final = 100


async def _show_list(shell: Shell, folder: Folder, uids: Sequence[int], nothing: str) -> None:
    """List messages; from now on numbers are theirs."""
    shell.mailbox = (folder, uids)
    if not uids:
        shell.terminal.say(nothing)
        return

    def number(message: Message) -> int:
        return bisect(uids, message.uid)

    def mark(message: Message) -> str:
        return " " if SEEN in message.flags else "N"

    find = partial(shell.access.mail.described, folder.id)
    await shell.terminal.page(listed(shell, find, uids, number, mark))


@command(
    "mail list",
    "[FOLDER]",
    "list your messages, or those of a folder; N: new",
    completes=completion.folders,
    more=("The numbers are good until something else is listed.",),
)
async def list_mail(shell: Shell, words: Sequence[str]) -> None:
    """List a mailbox; the numbers are good until it is listed again."""
    if len(words) > 1:
        raise Usage
    folder, uids = await mailbox.open_mailbox(shell, words[0] if words else INBOX)
    await _show_list(shell, folder, uids, f"There is nothing in {one_line(folder.name)}.")


@command("mail folders", "", "list your folders")
async def list_folders(shell: Shell, words: Sequence[str]) -> None:
    """List the mailboxes."""
    if words:
        raise Usage
    folders = await shell.access.mail.folders()
    columns = 8 if shell.terminal.columns >= 34 else 4
    await shell.terminal.page(
        f"{each.messages:>{columns}} {one_line(each.name)}" for each in folders
    )


@command(
    "mail read",
    "NUMBER",
    "read a message of the last list",
    completes=completion.messages,
    more=("`mail NUMBER` does the same.",),
)
async def read_mail(shell: Shell, words: Sequence[str]) -> None:
    """Show a message, and mark it as read."""
    if len(words) != 1:
        raise Usage
    folder, found = await mailbox.message(shell, words[0])
    mail = shell.access.mail
    await mail.store_flags(folder.id, [found.message.uid], FlagAction.ADD, frozenset({SEEN}))
    await shell.terminal.page(message_lines(mail.read, found, shell.terminal.wraps))


@command(
    "mail search",
    "WORDS...",
    "list the messages that have all of these words",
    more=(
        "The folder listed last is searched, header and text, in any case. Quote words that",
        "belong together. The numbers are then those of what was found.",
    ),
)
async def search_mail(shell: Shell, words: Sequence[str]) -> None:
    """List what has words in it; numbers are then those of what was found."""
    if not words or len(words) > _WORDS or not all(words):
        raise Usage
    if shell.mailbox is not None:
        folder = await shell.access.mail.folder_by_id(shell.mailbox[0].id)
    else:
        folder = await shell.access.mail.folder(INBOX)
    wanted = query.And(tuple(query.Text(word) for word in words))
    uids = tuple(await shell.terminal.wait(shell.access.mail.search(folder.id, wanted)))
    await _show_list(shell, folder, uids, f"Nothing in {one_line(folder.name)} has that.")


@command(
    "mail move",
    "NUMBER... FOLDER",
    "move messages to a folder",
    completes=completion.messages_then(completion.folders),
)
async def move_mail(shell: Shell, words: Sequence[str]) -> None:
    """Move messages to another folder."""
    if len(words) < 2:
        raise Usage
    folder, uids = await mailbox.numbered(shell, words[:-1])
    target = await shell.access.mail.folder(words[-1])
    if target.id == folder.id:
        raise CommandRefused(f"They are in {one_line(target.name)}.")
    moved = await shell.access.mail.move(folder.id, uids, target.name)
    if not moved.sources:
        raise NoSuchMessage(folder.name)
    shell.terminal.say(f"{len(moved.sources)} moved to {one_line(target.name)}.")


@command(
    "mail delete",
    "NUMBER...",
    "move messages to Trash; from there, delete them",
    completes=completion.messages,
    more=("Numbers and ranges: `mail delete 1 4-7`.",),
)
async def delete_mail(shell: Shell, words: Sequence[str]) -> None:
    """Move messages to the trash; remove them where they are in it already, or there is none."""
    folder, uids = await mailbox.numbered(shell, words)
    mail = shell.access.mail
    if not mail.writable(folder):
        raise NotPermitted(folder.name)
    trash = await mailbox.special(shell, SpecialUse.TRASH)
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


# -- into files --------------------------------------------------------------------------------


@command(
    "mail save",
    "NUMBER FILE",
    "write a message into a file, as it came",
    completes=completion.messages_then(completion.files),
)
async def save_mail(shell: Shell, words: Sequence[str]) -> None:
    """Write all of a message into a new file."""
    if len(words) != 2:
        raise Usage
    _, found = await mailbox.message(shell, words[0])
    octets = shell.access.mail.read(found.message.content)
    await _save(shell, words[1], f"message-{found.message.uid}.eml", octets)


@command("mail parts", "NUMBER", "list the parts of a message", completes=completion.messages)
async def list_parts(shell: Shell, words: Sequence[str]) -> None:
    """List the texts and attachments that a message has."""
    if len(words) != 1:
        raise Usage
    _, found = await mailbox.message(shell, words[0])
    await shell.terminal.page(_parts(found.summary.root))


def _parts(root: Part) -> Iterator[str]:
    for number, part in numbered(root):
        name = one_line(file_name(part))
        yield f"{number:<5} {type_name(part)} {size(part.octets)} {name}".rstrip()


@command(
    "mail part",
    "NUMBER PART [FILE]",
    "write a part of a message into a file",
    completes=completion.messages_then(completion.files),
    more=(
        "`mail parts NUMBER` lists them: `mail part 3 2 report.pdf`.",
        "Where FILE is a directory, or not said, the part keeps its own name.",
    ),
)
async def save_part(shell: Shell, words: Sequence[str]) -> None:
    """Write a part, its coding undone, into a new file."""
    if not 2 <= len(words) <= 3:
        raise Usage
    _, found = await mailbox.message(shell, words[0])
    part = dict(numbered(found.summary.root)).get(words[1])
    if part is None:
        raise CommandRefused(f"There is no part {one_line(words[1])}; `mail parts` lists them.")
    octets = shell.access.mail.read(found.message.content, part.body_start, part.body_end)
    own = _harmless_name(file_name(part)) or f"part-{words[1]}"
    await _save(shell, words[2] if len(words) == 3 else own, own, _decoded(octets, part))


async def _decoded(octets: AsyncIterator[bytes], part: Part) -> AsyncIterator[bytes]:
    undone = decoder(part.encoding) or Identity()
    async for piece in octets:
        yield undone.feed(piece)
    yield undone.finish()


def _harmless_name(name: str) -> str:
    """Return a name that a sender has given as one that a file here may have: no directories, no
    dot at the beginning, nothing that acts on a terminal."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(each if each.isprintable() else "_" for each in last)
    return kept.strip().lstrip(".")[:_NAME_CHARACTERS]


async def _save(shell: Shell, word: str, name: str, octets: AsyncIterator[bytes]) -> None:
    """Write octets into a new file.

    Args:
        name: it gets, where the word means a directory.
    """
    files = shell.access.files
    path: TreePath = resolved(shell.directory, word)
    if await kind_of(files, path) is EntryKind.DIRECTORY:
        path = (*path, name)
    upload = await files.upload(path, UploadRequest(only_new=True))
    try:
        async for piece in octets:
            work = upload.write(piece) if piece else None
            if work is not None:
                await work
        entry = await upload.commit()
    finally:
        await upload.abort()  # nothing, once it was committed
    shell.terminal.say(f"{entry.octets} octets in {one_line(written(path))}.")


COMMANDS: Sequence[Command] = (
    list_mail,
    read_mail,
    search_mail,
    move_mail,
    delete_mail,
    save_mail,
    list_parts,
    save_part,
    list_folders,
)
