"""What a POP3 server says to errors: one table from store and account errors to answers.

Response codes: RFC 2449, 8; RFC 3206.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.accounts.interfaces import (
    BadCredentials,
    LoginRefused,
    LoginUnavailable,
    MaildropInUse,
    MalformedResponse,
    PlaintextRefused,
    Throttled,
)
from netsuite.connection.close_reason import CloseReason
from netsuite.pop3.commands import Status, err
from netsuite.store.errors import NoSuchMessage, StoreClosed, StoreError

BROKEN: Final = err("Something went wrong here; try again later", "SYS/TEMP")
NO_MESSAGE: Final = err("No such message")
DELETED: Final = err("The message is marked as deleted")
NOT_REMOVED: Final = err("The messages were not removed; try again later", "SYS/TEMP")
NO_TLS: Final = err("TLS is not available")
TLS_ALREADY: Final = err("TLS is in place already")
CANCELLED: Final = err("Cancelled")
NO_MECHANISM: Final = err("No such mechanism here")
ENCRYPT_FIRST: Final = err("Say STLS first: a password may not be sent here", "SYS/PERM")
STOPPING: Final = err("Stopping; try again later", "SYS/TEMP")

ERRORS: Final[Mapping[type[Exception], Status]] = {
    MaildropInUse: err("The maildrop is in use by another session", "IN-USE"),
    BadCredentials: err("Wrong name or password", "AUTH"),
    Throttled: err("Too many wrong guesses; try again later", "SYS/TEMP"),
    PlaintextRefused: ENCRYPT_FIRST,
    MalformedResponse: err("Malformed response", "AUTH"),
    LoginUnavailable: err("Logins are not possible now; try again later", "SYS/TEMP"),
    NoSuchMessage: err("The message is gone"),
    StoreClosed: STOPPING,
    StoreError: BROKEN,
}

#: Before anybody is served. An autologout says nothing (RFC 1939, 3), and a status line that
#: answers no command would be taken for the answer to the next.
GOODBYE: Final[Mapping[CloseReason, Status]] = {
    CloseReason.BUSY: err("Too many connections; try again later", "SYS/TEMP"),
    CloseReason.BUSY_ADDRESS: err("Too many connections from there; try again later", "SYS/TEMP"),
}

#: What ``for_error`` is for; anything else is a bug and is logged as such.
EXPECTED: Final = (LoginRefused, MaildropInUse, StoreError)


def for_error(error: Exception) -> Status:
    """Give the answer for what was refused; never with words of the error itself."""
    for kind in type(error).__mro__:
        if kind in ERRORS:
            return ERRORS[kind]
    return BROKEN
