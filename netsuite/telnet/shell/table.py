"""The table of commands, and how a typed line finds one."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from netsuite.telnet.dialog.style import Style
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell import (
    administration,
    file_changes,
    files,
    mail,
    mail_writing,
    news,
    news_writing,
    people,
    preferences,
    words,
)
from netsuite.telnet.shell.command import Command, CommandRefused, Leave, Shell, Usage, command
from netsuite.telnet.shell.terminal import Shown, Styled

#: Columns that what a command does is given; where there are fewer it stands below the name.
_NARROWEST: Final = 20


def _explained(commands: Sequence[Command], columns: int) -> Iterator[Shown]:
    """Return a line for each, or more where the window is narrow: no word is broken. One alone is
    explained further."""
    names = max(len(each.usage) for each in commands) + 4
    beside = columns - names > _NARROWEST
    indent = names if beside else 4
    for each in commands:
        lines = _wrapped(each.help, max(_NARROWEST - 4, columns - indent))
        usage = f"  {each.usage}"
        if beside:
            yield f"{usage:<{indent}}{lines.pop(0)}"
        else:
            yield Styled(usage, Style.NAME)
        for line in lines:
            yield " " * indent + line
    if len(commands) == 1 and commands[0].more:
        yield ""
        for line in commands[0].more:
            for row in _wrapped(line, columns - 3):
                yield f"  {row}"


def _wrapped(text: str, columns: int) -> list[str]:
    """Return a text in rows; what has a hyphen in it, as ``us-ascii``, is one word."""
    return textwrap.wrap(text, columns, break_on_hyphens=False)


@command("quit", "", "log out")
async def leave(shell: Shell, words: Sequence[str]) -> None:
    """End the shell."""
    if words:
        raise Usage
    raise Leave


#: What every shell has besides ``help``.
COMMANDS: Final[Sequence[Command]] = (
    *mail.COMMANDS,
    *mail_writing.COMMANDS,
    *news.COMMANDS,
    *news_writing.COMMANDS,
    *files.COMMANDS,
    *file_changes.COMMANDS,
    *people.COMMANDS,
    *preferences.COMMANDS,
    *administration.COMMANDS,
    leave,
)
#: Other names, and what a group of commands does when no more is said.
_ALIASES: Final[Mapping[str, str]] = {
    "mail": "mail list",
    "news": "news groups",
    "exit": "quit",
    "logout": "quit",
    "bye": "quit",
    "?": "help",
    "dir": "ls",
    "more": "cat",
    "less": "cat",
    "w": "who",
}
#: Groups of commands, and what a number behind their name does.
_BY_NUMBER: Final[Mapping[str, str]] = {"mail": "mail read", "news": "news read"}


def split(line: str) -> list[str]:
    """Return the words of a line, quoted as in a shell. Raises CommandRefused for a loose end."""
    try:
        return words.split(line)
    except words.Unended:
        raise CommandRefused("A quotation mark or a backslash has nothing behind it.") from None


class CommandTable:
    """The commands of a site's shells."""

    def __init__(self) -> None:
        explain = command(
            "help", "[COMMAND]", "list the commands, or explain one", completes=self._completes
        )(self._explain)
        self._by_name = {each.name: each for each in (explain, *COMMANDS)}

    def __iter__(self) -> Iterator[Command]:
        """Return them, as ``help`` lists them: those for administrators behind the others, ``quit``
        last."""
        return iter(
            sorted(self._by_name.values(), key=lambda each: (each is leave, each.administers))
        )

    def add(self, added: Command) -> Command:
        """Add one, and return it. Raises ValueError where there is one of that name, or its name
        is no word or two."""
        if not 1 <= len(added.name.split()) <= 2 or added.name != " ".join(added.name.split()):
            raise ValueError(f"a command's name is one word or two, not {added.name!r}")
        if added.name in self._by_name or added.name in _ALIASES:
            raise ValueError(f"there is a command {added.name} already")
        self._by_name[added.name] = added
        return added

    def find(self, words: Sequence[str]) -> tuple[Command, Sequence[str]]:
        """Return the command that words call, in any case, and what is behind its name. Raises
        CommandRefused."""
        for count in (2, 1):
            name = " ".join(words[:count])
            called = self._by_name.get(name) or self._by_name.get(name.lower())
            if called is not None and len(words) >= count:
                return called, words[count:]
        first = words[0].lower()
        if first in _BY_NUMBER and len(words) == 2 and words[1].isdigit():
            return self._by_name[_BY_NUMBER[first]], words[1:]
        if first in _ALIASES and (len(words) == 1 or first not in _BY_NUMBER):
            return self._by_name[_ALIASES[first]], words[1:]
        if first in _BY_NUMBER:
            raise CommandRefused(f"`help {first}` lists what can be done with {first}.")
        raise CommandRefused(
            f"There is no command {one_line(words[0])}; `help` lists those there are."
        )

    def next_words(self, words: Sequence[str], begun: str, *, administers: bool) -> Iterable[str]:
        """Return the words of commands' names that may follow others, each once."""
        said = [word.lower() for word in words]
        names = [each.name.split() for each in self if administers or not each.administers]
        if not said and begun:
            names += [[each] for each in _ALIASES]
        found = (name[len(said)] for name in names if name[: len(said)] == said != name)
        return dict.fromkeys(each for each in found if each.startswith(begun))

    async def _completes(self, shell: Shell, words: Sequence[str], begun: str) -> Iterable[str]:
        return self.next_words(words, begun, administers=bool(shell.access.administration))

    async def _explain(self, shell: Shell, words: Sequence[str]) -> None:
        """List the commands, or those whose name begins so; those for administrators only to
        them."""
        asked = " ".join(words).lower()
        asked = _ALIASES.get(asked, asked) if asked not in _BY_NUMBER else asked
        seen = [each for each in self if shell.access.administration or not each.administers]
        chosen = [each for each in seen if not asked or f"{each.name} ".startswith(f"{asked} ")]
        if not chosen:
            raise CommandRefused(
                f"There is no command {one_line(asked)}; `help` lists those there are."
            )
        await shell.terminal.page(_explained(chosen, shell.terminal.columns))
