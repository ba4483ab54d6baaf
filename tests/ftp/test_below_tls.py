"""What stands between TCP and TLS: what is held back, and how an end is judged."""

from __future__ import annotations

from unittest import mock

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import ITCPTransport
from twisted.python.failure import Failure
from zope.interface import directlyProvides

from netsuite.ftp.transfer import below_tls
from netsuite.ftp.transfer.below_tls import HELD_OCTETS, BelowTLS
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transport import MemoryTransport

#: Two records of TLS, of 3 and 300 octets.
RECORDS = b"\x17\x03\x03\x00\x03abc" + b"\x17\x03\x03\x01\x2c" + bytes(300)


class Above:
    """What is told."""

    def __init__(self) -> None:
        self.heard = b""
        self.lost: Failure | None = None

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: Failure) -> None:
        self.lost = reason


class HalfClosing(MemoryTransport):
    """A transport whose one half can be closed."""

    half_closed = False

    def __init__(self) -> None:
        super().__init__()
        directlyProvides(self, ITCPTransport)

    def loseWriteConnection(self) -> None:
        self.half_closed = True


class Below(SynchronousTestCase):
    """The layer alone."""

    def setUp(self) -> None:
        self.tcp = MemoryTransport()
        self.below = BelowTLS(self.tcp)
        self.above = self.below.wrappedProtocol = Above()

    def test_through(self) -> None:
        """What is not held back goes through, and what else is asked is asked of TCP."""
        self.below.write(b"hello")
        self.assertEqual(b"hello", self.tcp.said())
        self.assertIs(self.below, self.tcp.protocol)
        self.assertEqual(self.tcp.getPeer(), self.below.getPeer())

    def test_held(self) -> None:
        """What is held back leaves in its order when it is let go, and before the end."""
        for end in (self.below.release, self.below.loseConnection):
            self.below.hold()
            self.below.write(b"ticket ")
            self.below.hold()  # again: it forgets nothing
            self.below.write(b"close_notify")
            self.assertEqual(b"", self.tcp.said())
            end()
            self.assertEqual(b"ticket close_notify", self.tcp.said())
        self.assertTrue(self.tcp.closed)

    def test_half_closed(self) -> None:
        """When our half was closed, the end of TLS does not close TCP, whose reset would overtake
        the last of what was sent; what the peer says is heard to its end."""
        tcp = HalfClosing()
        below = BelowTLS(tcp)
        above = below.wrappedProtocol = Above()
        below.write(b"close_notify")
        below.half_close()
        below.dataReceived(RECORDS)
        below.loseConnection()
        self.assertEqual(b"close_notify", tcp.said())
        self.assertTrue(tcp.half_closed)
        self.assertFalse(tcp.closed)
        below.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(RECORDS, above.heard)
        self.assertTrue(below.ended_whole)

    def test_bounded(self) -> None:
        """A peer that has us answer again and again does not fill our memory."""
        self.below.hold()
        self.below.write(bytes(HELD_OCTETS))
        self.assertEqual(b"", self.tcp.said())
        self.below.write(b"x")
        self.below.write(b"y")
        self.assertEqual(HELD_OCTETS + 2, len(self.tcp.said()))

    def test_acknowledged(self) -> None:
        """While we say nothing, what comes is acknowledged at once: else a client whose kernel
        gathers (Nagle) waits 40 ms before it sends its last octets."""
        with mock.patch.object(below_tls, "acknowledge") as noted:
            self.below.dataReceived(RECORDS[:8])
            self.assertFalse(noted.called)
            self.below.hold()
            self.below.dataReceived(RECORDS[8:])
            self.below.release()
            self.below.dataReceived(RECORDS)
        self.assertEqual([mock.call(self.tcp)] * 2, noted.mock_calls)

    def test_ended(self) -> None:
        """An end is whole behind a whole record, wherever what came was split, and never where
        TCP was reset."""
        whole = (0, 8, len(RECORDS))
        for cut in range(len(RECORDS) + 1):
            for split in (0, 1, 4, cut // 2, cut):
                for reason in (ConnectionDone, ConnectionLost):
                    below = BelowTLS(MemoryTransport())
                    above = below.wrappedProtocol = Above()
                    for piece in (RECORDS[: min(split, cut)], RECORDS[min(split, cut) : cut]):
                        below.dataReceived(piece)
                    below.connectionLost(Failure(reason()))
                    self.assertEqual(RECORDS[:cut], above.heard)
                    assert above.lost is not None
                    self.assertIsInstance(above.lost.value, reason)
                    wanted = cut in whole and reason is ConnectionDone
                    self.assertIs(wanted, below.ended_whole, (cut, split))
