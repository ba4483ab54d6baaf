"""Gopher+: attributes, lengths, errors."""

from __future__ import annotations

from datetime import UTC, datetime

from netsuite.gopher.commands import About, Item
from netsuite.gopher.plus import Attributes, format_attributes, header, parse_attributes, refusal
from netsuite.testing.cases import SynchronousTestCase

MOMENT = datetime(2026, 11, 29, 21, 17, 0, tzinfo=UTC)


class Plus(SynchronousTestCase):
    """What Gopher+ adds to a request and its answer."""

    def test_asked(self) -> None:
        """Attributes of one, of all, of some; a view is none of them."""
        for field, asked in {
            "!": Attributes(of_menu=False),
            "$": Attributes(of_menu=True),
            "!+ADMIN+views": Attributes(of_menu=False, blocks=("ADMIN", "VIEWS")),
            "+": None,
            "+text/plain": None,
            "": None,
            "$x": None,
        }.items():
            self.assertEqual(asked, parse_attributes(field), field)

    def test_attributes(self) -> None:
        """Blocks, in their order, of an item with much to say and of one with nothing."""
        items = (
            Item("0", "A text", "/a.txt", about=About(MOMENT, 3000, "text/plain", "Of it\nall")),
            Item("1", "Elsewhere", "/", "far.test", 70),
        )
        said = format_attributes(
            items, Attributes(of_menu=True), host="h.test", port=70, admin="me@h.test"
        )
        self.assertEqual(
            b"+-1\r\n"
            b"+INFO: 0A text\t/a.txt\th.test\t70\t+\r\n"
            b"+ADMIN:\r\n Admin: <me@h.test>\r\n"
            b" Mod-Date: Sun Nov 29 21:17:00 2026 <20261129211700>\r\n"
            b"+VIEWS:\r\n text/plain: <3k>\r\n"
            b"+ABSTRACT:\r\n Of it\r\n all\r\n"
            b"+INFO: 1Elsewhere\t/\tfar.test\t70\r\n"
            b"+ADMIN:\r\n Admin: <me@h.test>\r\n"
            b".\r\n",
            said,
        )

    def test_some_blocks(self) -> None:
        """INFO comes with whatever is asked for."""
        item = Item("0", "x", "/x", about=About(MOMENT, 1, "text/plain"))
        asked = Attributes(of_menu=False, blocks=("VIEWS",))
        said = format_attributes((item,), asked, host="h", port=70, admin="a@b")
        self.assertEqual(
            b"+-1\r\n+INFO: 0x\t/x\th\t70\t+\r\n+VIEWS:\r\n text/plain: <1k>\r\n.\r\n", said
        )

    def test_lengths(self) -> None:
        """A length, or how the end is told; an error has two minus signs."""
        self.assertEqual([b"+12\r\n", b"+-1\r\n"], [header(12), header(-1)])
        self.assertEqual(
            b"--1\r\n1 <a@b>\r\nNot here\r\n.\r\n", refusal("Not here", "a@b", gone=True)
        )
        self.assertTrue(refusal("Later", "a@b", gone=False).startswith(b"--1\r\n2 "))
