"""The state that all sessions of one ManageSieve service share."""

from __future__ import annotations

from dataclasses import dataclass, field

from netsuite.accounts.interfaces import Authenticator
from netsuite.connection.server import ServerShared
from netsuite.managesieve.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(ServerShared):
    """One object for all sessions, with where accounts log in."""

    authenticator: Authenticator
    service: str = "managesieve"
    settings: Settings = field(default_factory=Settings)
