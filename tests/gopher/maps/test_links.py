"""Link files of the University of Minnesota's server."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netsuite.gopher.maps.links import Link, parse_links
from netsuite.testing.cases import SynchronousTestCase


class Links(SynchronousTestCase):
    """Blocks of lines."""

    def test_blocks(self) -> None:
        """A comment's sign ends a block, and so does the end."""
        octets = (
            b"# links\nName=Elsewhere\nType=1\nPath=1/dir\nHost=far.test\nPort=7070\nNumb=2\n#\n"
            b"Name=Here\nType=0\nPath=0/about.txt\nHost=+\nPort=+\n#\n"
            b"Path=./file\r\nName=A file\r\nAbstract=What it is\r\nNumb=-1\r\n#\n"
            b"Type=X\nPath=./hidden\n#\nName=Web\nURL=https://x.test/a=b\n"
        )
        found = parse_links(octets)
        self.assertEqual(
            [
                Link("Elsewhere", "1", "1/dir", "far.test", "7070", 2),
                Link("Here", "0", "0/about.txt"),
                Link("A file", "", "./file", number=-1, abstract="What it is"),
                Link("", "X", "./hidden"),
                Link("Web", "h", "URL:https://x.test/a=b"),
            ],
            found,
        )
        self.assertEqual(["", "", "file", "hidden", ""], [each.entry for each in found])
        self.assertEqual([False, False, False, True, False], [each.is_hidden for each in found])

    def test_numbers(self) -> None:
        """A number that is none places nothing."""
        for text, number in {
            "7": 7,
            "-3": -3,
            "": None,
            "x": None,
            "1e9": None,
            "9" * 9: None,
        }.items():
            (link,) = parse_links(f"Name=x\nNumb={text}\n".encode())
            self.assertEqual(number, link.number, text)

    def test_bounded(self) -> None:
        """There is an end to what one file may add."""
        self.assertEqual(5000, len(parse_links(b"Name=x\n#\n" * 9000)))

    @given(st.binary(max_size=300))
    def test_anything(self, octets: bytes) -> None:
        """Nothing in such a file makes the reader stumble."""
        for link in parse_links(octets):
            self.assertNotIn("\n", link.name + link.path + link.host)
