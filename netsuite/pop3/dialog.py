"""POP3 without a network: whose turn it is, and what may be said now."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final, TypeAlias

from netsuite.pop3 import commands, grammar
from netsuite.sasl.lines import Auth, AuthResponse, Challenge
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
#: What is said of the maildrop, and changes no state of the dialog.
_ON_MAILDROP: Final = (
    commands.Stat,
    commands.List,
    commands.Uidl,
    commands.Retr,
    commands.Top,
    commands.Dele,
    commands.Noop,
    commands.Rset,
)

#: From a state, by what is answered positively, to a state. What is not in it is out of order.
TRANSITIONS: Final[Mapping[tuple[State, type], State]] = {
    **{(state, commands.User): State.NAMED for state in _BEFORE},
    (State.NAMED, commands.Pass): State.TRANSACTION,
    **{(state, Auth): State.TRANSACTION for state in _BEFORE},
    **{(state, Challenge): State.AUTH for state in (*_BEFORE, State.AUTH)},
    (State.AUTH, AuthResponse): State.TRANSACTION,
    **{(state, commands.Stls): State.AUTHORIZATION for state in _BEFORE},
    **{(state, commands.Utf8): State.AUTHORIZATION for state in _BEFORE},
    **{
        (state, kind): state
        for kind in (commands.Capa, commands.Lang)
        for state in (*_BEFORE, State.TRANSACTION)
    },
    **{(state, commands.Quit): State.CLOSED for state in (*_BEFORE, State.TRANSACTION)},
    **{(State.TRANSACTION, kind): State.TRANSACTION for kind in _ON_MAILDROP},
}
MACHINE: Final = Machine(TRANSITIONS, start=State.AUTHORIZATION, final=[State.CLOSED])

#: Where a refusal leads elsewhere than back to where it was.
REFUSED: Final[Mapping[type, State]] = {
    commands.Pass: State.AUTHORIZATION,
    Auth: State.AUTHORIZATION,
    AuthResponse: State.AUTHORIZATION,
    commands.Quit: State.CLOSED,  # RFC 1939, 6: the session ends, whatever became of the removal
}

LOG_IN_FIRST: Final = commands.err("Log in first")
LOGGED_IN: Final = commands.err("Logged in already")
NAME_FIRST: Final = commands.err("Say USER first")
OUT_OF_ORDER: Final[Mapping[State, Mapping[type, commands.Status]]] = {
    **{
        state: {**dict.fromkeys(_ON_MAILDROP, LOG_IN_FIRST), commands.Pass: NAME_FIRST}
        for state in _BEFORE
    },
    State.TRANSACTION: dict.fromkeys(
        (commands.User, commands.Pass, Auth, commands.Stls, commands.Utf8), LOGGED_IN
    ),
}


RULES: Final = CommandRules(
    start=State.AUTHORIZATION,
    exchange=State.AUTH,
    closed=State.CLOSED,
    transitions=TRANSITIONS,
    refused=REFUSED,
    out_of_order=OUT_OF_ORDER,
    line_octets=grammar.COMMAND_OCTETS,
    too_long=grammar.TOO_LONG,
    not_a_line=grammar.NOT_A_LINE,
    parse=grammar.parse_command,
    parse_response=grammar.parse_auth_response,
    challenged=(Auth, AuthResponse),
)


#: What a server's dialog gives, and takes.
ServerEvent: TypeAlias = commands.Command | BodyChunk | EndOfBody | EndOfInput
ServerSaid: TypeAlias = commands.Status | Challenge | commands.Beginning | BodyChunk | EndOfBody
#: What a client's dialog gives: an answer with its command, None for the greeting.
ClientEvent: TypeAlias = (
    tuple[commands.Command | None, commands.Status | Challenge] | BodyChunk | EndOfBody | EndOfInput
)


class ServerDialog(MultiLineServer[commands.Command]):
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
        if isinstance(value, commands.Status):
            self._answered(value.ok, pending is not None and commands.has_body(pending))
            return grammar.format_status(value)
        if isinstance(value, BodyChunk):
            return self._send_piece(value.octets)
        if isinstance(value, EndOfBody):
            return self._end_sending()
        if isinstance(value, commands.Beginning):
            self._begin_body(wanted=pending is not None and commands.has_body(pending))
            return grammar.format_status(commands.Status(True, value.text))
        self._challenged(value)
        return grammar.format_challenge(value.octets)


class ClientDialog(MultiLineClient[commands.Command, commands.Status | Challenge]):
    """The client's side.

    Events are ``(command, Status)`` pairs; a challenge of AUTH is a ``(command, Challenge)`` pair.
    """

    status_octets = grammar.STATUS_OCTETS

    def send(self, value: commands.Command) -> bytes:
        """Print a command. Raises LocalProtocolError for what cannot be said."""
        octets = grammar.format_command(value)
        self._asked.say(value)
        return octets

    def _read_answer(
        self, command: commands.Command | None, line: bytes
    ) -> commands.Status | Challenge:
        if isinstance(command, Auth | AuthResponse):
            challenge = grammar.parse_challenge(line)
            if challenge is not None:
                return Challenge(challenge)
        status = grammar.parse_status(line)
        if status.ok and command is not None and commands.has_body(command):
            self._begin_receiving()
        return status
