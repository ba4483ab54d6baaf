"""A client's connections: one request and its answer at a time, kept and given out by origin."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from netsuite.connection.client import ClientConnection, ClientTimeouts
from netsuite.http.commands import Informational, Request, ResponseHead
from netsuite.http.dialog import ClientDialog
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, EndOfBody, EndOfInput, Event

#: A request's body: all of it, or made while it is sent.
RequestBody: TypeAlias = bytes | AsyncIterable[bytes]


class HTTPConnection(ClientConnection):
    """One connection of an HTTP client.

    Args:
        clock: for every timeout.
        timeouts: how long the server may take.
    """

    dialog: ClientDialog

    def __init__(self, clock: IReactorTime, *, timeouts: ClientTimeouts | None = None) -> None:
        super().__init__(ClientDialog(), clock, timeouts=timeouts, name="http-client")
        self.heard = False  # anything of an answer to the request under way
        self._sending: Deferred[None] | None = None
        self._body_error: Exception | None = None

    @property
    def reusable(self) -> bool:
        """Whether another request may be made."""
        return self.dialog.reusable and not self.closing and not self._is_sending()

    def _is_sending(self) -> bool:
        return self._sending is not None and not self._sending.called

    async def ask_for(self, request: Request, body: RequestBody = b"") -> ResponseHead:
        """Make a request; give the head of its answer, whose body is then to be taken.

        Raises:
            PeerError, RemoteProtocolError: the connection is of no use any more.
            whatever *body* raises: likewise.
        """
        self.heard = False
        self.say(request)
        if request.octets != 0:
            if isinstance(body, bytes):
                self.say(BodyChunk(body))
                self.say(EndOfBody())
            else:
                self._sending = self.spawn(self._send(body))
        try:
            while True:
                event = await self.receive()
                if isinstance(event, ResponseHead):
                    return event
                if not isinstance(event, Informational):
                    raise RemoteProtocolError("no answer", close=True)
        except Exception:
            self.abort()
            if self._body_error is not None:
                raise self._body_error from None
            raise

    async def _send(self, body: AsyncIterable[bytes]) -> None:
        async def framed() -> Any:
            async for octets in body:
                if octets:
                    yield self.dialog.send(BodyChunk(octets))

        try:
            await self.write_body(framed())
            self.say(EndOfBody())
        except (CancelledError, ConnectionDone):
            pass
        except Exception as error:
            self._body_error = error
            self.abort()

    async def next_piece(self) -> bytes | None:
        """Give some of the answer's body; None at its end. Raises as ``ask_for``."""
        event = await self.receive()
        if isinstance(event, BodyChunk):
            return event.octets
        if isinstance(event, EndOfBody):
            return None
        raise RemoteProtocolError("no body", close=True)

    def _left_over(self, error: Exception) -> Event:
        """Give what had come before the connection went.

        Only an orderly end, which the dialog has been told of, may end a body: one that merely
        stops must not look whole.
        """
        if self.lost and not self._dropped:
            event = self.dialog.next_event()
            if event is not NEED_DATA and event is not PAUSED and type(event) is not EndOfInput:
                return event
        raise error

    def unanswered(self, event: Event) -> bool:
        """Note that an answer has begun."""
        self.heard = self.heard or not isinstance(event, EndOfInput)
        return super().unanswered(event)

    def failed(self, event: Event, failure: Failure) -> None:
        """What makes the body has failed."""
        self.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """Under TLS no half-close comes before the end: an orderly end may end a body."""
        if not self._eof and not self.closing and reason.check(ConnectionDone):
            self.readConnectionLost()
        super().connectionLost(reason)


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom requests are for (RFC 9110, 4.3.1)."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """What Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


PORTS: Final = {"http": 80, "https": 443}


class Pool:
    """Kept connections, by origin.

    Args:
        connect: makes a new connection.
        clock: for how long one is kept.
        idle_seconds: how long one that nobody uses is kept.
        kept: connections of one origin that are kept at once.
    """

    def __init__(
        self,
        connect: Callable[[Origin], Awaitable[HTTPConnection]],
        clock: IReactorTime,
        *,
        idle_seconds: float = 60.0,
        kept: int = 8,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._most = kept
        self._kept: dict[Origin, list[tuple[HTTPConnection, Any]]] = {}
        self.closed = False

    async def take(self, origin: Origin, *, fresh: bool = False) -> tuple[HTTPConnection, bool]:
        """Give a connection, and whether it had been used before.

        Args:
            fresh: none that had.

        Raises:
            what connecting raises.
        """
        if self.closed:
            raise LocalProtocolError("the client is closed")
        kept = self._kept.get(origin, [])
        while kept and not fresh:
            connection, timer = kept.pop()  # the latest: the server has closed it least likely
            timer.cancel()
            if not kept:
                self._kept.pop(origin, None)
            if connection.reusable:
                return connection, True
            connection.abort()
        return await self._connect(origin), False

    def give_back(self, origin: Origin, connection: HTTPConnection) -> None:
        """Keep a connection, or close it where it is of no more use."""
        kept = self._kept.setdefault(origin, [])
        if self.closed or not connection.reusable or len(kept) >= self._most:
            connection.close()
            if not kept:
                self._kept.pop(origin, None)
            return
        timer = self._clock.callLater(self._idle_seconds, self._expire, origin, connection)
        kept.append((connection, timer))

    def _expire(self, origin: Origin, connection: HTTPConnection) -> None:
        kept = [each for each in self._kept.get(origin, []) if each[0] is not connection]
        if kept:
            self._kept[origin] = kept
        else:
            self._kept.pop(origin, None)
        connection.close()

    async def close(self) -> None:
        """Close every kept connection; those in use are closed when they are given back."""
        self.closed = True
        kept, self._kept = self._kept, {}
        for connections in kept.values():
            for connection, timer in connections:
                timer.cancel()
                await connection.closed()
