"""A client's connections: one request and its answer at a time, kept and given out by origin."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from netsuite.connection.client import ClientConnection, ClientTimeouts
from netsuite.http.commands import Informational, Request, ResponseHead
from netsuite.http.dialog import Asking, ClientDialog, ClientEvent, ClientSaid
from netsuite.wire.errors import LocalProtocolError
from netsuite.wire.events import BodyChunk, EndOfBody

#: A request's body: all of it, or made while it is sent.
RequestBody: TypeAlias = bytes | AsyncIterable[bytes]


class HTTPConnection(ClientConnection[ClientEvent, ClientSaid]):
    """One connection of an HTTP client."""

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
        """Make a request; return the head of its response, whose body is then to be taken.

        A server that refuses while the body is still on its way is heard, and the rest of the
        body is not sent (RFC 9112, 9.5).

        Raises:
            ClientError: the connection is of no use any more.
            whatever *body* raises: likewise.
        """
        self.heard = False
        self.tells_conversation = True
        self.say(request)
        if request.octets != 0:
            if isinstance(body, bytes):
                self.say(BodyChunk(body))
                self.say(EndOfBody())
            else:
                self._sending = ensureDeferred(self._send(body))
        try:
            while True:
                event = await self.receive()
                self.heard = True
                if isinstance(event, ResponseHead):
                    # Lines of a body are no conversation, and to look for them takes its time.
                    self.tells_conversation = False
                    if event.status >= 400:
                        self._stop_sending()
                    return event
                if not isinstance(event, Informational):
                    raise self.violated("no answer")
        except Exception:
            self.abort()
            if self._body_error is not None:
                raise self._body_error from None
            raise

    async def _send(self, body: AsyncIterable[bytes]) -> None:
        try:
            await self.writer.write_body(self._framed(body))
            self.say(EndOfBody())
        except (CancelledError, ConnectionDone):
            pass
        except Exception as error:
            self._body_error = error
            self.abort()
        finally:
            close = getattr(body, "aclose", None)
            if close is not None:
                await close()

    async def _framed(self, body: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        async for octets in body:
            if octets:
                yield self.dialog.send(BodyChunk(octets))

    def _stop_sending(self) -> None:
        if self._sending is not None and not self._sending.called:
            self._sending.cancel()

    async def next_piece(self) -> bytes | None:
        """Return some of the response's body; None at its end. Raises as ``ask_for``."""
        event = await self.receive()
        if isinstance(event, BodyChunk):
            return event.octets
        if isinstance(event, EndOfBody):
            return None
        raise self.violated("no body")

    def leave(self) -> None:
        """Close; at once where the server did not want all that we had to say."""
        if self.dialog.state is Asking.SENDING:
            self.abort()
        else:
            self.close()

    def ended(self, reason: Failure) -> None:
        """Nothing more will come, and nothing need be sent."""
        super().ended(reason)
        self._stop_sending()


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
        self._kept: dict[Origin, list[tuple[HTTPConnection, IDelayedCall]]] = {}
        self.closed = False

    async def take(self, origin: Origin, *, fresh: bool = False) -> tuple[HTTPConnection, bool]:
        """Return a connection, and whether it had been used before.

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
            connection.leave()
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
