"""What an NNTP server says to errors: one table from store and account errors to responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.accounts.interfaces import (
    BadCredentials,
    LoginRefused,
    LoginUnavailable,
    MalformedResponse,
    PlaintextRefused,
    Throttled,
)
from netsuite.connection.close_reason import CloseReason
from netsuite.nntp.commands import Status
from netsuite.store.errors import (
    MessageExists,
    NoSuchFolder,
    NoSuchMessage,
    StoreClosed,
    StoreError,
    TooLarge,
)

BROKEN: Final = Status(403, "Something went wrong here; try again later")
STOPPING: Final = Status(400, "Stopping; try again later")

NO_GROUP: Final = Status(411, "No such newsgroup")
NO_GROUP_SELECTED: Final = Status(412, "No newsgroup selected")
NO_CURRENT: Final = Status(420, "Current article number is invalid")
NO_NEXT: Final = Status(421, "No next article in this group")
NO_PREVIOUS: Final = Status(422, "No previous article in this group")
NO_NUMBER: Final = Status(423, "No article with that number")
NO_RANGE: Final = Status(423, "No articles in that range")
NONE_SELECTED: Final = Status(420, "No article selected")
NO_MESSAGE_ID: Final = Status(430, "No article with that Message-ID")

LOG_IN_FIRST: Final = Status(480, "Log in first")
NO_POSTING: Final = Status(440, "Posting is not permitted")
BAD_WILDMAT: Final = Status(501, "Syntax error in the wildmat")
BAD_DATE: Final = Status(501, "There is no such date")
NOT_KEPT: Final = Status(503, "No such information is kept here")

NO_TLS: Final = Status(580, "TLS is not available")
TLS_ALREADY: Final = Status(502, "TLS is in place already")
ENCRYPT_FIRST: Final = Status(483, "Say STARTTLS first: a password may not be sent here")
NO_MECHANISM: Final = Status(503, "No such mechanism here")
CANCELLED: Final = Status(481, "Cancelled")
ACCEPTED: Final = Status(281, "Logged in")

ERRORS: Final[Mapping[type[Exception], Status]] = {
    BadCredentials: Status(481, "Wrong name or password"),
    Throttled: Status(481, "Too many wrong guesses; try again later"),
    PlaintextRefused: ENCRYPT_FIRST,
    MalformedResponse: Status(482, "Malformed response"),
    LoginUnavailable: Status(403, "Logins are not possible now; try again later"),
    NoSuchFolder: NO_GROUP,
    NoSuchMessage: NO_NUMBER,
    StoreClosed: STOPPING,
    StoreError: BROKEN,
}

#: Why an article that came whole is not taken. RFC 3977, 6.3.1: always 441.
POSTING: Final[Mapping[type[Exception], Status]] = {
    MessageExists: Status(441, "There is an article with that Message-ID already"),
    NoSuchFolder: Status(441, "A newsgroup is gone"),
    TooLarge: Status(441, "The article is too large"),
    StoreError: Status(441, "The article could not be stored; try again later"),
}
POSTING_BROKEN: Final = POSTING[StoreError]

#: Unasked, a response would be taken for the answer to the next command; so only those who are not
#: served at all, or are about to lose the connection for what they said, are told why. The timeouts
#: say nothing (RFC 3977, 3.1).
GOODBYE: Final[Mapping[CloseReason, Status]] = {
    CloseReason.BUSY: Status(400, "Too many connections; try again later"),
    CloseReason.BUSY_ADDRESS: Status(400, "Too many connections from there; try again later"),
    CloseReason.SHUTDOWN: STOPPING,
    CloseReason.TOO_MANY_ERRORS: Status(400, "Too many commands were refused"),
    CloseReason.TOO_MUCH_BEFORE_LOGIN: Status(400, "Too much was said without a login"),
}

#: What ``for_error`` is for; anything else is a bug and is logged as such.
EXPECTED: Final = (LoginRefused, StoreError)


def for_error(error: Exception) -> Status:
    """Give the response for what was refused; never with words of the error itself."""
    return _looked_up(ERRORS, error, BROKEN)


def for_posting(error: Exception) -> Status:
    """Give the response for an article that was not stored."""
    return _looked_up(POSTING, error, POSTING_BROKEN)


def _looked_up(
    table: Mapping[type[Exception], Status], error: Exception, otherwise: Status
) -> Status:
    for kind in type(error).__mro__:
        if kind in table:
            return table[kind]
    return otherwise
