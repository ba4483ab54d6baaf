"""One Telnet session, the server's side: a terminal for the shell that runs on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import ClassVar, Final, TypeAlias, TypeVar

from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorProcess
from twisted.python.failure import Failure

from netsuite.accounts.interfaces import Channel
from netsuite.connection.deadlines import CloseReason
from netsuite.connection.pump import GONE
from netsuite.connection.server import ServerConnection
from netsuite.telnet import replies
from netsuite.telnet.dialog import ServerDialog, ServerEvent, ServerSaid
from netsuite.telnet.dialog.core import ANSWER_SECONDS
from netsuite.telnet.dialog.server import (
    Completion,
    Farewell,
    Greet,
    HandOver,
    Key,
    Notice,
    Output,
    Print,
    ReadKey,
    ReadLine,
    State,
)
from netsuite.telnet.dialog.style import Style
from netsuite.telnet.editing import Complete, Line
from netsuite.telnet.server.program import Program
from netsuite.telnet.server.shared import Shared
from netsuite.telnet.shell.command import Present
from netsuite.telnet.shell.command_loop import run_shell
from netsuite.telnet.shell.terminal import HungUp, Interrupted
from netsuite.telnet.urgent import keep_urgent_octets
from netsuite.wire.errors import ErrorTable, LocalProtocolError

T = TypeVar("T")

#: Gives what a line may go on with, from what stands before the cursor and behind it.
Completing: TypeAlias = Callable[[str, str], Awaitable[Completion]]

#: Somebody who has not logged in has no reason to send more.
OCTETS_BEFORE_LOGIN: Final = 256 * 1024


class Session(ServerConnection[ServerEvent, ServerSaid]):
    """One Telnet session, and the connection that the shell sees (``shell.command_loop``)."""

    dialog: ServerDialog
    shared: Shared
    #: The store's and the authenticator's errors are met by the shell, which has text for them.
    errors: ErrorTable[ServerSaid] = ErrorTable({})
    octets_before_login: ClassVar[int | None] = OCTETS_BEFORE_LOGIN
    tells_typed: ClassVar[bool] = True

    def __init__(self, shared: Shared, name: str = "") -> None:
        settings = shared.settings
        dialog = ServerDialog(utf8=settings.utf8, lets_edit=settings.linemode)
        super().__init__(dialog, shared, name)
        #: Who has logged in; None until then.
        self.present: Present | None = None
        #: Width and height in characters; 0 where the client has not said.
        self.window = (0, 0)
        #: The user has interrupted what the shell is at.
        self.interrupted = False
        #: The program that has the terminal; None where it is the shell.
        self.program: Program | None = None
        #: The user is gone.
        self.hung_up = False
        self._asked: Deferred[Line | Key] | None = None
        #: Completes the line that was asked for, and the completing of it that is under way.
        self._completing: Completing | None = None
        self._completion: Deferred[None] | None = None
        #: Cancels what the shell waits for besides the user; and why it was called.
        self._cancel: Callable[[], None] | None = None
        self._broken_off: Exception | None = None
        self._replenished = shared.clock.seconds()

    # -- the connection's turns ----------------------------------------------------------------

    def began(self) -> None:
        """Say which options we want, wait for none of them, and begin to talk."""
        keep_urgent_octets(self.transport)
        self.say(Greet())
        shell = ensureDeferred(run_shell(self, self.shared))
        shell.addCallbacks(self._shell_ended, self._shell_failed)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Accept what came."""
        now = self.clock.seconds()
        if now - self._replenished >= ANSWER_SECONDS:
            self._replenished = now
            self.dialog.replenish()
        super().dataReceived(data)

    def ended(self, reason: Failure) -> None:
        """Nobody is there any longer."""
        self.hang_up()

    def _drop_unread(self) -> bool:
        """Drop what came unread; more is to be expected while the client is there: it answers what
        was negotiated while the session ends, and a reset in return would overtake our last
        words."""
        return super()._drop_unread() or not self._eof

    def goodbye(self, reason: CloseReason) -> None:
        """Say why."""
        if reason in replies.GOODBYE and self.dialog.state is not State.CLOSED:
            self.say(Farewell(replies.GOODBYE[reason] + "\n"))

    def _shell_ended(self, _: None) -> None:
        if not self.closing:
            if self.dialog.state is not State.CLOSED:
                self.say(Farewell("Goodbye.\n"))
            self.close()

    def _shell_failed(self, failure: Failure) -> None:
        if not failure.check(HungUp, *GONE):
            self.log.failure("the shell of {name}", failure, name=self.name)
            if not self.closing and self.dialog.state is not State.CLOSED:
                self.say(Farewell(replies.BROKEN + "\n"))
        self.close()

    # -- what the shell sees -------------------------------------------------------------------

    def print(self, text: str, style: Style = Style.PLAIN) -> None:
        """Show text, set off where the terminal has colours; lines end with LF."""
        if not self.closing:
            self.say(Print(text, style))

    def notice(self, text: str) -> None:
        """Show a line at once; a line that is being typed is shown anew below it."""
        if not self.closing and self.dialog.state is not State.CLOSED:
            self.say(Notice(text))

    @property
    def terminal_type(self) -> str:
        """What the user's terminal is, by the first name that the client gave; empty: unknown."""
        return next(iter(self.dialog.terminal.types), "")

    @property
    def wished_name(self) -> str:
        """The name that the client would log in by (NEW-ENVIRON's USER); empty for none. It is a
        wish and no more."""
        return self.dialog.terminal.user

    @property
    def colour(self) -> bool:
        """Whether the terminal has colours, and the user wants them."""
        return self.dialog.terminal.colour

    def use_colour(self, wanted: bool) -> None:
        """Have colours used where the terminal has them, or not."""
        self.dialog.terminal.wants_colour = wanted

    async def read_line(self, wanted: ReadLine, complete: Completing | None = None) -> Line:
        """Let the user type a line. Raises Interrupted, EndOfText, HungUp.

        Args:
            wanted: the prompt, and what the line may be.
            complete: asked at TAB how the line may go on; it is cancelled when nobody wants to know
                any more.
        """
        self._completing = complete
        line = await self._ask(wanted if complete is None else replace(wanted, completes=True))
        if not isinstance(line, Line):
            raise LocalProtocolError("a key for a line")
        if self.transcript is not None:
            # Who is asked for a name may have typed the password.
            self.transcript.typed(line.text, secret=self.present is None or not wanted.visible)
        return line

    async def read_key(self, wanted: ReadKey) -> Key:
        """Let the user press a key. Raises Interrupted, EndOfText, HungUp."""
        key = await self._ask(wanted)
        if not isinstance(key, Key):
            raise LocalProtocolError("a line for a key")
        return key

    async def _ask(self, value: ReadLine | ReadKey) -> Line | Key:
        if self.hung_up or self.closing:
            raise HungUp
        self.interrupted = False
        asked: Deferred[Line | Key] = Deferred()
        self._asked = asked
        self.say(value)
        self.pump()  # it may have been typed already
        return await asked

    async def wait(self, work: Awaitable[T]) -> T:
        """Wait for something else, unless the user interrupts it or is gone."""
        awaited = ensureDeferred(_given(work))
        self._cancel, self._broken_off = awaited.cancel, None
        if self.interrupted or self.hung_up or self.closing:
            error = Interrupted() if self.interrupted else HungUp()
            self.interrupted = False
            self.break_off(error)
        try:
            return await awaited
        except CancelledError:
            if self._broken_off is None:
                raise
            raise self._broken_off from None
        finally:
            self._cancel = None

    async def writable(self) -> None:
        """Wait until the terminal takes more. Raises ConnectionDone.

        Nothing is heard while it does not, so that is made good first: else ^C would have to
        wait for the end of what it is to stop.
        """
        await self.writer.writable()
        self.pump()

    def takes_keys(self) -> bool:
        """Return whether single keys come, and not lines only."""
        return self.dialog.echoes

    def channel(self) -> Channel:
        """Return over what the user logs in."""
        return Channel.to(self.peer, protocol="telnet", host=self.shared.host)

    def everybody(self) -> Sequence[Present]:
        """Return who is logged in, on whichever connection; the first of them first."""
        sessions = [each for each in self.registry or () if isinstance(each, Session)]
        present = [each.present for each in sessions if each.present is not None]
        return sorted(present, key=lambda each: each.since)

    async def run_program(self, account: str) -> None:
        """Give the terminal to the program of the settings, until it ends or the user is gone.

        Raises:
            OSError: it cannot be started.
        """
        settings = self.shared.settings
        program = Program(IReactorProcess(self.clock), self.clock, self._show)
        program.start(
            settings.program,
            account=account,
            term=self.terminal_type,
            window=self.window,
            peer=self.peer.address,
            user=settings.program_user,
        )
        self.program = program
        self.say(HandOver())
        self.pump()
        try:
            await program.run()
        finally:
            self.program = None

    def _show(self, octets: bytes) -> Deferred[None] | None:
        """Show what the program does; return what is to be waited for before there is more."""
        if self.closing:
            return None
        self.say(Output(octets))
        return ensureDeferred(self.writer.writable()) if self.writer.is_full else None

    async def type(self, octets: bytes) -> None:
        """Give what is typed to the program."""
        if self.program is not None:
            await self.program.write(octets)

    # -- what the user does --------------------------------------------------------------------

    def resize(self, width: int, height: int) -> None:
        """Accept the size of the window."""
        self.window = (width, height)
        if self.program is not None:
            self.program.resize(self.window)

    def typed(self, typed: Line | Key) -> None:
        """Pass on to the shell what it has asked for."""
        asked, self._asked = self._asked, None
        if asked is not None:
            asked.callback(typed)

    def complete(self, asked: Complete) -> None:
        """Have the line completed, beside what else goes on."""
        if self._completing is not None:
            completion = self._completion = ensureDeferred(self._complete(self._completing, asked))
            completion.addErrback(Failure.trap, CancelledError)

    async def _complete(self, completing: Completing, asked: Complete) -> None:
        try:
            completion = await completing(asked.before, asked.behind)
        except CancelledError:
            raise
        except Exception:
            self.log.failure("completing a line on {name}", name=self.name)
            completion = Completion()
        if not self.closing and self.dialog.state is State.COMPLETING:
            self.say(completion)
            self.pump()

    def break_off(self, error: Exception) -> bool:
        """Raise an error where the shell waits for the user, or lets the user not wait with it;
        return whether it does."""
        completion, self._completion = self._completion, None
        if completion is not None:
            completion.cancel()
        asked, self._asked = self._asked, None
        if asked is not None:
            asked.errback(error)
            return True
        cancel, self._cancel = self._cancel, None
        if cancel is not None:
            self._broken_off = error
            cancel()
        return cancel is not None

    def hang_up(self) -> None:
        """Accept that the user is gone."""
        self.hung_up = True
        if self.program is not None:
            self.program.hang_up()
        self.break_off(HungUp())


async def _given(work: Awaitable[T]) -> T:
    return await work
