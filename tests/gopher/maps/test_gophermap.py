"""Gophermaps: Bucktooth's form, and what Gophernicus adds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netsuite.gopher.commands import Item, information, title
from netsuite.gopher.grammar import format_item
from netsuite.gopher.maps.gophermap import parse_gophermap
from netsuite.gopher.maps.parts import Accounts, Hosts, Include
from netsuite.testing.cases import SynchronousTestCase


class Gophermaps(SynchronousTestCase):
    """A directory's menu, as its owner wrote it."""

    def test_items(self) -> None:
        """Text is shown; what is left out of an item is filled in."""
        octets = (
            b"Welcome!\n"
            b"\n"
            b"0About\tabout.txt\n"
            b"1Pictures\r\n"
            b"1pictures\t\n"
            b"1Up\t..\n"
            b"0Elsewhere\t/x\tother.test\t7070\n"
            b"hWeb\tURL:https://example.test/\n"
            b"hWeb\t/URL:https://example.test/\n"
            b"0Root\t/about.txt\n"
        )
        self.assertEqual(
            (
                information("Welcome!"),
                information(""),
                Item("0", "About", "/dir/about.txt"),
                information("1Pictures"),
                Item("1", "pictures", "/dir/pictures"),
                Item("1", "Up", "/"),
                Item("0", "Elsewhere", "/x", "other.test", 7070),
                Item("h", "Web", "URL:https://example.test/"),
                Item("h", "Web", "/URL:https://example.test/"),
                Item("0", "Root", "/about.txt"),
            ),
            parse_gophermap(octets, "/dir").parts,
        )

    def test_empty_selector(self) -> None:
        """With a host it is that host's root; the text is the selector where no host is named."""
        for line, item in {
            b"1Other\t\tother.test\t70": Item("1", "Other", "", "other.test", 70),
            b"1Other\t\tother.test": Item("1", "Other", "", "other.test", 70),
            b"1Other\t\tother.test\t99999": Item("1", "Other", "", "other.test", 70),
            b"1Other\tx\tother.test": Item("1", "Other", "x", "other.test", 70),
            b"1other\t\t\t": Item("1", "other", "/d/other"),
            b"1other\t\t\t7070": Item("1", "other", "/d/other", "", 7070),
        }.items():
            self.assertEqual((item,), parse_gophermap(line, "/d").parts, line)

    def test_octets(self) -> None:
        """Latin-1 in a map leads to the file that is called so, and is shown as it is."""
        (item,) = parse_gophermap(b"0Caf\xe9\tcaf\xe9.txt\n", "/d").parts
        assert isinstance(item, Item)
        self.assertEqual(b"0Caf\xe9\t/d/caf\xe9.txt\thost\t70\r\n", format_item(item, "host", 70))

    def test_characters(self) -> None:
        """The characters of Gophernicus."""
        octets = (
            b"!A title\n#a comment\n#0hidden\titem\n-secret.txt\n-dir/\n:PNG=9\n:.foo=0\n"
            b"=more.map\n~\n%\nplain\n*\nnever seen\n"
        )
        found = parse_gophermap(octets, "/d")
        self.assertEqual(
            (title("A title"), Include("more.map"), Accounts(), Hosts(), information("plain")),
            found.parts,
        )
        self.assertTrue(found.listing)
        self.assertEqual({"secret.txt", "dir"}, found.hidden)
        self.assertEqual({"png": "9", "foo": "0"}, found.types)
        ended = parse_gophermap(b"shown\n.\nnever seen\n", "/d")
        self.assertEqual(((information("shown"),), False), (ended.parts, ended.listing))

    def test_rulers_and_points(self) -> None:
        """What merely begins with such a character is text, as it was in older maps."""
        lines = ["-----", "--", "- point", "* point", "===", "= x =", "~~~", "%50", ":-)", ". end?"]
        found = parse_gophermap("\n".join(lines).encode(), "/")
        self.assertEqual(tuple(map(information, lines)), found.parts)
        self.assertFalse(found.listing)

    def test_too_much(self) -> None:
        """A map of a million lines ends with saying so."""
        self.assertEqual(5001, len(parse_gophermap(b"x\n" * 100_000, "/").parts))

    @given(st.binary(max_size=300))
    def test_anything(self, octets: bytes) -> None:
        """Nothing that somebody saves as a gophermap breaks the menu."""
        for item in parse_gophermap(octets, "/dir").parts:
            if isinstance(item, Item):
                line = format_item(item, "h", 70)
                self.assertTrue(line.endswith(b"\r\n"))
                self.assertEqual(3, sum(octet < 0x20 for octet in line[:-2]))
