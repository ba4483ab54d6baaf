"""TLS that a transport of the fabric begins itself, as programs of Twisted's have it do."""

from __future__ import annotations

import io

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import ISSLTransport, ITLSTransport
from twisted.internet.protocol import ClientFactory, Factory, Protocol, connectionDone
from twisted.mail.smtp import ESMTPSenderFactory
from twisted.python.failure import Failure

from netsuite.connection.peer import where
from netsuite.testing.certificates import authority
from netsuite.testing.fabric import Fabric
from netsuite.testing.grounds import Memory
from netsuite.testing.suite import Suite
from tests.testing.worlds import in_memory

OCTETS = bytes(range(256)) * 2000


class Server(Protocol):
    """Begins TLS at once, sends much, and closes."""

    def connectionMade(self) -> None:
        """Begin."""
        assert self.transport is not None
        ITLSTransport(self.transport).startTLS(authority.server_context())
        self.transport.write(OCTETS)
        self.transport.loseConnection()


class Client(Protocol):
    """Begins TLS at once, and keeps what comes until the end."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.ended: Deferred[bytes] = Deferred()
        self.secure = False

    def connectionMade(self) -> None:
        """Begin."""
        transport = ITLSTransport(self.transport)
        transport.startTLS(authority.client_options("localhost"))
        self.secure = ISSLTransport.providedBy(transport)

    def dataReceived(self, data: bytes) -> None:
        """Keep it."""
        self.heard.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell what came."""
        self.ended.callback(b"".join(self.heard))


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_both_sides(seed: int | None) -> None:
    """Both begin TLS, of whose records neither sees any; more passes than is in flight."""
    fabric = Fabric(seed=seed)
    port = fabric.listenTCP(0, Factory.forProtocol(Server))
    _, number, _ = where(port.getHost())
    client = Client()
    factory = ClientFactory()
    factory.buildProtocol = lambda addr: client  # type: ignore[method-assign]
    fabric.connectTCP("127.0.0.1", number, factory)
    assert fabric.run(client.ended) == OCTETS
    assert client.secure
    port.stopListening()
    fabric.settle()
    assert fabric.leftovers() == []


@pytest.mark.parametrize("secure", [True, False], ids=["starttls", "clear"])
def test_a_client_of_twisted(secure: bool) -> None:
    """STARTTLS of ``twisted.mail``, which its transport begins; its message comes of a producer
    that is pulled, and says of no interface that it is that."""

    async def send(suite: Suite) -> None:
        sent: Deferred[object] = Deferred()
        factory = ESMTPSenderFactory(
            None,
            None,
            "shop@example.test",
            "ann@example.test",
            io.BytesIO(b"Subject: Hi\n\n" + b"A line.\n" * 100_000),
            sent,
            contextFactory=authority.client_options("127.0.0.1") if secure else None,
            requireAuthentication=False,
            requireTransportSecurity=secure,
            hostname="127.0.0.1" if secure else None,
        )
        suite.reactor.connectTCP(suite.smtp.host, suite.smtp.port, factory)
        await sent
        (mail,) = await suite.mailbox("ann").wait(1, subject="Hi")
        assert mail.octets.count(b"A line.\r\n") == 100_000

    with in_memory("smtp") as suite:
        assert isinstance(suite.ground, Memory)
        suite.ground.run(lambda: send(suite))
        assert ("STARTTLS" in suite.smtp.transcripts[-1].said("C")) is secure
