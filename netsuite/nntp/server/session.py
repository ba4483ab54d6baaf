"""One NNTP session: what it knows of its client, what it says, how it ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from twisted.python.failure import Failure

from netsuite.accounts.interfaces import (
    Channel,
    LoggedIn,
    NewsAccess,
    Newsgroup,
    Newsroom,
    Posting,
)
from netsuite.connection.deadlines import CloseReason
from netsuite.connection.server import ServerConnection
from netsuite.nntp import replies
from netsuite.nntp.commands import Beginning, Challenge, SASLResponse, Status
from netsuite.nntp.dialog import ServerDialog, ServerEvent, ServerSaid
from netsuite.nntp.server.shared import Shared
from netsuite.wire.errors import LocalProtocolError
from netsuite.wire.events import BodyChunk, EndOfBody


class Session(ServerConnection[ServerEvent, ServerSaid]):
    """One NNTP session, the server's side. See RFC 3977."""

    dialog: ServerDialog
    shared: Shared
    errors = replies.ERRORS

    def __init__(self, shared: Shared, name: str = "") -> None:
        super().__init__(ServerDialog(), shared, name)
        self.username = ""
        self._access: NewsAccess | None = None  # None for somebody who must log in first
        #: The newsgroup selected, and the current article number in it; 0 for none.
        self.group: Newsgroup | None = None
        self.number = 0
        #: The article that is coming.
        self.posting: Posting | None = None

    def began(self) -> None:
        """Greet."""
        self._enter_unknown()
        self.say(self.welcome())

    def _enter_unknown(self) -> None:
        if self.shared.settings.anonymous == "read":
            self._access = self.shared.newsroom.anonymous()
            # Nobody needs to log in here, so nobody is hurried to.
            self.logged_in()
        else:
            self._access = None

    def ended(self, reason: Failure) -> None:
        """Throw away an article that was not finished."""
        self.drop_posting()

    def goodbye(self, reason: CloseReason) -> None:
        """Say why, where it cannot be taken for the answer to something else."""
        status = replies.GOODBYE.get(reason)
        if status is None and self.turned_away is not None:
            status = replies.STOPPING
        if status is not None and not self.dialog.in_body and not self.dialog.in_article:
            self.say(status)

    def reply_to(self, event: ServerEvent | None, error: Exception) -> ServerSaid | None:
        """Return what is said of an error; nothing where a body has begun, or an article is
        coming."""
        if self.dialog.in_body or isinstance(event, BodyChunk):
            return None
        if isinstance(event, EndOfBody):
            return replies.not_posted(error)
        return replies.no_article(event, error) or super().reply_to(event, error)

    def failed(self, event: ServerEvent | None, failure: Failure) -> None:
        """Say that it is our fault and temporary; within a body, nothing can be said."""
        self.drop_posting()
        if self.dialog.pending is None or self.dialog.in_body:
            self.abort()
        elif isinstance(event, EndOfBody):
            self.say(replies.POSTING_BROKEN)
        else:
            self.say(replies.BROKEN)

    def reset_for_tls(self) -> None:
        """Forget everything said in the clear (RFC 4642, 2.2.2)."""
        self.dialog.forget()
        self.username = ""
        self.group = None
        self.number = 0
        self._enter_unknown()

    # -- who reads what ------------------------------------------------------------------------

    def channel(self) -> Channel:
        """Return over what the user logs in."""
        return Channel.to(self.peer, protocol="nntp", host=self.shared.host)

    async def challenge(self, octets: bytes) -> bytes | None:
        """Send a challenge; return the response, None for a cancellation."""
        self.say(Challenge(octets))
        event = await self.take()
        return event.octets if isinstance(event, SASLResponse) else None

    def enter(self, login: LoggedIn[NewsAccess]) -> None:
        """Accept that an account has logged in."""
        self._access = login.avatar
        self.logged_in(login)

    @property
    def reader(self) -> NewsAccess:
        """Who reads and posts. Raises LoginRequired."""
        if self._access is None:
            raise replies.LoginRequired
        return self._access

    @property
    def room(self) -> Newsroom:
        """What they read. Raises LoginRequired."""
        if self._access is None:
            raise replies.LoginRequired
        return self._access.room

    @property
    def selected(self) -> Newsgroup:
        """The newsgroup that is selected and still there. Raises NoGroupSelected."""
        group = self.group
        if group is None or group.gone:
            raise replies.NoGroupSelected
        return group

    @property
    def current(self) -> int:
        """The current article number. Raises NoCurrentArticle."""
        if not self.number:
            raise replies.NoCurrentArticle
        return self.number

    def finished_posting(self) -> Posting:
        """Return the article that has come; the next is another."""
        posting, self.posting = self.posting, None
        if posting is None:
            raise LocalProtocolError("no article was asked for")
        return posting

    def drop_posting(self) -> None:
        """Throw away the article that was coming, if any."""
        dropped, self.posting = self.posting, None
        if dropped is not None:
            dropped.abort()

    # -- verbs ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return self.shared.now()

    def welcome(self) -> Status:
        """Return the greeting."""
        # RFC 3977, 5.1.2: 201 tells many clients that they can never post, even after a login.
        host, software = self.shared.host, self.shared.software
        if self.shared.newsroom.policy.posting == "none":
            return Status(201, f"{host} NNTP {software}, posting prohibited")
        return Status(200, f"{host} NNTP {software}, posting allowed")

    def say_body(self, beginning: Beginning, octets: bytes) -> None:
        """Say a response with a body that is at hand."""
        self.say(beginning)
        self.say(BodyChunk(octets))
        self.say(EndOfBody())

    def say_lines(self, code: int, text: str, lines: Iterable[str]) -> None:
        """Say a response with a body of lines."""
        octets = "".join([f"{line}\r\n" for line in lines]).encode("utf-8")
        self.say_body(Beginning(code, text), octets)
