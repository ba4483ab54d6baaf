"""Two transports in memory, joined: what one side writes the other reads when told to."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.testing.transport import MemoryTransport


class End(MemoryTransport):
    """One end of a link."""

    other: End

    def __init__(self) -> None:
        super().__init__()
        self.hostAddr = self.peerAddr = IPv4Address("TCP", "127.0.0.1", 4000)
        self.gone = False

    def write(self, data: bytes) -> None:
        if not self.gone:
            super().write(data)

    def lose(self) -> None:
        if not self.gone:
            self.gone = True
            self.protocol.connectionLost(Failure(ConnectionDone()))


class Link:
    """A client's and a server's transport."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.client, self.server = End(), End()
        self.client.other, self.server.other = self.server, self.client
        self.octets = {id(self.client): b"", id(self.server): b""}

    def settle(self) -> None:
        """Carry octets, and let the clock's next turns run, until nothing moves."""
        for _ in range(200):
            self.clock.advance(0)
            moved = False
            for end in (self.client, self.server):
                octets = end.value()
                end.clear()
                if octets and not end.other.gone:
                    self.octets[id(end)] += octets
                    moved = True
                    end.other.protocol.dataReceived(octets)
                ending = end.disconnecting or end.disconnected
                if ending and not end.gone and not end.value():
                    moved = True
                    end.lose()
                    end.other.lose()
            if not moved and not [c for c in self.clock.calls if c.time <= self.clock.seconds()]:
                return
        raise AssertionError("it never settles")


@implementer(IStreamClientEndpoint)
class MemoryEndpoint:
    """Connects a client's factory to a server's factory over a link."""

    def __init__(self, factory: Any, clock: Clock) -> None:
        self.factory = factory
        self.link = Link(clock)

    def connect(self, factory: Any) -> Deferred[Any]:
        address = self.link.client.peerAddr
        client, server = factory.buildProtocol(address), self.factory.buildProtocol(address)
        self.link.client.protocol, self.link.server.protocol = client, server
        server.makeConnection(self.link.server)
        client.makeConnection(self.link.client)
        return succeed(client)
