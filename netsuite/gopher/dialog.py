"""The two sides of a Gopher connection: one request, one answer, and it closes."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from netsuite.gopher.commands import Item, Request, error
from netsuite.gopher.grammar import (
    REQUEST_OCTETS,
    format_item,
    format_request,
    parse_request,
)
from netsuite.wire.errors import LineTooLong, LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import PAUSED, BodyChunk, EndOfInput, Need
from netsuite.wire.machine import Machine
from netsuite.wire.reader import LineDialog

#: The end of a menu, and of a text.
LAST_LINE: Final = b".\r\n"
#: What TLS begins with, and no request: a record of type handshake (RFC 8446, 5.1).
_HANDSHAKE: Final = b"\x16"
#: Octets of an answer that come as one event at most.
CHUNK_OCTETS: Final = 65536


@dataclass(frozen=True, slots=True)
class Menu:
    """An answer of items; the whole of it."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """The answer is a stream of octets, which the connection writes; then it closes."""


class State(enum.Enum):
    """How far a connection is."""

    ASKING = "the request is awaited"
    ANSWERING = "the request is being answered"
    CLOSED = "all has been said"


TRANSITIONS: Final[Mapping[tuple[State, type], State]] = {
    (State.ASKING, Request): State.ANSWERING,
    (State.ANSWERING, Menu): State.CLOSED,
    (State.ANSWERING, Content): State.CLOSED,
}
MACHINE: Final = Machine(TRANSITIONS, start=State.ASKING, final=[State.CLOSED])


#: What a server's dialog gives, and takes.
ServerEvent: TypeAlias = Request | EndOfInput
ServerSaid: TypeAlias = Menu | Content
#: What a client's dialog gives.
ClientEvent: TypeAlias = BodyChunk | EndOfInput


class ServerDialog(LineDialog):
    """The server's side of one connection; host and port are put into menus."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
        self.host = host
        self.port = port
        self.state = State.ASKING

    def next_event(self) -> ServerEvent | Need:
        """Return the request, once. Raises RemoteProtocolError with the menu to answer."""
        if self.state is not State.ASKING:
            return PAUSED
        if self._reader.peek(1) == _HANDSHAKE:
            # Clients that would rather have TLS try it first, and wait for our line otherwise.
            raise self._refused("TLS is not spoken on this port")
        try:
            # LF alone ends a request too: the RFC's CRLF is not what every client sends, and
            # one line is all there is to read.
            line = self._reader.read_line(REQUEST_OCTETS, lenient=True)
            if line is None:
                return self._end()
            request = parse_request(line)
        except LineTooLong:
            raise self._refused("The request is too long") from None
        except RemoteProtocolError as cause:
            raise self._refused(f"That cannot be asked: {cause}") from None
        self.state = State.ANSWERING
        return request

    def _refused(self, text: str) -> RemoteProtocolError:
        self.state = State.ANSWERING
        return RemoteProtocolError(text, Menu((error(text),)), close=True)

    def send(self, value: ServerSaid) -> bytes:
        """Print an answer; of a ``Content`` the octets follow."""
        self.state = MACHINE.step(self.state, value)
        if isinstance(value, Content):
            return b""
        lines = [format_item(item, self.host, self.port) for item in value.items]
        return b"".join([*lines, LAST_LINE])


class ClientDialog(LineDialog):
    """The client's side: a request said, then octets up to the end of the connection.

    What the octets are is for whoever asked to know: the type stands in the menu they came from.
    """

    hears_while_writing = True

    def __init__(self) -> None:
        super().__init__()
        self._asked = False

    def next_event(self) -> ClientEvent | Need:
        """Return a piece of the answer, and its end."""
        octets = self._reader.read_some(CHUNK_OCTETS)
        return self._end() if octets is None else BodyChunk(octets)

    def send(self, value: Request) -> bytes:
        """Print the request. Raises LocalProtocolError for a second one."""
        if self._asked:
            raise LocalProtocolError("a connection takes one request")
        octets = format_request(value)
        self._asked = True
        return octets
