"""The server's machine: octets in, commands out, responses back, octets out.

A command is collected part by part: a line, the literal it announced, the next line. What a
line announces is judged before it is read, and the messages of an APPEND are never collected
at all: they go through as ``BodyChunk`` events.

A line that cannot be read, since it is too long or has a CR or LF alone in it, ends its command and
no more: it is skipped to its end, and what it announces there with it, so that nothing of a message
is taken for a command.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.append import Append, MessageLiteral, Piece, Replace
from netsuite.imap.commands.fetch import Streamed
from netsuite.imap.commands.requests import Command
from netsuite.imap.commands.responses import Code, Completion, Condition, Continue, Status, Tagged
from netsuite.imap.dialog import events
from netsuite.imap.dialog.rules import TRANSITIONS, State, rule_of
from netsuite.imap.grammar.append import (
    Announced,
    Place,
    WantsString,
    read_pieces,
    read_request,
)
from netsuite.imap.grammar.requests import decode_base64, parse_request, read_tag
from netsuite.imap.grammar.responses import format_response
from netsuite.imap.grammar.search import CHARSETS, BadCharset
from netsuite.imap.grammar.tokens import BadSyntax, Cursor
from netsuite.imap.limits import Bounds
from netsuite.wire.errors import (
    BareLineEnd,
    LineTooLong,
    LocalProtocolError,
    RemoteProtocolError,
)
from netsuite.wire.events import PAUSED, BodyChunk, EndOfBody, Need
from netsuite.wire.reader import LineDialog

#: What a body is read in.
_CHUNK_OCTETS: Final = 65_536
#: So much of a line that is too long is looked at for its tag.
_TAG_OCTETS: Final = 1024

# literal = "{" number ["+"] "}" CRLF *CHAR8                              (RFC 7888, 8)
_LITERAL: Final = re.compile(rb"\{([0-9]+)(\+)?\}")
_UNTAGGED: Final = b"*"
_NO_BODY: Final = -1

#: What a step of the dialog comes to; None where the next one is to be taken.
_Step: TypeAlias = events.ServerEvent | Need | None


class _Phase(enum.Enum):
    """What the next octets are."""

    LINE = "a line of a command"
    ANNOUNCED = "not looked at: a literal of a command waits for leave"
    LITERAL = "a literal of a command"
    SKIPPED = "a literal that was refused"
    SKIPPED_LINE = "the rest of a command that was refused"
    UNREADABLE = "the rest of a line that cannot be read"
    BODY = "octets of a message"
    BODY_END = "what comes after them"
    RESPONSE = "a response to a challenge"
    IDLING = "DONE"
    PAUSED = "not looked at: an answer is due"


# Longer than 300 lines, and the module than 500: one phase a method, and what they share is the
# command under way.
class ServerDialog(LineDialog):
    """One connection, the server's side.

    Events: ``Command``, ``WantsLiteral``, ``AuthenticateResponse``, ``AuthenticateCancelled``,
    ``IdleDone``, ``AppendMore``, ``BodyChunk``, ``EndOfBody``. The answer to each command ends with
    its ``Completion``, or ``Tagged`` with its tag; ``Continue`` bids the client to go on where a
    command has more to come, and is said for each literal of an APPEND, those that do not wait as
    well (nothing goes out then).
    """

    __slots__ = (
        "_budget",
        "_left",
        "_lines",
        "_parts",
        "_phase",
        "_place",
        "_refusal",
        "_refused_tag",
        "_skippable",
        "_synchronising",
        "_tag",
        "bounds",
        "command",
        "state",
        "utf8",
    )

    def __init__(self, bounds: Bounds | None = None) -> None:
        super().__init__()
        self.bounds = bounds or Bounds()
        self.state = State.NOT_AUTHENTICATED
        #: The client has enabled UTF8=ACCEPT or IMAP4rev2: mailbox names are in UTF-8.
        self.utf8 = False
        self._phase = _Phase.LINE
        self._parts: list[bytes | Streamed] = []
        self._tag = _UNTAGGED
        self._lines = 0  # octets of this command's lines
        self._budget = 0  # octets of this command's literals
        self._left = _NO_BODY  # octets of the literal or body under way
        self._skippable = 0
        self._place = Place()  # in an APPEND
        self._synchronising = False  # the client waits for leave to send its literal
        #: The command that is being answered.
        self.command: Command | None = None
        self._refusal: Tagged | None = None
        self._refused_tag: bytes | None = None

    # -- in -----------------------------------------------------------------------------------

    @property
    def idling(self) -> bool:
        """Whether the client waits in IDLE."""
        return self._phase is _Phase.IDLING

    def deselect(self) -> None:
        """Accept that the selected mailbox is no longer so, by another command than CLOSE."""
        if self.state is State.SELECTED:
            self.state = State.AUTHENTICATED

    def discard_input(self) -> int:
        """Drop every octet received and not yet read; return how many there were."""
        dropped = super().discard_input()
        self._forget()
        return dropped

    def next_event(self) -> events.ServerEvent | Need:
        """Return the next event, ``NEED_DATA`` or ``PAUSED``."""
        while True:
            event = _STEPS[self._phase](self)
            if event is not None:
                return event

    def _forget(self) -> None:
        self._parts.clear()
        self._lines = self._budget = 0
        self._tag = _UNTAGGED
        if self.command is None:
            self._phase = _Phase.LINE

    def _refuse(self, reply: Tagged | Condition, *, close: bool = False) -> RemoteProtocolError:
        """Abandon the command under way; return what the caller is to raise."""
        self.command = None
        self._left = _NO_BODY
        self._forget()
        self._refused_tag = reply.tag if isinstance(reply, Tagged) else None
        return RemoteProtocolError(reply.text, reply, close=close)

    def _bad(self, why: str) -> RemoteProtocolError:
        return self._refuse(Tagged(self._current_tag(), Status.BAD, why))

    def _current_tag(self) -> bytes:
        return self._tag if self.command is None else self.command.tag

    def _line(self, limit_octets: int) -> bytes | None:
        """Read a line that may announce a literal; None where none is whole, or one that cannot be
        read is to be skipped first."""
        reader, limit = self._reader, max(limit_octets, 2)
        if len(reader) >= limit:
            self._find_tag(reader.peek(min(limit, _TAG_OCTETS)))  # the only look at it
        start = reader.position
        try:
            return reader.read_line(limit)
        except LineTooLong:
            refusal = self._refusal_of("a line is too long", Code("LIMIT"))
        except BareLineEnd as error:
            self._find_tag(error.line)
            refusal = self._refusal_of(f"lines end with CRLF: {error}")
        self._refusal = refusal
        self._skippable = self._skip_limit() - (reader.position - start)
        self._phase = _Phase.UNREADABLE
        return None

    def _find_tag(self, octets: bytes) -> None:
        """Accept the beginning of a line that cannot be read, which may be that of a command."""
        if self.command is None and not self._parts:
            self._tag = read_tag(Cursor([octets])) or _UNTAGGED

    def _skip_limit(self) -> int:
        fresh = self.state is State.NOT_AUTHENTICATED
        return self.bounds.fresh_skip_octets if fresh else self.bounds.skip_octets

    def _skip_unreadable(self) -> _Step:
        reader, reply = self._reader, self._refusal
        before = reader.position
        ending = reader.skip_line()
        self._skippable -= reader.position - before
        if self._skippable < 0:
            bye = Condition(Status.BYE, "a line is far too long", Code("LIMIT"))
            raise self._refuse(bye, close=True)
        if ending is None:
            return self._end()
        literal = _announcement(ending.rstrip(b"\r\n"))
        assert reply is not None
        if literal is None or literal.group(2) is None:
            raise self._refuse(reply)
        self._skip(_size(literal.group(1)), reply)
        return None

    def _plain_line(self, limit_octets: int) -> bytes | None:
        """Read a line that can announce nothing; one that cannot be read ends its command."""
        try:
            return self._reader.read_line(limit_octets)
        except LineTooLong:
            raise self._bad("the line is too long") from None
        except BareLineEnd as error:
            raise self._bad(str(error)) from None

    def _read_line(self) -> _Step:
        bounds = self.bounds
        fresh = self.state is State.NOT_AUTHENTICATED
        limit = (bounds.fresh_octets if fresh else bounds.line_octets) - self._lines
        line = self._line(limit)
        if line is None:
            return self._no_line()
        self._lines += len(line) + 2
        first = not self._parts
        literal = _announcement(line)
        if literal is not None:
            line = line[: literal.start()]
        self._parts.append(line)
        if first:
            tag = read_tag(Cursor(self._parts))
            if tag is None:
                reply = Tagged(_UNTAGGED, Status.BAD, "a tag was expected")
                if literal is not None:
                    return self._announce_refused(literal, reply)
                raise self._refuse(reply)
            self._tag = tag
        return self._parse() if literal is None else self._announced(literal)

    def _no_line(self) -> _Step:
        """Return what it means that there was no line: one is to be skipped, or more must come."""
        return None if self._phase is _Phase.UNREADABLE else self._end()

    def _cursor(self) -> Cursor:
        return Cursor(self._parts, len(self._tag) + 1, utf8=self.utf8)

    def _parse(self) -> _Step:
        try:
            request = parse_request(self._cursor())
        except BadCharset as error:
            code = Code("BADCHARSET", CHARSETS)
            raise self._refuse(Tagged(self._tag, Status.NO, str(error), code)) from None
        except BadSyntax as error:
            raise self._bad(str(error)) from None
        if self.state not in rule_of(request).states:
            raise self._bad(f"not now: {self.state.value}")
        return self._begin(request)

    def _begin(self, request: ask.Request) -> Command:
        command = self.command = Command(self._tag, request)
        self._phase = _Phase.PAUSED
        self._forget()
        return command

    # -- literals -----------------------------------------------------------------------------

    def _announced(self, literal: re.Match[bytes]) -> _Step:
        """Judge a literal before any of it is read."""
        if self.state is not State.NOT_AUTHENTICATED:
            try:
                read = read_request(self._cursor(), _announced(literal))
            except WantsString:
                return self._collect(literal)
            except BadSyntax as error:
                return self._announce_refused(literal, self._refusal_of(str(error)))
            if read is not None:
                return self._append(literal, *read)
        return self._collect(literal)

    def _collect(self, literal: re.Match[bytes]) -> _Step:
        """Have a literal come that is held until its command is whole."""
        digits, plus = literal.groups()
        octets = _size(digits)
        fresh = self.state is State.NOT_AUTHENTICATED
        limit = self.bounds.fresh_octets if fresh else self.bounds.literal_octets
        if self._budget + octets > limit:
            reply = self._refusal_of("a literal is too large", Code("TOOBIG"))
            return self._announce_refused(literal, reply)
        self._budget += octets
        self._left = octets
        self._synchronising = plus is None
        if self._synchronising:
            self._phase = _Phase.ANNOUNCED
            return events.WantsLiteral(octets)
        self._phase = _Phase.LITERAL
        return None

    def _refusal_of(self, why: str, code: Code | None = None) -> Tagged:
        return Tagged(self._current_tag(), Status.BAD, why, code)

    # -- APPEND and REPLACE -------------------------------------------------------------------

    def _append(self, literal: re.Match[bytes], request: Append | Replace, place: Place) -> _Step:
        """Begin a command whose first literal of a message has been announced."""
        if self.state not in rule_of(request).states:
            reply = self._refusal_of(f"not now: {self.state.value}")
            return self._announce_refused(literal, reply)
        refusal = self._accept_pieces(request.pieces, place, literal)
        return self._begin(request) if refusal is None else self._announce_refused(literal, refusal)

    def _accept_pieces(
        self, pieces: tuple[Piece, ...], place: Place, literal: re.Match[bytes] | None
    ) -> Tagged | None:
        """Accept where an APPEND stands now; return why it cannot go on, if so."""
        if place.messages > self.bounds.messages:
            why = f"more than {self.bounds.messages} messages"
            return Tagged(self._current_tag(), Status.NO, why, Code("LIMIT"))
        octets = 0 if literal is None else _size(literal.group(1))
        if octets > self.bounds.append_octets:
            # RFC 7889, 4: NO with TOOBIG, before any of it is read.
            why = "the message is too large"
            return Tagged(self._current_tag(), Status.NO, why, Code("TOOBIG"))
        self._place = place
        last = pieces[-1] if pieces else None
        self._left = octets if isinstance(last, MessageLiteral) else _NO_BODY
        self._synchronising = isinstance(last, MessageLiteral) and last.synchronising
        return None

    def _read_pieces(self) -> _Step:
        """Read what comes behind a literal of a message."""
        line = self._line(self.bounds.line_octets - self._lines)
        if line is None:
            return self._no_line()
        self._lines += len(line) + 2
        literal = _announcement(line)
        self._parts.append(line if literal is None else line[: literal.start()])
        announced = None if literal is None else _announced(literal)
        try:
            cursor = Cursor(self._parts, utf8=self.utf8)
            pieces, place = read_pieces(cursor, self._place, announced)
            if literal is None:
                cursor.end()
        except WantsString:
            assert literal is not None
            return self._collect(literal)
        except BadSyntax as error:
            refusal: Tagged | None = self._refusal_of(str(error))
        else:
            refusal = self._accept_pieces(pieces, place, literal)
        if refusal is not None:
            if literal is None:
                raise self._refuse(refusal)
            return self._announce_refused(literal, refusal)
        self._parts.clear()
        self._lines = self._budget = 0
        self._phase = _Phase.PAUSED
        return events.AppendMore(pieces) if pieces else EndOfBody()

    # -- what is refused ----------------------------------------------------------------------

    def _announce_refused(self, literal: re.Match[bytes], reply: Tagged) -> _Step:
        """Refuse a literal: it is not sent, or it is skipped, or the connection ends."""
        digits, plus = literal.groups()
        octets = _size(digits)
        if plus is None:
            raise self._refuse(reply)
        self._skippable = self._skip_limit()
        self._skip(octets, reply)
        return None

    def _skip(self, octets: int, reply: Tagged | None) -> None:
        self._skippable -= octets
        if self._skippable < 0:
            bye = Condition(Status.BYE, "a literal is far too large", Code("TOOBIG"))
            raise self._refuse(bye, close=True)
        self._parts.clear()
        self._left = octets
        self._refusal = reply
        self._phase = _Phase.SKIPPED

    def _read_literal(self) -> _Step:
        octets = self._reader.read_exactly(self._left)
        if octets is None:
            return self._end()
        self._parts.append(octets)
        self._left = _NO_BODY
        self._phase = _Phase.LINE if self.command is None else _Phase.BODY_END
        return None

    def _skip_literal(self) -> _Step:
        while self._left:
            octets = self._reader.read_some(min(self._left, _CHUNK_OCTETS))
            if octets is None:
                return self._end()
            self._left -= len(octets)
        self._left = _NO_BODY
        self._phase = _Phase.SKIPPED_LINE
        return None

    def _skip_line(self) -> _Step:
        """Read what follows a skipped literal, up to the end of its command."""
        reply = self._refusal
        line = self._line(self.bounds.line_octets)
        if line is None:
            return self._no_line()
        literal = _announcement(line)
        if literal is not None and literal.group(2) is not None:
            self._skip(_size(literal.group(1)), reply)
            return None
        self._refusal = None
        if reply is not None:
            raise self._refuse(reply)
        if literal is not None:  # it waits for leave that never comes
            raise self._bad("the command has been answered")
        self._forget()
        return None

    # -- bodies, exchanges, IDLE --------------------------------------------------------------

    def _read_body(self) -> _Step:
        if not self._left:
            self._phase = _Phase.BODY_END
            return None
        octets = self._reader.read_some(min(self._left, _CHUNK_OCTETS))
        if octets is None:
            return self._end()
        self._left -= len(octets)
        return BodyChunk(octets)

    def _read_response(self) -> _Step:
        line = self._plain_line(self.bounds.response_octets)
        if line is None:
            return self._end()
        if line == b"*":
            self._phase = _Phase.PAUSED
            return events.AuthenticateCancelled()
        try:
            octets = decode_base64(line)
        except BadSyntax as error:
            raise self._bad(str(error)) from None
        self._phase = _Phase.PAUSED
        return events.AuthenticateResponse(octets)

    def _read_done(self) -> _Step:
        line = self._plain_line(self.bounds.fresh_octets)
        if line is None:
            return self._end()
        if line.upper() != b"DONE":
            raise self._bad("DONE was expected")
        self._phase = _Phase.PAUSED
        return events.IdleDone()

    # -- out ----------------------------------------------------------------------------------

    def send(self, value: events.ServerSaid) -> bytes:
        """Return the octets of a response; a completion ends the command under way.

        Raises:
            LocalProtocolError: no command is under way, or one with another tag; a
                ``Continue`` where nothing is to continue; a value that cannot be said.
        """
        if isinstance(value, Completion):
            if self.command is None:
                raise LocalProtocolError("a completion of no command")
            value = Tagged(self.command.tag, value.status, value.text, value.code)
        if isinstance(value, Tagged):
            return self._finish(value)
        if isinstance(value, Continue):
            return self._continue(value)
        if isinstance(value, Condition) and value.status is Status.PREAUTH:
            self.state = State.AUTHENTICATED
        return format_response(value, utf8=self.utf8)

    def _finish(self, value: Tagged) -> bytes:
        command = self.command
        if command is None or value.tag != command.tag:
            if value.tag != self._refused_tag:
                raise LocalProtocolError("an answer to a command that was not given")
            self._refused_tag = None
            return format_response(value, utf8=self.utf8)
        octets = format_response(value, utf8=self.utf8)
        self.command = None
        state = TRANSITIONS.get((type(command.request), value.status))
        if state is not None:
            self.state = state
        if self._left != _NO_BODY and self._body_comes(command.request):
            self._skippable = max(self.bounds.skip_octets, self._left)
            self._skip(self._left, None)
        else:
            self._phase = _Phase.LINE
        self._left = _NO_BODY if self._phase is _Phase.LINE else self._left
        return octets

    def _body_comes(self, request: ask.Request) -> bool:
        """Return whether the message of an APPEND comes though it has been answered already."""
        if not isinstance(request, Append | Replace):
            return False
        waits = self._phase in (_Phase.PAUSED, _Phase.ANNOUNCED)
        return not waits or not self._synchronising

    def _continue(self, value: Continue) -> bytes:
        command = self.command
        if self._phase is _Phase.ANNOUNCED:
            self._phase = _Phase.LITERAL
            return format_response(value)
        if self._phase is not _Phase.PAUSED or command is None:
            raise LocalProtocolError("nothing is to continue")
        phase = _CONTINUES.get(type(command.request))
        if phase is None or (phase is _Phase.BODY and self._left == _NO_BODY):
            raise LocalProtocolError("the command has nothing more to come")
        self._phase = phase
        if phase is _Phase.BODY and not self._synchronising:
            return b""
        return format_response(value)


def _announcement(line: bytes) -> re.Match[bytes] | None:
    """Return what a line announces at its end."""
    return _LITERAL.fullmatch(line, line.rfind(b"{")) if line.endswith(b"}") else None


def _announced(literal: re.Match[bytes]) -> Announced:
    return Announced(_size(literal.group(1)), literal.group(2) is None)


def _size(digits: bytes) -> int:
    # What is too long to be a number is too large to be read, and that is all one needs.
    return int(digits) if len(digits) <= 18 else 10**18


_STEPS: Final[Mapping[_Phase, Callable[[ServerDialog], _Step]]] = {
    _Phase.LINE: ServerDialog._read_line,
    _Phase.LITERAL: ServerDialog._read_literal,
    _Phase.SKIPPED: ServerDialog._skip_literal,
    _Phase.SKIPPED_LINE: ServerDialog._skip_line,
    _Phase.UNREADABLE: ServerDialog._skip_unreadable,
    _Phase.BODY: ServerDialog._read_body,
    _Phase.BODY_END: ServerDialog._read_pieces,
    _Phase.RESPONSE: ServerDialog._read_response,
    _Phase.IDLING: ServerDialog._read_done,
    _Phase.ANNOUNCED: lambda dialog: PAUSED,
    _Phase.PAUSED: lambda dialog: PAUSED,
}
#: What a ``Continue`` bids, by the command it is said in.
_CONTINUES: Final[Mapping[type, _Phase]] = {
    Append: _Phase.BODY,
    Replace: _Phase.BODY,
    ask.Authenticate: _Phase.RESPONSE,
    ask.Idle: _Phase.IDLING,
}
