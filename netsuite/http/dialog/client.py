"""The client's side: requests out, one at a time, answers in."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final, TypeAlias

from netsuite.http import commands, framing, grammar
from netsuite.http.limits import HeadLimits
from netsuite.wire.errors import InputEnded, LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, BodyChunk, EndOfBody, EndOfInput, Need
from netsuite.wire.machine import Machine
from netsuite.wire.reader import LineDialog

#: 1xx answers before the answer, at a client.
INFORMATIONAL_ANSWERS: Final = 16


class Asking(enum.Enum):
    """Where a client stands."""

    IDLE = "nothing is asked"
    SENDING = "the request's head has been said, its body not wholly"
    SENT = "the request has been said"
    CLOSED = "the connection cannot be used again"


#: A client's: what is said, and the end of the answer, which makes it ``IDLE`` again.
ASKING: Final[Mapping[tuple[Asking, type], Asking]] = {
    (Asking.IDLE, commands.Request): Asking.SENDING,
    (Asking.SENDING, BodyChunk): Asking.SENDING,
    (Asking.SENDING, EndOfBody): Asking.SENT,
    (Asking.SENT, commands.ResponseHead): Asking.IDLE,
    (Asking.IDLE, EndOfInput): Asking.CLOSED,
    (Asking.SENDING, EndOfInput): Asking.CLOSED,
    (Asking.SENT, EndOfInput): Asking.CLOSED,
}
CLIENT_MACHINE: Final = Machine(ASKING, start=Asking.IDLE, final=[Asking.CLOSED])


#: Of a body, what is given at once at most: as much as has come where a transport reads that much.
PIECE_OCTETS: Final = 1024 * 1024

#: What a client's dialog gives, and takes.
ClientEvent: TypeAlias = (
    commands.Informational | commands.ResponseHead | BodyChunk | EndOfBody | EndOfInput
)
ClientSaid: TypeAlias = commands.Request | BodyChunk | EndOfBody


class ClientDialog(LineDialog):
    """The client's side: one request at a time, whose answer may come before it is all said.

    ``send`` takes a ``Request`` and, where it announces a body, ``BodyChunk`` values and an
    ``EndOfBody``. Events are ``Informational``, ``ResponseHead``, ``BodyChunk`` and ``EndOfBody``;
    the last comes after every ``ResponseHead``.
    """

    hears_while_writing = True

    def __init__(self, limits: HeadLimits | None = None) -> None:
        super().__init__()
        self.state = Asking.IDLE
        self.limits = limits or HeadLimits(line_octets=65_536)
        self._request: commands.Request | None = None
        self._outgoing: framing.Outgoing | None = None
        self._incoming: framing.Body | None = None
        self._searched = 0
        self._informational = 0
        self._keep = True
        self._passing = b""  # of the body, which need not be copied into the reader and out of it

    @property
    def reusable(self) -> bool:
        """Whether another request may be said on this connection."""
        return self.state is Asking.IDLE and self._keep and not len(self._reader)

    def send(self, value: ClientSaid) -> bytes:
        """Print a request or a part of its body. Raises LocalProtocolError."""
        following = CLIENT_MACHINE.step(self.state, value)
        if isinstance(value, commands.Request):
            octets = self._ask(value)
            if value.octets == 0:
                self._outgoing = None
                following = CLIENT_MACHINE.step(following, EndOfBody())
        elif isinstance(value, BodyChunk):
            assert self._outgoing is not None
            octets = self._outgoing.frame(value.octets)
        else:
            assert self._outgoing is not None
            octets = self._outgoing.end()
            self._outgoing = None
        self.state = following
        return octets

    def _ask(self, request: commands.Request) -> bytes:
        if not self._keep or self._request is not None:
            raise LocalProtocolError("the connection cannot be used for another request")
        text = grammar.format_request(request)
        if request.octets is None:
            text += "Transfer-Encoding: chunked\r\n"
        elif request.octets or request.method in ("POST", "PUT", "PATCH"):
            text += f"Content-Length: {request.octets}\r\n"  # RFC 9110, 8.6
        if not request.keep:
            text += "Connection: close\r\n"
            self._keep = False
        self._request = request
        self._outgoing = framing.Outgoing(request.octets, chunked=request.octets is None)
        return (text + "\r\n").encode("latin-1")

    def receive(self, octets: bytes) -> None:
        """Accept what the transport brought."""
        body = self._incoming
        if self._passing:
            self._reader.feed(self._passing)
            self._passing = b""
        elif (
            isinstance(body, framing.CountedBody)
            and not len(self._reader)
            and len(octets) <= body.left
        ):
            self._passing = octets
            return
        self._reader.feed(octets)

    def next_event(self) -> ClientEvent | Need:
        """Return the next event.

        Raises:
            RemoteProtocolError: the server broke the protocol, or ended within an answer; the
                connection is of no use any more.
        """
        if self._incoming is not None:
            return self._next_of_body(self._incoming)
        end = self._reader.find(b"\r\n\r\n", self._searched, self.limits.head_octets)
        if end < 0:
            if len(self._reader) >= self.limits.head_octets:
                raise RemoteProtocolError("a head without end", close=True)
            self._searched = max(0, len(self._reader) - 3)
            return self._end() if self._reader.eof else NEED_DATA
        if self._request is None:
            raise RemoteProtocolError("an answer to nothing", close=True)
        self._searched = 0
        head = self._reader.read_exactly(end + 4)
        assert head is not None
        said = grammar.parse_response(head, self.limits)
        if said.status < 200:
            self._informational += 1
            if said.status == 101 or self._informational > INFORMATIONAL_ANSWERS:
                raise RemoteProtocolError(f"{said.status}, which nobody asked for", close=True)
            return commands.Informational(said.status, said.fields.pairs)
        octets = grammar.response_octets(self._request.method, said)
        connection = said.fields.elements("connection")
        if "close" in connection or (said.minor == 0 and "keep-alive" not in connection):
            self._keep = False
        if octets is not None:
            self._incoming = framing.CountedBody(octets, piece_octets=PIECE_OCTETS)
        elif "transfer-encoding" in said.fields:  # chunked, as it has been judged
            self._incoming = framing.ChunkedBody(None, self.limits)
        else:
            self._incoming = framing.BodyToEnd()
            self._keep = False
        return commands.ResponseHead(said.status, said.fields, octets, said.reason, self._keep)

    def _next_of_body(self, body: framing.Body) -> ClientEvent | Need:
        if self._passing and isinstance(body, framing.CountedBody):
            octets, self._passing = self._passing, b""
            body.passed(len(octets))
        else:
            octets = body.read(self._reader)
        if octets:
            return BodyChunk(octets)
        if body.done or (isinstance(body, framing.BodyToEnd) and self._reader.eof):
            self._incoming = None
            self._end_answer()
            return EndOfBody()
        if self._reader.eof:
            raise InputEnded("the response's body was cut short", close=True)
        return NEED_DATA

    def _end_answer(self) -> None:
        if self.state is Asking.SENT:
            self.state = CLIENT_MACHINE.step(self.state, commands.ResponseHead(0))
        else:
            self._keep = False  # answered before the request was wholly said
        self._request = None
        self._informational = 0

    def _end(self) -> EndOfInput | Need:
        if len(self._reader):
            raise InputEnded("the response's head was cut short", close=True)
        self.state = Asking.CLOSED
        return super()._end()
