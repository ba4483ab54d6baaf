"""The state that all sessions of one FTP service share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import SystemRandom
from typing import Any

from netsuite.accounts.interfaces import Authenticator, FileAccess
from netsuite.connection.server import ServerShared
from netsuite.connection.session_group import SessionGroupsTLS
from netsuite.ftp.settings import Settings
from netsuite.ftp.transfer.channel import Ports
from netsuite.wire.dates import now


def _shuffled(numbers: range) -> list[int]:
    shuffled: list[int] = SystemRandom().sample(numbers, len(numbers))
    return shuffled


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(ServerShared):
    """One object for all sessions.

    Args:
        authenticator: where accounts log in.
        anonymous: returns the files of who does not log in; None where nobody may, as where the
            settings do not let them.
        reactor: listens for data connections and makes them.
        now: the time, for listings.
        shuffled: returns the numbers of a range in an order that nobody can guess.
        tls: what AUTH TLS is begun with, and data connections with it.
    """

    authenticator: Authenticator
    anonymous: Callable[[], FileAccess] | None
    reactor: Any  # Twisted's interfaces do not say all in one that listening and connecting wants
    service: str = "ftp"
    settings: Settings = field(default_factory=Settings)
    now: Callable[[], datetime] = now
    shuffled: Callable[[range], list[int]] = _shuffled
    tls: SessionGroupsTLS | None = None
    ports: Ports = field(init=False)

    def __post_init__(self) -> None:
        ports = Ports(self.reactor, self.settings.passive_range, self.shuffled)
        object.__setattr__(self, "ports", ports)
        if not self.settings.anonymous:
            object.__setattr__(self, "anonymous", None)
