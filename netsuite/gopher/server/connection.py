"""One Gopher connection, the server's side: a request, an answer, the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, ClassVar, Final

from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from netsuite.accounts.interfaces import Newsroom, SiteFiles
from netsuite.connection.close_reason import CloseReason
from netsuite.connection.factory import ServerFactory
from netsuite.connection.linelog import LineLog
from netsuite.connection.protocol import GONE, DialogConnection
from netsuite.connection.sendfile import FileCutShort, send_file
from netsuite.connection.settings import Limits, Timeouts
from netsuite.gopher import replies
from netsuite.gopher.commands import Request
from netsuite.gopher.dialog import Content, Menu, ServerDialog, State
from netsuite.gopher.server import access
from netsuite.gopher.server.answers import Answer, File, Octets, Text
from netsuite.gopher.server.selectors import Selectors
from netsuite.gopher.settings import Settings
from netsuite.store.errors import StoreError
from netsuite.store.tree import OpenFile
from netsuite.wire.dotted import DotStuffer
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import EndOfInput, Event

#: A text that is no larger is read at once.
SMALL_OCTETS: Final = 65_536


class GopherServer(DialogConnection):
    """A client's connection.

    Args:
        factory: holds everything that connections share.
        name: tells the connection apart in the log.
    """

    dialog: ServerDialog

    def __init__(self, factory: GopherServerFactory, name: str = "") -> None:
        settings = factory.settings
        super().__init__(
            ServerDialog(settings.host, settings.port),
            factory.clock,
            timeouts=factory.timeouts,
            limits=factory.limits,
            name=name,
        )
        self.selectors = factory.selectors
        self._line_log = factory.line_log
        self._said = 0  # octets

    def began(self) -> None:
        """Find out the port to put into menus; Gopher servers do not greet."""
        if not self.dialog.port:
            self.dialog.port = getattr(self.transport.getHost(), "port", 70)

    def goodbye(self, cause: CloseReason) -> None:
        """Say why, where nothing has been said yet."""
        if cause in replies.GOODBYE and self.dialog.state is not State.CLOSED:
            self.dialog.state = State.ANSWERING
            self.say(replies.GOODBYE[cause])

    def refused(self, error: RemoteProtocolError) -> None:
        """Say what is wrong with the request."""
        super().refused(error)
        self._log_access(None, access.REFUSED)

    def failed(self, event: Event, failure: Failure) -> None:
        """Say that it is our fault; in the middle of an answer just end."""
        if self.dialog.state is State.ANSWERING:
            self.say(replies.BROKEN)
        self.close()

    def write(self, octets: bytes) -> None:
        """Send octets as they are, after what was said before."""
        self._said += len(octets)
        super().write(octets)

    def sent_directly(self, octets: int) -> None:
        """Note that the peer has taken octets that did not go through ``write``."""
        self._said += octets
        super().sent_directly(octets)

    async def _request(self, request: Request) -> None:
        status = access.BROKEN
        try:
            status = await self._answer(request)
        except GONE:
            status = access.LEFT
            raise
        except FileCutShort:
            self.abort()  # what ended as it should would be taken for the whole
        finally:
            self._log_access(request, status)
        self.close()

    async def _answer(self, request: Request) -> int:
        """Find and give what is asked for; tell how that went, as ``access`` has it."""
        status = access.GIVEN
        try:
            answer = await self.selectors.answer(request)
        except StoreError as error:
            answer, status = replies.menu_for(error), access.status_of(error)
        await self._give(answer)
        return status

    def _log_access(self, request: Request | None, status: int) -> None:
        if self._line_log is not None:
            # Not ``self.peer``: of a connection that is gone nothing can be found out.
            peer = self.transport.getPeer()
            self._line_log.add(access.format_line, peer, request, status, self._said)

    async def _give(self, answer: Answer) -> None:
        if isinstance(answer, Menu):
            self.say(answer)
            return
        self.say(Content())
        if isinstance(answer, Octets):
            self.write(answer.octets)
        elif isinstance(answer, Text):
            await self._text(answer.chunks)
        else:
            await self._file(answer)

    async def _file(self, answer: File) -> None:
        file = answer.file
        try:
            if answer.text and file.entry.octets <= SMALL_OCTETS:
                self.write(_stuffed(await _whole(file)))
            elif answer.text:
                await self._text(_pieces(file))
            else:

                def read(descriptor: int, count: int, offset: int) -> Awaitable[bytes]:
                    return file.read(offset, count)

                size = file.entry.octets
                await send_file(self, file.descriptor, 0, size, read=read)
        finally:
            file.close()

    async def _text(self, chunks: AsyncIterator[bytes]) -> None:
        """Send text: lines end with CRLF, and a dot on a line of its own ends it."""
        stuffer = DotStuffer(convert_bare=True)

        async def stuffed() -> AsyncIterator[bytes]:
            async for octets in chunks:
                yield stuffer.feed(octets)
            yield stuffer.finish()

        await self.write_body(stuffed())

    def _end_of_input(self, event: EndOfInput) -> None:
        self.close()

    answers: ClassVar[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
        Request: _request,
        EndOfInput: _end_of_input,
    }


async def _whole(file: OpenFile) -> bytes:
    """Read a small file, as long as it was when it was opened; shorter if it has shrunk."""
    octets = await file.read(0, file.entry.octets)
    while octets and len(octets) < file.entry.octets:
        more = await file.read(len(octets), file.entry.octets - len(octets))
        if not more:
            break
        octets += more
    return octets


def _stuffed(octets: bytes) -> bytes:
    stuffer = DotStuffer(convert_bare=True)
    return stuffer.feed(octets) + stuffer.finish()


async def _pieces(file: OpenFile) -> AsyncIterator[bytes]:
    offset = 0
    while octets := await file.read(offset, 65536):
        yield octets
        offset += len(octets)


class GopherServerFactory(ServerFactory):
    """Makes the connections of one Gopher service.

    Args:
        settings: of the service; may be replaced for connections to come.
        files: the public site, and what accounts show.
        news: the newsgroups; None where they are not shown.
        clock: for every timeout.
        access_log: of lines as ``access.format_line`` gives them; None for none.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        files: SiteFiles,
        clock: IReactorTime,
        news: Newsroom | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        tls: Any = None,
        transcript: Callable[[str], Any] | None = None,
        access_log: LineLog | None = None,
    ) -> None:
        super().__init__(
            lambda factory, name: GopherServer(self, name),
            clock,
            name="gopher",
            timeouts=timeouts,
            limits=limits,
            tls=tls,
            transcript=transcript,
            line_log=access_log,
        )
        self._files = files
        self._news = news
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Take new settings for connections to come."""
        self.settings = settings
        news = self._news if settings.news else None
        self.selectors = Selectors(settings, self._files, news)
