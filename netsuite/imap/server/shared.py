"""The state that all sessions of one IMAP service share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from netsuite.accounts.interfaces import Authenticator
from netsuite.connection.server import ServerShared
from netsuite.imap.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(ServerShared):
    """One object for all sessions.

    Args:
        authenticator: where accounts log in.
        now: what OLDER and YOUNGER count from.
        version: what ID says of the software; empty for nothing.
    """

    authenticator: Authenticator
    service: str = "imap"
    settings: Settings = field(default_factory=Settings)
    version: str = ""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
