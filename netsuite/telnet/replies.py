"""Text for a terminal: what the store and the authenticator refuse, why connections end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.accounts.interfaces import LoginRefused, LoginUnavailable, Throttled
from netsuite.connection.deadlines import CloseReason
from netsuite.store import errors
from netsuite.wire.errors import ErrorTable

_LATER: Final = "That cannot be done just now; try again later."

BROKEN: Final = "Something went wrong here; try again later."

_TEXTS: Final[ErrorTable[str]] = ErrorTable(
    {
        errors.NoSuchFile: "There is no such file or directory.",
        errors.BadFileName: "There is no such file or directory.",
        errors.IsADirectory: "That is a directory.",
        errors.NotADirectory: "That is not a directory.",
        errors.NoSuchFolder: "There is no such folder or group.",
        errors.BadFolderName: "There is no such folder or group.",
        errors.NoSuchMessage: "That message is not there, or not any more.",
        errors.MessageExists: "That article is there already.",
        errors.NotPermitted: "You may not do that.",
        errors.OverQuota: "There is no room left for that.",
        errors.TooLarge: "That is too large.",
        errors.Locked: "Somebody has locked it; try again later.",
        errors.StoreError: _LATER,
        # Nothing tells who has an account.
        LoginRefused: "Login incorrect.",
        Throttled: "Too many wrong guesses; try again later.",
        LoginUnavailable: "Logins are not possible just now; try again later.",
    }
)

GOODBYE: Final[Mapping[CloseReason, str]] = {
    CloseReason.SHUTDOWN: "The server is stopping. Goodbye.",
    CloseReason.KICKED: "An administrator has ended the session. Goodbye.",
    CloseReason.REVOKED: "Your login is not valid any more. Goodbye.",
    CloseReason.IDLE: "You have said nothing for long. Goodbye.",
    CloseReason.SLOW_COMMAND: "What was begun was not ended. Goodbye.",
    CloseReason.SLOW_LOGIN: "Nobody has logged in. Goodbye.",
    CloseReason.TOO_MANY_ERRORS: "That was too much that cannot be understood. Goodbye.",
    CloseReason.TOO_MUCH_BEFORE_LOGIN: "That is too much before a login. Goodbye.",
    CloseReason.BUSY: "Too many are being served; try again later.",
    CloseReason.BUSY_ADDRESS: "Too many connections from your address; try again later.",
}


def text_for(error: errors.StoreError | LoginRefused) -> str:
    """Return what to say of an error."""
    return _TEXTS.find(error) or BROKEN
