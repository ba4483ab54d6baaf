"""The server's machine: octets in, commands out, responses back, octets out.

A command is collected part by part: a line, the literal it announced, the next line. What a
line announces is judged before it is read, and the message of an APPEND is never collected
at all: it goes through as ``BodyChunk`` events.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.fetch import Streamed
from netsuite.imap.commands.requests import Command
from netsuite.imap.commands.responses import Code, Completion, Condition, Continue, Status, Tagged
from netsuite.imap.dialog import events
from netsuite.imap.dialog.rules import TRANSITIONS, State, rule_of
from netsuite.imap.grammar.mailboxes import parse_append_start
from netsuite.imap.grammar.requests import command_name, decode_base64, parse_request, read_tag
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

# literal = "{" number ["+"] "}" CRLF *CHAR8                              (RFC 7888, 8)
_LITERAL: Final = re.compile(rb"\{([0-9]+)(\+)?\}")
_UNTAGGED: Final = b"*"
_NO_BODY: Final = -1

#: What a step of the dialog comes to; None where the next one is to be taken.
_Step: TypeAlias = events.ServerEvent | Need | None


class _Phase(enum.Enum):
    """What the next octets are."""

    LINE = "a line of a command"
    LITERAL = "a literal of a command"
    SKIPPED = "a literal that was refused"
    SKIPPED_LINE = "the rest of a command that was refused"
    BODY = "the message of an APPEND"
    BODY_END = "the line end after it"
    RESPONSE = "a response to a challenge"
    IDLING = "DONE"
    PAUSED = "not looked at: an answer is due"


# Longer than 300 lines: one phase a method, and what they share is the command under way.
class ServerDialog(LineDialog):
    """One connection, the server's side.

    Events: ``Command``, ``WantsLiteral``, ``AuthenticateResponse``, ``AuthenticateCancelled``,
    ``IdleDone``, ``BodyChunk``, ``EndOfBody``. The answer to each command ends with its
    ``Completion``, or ``Tagged`` with its tag; ``Continue`` bids the client to go on where a
    command has more to come, and is said for an APPEND whose literal does not wait as well
    (nothing goes out then).
    """

    __slots__ = (
        "_budget",
        "_left",
        "_lines",
        "_parts",
        "_phase",
        "_refusal",
        "_refused_tag",
        "_skippable",
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
        self._forget()
        self._refused_tag = reply.tag if isinstance(reply, Tagged) else None
        return RemoteProtocolError(reply.text, reply, close=close)

    def _bad(self, why: str) -> RemoteProtocolError:
        return self._refuse(Tagged(self._current_tag(), Status.BAD, why))

    def _current_tag(self) -> bytes:
        return self._tag if self.command is None else self.command.tag

    def _line(self, limit_octets: int) -> bytes | None:
        """Read a line that may announce a literal; one that cannot be read ends the session.

        What it announced is not known, so whatever comes next may be a message's content, and
        must not be taken for commands.
        """
        try:
            return self._reader.read_line(max(limit_octets, 2))
        except LineTooLong:
            code = Code("LIMIT")
            bye = Condition(Status.BYE, "a line is too long", code)
        except BareLineEnd as error:
            bye = Condition(Status.BYE, f"lines end with CRLF: {error}")
        raise self._refuse(bye, close=True)

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
            return self._end()
        self._lines += len(line) + 2
        first = not self._parts
        literal = _LITERAL.fullmatch(line, line.rfind(b"{")) if line.endswith(b"}") else None
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
        digits, plus = literal.groups()
        octets = _size(digits)
        cursor = self._cursor()
        fresh = self.state is State.NOT_AUTHENTICATED
        # The first literal of an APPEND may be its mailbox: then nothing stands before it.
        is_mailbox = len(self._parts) == 1 and cursor.ends_after(b"APPEND ")
        if command_name(cursor) == b"APPEND" and not is_mailbox and not fresh:
            return self._append(literal, octets)
        limit = self.bounds.fresh_octets if fresh else self.bounds.literal_octets
        if self._budget + octets > limit:
            reply = Tagged(self._tag, Status.BAD, "a literal is too large", Code("TOOBIG"))
            return self._announce_refused(literal, reply)
        self._budget += octets
        self._left = octets
        if plus is None:
            self._phase = _Phase.PAUSED
            return events.WantsLiteral(octets)
        self._phase = _Phase.LITERAL
        return None

    def _append(self, literal: re.Match[bytes], octets: int) -> _Step:
        cursor = self._cursor()
        try:
            cursor.name()
            mailbox, flags, date = parse_append_start(cursor)
            cursor.end()
        except BadSyntax as error:
            return self._announce_refused(literal, Tagged(self._tag, Status.BAD, str(error)))
        if octets > self.bounds.append_octets:
            # RFC 7889, 4: NO with TOOBIG, before any of it is read.
            reply = Tagged(self._tag, Status.NO, "the message is too large", Code("TOOBIG"))
            return self._announce_refused(literal, reply)
        self._left = octets
        synchronising = literal.group(2) is None
        return self._begin(ask.Append(mailbox, octets, flags, date, synchronising))

    def _announce_refused(self, literal: re.Match[bytes], reply: Tagged) -> _Step:
        """Refuse a literal: it is not sent, or it is skipped, or the connection ends."""
        digits, plus = literal.groups()
        octets = _size(digits)
        if plus is None:
            raise self._refuse(reply)
        self._skippable = self.bounds.skip_octets
        if self.state is State.NOT_AUTHENTICATED:
            self._skippable = self.bounds.fresh_octets
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
        self._phase = _Phase.LINE
        return None

    def _skip_literal(self) -> _Step:
        while self._left:
            octets = self._reader.read_some(min(self._left, _CHUNK_OCTETS))
            if octets is None:
                return self._end()
            self._left -= len(octets)
        self._phase = _Phase.SKIPPED_LINE
        return None

    def _skip_line(self) -> _Step:
        """Read what follows a skipped literal, up to the end of its command."""
        reply = self._refusal
        line = self._line(self.bounds.line_octets)
        if line is None:
            return self._end()
        literal = _LITERAL.fullmatch(line, line.rfind(b"{")) if line.endswith(b"}") else None
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

    def _end_body(self) -> _Step:
        line = self._line(self.bounds.line_octets)
        if line is None:
            return self._end()
        self._left = _NO_BODY
        if line:
            return self._more_than_a_message(line)
        self._phase = _Phase.PAUSED
        return EndOfBody()

    def _more_than_a_message(self, line: bytes) -> _Step:
        """Refuse what follows the message. A literal that comes unasked is skipped first: it is
        content, and must not be taken for commands."""
        why = "one message, and nothing after it"
        literal = _LITERAL.fullmatch(line, line.rfind(b"{")) if line.endswith(b"}") else None
        if literal is None or literal.group(2) is None:
            raise self._bad(why)
        self._skippable = self.bounds.skip_octets
        self._skip(
            _size(literal.group(1)),
            Tagged(self._current_tag(), Status.BAD, why),
        )
        return None

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
        if not isinstance(request, ask.Append):
            return False
        return self._phase is not _Phase.PAUSED or not request.synchronising

    def _continue(self, value: Continue) -> bytes:
        command = self.command
        if self._phase is not _Phase.PAUSED:
            raise LocalProtocolError("nothing is to continue")
        if command is None:  # a literal of a command that is not whole yet
            self._phase = _Phase.LITERAL
            return format_response(value, utf8=self.utf8)
        phase = _CONTINUES.get(type(command.request))
        if phase is None:
            raise LocalProtocolError("the command has nothing more to come")
        self._phase = phase
        if isinstance(command.request, ask.Append) and not command.request.synchronising:
            return b""
        return format_response(value, utf8=self.utf8)


def _size(digits: bytes) -> int:
    # What is too long to be a number is too large to be read, and that is all one needs.
    return int(digits) if len(digits) <= 18 else 10**18


_STEPS: Final[Mapping[_Phase, Callable[[ServerDialog], _Step]]] = {
    _Phase.LINE: ServerDialog._read_line,
    _Phase.LITERAL: ServerDialog._read_literal,
    _Phase.SKIPPED: ServerDialog._skip_literal,
    _Phase.SKIPPED_LINE: ServerDialog._skip_line,
    _Phase.BODY: ServerDialog._read_body,
    _Phase.BODY_END: ServerDialog._end_body,
    _Phase.RESPONSE: ServerDialog._read_response,
    _Phase.IDLING: ServerDialog._read_done,
    _Phase.PAUSED: lambda dialog: PAUSED,
}
#: What a ``Continue`` bids, by the command it is said in.
_CONTINUES: Final[Mapping[type, _Phase]] = {
    ask.Append: _Phase.BODY,
    ask.Authenticate: _Phase.RESPONSE,
    ask.Idle: _Phase.IDLING,
}
