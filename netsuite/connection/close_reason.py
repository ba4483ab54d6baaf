"""Reasons for which a server ends a connection, in no protocol's words."""

from __future__ import annotations

import enum


class CloseReason(enum.Enum):
    """What ``goodbye`` puts into its protocol's words; the value is for the log."""

    SHUTDOWN = "the service stops"
    IDLE = "no command for too long"
    SLOW_HANDSHAKE = "no TLS in time"
    SLOW_GREETING = "no first command in time"
    SLOW_COMMAND = "a command was begun and not ended"
    SLOW_BODY = "a body came too slowly"
    SLOW_LOGIN = "nobody logged in in time"
    TOO_MANY_ERRORS = "too many bad commands"
    TOO_MUCH_BEFORE_LOGIN = "too much before a login"
    BUSY = "too many connections"
    BUSY_ADDRESS = "too many connections from there"
    STALLED = "what was said was not read"
