"""The shell's loop: the login, then one command after the other, until the user goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionDone
from twisted.logger import Logger

from netsuite.accounts.interfaces import (
    Channel,
    LoggedIn,
    LoginRefused,
    LoginUnavailable,
    ShellAccess,
    Throttled,
)
from netsuite.connection.peer import Peer
from netsuite.connection.server import Login
from netsuite.connection.writer import TransportWriter
from netsuite.message.injection import Unfit
from netsuite.store.errors import StoreError
from netsuite.telnet import replies
from netsuite.telnet.dialog.style import Style
from netsuite.telnet.sanitize import cut, one_line, width
from netsuite.telnet.shell import completion, table
from netsuite.telnet.shell.arrivals import NewMail
from netsuite.telnet.shell.command import (
    CommandRefused,
    Leave,
    Present,
    Shell,
    Surroundings,
    Usage,
)
from netsuite.telnet.shell.paths import written
from netsuite.telnet.shell.people import PASSWORD_CHARACTERS
from netsuite.telnet.shell.refusing import words_for
from netsuite.telnet.shell.terminal import EndOfText, HungUp, Interrupted, Terminal, Wire

_log: Final = Logger()

#: What a command passes on: the shell ends, or its prompt comes again. A cancelled wait and a
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


class UserConnection(Wire, Protocol):
    """The connection, as the shell uses it."""

    name: str
    #: Who has logged in on it; None until then.
    present: Present | None
    #: What is on its way to the terminal.
    writer: TransportWriter

    @property
    def peer(self) -> Peer:
        """The other end."""

    async def run_program(self, account: str) -> None:
        """Give the terminal to the program of the settings, until it ends."""

    def channel(self) -> Channel:
        """Return over what the user logs in."""

    def logged_in(self, login: Login | None = None) -> None:
        """Accept that somebody has logged in."""

    def everybody(self) -> Sequence[Present]:
        """Return who is logged in, on whichever connection."""


async def run_shell(connection: UserConnection, shared: Surroundings) -> None:
    """Talk to a user from the greeting to the end. Raises HungUp."""
    terminal = Terminal(connection)
    terminal.say(shared.settings.greeting or f"{shared.host}: netsuite")
    channel = connection.channel()
    if not shared.authenticator.allows_password(channel):
        terminal.say(_NO_TLS)
        return
    try:
        login = await _log_in(terminal, shared, channel)
    except (EndOfText, Interrupted):
        return
    if login is None:
        return
    shell = Shell(
        terminal=terminal,
        access=login.avatar,
        shared=shared,
        channel=channel,
        everybody=connection.everybody,
        standing=login.standing,
    )

    def tell(text: str) -> bool:
        if connection.writer.is_full:  # nobody fills the memory for a terminal that takes nothing
            return False
        connection.notice(text)
        return True

    def told(text: str | None) -> bool:
        return shell.takes_words and (text is None or tell(text))

    connection.present = Present(login.name, connection.peer.address, shared.now(), told)
    connection.logged_in(login)
    _log.debug("{name}: {account} has a shell", name=connection.name, account=login.name)
    new_mail = NewMail(tell)
    try:
        if shared.settings.program:
            await connection.run_program(login.name)
            return
        await _welcome(shell)
        await new_mail.watch(shell)
        await _command_by_command(shell, connection, new_mail)
    finally:
        new_mail.close()
        connection.present = None


async def _log_in(
    terminal: Terminal, shared: Surroundings, channel: Channel
) -> LoggedIn[ShellAccess] | None:
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
            terminal.say(replies.text_for(error))
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
        shell.terminal.say(
            f"You have new mail: {status.unseen} of {status.folder.messages}.", Style.NEW
        )


def _prompt(shell: Shell) -> str:
    """Return the prompt; it leaves half of a narrow window to what is typed."""
    where = written(shell.directory)
    prompt = f"{shell.access.name}:{where}> "
    room = shell.terminal.columns // 2
    if width(one_line(prompt)) <= max(room, 40 if shell.terminal.columns >= 80 else 0):
        return prompt
    last = one_line(shell.directory[-1]) if shell.directory else ""
    short = cut(last, max(1, room - 2))
    return f"{short or '/'}> "


async def _command_by_command(shell: Shell, connection: UserConnection, new_mail: NewMail) -> None:
    complete = completion.of_commands(shell)
    while True:
        try:
            new_mail.prompting(True)
            try:
                typed = await shell.terminal.read_line(_prompt(shell), complete=complete)
            finally:
                new_mail.prompting(False)
            await _run(shell, typed, connection)
        except Interrupted:
            continue
        except (Leave, EndOfText):
            return


async def _run(shell: Shell, typed: str, connection: UserConnection) -> None:
    """Run one command; whatever it meets, the shell goes on."""
    if not typed.strip():
        return
    try:
        command, words = shell.shared.commands.find(table.split(typed) or [""])
    except CommandRefused as refusal:
        shell.terminal.say(str(refusal))
        return
    try:
        await command.run(shell, words)
    except Usage:
        shell.terminal.say(f"usage: {command.usage}")
    except Unfit as error:
        shell.terminal.say(f"Nothing was posted: {one_line(str(error))}.")
    except CommandRefused as refusal:
        shell.terminal.say(str(refusal))
    except StoreError as error:
        shell.terminal.say(words_for(error))
    except _OURS:
        raise
    except Exception:
        _log.failure("{command} on {name}", command=command.name, name=connection.name)
        shell.terminal.say(replies.BROKEN)
