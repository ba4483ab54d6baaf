"""The state that all sessions of one HTTP service share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from twisted.internet.interfaces import IReactorTime

from netsuite.accounts.interfaces import Authenticator
from netsuite.connection.peer import Peer
from netsuite.connection.server import ServerShared
from netsuite.http.access import format_line
from netsuite.http.exchange import Exchange
from netsuite.http.router import Router
from netsuite.http.settings import Settings
from netsuite.wire.dates import format_http_date


class StandingFields:
    """The field lines that every response carries, Date and Server; made once a second.

    Args:
        clock: for that second.
        now: the time, with its zone.
        software: what Server says; empty for no such field.
    """

    __slots__ = ("_clock", "_lines", "_now", "_software", "_until")

    def __init__(self, clock: IReactorTime, now: Callable[[], datetime], software: str) -> None:
        self._clock = clock
        self._now = now
        self._software = software
        self._lines = ""
        self._until = float("-inf")

    def lines(self) -> str:
        """Return them, with their line ends."""
        seconds = self._clock.seconds()
        if seconds >= self._until:
            now = self._now()
            self._until = seconds + 1.0 - now.microsecond / 1e6
            self._lines = f"Date: {format_http_date(now).decode()}\r\n"
            if self._software:
                self._lines += f"Server: {self._software}\r\n"
        return self._lines


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(ServerShared):
    """One object for all connections. What *software* names stands in Server; empty for no such
    field. *host* is the realm of logins.

    Args:
        authenticator: where accounts log in.
        router: finds who answers.
        now: the time, with its zone.
    """

    authenticator: Authenticator
    router: Router
    service: str = "http"
    settings: Settings = field(default_factory=Settings)
    now: Callable[[], datetime] = _now
    standing: StandingFields = field(init=False)

    def __post_init__(self) -> None:
        standing = StandingFields(self.clock, self.now, self.software)
        object.__setattr__(self, "standing", standing)

    def log_access(self, peer: Peer, exchange: Exchange | None, status: int, octets: int) -> None:
        """Note a request that has been answered, or never will be.

        Args:
            peer: who asked.
            exchange: None where the request could not be read.
            status: of the response.
            octets: of its body.
        """
        if self.line_log is None:
            return
        account, head = ("", None) if exchange is None else (exchange.account, exchange.head)
        self.line_log.add(format_line, peer.address, account, head, status, octets)
