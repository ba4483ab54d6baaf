"""Whose turn it is in Gopher: one request, one answer, and the connection closes."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from netsuite.gopher.commands import Item, Request, error
from netsuite.gopher.grammar import (
    REQUEST_OCTETS,
    format_item,
    format_request,
    parse_request,
)
from netsuite.wire.errors import LineTooLong, LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, EndOfInput, Event
from netsuite.wire.machine import Machine
from netsuite.wire.reader import OctetReader

#: The end of a menu, and of a text.
LAST_LINE: Final = b".\r\n"
#: What TLS begins with, and no request: a record of type handshake (RFC 8446, 5.1).
_HANDSHAKE: Final = b"\x16"
#: Octets of an answer that are given at once.
CHUNK_OCTETS: Final = 65536


@dataclass(frozen=True, slots=True)
class Menu:
    """An answer of items; the whole of it."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """The answer is a stream of octets, which the connection writes; then it closes."""


class State(enum.Enum):
    """What is true of the connection."""

    ASKING = "the request is awaited"
    ANSWERING = "the request is being answered"
    CLOSED = "all has been said"


TRANSITIONS: Final[Mapping[tuple[State, type], State]] = {
    (State.ASKING, Request): State.ANSWERING,
    (State.ANSWERING, Menu): State.CLOSED,
    (State.ANSWERING, Content): State.CLOSED,
}
MACHINE: Final = Machine(TRANSITIONS, start=State.ASKING, final=[State.CLOSED])


class ServerDialog:
    """The server's side of one connection.

    Args:
        host: the name put into menus.
        port: the port put into menus.
    """

    __slots__ = ("_end_told", "_reader", "host", "port", "state")

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.state = State.ASKING
        self._reader = OctetReader()
        self._end_told = False

    def receive(self, octets: bytes) -> None:
        """Take what the transport brought."""
        self._reader.feed(octets)

    def receive_eof(self) -> None:
        """Take note that the transport will bring nothing more."""
        self._reader.feed_eof()

    def discard_input(self) -> int:
        """Drop what is unread."""
        return self._reader.discard()

    def next_event(self) -> Event:
        """Give the request, once. Raises RemoteProtocolError with the menu to answer."""
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

    def _end(self) -> Event:
        if not self._reader.eof:
            return NEED_DATA
        if self._end_told:
            return PAUSED
        self._end_told = True
        return EndOfInput()

    def _refused(self, text: str) -> RemoteProtocolError:
        self.state = State.ANSWERING
        return RemoteProtocolError(text, Menu((error(text),)), close=True)

    def send(self, value: Menu | Content) -> bytes:
        """Print an answer; of a ``Content`` the octets follow."""
        self.state = MACHINE.step(self.state, value)
        if isinstance(value, Content):
            return b""
        lines = [format_item(item, self.host, self.port) for item in value.items]
        return b"".join([*lines, LAST_LINE])


class ClientDialog:
    """The client's side: a request said, then octets up to the end of the connection.

    What the octets are is for whoever asked to know: the type stands in the menu they came from.
    """

    __slots__ = ("_asked", "_end_told", "_reader")

    def __init__(self) -> None:
        self._reader = OctetReader()
        self._asked = False
        self._end_told = False

    def receive(self, octets: bytes) -> None:
        """Take what the transport brought."""
        self._reader.feed(octets)

    def receive_eof(self) -> None:
        """Take note that the transport will bring nothing more."""
        self._reader.feed_eof()

    def discard_input(self) -> int:
        """Drop what is unread."""
        return self._reader.discard()

    def next_event(self) -> Event:
        """Give a piece of the answer, and its end."""
        octets = self._reader.read_some(CHUNK_OCTETS)
        if octets is not None:
            return BodyChunk(octets)
        if self._reader.eof and not self._end_told:
            self._end_told = True
            return EndOfInput()
        return NEED_DATA

    def send(self, value: Request) -> bytes:
        """Print the request. Raises LocalProtocolError for a second one."""
        if self._asked:
            raise LocalProtocolError("a connection takes one request")
        octets = format_request(value)
        self._asked = True
        return octets
