"""The message log: what an operator finds of each message, and of each refused recipient."""

from __future__ import annotations

from pathlib import Path

from netsuite.message.address import Address
from netsuite.smtp.commands import reply
from netsuite.smtp.messagelog import format_line
from netsuite.testing.cases import SynchronousTestCase
from tests.smtp.fakes import Session

WHEN = "2026-01-02T03:04:05+00:00"


class Logging(SynchronousTestCase):
    """What is written."""

    def test_lines(self) -> None:
        """A line for a refused recipient, a message taken and a message refused, in order."""
        path = Path(self.mktemp())
        session = Session(message_log=path, message_octets=10)
        session.say(b"EHLO c.test\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<nobody@example.test>\r\n")
        session.say(b"RCPT TO:<alice@example.test>\r\nDATA\r\n")
        session.say(b"A: b\r\n\r\n.\r\n")
        session.say(b"MAIL FROM:<>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n")
        session.say(b"A: too long for ten octets\r\n\r\n.\r\n")
        self.assertFalse(path.exists())
        session.clock.advance(1)
        told = f"{WHEN} smtp-1 [192.0.2.9]"
        self.assertEqual(
            [
                f"{told} id=- from=<x@y.test> to=<nobody@example.test> octets=0 "
                '"550 5.1.1 No such recipient here"',
                f"{told} id=id1 from=<x@y.test> to=<alice@example.test> octets=8 "
                '"250 2.6.0 Message taken"',
                f"{told} id=id2 from=<> to=<alice@example.test> octets=30 "
                '"552 5.3.4 Message too big"',
            ],
            path.read_text().splitlines(),
        )

    def test_one_line(self) -> None:
        """Many recipients are counted; nothing in an address makes two lines of one."""
        many = [Address(f"a{number}", "b.test") for number in range(12)]
        odd = [Address('x"\r\n\u20ac', "b.test")]
        answer = reply(250, "2.6.0", "Message taken")
        line = format_line(WHEN, "smtp-1", "", "alice", "", "a\nb", many, 7, answer)
        self.assertEqual(1, line.count("\n"))
        self.assertIn("[local] account=alice id=- from=<a\\x0ab> to=<a0@b.test>,", line)
        self.assertIn(",<a9@b.test>,+2 octets=7 ", line)
        line = format_line(WHEN, "smtp-1", "::1", None, "1", "", odd, 7, answer)
        self.assertEqual(1, line.count("\n"))
        self.assertTrue(line.isascii())
        self.assertIn("\\u20ac", line)
