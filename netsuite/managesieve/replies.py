"""Responses of a ManageSieve server to errors of scripts, of the store and of the accounts.

Response codes: RFC 5804, 1.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.accounts import interfaces as accounts
from netsuite.connection.deadlines import CloseReason
from netsuite.managesieve.commands import Response, bye, no
from netsuite.managesieve.dialog import ServerSaid
from netsuite.managesieve.grammar import TOO_LARGE
from netsuite.store import errors
from netsuite.wire.errors import ErrorTable

BROKEN: Final = no("Something went wrong here; try again later", "TRYLATER")
NO_TLS: Final = no("TLS is not available")
TLS_ALREADY: Final = no("TLS is in place already")
ENCRYPT_FIRST: Final = no("Say STARTTLS first: a password may not be sent here", "ENCRYPT-NEEDED")
STOPPING: Final = bye("Stopping; try again later", "TRYLATER")
TOO_MANY: Final = no("There are as many scripts as there may be", "QUOTA/MAXSCRIPTS")
#: Warnings of a script that are told.
WARNINGS_TOLD: Final = 20

ERRORS: Final[ErrorTable[ServerSaid]] = ErrorTable(
    {
        accounts.BadCredentials: no("Wrong name or password"),
        accounts.Throttled: no("Too many wrong guesses; try again later", "TRYLATER"),
        accounts.PlaintextRefused: ENCRYPT_FIRST,
        accounts.MalformedResponse: no("Malformed response"),
        accounts.LoginCancelled: no("Cancelled"),
        accounts.MechanismNotOffered: no("No such mechanism here"),
        accounts.LoginUnavailable: no("Logins are not possible now; try again later", "TRYLATER"),
        errors.NoSuchScript: no("There is no such script", "NONEXISTENT"),
        errors.ScriptExists: no("There is a script of that name already", "ALREADYEXISTS"),
        errors.ScriptActive: no("The active script cannot be removed", "ACTIVE"),
        errors.OverQuota: TOO_MANY,
        errors.TooLarge: TOO_LARGE,
        errors.StorageFull: no("There is no room now; try again later", "TRYLATER"),
        errors.StoreError: BROKEN,
    },
    counted=accounts.COUNTED_REFUSALS,
)

GOODBYE: Final[Mapping[CloseReason, Response]] = {
    CloseReason.SHUTDOWN: STOPPING,
    CloseReason.KICKED: bye("An administrator has ended the session"),
    CloseReason.REVOKED: bye("The login is not valid any more"),
    CloseReason.IDLE: bye("No command for too long"),
    CloseReason.SLOW_GREETING: bye("No command in time"),
    CloseReason.SLOW_COMMAND: bye("The command came too slowly"),
    CloseReason.SLOW_LOGIN: bye("Nobody logged in in time"),
    CloseReason.TOO_MANY_ERRORS: bye("Too many errors"),
    CloseReason.TOO_MUCH_BEFORE_LOGIN: bye("Too much without a login"),
    CloseReason.BUSY: bye("Too many connections; try again later", "TRYLATER"),
    CloseReason.BUSY_ADDRESS: bye("Too many connections from there; try again later", "TRYLATER"),
}
