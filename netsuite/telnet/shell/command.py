"""The shell's commands in general, and the shell that they work on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from inspect import iscoroutinefunction
from typing import Protocol, TypeAlias

from netsuite.accounts.interfaces import Authenticator, Channel, Newsgroup, ShellAccess, Standing
from netsuite.store.model import Folder
from netsuite.store.tree import TreePath
from netsuite.telnet.settings import Settings
from netsuite.telnet.shell.terminal import Terminal

#: Digits of a number that a user types.
_DIGITS = 9


class Usage(Exception):
    """The command was called wrongly; its own usage is shown."""


class CommandRefused(Exception):
    """The command cannot do that; the message says why, in words for the user."""


class Leave(Exception):
    """The user wants to go."""


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who is logged in here.

    Args:
        told: shows them a line from somebody else, or None: nothing; returns whether they want such
            lines.
    """

    account: str
    address: str
    since: datetime
    told: Callable[[str | None], bool] = lambda text: False


class Commands(Protocol):
    """The commands that can be typed."""

    def find(self, words: Sequence[str]) -> tuple[Command, Sequence[str]]:
        """Return the command that words call, and what is behind its name. Raises
        CommandRefused."""

    def next_words(self, words: Sequence[str], begun: str, *, administers: bool) -> Iterable[str]:
        """Return the words of commands' names that may follow others."""


class Surroundings(Protocol):
    """The settings and collaborators that the shells of a service share."""

    @property
    def host(self) -> str:
        """The name the service goes by."""

    @property
    def domain(self) -> str:
        """Of the addresses that articles are posted from."""

    @property
    def settings(self) -> Settings:
        """The service's settings."""

    @property
    def authenticator(self) -> Authenticator:
        """Where users log in."""

    @property
    def now(self) -> Callable[[], datetime]:
        """Returns the time of day."""

    @property
    def commands(self) -> Commands:
        """The commands that can be typed."""

    @property
    def unique(self) -> Callable[[], bytes]:
        """Returns octets that nobody else is given."""


@dataclass(slots=True)
class Shell:
    """One user's session, as commands see it.

    Args:
        terminal: where the user is.
        access: what the user has.
        shared: by the shells of a service.
        channel: over what the user has come.
        everybody: returns who is logged in here.
        standing: of the login.
        directory: where the user is in the files.
        mailbox: the folder listed last, with the UIDs that its numbers stand for.
        group: the group listed last.
        article: the number of the article read last in it.
        takes_words: whether others may write to this user.
    """

    terminal: Terminal
    access: ShellAccess
    shared: Surroundings
    channel: Channel
    everybody: Callable[[], Sequence[Present]]
    standing: Standing | None = None
    directory: TreePath = ()
    mailbox: tuple[Folder, Sequence[int]] | None = None
    group: Newsgroup | None = None
    article: int = 0
    takes_words: bool = True

    def address(self) -> str:
        """Return the user's own address."""
        sending = self.access.sending
        return f"{self.access.name}@{self.shared.domain}" if sending is None else sending.address

    def author(self) -> tuple[str, str]:
        """Return the name and the address that the user writes by."""
        return self.access.real_name, self.address()


#: Gives what a command's next word may be, from the words before it and its beginning.
Completes: TypeAlias = Callable[[Shell, Sequence[str], str], Awaitable[Iterable[str]]]
Run: TypeAlias = Callable[[Shell, Sequence[str]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Args:
        name: one word or two.
        arguments: what it takes, as it is shown.
        help: what it does, as it is shown.
        run: does it, with the words behind the name; may raise Usage, CommandRefused, StoreError,
            and what the terminal raises.
        completes: the command's words at TAB; None: nothing does.
        more: what ``help`` says of it beside that, in lines.
        administers: whether it is for administrators alone; others are not shown it.
    """

    name: str
    arguments: str
    help: str
    run: Run
    completes: Completes | None = None
    more: Sequence[str] = ()
    administers: bool = False

    @property
    def usage(self) -> str:
        """The way it is called, in one line."""
        return f"{self.name} {self.arguments}".rstrip()


def command(
    name: str,
    arguments: str,
    help: str,
    *,
    completes: Completes | None = None,
    more: Sequence[str] = (),
    administers: bool = False,
) -> Callable[[Run], Command]:
    """Return what makes a command of a function, which is ``async def``; the arguments are those of
    ``Command``. Raises TypeError where it is not."""

    def made(run: Run) -> Command:
        if not iscoroutinefunction(run):
            raise TypeError(f"the command {name} is no async function")
        return Command(name, arguments, help, run, completes, more, administers)

    return made


def number(word: str) -> int:
    """Return the number that a word is. Raises Usage."""
    if not (word.isascii() and word.isdigit() and len(word) <= _DIGITS):
        raise Usage
    return int(word)
