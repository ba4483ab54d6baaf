"""Resources of ``twisted.web`` (Klein's too) behind our server: an IResource as a handler.

``twisted.web`` is imported when a handler is made and not before: some of its modules install a
reactor.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any, Final, TypeAlias
from urllib.parse import unquote_to_bytes

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, IReactorThreads
from twisted.python.failure import Failure

from netsuite.http.commands import BODILESS, Fields, Response, ResponseHead
from netsuite.http.paths import split_path
from netsuite.http.replies import BAD_REQUEST, BROKEN, RequestRefused
from netsuite.http.request import IncomingRequest
from netsuite.http.responses import AnyResponse, Chunks, Streamed, passed_on
from netsuite.http.router import Handler, Router
from netsuite.http.wsgi import BODY_OCTETS, WSGIApplication, WSGIHandler

#: Of ``twisted.web``, which is not typed.
Theirs: TypeAlias = Any

#: More than this unsent, and what produces it is told to pause.
WAITING_OCTETS: Final = 65_536
#: The largest body for a resource, unless more is asked for: it is kept in memory.
RESOURCE_OCTETS: Final = 16 * 1024**2


class SiteRouter(Router):
    """A router that mounts resources of ``twisted.web`` and WSGI applications, too.

    Args:
        reactor: for ``twisted.web``'s sessions, and the threads of WSGI applications.
    """

    def __init__(self, reactor: object) -> None:
        super().__init__()
        self._reactor = reactor

    def mount(
        self,
        prefix: str,
        handler: Handler | WSGIApplication | object,
        *,
        limit_octets: int | None = None,
    ) -> None:
        """Route all paths below a prefix to one handler, all methods.

        Args:
            prefix: as of ``Router.mount``.
            handler: as of ``Router.mount``; or a resource, which sees itself at the prefix; or a
                WSGI application (PEP 3333), a function of two arguments, which runs in threads.
            limit_octets: the largest body of a request, of what the service takes
                (``http.body_octets``); None: 16 MiB for a resource, 100 MiB for an application.

        Raises:
            TypeError: it is none of these.
        """
        from twisted.web.resource import IResource

        made: Any = handler
        if IResource.providedBy(handler):
            limit = RESOURCE_OCTETS if limit_octets is None else limit_octets
            made = ResourceSite(_below(prefix, handler), self._reactor, limit_octets=limit)
        elif not callable(handler) or IResource.implementedBy(handler):
            raise TypeError(
                f"{handler!r} answers nothing: it is no handler, resource or application"
            )
        elif _takes_two(handler):
            limit = BODY_OCTETS if limit_octets is None else limit_octets
            reactor = IReactorThreads(self._reactor)
            made = WSGIHandler(handler, reactor, prefix, limit_octets=limit)
        super().mount(prefix, made)


def _takes_two(handler: Callable[..., object]) -> bool:
    """Return whether a callable takes environment and ``start_response``: two arguments, or
    whatever it is given, as many wrappers of an application do."""
    if inspect.iscoroutinefunction(handler):
        return False
    try:
        parameters = list(inspect.signature(handler).parameters.values())
    except (TypeError, ValueError):  # it is not written in Python
        return False
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    wanted = [each for each in parameters if each.kind in places and each.default is each.empty]
    takes_all = bool(parameters) and parameters[0].kind is inspect.Parameter.VAR_POSITIONAL
    return len(wanted) == 2 or takes_all


def _below(prefix: str, resource: Theirs) -> object:
    """Return a root from which a path of that prefix leads to a resource."""
    from twisted.web.resource import Resource

    for name in reversed([each for each in prefix.split("/") if each]):
        parent = Resource()
        parent.putChild(unquote_to_bytes(name), resource)
        resource = parent
    return resource


class ResourceSite:
    """Answers from a tree of ``twisted.web`` resources; a handler for ``Router.mount``.

    The resource sees a ``twisted.web.server.Request`` of HTTP/1.0, so that it leaves the framing
    to us, with the whole body in its ``content``.

    Args:
        resource: the root.
        reactor: for ``twisted.web``'s sessions.
        limit_octets: the largest body; it is kept in memory.
    """

    def __init__(
        self, resource: object, reactor: object, *, limit_octets: int = RESOURCE_OCTETS
    ) -> None:
        from twisted.web import server

        self._request: Theirs = server.Request
        self._site = server.Site(resource, reactor=reactor)
        self._limit_octets = limit_octets

    async def __call__(self, incoming: IncomingRequest) -> AnyResponse:
        """Answer a request."""
        try:
            split_path(incoming.path)  # nothing that climbs reaches a resource
        except ValueError:
            raise RequestRefused(BAD_REQUEST) from None
        body = await incoming.read(self._limit_octets)
        channel = _Channel(self._site, incoming)
        request = self._request(channel, False)
        for name, value in incoming.fields.without("content-length", "transfer-encoding"):
            request.requestHeaders.addRawHeader(name.encode("ascii"), value.encode("latin-1"))
        if incoming.head.octets != 0:  # also of one whose end alone has told its length
            request.requestHeaders.addRawHeader(b"content-length", b"%d" % len(body))
        request.parseCookies()
        request.gotLength(len(body))
        request.handleContentChunk(body)
        target = incoming.path.encode("ascii")
        if incoming.head.query is not None:
            target += b"?" + incoming.head.query.encode("ascii")
        channel.request = request
        try:
            request.requestReceived(incoming.method.encode("ascii"), target, b"HTTP/1.0")
            return await channel.answer()
        except BaseException:
            channel.lost()
            raise


class _Channel:
    """What a ``twisted.web`` request takes for its connection: keeps what it writes."""

    def __init__(self, site: Theirs, incoming: IncomingRequest) -> None:
        self.site = site
        self.transport = self
        self.request: Theirs = None
        self._incoming = incoming
        self._head: tuple[int, tuple[tuple[str, str], ...], int | None] | None = None
        self._pieces: deque[bytes] = deque()
        self._octets = 0
        self._ended = False
        self._whole = False  # ended as it should
        self._producer: Any = None
        self._pull = False
        self._paused = False
        self._wanted: Deferred[None] | None = None

    # -- what the handler takes -----------------------------------------------------------------

    async def answer(self) -> AnyResponse:
        """Return the response once its head is known: all of it where it is complete by then."""
        while self._head is None and not self._ended:
            await self._more()
        if self._head is None:
            return BROKEN
        status, fields, length = self._head
        silent = self._incoming.method == "HEAD"
        if self._whole and (status in BODILESS or not silent):
            body = b"" if status in BODILESS else b"".join(self._pieces)
            if length is None or length == len(body) or status in BODILESS:
                return Response(status, fields, body)
        return Streamed(
            ResponseHead(status, Fields(fields), length), Chunks(self._chunks(), self.lost)
        )

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        while True:
            while self._pieces:
                octets = self._pieces.popleft()
                self._octets -= len(octets)
                yield octets
            if self._ended:
                break
            await self._more()
        if not self._whole:
            raise ConnectionDone("the resource has given up")

    async def _more(self) -> None:
        producer = self._producer
        if producer is not None and (self._pull or self._paused):
            self._paused = False
            producer.resumeProducing()
            if self._pieces or self._ended:
                return
        self._wanted = Deferred()
        await self._wanted

    def _wake(self) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None and not wanted.called:
            wanted.callback(None)

    def lost(self) -> None:
        """Nobody takes any more: tell the resource, unless it is done."""
        if not self._ended:
            self._ended = True
            if self._producer is not None:
                self._producer.stopProducing()
            self.request.connectionLost(Failure(ConnectionDone()))

    # -- what the request calls -----------------------------------------------------------------

    def writeHeaders(  # noqa: N802
        self, version: bytes, code: int | bytes, reason: bytes, headers: Any
    ) -> None:
        """The head is known."""
        raw = headers
        if not isinstance(headers, list):
            raw = [(name, each) for name, values in headers.getAllRawHeaders() for each in values]
        said = [(name.decode("ascii"), value.decode("latin-1")) for name, value in raw]
        self._head = (int(code), *passed_on(said))
        self._wake()

    def write(self, data: bytes) -> None:
        """Some of the body."""
        if not data or self._ended:
            return
        self._pieces.append(data)
        self._octets += len(data)
        if self._octets > WAITING_OCTETS and self._producer is not None and not self._pull:
            self._paused = True
            self._producer.pauseProducing()
        self._wake()

    def writeSequence(self, data: Iterable[bytes]) -> None:  # noqa: N802
        """Some of the body."""
        self.write(b"".join(data))

    def requestDone(self, request: Theirs) -> None:  # noqa: N802
        """The answer is complete."""
        self._ended = self._whole = True
        self._wake()

    def loseConnection(self) -> None:  # noqa: N802
        """The resource gives up."""
        self._ended = True
        self._wake()

    abortConnection = loseConnection  # noqa: N815

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: N802
        """The resource is told when to go on."""
        self._producer, self._pull = producer, not streaming
        self._wake()

    def unregisterProducer(self) -> None:  # noqa: N802
        """It needs not be told any more."""
        self._producer = None

    def getPeer(self) -> IAddress:  # noqa: N802
        """Return the other end."""
        return self._incoming.exchange.remote_address

    def getHost(self) -> IAddress:  # noqa: N802
        """Return our end."""
        return self._incoming.exchange.local_address

    def isSecure(self) -> bool:  # noqa: N802
        """Return whether TLS is in place."""
        return self._incoming.peer.secure
