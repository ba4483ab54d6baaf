"""The policy of docs/howto/policy.rst, as the page shows it, in a session."""

from __future__ import annotations

from pathlib import Path

from netsuite.smtp.policy.settings import READY
from netsuite.testing.cases import SynchronousTestCase
from tests.smtp.fakes import Session
from tests.smtp.policy.own_policy import Quiet

PAGE = (Path(__file__).resolve().parent.parent / "docs/howto/policy.rst").read_text()


class OwnPolicy(SynchronousTestCase):
    """What the page promises."""

    def codes(self, recipient: bytes, message: bytes) -> list[int]:
        """Send a message; return what is answered, and keep what is stored."""
        session = Session(policies=[Quiet()])
        session.say(b"EHLO a.test\r\n")
        said = session.codes(
            b"MAIL FROM:<x@y.test>\r\nRCPT TO:<" + recipient + b">\r\nDATA\r\n" + message + b".\r\n"
        )
        self.stored = b"".join(content for _, _, content, _ in session.receiver.delivered)
        return said

    def test_it_works(self) -> None:
        """It refuses and marks."""
        alice, message = b"alice@example.test", b"Subject: Urgent\r\n\r\nx\r\n"
        self.assertEqual(550, self.codes(b"list@example.org", message)[1])
        self.assertEqual([250, 250, 354, 550], self.codes(alice, b"To: x\r\n\r\nx\r\n"))
        self.assertEqual([250, 250, 354, 250], self.codes(alice, message))
        self.assertIn(b"X-Loud: yes\r\nReceived: from a.test", self.stored)
        self.codes(alice, message.replace(b"Urgent", b"calm"))
        self.assertNotIn(b"X-Loud", self.stored)

    def test_all_are_named(self) -> None:
        """The page has the file that runs here, and a word on each ready policy."""
        self.assertIn("tests/smtp/policy/own_policy.py", PAGE)
        for name in READY:
            self.assertIn(f"\n``{name}`` ", PAGE)
