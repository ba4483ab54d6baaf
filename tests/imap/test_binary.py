"""BINARY and BINARY.SIZE: parts without their transfer encodings."""

from __future__ import annotations

from base64 import encodebytes

from netsuite.testing.cases import SynchronousTestCase
from tests.imap.world import World

TEXT = b"hello w\xc3\xb6rld\r\n"
SMALL = bytes(range(256))
LARGE = SMALL * 2000
TEXTUAL = b"0123456789\r\n" * 40_000


def coded(octets: bytes) -> bytes:
    """Give octets in base64 as a message has them."""
    return encodebytes(octets).replace(b"\n", b"\r\n")


def message(*parts: tuple[bytes, bytes]) -> bytes:
    """Make a message of parts: their encoding, and their octets as coded."""
    made = [
        b"--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: %b\r\n\r\n%b\r\n" % each
        for each in parts
    ]
    head = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    return head + b"".join(made) + b"--b--\r\n"


class Binary(SynchronousTestCase):
    """FETCH of decoded parts (RFC 3516)."""

    def setUp(self) -> None:
        self.world = World()
        self.world.deliver(
            message(
                (b"quoted-printable", b"hello w=C3=B6rld=\r\n\r\n"),
                (b"base64", coded(SMALL)),
                (b"8bit", b"plain"),
            ),
            message(
                (b"base64", coded(LARGE)),
                (b"base64", coded(TEXTUAL)),
                (b"base64", coded(b"x" * 200_000) + b"!"),
            ),
            message((b"x-own", b"?"), (b"7bit", b"known")),
        )
        self.client = self.world.enter()

    def fetched(self, line: bytes) -> bytes:
        """Give the answer up to its tagged line, which is to be OK."""
        answer = self.client.say(b"a FETCH " + line + b"\r\n")
        while not answer.endswith(b"\r\na OK Fetched\r\n"):
            more = self.client.turn()
            self.assertTrue(more, answer[-100:])
            answer += more
        return answer.removesuffix(b"a OK Fetched\r\n")

    def test_small(self) -> None:
        """A part is decoded; only where it holds NUL it comes as a literal8."""
        self.assertEqual(
            b"* 1 FETCH (BINARY[1] {%d}\r\n%b BINARY[2]<250> {6}\r\n%b BINARY[3] {5}\r\nplain"
            b" BINARY.SIZE[2] 256 BINARY[4] NIL BINARY.SIZE[4] 0)\r\n"
            % (len(TEXT), TEXT, SMALL[250:]),
            self.fetched(
                b"1 (BINARY.PEEK[1] BINARY.PEEK[2]<250.99> BINARY.PEEK[3] BINARY.SIZE[2]"
                b" BINARY.PEEK[4] BINARY.SIZE[4])"
            ),
        )
        self.assertEqual(
            b"* 1 FETCH (BINARY[2] ~{256}\r\n%b)\r\n" % SMALL, self.fetched(b"1 BINARY.PEEK[2]")
        )

    def test_whole(self) -> None:
        """The message itself has no encoding."""
        answer = self.fetched(b"3 (BINARY.PEEK[] BINARY.SIZE[] BODY.PEEK[])")
        octets = message((b"x-own", b"?"), (b"7bit", b"known"))
        self.assertIn(b"BINARY[] {%d}\r\n%b" % (len(octets), octets), answer)
        self.assertIn(b" BINARY.SIZE[] %d" % len(octets), answer)

    def test_large(self) -> None:
        """A large part is decoded as it is sent; its size is that of what is sent."""
        answer = self.fetched(b"2 (BINARY.SIZE[1] BINARY.PEEK[1] FLAGS BINARY.SIZE[2])")
        self.assertEqual(
            b"* 2 FETCH (FLAGS (\\Recent) BINARY.SIZE[1] %d BINARY[1] ~{%d}\r\n%b"
            b" BINARY.SIZE[2] %d)\r\n" % (len(LARGE), len(LARGE), LARGE, len(TEXTUAL)),
            answer,
        )
        answer = self.fetched(b"2 (BINARY.PEEK[1]<1.9> BINARY.PEEK[2]<300000.180000>)")
        self.assertEqual(
            b"* 2 FETCH (BINARY[1]<1> {9}\r\n%b BINARY[2]<300000> {180000}\r\n%b)\r\n"
            % (LARGE[1:10], TEXTUAL[300_000:480_000]),
            answer,
        )
        answer = self.fetched(b"2 (BINARY.PEEK[3] BINARY.PEEK[1]<600000.5>)")
        self.assertIn(b"BINARY[3] {200000}\r\nx", answer)
        self.assertTrue(answer.endswith(b" BINARY[1]<600000> {0}\r\n)\r\n"), answer[-60:])

    def test_seen(self) -> None:
        """BINARY marks as seen what it shows; its PEEK and its size do not."""
        self.fetched(b"1 (BINARY.PEEK[1] BINARY.SIZE[1])")
        self.assertIn(b"FLAGS (\\Recent)", self.fetched(b"1 FLAGS"))
        self.assertIn(b"FLAGS (\\Seen \\Recent)", self.fetched(b"1 BINARY[1]"))

    def test_unknown(self) -> None:
        """What cannot be decoded fails the command, and the rest of it is sent."""
        lines = self.client.lines(b"a FETCH 1,3 (BINARY.PEEK[1] UID)")
        self.assertEqual(b"a NO [UNKNOWN-CTE] A transfer encoding is not known here", lines[-1])
        self.assertTrue(lines[0].startswith(b"* 1 FETCH (UID 1 BINARY[1] "), lines)
        self.assertEqual(4, len(lines))
        lines = self.client.lines(b"a FETCH 3 BINARY.SIZE[1]")
        self.assertEqual([b"a NO [UNKNOWN-CTE] A transfer encoding is not known here"], lines)
        self.assertIn(b"BINARY[2] {5}\r\nknown", self.fetched(b"3 BINARY.PEEK[2]"))
