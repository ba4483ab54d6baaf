"""One Telnet connection, the server's side: a terminal for the shell that runs on it."""

from __future__ import annotations

import dataclasses
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from netsuite.accounts.interfaces import Authenticator, Channel
from netsuite.connection.close_reason import CloseReason
from netsuite.connection.deferring import deferred
from netsuite.connection.factory import ServerFactory
from netsuite.connection.protocol import GONE, DialogConnection
from netsuite.connection.settings import Limits, Timeouts
from netsuite.telnet import replies
from netsuite.telnet.commands import Option
from netsuite.telnet.dialog import (
    ANSWER_SECONDS,
    Echo,
    EndOfFile,
    Farewell,
    Greet,
    Interrupt,
    Key,
    Line,
    Print,
    ReadKey,
    ReadLine,
    Resize,
    ServerDialog,
    State,
)
from netsuite.telnet.options import Side
from netsuite.telnet.settings import Settings
from netsuite.telnet.shell.session import run_session
from netsuite.telnet.shell.terminal import EndOfText, HungUp, Interrupted
from netsuite.wire.events import EndOfInput, Event

#: Somebody who has not logged in has no reason to send more.
OCTETS_BEFORE_LOGIN: Final = 256 * 1024


class TelnetServer(DialogConnection):
    """A client's connection, and the terminal that the shell sees (``shell.terminal.Wire``).

    Args:
        factory: holds everything that connections share.
        name: tells the connection apart in the log.
    """

    dialog: ServerDialog

    def __init__(self, factory: TelnetServerFactory, name: str = "") -> None:
        super().__init__(
            ServerDialog(utf8=factory.settings.utf8),
            factory.clock,
            timeouts=factory.timeouts,
            limits=factory.limits,
            name=name,
        )
        self.shared = factory
        #: Who has logged in, and when it began; for ``who``.
        self.account = ""
        self.since = factory.now()
        self.window = (0, 0)
        self.interrupted = False
        self.hung_up = False
        self._asked: Deferred[Any] | None = None
        self._session: Deferred[None] | None = None
        self._replenished = factory.clock.seconds()

    # -- the connection's turns ----------------------------------------------------------------

    def began(self) -> None:
        """Say which options we want, wait for none of them, and begin to talk."""
        self._keep_urgent_octets()
        self.say(Greet())
        self._session = deferred(run_session(self, self.shared))
        self._session.addCallbacks(self._session_ended, self._session_failed)

    def _keep_urgent_octets(self) -> None:
        """Have the DM of a Synch, which is TCP's urgent octet, left in its place: else what
        follows it would be taken for its IAC's command (RFC 854, "THE TELNET SYNCH SIGNAL")."""
        handle = self.transport.getHandle() if hasattr(self.transport, "getHandle") else None
        if isinstance(handle, socket.socket) and handle.family != socket.AF_UNIX:
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)

    def dataReceived(self, octets: bytes) -> None:  # noqa: N802 - Twisted's name
        """Take what came."""
        now = self.clock.seconds()
        if now - self._replenished >= ANSWER_SECONDS:
            self._replenished = now
            self.dialog.replenish()
        super().dataReceived(octets)

    def ended(self, reason: Failure) -> None:
        """Nobody is there any longer."""
        self.hung_up = True
        self._wake(Failure(HungUp()))

    def goodbye(self, cause: CloseReason) -> None:
        """Say why."""
        if cause in replies.GOODBYE and self.dialog.state is not State.CLOSED:
            self.say(Farewell(replies.GOODBYE[cause] + "\n"))

    def _session_ended(self, _: object) -> None:
        if not self.closing:
            if self.dialog.state is not State.CLOSED:
                self.say(Farewell("Goodbye.\n"))
            self.close()

    def _session_failed(self, failure: Failure) -> None:
        if not failure.check(HungUp, *GONE):
            self.log.failure("the session of {name}", failure, name=self.name)
            if not self.closing and self.dialog.state is not State.CLOSED:
                self.say(Farewell(replies.BROKEN + "\n"))
        self.close()

    # -- what the shell sees -------------------------------------------------------------------

    def print(self, text: str) -> None:
        """Show text; lines end with LF."""
        if not self.closing:
            self.say(Print(text))

    async def ask(self, value: ReadLine | ReadKey) -> Event:
        """Let the user type. Raises Interrupted, EndOfText, HungUp."""
        if self.hung_up or self.closing:
            raise HungUp
        self.interrupted = False
        asked: Deferred[Any] = Deferred()
        self._asked = asked
        self.say(value)
        self.pump()  # it may have been typed already
        return await asked

    async def writable(self) -> None:
        """Wait until the terminal takes more. Raises ConnectionDone.

        Nothing is heard while it does not, so that is made good first: else ^C would have to
        wait for the end of what it is to stop.
        """
        await super().writable()
        self.pump()

    def takes_keys(self) -> bool:
        """Whether single keys come, and not lines only."""
        return self.dialog.is_on(Side.US, Option.ECHO)

    def channel(self) -> Channel:
        """Give what the door wants to know of the connection."""
        return Channel.to(self.peer, protocol="telnet", host=self.shared.settings.host)

    # -- events --------------------------------------------------------------------------------

    def _wake(self, answer: Event | Failure) -> bool:
        asked, self._asked = self._asked, None
        if asked is None:
            return False
        asked.callback(answer)  # a Failure is raised there
        return True

    def _typed(self, event: Line | Key) -> None:
        self._wake(event)

    def _interrupt(self, event: Interrupt) -> None:
        if not self._wake(Failure(Interrupted())):
            self.interrupted = True

    def _end_of_file(self, event: EndOfFile) -> None:
        self._wake(Failure(EndOfText()))

    def _resize(self, event: Resize) -> None:
        self.window = (event.width, event.height)

    def _echo(self, event: Echo) -> None:
        self.write(event.octets)

    def _end_of_input(self, event: EndOfInput) -> None:
        self.hung_up = True
        self._wake(Failure(HungUp()))

    answers: ClassVar[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
        Line: _typed,
        Key: _typed,
        Interrupt: _interrupt,
        EndOfFile: _end_of_file,
        Resize: _resize,
        Echo: _echo,
        EndOfInput: _end_of_input,
    }


class TelnetServerFactory(ServerFactory):
    """Makes the connections of one Telnet service.

    Args:
        settings: of the service; may be replaced for connections to come.
        authenticator: where users log in, for the facet ``ShellAccess``.
        clock: for every timeout.
        now: the time of day.
        unique: gives octets that nobody else is given; for Message-IDs.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        authenticator: Authenticator,
        clock: IReactorTime,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        unique: Callable[[], bytes] = lambda: os.urandom(12),
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        tls: Any = None,
        transcript: Callable[[str], Any] | None = None,
    ) -> None:
        super().__init__(
            lambda factory, name: TelnetServer(self, name),
            clock,
            name="telnet",
            timeouts=dataclasses.replace(
                timeouts or Timeouts(),
                # Nothing has to be said before the login, which has a time of its own.
                greeting_seconds=None,
                login_seconds=settings.login_seconds,
            ),
            limits=dataclasses.replace(limits or Limits(), octets_before_login=OCTETS_BEFORE_LOGIN),
            tls=tls,
            transcript=transcript,
        )
        self.settings = settings
        self.authenticator = authenticator
        self.now = now
        self.unique = unique

    def configure(self, settings: Settings) -> None:
        """Take new settings for connections to come."""
        self.settings = settings

    def sessions(self) -> list[TelnetServer]:
        """Give the connections on which somebody has logged in, the oldest first."""
        served = [each for each in self if isinstance(each, TelnetServer) and each.account]
        return sorted(served, key=lambda each: each.since)
