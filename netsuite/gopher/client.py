"""The Twisted connection of a Gopher client.

::

    gopher = GopherClient(endpoint, clock=reactor)
    for item in await gopher.menu("/news"):
        print(item.type, item.text)
    await gopher.fetch("/files/picture.gif", file.write)
    text = await gopher.text("/welcome.txt")

A connection takes one request, so a client is the way to a server, not a connection to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from netsuite.connection.client import ClientConnection, ClientTimeouts, PeerClosed
from netsuite.connection.client import connect as connect_any
from netsuite.gopher.commands import Item, ItemType, Request
from netsuite.gopher.dialog import ClientDialog
from netsuite.gopher.grammar import ITEM_OCTETS, parse_item
from netsuite.wire.dotted import DotUnstuffer
from netsuite.wire.errors import LineTooLong, RemoteProtocolError
from netsuite.wire.events import BodyChunk
from netsuite.wire.reader import OctetReader

TIMEOUTS: Final = ClientTimeouts(reply_seconds=60.0)
#: Items of a menu, and octets of a text that is kept in memory.
MENU_ITEMS: Final = 20_000
TEXT_OCTETS: Final = 64 * 1024 * 1024

#: Takes a piece of an answer; gives what to await before the next, or None.
Write: TypeAlias = Callable[[bytes], object]


class GopherRefused(Exception):
    """The server answered with an item of type 3; the message is its text."""


class GopherClient:
    """The way to one server.

    Args:
        endpoint: where it is; connected to anew for each request.
        clock: for the timeouts.
        tls_context: for TLS from the first octet, as ``tls.client_options`` makes it.
        timeouts: how long the server may take.
    """

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        *,
        clock: IReactorTime,
        tls_context: Any = None,
        timeouts: ClientTimeouts = TIMEOUTS,
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._tls_context = tls_context
        self._timeouts = timeouts

    async def fetch(self, selector: str, write: Write, *, search: str | None = None) -> int:
        """Fetch the octets of an item as they come.

        Args:
            selector: of the item.
            write: takes them; what it gives is awaited before more is read, if it can be.
            search: words for an item of type 7.

        Returns:
            How many octets there were.

        Raises:
            LocalProtocolError: the selector or the words hold a TAB or another control character.
            PeerTimedOut: the server was too slow.
        PeerClosed: the TLS handshake failed, or the answer was cut off.
        """
        connection = await connect_any(
            self._endpoint,
            lambda: ClientConnection(ClientDialog(), self._clock, timeouts=self._timeouts),
            tls_context=self._tls_context,
        )
        try:
            connection.say(Request(selector, search))
            octets = 0
            while (event := await _next(connection)) is not None:
                octets += len(event.octets)
                waiting = write(event.octets)
                if isinstance(waiting, Awaitable):
                    await waiting
            return octets
        finally:
            connection.close()

    async def text(self, selector: str, *, limit_octets: int = TEXT_OCTETS) -> bytes:
        """Fetch an item of type 0: its lines, without the dot that ends it.

        A server that leaves the dot out is believed too: its text ends with the connection.

        Raises:
            RemoteProtocolError: the text is longer than *limit_octets*.
        """
        unstuffer = DotUnstuffer()
        pieces: list[bytes] = []
        size = 0

        def take(octets: bytes) -> None:
            nonlocal size
            if unstuffer.ended:
                return
            pieces.append(unstuffer.feed(octets))
            size += len(pieces[-1])
            if size > limit_octets:
                raise RemoteProtocolError(f"a text of more than {limit_octets} octets", close=True)

        await self.fetch(selector, take)
        return b"".join(pieces)

    async def menu(
        self, selector: str = "", *, search: str | None = None, limit_items: int = MENU_ITEMS
    ) -> Sequence[Item]:
        """Fetch a menu, or the results of a search.

        Raises:
            GopherRefused: it is a single item of type 3.
            RemoteProtocolError: a line is too long, or there are more than *limit_items*.
        """
        reader = OctetReader()
        items: list[Item] = []
        ended = False

        def take(octets: bytes) -> None:
            nonlocal ended
            reader.feed(octets)
            while not ended and (line := _line(reader)) is not None:
                if line == b".":
                    ended = True
                elif line:
                    items.append(parse_item(line))
                if len(items) > limit_items:
                    raise RemoteProtocolError(f"more than {limit_items} items", close=True)
            if ended:
                reader.discard()

        await self.fetch(selector, take, search=search)
        if len(items) == 1 and items[0].type == ItemType.ERROR.value:
            raise GopherRefused(items[0].text)
        return items


async def _next(connection: ClientConnection) -> BodyChunk | None:
    """Give the next piece of an answer; None at its end, which is that of the connection."""
    try:
        event = await connection.receive()
    except PeerClosed as closed:
        # Anything but an orderly end (under TLS, one without close_notify) cuts the answer off.
        if closed.__cause__ is None or isinstance(closed.__cause__, ConnectionDone):
            return None
        raise
    assert isinstance(event, BodyChunk)
    return event


def _line(reader: OctetReader) -> bytes | None:
    try:
        return reader.read_line(ITEM_OCTETS, lenient=True)
    except LineTooLong as error:
        raise RemoteProtocolError(str(error), close=True) from None
