"""The table of commands, and how a typed line finds one."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell import files, mail, news, people
from netsuite.telnet.shell.command import Command, CommandRefused, Leave, Shell, Usage, command

#: Columns that what a command does is given; where there are fewer it stands below the name.
_NARROWEST: Final = 20


def _explained(commands: Sequence[Command], columns: int) -> Iterator[str]:
    """Return a line for each, or more where the window is narrow: no word is broken."""
    names = max(len(each.usage) for each in commands) + 4
    beside = columns - names > _NARROWEST
    indent = names if beside else 4
    for each in commands:
        lines = textwrap.wrap(each.help, max(_NARROWEST, columns - indent))
        usage = f"  {each.usage}"
        yield f"{usage:<{indent}}{lines.pop(0)}" if beside else usage
        for line in lines:
            yield " " * indent + line


@command("quit", "", "log out")
async def leave(shell: Shell, words: Sequence[str]) -> None:
    """End the shell."""
    if words:
        raise Usage
    raise Leave


#: What every shell has besides ``help``.
COMMANDS: Final[Sequence[Command]] = (
    *mail.COMMANDS,
    *news.COMMANDS,
    *files.COMMANDS,
    *people.COMMANDS,
    leave,
)
#: Other names, and what a group of commands does when no more is said.
_ALIASES: Final[Mapping[str, str]] = {
    "mail": "mail list",
    "news": "news groups",
    "exit": "quit",
    "logout": "quit",
    "?": "help",
}


def split(line: str) -> list[str]:
    """Return the words of a line, quoted as in a shell. Raises CommandRefused for a loose end."""
    try:
        return shlex.split(line)
    except ValueError:
        raise CommandRefused("A quotation mark or a backslash has nothing behind it.") from None


class CommandTable:
    """The commands of a site's shells."""

    def __init__(self) -> None:
        explain = command("help", "[COMMAND]", "list the commands, or explain one")(self._explain)
        self._by_name = {each.name: each for each in (explain, *COMMANDS)}

    def __iter__(self) -> Iterator[Command]:
        """Return them, as ``help`` lists them: ``quit`` last."""
        return iter(sorted(self._by_name.values(), key=lambda each: each is leave))

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
        """Return the command that words call, and what is behind its name. Raises
        CommandRefused."""
        for count in (2, 1):
            called = self._by_name.get(" ".join(words[:count]))
            if called is not None and len(words) >= count:
                return called, words[count:]
        if len(words) == 1 and words[0] in _ALIASES:
            return self._by_name[_ALIASES[words[0]]], ()
        if words[0] in ("mail", "news"):
            raise CommandRefused(f"`help {words[0]}` lists what can be done with {words[0]}.")
        raise CommandRefused(
            f"There is no command {one_line(words[0])}; `help` lists those there are."
        )

    async def _explain(self, shell: Shell, words: Sequence[str]) -> None:
        """List the commands, or those whose name begins so."""
        asked = " ".join(words)
        chosen = [each for each in self if not asked or f"{each.name} ".startswith(f"{asked} ")]
        if not chosen:
            raise CommandRefused(
                f"There is no command {one_line(asked)}; `help` lists those there are."
            )
        await shell.terminal.page(_explained(chosen, shell.terminal.columns))
