"""Makes the connections of one NNTP service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReactorTime

from netsuite.accounts.interfaces import Authenticator, Newsroom
from netsuite.connection.factory import ServerFactory
from netsuite.connection.settings import Limits, Timeouts
from netsuite.nntp.server.session import NNTPServer
from netsuite.nntp.settings import Settings


class NNTPServerFactory(ServerFactory):
    """Makes the connections of one NNTP service.

    Args:
        settings: of the service.
        room: the newsgroups.
        authenticator: where accounts log in.
        clock: for all timeouts, and for dates.
        unique: gives a word that it never gave before, for Message-IDs: letters and digits.
        timeouts: how long a peer may take; RFC 3977, 3.1 wants three minutes at least when idle.
        limits: how much it may.
        tls: what STARTTLS is begun with; None where there is no TLS.
        transcript: makes a connection's transcript from its name.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        room: Newsroom,
        authenticator: Authenticator,
        clock: IReactorTime,
        unique: Callable[[], str],
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        tls: Any = None,
        transcript: Callable[[str], Any] | None = None,
    ) -> None:
        super().__init__(
            lambda factory, name: NNTPServer(self, name),
            clock,
            name="nntp",
            timeouts=timeouts or Timeouts(idle_seconds=600.0),
            limits=limits,
            tls=tls,
            transcript=transcript,
        )
        self.settings = settings
        self.room = room
        self.authenticator = authenticator
        self.unique = unique
