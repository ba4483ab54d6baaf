"""The machines of both sides, without I/O: whose turn it is, and what may be said now."""

from netsuite.imap.dialog.events import (
    AuthenticateCancelled,
    AuthenticateResponse,
    Bounds,
    IdleDone,
    ServerEvent,
    ServerSaid,
    WantsLiteral,
)
from netsuite.imap.dialog.rules import RULES, TRANSITIONS, Rule, State, rule_of
from netsuite.imap.dialog.server import ServerDialog

__all__ = [
    "RULES",
    "TRANSITIONS",
    "AuthenticateCancelled",
    "AuthenticateResponse",
    "Bounds",
    "IdleDone",
    "Rule",
    "ServerDialog",
    "ServerEvent",
    "ServerSaid",
    "State",
    "WantsLiteral",
    "rule_of",
]
