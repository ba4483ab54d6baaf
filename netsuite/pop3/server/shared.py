"""The state that all sessions of one POP3 service share."""

from __future__ import annotations

from dataclasses import dataclass, field

from netsuite.accounts.interfaces import Authenticator
from netsuite.connection.server import ServerShared
from netsuite.pop3.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(ServerShared):
    """One object for all sessions, with where accounts log in."""

    authenticator: Authenticator
    service: str = "pop3"
    settings: Settings = field(default_factory=Settings)
