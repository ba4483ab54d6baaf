"""NNTP without a network: whose turn it is, and what may be said now."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final, TypeAlias

from netsuite.nntp import commands, grammar
from netsuite.wire.dotted import DotUnstuffer
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import BodyChunk, EndOfBody, EndOfInput
from netsuite.wire.machine import Machine
from netsuite.wire.multiline import CommandRules, MultiLineClient, MultiLineServer, Piece


class State(enum.Enum):
    """Where a session stands. Which group is selected is no matter of the dialog's."""

    __hash__ = object.__hash__  # an enum's own is a function in Python

    OPEN = "nobody has logged in"
    NAMED = "a name was given, the password may come"
    SASL = "within a SASL exchange"
    LOGGED_IN = "somebody has logged in"
    CLOSED = "ended"


_BEFORE: Final = (State.OPEN, State.NAMED)
_ANY: Final = (*_BEFORE, State.LOGGED_IN)

#: What may be said at any time, and changes no state of the dialog; ``EndOfBody`` is a posted
#: article's.
_EVERYWHERE: Final = (
    commands.Capabilities, commands.ModeReader, commands.Group, commands.ListGroup, commands.Next,
    commands.Last, commands.Article, commands.Head, commands.Body, commands.Stat, commands.Over,
    commands.Hdr, commands.ListCommand, commands.NewGroups, commands.NewNews, commands.Post,
    EndOfBody, commands.Date, commands.Help,
)  # fmt: skip

#: From a state, by what is answered positively, to a state. What is not in it is out of order.
TRANSITIONS: Final[Mapping[tuple[State, type], State]] = {
    **{(state, kind): state for state in _ANY for kind in _EVERYWHERE},
    **{(state, commands.AuthInfoUser): State.NAMED for state in _BEFORE},
    (State.NAMED, commands.AuthInfoPass): State.LOGGED_IN,
    **{(state, commands.AuthInfoSASL): State.LOGGED_IN for state in _BEFORE},
    **{(state, commands.Challenge): State.SASL for state in (*_BEFORE, State.SASL)},
    (State.SASL, commands.SASLResponse): State.LOGGED_IN,
    **{(state, commands.StartTLS): State.OPEN for state in _BEFORE},
    **{(state, commands.Quit): State.CLOSED for state in _ANY},
}
MACHINE: Final = Machine(TRANSITIONS, start=State.OPEN, final=[State.CLOSED])

#: Where a refusal leads elsewhere than back to where it was.
REFUSED: Final[Mapping[type, State]] = {
    commands.AuthInfoPass: State.OPEN,
    commands.AuthInfoSASL: State.OPEN,
    commands.SASLResponse: State.OPEN,
}

OUT_OF_SEQUENCE: Final = commands.Status(482, "Say AUTHINFO USER first")
LOGGED_IN: Final = commands.Status(502, "Logged in already")
NO_TLS_NOW: Final = commands.Status(502, "Too late: somebody has logged in")
OUT_OF_ORDER: Final[Mapping[State, Mapping[type, commands.Status]]] = {
    State.OPEN: {commands.AuthInfoPass: OUT_OF_SEQUENCE},
    # RFC 4643, 2.2 and RFC 4642, 2.2.2
    State.LOGGED_IN: {
        **dict.fromkeys(
            (commands.AuthInfoUser, commands.AuthInfoPass, commands.AuthInfoSASL), LOGGED_IN
        ),
        commands.StartTLS: NO_TLS_NOW,
    },
}


RULES: Final = CommandRules(
    start=State.OPEN,
    exchange=State.SASL,
    closed=State.CLOSED,
    transitions=TRANSITIONS,
    refused=REFUSED,
    out_of_order=OUT_OF_ORDER,
    line_octets=grammar.SASL_OCTETS,
    too_long=grammar.TOO_LONG,
    not_a_line=grammar.NOT_A_LINE,
    parse=grammar.parse_command,
    parse_response=grammar.parse_sasl_response,
    challenged=(commands.AuthInfoSASL, commands.SASLResponse),
)


#: What a server's dialog gives, and takes.
ServerEvent: TypeAlias = commands.Command | BodyChunk | EndOfBody | EndOfInput
ServerSaid: TypeAlias = (
    commands.Status | commands.Challenge | commands.Beginning | BodyChunk | EndOfBody
)
#: What is answered of what a client says.
Asked: TypeAlias = commands.Command | commands.Posted
#: What a client's dialog takes, and gives: an answer with its command, None for the greeting.
ClientSaid: TypeAlias = commands.Command | BodyChunk | EndOfBody
ClientEvent: TypeAlias = (
    tuple[Asked | None, commands.Status | commands.Challenge] | BodyChunk | EndOfBody | EndOfInput
)


class ServerDialog(MultiLineServer[commands.Command | EndOfBody]):
    """The server's side.

    Events are commands and ``SASLResponse``; behind POST answered with 340, ``BodyChunk`` values
    and ``EndOfBody``, which is answered as a command is. ``send`` takes a ``Status``, a
    ``Challenge``, or a ``Beginning`` and then ``BodyChunk`` values and ``EndOfBody``, which is
    dot-stuffed, with CRLF for every line end, whatever the pieces.
    """

    rules = RULES
    state: State

    def __init__(self) -> None:
        super().__init__()
        #: Whether CR or LF stood alone in the article just taken.
        self.bare_line_end = False

    @property
    def in_article(self) -> bool:
        """Whether an article is being taken."""
        return self._unstuffer is not None

    def _next_piece(self, unstuffer: DotUnstuffer) -> Piece:
        event = super()._next_piece(unstuffer)
        if isinstance(event, EndOfBody):
            self.bare_line_end = unstuffer.bare
            self.pending = event
        return event

    def send(self, value: ServerSaid) -> bytes:
        """Print an answer or a part of one; step the state. Raises LocalProtocolError."""
        if isinstance(value, commands.Status):
            code = value.code
            if code == 340 and self.pending is not None:
                self._begin_receiving()
            self._answered(code < 400, commands.has_body(self.pending, code))
            return grammar.format_status(code, value.text)
        if isinstance(value, BodyChunk):
            return self._send_piece(value.octets)
        if isinstance(value, EndOfBody):
            return self._end_sending()
        if isinstance(value, commands.Beginning):
            self._begin_body(wanted=commands.has_body(self.pending, value.code))
            return grammar.format_status(value.code, value.text)
        self._challenged(self.pending if value.final else value)
        return grammar.format_challenge(value.octets, final=value.final)


class ClientDialog(MultiLineClient[Asked, commands.Status | commands.Challenge]):
    """The client's side.

    Events are ``(command, Status)`` pairs; a challenge of AUTHINFO SASL is a ``(command,
    Challenge)`` pair. When POST was answered with 340, ``send`` takes the article as ``BodyChunk``
    values and ``EndOfBody``; its answer belongs to ``Posted``.
    """

    status_octets = grammar.STATUS_OCTETS

    def send(self, value: ClientSaid) -> bytes:
        """Print a command or a part of an article. Raises LocalProtocolError."""
        if isinstance(value, BodyChunk):
            return self._send_piece(value.octets)
        if isinstance(value, EndOfBody):
            octets = self._end_sending()
            self._asked.say(commands.Posted())
            return octets
        if self.in_body:
            raise LocalProtocolError("a command within an article")
        octets = grammar.format_command(value)
        self._asked.say(value)
        return octets

    def _read_answer(
        self, command: Asked | None, line: bytes
    ) -> commands.Status | commands.Challenge:
        status = grammar.parse_status(line)
        code = status.code
        if code in (283, 383) and isinstance(
            command, commands.AuthInfoSASL | commands.SASLResponse
        ):
            return commands.Challenge(grammar.parse_challenge(status), final=code == 283)
        if code == 340 and isinstance(command, commands.Post):
            if self._asked:
                raise RemoteProtocolError("POST was not the last command said", close=True)
            self._begin_sending()
        elif commands.has_body(command, code):
            self._begin_receiving()
        return status
