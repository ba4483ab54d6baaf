"""An HTTP client: URLs, kept connections, redirects, codings, logins; bodies streamed both ways.

::

    http = HTTPClient(reactor)
    async with await http.get("https://example.org/") as response:
        async for octets in response.chunks():
            ...
    await http.close()
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, unquote, urljoin, urlsplit

from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from netsuite import tls
from netsuite.connection import errors
from netsuite.connection.client import ClientTimeouts
from netsuite.connection.client import connect as connect_any
from netsuite.connection.stream import Count, Progress, Stream
from netsuite.http.commands import NO_FIELDS, Fields, Request, ResponseHead
from netsuite.http.decoding import ACCEPTED, BadCoding, decoder_for
from netsuite.http.pool import PORTS, HTTPConnection, Origin, Pool, RequestBody
from netsuite.wire import base64

#: These may be made again when a kept connection turns out to be dead (RFC 9110, 9.2.2).
IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
#: Answers that name another place (RFC 9110, 15.4); after these POST becomes GET.
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_TO_GET: Final = frozenset({301, 302})
#: Not told to another origin.
SECRETS: Final = ("authorization", "cookie", "proxy-authorization")
#: Of a request's body.
_CONTENT: Final = ("content-type", "content-encoding", "content-language", "content-location")
#: Left of an answer's body that is read to keep the connection.
_READ_AWAY_OCTETS: Final = 65_536


class HTTPError(errors.ClientError):
    """The exchange went wrong in a way the message tells; never for a status."""


class BadURL(HTTPError, ValueError):
    """No URL that can be asked for."""


class TooManyRedirects(HTTPError):
    """The answers send us round in circles."""


class BodyTooLarge(HTTPError):
    """The answer's body is larger than was allowed."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL, taken apart.

    Args:
        login: name and password that stood in it, None for none.
    """

    origin: Origin
    path: str
    login: tuple[str, str] | None = field(default=None, repr=False)


def parse_url(url: str) -> Target:
    """Take a URL apart; what its grammar does not allow in a path is encoded. Raises BadURL."""
    if any(each <= " " or each == "\x7f" for each in url):
        raise BadURL("white space or control characters in a URL")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except ValueError as error:
        raise BadURL(f"no URL: {error}") from None
    if parts.scheme not in PORTS or not host:
        raise BadURL("a URL begins with http:// or https:// and a host")
    path = quote(parts.path or "/", safe="/%-._~!$&'()*+,;=:@[]|^")
    if parts.query:
        path += "?" + quote(parts.query, safe="/%-._~!$&'()*+,;=:@[]|^?`{}\\")
    login = None
    if parts.username is not None:
        login = unquote(parts.username), unquote(parts.password or "")
    return Target(Origin(parts.scheme, host, port or PORTS[parts.scheme]), path, login)


def basic(username: str, password: str) -> tuple[str, str]:
    """Return the field of a Basic login (RFC 7617). Raises BadURL for what it cannot say."""
    if ":" in username or any(each < " " for each in username + password):
        raise BadURL("a name with a colon, or control characters, cannot be sent so")
    pair = f"{username}:{password}".encode()
    return "Authorization", f"Basic {base64.encode(pair).decode()}"


#: May be otherwise later, and most of 5xx (RFC 9110, 15; RFC 6585, 4).
_TRANSIENT: Final = frozenset({408, 425, 429})
_FOR_GOOD: Final = frozenset({501, 505})


def refusal(head: ResponseHead | ClientResponse) -> errors.Refusal:
    """Return the error that a status of 400 or more is, for who wants one."""
    kind: type[errors.Refusal] = errors.PermanentRefusal
    if head.status in (401, 407):
        kind = errors.AuthenticationFailed
    elif head.status in _TRANSIENT or (head.status >= 500 and head.status not in _FOR_GOOD):
        kind = errors.TransientRefusal
    return kind(head.status, head.reason)


class ClientResponse:
    """An answer, its body to come.

    Use it as ``async with``, or take its body to the end, or ``close`` it: that gives the
    connection back. The connection of an answer that nobody holds any more is dropped.

    Args:
        url: that answered, after redirects.
        head: of the answer.
    """

    def __init__(
        self, url: str, head: ResponseHead, connection: HTTPConnection, release: Callable[[], None]
    ) -> None:
        self.url = url
        self.status = head.status
        self.reason = head.reason
        self.fields = head.fields
        #: Whether another URL answers than was asked for.
        self.redirected = False
        self._head = head
        self._connection: HTTPConnection | None = connection
        self._release = release
        #: Told of what comes of the body by ``body``.
        self.progress: Progress | None = None

    @property
    def body(self) -> Stream:
        """The body as it comes, once, gzip and deflate taken off; the total is known where nothing
        has to be. Whoever leaves it before its end can go on with the client. Raises as
        ``chunks``."""
        return Stream(self._counted, self.progress)

    def _counted(self, count: Count) -> AsyncGenerator[bytes, None]:
        if not self.fields.elements("content-encoding"):
            count.total = self._head.octets
        return self.chunks()

    async def chunks(self, *, decode: bool = True) -> AsyncGenerator[bytes, None]:
        """Return the body as it comes, once; who reads slowly slows the server down.

        Args:
            decode: whether gzip and deflate are taken off.

        Raises:
            ClientError: it was cut short, or is not in its coding.
        """
        decoder = decoder_for(self.fields.elements("content-encoding")) if decode else None
        whole = False
        seen = False
        try:
            while (octets := await self._next()) is not None:
                seen = True
                if decoder is None:
                    yield octets
                else:
                    for piece in decoder.feed(octets):
                        yield piece
            whole = True
            if decoder is not None and seen:
                decoder.finish()
        except BadCoding as error:
            raise errors.ProtocolViolation(str(error)) from error
        finally:
            if not whole:
                self.abandon()

    async def _next(self) -> bytes | None:
        connection = self._connection
        if connection is None:
            return None
        octets = await connection.next_piece()
        if octets is None:
            self._connection = None
            self._release()
        return octets

    async def read(self, limit_octets: int = 16 * 1024 * 1024, *, decode: bool = True) -> bytes:
        """Return the whole body. Raises as ``chunks``, and BodyTooLarge.

        Args:
            limit_octets: how large it may be, decoded.
        """
        pieces = []
        total = 0
        chunks = self.chunks(decode=decode)
        async with contextlib.aclosing(chunks):
            async for octets in chunks:
                total += len(octets)
                if total > limit_octets:
                    raise BodyTooLarge(f"more than {limit_octets} octets")
                pieces.append(octets)
        return b"".join(pieces)

    async def close(self) -> None:
        """Do without the rest: a short one is read away, else the connection is dropped."""
        if self._connection is None:
            return
        left = self._head.octets
        try:
            if left is not None and left <= _READ_AWAY_OCTETS:
                while await self._next() is not None:
                    pass
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Drop the connection, unless the body has been taken to its end."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()

    def __del__(self) -> None:
        # Who asks for no more than the status may forget the rest.
        self.abandon()

    async def __aenter__(self) -> ClientResponse:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.abandon()
        else:
            await self.close()


class HTTPClient:
    """Makes requests; keeps connections.

    Args:
        reactor: to connect by, and for time.
        timeouts: how long a server may take.
        software: what User-Agent says.
        redirects: how many are followed; 0 for none.
        tls_context: gives what TLS is begun with, from a host's name; verified by default.
        endpoint: gives where to connect, from an origin; for proxies and tests.
        idle_seconds: how long a connection that nobody uses is kept.
        forward: for who has *endpoint* lead to a proxy: returns, for an origin, the fields that the
            proxy is told beside requests in absolute-form; None where the server itself is asked.
        redirected: told of each URL that an answer sends us to, before it is asked for.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        *,
        timeouts: ClientTimeouts | None = None,
        software: str = "netsuite",
        redirects: int = 10,
        tls_context: Callable[[str], tls.ClientContext] | None = None,
        endpoint: Callable[[Origin], IStreamClientEndpoint] | None = None,
        idle_seconds: float = 60.0,
        forward: Callable[[Origin], Fields | None] | None = None,
        redirected: Callable[[str], None] | None = None,
    ) -> None:
        self._clock: IReactorTime = reactor
        self._forward = forward
        self._redirected = redirected
        self._timeouts = timeouts
        self._software = software
        self._redirects = redirects
        self._tls_context = tls_context or (
            lambda host: tls.client_options(host, protocols=[b"http/1.1"])
        )
        self._endpoint = endpoint or (
            lambda origin: HostnameEndpoint(reactor, origin.host, origin.port)
        )
        self.pool = Pool(self._connect, self._clock, idle_seconds=idle_seconds)

    # -- requests ------------------------------------------------------------------------------

    async def get(
        self, url: str, *, fields: Fields = NO_FIELDS, login: tuple[str, str] | None = None
    ) -> ClientResponse:
        """Make a GET request. As ``request``."""
        return await self.request("GET", url, fields=fields, login=login)

    # Longer than 40 lines with its docstring: what a redirect changes stands in one place.
    async def request(
        self,
        method: str,
        url: str,
        *,
        fields: Fields = NO_FIELDS,
        body: RequestBody = b"",
        octets: int | None = None,
        login: tuple[str, str] | None = None,
    ) -> ClientResponse:
        """Make a request, and follow where the answer sends us.

        Args:
            method: GET, POST ...
            url: http or https; a login in it is used as *login*.
            fields: more than what we say ourselves.
            body: octets, or something that gives them; that is sent chunked unless *octets*
                says how many there are, and can be sent only once.
            login: name and password, for Basic; told to the first origin only.

        Returns:
            The answer, whatever its status.

        Raises:
            ClientError: there is none.
            LocalProtocolError: the client is closed, or cannot say that.
        """
        target = parse_url(url)
        login = login or target.login
        if login is not None:
            fields = Fields([*fields.without("authorization"), basic(*login)])
        length = len(body) if isinstance(body, bytes) else octets
        first = url
        for _ in range(self._redirects + 1):
            response = await self._once(method, url, target, fields, body, length)
            where = response.fields.get("location")
            if response.status not in REDIRECTS or not where or not self._redirects:
                response.redirected = url != first
                return response
            status = response.status
            if status == 303 or (status in _TO_GET and method == "POST"):
                method = method if method == "HEAD" else "GET"
                body, length = b"", 0
                fields = fields.without(*_CONTENT)
            elif not isinstance(body, bytes):
                return response  # it cannot be sent again
            await response.close()
            following, url = _led(url, where)
            if self._redirected is not None:
                self._redirected(url)
            if following.origin != target.origin:
                fields = fields.without(*SECRETS, "host")
            target = following
        raise TooManyRedirects(f"more than {self._redirects}, the last to {url}")

    async def _once(
        self,
        method: str,
        url: str,
        target: Target,
        fields: Fields,
        body: RequestBody,
        length: int | None,
    ) -> ClientResponse:
        said = list(fields)
        if "user-agent" not in fields and self._software:
            said.append(("User-Agent", self._software))
        if "accept-encoding" not in fields and "range" not in fields:
            said.append(("Accept-Encoding", ACCEPTED))
        path, host = target.path, fields.get("host") or target.origin.authority
        told = self._forward(target.origin) if self._forward is not None else None
        if told is not None:  # RFC 9112, 3.2.2
            host = target.origin.authority
            path = f"{target.origin.scheme}://{host}{path}"
            said += told
        request = Request(method, path, Fields(said).without("host"), octets=length, host=host)
        again = method in IDEMPOTENT and isinstance(body, bytes)
        connection, used = await self.pool.take(target.origin)
        try:
            head = await connection.ask_for(request, body)
        except errors.ConnectionLost:
            # The server has closed a kept connection while our request was on its way.
            if not used or not again or connection.heard:
                raise
            connection, _ = await self.pool.take(target.origin, fresh=True)
            head = await connection.ask_for(replace(request), body)
        except BaseException:
            connection.abort()
            raise
        kept = connection

        def release() -> None:
            self.pool.give_back(target.origin, kept)

        return ClientResponse(url, head, connection, release)

    async def close(self) -> None:
        """Close every kept connection."""
        await self.pool.close()

    async def end_session(self) -> None:
        """As ``close``, by the name that all clients have for it."""
        await self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # -- connections ---------------------------------------------------------------------------

    async def _connect(self, origin: Origin) -> HTTPConnection:
        context = self._tls_context(origin.host) if origin.scheme == "https" else None
        return await connect_any(
            self._endpoint(origin),
            lambda: HTTPConnection(self._clock, timeouts=self._timeouts),
            tls_context=context,
        )


def _led(url: str, where: str) -> tuple[Target, str]:
    """Return where a Location leads. Raises BadURL, which tells from where."""
    try:
        joined = urljoin(url, where).partition("#")[0]
        return parse_url(joined), joined
    except ValueError as error:
        raise BadURL(f"{url} redirects to {where}: {error}") from None


__all__ = [
    "BadURL", "BodyTooLarge", "ClientResponse", "HTTPClient", "HTTPError", "TooManyRedirects",
    "basic", "parse_url", "refusal",
]  # fmt: skip
