"""Commands on news: groups, list, read, post."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from netsuite.accounts.interfaces import Newsgroup
from netsuite.message.build import compose
from netsuite.store.errors import NoSuchMessage
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell.command import Command, CommandRefused, Shell, Usage, command, number
from netsuite.telnet.shell.message_lines import listed, message_lines
from netsuite.telnet.shell.terminal import EndOfText

#: What an article typed here may have.
_TEXT_CHARACTERS: Final = 1024 * 1024
_SUBJECT_CHARACTERS: Final = 400


async def _group(shell: Shell, words: Sequence[str]) -> Newsgroup:
    """Return the group named, else the one listed last."""
    if len(words) > 1:
        raise Usage
    if words:
        shell.group = await shell.access.news.room.group(words[0])
    if shell.group is None or shell.group.gone:
        raise CommandRefused("Say which group; `news groups` lists them.")
    return shell.group


@command("news groups", "", "list the newsgroups, with the number of their articles")
async def list_groups(shell: Shell, words: Sequence[str]) -> None:
    """List the groups."""
    if words:
        raise Usage
    groups = await shell.access.news.room.groups()
    await shell.terminal.page(
        f"{each.count:>8} {one_line(each.name)}  {one_line(each.description)}".rstrip()
        for each in groups
    )


@command("news list", "[GROUP]", "list the articles of a group, by their numbers")
async def list_news(shell: Shell, words: Sequence[str]) -> None:
    """List a group."""
    group = await _group(shell, words)
    numbers = tuple(await shell.access.news.room.numbers(group))
    if not numbers:
        shell.terminal.say(f"There is nothing in {one_line(group.name)}.")
        return
    find = partial(shell.access.news.room.described, group.id)
    lines = listed(shell, find, numbers, lambda message: f"{message.uid:>7}")
    await shell.terminal.page(lines)


@command("news read", "[GROUP] NUMBER", "read an article")
async def read_news(shell: Shell, words: Sequence[str]) -> None:
    """Show an article."""
    if not words:
        raise Usage
    wanted = number(words[-1])
    group = await _group(shell, words[:-1])
    room = shell.access.news.room
    found = await room.described(group.id, [wanted])
    if not found:
        raise NoSuchMessage(str(wanted))
    await shell.terminal.page(message_lines(shell.access.mail.read, found[0]))


@command("news post", "[GROUP]", "write an article for a group")
async def post(shell: Shell, words: Sequence[str]) -> None:
    """Ask for an article's subject and text, and post it."""
    group = await _group(shell, words)
    access = shell.access.news
    if not access.may_post:
        raise CommandRefused("Posting is not permitted here.")
    approved = bool(group.moderator) and access.may_approve(group)
    access.check_groups([group], approved=approved)  # before anything is typed
    subject = await shell.terminal.read_line("Subject: ", limit=_SUBJECT_CHARACTERS)
    if not subject.strip():
        raise CommandRefused("Nothing was posted: an article needs a subject.")
    text = await _text(shell)
    if not text.strip():
        raise CommandRefused("Nothing was posted: there is no text.")
    octets = _article(shell, group, subject.strip(), text, approved=approved)
    posting = access.posting(
        now=shell.shared.now(), unique=shell.shared.unique().hex(), source=shell.channel.address
    )
    try:
        waiting = posting.take(octets)
        if waiting is not None:
            await waiting
        await posting.finish()
    finally:
        posting.abort()  # nothing, if it was stored
    shell.terminal.say(f"Posted to {one_line(group.name)}.")


def _article(shell: Shell, group: Newsgroup, subject: str, text: str, *, approved: bool) -> bytes:
    """Compose a proto-article; the injecting agent adds what it lacks (RFC 5537, 3.4.1)."""
    address = f"{shell.access.name}@{shell.shared.domain}"
    headers = [("Newsgroups", group.name)]
    if approved:
        headers.append(("Approved", address))
    return compose(
        sender=(shell.access.name, address),
        to=(),
        subject=subject,
        text=text,
        date=None,
        message_id="",
        boundary=shell.shared.unique().hex(),
        headers=headers,
    )


async def _text(shell: Shell) -> str:
    shell.terminal.say("Now the text; a dot on a line of its own ends it, ^C throws it away.")
    lines: list[str] = []
    characters = 0
    while True:
        try:
            line = await shell.terminal.read_line("")
        except EndOfText:
            break
        if line == ".":
            break
        characters += len(line) + 1
        if characters > _TEXT_CHARACTERS:
            raise CommandRefused("Nothing was posted: that text is too long.")
        lines.append(line)
    return "\n".join([*lines, ""])


COMMANDS: Sequence[Command] = (list_groups, list_news, read_news, post)
