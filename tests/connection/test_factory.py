"""A service's connections: how many, from where, and how they end."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from netsuite.connection.deadlines import CloseReason
from netsuite.connection.factory import TOLD_AT_ONCE, ServerFactory
from netsuite.connection.server import ServerShared
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transport import MemoryTransport
from tests.connection.lines import LineConnection, shared, taken


def from_(host: str) -> Any:
    if ":" in host:
        return IPv6Address("TCP", host, 40_000)
    return IPv4Address("TCP", host, 40_000) if host else UNIXAddress("")


class LineFactory(ServerFactory[ServerShared]):
    """A service of the small line protocol."""

    connection = LineConnection


class Service(SynchronousTestCase):
    """A factory under test, with clients in memory."""

    def start(self, **more: Any) -> None:
        self.clock = Clock()
        self.factory = LineFactory(shared(self.clock, **more))

    def arrive(self, host: str = "192.0.2.1") -> tuple[Any, MemoryTransport]:
        connection: Any = self.factory.buildProtocol(from_(host))
        wire = MemoryTransport()
        connection.makeConnection(wire)
        return connection, wire

    def go(self, connection: Any) -> None:
        connection.connectionLost(Failure(ConnectionDone()))


class Counting(Service):
    """Limits on connections."""

    def test_total(self) -> None:
        """Beyond the limit a client is told that it is busy; a place is free again later."""
        self.start(connections=2)
        first, _ = self.arrive()
        self.arrive("192.0.2.2")
        refused, wire = self.arrive("192.0.2.3")
        self.assertEqual(["- bye BUSY"], taken(wire))
        self.assertTrue(wire.disconnecting)
        self.go(refused)
        _, wire = self.arrive("192.0.2.3")
        self.assertEqual(["- bye BUSY"], taken(wire))
        self.go(first)
        _, wire = self.arrive("192.0.2.3")
        self.assertEqual(["+ hello"], taken(wire))

    def test_per_address(self) -> None:
        """An IPv4 address, or a whole IPv6 /64, has so many; local sockets have no limit."""
        self.start(connections_per_address=1)
        for host, greeting in [
            ("192.0.2.1", "+ hello"),
            ("192.0.2.1", "- bye BUSY_ADDRESS"),
            ("::ffff:192.0.2.1", "- bye BUSY_ADDRESS"),
            ("192.0.2.2", "+ hello"),
            ("2001:db8:0:1::1", "+ hello"),
            ("2001:db8:0:1:ffff::2", "- bye BUSY_ADDRESS"),
            ("2001:db8:0:2::1", "+ hello"),
            ("", "+ hello"),
            ("", "+ hello"),
        ]:
            _, wire = self.arrive(host)
            self.assertEqual([greeting], taken(wire), host)

    def test_turned_away_without_a_word(self) -> None:
        """A flood of refused clients does not cost a connection each."""
        self.start(connections=1)
        for _ in range(1 + TOLD_AT_ONCE):
            self.arrive()
        self.assertIs(None, self.factory.buildProtocol(from_("192.0.2.1")))
        self.assertEqual(1 + TOLD_AT_ONCE, len(self.factory))

    def test_other_settings(self) -> None:
        """Other limits and times hold for those who are there, too."""
        self.start(connections=1)
        _, wire = self.arrive()
        self.factory.configure(shared(self.clock, idle_seconds=10.0, greeting_seconds=10.0))
        _, other = self.arrive()
        self.assertFalse(other.disconnecting)
        self.clock.advance(11)
        self.assertEqual("- bye SLOW_GREETING", taken(wire)[-1])

    def test_nothing_left(self) -> None:
        """Gone connections leave no trace."""
        self.start()
        for number in range(10):
            connection, _ = self.arrive(f"192.0.2.{number}")
            self.go(connection)
        self.assertEqual(0, len(self.factory))
        self.assertEqual(1, self.factory.counts.add("line", 1))
        self.assertEqual(1, self.factory.counts.add("line 192.0.2.3", 1))
        self.assertEqual([], self.clock.getDelayedCalls())


class Draining(Service):
    """A service stops without cutting anybody's sentence."""

    def test_idle(self) -> None:
        """Idle clients are told at once; the service waits until they are gone."""
        self.start()
        connection, wire = self.arrive()
        taken(wire)
        drained = self.factory.drain()
        self.assertEqual(["- bye SHUTDOWN"], taken(wire))
        self.assertNoResult(drained)
        self.go(connection)
        self.successResultOf(drained)
        self.assertEqual([], self.clock.getDelayedCalls())

    def test_busy(self) -> None:
        """A command under way is answered first; those behind it are not begun."""
        self.start()
        connection, wire = self.arrive()
        taken(wire)
        connection.dataReceived(b"WAIT a\r\nSAY b\r\n")
        drained = self.factory.drain()
        self.assertEqual([], taken(wire))
        connection.waiting[0].callback(None)
        self.assertEqual(["+ waited a", "- bye SHUTDOWN"], taken(wire))
        self.go(connection)
        self.successResultOf(drained)

    def test_body(self) -> None:
        """A body on its way is taken to its end."""
        self.start()
        connection, wire = self.arrive()
        connection.dataReceived(b"PUT\r\nabc")
        taken(wire)
        self.factory.drain()
        connection.dataReceived(b"\r\n.\r\n")
        self.assertEqual(["+ got 5", "- bye SHUTDOWN"], taken(wire))

    def test_deadline(self) -> None:
        """Who does not end in time is cut off, and the service stops even so."""
        self.start(drain_seconds=10)
        connection, wire = self.arrive()
        connection.dataReceived(b"WAIT a\r\n")
        drained, again = self.factory.drain(), self.factory.drain()
        self.clock.advance(9)
        self.assertFalse(wire.disconnected)
        self.clock.advance(1)
        self.assertTrue(wire.disconnected)
        self.clock.advance(1)
        self.successResultOf(drained)
        self.successResultOf(again)

    def test_newcomers(self) -> None:
        """Who comes while the service stops is told so."""
        self.start()
        connection, _ = self.arrive()
        self.factory.drain()
        _, wire = self.arrive()
        self.assertEqual(["- bye SHUTDOWN"], taken(wire))
        self.go(connection)

    def test_none(self) -> None:
        """A service without connections stops at once."""
        self.start()
        self.successResultOf(self.factory.drain())


class CountingTogether(Service):
    """Limits that several processes keep together."""

    def test_connections_of_all(self) -> None:
        """Two factories with the same counts have one limit; who is turned away is not counted."""
        self.start(connections=3, connections_per_address=2)
        first, second = self.factory, LineFactory(self.factory.shared)
        second.counts = first.counts
        made = []
        for factory, host, cause in [
            (first, "192.0.2.1", None),
            (second, "192.0.2.1", None),
            (first, "192.0.2.1", CloseReason.BUSY_ADDRESS),
            (second, "192.0.2.2", None),
            (first, "192.0.2.3", CloseReason.BUSY),
            (second, "192.0.2.3", CloseReason.BUSY),
        ]:
            connection: Any = factory.buildProtocol(from_(host))
            connection.makeConnection(MemoryTransport())
            made.append(connection)
            self.assertEqual(cause, connection.turned_away, host)
        for connection in made:
            self.go(connection)
        self.assertEqual(1, first.counts.add("line", 1))
        self.assertEqual(1, first.counts.add("line 192.0.2.1", 1))
