"""POP3 without a network: whose turn it is, and what may be said now."""

from __future__ import annotations

import enum
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
from netsuite.wire.events import BodyChunk, EndOfBody, EndOfInput
from netsuite.wire.machine import Machine
from netsuite.wire.multiline import CommandRules, MultiLineClient, MultiLineServer


class State(enum.Enum):
    """Where a session stands (RFC 1939, 3; UPDATE is what QUIT does, and is no state here)."""

    __hash__ = object.__hash__  # an enum's own is a function in Python

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


RULES: Final = CommandRules(
    start=State.AUTHORIZATION,
    exchange=State.AUTH,
    closed=State.CLOSED,
    transitions=TRANSITIONS,
    refused=REFUSED,
    out_of_order=OUT_OF_ORDER,
    line_octets=COMMAND_OCTETS,
    too_long=TOO_LONG,
    not_a_line=NOT_A_LINE,
    parse=parse_command,
    parse_response=parse_auth_response,
    challenged=(Auth, AuthResponse),
)


#: What a server's dialog gives, and takes.
ServerEvent: TypeAlias = Command | BodyChunk | EndOfBody | EndOfInput
ServerSaid: TypeAlias = Status | Challenge | Beginning | BodyChunk | EndOfBody
#: What a client's dialog gives: an answer with its command, None for the greeting.
ClientEvent: TypeAlias = (
    tuple[Command | None, Status | Challenge] | BodyChunk | EndOfBody | EndOfInput
)


class ServerDialog(MultiLineServer[Command]):
    """The server's side.

    Events are commands and ``AuthResponse``. ``send`` takes a ``Status``, a ``Challenge``, or a
    ``Beginning`` and then ``BodyChunk`` values and ``EndOfBody``, which is dot-stuffed, with CRLF
    for every line end, whatever the pieces.
    """

    rules = RULES
    state: State

    def send(self, value: ServerSaid) -> bytes:
        """Print an answer or a part of one; step the state. Raises LocalProtocolError."""
        pending = self.pending
        if isinstance(value, Status):
            self._answered(value.ok, pending is not None and has_body(pending))
            return format_status(value)
        if isinstance(value, BodyChunk):
            return self._send_piece(value.octets)
        if isinstance(value, EndOfBody):
            return self._end_sending()
        if isinstance(value, Beginning):
            self._begin_body(wanted=pending is not None and has_body(pending))
            return format_status(Status(True, value.text))
        self._challenged(value)
        return format_challenge(value.octets)


class ClientDialog(MultiLineClient[Command, Status | Challenge]):
    """The client's side.

    Events are ``(command, Status)`` pairs; a challenge of AUTH is a ``(command, Challenge)`` pair.
    """

    status_octets = STATUS_OCTETS

    def send(self, value: Command) -> bytes:
        """Print a command. Raises LocalProtocolError for what cannot be said."""
        octets = format_command(value)
        self._asked.append(value)
        return octets

    def _read_answer(self, command: Command | None, line: bytes) -> Status | Challenge:
        if isinstance(command, Auth | AuthResponse):
            challenge = parse_challenge(line)
            if challenge is not None:
                return Challenge(challenge)
        status = parse_status(line)
        if status.ok and command is not None and has_body(command):
            self._begin_receiving()
        return status
