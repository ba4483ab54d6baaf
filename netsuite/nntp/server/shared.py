"""The state that all sessions of one NNTP service share."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from netsuite.accounts.interfaces import Authenticator, Newsroom
from netsuite.connection.server import ServerShared
from netsuite.nntp.settings import Settings
from netsuite.wire.dates import now

#: Returns a word of random octets, so many that none comes twice.
unique_word: Final = partial(secrets.token_hex, 12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(ServerShared):
    """One object for all sessions; ``host`` stands in Xref too, so it is the path identity of the
    posting policy.

    Args:
        now: returns the time of day, in UTC.
        unique: returns a word that it never gave before, for Message-IDs: letters and digits.
    """

    newsroom: Newsroom
    authenticator: Authenticator
    service: str = "nntp"
    settings: Settings = field(default_factory=Settings)
    now: Callable[[], datetime] = now
    unique: Callable[[], str] = unique_word
