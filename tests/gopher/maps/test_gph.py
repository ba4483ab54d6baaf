"""Menus in geomyidae's form."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netsuite.gopher.commands import Item, information
from netsuite.gopher.maps.gph import is_menu, parse_gph
from netsuite.testing.cases import SynchronousTestCase


class Gph(SynchronousTestCase):
    """Items between brackets, and text."""

    def test_lines(self) -> None:
        """Each kind of line."""
        for line, item in {
            b"text": information("ext"),
            b"ttext": information("text"),
            b"t[not an item]": information("[not an item]"),
            b"A line": information("A line"),
            b"": information(""),
            b"[1|Blog|/blog|server|port]": Item("1", "Blog", "/blog"),
            b"[0|Near|near.txt|server|port]": Item("0", "Near", "/d/near.txt"),
            b"[1|Far|/|far.test|7070]": Item("1", "Far", "/", "far.test", 7070),
            b"[1|Root||far.test|70]": Item("1", "Root", "", "far.test", 70),
            b"[h|Web|URL:https://x.test/|server|port]": Item("h", "Web", "URL:https://x.test/"),
            rb"[0|a \| b|/x|server|port]": Item("0", "a | b", "/x"),
            b"[i|said|x|y|1]": information("said"),
            b"[0|short]": Item("0", "short", "/d"),
            b"[no item]": information("[no item]"),
            b"[0|Caf\xe9|/caf\xe9|server|port]": Item("0", "Caf\udce9", "/caf\udce9"),
        }.items():
            self.assertEqual((item,), parse_gph(line + b"\n", "/d").parts, line)

    def test_is_menu(self) -> None:
        """A file without items is a text."""
        self.assertTrue(is_menu(b"Hello\n[1|x|/x|server|port]\n"))
        for octets in (b"", b"Hello [1|x|/x|server|port]\n", b"[link]\n", b"t[1|x|y\n"):
            self.assertFalse(is_menu(octets), octets)

    def test_too_much(self) -> None:
        """A file of a million lines ends with saying so."""
        self.assertEqual(5001, len(parse_gph(b"x\n" * 100_000, "/").parts))

    @given(st.binary(max_size=300))
    def test_anything(self, octets: bytes) -> None:
        """Nothing that somebody saves under such a name makes the reader stumble."""
        self.assertLess(len(parse_gph(octets, "/d").parts), 5001)
