"""One user's session: the login, then one command after the other, until the user goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Protocol

from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionDone
from twisted.logger import Logger

from netsuite.accounts.interfaces import (
    Authenticator,
    Channel,
    LoggedIn,
    LoginRefused,
    LoginUnavailable,
    ShellAccess,
    Throttled,
)
from netsuite.connection.peer import Peer
from netsuite.message.injection import Unfit
from netsuite.store.errors import StoreError
from netsuite.telnet import replies
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.settings import Settings
from netsuite.telnet.shell import table
from netsuite.telnet.shell.command import Leave, Present, Refused, Shell, Usage
from netsuite.telnet.shell.files import written
from netsuite.telnet.shell.people import PASSWORD_CHARACTERS
from netsuite.telnet.shell.terminal import EndOfText, HungUp, Interrupted, Terminal, Wire

_log: Final = Logger()

#: What a command passes on: the session ends, or its prompt comes again. A cancelled wait and a
#: lost connection are of that kind.
_OURS: Final = (Leave, EndOfText, Interrupted, HungUp, CancelledError, ConnectionDone)

#: Characters of a login name.
_NAME_CHARACTERS: Final = 256
#: Prompts for a name that may be left empty, or interrupted, for each password that is tried.
_NAMES_PER_TRY: Final = 4

_NO_TLS: Final = (
    "Passwords are not taken here without TLS, which would show them to the network.\n"
    "Connect with TLS (telnets, the standard port is 992)."
)


class Line(Wire, Protocol):
    """The connection, as a session uses it."""

    name: str
    account: str
    since: datetime

    @property
    def peer(self) -> Peer:
        """The other end."""

    def channel(self) -> Channel:
        """Give what the door wants to know of it."""

    def logged_in(self) -> None:
        """Note that somebody has logged in."""


class Shared(Protocol):
    """What all sessions of a service share."""

    settings: Settings
    authenticator: Authenticator
    now: Callable[[], datetime]
    unique: Callable[[], bytes]

    def sessions(self) -> Iterable[Line]:
        """Give the connections on which somebody has logged in."""


async def run_session(line: Line, shared: Shared) -> None:
    """Talk to a user from the greeting to the end. Raises HungUp."""
    terminal = Terminal(line)
    settings = shared.settings
    terminal.say(settings.greeting or f"{settings.host}: netsuite")
    channel = line.channel()
    if not shared.authenticator.allows_password(channel):
        terminal.say(_NO_TLS)
        return
    try:
        entered = await _log_in(terminal, shared, channel)
    except (EndOfText, Interrupted):
        return
    if entered is None:
        return
    access: ShellAccess = entered.avatar  # type: ignore[assignment]
    line.account, line.since = entered.name, shared.now()
    line.logged_in()
    _log.debug("{name}: {account} has a shell", name=line.name, account=entered.name)
    shell = Shell(
        terminal=terminal,
        access=access,
        settings=settings,
        authenticator=shared.authenticator,
        channel=channel,
        present=lambda: [
            Present(each.account, each.peer.address, each.since) for each in shared.sessions()
        ],
        now=shared.now,
        unique=shared.unique,
    )
    await _welcome(shell)
    await _command_by_command(shell, line)


async def _log_in(terminal: Terminal, shared: Shared, channel: Channel) -> LoggedIn | None:
    """Ask for name and password, so often as settings say; None when nobody has come in."""
    tries = shared.settings.login_tries
    names = tries * _NAMES_PER_TRY
    while tries > 0 and names > 0:
        names -= 1
        try:
            name = (await terminal.read_line("login: ", limit=_NAME_CHARACTERS)).strip()
            if not name:
                continue
            password = await terminal.read_line(
                "Password: ", visible=False, limit=PASSWORD_CHARACTERS
            )
        except Interrupted:
            continue
        tries -= 1
        try:
            return await shared.authenticator.log_in(channel, name, password, ShellAccess)
        except LoginRefused as error:
            terminal.say(replies.login_text(error))
            if isinstance(error, Throttled | LoginUnavailable):
                return None
    return None


async def _welcome(shell: Shell) -> None:
    shell.terminal.say(f"Welcome, {one_line(shell.access.name)}; `help` lists the commands.")
    try:
        status = await shell.access.mail.status("INBOX")
    except StoreError as error:
        shell.terminal.say(replies.text_for(error))
        return
    if status.unseen:
        shell.terminal.say(f"You have new mail: {status.unseen} of {status.folder.messages}.")


async def _command_by_command(shell: Shell, line: Line) -> None:
    while True:
        try:
            typed = await shell.terminal.read_line(
                f"{shell.access.name}:{written(shell.directory)}> "
            )
            await _run(shell, typed, line)
        except Interrupted:
            continue
        except (Leave, EndOfText):
            return


async def _run(shell: Shell, typed: str, line: Line) -> None:
    """Run one command; whatever it meets, the session goes on."""
    if not typed.strip():
        return
    try:
        command, words = table.find(table.split(typed) or [""])
    except Refused as refusal:
        shell.terminal.say(str(refusal))
        return
    try:
        await command.run(shell, words)
    except Usage:
        shell.terminal.say(f"usage: {command.usage}")
    except Unfit as error:
        shell.terminal.say(f"Nothing was posted: {one_line(str(error))}.")
    except Refused as refusal:
        shell.terminal.say(str(refusal))
    except StoreError as error:
        shell.terminal.say(replies.text_for(error))
    except _OURS:
        raise
    except Exception:
        _log.failure("{command} on {name}", command=command.name, name=line.name)
        shell.terminal.say(replies.BROKEN)
