"""Commands on people: who, passwd."""

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
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell.command import Command, CommandRefused, Shell, Usage, command

#: Longer ones no password can be.
PASSWORD_CHARACTERS: Final = 1024
#: Shorter new ones are refused.
_SHORTEST: Final = 8


@command("who", "", "list who is logged in here, from where, since when")
async def who(shell: Shell, words: Sequence[str]) -> None:
    """List who is here."""
    if words:
        raise Usage
    await shell.terminal.page(_listed(shell))


def _listed(shell: Shell) -> Iterator[str]:
    for each in shell.everybody():
        address = each.address or "here"
        yield f"{one_line(each.account):<20} {address:<39} {each.since:%Y-%m-%d %H:%M}"


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


COMMANDS: Sequence[Command] = (who, change_password)
