"""Commands on news that is there: groups, lists, articles, what is unread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Final

from netsuite.accounts.interfaces import Newsgroup
from netsuite.store import query
from netsuite.store.errors import NoSuchFolder, NoSuchMessage, NotPermitted
from netsuite.store.model import SEEN, Described, FlagAction, Message
from netsuite.telnet.dialog.style import Style
from netsuite.telnet.sanitize import cut, one_line
from netsuite.telnet.shell import completion
from netsuite.telnet.shell.command import Command, CommandRefused, Shell, Usage, command, number
from netsuite.telnet.shell.message_lines import listed, message_lines
from netsuite.telnet.shell.terminal import Shown, Styled

_UNREAD: Final = query.Not(query.HasFlag(SEEN))


async def chosen_group(shell: Shell, words: Sequence[str]) -> Newsgroup:
    """Return the group named, else the one listed last."""
    if len(words) > 1:
        raise Usage
    if words:
        chosen = await shell.access.news.room.group(words[0])
        if shell.group is not chosen:
            shell.group, shell.article = chosen, 0
    if shell.group is None or shell.group.gone:
        raise CommandRefused("Say which group; `news groups` lists them.")
    return shell.group


async def article_of(shell: Shell, words: Sequence[str]) -> tuple[Newsgroup, Described]:
    """Return the article that ``[GROUP] NUMBER`` means. Raises Usage, CommandRefused,
    NoSuchMessage."""
    if not words:
        raise Usage
    wanted = number(words[-1])
    group = await chosen_group(shell, words[:-1])
    found = await shell.access.news.room.described(group.id, [wanted])
    if not found:
        raise NoSuchMessage(str(wanted))
    return group, found[0]


async def _unread(shell: Shell, group: Newsgroup) -> Sequence[int]:
    """Return the numbers of the articles that the user has not read."""
    return await shell.access.mail.search(group.id, _UNREAD)


@command(
    "news groups",
    "",
    "list the newsgroups, with the number of their articles",
    more=("Before it, how many of them are new to you.",),
)
async def list_groups(shell: Shell, words: Sequence[str]) -> None:
    """List the groups."""
    if words:
        raise Usage
    await shell.terminal.page(_group_lines(shell, await shell.access.news.room.groups()))


async def _group_lines(shell: Shell, groups: Sequence[Newsgroup]) -> AsyncIterator[Shown]:
    wide = shell.terminal.columns >= 60
    for each in groups:
        prefix = shell.access.mail.public_prefix
        try:
            new = (await shell.access.mail.status(f"{prefix}{each.name}")).unseen
        except (NoSuchFolder, NotPermitted):
            new = 0
        name, description = one_line(each.name), one_line(each.description)
        marked = f"{new} new" if new else ""
        if wide:
            line = f"{marked:>10} {each.count:>8} {name}  {description}"
        else:
            line = f"{new or '':>3} {each.count:>4} {name}"
        line = cut(line, shell.terminal.columns - 1).rstrip()
        yield Styled(line, Style.NEW if new else Style.PLAIN)


@command(
    "news list",
    "[GROUP]",
    "list the articles of a group, by their numbers; N: new",
    completes=completion.groups,
)
async def list_news(shell: Shell, words: Sequence[str]) -> None:
    """List a group."""
    group = await chosen_group(shell, words)
    numbers = tuple(await shell.access.news.room.numbers(group))
    await _show_list(shell, group, numbers, f"There is nothing in {one_line(group.name)}.")


async def _show_list(shell: Shell, group: Newsgroup, numbers: Sequence[int], nothing: str) -> None:
    if not numbers:
        shell.terminal.say(nothing)
        return

    def called(message: Message) -> int:
        return message.uid

    def mark(message: Message) -> str:
        return " " if SEEN in message.flags else "N"

    find = partial(shell.access.mail.described, group.id)
    await shell.terminal.page(listed(shell, find, numbers, called, mark))


@command(
    "news read",
    "[GROUP] NUMBER",
    "read an article",
    completes=completion.groups,
    more=("`news NUMBER` does the same in the group listed last.",),
)
async def read_news(shell: Shell, words: Sequence[str]) -> None:
    """Show an article, and mark it as read."""
    group, found = await article_of(shell, words)
    await _show(shell, group, found)


async def _show(shell: Shell, group: Newsgroup, found: Described) -> None:
    shell.article = found.message.uid
    await _mark(shell, group, [found.message.uid])
    read = shell.access.mail.read
    await shell.terminal.page(message_lines(read, found, shell.terminal.wraps))


async def _mark(shell: Shell, group: Newsgroup, numbers: Sequence[int]) -> None:
    """Mark articles as read, for this user alone; where that is not possible they stay new."""
    try:
        await shell.access.mail.store_flags(group.id, numbers, FlagAction.ADD, frozenset({SEEN}))
    except NotPermitted:
        return


@command(
    "news next",
    "[GROUP]",
    "read the next article that is new to you",
    completes=completion.groups,
    more=("Without a group: of the one listed last, then of the next one that has some.",),
)
async def next_news(shell: Shell, words: Sequence[str]) -> None:
    """Show the next unread article."""
    if words or (shell.group is not None and not shell.group.gone):
        groups: Sequence[Newsgroup] = [await chosen_group(shell, words)]
    else:
        groups = ()
    if not words:
        others = [each for each in await shell.access.news.room.groups() if each not in groups]
        groups = [*groups, *others]
    for group in groups:
        unread = await _unread(shell, group)
        after = [each for each in unread if each > shell.article] if group is shell.group else ()
        for wanted in [*after, *unread][:1]:
            found = await shell.access.news.room.described(group.id, [wanted])
            if found:
                if group is not shell.group:
                    shell.group, shell.article = group, 0
                    shell.terminal.say(f"In {one_line(group.name)}:")
                await _show(shell, group, found[0])
                return
    shell.terminal.say("There is nothing new.")


@command(
    "news catchup",
    "[GROUP]",
    "mark all articles of a group as read",
    completes=completion.groups,
)
async def catch_up(shell: Shell, words: Sequence[str]) -> None:
    """Mark all of a group as read."""
    group = await chosen_group(shell, words)
    unread = await _unread(shell, group)
    if unread:
        await shell.access.mail.store_flags(group.id, unread, FlagAction.ADD, frozenset({SEEN}))
    shell.terminal.say(f"{len(unread)} of {one_line(group.name)} marked as read.")


@command(
    "news search",
    "WORDS...",
    "list the articles of the group listed last that have all of these words",
    more=("Header and text are searched, in any case. Quote words that belong together.",),
)
async def search_news(shell: Shell, words: Sequence[str]) -> None:
    """List articles that have words in them."""
    if not words or not all(words):
        raise Usage
    group = await chosen_group(shell, ())
    wanted = query.And(tuple(query.Text(word) for word in words))
    found = await shell.terminal.wait(shell.access.mail.search(group.id, wanted))
    await _show_list(shell, group, found, f"Nothing in {one_line(group.name)} has that.")


COMMANDS: Sequence[Command] = (
    list_groups,
    list_news,
    read_news,
    next_news,
    search_news,
    catch_up,
)
