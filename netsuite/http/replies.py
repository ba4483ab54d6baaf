"""Responses of an HTTP server to errors of the store and the accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.accounts.interfaces import (
    LoginUnavailable,
    MalformedResponse,
    PlaintextRefused,
    Throttled,
)
from netsuite.connection.deadlines import CloseReason
from netsuite.http.commands import Response, plain
from netsuite.http.dialog import ServerSaid
from netsuite.store import errors
from netsuite.wire.errors import ErrorTable

LATER: Final = ("Retry-After", "5")
BAD_REQUEST: Final = plain(400)
NOT_FOUND: Final = plain(404)
FORBIDDEN: Final = plain(403)
TIMED_OUT: Final = plain(408)
TOO_LARGE: Final = plain(413)
NOT_IMPLEMENTED: Final = plain(501)
BROKEN: Final = plain(500, "Something went wrong here.")
STOPPING: Final = plain(503, "The server is stopping.", LATER)
BUSY: Final = plain(503, "Too many connections; try again later.", LATER)

#: A wrong password is answered with ``unauthorized``. It does not count as a command that was
#: wrong: that a login is asked for again is how HTTP goes, and guesses are throttled.
ERRORS: Final[ErrorTable[ServerSaid]] = ErrorTable(
    {
        errors.NoSuchFile: NOT_FOUND,
        errors.NoSuchFolder: NOT_FOUND,
        errors.NoSuchMessage: NOT_FOUND,
        errors.BadFileName: NOT_FOUND,
        errors.NotADirectory: NOT_FOUND,
        errors.IsADirectory: plain(409, "That is a directory."),
        errors.DirectoryNotEmpty: plain(409, "The directory is not empty."),
        errors.FileInTheWay: plain(409, "Something has that name already."),
        errors.Locked: plain(423, "Somebody has locked it."),
        errors.Changed: plain(412, "It has changed meanwhile."),
        errors.NotPermitted: FORBIDDEN,
        errors.OverQuota: plain(507, "The quota does not allow that."),
        errors.StorageFull: plain(507, "There is no room left."),
        errors.TooLarge: TOO_LARGE,
        errors.Busy: plain(503, "Try again later.", LATER),
        errors.StoreClosed: STOPPING,
        errors.StoreError: BROKEN,
        Throttled: plain(429, "Too many wrong guesses; try again later.", ("Retry-After", "60")),
        PlaintextRefused: plain(403, "A password may not be sent here; use https."),
        MalformedResponse: BAD_REQUEST,
        LoginUnavailable: plain(503, "Logins are not possible now; try again later.", LATER),
    }
)

#: What is said to who is not served at all.
TURNED_AWAY: Final[Mapping[CloseReason, Response]] = {
    CloseReason.BUSY: BUSY,
    CloseReason.BUSY_ADDRESS: BUSY,
    CloseReason.SHUTDOWN: STOPPING,
}
#: Waiting for the peer has ended; while it is on a request's head or body, that is said.
TOO_SLOW: Final = frozenset(
    {CloseReason.IDLE, CloseReason.SLOW_GREETING, CloseReason.SLOW_COMMAND, CloseReason.SLOW_BODY}
)


class RequestRefused(Exception):
    """A handler's refusal; raised to be answered with its response."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"{response.status}")
        self.response = response


def unauthorized(realm: str) -> Response:
    """Ask for a login (RFC 7617, 2 and 2.1)."""
    quoted = "".join(f"\\{each}" if each in '"\\' else each for each in realm)
    return plain(401, "", ("WWW-Authenticate", f'Basic realm="{quoted}", charset="UTF-8"'))


def method_not_allowed(allowed: str) -> Response:
    """Refuse a method. *allowed* is the value of Allow."""
    return plain(405, "", ("Allow", allowed))
