"""Replies of an IMAP server to errors of the store and the accounts.

See RFC 3501, 7.1; RFC 5530 for the codes; RFC 7889 and RFC 4469 for TOOBIG.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.accounts.interfaces import (
    COUNTED_REFUSALS,
    BadCredentials,
    LoginCancelled,
    LoginRefused,
    LoginUnavailable,
    MalformedResponse,
    MechanismNotOffered,
    PlaintextRefused,
    Throttled,
)
from netsuite.connection.deadlines import CloseReason
from netsuite.imap.commands.responses import Code, Condition, Status, bad, no
from netsuite.imap.dialog.events import ServerSaid
from netsuite.store import errors
from netsuite.wire.errors import ErrorTable

BROKEN: Final = no("Something went wrong here", Code("SERVERBUG"))
READ_ONLY: Final = no("The mailbox is open for reading only")
MAILBOX_GONE: Final = no("The mailbox is gone", Code("NONEXISTENT"))
EXPUNGED: Final = no("Some of the messages no longer exist", Code("EXPUNGEISSUED"))
UID_REQUIRED: Final = bad("Messages go by UID alone", Code("UIDREQUIRED"))
UNKNOWN_CTE: Final = no("A transfer encoding is not known here", Code("UNKNOWN-CTE"))
QRESYNC_FIRST: Final = bad("Enable QRESYNC first")
NO_TLS: Final = bad("There is no TLS here")
TLS_ALREADY: Final = bad("TLS is in place")
LOGIN_DISABLED: Final = no("LOGIN is disabled; begin TLS first", Code("PRIVACYREQUIRED"))
DELETED: Final = Condition(Status.BYE, "The selected mailbox was deleted")

# Of a refused login nothing tells whether the account exists.
_WRONG: Final = no("Wrong name or password", Code("AUTHENTICATIONFAILED"))

ERRORS: Final[ErrorTable[ServerSaid]] = ErrorTable(
    {
        errors.NoSuchFolder: no("There is no such mailbox", Code("NONEXISTENT")),
        errors.FolderExists: no("A mailbox of that name exists", Code("ALREADYEXISTS")),
        errors.BadFolderName: no("That cannot be a mailbox's name", Code("CANNOT")),
        errors.OnlyFoldersBelow: no("There are mailboxes below it", Code("HASCHILDREN")),
        errors.NoSuchMessage: EXPUNGED,
        errors.NotPermitted: no("That is not permitted", Code("NOPERM")),
        errors.OverQuota: no("The quota would be exceeded", Code("OVERQUOTA")),
        errors.TooLarge: no("The message is too large", Code("TOOBIG")),
        errors.Busy: no("Busy; try again later", Code("UNAVAILABLE")),
        errors.StorageFull: no("Cannot store that now; try again later", Code("UNAVAILABLE")),
        errors.StoreClosed: no("The server is stopping", Code("UNAVAILABLE")),
        errors.StoreError: no("That failed", Code("SERVERBUG")),
        BadCredentials: _WRONG,
        Throttled: no("Too many attempts; try again later", Code("UNAVAILABLE")),
        PlaintextRefused: no("Begin TLS first", Code("PRIVACYREQUIRED")),
        MalformedResponse: bad("That is not the mechanism's grammar"),
        MechanismNotOffered: no("That mechanism is not offered here", Code("CANNOT")),
        LoginCancelled: bad("Cancelled"),
        LoginUnavailable: no("Cannot log you in now; try again later", Code("UNAVAILABLE")),
        LoginRefused: _WRONG,
    },
    counted=COUNTED_REFUSALS,
)

#: Where messages were to be put into the mailbox that does not exist (RFC 3501, 6.3.11).
TARGET_ERRORS: Final[ErrorTable[ServerSaid]] = ErrorTable(
    {
        **ERRORS.replies,
        errors.NoSuchFolder: no("There is no such mailbox", Code("TRYCREATE")),
    }
)

_AGAIN_LATER: Final = Code("UNAVAILABLE")
#: Why we close.
GOODBYE: Final[Mapping[CloseReason, Condition]] = {
    reason: Condition(Status.BYE, text, code)
    for reason, text, code in (
        (CloseReason.SHUTDOWN, "The server is stopping", _AGAIN_LATER),
        (CloseReason.KICKED, "An administrator has ended the session", None),
        (CloseReason.REVOKED, "The login is not valid any more", Code("AUTHORIZATIONFAILED")),
        (CloseReason.IDLE, "Autologout; idle for too long", None),
        (CloseReason.SLOW_GREETING, "Nothing was said in time", None),
        (CloseReason.SLOW_COMMAND, "A command was not ended in time", None),
        (CloseReason.SLOW_BODY, "A message came too slowly", None),
        (CloseReason.SLOW_LOGIN, "Nobody logged in in time", None),
        (CloseReason.TOO_MANY_ERRORS, "Too many bad commands", None),
        (CloseReason.TOO_MUCH_BEFORE_LOGIN, "Too much was said before a login", None),
        (CloseReason.BUSY, "Too many connections; try again later", _AGAIN_LATER),
        (CloseReason.BUSY_ADDRESS, "Too many connections from your address", _AGAIN_LATER),
    )
}
#: For any other reason.
PLAIN_GOODBYE: Final = Condition(Status.BYE, "Goodbye")
