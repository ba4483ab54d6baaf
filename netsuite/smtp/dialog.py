"""SMTP without a network: whose turn it is, and what may be said now."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final, TypeAlias

from netsuite.sasl.lines import Auth, AuthResponse, Challenge
from netsuite.smtp import commands, grammar
from netsuite.wire.errors import (
    BareLineEnd,
    LineTooLong,
    LocalProtocolError,
    RemoteProtocolError,
)
from netsuite.wire.events import PAUSED, BodyChunk, EndOfBody, EndOfInput, Need
from netsuite.wire.machine import Machine
from netsuite.wire.multiline import CHUNK_OCTETS, MultiLineDialog
from netsuite.wire.reader import CRLF, has_bare_line_end
from netsuite.wire.unanswered import Unanswered

#: A chunk that is out of order, because RCPT before it failed perhaps, is read to its end; not
#: one that announces more than any message has.
UNWANTED_OCTETS: Final = 1_000_000_000
#: What a client takes of one reply, whose lines may each be long.
REPLY_OCTETS: Final = 1_048_576


class State(enum.Enum):
    """Where a session stands."""

    __hash__ = object.__hash__  # an enum's own is a function in Python

    START = "not greeted yet"
    READY = "greeted, no message begun"
    MAIL = "a sender is named"
    RCPT = "a recipient is named"
    DATA = "within a body ended by a dot"
    CHUNKS = "some of the message has come in chunks"
    AUTH = "within a SASL exchange"
    CLOSED = "ended"


# Looked at with every event, and Python 3.11 takes its time to find a member of an enum.
_AUTH: Final = State.AUTH
_CLOSED: Final = State.CLOSED

_TRANSACTION: Final = (State.MAIL, State.RCPT, State.CHUNKS)
_GREETED: Final = (State.READY, *_TRANSACTION)
_ANY: Final = (State.START, *_GREETED)

#: From a state, by what is answered positively, to a state: a command, the end of a body. What
#: is not in it is out of order. A challenge is the server's word, and answers AUTH in part.
TRANSITIONS: Final[Mapping[tuple[State, type], State]] = {
    **{
        (state, greeting): State.READY
        for state in _ANY
        for greeting in (commands.Ehlo, commands.Helo, commands.Lhlo)
    },
    **{(state, commands.Quit): State.CLOSED for state in _ANY},
    **{
        (state, kind): state
        for state in _ANY
        for kind in (commands.Noop, commands.Help, commands.Vrfy, commands.Expn)
    },
    (State.START, commands.Rset): State.START,
    **{(state, commands.Rset): State.READY for state in _GREETED},
    (State.READY, commands.StartTls): State.START,
    (State.READY, Auth): State.READY,
    **{(state, Challenge): State.AUTH for state in (State.READY, State.AUTH)},
    (State.AUTH, AuthResponse): State.READY,
    (State.READY, commands.Mail): State.MAIL,
    (State.MAIL, commands.Rcpt): State.RCPT,
    (State.RCPT, commands.Rcpt): State.RCPT,
    (State.RCPT, commands.Data): State.DATA,
    **{(state, commands.Bdat): State.CHUNKS for state in (State.RCPT, State.CHUNKS)},
    (State.CHUNKS, commands.EndOfChunk): State.CHUNKS,
    **{(state, EndOfBody): State.READY for state in (State.DATA, State.CHUNKS)},
}
MACHINE: Final = Machine(TRANSITIONS, start=State.START, final=[State.CLOSED])

#: Where a refusal leads elsewhere than back to where it was: the message or the exchange is over.
REFUSED: Final[Mapping[type, State]] = {
    commands.EndOfChunk: State.READY,
    EndOfBody: State.READY,
    AuthResponse: State.READY,
}

# RFC 2033, 4.1 recommends 500, so that who speaks the other protocol finds out.
_SAY_LHLO: Final = commands.reply(500, "5.5.1", "This is LMTP: say LHLO")
_SAY_EHLO: Final = commands.reply(500, "5.5.1", "This is SMTP: say EHLO")
_GREET_FIRST: Final = commands.reply(503, "5.5.1", "Say EHLO first")
_LHLO_FIRST: Final = commands.reply(503, "5.5.1", "Say LHLO first")
_MAIL_FIRST: Final = commands.reply(503, "5.5.1", "Say MAIL first")
_RCPT_FIRST: Final = commands.reply(503, "5.5.1", "No valid recipients")
_IN_MESSAGE: Final = commands.reply(503, "5.5.1", "Not within a message; say RSET first")
_IN_CHUNKS: Final = commands.reply(503, "5.5.1", "Chunks have begun; only BDAT or RSET can follow")

OUT_OF_ORDER: Final[Mapping[State, Mapping[type, commands.Reply]]] = {
    State.START: dict.fromkeys(
        (
            commands.Mail,
            commands.Rcpt,
            commands.Data,
            commands.Bdat,
            Auth,
            commands.StartTls,
        ),
        _GREET_FIRST,
    ),
    State.READY: dict.fromkeys((commands.Rcpt, commands.Data, commands.Bdat), _MAIL_FIRST),
    State.MAIL: {
        **dict.fromkeys((commands.Mail, Auth, commands.StartTls), _IN_MESSAGE),
        **dict.fromkeys((commands.Data, commands.Bdat), _RCPT_FIRST),
    },
    State.RCPT: dict.fromkeys((commands.Mail, Auth, commands.StartTls), _IN_MESSAGE),
    State.CHUNKS: dict.fromkeys(
        (commands.Mail, commands.Rcpt, commands.Data, Auth, commands.StartTls), _IN_CHUNKS
    ),
}


#: What a server's dialog gives, and takes.
ServerEvent: TypeAlias = commands.Command | BodyChunk | commands.EndOfChunk | EndOfBody | EndOfInput
ServerSaid: TypeAlias = commands.Reply | Challenge
#: What is answered of what a client says.
Asked: TypeAlias = commands.Command | EndOfBody
#: What a client's dialog takes, and gives: a reply with what it answers, None for the greeting.
ClientSaid: TypeAlias = Asked | BodyChunk
ClientEvent: TypeAlias = tuple[Asked | None, commands.Reply] | EndOfInput


class ServerDialog(MultiLineDialog):
    """The server's side.

    Events are commands, ``AuthResponse``, ``BodyChunk``, ``EndOfChunk`` (of a BDAT) and
    ``EndOfBody`` (of DATA, or of the last BDAT). ``Bdat`` itself wants no answer: its octets
    follow in any case, and the answer goes to their end.

    ``send`` takes a ``Reply`` or a ``Challenge``.

    Args:
        lmtp: whether LHLO rather than EHLO and HELO begins a session (RFC 2033).
        submission: whether paths need no brackets.
    """

    def __init__(self, *, lmtp: bool = False, submission: bool = False) -> None:
        super().__init__()
        self._parsers = grammar.SUBMISSION_PARSERS if submission else grammar.PARSERS
        self.state = State.START
        self.lmtp = lmtp
        #: What the last event was, while it is not answered.
        self.pending: ServerEvent | None = None
        #: CR or LF stood alone in the body that is coming or has just come.
        self.bare_line_end = False
        self._chunk_left = -1  # octets of a BDAT to come; -1: none is under way
        self._chunk_last = False
        # Of a BDAT out of order: its octets are swallowed, and then it is said.
        self._chunk_refusal: commands.Reply | None = None
        self._ends_with_cr = False

    def forget(self) -> None:
        """Go back to the beginning, as after STARTTLS (RFC 3207, 4.2)."""
        self.state = State.START
        self.pending = None

    def next_event(self) -> ServerEvent | Need:
        """Return the next event. Raises RemoteProtocolError with the reply to give."""
        if self.pending is not None or self.state is _CLOSED:
            return PAUSED
        unstuffer = self._unstuffer
        if unstuffer is not None:
            event = self._next_piece(unstuffer)
            if type(event) is EndOfBody:
                self.bare_line_end = unstuffer.bare
                self.pending = event
            return event
        if self._chunk_left >= 0:
            return self._next_of_chunk()
        try:
            line = self._reader.read_line(grammar.COMMAND_OCTETS)
            if line is None:
                return self._end()
            if self.state is _AUTH:
                response = self.pending = grammar.parse_auth_response(line)
                return response
        except RemoteProtocolError as error:
            raise self._broken_line(error) from None
        command = grammar.parse_command(line, self._parsers)
        kind = type(command)
        if (self.state, kind) not in TRANSITIONS or (
            kind in (commands.Ehlo, commands.Helo, commands.Lhlo)
            and (kind is commands.Lhlo) != self.lmtp
        ):
            return self._out_of_order(command)
        if isinstance(command, commands.Bdat):
            self._begin_chunk(command)
            return command
        self.pending = command
        return command

    def send(self, value: ServerSaid) -> bytes:
        """Print an answer and step the state; refusals may be said at any time."""
        pending, self.pending = self.pending, None
        if isinstance(value, Challenge):
            if type(pending) not in (Auth, AuthResponse):
                raise LocalProtocolError("a challenge outside of AUTH")
            self.state = MACHINE.step(self.state, value)
            return grammar.format_challenge(value.octets)
        if value.code == 421:
            self.state = State.CLOSED
        elif pending is None:
            if value.positive and self.state is not State.START:
                raise LocalProtocolError("a reply to nothing")
        elif value.positive:
            if type(pending) is commands.Data:
                if value.code != 354:
                    raise LocalProtocolError("DATA is answered by 354 or refused")
                self._begin_receiving()
                self.bare_line_end = False
            self.state = TRANSITIONS[self.state, type(pending)]
        else:
            self.state = REFUSED.get(type(pending), self.state)
        return grammar.format_reply(value)

    @property
    def met_bare_line_end(self) -> bool:
        """Whether CR or LF stood alone in what has been given of a body so far."""
        unstuffer = self._unstuffer
        return self.bare_line_end if unstuffer is None else unstuffer.bare

    def send_one(self, value: commands.Reply) -> bytes:
        """Print a reply of several to the same event: LMTP's for each recipient but the last."""
        if self.pending is None:
            raise LocalProtocolError("a reply to nothing")
        return grammar.format_reply(value)

    # -- commands -----------------------------------------------------------------------------

    def _broken_line(self, error: RemoteProtocolError) -> RemoteProtocolError:
        """Return the error with the reply to give; the line ends an exchange it came in."""
        too_long = grammar.TOO_LONG
        if self.state is _AUTH:
            self.state, too_long = State.READY, grammar.AUTH_TOO_LONG
        if isinstance(error, LineTooLong):
            return RemoteProtocolError(str(error), too_long)
        if isinstance(error, BareLineEnd):
            return RemoteProtocolError(str(error), grammar.NOT_A_LINE)
        return error

    def _out_of_order(self, command: commands.Command) -> ServerEvent | Need:
        answers = OUT_OF_ORDER.get(self.state, {})
        answer = answers.get(type(command), _SAY_LHLO if self.lmtp else _SAY_EHLO)
        if self.lmtp and answer is _GREET_FIRST:
            answer = _LHLO_FIRST
        if isinstance(command, commands.Bdat):
            # Its octets come whether it is in order or not (RFC 3030, 2).
            if command.octets > UNWANTED_OCTETS:
                raise RemoteProtocolError("a chunk nobody wants", answer, close=True)
            self._begin_chunk(command)
            self._chunk_refusal = answer
            return self._next_of_chunk()
        raise RemoteProtocolError("out of order", answer)

    # -- bodies -------------------------------------------------------------------------------

    def _begin_chunk(self, command: commands.Bdat) -> None:
        self._chunk_left = command.octets
        self._chunk_last = command.last
        self._chunk_refusal = None
        if self.state is State.RCPT:
            self.state = State.CHUNKS
            self.bare_line_end = self._ends_with_cr = False

    def _next_of_chunk(self) -> ServerEvent | Need:
        while self._chunk_left:
            octets = self._reader.read_some(min(self._chunk_left, CHUNK_OCTETS))
            if octets is None:
                return self._end()
            self._chunk_left -= len(octets)
            if self._chunk_refusal is None:
                self._note_line_ends(octets)
                return BodyChunk(octets)
        self._chunk_left = -1
        refusal, self._chunk_refusal = self._chunk_refusal, None
        if refusal is not None:
            raise RemoteProtocolError("BDAT out of order", refusal)
        if self._chunk_last and self._ends_with_cr:
            self.bare_line_end = True
        self.pending = EndOfBody() if self._chunk_last else commands.EndOfChunk()
        return self.pending

    def _note_line_ends(self, octets: bytes) -> None:
        """Look for CR and LF alone; a pair may be cut by a chunk's end."""
        if self.bare_line_end:
            return
        pairs = octets.count(b"\r\n")
        feeds, returns = octets.count(b"\n"), octets.count(b"\r")
        if self._ends_with_cr:
            if octets[0] != 0x0A:
                self.bare_line_end = True
            feeds -= 1
        self._ends_with_cr = octets[-1] == 0x0D
        if self._ends_with_cr:
            returns -= 1
        if feeds != pairs or returns != pairs:
            self.bare_line_end = True


class ClientDialog(MultiLineDialog):
    """The client's side: commands out, replies in, in the same order.

    ``send`` takes commands, ``BodyChunk`` and ``EndOfBody``; a body may be sent after a DATA
    that was answered 354, or after a Bdat, which counts its octets. Events are
    ``(command, Reply)`` pairs; the greeting answers ``None``, and so does a 421 that nobody asked
    for. Several commands may be under way: that is PIPELINING (RFC 2920), and the caller's
    business.

    A reply answers only what had been said to its end when the reply's first octet came; another is
    an error. But what follows DATA may be refused before its end: that answers ``EndOfBody``.
    """

    #: A server may refuse a message while it is sent.
    hears_while_writing = True

    def __init__(self) -> None:
        super().__init__()
        self._asked: Unanswered[Asked] = Unanswered(self._reader)
        self._begun = 0  # where the reply that is coming began
        self._texts: list[str] = []
        self._code = 0
        self._chunk_left = 0

    @property
    def asked(self) -> int:
        """How many commands are not answered yet."""
        return len(self._asked)

    @property
    def quiet(self) -> bool:
        """Whether all is answered and nothing more has come: no reply is under way."""
        return not self._asked and not self._texts and not self._reader

    def next_event(self) -> ClientEvent | Need:
        """Return the next reply with what it answers. Raises RemoteProtocolError: the connection is
        of no more use."""
        reader = self._reader
        while True:
            if not self._texts:
                self._begun = reader.position
            try:
                line = reader.read_line(grammar.REPLY_LINE_OCTETS, lenient=True)
            except LineTooLong as error:
                raise RemoteProtocolError(str(error), close=True) from None
            if line is None:
                return self._end()
            code, last, text = grammar.parse_reply_line(line)
            if self._texts and code != self._code:
                raise RemoteProtocolError("two codes in one reply", close=True)
            self._code = code
            self._texts.append(text)
            if (
                len(self._texts) > grammar.REPLY_LINES
                or reader.position - self._begun > REPLY_OCTETS
            ):
                raise RemoteProtocolError("a reply without end", close=True)
            if last:
                texts, self._texts = self._texts, []
                return self._answered(grammar.make_reply(code, texts))

    def _answered(self, value: commands.Reply) -> ClientEvent:
        if self._asked.is_surplus(self._begun):
            return self._surplus(value)
        command = self._asked.take()
        if type(command) is commands.Data and value.code == 354:
            self._begin_sending()
        return command, value

    def _surplus(self, value: commands.Reply) -> ClientEvent:
        """Return what a reply is that answers nothing which was said to its end."""
        if value.code == 421:  # RFC 5321, 3.8: may be said unasked
            return None, value
        if value.code >= 400 and self._stuffer is not None:
            return EndOfBody(), value
        raise RemoteProtocolError(f"a reply to nothing: {value}", close=True)

    def expect(self, said: Asked) -> None:
        """Expect one more reply, said to the same thing (LMTP, RFC 2033, 4.2)."""
        self._asked.say(said)

    def send(self, value: ClientSaid) -> bytes:
        """Print a command or a piece of a body. Raises LocalProtocolError out of turn."""
        if isinstance(value, BodyChunk):
            return self._body(value.octets)
        if isinstance(value, EndOfBody):
            octets = self._end_sending()
            self._asked.say(value)
            return octets
        if self._stuffer is not None or self._chunk_left:
            raise LocalProtocolError("a command within a body")
        octets = grammar.format_command(value)
        if isinstance(value, commands.Bdat):
            self._chunk_left = value.octets
        self._asked.say(value, whole=not self._chunk_left)
        return octets

    def _body(self, octets: bytes) -> bytes:
        if self._stuffer is not None:
            return self._stuffer.feed(octets)
        if len(octets) > self._chunk_left:
            raise LocalProtocolError("more octets than were announced")
        self._chunk_left -= len(octets)
        if not self._chunk_left and octets:
            self._asked.said_whole()
        return octets


def canonical_lines(octets: bytes) -> tuple[bytes, bytes]:
    """Make every line end CRLF, for chunks, whose sizes must be known before they are said.

    Returns:
        The octets to send, and a CR held back whose LF may follow.
    """
    held = b"\r" if octets.endswith(b"\r") else b""
    octets = octets[: len(octets) - len(held)]
    if has_bare_line_end(octets):
        octets = octets.replace(CRLF, b"\n").replace(b"\r", b"\n").replace(b"\n", CRLF)
    return octets, held
