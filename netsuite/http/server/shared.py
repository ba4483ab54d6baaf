"""The state that all sessions of one HTTP service share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from twisted.internet.interfaces import IReactorTime

from netsuite.accounts.interfaces import Authenticator
from netsuite.connection.linelog import Line, fit
from netsuite.connection.peer import Peer
from netsuite.connection.server import ServerShared
from netsuite.http.commands import Request
from netsuite.http.exchange import Exchange
from netsuite.http.router import Router
from netsuite.http.settings import Settings
from netsuite.wire.dates import format_http_date, now


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


def format_line(
    when: str, address: str, account: str, request: Request | None, status: int, octets: int
) -> str:
    """Return a line of the access log, in the combined format.

    Args:
        when: as ``format_log_date`` gives it.
        address: the peer's; empty for a local socket.
        account: who had logged in; empty for nobody.
        request: None where it could not be read.
        status: of the answer; 499 where the client left before it was complete.
        octets: of the answer's body.
    """
    if request is None:
        asked = referer = agent = "-"
    else:
        asked = fit(f"{request.method} {request.target} HTTP/1.{request.minor}")
        referer = fit(request.fields.get("referer")) or "-"
        agent = fit(request.fields.get("user-agent")) or "-"
    user = fit(account).replace(" ", "\\x20") or "-"
    return (
        f"{address or '-'} - {user} [{when}] "
        f'"{asked}" {status} {octets or "-"} "{referer}" "{agent}"\n'
    )


def line_fields(
    address: str, account: str, request: Request | None, status: int, octets: int
) -> Mapping[str, object]:
    """Return the same for a line in JSON."""
    asked = (
        {}
        if request is None
        else {
            "method": request.method,
            "target": request.target,
            "host": request.host,
            "referer": request.fields.get("referer"),
            "agent": request.fields.get("user-agent"),
        }
    )
    return {"peer": address, "account": account, **asked, "status": status, "octets": octets}


LINE: Final = Line(format_line, line_fields)


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
    now: Callable[[], datetime] = now
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
        self.line_log.add(LINE, peer.address, account, head, status, octets)
