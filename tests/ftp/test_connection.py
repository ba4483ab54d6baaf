"""One data connection alone: what it holds back, and what it gives when it ends."""

from __future__ import annotations

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from netsuite.ftp.transfer.connection import HELD_OCTETS, DataConnection, DataCut, DataStalled
from netsuite.testing.cases import SynchronousTestCase
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
