"""The two sides of a Gopher connection: one request, one answer, and it closes."""

from __future__ import annotations

import enum
import html
import re
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
from netsuite.gopher.plus import UNTIL_DOT, header
from netsuite.wire.errors import LineTooLong, LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import PAUSED, BodyChunk, EndOfInput, Need
from netsuite.wire.machine import Machine
from netsuite.wire.reader import LineDialog

#: The end of a menu, and of a text.
LAST_LINE: Final = b".\r\n"
#: What TLS begins with, and no request: a record of type handshake (RFC 8446, 5.1).
HANDSHAKE: Final = b"\x16"
#: What a browser says that was sent to this port.
_HTTP: Final = re.compile(rb"[A-Z]+ \S+ HTTP/\d\.\d")
_WEB_PAGE: Final = """HTTP/1.0 400 Bad Request\r
Content-Type: text/html; charset=utf-8\r
Content-Length: {octets}\r
Connection: close\r
\r
{page}"""
_PAGE: Final = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Gopher</title></head>
<body><h1>This is a Gopher server</h1>
<p>Gopher is older than the web, and most browsers do not speak it any more. A Gopher client
finds what is here at <a href="{url}">{url}</a>; so do <code>lynx {url}</code> and
<code>curl {url}</code>.</p></body></html>
"""
#: Octets of an answer that come as one event at most.
CHUNK_OCTETS: Final = 65536


@dataclass(frozen=True, slots=True)
class Menu:
    """An answer of items; the whole of it.

    Args:
        plus: whether it answers a request of Gopher+.
    """

    items: tuple[Item, ...]
    plus: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """The answer is a stream of octets, which the connection writes; then it closes.

    Args:
        head: what stands before it.
    """

    head: bytes = b""


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


def web_page(host: str, port: int) -> bytes:
    """Return the answer to HTTP: a page that says where a Gopher client finds what is here."""
    page = _PAGE.format(url=html.escape(f"gopher://{host}:{port}/"))
    return _WEB_PAGE.format(octets=len(page.encode()), page=page).encode()


#: What a server's dialog gives, and takes.
ServerEvent: TypeAlias = Request | EndOfInput
ServerSaid: TypeAlias = Menu | Content
#: What a client's dialog gives.
ClientEvent: TypeAlias = BodyChunk | EndOfInput


class ServerDialog(LineDialog):
    """The server's side of one connection.

    Args:
        host: put into menus.
        port: likewise.
        marks: whether all items say that they have attributes, and not only those of a menu that
            was asked for by Gopher+.
    """

    def __init__(self, host: str, port: int, *, marks: bool = False) -> None:
        super().__init__()
        self.marks = marks
        self.host = host
        self.port = port
        self.state = State.ASKING

    def next_event(self) -> ServerEvent | Need:
        """Return the request, once. Raises RemoteProtocolError with the menu to answer."""
        if self.state is not State.ASKING:
            return PAUSED
        if self._reader.peek(1) == HANDSHAKE:
            # Clients that would rather have TLS try it first, and wait for our line otherwise.
            raise self._refused("TLS is not spoken on this port")
        try:
            # LF alone ends a request too: the RFC's CRLF is not what every client sends, and
            # one line is all there is to read.
            line = self._reader.read_line(REQUEST_OCTETS, lenient=True)
        except LineTooLong:
            raise self._refused("The request is too long") from None
        if line is None:
            return self._end()
        if _HTTP.fullmatch(line):
            raise self._refused("HTTP is not spoken", Content(web_page(self.host, self.port)))
        try:
            request = parse_request(line)
        except RemoteProtocolError as cause:
            raise self._refused(f"That cannot be asked: {cause}") from None
        self.state = State.ANSWERING
        return request

    def _refused(self, text: str, said: ServerSaid | None = None) -> RemoteProtocolError:
        self.state = State.ANSWERING
        return RemoteProtocolError(text, said or Menu((error(text),)), close=True)

    def send(self, value: ServerSaid) -> bytes:
        """Print an answer; of a ``Content`` the octets follow."""
        self.state = MACHINE.step(self.state, value)
        if isinstance(value, Content):
            return value.head
        lines = [
            format_item(item, self.host, self.port, mark=value.plus or self.marks)
            for item in value.items
        ]
        return b"".join([header(UNTIL_DOT) if value.plus else b"", *lines, LAST_LINE])


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
