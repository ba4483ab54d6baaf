"""Ports and connectors: who is found where, who waits, and who is refused."""

from __future__ import annotations

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.endpoints import (
    UNIXClientEndpoint,
    UNIXServerEndpoint,
    clientFromString,
    serverFromString,
)
from twisted.internet.error import CannotListenError, ConnectError, NotConnectingError
from twisted.internet.interfaces import IConnector, IListeningPort, IPushProducer
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric, network
from netsuite.testing.fabric.network import Port
from tests.testing.fabric.talkers import Client, Line, Talker, Talkers


class Listening(SynchronousTestCase):
    """Ports."""

    def setUp(self) -> None:
        self.fabric = Fabric()

    def seen(self, port: Port, host: str) -> str:
        """Return from where a client comes that connects to a port at an address."""
        number = getattr(port.getHost(), "port")  # noqa: B009 (a Unix socket's has none)
        talkers = port.factory
        assert isinstance(talkers, Talkers)
        self.fabric.connectTCP(host, number, Client(Talker()))
        self.fabric.settle()
        return str(getattr(talkers.made[-1].transport.getPeer(), "host"))  # noqa: B009

    def test_interfaces(self) -> None:
        """A port is what Twisted's are, and so is a connector."""
        port = self.fabric.listenTCP(0, Talkers())
        self.assertTrue(verifyObject(IListeningPort, port))
        self.assertTrue(verifyObject(IPushProducer, port))
        connector = self.fabric.connectTCP("127.0.0.1", 1, Client())
        self.assertTrue(verifyObject(IConnector, connector))
        self.assertEqual(IPv4Address("TCP", "127.0.0.1", 1), connector.getDestination())

    def test_addresses(self) -> None:
        """All addresses, or one; IPv6's all are IPv4's too."""
        every = self.fabric.listenTCP(0, Talkers())
        self.assertEqual(IPv4Address("TCP", "0.0.0.0", 32768), every.getHost())
        self.assertEqual("127.0.0.1", self.seen(every, "127.0.0.9"))
        self.assertEqual("192.0.2.4", self.seen(every, "192.0.2.4"))
        both = self.fabric.listenTCP(25, Talkers(), interface="::")
        self.assertEqual(IPv6Address("TCP", "::", 25), both.getHost())
        self.assertEqual("2001:db8::1", self.seen(both, "2001:db8::1"))
        self.assertIn("port [::]:25: Talkers", self.fabric.leftovers())
        self.assertEqual([every, both], self.fabric.ports)
        self.assertEqual("::ffff:192.0.2.4", self.seen(both, "192.0.2.4"))
        one = self.fabric.listenTCP(26, Talkers(), interface="localhost")
        self.assertEqual("127.0.0.1", self.seen(one, "127.0.0.1"))
        for host in ("192.0.2.4", "127.0.0.2", "::1"):
            client = Client(Talker())
            self.fabric.connectTCP(host, 26, client)
            self.fabric.settle()
            self.assertEqual(["start", "ConnectionRefusedError", "stop"], client.told)

    def test_in_use(self) -> None:
        """One place, one port."""
        self.fabric.listenTCP(25, Talkers(), interface="127.0.0.1")
        self.fabric.listenTCP(25, Talkers(), interface="192.0.2.4")
        self.fabric.listenTCP(25, Talkers(), interface="::1")
        for interface in ("127.0.0.1", "", "::"):
            error = self.assertRaises(
                CannotListenError, self.fabric.listenTCP, 25, Talkers(), interface=interface
            )
            self.assertIn("Address already in use", str(error))
        self.assertRaises(
            CannotListenError, self.fabric.listenTCP, 0, Talkers(), interface="nohost"
        )

    def test_free_numbers(self) -> None:
        """Numbers that are in use are not given to others; there is an end of them."""
        self.patch(network, "LAST_PORT", 32770)
        line = Line(self.fabric)
        self.assertEqual(32768, line.number)
        other = self.fabric.listenTCP(0, Talkers())
        self.assertEqual(IPv4Address("TCP", "0.0.0.0", 32770), other.getHost())
        self.assertRaises(CannotListenError, self.fabric.listenTCP, 0, Talkers())
        line.client.transport.loseConnection()
        self.fabric.settle()
        self.assertEqual(
            IPv4Address("TCP", "0.0.0.0", 32769), self.fabric.listenTCP(0, Talkers()).getHost()
        )

    def test_unix(self) -> None:
        """Unix sockets have a path, which is no file."""
        talkers = Talkers()
        endpoint = serverFromString(self.fabric, "unix:/nowhere/lmtp.sock")
        self.assertIsInstance(endpoint, UNIXServerEndpoint)
        port = self.fabric.run(endpoint.listen(talkers))
        self.assertEqual(UNIXAddress("/nowhere/lmtp.sock"), port.getHost())
        clients = Talkers()
        self.fabric.run(UNIXClientEndpoint(self.fabric, "/nowhere/lmtp.sock").connect(clients))
        self.fabric.settle()
        self.assertEqual(UNIXAddress(None), talkers.made[0].transport.getPeer())
        self.assertEqual(port.getHost(), clients.made[0].transport.getPeer())
        self.assertEqual(
            [
                "port /nowhere/lmtp.sock: Talkers",
                "connection (client) a Unix socket to /nowhere/lmtp.sock: Talker",
                "connection (server) /nowhere/lmtp.sock to a Unix socket: Talker",
            ],
            self.fabric.leftovers(),
        )
        again = endpoint.listen(talkers)
        self.failureResultOf(again, CannotListenError)
        self.fabric.run(port.stopListening())
        gone = clientFromString(self.fabric, "unix:/nowhere/lmtp.sock").connect(Talkers())
        self.assertIn("No such file", str(self.assertRaises(ConnectError, self.fabric.run, gone)))

    def test_paused(self) -> None:
        """Connections to a port that does not read wait, and what they say with them."""
        line = Line(self.fabric)
        line.port.pauseProducing()
        second = Talkers()
        self.fabric.run(line.endpoint().connect(second))
        second.made[0].transport.write(b"patience")
        self.fabric.settle()
        self.assertEqual(1, len(line.servers.made))
        self.assertIn("1 connections waiting", self.fabric.leftovers()[0])
        self.assertIn("not accepted yet, 8 octets unread", self.fabric.leftovers()[-1])
        line.port.resumeProducing()
        self.fabric.settle()
        self.assertEqual(b"patience", line.servers.made[1].heard)

    def test_stopped(self) -> None:
        """Those that waited are lost when the port is closed; whoever comes then is refused."""
        line = Line(self.fabric)
        line.port.stopReading()
        second = Talkers()
        self.fabric.run(line.endpoint().connect(second))
        self.fabric.run(line.port.stopListening())
        self.fabric.settle()
        self.assertEqual(["ConnectionLost"], second.made[0].told)
        self.fabric.run(line.port.stopListening())
        line.port.resumeProducing()
        self.assertRaises(ConnectError, self.fabric.run, line.endpoint().connect(second))
        line.client.transport.write(b"still here")
        self.fabric.settle()
        self.assertEqual(b"still here", line.server.heard)
        line.port.startListening()
        self.fabric.run(line.endpoint().connect(second))
        line.port.stopProducing()
        self.fabric.settle()

    def test_backlog(self) -> None:
        """More than the backlog are not answered, until there is room or their time is over."""
        port = self.fabric.listenTCP(25, Talkers(), backlog=1)
        port.stopReading()
        clients = [Client(Talker()) for _ in range(4)]
        for client, seconds in zip(clients, (9, 9, 9, 99), strict=True):
            self.fabric.connectTCP("127.0.0.1", 25, client, timeout=seconds)
        self.fabric.advance(10)
        self.assertEqual([["start"]] * 2, [client.told for client in clients[:2]])
        self.assertEqual(["start", "TimeoutError", "stop"], clients[2].told)
        port.startReading()
        self.fabric.settle()
        talkers = [client.talker for client in clients if client.talker]
        self.assertEqual([1, 1, 0, 1], [talker.connected for talker in talkers])

    def test_not_wanted(self) -> None:
        """A factory that makes no protocol, or fails, closes the connection."""

        class Refusing(Factory):
            noisy = False
            answers = [lambda: None, lambda: 1 // 0]

            def buildProtocol(self, addr: object) -> None:
                self.answers.pop(0)()

        self.fabric.listenTCP(25, Refusing())
        for _ in range(2):
            client = Client(Talker())
            self.fabric.connectTCP("127.0.0.1", 25, client)
            self.fabric.settle()
            self.assertEqual(["start", "lost ConnectionDone", "stop"], client.told)
        self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))


class Connecting(SynchronousTestCase):
    """Connectors."""

    def setUp(self) -> None:
        self.fabric = Fabric()

    def test_life(self) -> None:
        """A connector is told to give up, to close, and to connect again."""
        client = Client(Talker())
        connector = self.fabric.connectTCP("127.0.0.1", 25, client)
        self.assertRaises(RuntimeError, connector.connect)
        connector.disconnect()
        self.assertEqual(["start", "UserError", "stop"], client.told)
        self.assertRaises(NotConnectingError, connector.stopConnecting)
        connector.disconnect()
        self.fabric.listenTCP(25, Talkers())
        connector.connect()
        self.fabric.settle()
        self.assertEqual("connected", connector.state)
        connector.disconnect()
        self.fabric.settle()
        self.assertEqual(["start", "lost ConnectionDone", "stop"], client.told[3:])
        self.assertEqual(["port 0.0.0.0:25: Talkers"], self.fabric.leftovers())

    def test_source(self) -> None:
        """A client can say where it comes from."""
        talkers = Talkers()
        self.fabric.listenTCP(25, talkers)
        for source, seen in (
            (("192.0.2.7", 20), IPv4Address("TCP", "192.0.2.7", 20)),
            (("192.0.2.7", 0), IPv4Address("TCP", "192.0.2.7", 32768)),
            (("", 21), IPv4Address("TCP", "127.0.0.1", 21)),
        ):
            self.fabric.connectTCP("127.0.0.1", 25, Client(Talker()), bindAddress=source)
            self.fabric.settle()
            self.assertEqual(seen, talkers.made[-1].transport.getPeer())

    def test_factories_that_fail(self) -> None:
        """What a client's factory raises at the end of a connection, or of none, is logged."""

        class Failing(Client):
            def clientConnectionFailed(self, connector: object, reason: Failure) -> None:
                raise KeyError("failed")

            def clientConnectionLost(self, connector: object, reason: Failure) -> None:
                raise KeyError("lost")

        client = Failing(Talker())
        self.fabric.connectTCP("127.0.0.1", 25, client)
        self.fabric.settle()
        self.assertEqual(1, len(self.flushLoggedErrors(KeyError)))
        self.fabric.listenTCP(25, Talkers())
        connector = self.fabric.connectTCP("127.0.0.1", 25, client)
        self.fabric.settle()
        connector.disconnect()
        self.fabric.settle()
        self.assertEqual(1, len(self.flushLoggedErrors(KeyError)))
        self.assertEqual(["start", "stop"] * 2, client.told)

    def test_not_wanted(self) -> None:
        """A factory that makes no protocol, or fails, has the connection closed."""
        talkers = Talkers()
        self.fabric.listenTCP(25, talkers)

        class Failing(Client):
            def buildProtocol(self, addr: object) -> None:
                raise ZeroDivisionError

        for client in (Client(None), Failing()):
            self.fabric.connectTCP("127.0.0.1", 25, client)
            self.fabric.settle()
            self.assertEqual(["start", "lost ConnectionDone", "stop"], client.told)
            self.assertEqual(["ConnectionDone"], talkers.made[-1].told)
        self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))

    def test_recorded(self) -> None:
        """A fabric that is told to keeps each connection, also one that is over, and what was
        written on it; another keeps nothing."""
        for record in (True, False):
            self.fabric = Fabric(record=record)
            port = self.fabric.listenTCP(25, Talkers())
            for number in range(2):
                talker = Talker()
                self.fabric.connectTCP("127.0.0.1", 25, Client(talker))
                self.fabric.settle()
                talker.transport.write(b"hello %d" % number)
                self.fabric.settle()
                talker.transport.loseConnection()
                self.fabric.settle()
                self.assertEqual(b"hello %d" % number if record else b"", talker.transport.written)
            said = [(each.client.written, each.server.written) for each in self.fabric.connections]
            self.assertEqual([(b"hello 0", b""), (b"hello 1", b"")] if record else [], said)
            self.assertEqual([str(port)], self.fabric.leftovers())

    def test_tries_for_ever(self) -> None:
        """Without a time limit there is no timer."""
        self.fabric.connectTCP("127.0.0.1", 25, Client(), timeout=None)
        self.assertEqual([], self.fabric.getDelayedCalls())
