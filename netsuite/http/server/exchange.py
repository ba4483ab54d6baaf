"""The exchange of HTTP/1: one at a time, on a connection that is all its own meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from dataclasses import replace
from typing import Any, Final

from twisted.internet.interfaces import IAddress

from netsuite.accounts.interfaces import Authenticator, Channel, LoggedIn
from netsuite.connection.peer import Peer
from netsuite.connection.sendfile import send_file
from netsuite.http.commands import Fields, Informational, Request, Response, ResponseHead
from netsuite.http.server.session import Session
from netsuite.store.tree import OpenFile
from netsuite.wire.events import BodyChunk, EndOfBody

CONTINUE: Final = Informational(100)


class HTTP1Exchange:
    """Implements ``http.exchange.Exchange``."""

    __slots__ = ("_account", "_session", "_status", "head", "octets")

    def __init__(self, session: Session, head: Request) -> None:
        self._session = session
        self._status = 0
        self.head = head
        self._account = ""
        self.octets = 0

    @property
    def name(self) -> str:
        """What tells it apart in the log."""
        return self._session.name

    @property
    def peer(self) -> Peer:
        """The other end."""
        return self._session.peer

    @property
    def remote_address(self) -> IAddress:
        """The other end's address, in Twisted's terms."""
        return self._session.transport.getPeer()

    @property
    def local_address(self) -> IAddress:
        """Ours."""
        return self._session.transport.getHost()

    @property
    def authenticator(self) -> Authenticator:
        """Where accounts log in."""
        return self._session.shared.authenticator

    @property
    def account(self) -> str:
        """The name of who has logged in, empty where nobody has."""
        return self._account

    def channel(self) -> Channel:
        """Return over what somebody logs in."""
        return self._session.channel()

    def logged_in(self, login: LoggedIn[Any]) -> None:
        """Accept that somebody has logged in for this request."""
        self._account = login.name
        self._session.logged_in(replace(login, logout=_nothing))

    # -- the request's body --------------------------------------------------------------------

    def say_continue(self) -> None:
        """Let the client send the body, where it waits for that."""
        if self._session.dialog.wants_continue:
            self._session.say(CONTINUE)

    async def body(self) -> AsyncGenerator[bytes, None]:
        """Return the body as it comes; meanwhile the peer is held to the pace of a body instead
        of that of a kept connection."""
        session = self._session
        deadlines, timeouts = session.deadlines, session.shared.settings.timeouts
        deadlines.idle_seconds = timeouts.command_seconds
        try:
            async for octets in session.body():
                yield octets
        finally:
            deadlines.idle_seconds = timeouts.idle_seconds

    @property
    def trailers(self) -> Fields:
        """The fields behind a body that was read to its end."""
        return self._session.dialog.trailers

    # -- the response --------------------------------------------------------------------------

    def say(self, response: Response) -> None:
        """Say a whole response."""
        self._session.say(response)

    def say_head(self, head: ResponseHead) -> None:
        """Begin a response whose body follows."""
        self._session.say(head)
        self._status = head.status

    def say_chunk(self, octets: bytes) -> None:
        """Say some of the body."""
        self._session.say(BodyChunk(octets))
        self.octets += len(octets)

    async def say_chunks(self, chunks: AsyncIterable[bytes]) -> None:
        """Say some of the body as it comes."""
        await self._session.writer.write_body(self._framed(chunks))

    async def _framed(self, chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        dialog = self._session.dialog
        async for octets in chunks:
            if octets:
                self.octets += len(octets)
                yield dialog.send(BodyChunk(octets))

    async def say_file(self, file: OpenFile, offset: int, octets: int) -> None:
        """Say part of a file; the kernel copies it where it can."""

        async def read(descriptor: int, count: int, offset: int) -> bytes:
            return await file.read(offset, count)

        session = self._session
        session.dialog.sent(octets)
        before = session.writer.octets
        try:
            await send_file(session, file.descriptor, offset, octets, read=read)
        finally:
            self.octets += session.writer.octets - before

    def end(self) -> None:
        """The body is complete."""
        self._session.say(EndOfBody())
        self._session.answered(self._status, self.octets)


def _nothing() -> None:
    """The login is given back by whoever asked for it."""
