"""A request as handlers see it: its head, its body, who sent it, and on what connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from zope.interface import Interface

from netsuite.accounts.interfaces import LoggedIn
from netsuite.connection.peer import Peer
from netsuite.http.commands import Fields, Informational, Request
from netsuite.http.paths import BadPath, split_path
from netsuite.http.replies import BAD_REQUEST, TOO_LARGE, Refused, unauthorized
from netsuite.wire import base64

if TYPE_CHECKING:
    from netsuite.http.server import HTTPServer

#: Parameters of a query or a form.
PARAMETERS: Final = 1000
CONTINUE: Final = Informational(100)
NO_PARAMETERS: Final[Mapping[str, str]] = {}


class IncomingRequest:
    """One request, from its head to its answer.

    Args:
        head: what was asked.
        connection: by which it came.
    """

    __slots__ = ("_unread", "account", "connection", "head", "parameters")

    def __init__(self, head: Request, connection: HTTPServer) -> None:
        self.head = head
        self.connection = connection
        #: What the braces of the route's pattern stand for, decoded.
        self.parameters = NO_PARAMETERS
        #: Who has logged in, for the access log.
        self.account = ""
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
        return self.connection.peer

    def names(self) -> tuple[str, ...]:
        """Give the names of the path. Raises Refused."""
        try:
            return split_path(self.head.path)
        except BadPath:
            raise Refused(BAD_REQUEST) from None

    def query(self) -> dict[str, list[str]]:
        """Give the query's parameters. Raises Refused."""
        try:
            return parse_qs(
                self.head.query or "", keep_blank_values=True, max_num_fields=PARAMETERS
            )
        except ValueError:
            raise Refused(BAD_REQUEST) from None

    # -- the body ------------------------------------------------------------------------------

    async def chunks(self, limit_octets: int | None = None) -> AsyncIterator[bytes]:
        """Give the body as it comes, once; who reads slowly slows the client down.

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
            raise Refused(TOO_LARGE)
        if not self._unread:
            return
        self._unread = False
        connection = self.connection
        if connection.dialog.wants_continue:
            connection.say(CONTINUE)
        total = 0
        with connection.reading_body():
            async for piece in connection.body():
                total += len(piece)
                if limit_octets is not None and total > limit_octets:
                    raise Refused(TOO_LARGE)
                yield piece

    async def read(self, limit_octets: int) -> bytes:
        """Give the whole body. Raises as ``chunks``.

        Args:
            limit_octets: how large it may be; it is kept in memory.
        """
        return b"".join([piece async for piece in self.chunks(limit_octets)])

    # -- logging in ----------------------------------------------------------------------------

    async def log_in(self, facet: type[Interface]) -> LoggedIn:
        """Log in with the request's Authorization: Basic (RFC 7617).

        Args:
            facet: what is wanted of the account.

        Raises:
            Refused: there is no such field, or no Basic credentials in it.
            LoginRefused: the door said no.
        """
        shared = self.connection.shared
        realm = shared.settings.host
        scheme, _, credentials = self.fields.get("authorization").partition(" ")
        if scheme.lower() != "basic":
            raise Refused(unauthorized(realm))
        try:
            pair = base64.decode(credentials.strip(" ").encode("ascii")).decode("utf-8")
        except ValueError:
            raise Refused(BAD_REQUEST) from None
        name, colon, password = pair.partition(":")
        if not colon or "\0" in pair:
            raise Refused(BAD_REQUEST)
        logged_in: LoggedIn = await shared.authenticator.log_in(
            self.connection.channel(), name, password, facet
        )
        self.account = logged_in.name
        return logged_in

    def __repr__(self) -> str:
        return f"<{self.head.method} {self.head.target} on {self.connection.name}>"
