"""Envelope paths and address lists, from what RFCs show to what mail really has."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netsuite.message.address import (
    Address,
    describe,
    format_list,
    is_ambiguous,
    parse_address,
    parse_address_list,
    parse_path,
)
from netsuite.message.structure import Mailbox
from netsuite.testing.cases import SynchronousTestCase

PATHS: list[tuple[str, Address | None]] = [
    ("<>", None),
    ("<a@b.example>", Address("a", "b.example")),
    ("<A.b-c+d@B.example>", Address("A.b-c+d", "B.example")),
    ("<@one.example,@two.example:joe@three.example>", Address("joe", "three.example")),
    ('<"a b"@x.example>', Address("a b", "x.example")),
    (r'<"a\"b\\>"@x.example>', Address('a"b\\>', "x.example")),
    ("<a@[192.0.2.1]>", Address("a", "[192.0.2.1]")),
    ("<a@[IPv6:2001:db8::1]>", Address("a", "[IPv6:2001:db8::1]")),
    ("<grün@münchen.example>", Address("grün", "münchen.example")),
    ("<a@mail_out.x.example>", Address("a", "mail_out.x.example")),
]
NO_PATHS = [
    "", "<", "a@b", "<a>", "<a@>", "<@b>", "<a@b", "<a b@c>", "<a@b..c>", "<a@-b>", "<a@b->",
    "<a..b@c>", "<.a@c>", '<"a@b>', "<a@[300.1.1.1]>", "<a@[IPv6:zz]>", "<a@[x]>", "<a@b\r\nc>",
    "<" + "a" * 300 + "@b>", "<a@" + "b." * 130 + "c>", "<a@b>"[:-1] + "\x00>", "<(c)a@b>",
]  # fmt: skip


class Paths(SynchronousTestCase):
    """MAIL FROM and RCPT TO."""

    def test_good(self) -> None:
        """Every form of RFC 5321 is understood, wherever it stands."""
        for written, address in PATHS:
            octets = written.encode()
            self.assertEqual((address, len(octets)), parse_path(octets), written)
            self.assertEqual((address, len(octets) + 2), parse_path(b"  " + octets + b" X", 2))

    def test_bad(self) -> None:
        """What is no path is refused, not repaired."""
        for written in NO_PATHS:
            self.assertIsNone(parse_path(written.encode()), written)
        self.assertIsNone(parse_path(b"<\xff@b.example>"))

    def test_prints_what_parses(self) -> None:
        """An address that was read can be said to the next server."""
        for _, address in PATHS:
            if address is not None:
                self.assertEqual(address, parse_address(str(address)))
        self.assertEqual('"a b"@c', str(Address("a b", "c")))
        self.assertEqual("postmaster", str(Address("postmaster", "")))
        self.assertEqual('"a."@c', str(Address("a.", "c")))
        self.assertFalse(Address("grün", "c").ascii)

    @given(
        st.text(
            st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters="\x7f"),
            min_size=1,
            max_size=30,
        )
    )
    def test_any_local_part(self, local: str) -> None:
        """Any printable local part survives printing and reading."""
        address = Address(local, "x.example")
        parsed = parse_address(str(address))
        self.assertEqual(address, parsed)


def box(
    name: str | None, local: str | None, domain: str | None, route: str | None = None
) -> Mailbox:
    return Mailbox(*(None if v is None else v.encode() for v in (name, route, local, domain)))


LISTS: list[tuple[str, list[Mailbox]]] = [
    ("a@b", [box(None, "a", "b")]),
    ("Joe Q. Public <john.q.public@example.com>", [box("Joe Q. Public", "john.q.public", "example.com")]),
    ('"Giant; \\"Big\\" Box" <s@e.net>, x@y', [box('Giant; "Big" Box', "s", "e.net"), box(None, "x", "y")]),
    ("jdoe@one.test (John (nested) Doe)", [box("John (nested) Doe", "jdoe", "one.test")]),
    ("A Group:Ed Jones <joe@where.test>,joe@x;", [
        box(None, "A Group", None), box("Ed Jones", "joe", "where.test"), box(None, "joe", "x"),
        box(None, None, None)]),
    ("Undisclosed recipients:;", [box(None, "Undisclosed recipients", None), box(None, None, None)]),
    ("g:a@b", [box(None, "g", None), box(None, "a", "b"), box(None, None, None)]),
    ("<@a,@b:c@d>", [box(None, "c", "d", "@a,@b")]),
    ("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", [box("Pete", "pete", "silly.test")]),
    (",,a@b,,", [box(None, "a", "b")]),
    ("a . b @ c . d", [box(None, "a.b", "c.d")]),
    ("postmaster", [box(None, "postmaster", "")]),
    ("a@[192.0.2.1]", [box(None, "a", "[192.0.2.1]")]),
    ('"a b"@c', [box(None, "a b", "c")]),
    ("=?utf-8?q?J=C3=BC?= <j@x>", [box("=?utf-8?q?J=C3=BC?=", "j", "x")]),
    ("Jürgen <j@x>", [box("Jürgen", "j", "x")]),
    ("Name <a@b", [box("Name", "a", "b")]),
    ("<>", [box(None, "", "")]),
    ("", []),
]  # fmt: skip


class Lists(SynchronousTestCase):
    """From, To, Cc as ENVELOPE shows them."""

    def test_table(self) -> None:
        """Groups, comments, routes, obsolete and broken syntax come out as others show them."""
        for written, mailboxes in LISTS:
            self.assertEqual(tuple(mailboxes), parse_address_list(written.encode()), written)

    def test_ambiguous(self) -> None:
        """What stands behind angle brackets others may take for the address."""
        for octets, ambiguous in (
            (b"A <a@b> (c), <c@d>; e@f", False),
            (b'"<x@y>" <a@b>,<c@d>', False),
            (b"g: A <a@b>, <c@d>; ", False),
            (b"<a@b> <c@d>", True),
            (b"e@f, <a@b> c@d", True),
            (b"<a@b>:<c@d>", True),
            (b'<a@b>"c@d"', True),
        ):
            self.assertIs(ambiguous, is_ambiguous(octets), octets)

    def test_bounded(self) -> None:
        """A field with a hundred thousand addresses keeps ten thousand."""
        found = parse_address_list(b"a@b," * 100_000)
        self.assertEqual(10_000, len(found))

    @given(st.binary(max_size=200))
    def test_anything(self, octets: bytes) -> None:
        """No field value makes it fail."""
        for item in parse_address_list(octets):
            describe(item)

    def test_prints(self) -> None:
        """What is printed for a header field reads back as the same names and addresses."""
        given_boxes = [("", "a@b"), ("Ada L.", "ada@x"), ("Zoë", "z@x"), ('q"\\', "q@x")]
        printed = format_list(given_boxes)
        self.assertTrue(printed.isascii())
        found = parse_address_list(printed)
        self.assertEqual(["a@b", "Ada L.", "Zoë", 'q"\\'], [describe(item) for item in found])
