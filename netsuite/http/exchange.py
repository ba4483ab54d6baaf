"""The interface of an exchange: a request and what is said to it, apart from what carries both."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any, Protocol

from twisted.internet.interfaces import IAddress

from netsuite.accounts.interfaces import Authenticator, Channel, LoggedIn
from netsuite.connection.peer import Peer
from netsuite.http.commands import Fields, Request, Response, ResponseHead
from netsuite.store.tree import OpenFile


class Exchange(Protocol):
    """One request, from its head to the end of its response (RFC 9110, 3.5).

    Handlers, and what they are given, know this and neither the connection nor the version of
    HTTP: there may be several exchanges on one connection at once.
    """

    @property
    def head(self) -> Request:
        """The request's head."""

    @property
    def octets(self) -> int:
        """How much of the response's body has been said, coding of transfer aside."""

    # -- where it comes from -------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What tells it apart in the log."""

    @property
    def peer(self) -> Peer:
        """The other end."""

    @property
    def remote_address(self) -> IAddress:
        """The other end's address, in Twisted's terms."""

    @property
    def local_address(self) -> IAddress:
        """Ours."""

    @property
    def authenticator(self) -> Authenticator:
        """Where accounts log in."""

    @property
    def account(self) -> str:
        """The name of who has logged in, empty where nobody has."""

    def channel(self) -> Channel:
        """Return over what somebody logs in; its host is the realm."""

    def logged_in(self, login: LoggedIn[Any]) -> None:
        """Accept that somebody has logged in for this request; whoever asked for the login gives
        it back."""

    # -- the request's body --------------------------------------------------------------------

    def say_continue(self) -> None:
        """Let the client send the body, where it waits for that (RFC 9110, 10.1.1)."""

    def body(self) -> AsyncGenerator[bytes, None]:
        """Return the body as it comes, once; closed (``aclose``) by who wants no more of it.

        Raises:
            RemoteProtocolError: it broke its framing, or was cut short.
        """

    @property
    def trailers(self) -> Fields:
        """The fields behind a body that was read to its end."""

    # -- the response --------------------------------------------------------------------------

    def say(self, response: Response) -> None:
        """Say a whole response; the exchange is over."""

    def say_head(self, head: ResponseHead) -> None:
        """Begin a response whose body follows, up to ``end``."""

    def say_chunk(self, octets: bytes) -> None:
        """Say some of the body."""

    async def say_chunks(self, chunks: AsyncIterable[bytes]) -> None:
        """Say some of the body as it comes, no faster than the peer reads."""

    async def say_file(self, file: OpenFile, offset: int, octets: int) -> None:
        """Say part of a file, no faster than the peer reads."""

    def end(self) -> None:
        """The body is complete; the exchange is over."""
