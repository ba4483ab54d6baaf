"""Errors of the store and the accounts in IMAP's words: one table each.

See RFC 3501, 7.1; RFC 5530 for the codes; RFC 7889 and RFC 4469 for TOOBIG.
"""

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
from netsuite.imap.commands.responses import Code, Condition, Status
from netsuite.store import errors

#: Store error to code and text. The nearest class of an error's own line of descent counts.
STORE: Final[Mapping[type[errors.StoreError], tuple[str, str]]] = {
    errors.NoSuchFolder: ("NONEXISTENT", "There is no such mailbox"),
    errors.FolderExists: ("ALREADYEXISTS", "A mailbox of that name exists"),
    errors.FolderNotEmpty: ("CANNOT", "The mailbox is not empty"),
    errors.BadFolderName: ("CANNOT", "That cannot be a mailbox's name"),
    errors.NoSuchMessage: ("EXPUNGEISSUED", "Some of the messages no longer exist"),
    errors.NotPermitted: ("NOPERM", "That is not permitted"),
    errors.OverQuota: ("OVERQUOTA", "The quota would be exceeded"),
    errors.TooLarge: ("TOOBIG", "The message is too large"),
    errors.Busy: ("UNAVAILABLE", "Busy; try again later"),
    errors.StorageFull: ("UNAVAILABLE", "Cannot store that now; try again later"),
    errors.StoreClosed: ("UNAVAILABLE", "The server is stopping"),
    errors.StoreError: ("SERVERBUG", "That failed"),
}

#: Login error to status, code and text. Nothing tells whether the account exists.
LOGIN: Final[Mapping[type[LoginRefused], tuple[Status, str | None, str]]] = {
    BadCredentials: (Status.NO, "AUTHENTICATIONFAILED", "Wrong name or password"),
    Throttled: (Status.NO, "UNAVAILABLE", "Too many attempts; try again later"),
    PlaintextRefused: (Status.NO, "PRIVACYREQUIRED", "Begin TLS first"),
    MalformedResponse: (Status.BAD, None, "That is not the mechanism's grammar"),
    LoginUnavailable: (Status.NO, "UNAVAILABLE", "Cannot log you in now; try again later"),
    LoginRefused: (Status.NO, "AUTHENTICATIONFAILED", "Wrong name or password"),
}

#: Why we close, in the words of BYE.
GOODBYES: Final[Mapping[CloseReason, str]] = {
    CloseReason.SHUTDOWN: "The server is stopping",
    CloseReason.IDLE: "Autologout; idle for too long",
    CloseReason.SLOW_GREETING: "Nothing was said in time",
    CloseReason.SLOW_COMMAND: "A command was not ended in time",
    CloseReason.SLOW_BODY: "A message came too slowly",
    CloseReason.SLOW_LOGIN: "Nobody logged in in time",
    CloseReason.TOO_MANY_ERRORS: "Too many bad commands",
    CloseReason.TOO_MUCH_BEFORE_LOGIN: "Too much was said before a login",
    CloseReason.BUSY: "Too many connections; try again later",
    CloseReason.BUSY_ADDRESS: "Too many connections from your address",
}


def store_reply(error: errors.StoreError, *, target: bool = False) -> tuple[Code, str]:
    """Give code and text of a NO.

    Args:
        target: the mailbox was one to put messages into: then TRYCREATE says that there is
            none (RFC 3501, 6.3.11).
    """
    for kind in type(error).__mro__:
        if kind in STORE:
            code, text = STORE[kind]
            break
    if target and code == "NONEXISTENT":
        code = "TRYCREATE"
    return Code(code), text


def login_reply(error: LoginRefused) -> tuple[Status, Code | None, str]:
    """Give status, code and text of a refused login."""
    for kind in type(error).__mro__:
        if kind in LOGIN:
            status, code, text = LOGIN[kind]
            break
    return status, None if code is None else Code(code), text


def goodbye(cause: CloseReason) -> Condition:
    """Give the BYE that says why."""
    busy = cause in (CloseReason.BUSY, CloseReason.BUSY_ADDRESS, CloseReason.SHUTDOWN)
    return Condition(
        Status.BYE, GOODBYES.get(cause, "Goodbye"), Code("UNAVAILABLE") if busy else None
    )
