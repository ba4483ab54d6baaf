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

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from types import TracebackType
from typing import Final, Self, TypeAlias

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from netsuite import tls
from netsuite.connection.client import ClientConnection, ClientTimeouts
from netsuite.connection.client import connect as connect_any
from netsuite.connection.errors import ConnectionLost, PermanentRefusal
from netsuite.connection.stream import Count, Progress, Stream
from netsuite.gopher.commands import Item, ItemType, Request
from netsuite.gopher.dialog import ClientDialog, ClientEvent
from netsuite.gopher.grammar import ITEM_OCTETS, parse_item
from netsuite.wire.dotted import DotUnstuffer
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import EndOfInput
from netsuite.wire.reader import OctetReader

TIMEOUTS: Final = ClientTimeouts(reply_seconds=60.0)
#: Items of a menu, and octets of a text that is kept in memory.
MENU_ITEMS: Final = 20_000
TEXT_OCTETS: Final = 64 * 1024 * 1024

#: Takes a piece of an answer; returns what to await before the next, or anything else.
Write: TypeAlias = Callable[[bytes], object]


class _Connection(ClientConnection[ClientEvent, Request]):
    """One connection: one request, one answer."""

    def __init__(self, clock: IReactorTime, timeouts: ClientTimeouts) -> None:
        super().__init__(ClientDialog(), clock, timeouts=timeouts, name="gopher-client")

    async def fetch(self, request: Request, write: Write) -> int:
        """Pass the octets of the answer to a function; return how many there were."""
        octets = 0
        with self.protocol_violations():
            async with contextlib.aclosing(self.answer(request)) as answer:
                async for piece in answer:
                    octets += len(piece)
                    waiting = write(piece)
                    if isinstance(waiting, Awaitable):
                        await waiting
        return octets

    async def answer(self, request: Request) -> AsyncGenerator[bytes, None]:
        """Return the octets of the answer as they come."""
        try:
            self.say(request)
            with self.protocol_violations():
                while not isinstance(event := await self._next(), EndOfInput):
                    yield event.octets
        finally:
            self.close()

    async def _next(self) -> ClientEvent:
        """Return the next piece of the answer, or its end, which is that of the connection."""
        try:
            return await self.receive()
        except ConnectionLost as lost:
            # Anything but an orderly end (under TLS, one without close_notify) cuts the answer off.
            if lost.__cause__ is None or isinstance(lost.__cause__, ConnectionDone):
                return EndOfInput()
            raise


class GopherClient:
    """The way to one server, which is connected to anew for each request.

    Args:
        tls_context: for TLS from the first octet, see ``netsuite.tls.client_options``.
    """

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        *,
        clock: IReactorTime,
        tls_context: tls.ClientContext | None = None,
        timeouts: ClientTimeouts = TIMEOUTS,
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._tls_context = tls_context
        self._timeouts = timeouts
        #: Called with the selector of a text or menu that ended without its dot: it may be cut, or
        #: come from a server that leaves the dot out.
        self.without_end: Callable[[str], None] = lambda selector: None
        #: Told of every stream that is not given a ``progress`` of its own.
        self.progress: Progress | None = None

    async def fetch(self, selector: str, write: Write, *, search: str | None = None) -> int:
        """Fetch the octets of an item as they come; return how many there were.

        Args:
            write: takes them; what it returns is awaited before more is read, if it can be.
            search: words for an item of type 7.

        Raises:
            LocalProtocolError: the selector or the words hold a TAB or another control character.
            ClientError: there is no connection, the server was too slow, or the answer was cut
                off.
        """
        connection = await self._connect()
        return await connection.fetch(Request(selector, search), write)

    def read(
        self, selector: str, *, search: str | None = None, progress: Progress | None = None
    ) -> Stream:
        """Return the octets of an item as they come. Raises as ``fetch``, when it is read."""

        async def pieces(count: Count) -> AsyncGenerator[bytes, None]:
            connection = await self._connect()
            async with contextlib.aclosing(connection.answer(Request(selector, search))) as answer:
                async for octets in answer:
                    yield octets

        return Stream(pieces, progress or self.progress)

    async def text(self, selector: str, *, limit_octets: int = TEXT_OCTETS) -> bytes:
        """Fetch an item of type 0: its lines, without the dot that ends it.

        A server that leaves the dot out is believed too: its text ends with the connection.

        Raises:
            ProtocolViolation: the text is longer than *limit_octets*.
            LocalProtocolError, ClientError: as ``fetch``.
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
                raise RemoteProtocolError(f"a text of more than {limit_octets} octets")

        await self.fetch(selector, take)
        if not unstuffer.ended:
            self.without_end(selector)
        return b"".join(pieces)

    async def menu(
        self, selector: str = "", *, search: str | None = None, limit_items: int = MENU_ITEMS
    ) -> Sequence[Item]:
        """Fetch a menu, or the results of a search.

        Raises:
            PermanentRefusal: it is a single item of type 3, which says why.
            ProtocolViolation: a line is too long, or there are more than *limit_items*.
            LocalProtocolError, ClientError: as ``fetch``.
        """
        reader = OctetReader()
        items: list[Item] = []
        ended = False

        def take(octets: bytes) -> None:
            nonlocal ended
            reader.feed(octets)
            while not ended and (line := reader.read_line(ITEM_OCTETS, lenient=True)) is not None:
                if line == b".":
                    ended = True
                elif line:
                    items.append(parse_item(line))
                if len(items) > limit_items:
                    raise RemoteProtocolError(f"more than {limit_items} items")
            if ended:
                reader.discard()

        connection = await self._connect()
        request = Request(selector, search)
        await connection.fetch(request, take)
        if len(items) == 1 and items[0].type == ItemType.ERROR.value:
            raise connection.with_conversation(PermanentRefusal("", items[0].text, request))
        if not ended:
            self.without_end(selector)
        return items

    async def end_session(self) -> None:
        """Do nothing: there is no connection between two requests. All clients have this."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.end_session()

    async def _connect(self) -> _Connection:
        return await connect_any(
            self._endpoint,
            lambda: _Connection(self._clock, self._timeouts),
            tls_context=self._tls_context,
        )
