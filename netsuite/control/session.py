"""One connection to ``control.sock``: what is asked for is done, and its answers are told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from twisted.internet.defer import CancelledError, ensureDeferred
from twisted.python.failure import Failure

from netsuite.bus import Value
from netsuite.connection.deadlines import CloseReason
from netsuite.connection.factory import ServerFactory
from netsuite.connection.server import ServerConnection, ServerShared, handlers
from netsuite.connection.settings import ServiceSettings
from netsuite.control.messages import ControlDialog, Done, Failed, Request, Said, Told
from netsuite.wire.errors import ErrorTable
from netsuite.wire.events import EndOfInput, Need

#: Whoever may open the socket may do all that; a program gone wild may not fill the memory.
SETTINGS: Final = ServiceSettings(connections=64, connections_per_address=0, bad_commands=20)

Event: TypeAlias = Request | EndOfInput


class Refused(Exception):
    """A command cannot be done; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(ServerShared):
    """One object for all sessions.

    Args:
        commands: by name: what does it, given the session and the request's arguments. Each raises
            ``Refused``.
    """

    commands: Mapping[str, Command]
    service: str = "control"
    settings: ServiceSettings = field(default=SETTINGS)


class Session(ServerConnection[Event | Need, Said]):
    """One connection."""

    dialog: ControlDialog
    shared: Shared
    errors: ErrorTable[Said] = ErrorTable({})

    def __init__(self, shared: Shared, name: str = "") -> None:
        super().__init__(ControlDialog(), shared, name)
        self.left_out = 0  # of what was to be told, since something was
        self.stays = False  # a stream ends with the client, and with the daemon

    def drain(self, reason: CloseReason = CloseReason.SHUTDOWN) -> None:
        """Leave, when a command that is no stream is done."""
        if self.stays:
            self.leave(reason)
        super().drain(reason)

    def reply_to(self, event: Event | Need | None, error: Exception) -> Said | None:
        """Return what is said of an error."""
        return Failed(str(error)) if isinstance(error, Refused) else None

    def failed(self, event: Event | Need | None, failure: Failure) -> None:
        """Say that it is our fault."""
        self.say(Failed("that has gone wrong; the daemon's log has the reason"))

    # -- what commands use ---------------------------------------------------------------------

    async def tell(self, value: Value) -> None:
        """Tell a value, no faster than it is read. Raises ConnectionDone."""
        self.say(Told(value))
        if self.writer.is_full:
            await self.writer.writable()

    def tell_now(self, value: Value) -> None:
        """Tell a value of a stream, or leave it out where the client does not read."""
        if self.closing or self.writer.is_full:
            self.left_out += 1
            return
        if self.left_out:
            self.say(Told({"left_out": self.left_out}))
            self.left_out = 0
        self.say(Told(value))

    async def stay(self, seconds: float) -> bool:
        """Wait until the client says something or goes, and so long at most; return whether the
        time is over."""
        taken = ensureDeferred(self.take())
        timer = self.clock.callLater(seconds, taken.cancel)
        self.stays = True
        try:
            await taken
        except CancelledError:
            if self.lost:
                raise
            return True
        finally:
            self.stays = False
            if timer.active():
                timer.cancel()
        return False


Command: TypeAlias = Callable[[Session, Mapping[str, Value]], Awaitable[None]]


async def answer(session: Session, request: Request) -> Said:
    """Do what is asked for."""
    command = session.shared.commands.get(request.do)
    if command is None:
        known = ", ".join(session.shared.commands)
        raise Refused(f"there is no command {request.do!r:.50}; there are {known}")
    await command(session, request.arguments)
    return Done()


class ControlConnection(Session):
    """A session that handles requests."""

    handlers = handlers(answer)


class ControlFactory(ServerFactory[Shared]):
    """Makes the connections."""

    connection = ControlConnection
