"""Replies of a POP3 server to errors of the store and the accounts.

Response codes: RFC 2449, 8; RFC 3206.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.accounts import interfaces as accounts
from netsuite.connection.deadlines import CloseReason
from netsuite.pop3.commands import Status, err
from netsuite.pop3.dialog import ServerSaid
from netsuite.store.errors import NoSuchMessage, StoreClosed, StoreError
from netsuite.wire.errors import ErrorTable

BROKEN: Final = err("Something went wrong here; try again later", "SYS/TEMP")
NO_MESSAGE: Final = err("No such message")
DELETED: Final = err("The message is marked as deleted")
NOT_REMOVED: Final = err("The messages were not removed; try again later", "SYS/TEMP")
NO_TLS: Final = err("TLS is not available")
TLS_ALREADY: Final = err("TLS is in place already")
ENCRYPT_FIRST: Final = err("Say STLS first: a password may not be sent here", "SYS/PERM")
TLS_FIRST: Final = err("STLS comes before UTF8")
NO_LANGUAGE: Final = err("en There are no texts in that language")
STOPPING: Final = err("Stopping; try again later", "SYS/TEMP")

ERRORS: Final[ErrorTable[ServerSaid]] = ErrorTable(
    {
        accounts.MaildropInUse: err("The maildrop is in use by another session", "IN-USE"),
        accounts.OpenedLately: err("You have logged in just now; come back later", "LOGIN-DELAY"),
        accounts.BadCredentials: err("Wrong name or password", "AUTH"),
        accounts.Throttled: err("Too many wrong guesses; try again later", "SYS/TEMP"),
        accounts.PlaintextRefused: ENCRYPT_FIRST,
        accounts.MalformedResponse: err("Malformed response", "AUTH"),
        accounts.LoginCancelled: err("Cancelled"),
        accounts.MechanismNotOffered: err("No such mechanism here"),
        accounts.LoginUnavailable: err("Logins are not possible now; try again later", "SYS/TEMP"),
        NoSuchMessage: err("The message is gone"),
        StoreClosed: STOPPING,
        StoreError: BROKEN,
    },
    counted=accounts.COUNTED_REFUSALS,
)

#: Before anybody is served. An autologout says nothing (RFC 1939, 3), and a status line that
#: answers no command would be taken for the answer to the next.
GOODBYE: Final[Mapping[CloseReason, Status]] = {
    CloseReason.BUSY: err("Too many connections; try again later", "SYS/TEMP"),
    CloseReason.BUSY_ADDRESS: err("Too many connections from there; try again later", "SYS/TEMP"),
}
