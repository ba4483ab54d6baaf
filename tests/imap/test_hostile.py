"""What is sent to do harm, or in error: a correct tagged answer, and a session that goes on."""

from __future__ import annotations

from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from netsuite.testing.cases import SynchronousTestCase
from tests.imap.world import Client, World


class Hostile(SynchronousTestCase):
    """A session that has selected a mailbox of five messages."""

    def setUp(self) -> None:
        self.world = World()
        self.world.deliver(*[b"Subject: %d\r\n\r\nbody\r\n" % number for number in range(5)])
        self.client = self.world.enter()

    def tagged(self, octets: bytes, client: Client | None = None) -> bytes:
        """Say a command whose tag is a; give the last line, and see that the session goes on."""
        client = client or self.client
        answer = client.say(octets)
        while b"\r\na " not in b"\r\n" + answer:
            more = client.turn()
            self.assertTrue(more, (octets[:80], answer[-200:]))
            answer += more
        last = answer.split(b"\r\n")[-2]
        self.assertTrue(last.startswith(b"a "), (octets[:80], answer[-200:]))
        self.assertTrue(client.say(b"n NOOP\r\n").endswith(b"n OK Nothing done\r\n"), octets[:80])
        return last

    def test_deep_searches(self) -> None:
        """A program nested very deep is answered, whatever nests in it."""
        for depth in (10, 49, 60, 1000, 7000):
            for octets in (
                b"a SEARCH " + b"(" * depth + b"ALL" + b")" * depth,
                b"a SEARCH " + b"NOT " * depth + b"ALL",
                b"a SEARCH " + b"OR ALL " * depth + b"ALL",
                b"a SEARCH " + b"OR " * depth + b"ALL" + b" ALL" * depth,
                b"a SEARCH " + b"(OR NOT (SEEN) " * min(depth, 4000),
            ):
                self.assertRegex(self.tagged(octets + b"\r\n"), rb"a (OK|BAD|NO) ")

    def test_odd_sets(self) -> None:
        """A set of any shape that fits the line is answered; what is none is BAD."""
        sparse = b",".join(b"%d" % number for number in range(1, 20_000, 2))[:60_000]
        sparse = sparse[: sparse.rindex(b",")]
        for numbers in (
            b"1", b"*", b"*:*", b"5:1", b"*:1", b"1:*", b"4294967295:1", b"1,1,1", b"3,2,1:5",
            b"*,1", b"4294967295", sparse,
        ):  # fmt: skip
            for command in (
                b"UID FETCH %b FLAGS",
                b"UID SEARCH UID %b",
                b"UID STORE %b +FLAGS (x)",
            ):
                last = self.tagged(b"a " + command % numbers + b"\r\n")
                self.assertTrue(last.startswith(b"a OK "), (numbers[:40], last))
        for numbers in (
            b"0", b"", b",", b"1,", b",1", b"1::2", b"1:", b":1", b"-1", b"1.5", b"a", b"**",
            b"4294967296", b"99999999999999999999", b"1,2 3", b"1:2:3", b"0:0", b"0:*",
        ):  # fmt: skip
            for command in (b"FETCH %b FLAGS", b"UID COPY %b Sent", b"UID STORE %b FLAGS ()"):
                last = self.tagged(b"a " + command % numbers + b"\r\n")
                self.assertTrue(last.startswith(b"a BAD "), (numbers, last))

    def test_octets_anywhere(self) -> None:
        """NUL, 8-bit octets, controls and odd spaces in any place of any command."""
        commands = [
            b"SELECT INBOX", b'LIST "" *', b"FETCH 1 (FLAGS BODY.PEEK[HEADER.FIELDS (TO)])",
            b"STORE 1 +FLAGS (\\Seen)", b"SEARCH SUBJECT x", b"STATUS INBOX (MESSAGES)",
            b"COPY 1 Sent", b'ID ("name" "x")', b"APPEND INBOX {3}", b"ENABLE X", b"COMPRESS X",
            b"UID REPLACE 1 INBOX {3}", b"CREATE new",
        ]  # fmt: skip
        for command in commands:
            for place in range(len(command) + 1):
                for odd in (b"\0", b"\xff", b"\x80", b"\x7f", b"\t", b"  ", b"\\", b"{", b"}"):
                    client = self.client
                    said = client.say(b"a " + command[:place] + odd + command[place:] + b"\r\n")
                    if said.endswith(b"+ go ahead\r\n"):
                        said += client.say(b"xyz\r\n")
                    self.assertRegex(said, rb"(?s)(\A|\r\n)(a|\*) (OK|NO|BAD) [^\r\n]*\r\n\Z")
                    self.client.server.bad_commands = 0
        self.assertEqual(b"a OK Nothing done", self.tagged(b"a NOOP\r\n"))

    def test_literals(self) -> None:
        """Every form and size of a literal, where it may stand and where it may not."""
        for octets, answer in [
            (b"a SELECT {0+}\r\n\r\n", b"a NO "),
            (b"a SELECT {5+}\r\nINBOX\r\n", b"a OK "),
            (b"a SELECT {00005+}\r\nINBOX\r\n", b"a OK "),
            (b"a SELECT {5+}INBOX\r\n", b"a BAD "),
            (b"a SELECT {5-}\r\n", b"a BAD "),
            (b"a SELECT {+5}\r\n", b"a BAD "),
            (b"a SELECT {0x5}\r\n", b"a BAD "),
            (b"a SELECT {}\r\n", b"a BAD "),
            (b"a SELECT {5+}\r\nIN\0OX\r\n", b"a BAD "),
            (b"a SELECT ~{5+}\r\nINBOX\r\n", b"a BAD "),
            (b"a NOOP {5+}\r\nhello\r\n", b"a BAD "),
            (b"a SEARCH SUBJECT {1+}\r\n1 BODY {4+}\r\nbody\r\n", b"a OK "),
            (b"a SELECT {70000+}\r\n" + b"x" * 70_000 + b"\r\n", b"a BAD [TOOBIG] "),
            (b"a SELECT {99999999999999999999}\r\n", b"a BAD [TOOBIG] "),
            (b"a APPEND INBOX {99999999999999999999}\r\n", b"a NO [TOOBIG] "),
            (b"a APPEND INBOX {1+}\r\nx{5}\r\n", b"a BAD "),
        ]:
            last = self.tagged(octets)
            self.assertTrue(last.startswith(answer), (octets[:60], last))

    def test_sasl(self) -> None:
        """What is no base64 ends the exchange, and no more."""
        for octets in (
            b"!!!", b"AGFubgBzZWNyZXQ", b"AGFubgBzZWNyZXQ==\r", b"=", b"A", b"\xff", b"\0",
            b"AGFu bgBzZWNyZXQ=", b"x" * 20_000, b"*", b"",
        ):  # fmt: skip
            client = self.world.connect()
            client.heard()
            self.assertEqual(b"+ \r\n", client.say(b"a AUTHENTICATE PLAIN\r\n"))
            last = client.say(octets + b"\r\n").split(b"\r\n")[-2]
            self.assertRegex(last, rb"a (BAD|NO) ")
            self.assertTrue(client.say(b"l LOGIN ann secret\r\n").startswith(b"l OK "))
        client = self.world.connect()
        client.heard()
        for initial in (b"!!!", b"A===", b"AGFubg= =", b"\xff"):
            self.assertTrue(self.tagged(b"a AUTHENTICATE PLAIN " + initial + b"\r\n", client))

    def test_within_idle(self) -> None:
        """Anything but DONE ends IDLE with BAD; what comes behind it is heard."""
        for octets in (b"a2 LOGOUT", b"", b"DONE ", b"\0", b"x" * 10_000):
            self.assertEqual(b"+ idling\r\n", self.client.say(b"a IDLE\r\n"))
            self.assertRegex(self.tagged(octets + b"\r\n"), rb"a BAD ")
        self.client.say(b"a IDLE\r\n")
        answer = self.client.say(b"DONE\r\nb LOGOUT\r\n")
        self.assertEqual(b"a OK Idle ended\r\n* BYE Goodbye\r\nb OK Logged out\r\n", answer)

    def test_gone_in_every_state(self) -> None:
        """A client that goes in the midst leaves nothing behind."""
        for fresh in (True, False):
            for octets in (
                b"", b"a", b"a NOOP", b"a SELECT {5}\r\n", b"a SELECT {5}\r\nIN",
                b"a SELECT {99999+}\r\nx", b"a AUTHENTICATE PLAIN\r\n", b"a IDLE\r\n",
                b"a APPEND INBOX {9}\r\n", b"a APPEND INBOX {9}\r\nx",
                b"a APPEND INBOX {1+}\r\nx", b"a APPEND INBOX {1+}\r\nx {5}\r\n",
                b"a APPEND INBOX CATENATE (URL {5}\r\n", b"a NOOP " + b"x" * 70_000,
                b"a COMPRESS DEFLATE\r\n", b"a COMPRESS DEFLATE\r\n\x00\xff\xff",
                b"a FETCH 1:* BODY[]\r\n", b"a LOGOUT\r\n",
            ):  # fmt: skip
                client = self.world.connect() if fresh else self.world.enter()
                client.heard()
                client.say(octets)
                client.server.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(b"a OK Nothing done", self.tagged(b"a NOOP\r\n"))
        self.assertIn(b"(MESSAGES 5)", self.client.say(b"b STATUS INBOX (MESSAGES)\r\n"))
