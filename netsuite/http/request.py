"""A request as handlers see it: its head, its body, who sent it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Final, TypeVar
from urllib.parse import parse_qs

from netsuite.accounts.interfaces import LoggedIn
from netsuite.connection.peer import Peer
from netsuite.http.commands import Fields, Request
from netsuite.http.exchange import Exchange
from netsuite.http.paths import BadPath, split_path
from netsuite.http.replies import BAD_REQUEST, TOO_LARGE, RequestRefused, unauthorized
from netsuite.wire import base64

F = TypeVar("F")

#: Parameters of a query or a form.
PARAMETERS: Final = 1000
NO_PARAMETERS: Final[Mapping[str, str]] = {}


class IncomingRequest:
    """One request, from its head to its response."""

    __slots__ = ("_unread", "exchange", "head", "parameters")

    def __init__(self, exchange: Exchange) -> None:
        head: Request = exchange.head
        self.head = head
        self.exchange = exchange
        #: What the braces of the route's pattern stand for, decoded.
        self.parameters = NO_PARAMETERS
        self._unread = head.octets != 0

    @property
    def method(self) -> str:
        """The method."""
        return self.head.method

    @property
    def path(self) -> str:
        """The path, still encoded."""
        return self.head.path

    @property
    def fields(self) -> Fields:
        """The fields."""
        return self.head.fields

    @property
    def peer(self) -> Peer:
        """The other end."""
        return self.exchange.peer

    def names(self) -> tuple[str, ...]:
        """Return the names of the path. Raises Refused."""
        try:
            return split_path(self.head.path)
        except BadPath:
            raise RequestRefused(BAD_REQUEST) from None

    def query(self) -> dict[str, list[str]]:
        """Return the query's parameters. Raises Refused."""
        try:
            return parse_qs(
                self.head.query or "", keep_blank_values=True, max_num_fields=PARAMETERS
            )
        except ValueError:
            raise RequestRefused(BAD_REQUEST) from None

    # -- the body ------------------------------------------------------------------------------

    async def chunks(self, limit_octets: int | None = None) -> AsyncIterator[bytes]:
        """Return the body as it comes, once; who reads slowly slows the client down.

        A client that waits for 100 Continue is told to go on by the first read, and never where
        nobody reads.

        Args:
            limit_octets: how much of it, where less is wanted than the service takes.

        Raises:
            Refused: it is larger.
            RemoteProtocolError: it broke its framing, or was cut short.
        """
        octets = self.head.octets
        if limit_octets is not None and octets is not None and octets > limit_octets:
            raise RequestRefused(TOO_LARGE)
        if not self._unread:
            return
        self._unread = False
        self.exchange.say_continue()
        total = 0
        pieces = self.exchange.body()
        try:
            async for piece in pieces:
                total += len(piece)
                if limit_octets is not None and total > limit_octets:
                    raise RequestRefused(TOO_LARGE)
                yield piece
        finally:
            # Where a handler is collected while it waits, Python takes the body for running still.
            with contextlib.suppress(RuntimeError):
                await pieces.aclose()

    async def read(self, limit_octets: int) -> bytes:
        """Return the whole body. Raises as ``chunks``.

        Args:
            limit_octets: how large it may be; it is kept in memory.
        """
        return b"".join([piece async for piece in self.chunks(limit_octets)])

    # -- logging in ----------------------------------------------------------------------------

    async def log_in(self, facet: type[F]) -> LoggedIn[F]:
        """Log in with the request's Authorization: Basic (RFC 7617); return the facet wanted.

        Raises:
            Refused: there is no such field, or no Basic credentials in it.
            LoginRefused: the authenticator said no.
        """
        channel = self.exchange.channel()
        scheme, _, credentials = self.fields.get("authorization").partition(" ")
        if scheme.lower() != "basic":
            raise RequestRefused(unauthorized(channel.host))
        try:
            pair = base64.decode(credentials.strip(" ").encode("ascii")).decode("utf-8")
        except ValueError:
            raise RequestRefused(BAD_REQUEST) from None
        name, colon, password = pair.partition(":")
        if not colon or "\0" in pair:
            raise RequestRefused(BAD_REQUEST)
        login = await self.exchange.authenticator.log_in(channel, name, password, facet)
        self.exchange.logged_in(login)
        return login

    def __repr__(self) -> str:
        return f"<{self.head.method} {self.head.target} on {self.exchange.name}>"
