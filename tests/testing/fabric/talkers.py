"""Protocols for trying transports: they note what happens to them."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import ClientFactory, Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.connection.peer import where
from netsuite.testing.fabric import Fabric
from netsuite.testing.fabric.transport import End


class Talker(Protocol):
    """Keeps what comes, piece by piece, and what it was told."""

    transport: End

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.told: list[str] = []
        self.ended: Deferred[str] = Deferred()

    @property
    def heard(self) -> bytes:
        return b"".join(self.pieces)

    def dataReceived(self, data: bytes) -> None:
        self.pieces.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.told.append(type(reason.value).__name__)
        self.ended.callback(self.told[-1])


@implementer(IHalfCloseableProtocol)
class HalfTalker(Talker):
    """Goes on when one half is closed."""

    def readConnectionLost(self) -> None:
        self.told.append("read")

    def writeConnectionLost(self) -> None:
        self.told.append("write")


class Talkers(Factory):
    """Makes them, and keeps them."""

    noisy = False

    def __init__(self, kind: type[Talker] = Talker) -> None:
        self.kind = kind
        self.made: list[Talker] = []

    def buildProtocol(self, addr: object) -> Talker:
        self.made.append(self.kind())
        return self.made[-1]


class Line:
    """A client and a server that talk over a fabric."""

    def __init__(
        self, fabric: Fabric, client: type[Talker] = Talker, server: type[Talker] = Talker
    ) -> None:
        self.fabric = fabric
        self.servers = Talkers(server)
        self.port = fabric.listenTCP(0, self.servers)
        _, self.number, _ = where(self.port.getHost())
        clients = Talkers(client)
        fabric.run(self.endpoint().connect(clients))
        fabric.settle()
        self.client = clients.made[0]
        self.server = self.servers.made[0]

    def endpoint(self) -> TCP4ClientEndpoint:
        return TCP4ClientEndpoint(self.fabric, "127.0.0.1", self.number)


class Client(ClientFactory):
    """Connects a talker, and notes what becomes of it."""

    noisy = False

    def __init__(self, talker: Talker | None = None) -> None:
        self.talker = talker
        self.told: list[str] = []

    def doStart(self) -> None:
        self.told.append("start")

    def doStop(self) -> None:
        self.told.append("stop")

    def buildProtocol(self, addr: object) -> Talker | None:
        return self.talker

    def clientConnectionFailed(self, connector: object, reason: Failure) -> None:
        self.told.append(type(reason.value).__name__)

    def clientConnectionLost(self, connector: object, reason: Failure) -> None:
        self.told.append(f"lost {type(reason.value).__name__}")
