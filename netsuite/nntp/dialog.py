"""NNTP without a network: whose turn it is, and what may be said now."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Mapping
from typing import Final, TypeAlias

from netsuite.nntp.commands import (
    Article,
    AuthInfoPass,
    AuthInfoSASL,
    AuthInfoUser,
    Beginning,
    Body,
    Capabilities,
    Challenge,
    Command,
    Date,
    Group,
    Hdr,
    Head,
    Help,
    Last,
    ListCommand,
    ListGroup,
    ModeReader,
    NewGroups,
    Next,
    Over,
    Post,
    Posted,
    Quit,
    SASLResponse,
    StartTLS,
    Stat,
    Status,
    has_body,
)
from netsuite.nntp.grammar import (
    NOT_A_LINE,
    SASL_OCTETS,
    STATUS_OCTETS,
    TOO_LONG,
    format_challenge,
    format_command,
    format_status,
    parse_challenge,
    parse_command,
    parse_sasl_response,
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
    """Where a session stands. Which group is selected is no matter of the dialog's."""

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
    Capabilities, ModeReader, Group, ListGroup, Next, Last, Article, Head, Body, Stat, Over, Hdr,
    ListCommand, NewGroups, Post, EndOfBody, Date, Help,
)  # fmt: skip

#: From a state, by what is answered positively, to a state. What is not in it is out of order.
TRANSITIONS: Final[Mapping[tuple[State, type], State]] = {
    **{(state, kind): state for state in _ANY for kind in _EVERYWHERE},
    **{(state, AuthInfoUser): State.NAMED for state in _BEFORE},
    (State.NAMED, AuthInfoPass): State.LOGGED_IN,
    **{(state, AuthInfoSASL): State.LOGGED_IN for state in _BEFORE},
    **{(state, Challenge): State.SASL for state in (*_BEFORE, State.SASL)},
    (State.SASL, SASLResponse): State.LOGGED_IN,
    **{(state, StartTLS): State.OPEN for state in _BEFORE},
    **{(state, Quit): State.CLOSED for state in _ANY},
}
MACHINE: Final = Machine(TRANSITIONS, start=State.OPEN, final=[State.CLOSED])

#: Where a refusal leads elsewhere than back to where it was.
REFUSED: Final[Mapping[type, State]] = {
    AuthInfoPass: State.OPEN,
    AuthInfoSASL: State.OPEN,
    SASLResponse: State.OPEN,
}

OUT_OF_SEQUENCE: Final = Status(482, "Say AUTHINFO USER first")
LOGGED_IN: Final = Status(502, "Logged in already")
NO_TLS_NOW: Final = Status(502, "Too late: somebody has logged in")
OUT_OF_ORDER: Final[Mapping[State, Mapping[type, Status]]] = {
    State.OPEN: {AuthInfoPass: OUT_OF_SEQUENCE},
    # RFC 4643, 2.2 and RFC 4642, 2.2.2
    State.LOGGED_IN: {
        **dict.fromkeys((AuthInfoUser, AuthInfoPass, AuthInfoSASL), LOGGED_IN),
        StartTLS: NO_TLS_NOW,
    },
}


class ServerDialog:
    """The server's side.

    Events are commands and ``SASLResponse``; behind POST answered with 340, ``BodyChunk`` values
    and ``EndOfBody``, which is answered as a command is. ``send`` takes a ``Status``, a
    ``Challenge``, or a ``Beginning`` and then ``BodyChunk`` values and ``EndOfBody``, which is
    dot-stuffed, with CRLF for every line end, whatever the pieces.
    """

    def __init__(self) -> None:
        self.state = State.OPEN
        #: The last event, while it is not answered.
        self.pending: Command | EndOfBody | None = None
        #: Whether CR or LF stood alone in the article just taken.
        self.bare_line_end = False
        self._reader = OctetReader()
        self._stuffer: DotStuffer | None = None
        self._unstuffer: DotUnstuffer | None = None
        self._greeted = False
        self._eof_told = False

    @property
    def in_body(self) -> bool:
        """Whether a body of ours has begun and not ended."""
        return self._stuffer is not None

    @property
    def in_article(self) -> bool:
        """Whether an article is being taken."""
        return self._unstuffer is not None

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
        """Go back to the beginning, as after STARTTLS (RFC 4642, 2.2.2)."""
        self.state = State.OPEN
        self.pending = None

    def next_event(self) -> Event:
        """Give the next event. Raises RemoteProtocolError with the answer to give."""
        if self.pending is not None or self.state is State.CLOSED:
            return PAUSED
        if self._unstuffer is not None:
            return self._next_of_article(self._unstuffer)
        try:
            line = self._reader.read_line(SASL_OCTETS)
        except LineTooLong as error:
            self._leave_sasl()
            raise RemoteProtocolError(str(error), TOO_LONG) from None
        except BareLineEnd as error:
            self._leave_sasl()
            raise RemoteProtocolError(str(error), NOT_A_LINE) from None
        if line is None:
            return self._end()
        if self.state is State.SASL:
            self.pending = self._sasl_response(line)
            return self.pending
        command = parse_command(line)
        if (self.state, type(command)) not in TRANSITIONS:
            raise RemoteProtocolError("out of order", OUT_OF_ORDER[self.state][type(command)])
        self.pending = command
        return command

    def _end(self) -> Event:
        if self._reader.eof and not self._eof_told:
            self._eof_told = True
            return EndOfInput()
        return NEED_DATA

    def _leave_sasl(self) -> None:
        if self.state is State.SASL:
            self.state = State.OPEN

    def _sasl_response(self, line: bytes) -> SASLResponse:
        try:
            return parse_sasl_response(line)
        except RemoteProtocolError:
            self._leave_sasl()
            raise

    def _next_of_article(self, unstuffer: DotUnstuffer) -> Event:
        while not unstuffer.ended:
            octets = self._reader.read_some(CHUNK_OCTETS)
            if octets is None:
                return self._end()
            body = unstuffer.feed(octets)
            self._reader.unread(unstuffer.rest)  # nothing, before the end
            if body:
                return BodyChunk(body)
        self._unstuffer = None
        self.bare_line_end = unstuffer.bare
        self.pending = EndOfBody()
        return self.pending

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
            if not has_body(self.pending, value.code) or self._stuffer is not None:
                raise LocalProtocolError("a body nobody asked for")
            self._stuffer = DotStuffer(convert_bare=True)
            return format_status(value.code, value.text)
        return self._challenge(value)

    def _challenge(self, value: Challenge) -> bytes:
        pending = self.pending
        if not isinstance(pending, AuthInfoSASL | SASLResponse):
            raise LocalProtocolError("a challenge outside of AUTHINFO SASL")
        self.pending = None
        said = pending if value.final else value
        self.state = MACHINE.step(self.state, said)
        return format_challenge(value.octets, final=value.final)

    def _status(self, value: Status) -> bytes:
        if self._stuffer is not None:
            raise LocalProtocolError("a status within a body")
        pending, self.pending = self.pending, None
        code = value.code
        if pending is None:
            if code < 400 and self._greeted:
                raise LocalProtocolError("an answer to nothing")
            self._greeted = True
        elif code < 400:
            if has_body(pending, code):
                raise LocalProtocolError(f"{type(pending).__name__} wants a body")
            if code == 340:
                self._unstuffer = DotUnstuffer()
            self.state = TRANSITIONS[self.state, type(pending)]
        else:
            self.state = REFUSED.get(type(pending), self.state)
        return format_status(code, value.text)


Answered: TypeAlias = tuple[Command | None, Status | Challenge]


class ClientDialog:
    """The client's side: commands out, answers in, in the same order.

    Events are ``(command, Status)`` pairs; the greeting answers ``None``, a challenge of AUTHINFO
    SASL is a ``(command, Challenge)`` pair. Behind a response that has a body (see ``has_body``)
    come ``BodyChunk`` values and ``EndOfBody``. When POST was answered with 340, ``send`` takes the
    article as ``BodyChunk`` values and ``EndOfBody``; its answer belongs to ``Posted``.
    """

    def __init__(self) -> None:
        self._reader = OctetReader()
        self._asked: deque[Command | None] = deque([None])
        self._unstuffer: DotUnstuffer | None = None
        self._stuffer: DotStuffer | None = None
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

    def send(self, value: Command | BodyChunk | EndOfBody) -> bytes:
        """Print a command or a part of an article. Raises LocalProtocolError."""
        if isinstance(value, BodyChunk | EndOfBody):
            if self._stuffer is None:
                raise LocalProtocolError("nobody has asked for an article")
            if isinstance(value, BodyChunk):
                return self._stuffer.feed(value.octets)
            octets, self._stuffer = self._stuffer.finish(), None
            self._asked.append(Posted())
            return octets
        if self._stuffer is not None:
            raise LocalProtocolError("a command within an article")
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
        status = parse_status(line)
        code = status.code
        if code in (283, 383) and isinstance(command, AuthInfoSASL | SASLResponse):
            return command, Challenge(parse_challenge(status), final=code == 283)
        if code == 340 and isinstance(command, Post):
            if self._asked:
                raise RemoteProtocolError("POST was not the last command said", close=True)
            self._stuffer = DotStuffer(convert_bare=True)
        elif has_body(command, code):
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
