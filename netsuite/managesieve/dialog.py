"""ManageSieve without a network: whose turn it is, and what may be said now.

A command is collected part by part: a line, the literal it announces, the next line. What a line
announces is judged before it is read; what is too large is skipped, and its command refused when it
has come to its end, so that nothing of a script is taken for a command.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final, TypeAlias

from netsuite.managesieve import commands, grammar
from netsuite.managesieve.commands import Command, Response, Status
from netsuite.sasl.lines import Auth, AuthResponse, Challenge
from netsuite.sieve import limits
from netsuite.wire.errors import BareLineEnd, LineTooLong, LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import PAUSED, EndOfInput, Need
from netsuite.wire.machine import Machine
from netsuite.wire.reader import LineDialog

#: A literal beyond all limits is read to its end, and refused, up to this; to read more is no
#: service to anybody.
SKIPPED_OCTETS: Final = 16 * 1024 * 1024
#: Literals of one command.
_PARTS: Final = 8


class State(enum.Enum):
    """Where a session stands (RFC 5804, 1.5)."""

    __hash__ = object.__hash__  # an enum's own is a function in Python

    NON_AUTHENTICATED = "nobody has logged in"
    AUTH = "within a SASL exchange"
    AUTHENTICATED = "logged in"
    CLOSED = "ended"


_OPEN: Final = (State.NON_AUTHENTICATED, State.AUTHENTICATED)
_OF_SCRIPTS: Final = (
    commands.HaveSpace,
    commands.PutScript,
    commands.CheckScript,
    commands.ListScripts,
    commands.SetActive,
    commands.GetScript,
    commands.DeleteScript,
    commands.RenameScript,
)
_OF_LOGIN: Final = (Auth, commands.StartTls)

#: From a state, by what is answered with OK, or a challenge, to a state.
TRANSITIONS: Final[Mapping[tuple[State, type], State]] = {
    **{(state, commands.Capability): state for state in _OPEN},
    **{(state, commands.Noop): state for state in _OPEN},
    **{(state, commands.Logout): State.CLOSED for state in _OPEN},
    (State.NON_AUTHENTICATED, commands.StartTls): State.NON_AUTHENTICATED,
    (State.NON_AUTHENTICATED, Auth): State.AUTHENTICATED,
    (State.NON_AUTHENTICATED, Challenge): State.AUTH,
    (State.AUTH, Challenge): State.AUTH,
    (State.AUTH, AuthResponse): State.AUTHENTICATED,
    (State.AUTHENTICATED, commands.Unauthenticate): State.NON_AUTHENTICATED,
    **{(State.AUTHENTICATED, kind): State.AUTHENTICATED for kind in _OF_SCRIPTS},
}
MACHINE: Final = Machine(TRANSITIONS, start=State.NON_AUTHENTICATED, final=[State.CLOSED])

LOG_IN_FIRST: Final = commands.no("Log in first")
LOGGED_IN: Final = commands.no("Logged in already")
OUT_OF_ORDER: Final[Mapping[State, Mapping[type, Response]]] = {
    State.NON_AUTHENTICATED: dict.fromkeys((*_OF_SCRIPTS, commands.Unauthenticate), LOG_IN_FIRST),
    State.AUTHENTICATED: dict.fromkeys(_OF_LOGIN, LOGGED_IN),
}

#: What a server's dialog gives, and takes.
ServerEvent: TypeAlias = Command | EndOfInput
ServerSaid: TypeAlias = (
    Response | commands.CapabilityLine | commands.ScriptLine | commands.ScriptText | Challenge
)


class _Phase(enum.Enum):
    """What the next octets are."""

    LINE = "a line of a command"
    LITERAL = "a literal of a command"
    SKIPPED = "a literal that was refused"
    UNREADABLE = "the rest of a line that cannot be read"


class ServerDialog(LineDialog):
    """The server's side.

    Events are commands and ``AuthResponse``. ``send`` takes the parts of an answer and, last, its
    ``Response``; a ``Challenge`` within an exchange.

    Args:
        script_octets: the largest script that is read.
    """

    def __init__(self, script_octets: int = limits.SCRIPT_OCTETS) -> None:
        super().__init__()
        self.script_octets = script_octets
        self.state = State.NON_AUTHENTICATED
        #: The last event, while it is not answered.
        self.pending: Command | None = None
        #: Capabilities are due that nobody has asked for.
        self._greets = True
        self._start()

    def _start(self) -> None:
        """Be ready for the next command."""
        self._phase = _Phase.LINE
        self._parts: list[grammar.Part] = []
        self._left = 0
        self._refusal: RemoteProtocolError | None = None

    def forget(self) -> None:
        """Go back to the beginning, as after STARTTLS: the capabilities are told again (RFC 5804,
        2.2)."""
        self.state = State.NON_AUTHENTICATED
        self.pending = None
        self._greets = True
        self._start()

    # -- in ------------------------------------------------------------------------------------

    def next_event(self) -> ServerEvent | Need:
        """Return the next event. Raises RemoteProtocolError with the answer to give."""
        if self.pending is not None or self.state is State.CLOSED:
            return PAUSED
        while True:
            step = self._STEPS[self._phase](self)
            if step is not None:
                return step

    def _line(self) -> ServerEvent | Need | None:
        """Read a line, up to the literal that it announces, if it does."""
        try:
            line = self._reader.read_line(grammar.LINE_OCTETS)
        except (LineTooLong, BareLineEnd) as error:
            answer = grammar.TOO_LONG if isinstance(error, LineTooLong) else grammar.NOT_A_LINE
            self._refuse(RemoteProtocolError(str(error), answer))
            self._phase = _Phase.UNREADABLE
            return None
        if line is None:
            return self._end()
        found = grammar.literal.search(line)
        if found is None:
            self._parts.append(line)
            return self._whole()
        self._parts.append(line[: found.start()])
        self._announced(int(found.group(1)))
        return None

    def _refuse(self, error: RemoteProtocolError) -> None:
        """Refuse the command at its end; the first reason is the one that counts."""
        if self._refusal is None:
            self._refusal = error

    def _announced(self, octets: int) -> None:
        """Judge a literal before any of it is read. Raises RemoteProtocolError."""
        self._left = octets
        if octets > SKIPPED_OCTETS:
            self._start()
            bye = commands.bye("That is too much")
            raise RemoteProtocolError("a literal beyond all limits", bye, close=True)
        first = self._parts[0]
        word = grammar.word_of(bytes(first)) if self.state is not State.AUTH else b""
        scripts = word in grammar.OF_SCRIPTS and self.state is State.AUTHENTICATED
        limit = self.script_octets if scripts else grammar.STRING_OCTETS
        if octets > limit:
            answer = grammar.TOO_LARGE if scripts else grammar.STRING_TOO_LARGE
            self._refuse(RemoteProtocolError("a literal is too large", answer))
        elif len(self._parts) > 2 * _PARTS:
            self._refuse(RemoteProtocolError("too many literals", grammar.BAD_ARGUMENTS))
        self._phase = _Phase.LITERAL if self._refusal is None else _Phase.SKIPPED

    def _literal(self) -> ServerEvent | Need | None:
        octets = self._reader.read_exactly(self._left)
        if octets is None:
            return self._end()
        self._parts.append(memoryview(octets))
        self._phase = _Phase.LINE
        return None

    def _skip(self) -> ServerEvent | Need | None:
        while self._left:
            octets = self._reader.read_some(self._left)
            if octets is None:
                return self._end()
            self._left -= len(octets)
        self._phase = _Phase.LINE
        return None

    def _unreadable(self) -> ServerEvent | Need | None:
        """Skip the rest of a line, and what it announces."""
        ending = self._reader.skip_line()
        if ending is None:
            return self._end()
        found = grammar.literal.search(ending.rstrip(b"\r\n"))
        if found is None:
            return self._whole()
        self._parts = self._parts or [b""]
        self._announced(int(found.group(1)))
        return None

    _STEPS: Final = {
        _Phase.LINE: _line,
        _Phase.LITERAL: _literal,
        _Phase.SKIPPED: _skip,
        _Phase.UNREADABLE: _unreadable,
    }

    def _whole(self) -> ServerEvent | Need:
        """Return the command that has come to its end. Raises RemoteProtocolError."""
        parts, refusal, exchange = self._parts, self._refusal, self.state is State.AUTH
        self._start()
        try:
            if refusal is not None:
                raise refusal
            if exchange:
                event: Command = grammar.parse_auth_response(parts)
            else:
                event = grammar.parse_command(parts)
        except RemoteProtocolError:
            if exchange:  # RFC 5804, 2.1: it is over
                self.state = State.NON_AUTHENTICATED
            raise
        if (self.state, type(event)) not in TRANSITIONS:
            answer = OUT_OF_ORDER[self.state][type(event)]
            raise RemoteProtocolError("out of order", answer)
        self.pending = event
        return event

    # -- out -----------------------------------------------------------------------------------

    def send(self, value: ServerSaid) -> bytes:
        """Print an answer or a part of one; step the state. Raises LocalProtocolError."""
        octets = grammar.format_answer(value)
        if isinstance(value, Response):
            self._answered(value)
        elif isinstance(value, Challenge):
            if not isinstance(self.pending, Auth | AuthResponse):
                raise LocalProtocolError("a challenge outside of an exchange")
            self.pending = None
            self.state = TRANSITIONS[self.state, Challenge]
        elif self.pending is None and not self._greets:
            raise LocalProtocolError("an answer to nothing")
        return octets

    def _answered(self, response: Response) -> None:
        pending, self.pending = self.pending, None
        greets, self._greets = self._greets, False
        if response.status is Status.BYE:
            self.state = State.CLOSED
        elif pending is None:
            if response.status is Status.OK and not greets:
                raise LocalProtocolError("an answer to nothing")
        elif response.status is Status.OK:
            self.state = TRANSITIONS[self.state, type(pending)]
        elif isinstance(pending, AuthResponse):
            self.state = State.NON_AUTHENTICATED
