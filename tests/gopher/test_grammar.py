"""Requests, items and gophermaps: octets to values and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netsuite.gopher.commands import Item, Request
from netsuite.gopher.grammar import format_item, format_request, parse_item, parse_request
from netsuite.gopher.types import is_text, type_of_name, type_of_octets
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError

WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_characters="\x7f"))


class Requests(SynchronousTestCase):
    """What a client sends."""

    CASES = [
        (b"", Request()),
        (b"/a/b", Request("/a/b")),
        (b"/search\tblue sky", Request("/search", "blue sky")),
        (b"/search\t", Request("/search", "")),
        (b"/a\t+", Request("/a", None, "+")),
        (b"/search\twords\t+text/plain", Request("/search", "words", "+text/plain")),
        (b"/a\t$", Request("/a", None, "$")),
        ("/grün".encode(), Request("/grün")),
        (b"/\xff", Request("/\udcff")),
    ]

    def test_both_ways(self) -> None:
        """Each request is read, and printed as it was."""
        for octets, request in self.CASES:
            self.assertEqual(request, parse_request(octets))
            self.assertEqual(octets + b"\r\n", format_request(request))

    def test_refused(self) -> None:
        """Control characters and overlong selectors are no requests."""
        for octets in (b"/a\0b", b"/a\rb", b"/\x1b[2J", b"x" * 256):
            with self.assertRaises(RemoteProtocolError):
                parse_request(octets)

    def test_unsayable(self) -> None:
        """What would make a second line, or field, of a request is never sent."""
        for request in (
            Request("/a\r\nb"),
            Request("/a\tb"),
            Request("/a", "b\nc"),
            Request("\0"),
            Request("x" * 2000),
        ):
            with self.assertRaises(LocalProtocolError):
                format_request(request)


class Items(SynchronousTestCase):
    """Lines of menus."""

    def test_format(self) -> None:
        """Items name a host; those without one name this server."""
        self.assertEqual(
            b"0text\t/t\there.test\t70\r\n", format_item(Item("0", "text", "/t"), "here.test", 70)
        )
        self.assertEqual(
            b"1other\t/\tthere.test\t7070\r\n",
            format_item(Item("1", "other", "/", "there.test", 7070), "here.test", 70),
        )

    def test_nobody_makes_a_line_of_their_own(self) -> None:
        """A subject with TAB, CR and LF in it stays one field of one line."""
        line = format_item(Item("0", "evil\r\n1x\t/\thost\t70\r\n.\r\n", "/a\tb"), "h", 70)
        self.assertEqual(1, line.count(b"\r\n"))
        self.assertEqual(3, line.count(b"\t"))
        for kind in "\r\n\t\0":
            line = format_item(Item(kind, "text", "/"), "h", 70)
            self.assertEqual(b" text\t/\th\t70\r\n", line)

    @given(WORDS, WORDS, st.integers(1, 65535))
    def test_back(self, text: str, selector: str, port: int) -> None:
        """What is printed is read back."""
        item = Item("0", text, selector, "host.test", port)
        self.assertEqual(item, parse_item(format_item(item, "x", 1).removesuffix(b"\r\n")))

    def test_others_lines(self) -> None:
        """Lines that others' servers send, with fields missing or wrong, are read somehow."""
        for line, item in [
            (b"iHello", Item("i", "Hello", "", "", 70)),
            (b"", Item("i", "", "", "", 70)),
            (b"1a\tb\tc\td", Item("1", "a", "b", "c", 70)),
            (b"1a\tb\tc\t99999", Item("1", "a", "b", "c", 70)),
            (b"1a\tb\tc\t70\t+", Item("1", "a", "b", "c", 70)),
            (b"0\xff\t\xff\th\t70", Item("0", "\ufffd", "\udcff", "h", 70)),
        ]:
            self.assertEqual(item, parse_item(line))

    @given(st.binary(max_size=300))
    def test_anything(self, octets: bytes) -> None:
        """No line makes the reader stumble."""
        parse_item(octets)


class Types(SynchronousTestCase):
    """What a file is."""

    def test_by_name(self) -> None:
        """The extension tells, where it is known."""
        for name, kind in {
            "a.txt": "0",
            "A.TXT": "0",
            "x.html": "h",
            "p.gif": "g",
            "p.png": "I",
            "s.mp3": "s",
            "a.tar.gz": "9",
            "a.zip": "9",
            "a.pdf": "d",
            "x.hqx": "4",
        }.items():
            found = type_of_name(name)
            self.assertEqual(kind, found.value if found else None, name)
        self.assertIsNone(type_of_name("README"))
        self.assertIsNone(type_of_name("x.unknownext"))

    def test_by_octets(self) -> None:
        """Else the first octets do."""
        self.assertEqual("0", type_of_octets("Grüße\r\n\x1b[1m".encode()).value)
        self.assertEqual("0", type_of_octets(b"").value)
        self.assertEqual("9", type_of_octets(b"\x7fELF\x02\x01\x01\0").value)

    def test_what_ends_with_a_dot(self) -> None:
        """Text does; what is octets ends with the connection."""
        self.assertTrue(is_text("0"))
        for kind in "19gIhsd;":
            self.assertFalse(is_text(kind))
