"""The Twisted connection of an HTTP server."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from netsuite.accounts.interfaces import Authenticator, Channel
from netsuite.connection.close_reason import CloseReason
from netsuite.connection.factory import ServerFactory
from netsuite.connection.linelog import LineLog
from netsuite.connection.protocol import DialogConnection
from netsuite.connection.sendfile import send_file
from netsuite.connection.settings import Limits, Timeouts
from netsuite.http.access import format_line
from netsuite.http.answers import Answer, SentFile, Streamed
from netsuite.http.commands import Request, Response
from netsuite.http.dialog import ServerDialog, State
from netsuite.http.replies import BROKEN, EXPECTED, TIMED_OUT, TOO_SLOW, TURNED_AWAY, for_error
from netsuite.http.request import IncomingRequest
from netsuite.http.router import Router
from netsuite.http.settings import Settings
from netsuite.wire.dates import format_http_date
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import BodyChunk, EndOfBody, EndOfInput, Event

#: In the access log: the client left before the answer was complete.
LEFT: Final = 499


class HTTPServer(DialogConnection):
    """One connection of an HTTP server.

    Args:
        factory: holds everything that connections share.
        name: tells the connection apart in the log.
    """

    dialog: ServerDialog

    def __init__(self, factory: HTTPServerFactory, name: str = "") -> None:
        settings = factory.settings
        super().__init__(
            ServerDialog(settings.limits, body_octets=settings.body_octets),
            factory.clock,
            timeouts=factory.timeouts,
            limits=factory.limits,
            name=name,
        )
        self.shared = factory
        self.asked: IncomingRequest | None = None  # what is being answered
        self._octets = 0  # of the body said so far
        self._status = 0  # and the status

    # -- the connection ------------------------------------------------------------------------

    def channel(self) -> Channel:
        """Give what the door is to know of this connection."""
        return Channel.to(self.peer, protocol="http", host=self.shared.settings.host)

    @contextlib.contextmanager
    def reading_body(self) -> Iterator[None]:
        """Hold the peer to the pace of a body instead of that of a kept connection."""
        watch = self.deadlines
        watch.idle_seconds = self.timeouts.command_seconds
        try:
            yield
        finally:
            watch.idle_seconds = self.timeouts.idle_seconds

    def is_busy(self) -> bool:
        """A request that is not answered is answered before the service stops."""
        return self.dialog.state in (State.ASKED, State.ANSWERING) or self._is_answering()

    def drain(self) -> None:
        """The service stops: the answer under way says that it is the last."""
        self.dialog.part()
        super().drain()

    def refused(self, error: RemoteProtocolError) -> None:
        """Say what was wrong, where an answer can still be begun."""
        self.log.debug("{name}: {error}", name=self.name, error=str(error))
        if self.dialog.state is State.ANSWERING or not isinstance(error.reply, Response):
            self.abort()
            return
        self._say_whole(self.asked, error.reply)

    def goodbye(self, cause: CloseReason) -> None:
        """Say why to who waits for an answer; a kept connection is closed without a word."""
        state = self.dialog.state
        if self.turned_away is not None:
            self._say_last(TURNED_AWAY.get(cause, BROKEN))
        elif state is State.ANSWERING:
            self.abort()  # a body that ends too early must not look whole
        elif cause in TOO_SLOW and (state is State.ASKED or self.dialog.begun):
            self._say_last(TIMED_OUT)

    def _say_last(self, response: Response) -> None:
        self.dialog.part()
        self._say_whole(self.asked, response)

    def failed(self, event: Event, failure: Failure) -> None:
        """Say that it is our fault, where an answer can still be begun."""
        if self.dialog.state is State.ASKED:
            self._say_whole(self.asked, BROKEN)
        else:
            self.abort()

    def ended(self, reason: Failure) -> None:
        """Note the request that will not be answered."""
        if self.asked is not None:
            self._log_access(LEFT, self._octets)

    # -- requests ------------------------------------------------------------------------------

    def _request(self, event: Request) -> Awaitable[None] | None:
        incoming = self.asked = IncomingRequest(event, self)
        shared = self.shared
        self._octets = 0
        try:
            given = shared.router.answer(incoming)
        except EXPECTED as error:
            given = for_error(error, shared.settings.host)
        if type(given) is Response:
            self._say_whole(incoming, given)
            return None
        return self._answer(incoming, given)

    async def _answer(self, incoming: IncomingRequest, given: Any) -> None:
        """Answer a request that takes its time."""
        if type(given) is not Streamed and type(given) is not SentFile:
            try:
                given = await given
            except EXPECTED as error:
                given = for_error(error, self.shared.settings.host)
        if self.closing:
            # The connection has been given up meanwhile.
            await _dismiss(given)
        elif type(given) is Response:
            self._say_whole(incoming, given)
        else:
            await self._say_body(given)

    def _say_whole(self, incoming: IncomingRequest | None, response: Response) -> None:
        self.dialog.standing = self.shared.standing()
        self.say(response)
        self._status = response.status
        if self.shared.line_log is not None:
            silent = incoming is not None and incoming.head.method == "HEAD"
            self._log_access(response.status, 0 if silent else len(response.body))
        self.asked = None

    async def _say_body(self, given: Streamed | SentFile) -> None:
        self.dialog.standing = self.shared.standing()
        try:
            self.say(given.head)
            self._status = given.head.status
            assert self.dialog.request is not None
            if self.dialog.request.method != "HEAD":
                if isinstance(given, SentFile):
                    await self._send_file(given)
                else:
                    await self.write_body(self._framed(given))
        finally:
            await _dismiss(given)
        self.say(EndOfBody())
        self._log_access(given.head.status, self._octets)
        self.asked = None

    async def _framed(self, given: Streamed) -> AsyncIterator[bytes]:
        async for octets in given.chunks:
            if octets:
                self._octets += len(octets)
                yield self.dialog.send(BodyChunk(octets))

    async def _send_file(self, given: SentFile) -> None:
        file = given.file

        async def read(descriptor: int, count: int, offset: int) -> bytes:
            return await file.read(offset, count)

        for part in given.parts:
            if part.before:
                self.say(BodyChunk(part.before))
            self.dialog.sent(part.octets)
            await send_file(self, file.descriptor, part.offset, part.octets, read=read)
            self._octets += len(part.before) + part.octets
        if given.after:
            self.say(BodyChunk(given.after))
            self._octets += len(given.after)

    def _log_access(self, status: int, octets: int) -> None:
        line_log = self.shared.line_log
        if line_log is not None:
            asked = self.asked
            line_log.add(
                format_line,
                self.peer.address,
                asked.account if asked is not None else "",
                asked.head if asked is not None else None,
                status,
                octets,
            )

    def _end_of_input(self, event: EndOfInput) -> None:
        self.close()

    answers: ClassVar[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
        Request: _request,
        EndOfInput: _end_of_input,
    }


async def _dismiss(given: Answer) -> None:
    """Give back what a body came from."""
    if isinstance(given, SentFile):
        given.file.close()
    elif isinstance(given, Streamed):
        close = getattr(given.chunks, "aclose", None)
        if close is not None:
            await close()


class HTTPServerFactory(ServerFactory):
    """Makes the connections of one HTTP service.

    Args:
        settings: of the service.
        router: finds who answers.
        authenticator: where accounts log in.
        clock: for all timeouts.
        now: the time, with its zone.
        access_log: of lines as ``access.format_line`` gives them; None for none.
        timeouts: how long a peer may take.
        limits: how much it may.
        tls: what HTTPS is begun with; None where there is none.
        transcript: makes a connection's transcript from its name.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        router: Router,
        authenticator: Authenticator,
        clock: IReactorTime,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        access_log: LineLog | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        tls: Any = None,
        transcript: Callable[[str], Any] | None = None,
    ) -> None:
        super().__init__(
            lambda factory, name: HTTPServer(self, name),
            clock,
            name="http",
            timeouts=timeouts or Timeouts(idle_seconds=75.0, command_seconds=30.0),
            limits=limits,
            tls=tls,
            transcript=transcript,
            line_log=access_log,
        )
        self.settings = settings
        self.router = router
        self.authenticator = authenticator
        self.now = now
        self._standing = ""
        self._standing_until = float("-inf")

    def standing(self) -> str:
        """Give the field lines that every answer carries; made once a second."""
        seconds = self.clock.seconds()
        if seconds >= self._standing_until:
            now = self.now()
            self._standing_until = seconds + 1.0 - now.microsecond / 1e6
            self._standing = f"Date: {format_http_date(now).decode()}\r\n"
            if self.settings.software:
                self._standing += f"Server: {self.settings.software}\r\n"
        return self._standing
