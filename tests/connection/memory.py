"""Sessions with a server alone, on a transport in memory."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from twisted.internet.interfaces import IProtocolFactory

from netsuite.connection.deadlines import CloseReason
from netsuite.connection.server import ServerConnection
from netsuite.testing.transport import MemoryTransport

S = TypeVar("S", bound=ServerConnection[Any, Any])


class MemorySession(Generic[S]):
    """One server session: ``say`` octets, get the answer's octets."""

    server: S

    def open(
        self,
        factory: IProtocolFactory,
        kind: type[S],
        *,
        address: str = "192.0.2.9",
        turned_away: CloseReason | None = None,
    ) -> None:
        """Connect.

        Args:
            kind: of the factory's connections.
            turned_away: why it is, if it is.
        """
        self.transport = MemoryTransport(address)
        server: object = factory.buildProtocol(self.transport.getPeer())
        assert isinstance(server, kind)
        self.server = server
        server.turned_away = turned_away
        server.makeConnection(self.transport)
        self.greeting = self.transport.said()

    def say(self, octets: bytes) -> bytes:
        self.server.dataReceived(octets)
        return self.transport.said()

    @property
    def closed(self) -> bool:
        return self.transport.closed
