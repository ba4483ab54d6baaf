"""Compression between a connection and its transport: pace, bombs, ends, broken streams."""

from __future__ import annotations

import zlib

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from netsuite.connection.compression import PIECE_OCTETS, TURN_OCTETS, Compression, begin
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transport import MemoryTransport
from tests.connection.lines import LineConnection, Post, Reply, connected


class Receiver:
    """A connection that pauses its transport after so many octets."""

    def __init__(self, pauses_after: int | None = None) -> None:
        self.pauses_after = pauses_after
        self.layer: Compression | None = None
        self.pieces: list[bytes] = []
        self.events: list[str] = []

    def dataReceived(self, data: bytes) -> None:
        self.pieces.append(data)
        if self.pauses_after is not None and sum(map(len, self.pieces)) >= self.pauses_after:
            assert self.layer is not None
            self.layer.pauseProducing()

    def readConnectionLost(self) -> None:
        self.events.append("eof")

    def writeConnectionLost(self) -> None:
        self.events.append("half")

    def connectionLost(self, reason: Failure) -> None:
        self.events.append("lost")

    def abort(self) -> None:
        self.events.append("abort")


class Layer(SynchronousTestCase):
    """The layer alone."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.transport = MemoryTransport()
        self.receiver = Receiver()
        self.layer = begin(self.receiver, self.transport, self.clock)
        self.receiver.layer = self.layer
        self.deflater = zlib.compressobj(wbits=-15)

    def deflated(self, octets: bytes, mode: int = zlib.Z_SYNC_FLUSH) -> bytes:
        return self.deflater.compress(octets) + self.deflater.flush(mode)

    def came(self, octets: bytes) -> None:
        """Have the transport bring octets."""
        self.transport.protocol.dataReceived(octets)

    def reading(self) -> bool:
        return self.transport.producerState == "producing"

    def test_out(self) -> None:
        """Each write can be inflated when it has come."""
        inflater = zlib.decompressobj(-15)
        for octets in (b"hello\r\n", b"x" * 100_000, b"", b"bye\r\n"):
            self.layer.write(octets)
            self.assertEqual(octets, inflater.decompress(self.transport.said()))
        self.layer.loseConnection()
        self.assertTrue(self.transport.closed)
        self.assertEqual(self.transport.getPeer(), self.layer.getPeer())
        self.assertEqual(self.transport.getHost(), self.layer.getHost())

    def test_in_pieces(self) -> None:
        """However it is cut, the same comes out, in small pieces."""
        text = bytes(range(256)) * 300
        octets = self.deflated(text)
        for at in range(len(octets)):
            self.came(octets[at : at + 1])
        self.clock.advance(0)
        self.assertEqual(text, b"".join(self.receiver.pieces))
        self.assertLessEqual(max(map(len, self.receiver.pieces)), PIECE_OCTETS)

    def test_a_bomb(self) -> None:
        """Few octets that become very many take turns, and come no faster than they are taken."""
        bomb = self.deflated(b"x" * 3_000_000)
        self.assertLess(len(bomb), 4000)
        self.came(bomb)
        self.assertLessEqual(sum(map(len, self.receiver.pieces)), TURN_OCTETS + PIECE_OCTETS)
        self.assertFalse(self.reading())
        for _ in range(20):
            self.clock.advance(0)
        self.assertEqual(3_000_000, sum(map(len, self.receiver.pieces)))
        self.assertTrue(self.reading())

    def test_a_slow_connection(self) -> None:
        """While it takes nothing nothing is inflated, and the transport is not read."""
        self.receiver.pauses_after = 20_000
        self.came(self.deflated(b"x" * 200_000))
        self.assertEqual(2 * PIECE_OCTETS, sum(map(len, self.receiver.pieces)))
        self.clock.advance(1)
        self.assertEqual(2 * PIECE_OCTETS, sum(map(len, self.receiver.pieces)))
        self.assertFalse(self.reading())
        self.transport.protocol.readConnectionLost()
        self.assertEqual([], self.receiver.events)
        self.receiver.pauses_after = None
        self.layer.resumeProducing()
        self.assertEqual(2 * PIECE_OCTETS, sum(map(len, self.receiver.pieces)))
        self.clock.advance(0)
        self.assertEqual(200_000, sum(map(len, self.receiver.pieces)))
        self.assertEqual(["eof"], self.receiver.events)

    def test_broken(self) -> None:
        """What cannot be inflated ends the connection; what came before was heard."""
        self.came(self.deflated(b"hello"))
        self.came(b"\xff\xff\xff\xff")
        self.assertEqual([b"hello"], self.receiver.pieces)
        self.assertEqual(["abort"], self.receiver.events)
        self.came(b"more")
        self.assertEqual(["abort"], self.receiver.events)

    def test_ended(self) -> None:
        """The end of the peer's stream is the end of what it says."""
        self.came(self.deflated(b"hello", zlib.Z_FINISH) + b"what is this")
        self.assertEqual(([b"hello"], ["eof"]), (self.receiver.pieces, self.receiver.events))
        self.transport.protocol.writeConnectionLost()
        self.transport.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(["eof", "half", "lost"], self.receiver.events)

    def test_lost_within_a_turn(self) -> None:
        """Nothing waits for a connection that is gone."""
        self.came(self.deflated(b"x" * 1_000_000))
        self.transport.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual([], self.clock.getDelayedCalls())
        self.assertEqual(["lost"], self.receiver.events)


class UnderAConnection(SynchronousTestCase):
    """What is inflated while an answer waits for other things."""

    def test_an_answer_that_takes_slowly(self) -> None:
        """All of a body comes to who takes it in its own time, whatever was held back meanwhile."""
        connection, wire, clock = connected()

        async def slowly(connection: LineConnection, command: object) -> None:
            async for octets in connection.body():
                connection.got += octets
                later: Deferred[None] = Deferred()
                clock.callLater(0, later.callback, None)
                await later
            connection.say(Reply(f"+ read {len(connection.got)}"))

        self.patch(connection, "handlers", {**connection.handlers, Post: slowly})
        connection.start_compression()
        wire.writes.clear()
        deflater = zlib.compressobj(wbits=-15)
        body = b"".join(b"%090d\r\n" % each**9 for each in range(3000))
        octets = deflater.compress(b"POST\r\n" + body + b".\r\n")
        wire.protocol.dataReceived(octets + deflater.flush(zlib.Z_SYNC_FLUSH))
        for _ in range(600):
            clock.advance(0)
        said = zlib.decompressobj(-15).decompress(b"".join(wire.writes))
        self.assertTrue(said.endswith(b"+ read %d\r\n" % len(body)), said)
