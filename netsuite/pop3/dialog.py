"""POP3 without a network: whose turn it is, and what may be said now."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Mapping
from typing import Final, TypeAlias

from netsuite.pop3.commands import (
    Auth,
    AuthResponse,
    Beginning,
    Capa,
    Challenge,
    Command,
    Dele,
    List,
    Noop,
    Pass,
    Quit,
    Retr,
    Rset,
    Stat,
    Status,
    Stls,
    Top,
    Uidl,
    User,
    err,
    has_body,
)
from netsuite.pop3.grammar import (
    COMMAND_OCTETS,
    NOT_A_LINE,
    STATUS_OCTETS,
    TOO_LONG,
    format_challenge,
    format_command,
    format_status,
    parse_auth_response,
    parse_challenge,
    parse_command,
    parse_status,
)
from netsuite.wire.dotted import DotStuffer, DotUnstuffer
from netsuite.wire.errors import (
    BareLineEnd,
    LineTooLong,
    LocalProtocolError,
    RemoteProtocolError,
)
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, EndOfBody, EndOfInput, Event
from netsuite.wire.machine import Machine
from netsuite.wire.reader import OctetReader

#: So much of a body is given as one event at most.
CHUNK_OCTETS: Final = 65_536


class State(enum.Enum):
    """Where a session stands (RFC 1939, 3; UPDATE is what QUIT does, and is no state here)."""

    AUTHORIZATION = "nobody has logged in"
    NAMED = "a name was given, the password comes next"
    AUTH = "within a SASL exchange"
    TRANSACTION = "logged in, the maildrop is locked"
    CLOSED = "ended"


_BEFORE: Final = (State.AUTHORIZATION, State.NAMED)

#: From a state, by what is answered positively, to a state. What is not in it is out of order.
TRANSITIONS: Final[Mapping[tuple[State, type], State]] = {
    **{(state, User): State.NAMED for state in _BEFORE},
    (State.NAMED, Pass): State.TRANSACTION,
    **{(state, Auth): State.TRANSACTION for state in _BEFORE},
    **{(state, Challenge): State.AUTH for state in (*_BEFORE, State.AUTH)},
    (State.AUTH, AuthResponse): State.TRANSACTION,
    **{(state, Stls): State.AUTHORIZATION for state in _BEFORE},
    **{(state, Capa): state for state in (*_BEFORE, State.TRANSACTION)},
    **{(state, Quit): State.CLOSED for state in (*_BEFORE, State.TRANSACTION)},
    **{
        (State.TRANSACTION, kind): State.TRANSACTION
        for kind in (Stat, List, Uidl, Retr, Top, Dele, Noop, Rset)
    },
}
MACHINE: Final = Machine(TRANSITIONS, start=State.AUTHORIZATION, final=[State.CLOSED])

#: Where a refusal leads elsewhere than back to where it was.
REFUSED: Final[Mapping[type, State]] = {
    Pass: State.AUTHORIZATION,
    Auth: State.AUTHORIZATION,
    AuthResponse: State.AUTHORIZATION,
    Quit: State.CLOSED,  # RFC 1939, 6: the session ends, whatever became of the removal
}

LOG_IN_FIRST: Final = err("Log in first")
LOGGED_IN: Final = err("Logged in already")
NAME_FIRST: Final = err("Say USER first")
OUT_OF_ORDER: Final[Mapping[State, Mapping[type, Status]]] = {
    **{
        state: {
            **dict.fromkeys((Stat, List, Uidl, Retr, Top, Dele, Noop, Rset), LOG_IN_FIRST),
            Pass: NAME_FIRST,
        }
        for state in _BEFORE
    },
    State.TRANSACTION: dict.fromkeys((User, Pass, Auth, Stls), LOGGED_IN),
}


class ServerDialog:
    """The server's side.

    Events are commands and ``AuthResponse``. ``send`` takes a ``Status``, a ``Challenge``, or a
    ``Beginning`` and then ``BodyChunk`` values and ``EndOfBody``, which is dot-stuffed, with CRLF
    for every line end, whatever the pieces.
    """

    def __init__(self) -> None:
        self.state = State.AUTHORIZATION
        #: The last event, while it is not answered.
        self.pending: Command | None = None
        self._reader = OctetReader()
        self._stuffer: DotStuffer | None = None
        self._greeted = False
        self._eof_told = False

    @property
    def in_body(self) -> bool:
        """Whether a body has begun and not ended."""
        return self._stuffer is not None

    def receive(self, octets: bytes) -> None:
        """Take what the transport brought."""
        self._reader.feed(octets)

    def receive_eof(self) -> None:
        """Take note that the transport will bring nothing more."""
        self._reader.feed_eof()

    def discard_input(self) -> int:
        """Drop every octet received and not yet read; give how many there were."""
        return self._reader.discard()

    def forget(self) -> None:
        """Go back to the beginning, as after STLS (RFC 2595, 4)."""
        self.state = State.AUTHORIZATION
        self.pending = None

    def next_event(self) -> Event:
        """Give the next event. Raises RemoteProtocolError with the answer to give."""
        if self.pending is not None or self.state is State.CLOSED:
            return PAUSED
        try:
            line = self._reader.read_line(COMMAND_OCTETS)
        except LineTooLong as error:
            self._leave_auth()
            raise RemoteProtocolError(str(error), TOO_LONG) from None
        except BareLineEnd as error:
            self._leave_auth()
            raise RemoteProtocolError(str(error), NOT_A_LINE) from None
        if line is None:
            if self._reader.eof and not self._eof_told:
                self._eof_told = True
                return EndOfInput()
            return NEED_DATA
        if self.state is State.AUTH:
            self.pending = self._auth_response(line)
            return self.pending
        command = parse_command(line)
        if (self.state, type(command)) not in TRANSITIONS:
            raise RemoteProtocolError("out of order", OUT_OF_ORDER[self.state][type(command)])
        self.pending = command
        return command

    def _leave_auth(self) -> None:
        if self.state is State.AUTH:
            self.state = State.AUTHORIZATION

    def _auth_response(self, line: bytes) -> AuthResponse:
        try:
            return parse_auth_response(line)
        except RemoteProtocolError:
            self._leave_auth()
            raise

    def send(self, value: Status | Challenge | Beginning | BodyChunk | EndOfBody) -> bytes:
        """Print an answer or a part of one; step the state. Raises LocalProtocolError."""
        if isinstance(value, Status):
            return self._status(value)
        if isinstance(value, BodyChunk):
            if self._stuffer is None:
                raise LocalProtocolError("no body has begun")
            return self._stuffer.feed(value.octets)
        if isinstance(value, EndOfBody):
            if self._stuffer is None:
                raise LocalProtocolError("no body has begun")
            octets, self._stuffer = self._stuffer.finish(), None
            self.pending = None
            return octets
        if isinstance(value, Beginning):
            if self.pending is None or not has_body(self.pending) or self._stuffer is not None:
                raise LocalProtocolError("a body nobody asked for")
            self._stuffer = DotStuffer(convert_bare=True)
            return format_status(Status(True, value.text))
        if not isinstance(self.pending, Auth | AuthResponse):
            raise LocalProtocolError("a challenge outside of AUTH")
        self.pending = None
        self.state = MACHINE.step(self.state, value)
        return format_challenge(value.octets)

    def _status(self, value: Status) -> bytes:
        if self._stuffer is not None:
            raise LocalProtocolError("a status within a body")
        pending, self.pending = self.pending, None
        if pending is None:
            if value.ok and self._greeted:
                raise LocalProtocolError("an answer to nothing")
            self._greeted = True
        elif value.ok:
            if has_body(pending):
                raise LocalProtocolError(f"{type(pending).__name__} wants a body")
            self.state = TRANSITIONS[self.state, type(pending)]
        else:
            self.state = REFUSED.get(type(pending), self.state)
        return format_status(value)


Answered: TypeAlias = tuple[Command | None, Status | Challenge]


class ClientDialog:
    """The client's side: commands out, answers in, in the same order.

    Events are ``(command, Status)`` pairs; the greeting answers ``None``, a challenge of AUTH is
    a ``(command, Challenge)`` pair. Behind a positive status of a command that asks for a body
    (see ``has_body``) come ``BodyChunk`` values and ``EndOfBody``.
    """

    def __init__(self) -> None:
        self._reader = OctetReader()
        self._asked: deque[Command | None] = deque([None])
        self._unstuffer: DotUnstuffer | None = None
        self._eof_told = False

    def receive(self, octets: bytes) -> None:
        """Take what the transport brought."""
        self._reader.feed(octets)

    def receive_eof(self) -> None:
        """Take note that the transport will bring nothing more."""
        self._reader.feed_eof()

    def discard_input(self) -> int:
        """Drop every octet received and not yet read; give how many there were."""
        return self._reader.discard()

    def send(self, value: Command) -> bytes:
        """Print a command. Raises LocalProtocolError for what cannot be said."""
        octets = format_command(value)
        self._asked.append(value)
        return octets

    def next_event(self) -> Event:
        """Give the next event.

        Raises:
            RemoteProtocolError: the server broke the protocol; the connection is of no use
                any more.
        """
        if self._unstuffer is not None:
            return self._next_of_body(self._unstuffer)
        try:
            line = self._reader.read_line(STATUS_OCTETS, lenient=True)
        except LineTooLong as error:
            raise RemoteProtocolError(str(error), close=True) from None
        if line is None:
            return self._end()
        if not self._asked:
            raise RemoteProtocolError("an answer to nothing", close=True)
        command = self._asked.popleft()
        if isinstance(command, Auth | AuthResponse):
            challenge = parse_challenge(line)
            if challenge is not None:
                return command, Challenge(challenge)
        status = parse_status(line)
        if status.ok and command is not None and has_body(command):
            self._unstuffer = DotUnstuffer()
        return command, status

    def _end(self) -> Event:
        if self._reader.eof and not self._eof_told:
            self._eof_told = True
            return EndOfInput()
        return NEED_DATA

    def _next_of_body(self, unstuffer: DotUnstuffer) -> Event:
        while not unstuffer.ended:
            octets = self._reader.read_some(CHUNK_OCTETS)
            if octets is None:
                return self._end()
            body = unstuffer.feed(octets)
            self._reader.unread(unstuffer.rest)  # nothing, before the end
            if body:
                return BodyChunk(body)
        self._unstuffer = None
        return EndOfBody()
