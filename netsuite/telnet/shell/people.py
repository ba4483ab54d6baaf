"""Commands on people: who, write, mesg, finger, name, passwd."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from netsuite.accounts.interfaces import (
    BadCredentials,
    LoginRefused,
    ShellAccess,
    UnfitPassword,
    WrongPassword,
)
from netsuite.telnet import replies
from netsuite.telnet.sanitize import cut, one_line, sanitized
from netsuite.telnet.shell import completion
from netsuite.telnet.shell.columns import fitted, when
from netsuite.telnet.shell.command import Command, CommandRefused, Present, Shell, Usage, command
from netsuite.telnet.shell.terminal import EndOfText, Interrupted

#: Longer ones no password can be.
PASSWORD_CHARACTERS: Final = 1024
#: Shorter new ones are refused.
_SHORTEST: Final = 8
#: Characters of a line to somebody else, and lines of one command.
_LINE_CHARACTERS: Final = 400
_LINES: Final = 100
#: Characters of a name that people read.
_NAME_CHARACTERS: Final = 100


@command("who", "", "list who is logged in here, from where, since when")
async def who(shell: Shell, words: Sequence[str]) -> None:
    """List who is here."""
    if words:
        raise Usage
    await shell.terminal.page(_listed(shell))


def _listed(shell: Shell) -> Iterator[str]:
    columns, now = shell.terminal.columns, shell.shared.now()
    for each in shell.everybody():
        address, account = each.address or "here", one_line(each.account)
        if columns >= 76:
            yield f"{account:<20} {address:<39} {each.since:%Y-%m-%d %H:%M}"
        elif columns >= 34:
            yield cut(f"{fitted(account, 10)} {when(each.since, now)} {address}", columns - 1)
        else:
            yield cut(f"{fitted(account, 8)} {each.since:%H:%M}", columns - 1)


# -- words to others ---------------------------------------------------------------------------


@command(
    "write",
    "ACCOUNT [TEXT...]",
    "show a line, or more of them, to somebody who is logged in here",
    completes=completion.accounts,
    more=("Without a text: line by line, each at once; a dot on a line of its own ends it.",),
)
async def write(shell: Shell, words: Sequence[str]) -> None:
    """Write to somebody else's terminal."""
    if not words:
        raise Usage
    whom = words[0].lower()
    if not _told(shell, whom, None):
        raise CommandRefused(f"{one_line(whom)} is not here, or does not want to be written to.")
    if len(words) > 1:
        _say_to(shell, whom, " ".join(words[1:])[:_LINE_CHARACTERS])
        return
    for _ in range(_LINES):
        try:
            line = await shell.terminal.read_line("> ", limit=_LINE_CHARACTERS)
        except (EndOfText, Interrupted):
            return
        if line == ".":
            return
        if line.strip():
            _say_to(shell, whom, line)


def _say_to(shell: Shell, whom: str, text: str) -> None:
    now = shell.shared.now()
    if not _told(shell, whom, f"{now:%H:%M} {shell.access.name}: {one_line(text)}"):
        raise CommandRefused(f"{one_line(whom)} has gone, or reads nothing.")


def _told(shell: Shell, whom: str, text: str | None) -> bool:
    """Show a text to every session of somebody, or find out whether one would be shown; return
    whether some were."""
    here: list[Present] = [each for each in shell.everybody() if each.account == whom]
    shown = [each.told(text) for each in here]  # to all of them
    return any(shown)


@command("mesg", "[y|n]", "whether others may write to you")
async def mesg(shell: Shell, words: Sequence[str]) -> None:
    """Say, or change, whether others may write to this session."""
    if len(words) > 1 or (words and words[0][:1].lower() not in ("y", "n")):
        raise Usage
    if words:
        shell.takes_words = words[0][:1].lower() == "y"
    shell.terminal.say(f"Others may {'' if shell.takes_words else 'not '}write to you here.")


@command(
    "finger",
    "[ACCOUNT]",
    "show whose account it is, and whether they are here",
    completes=completion.accounts,
)
async def finger(shell: Shell, words: Sequence[str]) -> None:
    """Show what others may know of somebody; without a name, of all who are here."""
    if len(words) > 1:
        raise Usage
    here = shell.everybody()
    names = [words[0]] if words else list(dict.fromkeys(each.account for each in here))
    for name in names:
        person = await shell.access.person(name)
        mail = f" <{person.address}>" if person.address else ""
        shell.terminal.say(sanitized(f"{person.name}: {person.real_name or '-'}{mail}"))
        sessions = [each for each in here if each.account == person.name]
        for each in sessions:
            told = "" if each.told(None) else ", not to be written to"
            shell.terminal.say(f"  here since {each.since:%Y-%m-%d %H:%M}{told}")
        if not sessions:
            shell.terminal.say("  not here")


# -- oneself -----------------------------------------------------------------------------------


@command(
    "name",
    "[NAME...]",
    "show, or change, the name that your letters and articles are signed with",
)
async def real_name(shell: Shell, words: Sequence[str]) -> None:
    """Change the name that people read."""
    if words:
        name = " ".join(words).strip()
        if len(name) > _NAME_CHARACTERS:
            raise CommandRefused(f"A name has {_NAME_CHARACTERS} characters at most.")
        if sanitized(name) != name or "\n" in name or "\t" in name:
            raise CommandRefused("There is something in it that no name has.")
        await shell.access.rename(name)
    author, address = shell.author()
    shell.terminal.say(f"You write as {one_line(author)} <{one_line(address)}>.")


@command("passwd", "", "change your password")
async def change_password(shell: Shell, words: Sequence[str]) -> None:
    """Ask for the old password and, twice, for the new one; nothing of them is shown."""
    if words:
        raise Usage
    old = await _asked(shell, "Old password: ")
    try:
        # The authenticator slows guesses down, and writes them into the audit log.
        login = await shell.shared.authenticator.log_in(
            shell.channel, shell.access.name, old, ShellAccess
        )
    except LoginRefused as error:
        wrong = isinstance(error, BadCredentials)
        raise CommandRefused(
            "That is not your password." if wrong else replies.text_for(error)
        ) from None
    login.logout()  # it has shown that the password is right, no more
    new = await _asked(shell, "New password: ")
    if len(new) < _SHORTEST:
        raise CommandRefused(
            f"Nothing was changed: a password has at least {_SHORTEST} characters."
        )
    if await _asked(shell, "The new one again: ") != new:
        raise CommandRefused("Nothing was changed: the two are not the same.")
    try:
        await shell.access.change_password(old, new, by=shell.standing)
    except WrongPassword:
        raise CommandRefused("Nothing was changed: that was not your main password.") from None
    except UnfitPassword as error:
        raise CommandRefused(f"Nothing was changed: {error}.") from None
    shell.terminal.say("Your password is changed.")


async def _asked(shell: Shell, prompt: str) -> str:
    return await shell.terminal.read_line(prompt, visible=False, limit=PASSWORD_CHARACTERS)


COMMANDS: Sequence[Command] = (who, write, mesg, finger, real_name, change_password)
