"""The state that all connections of one service share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IReactorTime

from netsuite.connection.linelog import LineLog
from netsuite.connection.settings import ServiceSettings
from netsuite.connection.transcript import Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerShared:
    """One object for all connections of a service; protocols add their own to it.

    Args:
        clock: for every timeout.
        service: its name, in the log and where an account's services are told apart.
        settings: as its table of the configuration has them.
        host: the name it goes by.
        software: what its greeting calls it.
        tls: what STARTTLS is begun with; None where there is no TLS.
        transcript: makes a connection's transcript from its name; None for none.
        line_log: what a connection notes of each event it has answered; None for none.
    """

    clock: IReactorTime
    service: str = ""
    settings: ServiceSettings = field(default_factory=ServiceSettings)
    host: str = "localhost"
    software: str = "netsuite"
    tls: IOpenSSLServerConnectionCreator | None = None
    transcript: Callable[[str], Transcript] | None = None
    line_log: LineLog | None = None
