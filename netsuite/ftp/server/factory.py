"""What makes the connections of one FTP service, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from netsuite.accounts.interfaces import Authenticator, FileAccess
from netsuite.connection.factory import ServerFactory
from netsuite.connection.linelog import LineLog
from netsuite.connection.session_group import FamiliesTLS
from netsuite.connection.settings import Limits, Timeouts
from netsuite.ftp.server.connection import FTPServer
from netsuite.ftp.settings import Settings
from netsuite.ftp.transfer.channel import Ports
from netsuite.tls import ServerTLS


class FTPServerFactory(ServerFactory):
    """Makes the connections of one FTP service.

    Args:
        settings: of the service.
        authenticator: where accounts log in.
        anonymous: gives the files of who does not log in; None where nobody may.
        reactor: listens for data connections and makes them, and is the clock.
        now: gives the time, for listings.
        shuffled: gives the numbers of a range in an order that nobody can guess.
        timeouts: how long a peer may take on the control connection.
        limits: how much it may.
        tls: what AUTH TLS is begun with; None where there is no TLS.
        transcript: makes a connection's transcript from its name.
        transfer_log: of lines as ``transferlog.format_line`` gives them; None for none.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        authenticator: Authenticator,
        anonymous: Callable[[], FileAccess] | None,
        reactor: Any,
        now: Callable[[], datetime],
        shuffled: Callable[[range], list[int]],
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        tls: ServerTLS | None = None,
        transcript: Callable[[str], Any] | None = None,
        transfer_log: LineLog | None = None,
    ) -> None:
        self.families = None if tls is None else FamiliesTLS(tls)
        super().__init__(
            lambda factory, name: FTPServer(self, name),
            reactor,
            name="ftp",
            timeouts=timeouts,
            limits=limits,
            tls=self.families,
            transcript=transcript,
            line_log=transfer_log,
        )
        self.settings = settings
        self.authenticator = authenticator
        self.anonymous = anonymous if settings.anonymous else None
        self.reactor = reactor
        self.now = now
        self.ports = Ports(reactor, settings.passive_ports, shuffled)
