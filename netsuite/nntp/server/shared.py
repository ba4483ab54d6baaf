"""The state that all sessions of one NNTP service share."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from netsuite.accounts.interfaces import Authenticator, Newsroom
from netsuite.connection.server import ServerShared
from netsuite.nntp.settings import Settings

#: Random octets of a Message-ID that we make: enough that none comes twice.
UNIQUE_OCTETS: Final = 12


def unique_word() -> str:
    """Return a word never given before."""
    return secrets.token_hex(UNIQUE_OCTETS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(ServerShared):
    """One object for all sessions; ``host`` stands in Xref too, so it is the path identity of the
    posting policy.

    Args:
        unique: returns a word that it never gave before, for Message-IDs: letters and digits.
    """

    newsroom: Newsroom
    authenticator: Authenticator
    service: str = "nntp"
    settings: Settings = field(default_factory=Settings)
    unique: Callable[[], str] = unique_word
