"""One data connection alone: what it holds back, and what it gives when it ends."""

from __future__ import annotations

import contextlib
from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from netsuite.ftp.transfer.connection import (
    HELD_OCTETS,
    DataConnection,
    DataCut,
    DataStalled,
    HandshakeFailed,
    NoTLSEnd,
)
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.certificates import authority
from netsuite.testing.transport import MemoryTransport

PIECE = bytes(50_000)


class Receiving(SynchronousTestCase):
    """A connection whose octets are taken slowly."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.data = DataConnection(self.clock, handshake_seconds=30, stalled_seconds=120)
        self.wire = MemoryTransport()
        self.wire.protocol = self.data
        self.data.makeConnection(self.wire)
        self.taken = 0
        self.room: Deferred[None] = Deferred()
        self.done = ensureDeferred(self.take())

    async def take(self) -> None:
        """Take a piece, then wait until there is room, then take the rest."""
        await self.data.begin()
        async for octets in self.data.received():
            self.taken += len(octets)
            if not self.room.called:
                await self.room

    def send(self, pieces: int) -> int:
        """Send so many pieces, or until nothing more is read; return how many octets it were."""
        sent = 0
        while pieces and self.wire.producerState == "producing":
            self.data.dataReceived(PIECE)
            sent += len(PIECE)
            pieces -= 1
        return sent

    def test_held_back(self) -> None:
        """Who takes nothing is not read for, beyond what may be held; then all of it comes."""
        sent = self.send(100)
        self.assertLess(sent, 2 * HELD_OCTETS)
        self.assertEqual("paused", self.wire.producerState)
        self.clock.advance(1000)  # it is our own time, and nobody is blamed
        self.room.callback(None)
        self.assertEqual((sent, "producing"), (self.taken, self.wire.producerState))
        sent += self.send(3)
        self.data.readConnectionLost()
        self.successResultOf(self.done)
        self.assertEqual((sent, sent), (self.taken, self.data.octets_passed))

    def test_ended_meanwhile(self) -> None:
        """What came before the end is given, though more was there than may be held."""
        for end, error in ((ConnectionDone, None), (ConnectionLost, DataCut)):
            self.setUp()
            sent = self.send(100)
            self.data.connectionLost(Failure(end()))
            self.room.callback(None)
            if error is None:
                self.successResultOf(self.done)
            else:
                self.failureResultOf(self.done, error)
            self.assertEqual(sent, self.taken)

    def test_stalled(self) -> None:
        """A peer that sends no more is given up."""
        self.room.callback(None)
        self.send(1)
        self.clock.advance(121)
        self.data.connectionLost(Failure(ConnectionLost()))
        self.failureResultOf(self.done, DataStalled)
        self.assertTrue(self.data.stalled)


class UnderTLS(SynchronousTestCase):
    """A connection that receives under TLS, from OpenSSL."""

    def setUp(self) -> None:
        self.context = authority.server_context()

    def make(self, version: int, *, strict: bool = True) -> None:
        """Make both sides, and nothing between them yet."""
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_max_proto_version(version)
        self.client = SSL.Connection(context, None)
        self.client.set_connect_state()
        self.clock = Clock()
        self.data = DataConnection(
            self.clock, handshake_seconds=30, stalled_seconds=120, strict_tls_end=strict
        )
        # What Twisted's wrapper reads at the end is the transport's, not our double's.
        self.wire: Any = MemoryTransport()
        self.wire.protocol = self.data
        self.data.makeConnection(self.wire)
        self.got: list[bytes] = []

    def take(self) -> Deferred[None]:
        async def taking() -> None:
            await self.data.begin(self.context, receives=True)
            async for octets in self.data.received():
                self.got.append(octets)

        return ensureDeferred(taking())

    def shake_hands(self) -> None:
        """Shake hands; what the server says behind that is not heard."""
        while True:
            with contextlib.suppress(SSL.WantReadError):
                self.client.do_handshake()
                self.pass_on()
                return
            self.pass_on()
            self.client.bio_write(self.wire.said())

    def pass_on(self) -> None:
        """Have the server get what the client has sent."""
        with contextlib.suppress(SSL.WantReadError):
            while True:
                self.wire.protocol.dataReceived(self.client.bio_read(65536))

    def lose(self, reason: Exception) -> None:
        self.wire.protocol.connectionLost(Failure(reason))
        self.clock.advance(0)

    def test_ticket_held_back(self) -> None:
        """Nothing is sent between the handshake and the client's end: who only writes would have
        it unread, and a close would become a reset that throws its last octets away."""
        for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
            self.make(version)
            done = self.take()
            self.shake_hands()
            self.client.sendall(b"x" * 100_000)
            self.pass_on()
            self.assertEqual(b"", self.wire.said())
            self.client.shutdown()
            self.pass_on()
            self.client.bio_write(self.wire.said())
            # Whoever reads on hears the tickets, and our end behind them.
            self.assertRaises(SSL.ZeroReturnError, self.client.recv, 1)
            self.assertTrue(self.wire.closed)
            self.lose(ConnectionDone())
            self.successResultOf(done)
            self.assertEqual(100_000, len(b"".join(self.got)))

    def test_ticket_sent(self) -> None:
        """Who receives from us has the ticket at once."""
        self.make(SSL.TLS1_3_VERSION)
        done = ensureDeferred(self.data.begin(self.context))
        self.shake_hands()
        self.successResultOf(done)
        ticket = self.wire.said()
        self.assertNotEqual(b"", ticket)
        self.client.bio_write(ticket)
        self.data.writer.write(b"octets")
        self.clock.advance(0)
        self.client.bio_write(self.wire.said())
        self.assertEqual(b"octets", self.client.recv(100))

    def test_before_the_command(self) -> None:
        """TLS that was begun when the client came has what it sent kept, and no more of it read
        than may be held; the ticket goes when the transfer is one to the client."""
        self.make(SSL.TLS1_3_VERSION)
        self.data.begin_tls(self.context)
        self.shake_hands()
        self.client.sendall(b"early")
        self.pass_on()
        self.assertEqual(b"", self.wire.said())
        done = self.take()
        self.client.shutdown()
        self.pass_on()
        self.lose(ConnectionDone())
        self.successResultOf(done)
        self.assertEqual([b"early"], self.got)
        self.make(SSL.TLS1_3_VERSION)
        self.data.begin_tls(self.context)
        self.shake_hands()
        sent = 0
        while self.wire.producerState == "producing" and sent < 2_000_000:
            self.client.sendall(PIECE)
            self.pass_on()
            sent += len(PIECE)
        self.assertLess(sent, HELD_OCTETS)
        self.successResultOf(ensureDeferred(self.data.begin(self.context)))
        self.assertNotEqual(b"", self.wire.said())

    def test_all_of_it_before_the_command(self) -> None:
        """Also what has ended before anybody has claimed it is given; a failure is told then."""
        self.make(SSL.TLS1_3_VERSION)
        self.data.begin_tls(self.context)
        self.shake_hands()
        self.client.sendall(b"all")
        self.client.shutdown()
        self.pass_on()
        self.lose(ConnectionDone())
        self.successResultOf(self.take())
        self.assertEqual([b"all"], self.got)
        self.make(SSL.TLS1_3_VERSION)
        self.data.begin_tls(self.context)
        self.wire.protocol.dataReceived(b"no TLS at all")
        self.lose(ConnectionDone())
        self.failureResultOf(self.take(), HandshakeFailed)

    def test_no_end_of_tls(self) -> None:
        """TCP's end alone is a cut, and named so; or, where that is said, an end, except within a
        record. A reset is a cut always."""
        for strict, within, reason, wanted in (
            (True, False, ConnectionDone(), NoTLSEnd),
            (True, True, ConnectionDone(), DataCut),
            (False, False, ConnectionDone(), None),
            (False, True, ConnectionDone(), DataCut),
            (True, False, ConnectionLost(), DataCut),
            (False, False, ConnectionLost(), DataCut),
        ):
            for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
                self.make(version, strict=strict)
                done = self.take()
                self.shake_hands()
                self.client.sendall(b"content")
                self.pass_on()
                if within:
                    self.wire.protocol.dataReceived(b"\x17\x03\x03\x00\x20half")
                self.lose(reason)
                if wanted is None:
                    self.successResultOf(done)
                else:
                    self.assertIs(wanted, type(self.failureResultOf(done).value))
                self.assertEqual([b"content"], self.got)

    def test_who_ended(self) -> None:
        """TLS is ended by a client, and not by the kernel of a killed one."""
        for ends, strict in ((True, True), (False, False)):
            self.make(SSL.TLS1_3_VERSION, strict=strict)
            done = self.take()
            self.shake_hands()
            self.client.sendall(b"content")
            if ends:
                self.client.shutdown()
            self.pass_on()
            self.lose(ConnectionDone())
            self.successResultOf(done)
            self.assertIs(ends, self.data.ended_by_peer)
