"""What is not answered yet: a reply answers only what was said before it."""

from __future__ import annotations

from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.reader import OctetReader
from netsuite.wire.unanswered import Unanswered


class Waiting(SynchronousTestCase):
    """Commands in order."""

    def setUp(self) -> None:
        self.reader = OctetReader()
        self.asked: Unanswered[str] = Unanswered(self.reader)

    def test_order(self) -> None:
        """The greeting first, then what was said, in its order; a reply may be one of several."""
        self.asked.say("a")
        self.asked.say("b")
        self.reader.feed(b"....")
        self.assertIsNone(self.asked.answered(0))
        self.assertEqual("a", self.asked.answered(1, final=False))
        self.assertEqual("a", self.asked.answered(2))
        self.assertEqual("b", self.asked.answered(3))
        self.assertEqual(0, len(self.asked))
        self.assertIsNone(self.asked.first)

    def test_surplus(self) -> None:
        """What came before the command was said to its end answers nothing."""
        self.asked.take()
        self.reader.feed(b"x")
        self.assertTrue(self.asked.is_surplus(0))
        self.asked.say("a", whole=False)
        self.reader.feed(b"y")
        self.assertTrue(self.asked.is_surplus(1))
        self.asked.said_whole()
        for begun in (0, 1):
            with self.assertRaises(RemoteProtocolError):
                self.asked.answered(begun)
        self.assertEqual("a", self.asked.answered(2))

    def test_position(self) -> None:
        """Reading, dropping and putting back leave the count of octets true."""
        self.reader.feed(b"ab\r\ncd")
        self.reader.read_line(10)
        self.assertEqual(4, self.reader.position)
        self.reader.unread(b"\r\n")
        self.assertEqual(2, self.reader.position)
        self.reader.discard()
        self.assertEqual((6, 6), (self.reader.position, self.reader.fed))
