"""One connection of HTTP/1: what is being answered on it, what it says, how it ends."""

from __future__ import annotations

from typing import Final

from twisted.python.failure import Failure

from netsuite.accounts.interfaces import BadCredentials, Channel
from netsuite.connection.deadlines import CloseReason
from netsuite.connection.server import ServerConnection
from netsuite.http import replies
from netsuite.http.commands import Response, ResponseHead
from netsuite.http.dialog import ServerDialog, ServerEvent, ServerSaid, State
from netsuite.http.exchange import Exchange
from netsuite.http.replies import BROKEN, TIMED_OUT, TOO_SLOW, TURNED_AWAY, RequestRefused
from netsuite.http.server.shared import Shared
from netsuite.wire.errors import RemoteProtocolError

#: In the access log: the client left before the response was complete.
LEFT: Final = 499


class Session(ServerConnection[ServerEvent, ServerSaid]):
    """One connection of HTTP/1.1 or 1.0, the server's side. See RFC 9112."""

    dialog: ServerDialog
    shared: Shared
    errors = replies.ERRORS

    def __init__(self, shared: Shared, name: str = "") -> None:
        settings = shared.settings
        dialog = ServerDialog(settings.head_limits, body_octets=settings.body_octets or None)
        super().__init__(dialog, shared, name)
        #: What is being answered.
        self.exchange: Exchange | None = None

    def is_busy(self) -> bool:
        """Return whether a request is not answered yet; it is before the service stops."""
        return self.dialog.state in (State.ASKED, State.ANSWERING)

    def drain(self, reason: CloseReason = CloseReason.SHUTDOWN) -> None:
        """Leave; the response under way says that it is the last."""
        self.dialog.part()
        super().drain(reason)

    def refused(self, error: RemoteProtocolError) -> None:
        """Say what was wrong, where a response can still be begun."""
        self.log.debug("{name}: {error}", name=self.name, error=str(error))
        if self.dialog.state is State.ANSWERING or not isinstance(error.reply, Response):
            self.abort()
        else:
            self.say(error.reply)

    def reply_to(self, event: ServerEvent | None, error: Exception) -> ServerSaid | None:
        """Return what is said of an error; nothing where a response has been begun."""
        if self.dialog.state is not State.ASKED:
            return None
        if isinstance(error, RequestRefused):
            return error.response
        if isinstance(error, BadCredentials):
            return replies.unauthorized(self.shared.host)
        return super().reply_to(event, error)

    def failed(self, event: ServerEvent | None, failure: Failure) -> None:
        """Say that it is our fault, where a response can still be begun."""
        if self.dialog.state is State.ASKED:
            self.say(BROKEN)
        else:
            self.abort()

    def goodbye(self, reason: CloseReason) -> None:
        """Say why to who waits for a response; a kept connection is closed without a word."""
        state = self.dialog.state
        if self.turned_away is not None:
            self.say_last(TURNED_AWAY.get(reason, BROKEN))
        elif state is State.ANSWERING:
            self.abort()  # a body that ends too early must not look whole
        elif reason in TOO_SLOW and (state is State.ASKED or self.dialog.begun):
            self.say_last(TIMED_OUT)

    def ended(self, reason: Failure) -> None:
        """Note the request that will not be answered."""
        if self.exchange is not None:
            self.shared.log_access(self.peer, self.exchange, LEFT, self.exchange.octets)

    # -- verbs ---------------------------------------------------------------------------------

    def channel(self) -> Channel:
        """Return over what somebody logs in."""
        return Channel.to(self.peer, protocol="http", host=self.shared.host)

    def say(self, value: ServerSaid) -> None:
        """Send a response, or a part of one; a whole one is noted in the access log."""
        kind = type(value)
        if kind is not Response and kind is not ResponseHead:
            super().say(value)
            return
        self.dialog.standing = self.shared.standing.lines()
        self.writer.write(self.dialog.send(value))
        if isinstance(value, Response):
            exchange = self.exchange
            silent = exchange is not None and exchange.head.method == "HEAD"
            self.answered(value.status, 0 if silent else len(value.body))

    def say_last(self, response: Response) -> None:
        """Send a response that no other follows."""
        self.dialog.part()
        self.say(response)

    def answered(self, status: int, octets: int) -> None:
        """Accept that a response is complete; note it."""
        statuses = self.tally.statuses
        statuses[status] = statuses.get(status, 0) + 1
        if self.shared.line_log is not None:
            self.shared.log_access(self.peer, self.exchange, status, octets)
        self.exchange = None
