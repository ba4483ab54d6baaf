"""Reading lines and blocks: bounded, and the same for every cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import BareLineEnd, LineTooLong
from netsuite.wire.reader import OctetReader, has_bare_line_end

LIMIT = 8

#: What comes, and what a reader of lines of at most 8 octets makes of it.
CASES: list[tuple[bytes, list[str]]] = [
    (b"", []),
    (b"a\r\n", ["a"]),
    (b"\r\n\r\n", ["", ""]),
    (b"123456\r\n", ["123456"]),
    (b"1234567\r\na\r\n", ["TOO LONG", "a"]),
    (b"12345678\r\na\r\n", ["TOO LONG", "a"]),
    (b"1234567890123456789\r\na\r\n", ["TOO LONG", "a"]),
    (b"12345678901234567890", ["TOO LONG"]),
    (b"a\nb\r\n", ["BARE", "b"]),
    (b"a\rb\r\nc\r\n", ["BARE", "c"]),
    (b"\r\r\na\r\n", ["BARE", "a"]),
    (b"\n\r\n", ["BARE", ""]),
    (b"\r\n\n", ["", "BARE"]),
    (b"1234567890\n\r\n", ["TOO LONG", ""]),
    (b"\x00\xff\r\n", ["\x00\xff"]),
    (b"123456\r\r\na\r\n", ["TOO LONG", "a"]),
]


def lines(pieces: list[bytes], *, lenient: bool = False) -> list[str]:
    reader = OctetReader()
    found: list[str] = []
    for piece in pieces:
        reader.feed(piece)
        while True:
            try:
                line = reader.read_line(LIMIT, lenient=lenient)
            except LineTooLong:
                found.append("TOO LONG")
                continue
            except BareLineEnd:
                found.append("BARE")
                continue
            if line is None:
                break
            found.append(line.decode("latin-1"))
    return found


class Lines(SynchronousTestCase):
    """Only CRLF ends a line, and no line is longer than its limit."""

    def test_every_cut(self) -> None:
        """Whole, octet by octet, cut once and twice anywhere."""
        for octets, expected in CASES:
            self.assertEqual(expected, lines([octets]), octets)
            single = [octets[i : i + 1] for i in range(len(octets))]
            self.assertEqual(expected, lines(single), octets)
            for cut in range(len(octets)):
                for second in range(cut, len(octets)):
                    pieces = [octets[:cut], octets[cut:second], octets[second:]]
                    self.assertEqual(expected, lines(pieces), pieces)

    def test_lenient(self) -> None:
        """Where a format allows it LF ends a line too, and CR is data."""
        for octets, expected in [
            (b"a\nb\r\nc\rd\n", ["a", "b", "c\rd"]),
            (b"1234567\n1\n", ["1234567", "1"]),
            (b"12345678\n1\n", ["TOO LONG", "1"]),
        ]:
            self.assertEqual(expected, lines([octets], lenient=True))
            single = [octets[i : i + 1] for i in range(len(octets))]
            self.assertEqual(expected, lines(single, lenient=True))

    def test_bounded(self) -> None:
        """A line without an end is not kept."""
        reader = OctetReader()
        reader.feed(b"x" * 100)
        self.assertRaises(LineTooLong, reader.read_line, LIMIT)
        for _ in range(10):
            reader.feed(b"x" * 100)
            self.assertIs(None, reader.read_line(LIMIT))
            self.assertEqual(0, len(reader))


class Blocks(SynchronousTestCase):
    """Counted blocks and what lies around them."""

    def test_mixed(self) -> None:
        """A line, a block, the rest: at every cut."""
        octets = b"a {3}\r\nb\r\n)\r\n"
        for cut in range(len(octets)):
            reader = OctetReader()
            found: list[bytes] = []
            for piece in (octets[:cut], octets[cut:]):
                reader.feed(piece)
                while True:
                    read = reader.read_exactly(3) if len(found) == 1 else reader.read_line(20)
                    if read is None:
                        break
                    found.append(read)
            self.assertEqual([b"a {3}", b"b\r\n", b")"], found)

    def test_some(self) -> None:
        """What is there, and no more than asked for."""
        reader = OctetReader()
        self.assertIs(None, reader.read_some(10))
        reader.feed(b"abcdef")
        self.assertIs(None, reader.read_some(0))
        self.assertEqual(b"abcd", reader.read_some(4))
        self.assertEqual(b"ef", reader.read_some(4))
        self.assertEqual(b"", reader.read_exactly(0))

    def test_search_starts_anew(self) -> None:
        """After a block a line is found though the search for it had begun before."""
        reader = OctetReader()
        reader.feed(b"abc")
        self.assertIs(None, reader.read_line(20))
        self.assertEqual(b"ab", reader.read_some(2))
        reader.feed(b"\r\nx")
        self.assertEqual(b"c", reader.read_line(20))

    def test_unread(self) -> None:
        """What a body reader gives back comes first again."""
        reader = OctetReader()
        reader.feed(b"b\r\n")
        self.assertEqual(b"b", reader.read_some(1))
        reader.unread(b"a\r\nb")
        self.assertEqual(b"a\r", reader.peek(2))
        self.assertEqual([b"a", b"b", None], [reader.read_line(20) for _ in range(3)])

    def test_discard(self) -> None:
        """Dropped is dropped, the rest of a long line included."""
        reader = OctetReader()
        reader.feed(b"x" * 30)
        self.assertRaises(LineTooLong, reader.read_line, LIMIT)
        reader.feed(b"abc")
        self.assertEqual(3, reader.discard())
        reader.feed(b"a\r\n")
        self.assertEqual(b"a", reader.read_line(LIMIT))


@given(octets=st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"123456"]), max_size=12))
def test_cuts_change_nothing(octets: list[bytes]) -> None:
    """The pieces it came in are not seen in what was read."""
    assert lines(octets) == lines([b"".join(octets)])


@given(octets=st.binary(max_size=40) | st.text("\r\na", max_size=40).map(str.encode))
def test_bare_line_ends(octets: bytes) -> None:
    """What the decoder tells agrees with looking at each octet."""
    rest = octets.replace(b"\r\n", b"")
    assert has_bare_line_end(octets) == (b"\r" in rest or b"\n" in rest)
