"""The state that all sessions of one FTP service share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import SystemRandom
from typing import Any

from twisted.internet.defer import execute

from netsuite.accounts.interfaces import Authenticator, FileAccess
from netsuite.connection.server import ServerShared
from netsuite.connection.session_group import SessionGroupsTLS
from netsuite.ftp.paths import TreePath
from netsuite.ftp.server.turns import HashingTurns
from netsuite.ftp.settings import Settings
from netsuite.ftp.transfer.channel import Ports
from netsuite.ftp.transfer.rates import Rates
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
        hosts: names that HOST may say beside our own (RFC 7151), in lower case, and the directory
            of the public site that who does not log in sees there.
        run: calls a function elsewhere than on the reactor's thread; it takes milliseconds.
        hashing: whose turn it is to have a file hashed.
        rates: what limits of bandwidth have let pass.
        who: returns lines of who is connected to all processes, of one account's sessions or with
            an empty name of everybody's; None where there is but this process.
    """

    authenticator: Authenticator
    anonymous: Callable[[], FileAccess] | None
    reactor: Any  # Twisted's interfaces do not say all in one that listening and connecting wants
    service: str = "ftp"
    settings: Settings = field(default_factory=Settings)
    now: Callable[[], datetime] = now
    shuffled: Callable[[range], list[int]] = _shuffled
    tls: SessionGroupsTLS | None = None
    hosts: Mapping[str, TreePath] = field(default_factory=dict)
    run: Callable[..., Awaitable[Any]] = execute
    hashing: HashingTurns = field(default_factory=HashingTurns)
    rates: Rates = field(default_factory=Rates)
    who: Callable[[str], Awaitable[Sequence[str]]] | None = None
    ports: Ports = field(init=False)

    def __post_init__(self) -> None:
        ports = Ports(self.reactor, self.settings.passive_range, self.shuffled)
        object.__setattr__(self, "ports", ports)
        if not self.settings.anonymous:
            object.__setattr__(self, "anonymous", None)
