"""Makes IMAP connections, and closes them when the service stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReactorTime

from netsuite.accounts.interfaces import Authenticator
from netsuite.connection.factory import ServerFactory
from netsuite.connection.settings import Limits, Timeouts
from netsuite.imap.server.connection import IMAPServer
from netsuite.imap.settings import Settings


class IMAPServerFactory(ServerFactory):
    """Makes the connections of one IMAP service.

    Args:
        authenticator: where users log in.
        clock: for every timeout.
        settings: for connections to come; may be replaced at any time.
        tls: what STARTTLS is begun with; None where there is no TLS.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        clock: IReactorTime,
        *,
        settings: Settings | None = None,
        tls: Any = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        transcript: Callable[[str], Any] | None = None,
    ) -> None:
        super().__init__(
            self._connect,
            clock,
            name="imap",
            timeouts=timeouts,
            limits=limits,
            tls=tls,
            transcript=transcript,
        )
        self.authenticator = authenticator
        self.settings = settings or Settings()

    def _connect(self, factory: ServerFactory, name: str) -> IMAPServer:
        return IMAPServer(
            self.authenticator,
            self.clock,
            settings=self.settings,
            tls=self.tls,
            timeouts=self.timeouts,
            limits=self.limits,
            name=name,
        )
