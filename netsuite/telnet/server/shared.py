"""The state that all sessions of one Telnet service share."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from netsuite.accounts.interfaces import Authenticator
from netsuite.connection.server import ServerShared
from netsuite.telnet.settings import Settings
from netsuite.telnet.shell.table import CommandTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(ServerShared):
    """One object for all sessions.

    Args:
        authenticator: where users log in, for the facet ``ShellAccess``.
        domain: of the addresses that articles are posted from.
        now: returns the time of day.
        unique: returns octets that nobody else is given; for Message-IDs.
        commands: those of the shell.
    """

    authenticator: Authenticator
    domain: str = "localhost"
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    unique: Callable[[], bytes] = lambda: os.urandom(12)
    commands: CommandTable = field(default_factory=CommandTable)
    service: str = "telnet"
    settings: Settings = field(default_factory=Settings)
