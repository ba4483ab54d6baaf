"""One end of the channel between the parent and a worker."""

from __future__ import annotations

from twisted.internet.task import Clock

from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transport import MemoryTransport
from netsuite.workers import link as link_module
from netsuite.workers.link import Link
from netsuite.workers.messages import Log, Ready, Tell, written


class Links(SynchronousTestCase):
    """One channel."""

    def setUp(self) -> None:
        self.heard: list[object] = []
        self.reasons: list[str] = []
        self.link = Link(Clock(), self.heard.append, self.reasons.append)
        self.wire = MemoryTransport(full_at=1000)

    def test_before_it_is_connected(self) -> None:
        """What is said before waits."""
        self.link.send(Ready())
        self.link.makeConnection(self.wire)
        self.assertEqual(written(Ready()), self.wire.said())

    def test_another_that_does_not_read(self) -> None:
        """What another does not read waits, in order, up to a bound; then it is given up."""
        self.patch(link_module, "WAITING_OCTETS", 10_000)
        self.patch(link_module, "LOG_OCTETS", 5_000)
        self.link.makeConnection(self.wire)
        for number in range(60):
            self.link.send(Tell("topic", [number, "x" * 80]))
        held = self.wire.said()
        self.assertLess(len(held), 1200)
        self.wire.drain()
        while piece := self.wire.said():
            held += piece
            self.wire.drain()
        expected = b"".join(written(Tell("topic", [n, "x" * 80])) for n in range(60))
        self.assertEqual(expected, held)
        for _ in range(1000):
            self.link.send_log(Log("x" * 80))
        self.assertGreater(self.link.left_out, 500)
        self.assertEqual([], self.reasons)
        for number in range(200):
            self.link.send(Tell("topic", [number, "x" * 80]))
        (reason,) = self.reasons
        self.assertIn("unread", reason)
        self.assertTrue(self.wire.closed)
        self.link.send(Ready())
        self.assertEqual([], self.successResultOf(self.link.ask("who", None)))

    def test_no_message(self) -> None:
        """Who says what is no message is given up."""
        self.link.makeConnection(self.wire)
        self.link.dataReceived(written(Ready()) + b"Hello?\n")
        self.assertEqual([], self.heard)
        (reason,) = self.reasons
        self.assertIn("no message", reason)
        self.link.connectionLost()
        self.assertEqual(1, len(self.reasons))
