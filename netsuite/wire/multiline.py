"""Dialogs of command lines and multi-line responses, as POP3 and NNTP have them, both sides.

A command is a line; a status line answers it, and a multi-line data block may follow: dot-stuffed,
ended by a dot on a line of its own (RFC 1939, 3; RFC 3977, 3.1.1). Logging in is a SASL exchange
of base64 lines, or a name and a password.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, TypeVar

from netsuite.wire.dotted import DotStuffer, DotUnstuffer
from netsuite.wire.errors import (
    BareLineEnd,
    LineTooLong,
    LocalProtocolError,
    RemoteProtocolError,
)
from netsuite.wire.events import PAUSED, BodyChunk, EndOfBody, EndOfInput, Need
from netsuite.wire.reader import LineDialog
from netsuite.wire.unanswered import Unanswered

#: So much of a data block is given as one event at most.
CHUNK_OCTETS: Final = 65_536

S = TypeVar("S")
K = TypeVar("K")
A = TypeVar("A")

#: What a data block comes as.
Piece = BodyChunk | EndOfBody | EndOfInput | Need


class MultiLineDialog(LineDialog):
    """Data blocks, in and out: ``BodyChunk`` values and ``EndOfBody``; SMTP's message is one."""

    def __init__(self) -> None:
        super().__init__()
        self._stuffer: DotStuffer | None = None
        self._unstuffer: DotUnstuffer | None = None

    @property
    def in_body(self) -> bool:
        """Whether a block of ours has begun and not ended."""
        return self._stuffer is not None

    def _begin_sending(self) -> None:
        # With CRLF for every line end: what others wrote may hold a dot behind another one.
        self._stuffer = DotStuffer(convert_bare=True)

    def _begin_receiving(self) -> None:
        self._unstuffer = DotUnstuffer()

    def _send_piece(self, octets: bytes) -> bytes:
        if self._stuffer is None:
            raise LocalProtocolError("no body has begun")
        return self._stuffer.feed(octets)

    def _end_sending(self) -> bytes:
        if self._stuffer is None:
            raise LocalProtocolError("no body has begun")
        octets, self._stuffer = self._stuffer.finish(), None
        return octets

    def _next_piece(self, unstuffer: DotUnstuffer) -> Piece:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRules(Generic[S]):
    """What a protocol says of its commands, for the server's side.

    Args:
        start: the state a session begins in, and goes back to.
        exchange: the state within a SASL exchange.
        closed: the state in which nothing more is taken.
        transitions: from a state, by what is answered positively, to a state.
        refused: where a refusal leads elsewhere than back to where it was.
        out_of_order: what is answered to what is in no transition.
        line_octets: of a command line at most, with its CRLF.
        too_long: the answer to a longer one.
        not_a_line: the answer to CR or LF alone.
        parse: reads a command line.
        parse_response: reads a line of a SASL exchange.
        challenged: what may be answered with a challenge.
    """

    start: S
    exchange: S
    closed: S
    transitions: Mapping[tuple[S, type], S]
    refused: Mapping[type, S]
    out_of_order: Mapping[S, Mapping[type, Any]]
    line_octets: int
    too_long: object
    not_a_line: object
    parse: Callable[[bytes], Any]
    parse_response: Callable[[bytes], Any]
    challenged: tuple[type, ...]


class MultiLineServer(MultiLineDialog, Generic[K]):
    """The server's side: commands are events; status, challenge or data block answers each.

    A protocol gives its rules, and says which of its values are what.
    """

    rules: ClassVar[CommandRules[Any]]

    def __init__(self) -> None:
        super().__init__()
        self.state = self.rules.start
        #: The last event, while it is not answered.
        self.pending: K | None = None
        self._greeted = False

    def forget(self) -> None:
        """Go back to the beginning, as after STARTTLS."""
        self.state = self.rules.start
        self.pending = None

    def next_event(self) -> K | Piece:
        """Return the next event. Raises RemoteProtocolError with the answer to give."""
        rules = self.rules
        if self.pending is not None or self.state is rules.closed:
            return PAUSED
        if self._unstuffer is not None:
            return self._next_piece(self._unstuffer)
        try:
            line = self._reader.read_line(rules.line_octets)
            if line is None:
                return self._end()
            if self.state is rules.exchange:
                response: K = rules.parse_response(line)
                self.pending = response
                return response
        except RemoteProtocolError as error:
            if self.state is rules.exchange:
                self.state = rules.start
            if isinstance(error, LineTooLong):
                raise RemoteProtocolError(str(error), rules.too_long) from None
            if isinstance(error, BareLineEnd):
                raise RemoteProtocolError(str(error), rules.not_a_line) from None
            raise
        command: K = rules.parse(line)
        if (self.state, type(command)) not in rules.transitions:
            answer = rules.out_of_order[self.state][type(command)]
            raise RemoteProtocolError("out of order", answer)
        self.pending = command
        return command

    # -- answers: a protocol's ``send`` gives each value to one of these -------------------------

    def _end_sending(self) -> bytes:
        self.pending = None  # the end of a data block is that of the answer
        return super()._end_sending()

    def _begin_body(self, *, wanted: bool) -> None:
        """Accept that the status line has a data block behind it. Raises LocalProtocolError."""
        if not wanted or self._stuffer is not None:
            raise LocalProtocolError("a body nobody asked for")
        self._begin_sending()

    def _challenged(self, said: object) -> None:
        """Accept of a challenge; *said* is by what the state is left. Raises LocalProtocolError."""
        if not isinstance(self.pending, self.rules.challenged):
            raise LocalProtocolError("a challenge outside of an exchange")
        self.pending = None
        self.state = self.rules.transitions[self.state, type(said)]

    def _answered(self, positive: bool, body: bool) -> None:
        """Accept of a status line that is the whole answer; step the state.

        Args:
            body: whether a data block should have followed.

        Raises:
            LocalProtocolError: no such answer can be given now.
        """
        if self._stuffer is not None:
            raise LocalProtocolError("a status within a body")
        pending, self.pending = self.pending, None
        if pending is None:
            if positive and self._greeted:
                raise LocalProtocolError("an answer to nothing")
            self._greeted = True
        elif positive:
            if body:
                raise LocalProtocolError(f"{type(pending).__name__} wants a body")
            self.state = self.rules.transitions[self.state, type(pending)]
        else:
            self.state = self.rules.refused.get(type(pending), self.state)


class MultiLineClient(MultiLineDialog, Generic[K, A]):
    """The client's side: commands out, ``(command, answer)`` pairs in, in the same order.

    The greeting answers ``None``. Behind an answer that has a data block come ``BodyChunk`` values
    and ``EndOfBody``.
    """

    #: A server may refuse a body while it is sent.
    hears_while_writing = True
    #: Of a status line at most.
    status_octets: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self._asked: Unanswered[K] = Unanswered(self._reader)

    def next_event(self) -> tuple[K | None, A] | Piece:
        """Return the next event. Raises RemoteProtocolError: the connection is of no more use."""
        if self._unstuffer is not None:
            return self._next_piece(self._unstuffer)
        begun = self._reader.position
        try:
            line = self._reader.read_line(self.status_octets, lenient=True)
        except LineTooLong as error:
            raise RemoteProtocolError(str(error), close=True) from None
        if line is None:
            return self._end()
        command = self._asked.answered(begun)
        return command, self._read_answer(command, line)

    def _read_answer(self, command: K | None, line: bytes) -> A:
        """Read a status line; ``_begin_receiving`` if a data block follows it."""
        raise NotImplementedError
