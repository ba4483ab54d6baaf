"""The server's side: requests in, answers out, in order."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final, TypeAlias

from netsuite.http import commands, grammar
from netsuite.http.framing import Body, ChunkedBody, CountedBody, Outgoing
from netsuite.http.limits import HeadLimits
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, EndOfBody, EndOfInput, Need
from netsuite.wire.machine import Machine
from netsuite.wire.reader import LineDialog

#: So much of a body that nobody read is skipped to keep the connection.
SKIPPED_OCTETS: Final = 65_536


class State(enum.Enum):
    """Where a server stands."""

    __hash__ = object.__hash__  # an enum's own is a function in Python

    IDLE = "between requests"
    ASKED = "a request is not answered"
    ANSWERING = "the answer's head has been said, its body not wholly"
    CLOSED = "ended"


#: A server's: from a state, by what is taken or said, to a state. An answer to no request (408,
#: or to what could not be read) is the last word.
TRANSITIONS: Final[Mapping[tuple[State, type], State]] = {
    (State.IDLE, commands.Request): State.ASKED,
    (State.ASKED, commands.Informational): State.ASKED,
    (State.ASKED, commands.Response): State.IDLE,
    (State.ASKED, commands.ResponseHead): State.ANSWERING,
    (State.ANSWERING, BodyChunk): State.ANSWERING,
    (State.ANSWERING, EndOfBody): State.IDLE,
    (State.IDLE, commands.Response): State.CLOSED,
    (State.IDLE, EndOfInput): State.CLOSED,
}
MACHINE: Final = Machine(TRANSITIONS, start=State.IDLE, final=[State.CLOSED])

#: What a server's dialog gives, and takes.
ServerEvent: TypeAlias = commands.Request | BodyChunk | EndOfBody | EndOfInput
ServerSaid: TypeAlias = (
    commands.Informational | commands.Response | commands.ResponseHead | BodyChunk | EndOfBody
)


class ServerDialog(LineDialog):
    """The server's side.

    Events are ``Request`` values, each followed by ``BodyChunk`` values and ``EndOfBody`` where it
    announces a body and somebody takes them; what of it nobody has taken when the answer is
    complete is skipped, or the connection ends. ``EndOfInput`` says that no request will follow.

    ``send`` takes ``Informational``, a whole ``Response``, or a ``ResponseHead`` and its body.

    Args:
        body_octets: the largest body taken; None for any.
    """

    def __init__(self, limits: HeadLimits | None = None, *, body_octets: int | None = None) -> None:
        super().__init__()
        self.state = State.IDLE
        self.limits = limits or HeadLimits()
        self.body_octets = body_octets
        #: The request that is being answered, or was last.
        self.request: commands.Request | None = None
        #: Field lines that every answer carries (Date, Server), with their line ends.
        self.standing = ""
        #: Of the last body that was read to its end.
        self.trailers = commands.NO_FIELDS
        self._scan = grammar.HeadScan(self.limits)
        self._incoming: Body | None = None  # the request's body, while it is not wholly read
        self._outgoing: Outgoing | None = None
        self._keep = True
        self._begged = False  # 100 Continue may still have to be said for the body to come
        self._skipped = 0

    # -- input ---------------------------------------------------------------------------------

    @property
    def keeps(self) -> bool:
        """Whether the connection may go on after this answer."""
        return self._keep

    @property
    def begun(self) -> bool:
        """Whether a request has been begun and not ended."""
        return self.state is not State.CLOSED and len(self._reader) > 0

    @property
    def wants_continue(self) -> bool:
        """Whether the client may wait for 100 Continue before it sends the body."""
        return self._begged and not len(self._reader)

    def part(self) -> None:
        """Let the answer under way, or the next one, be the last."""
        self._keep = False

    def next_event(self) -> ServerEvent | Need:
        """Return the next event. Raises RemoteProtocolError with the answer to give."""
        state = self.state
        if state is State.IDLE:
            if self._incoming is not None and not self._skip(self._incoming):
                return NEED_DATA if self._keep else self._end()
            if not self._keep:
                return self._end()
            return self._next_request()
        if state is State.CLOSED or self._incoming is None:
            return PAUSED
        return self._next_of_body(self._incoming)

    def _end(self) -> EndOfInput:
        self.state = State.CLOSED
        return EndOfInput()

    def _next_request(self) -> ServerEvent | Need:
        reader = self._reader
        if not len(reader):
            return self._end() if reader.eof else NEED_DATA
        try:
            end = self._scan.find_end(reader)
            if end < 0:
                return self._end() if reader.eof else NEED_DATA
            head = reader.read_exactly(end)
            assert head is not None
            request = grammar.parse_request(head, self.limits)
        except RemoteProtocolError:
            self._keep = False
            raise
        if self.body_octets is not None and (request.octets or 0) > self.body_octets:
            self._keep = False
            raise grammar.bad("the body is too large", grammar.TOO_LARGE)
        self.request = request
        self.state = State.ASKED
        self._keep = request.keep
        self._begged = request.expects_continue
        if request.octets == 0:
            self._incoming = None
        elif request.octets is None:
            self._incoming = ChunkedBody(self.body_octets, self.limits)
        else:
            self._incoming = CountedBody(request.octets)
        return request

    def _next_of_body(self, body: Body) -> ServerEvent | Need:
        try:
            octets = body.read(self._reader)
        except RemoteProtocolError:
            self._keep = False
            raise
        if octets:
            self._begged = False
            return BodyChunk(octets)
        if body.done:
            self._incoming = None
            self.trailers = body.trailers
            return EndOfBody()
        if self._reader.eof:
            self._keep = False
            raise grammar.bad("the input ended within a body")
        return NEED_DATA

    def _skip(self, body: Body) -> bool:
        """Pass over a body that nobody has read; return whether it is over."""
        while self._keep:
            try:
                octets = body.read(self._reader)
            except RemoteProtocolError:
                self._keep = False
                return False
            self._skipped += len(octets)
            if body.left == 0 or (body.done and not octets):
                self._incoming = None
                return True
            if self._skipped > SKIPPED_OCTETS or (not octets and self._reader.eof):
                self._keep = False
            if not octets:
                return False
        return False

    # -- output --------------------------------------------------------------------------------

    def send(self, value: ServerSaid) -> bytes:
        """Print an answer or a part of one; step the state. Raises LocalProtocolError."""
        following = MACHINE.step(self.state, value)
        if isinstance(value, commands.Response):
            octets = self._whole(value)
        elif isinstance(value, BodyChunk):
            assert self._outgoing is not None
            octets = self._outgoing.frame(value.octets)
        elif isinstance(value, EndOfBody):
            assert self._outgoing is not None
            octets = self._outgoing.end()
            self._outgoing = None
        elif isinstance(value, commands.ResponseHead):
            octets = self._head(value)
        else:
            octets = self._informational(value)
        self.state = following
        return octets

    def sent(self, octets: int) -> None:
        """Note octets of a counted body that did not pass through ``send`` (sendfile)."""
        if self._outgoing is None or self._outgoing.chunked:
            raise LocalProtocolError("no counted body is being said")
        self._outgoing.count(octets)

    def _informational(self, value: commands.Informational) -> bytes:
        if not 100 <= value.status <= 199 or value.status == 101:
            raise LocalProtocolError(f"{value.status} is no answer before the answer")
        assert self.request is not None
        if self.request.minor == 0:
            return b""  # RFC 9110, 15.2
        if value.status == 100:
            self._begged = False
        return (
            grammar.status_line(value.status) + grammar.format_fields(value.fields) + "\r\n"
        ).encode("ascii")

    def _whole(self, value: commands.Response) -> bytes:
        if value.status < 200:
            raise LocalProtocolError(f"{value.status} is no answer")
        asked = self.request if self.state is State.ASKED else None
        self._keep = self._keep and asked is not None
        body = value.body
        if value.status in commands.BODILESS:
            if body:
                raise LocalProtocolError(f"a {value.status} has no body")
            framing = ""
        else:
            framing = f"Content-Length: {len(body)}\r\n"
            if asked is not None and asked.method == "HEAD":
                body = b""
        return (
            self._printed(value.status, grammar.format_known_fields(value.fields), framing) + body
        )

    def _head(self, value: commands.ResponseHead) -> bytes:
        if value.status < 200:
            raise LocalProtocolError(f"{value.status} is no answer")
        request = self.request
        assert request is not None
        if value.status in commands.BODILESS:
            framing = ""
            outgoing = Outgoing(0, chunked=False, silent=True)
        elif value.octets is not None:
            framing = f"Content-Length: {value.octets}\r\n"
            outgoing = Outgoing(value.octets, chunked=False, silent=request.method == "HEAD")
        elif request.method == "HEAD":
            framing = "" if request.minor == 0 else "Transfer-Encoding: chunked\r\n"
            outgoing = Outgoing(None, chunked=False, silent=True)
        elif request.minor == 0:
            framing = ""
            self._keep = False  # only the end of the connection ends such a body
            outgoing = Outgoing(None, chunked=False)
        else:
            framing = "Transfer-Encoding: chunked\r\n"
            outgoing = Outgoing(None, chunked=True)
        octets = self._printed(value.status, grammar.format_fields(value.fields), framing)
        self._outgoing = outgoing
        return octets

    def _printed(self, status: int, fields: str, framing: str) -> bytes:
        if self._keep and self._incoming is not None and self.state is State.ASKED:
            self._foresee(self._incoming)
        if not self._keep:
            connection = "Connection: close\r\n"
        elif self.request is not None and self.request.minor == 0:
            connection = "Connection: keep-alive\r\n"
        else:
            connection = ""
        return (
            f"{grammar.status_line(status)}{self.standing}{fields}{framing}{connection}\r\n"
        ).encode("latin-1")

    def _foresee(self, body: Body) -> None:
        """Say already in the head that the connection ends, where that is clear."""
        self._skipped = 0
        left = body.left
        if self.wants_continue:
            # Nobody knows whether the client will send the body after such an answer.
            self._keep = False
        elif left is not None and left > SKIPPED_OCTETS and len(self._reader) < left:
            self._keep = False
