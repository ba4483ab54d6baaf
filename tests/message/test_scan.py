"""The structure scanner: offsets, defaults, hostile input, the same for every split."""

from __future__ import annotations

import email
import email.policy

from hypothesis import given, settings
from hypothesis import strategies as st

from netsuite.message import scan as scan_module
from netsuite.message.form import (
    format_envelope,
    format_offsets,
    format_structure,
    read_structure,
)
from netsuite.message.scan import DEPTH, PARTS, Scanner, scan
from netsuite.message.structure import Mailbox, Part, Summary
from netsuite.testing.cases import SynchronousTestCase
from tests.message.odd_messages import ANSWERS, MESSAGES


def crlf(text: str) -> bytes:
    return text.encode("utf-8").replace(b"\n", b"\r\n")


SIMPLE = crlf(
    "From: Fred Foobar <foobar@Blurdybloop.example>\n"
    "To: mooch@owatagu.example\n"
    "Subject: afternoon meeting\n"
    "Date: Mon, 7 Feb 1994 21:52:25 -0800\n"
    "Message-Id: <B27397-0100000@Blurdybloop.example>\n"
    "References: <a@x> <b@x>\n"
    "In-Reply-To: <b@x>\n"
    "\n"
    "Hello Joe, do you think we can meet?\n"
    "> quoted\n"
)

NESTED = crlf(
    'Content-Type: multipart/mixed; boundary="outer"\n'
    "Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\n"
    "\n"
    "preamble\n"
    "--outer\n"
    "\n"
    "first, plain by default\n"
    "--outer\n"
    "Content-Type: multipart/alternative; boundary=outer2\n"
    "\n"
    "--outer2\n"
    "Content-Type: text/plain; charset=utf-8\n"
    "Content-Transfer-Encoding: Quoted-Printable\n"
    "\n"
    "w=C3=B6rter\n"
    "--outer2\n"
    "Content-Type: TEXT/HTML\n"
    "\n"
    "<p>w</p>\n"
    "\n"
    "--outer2--\n"
    "epilogue of the inner one\n"
    "--outer\n"
    "Content-Type: message/rfc822\n"
    "\n"
    "From: a@b.example\n"
    "Subject: inner\n"
    "Content-Type: multipart/digest; boundary=d\n"
    "\n"
    "--d\n"
    "\n"
    "Subject: digested\n"
    "\n"
    "body\n"
    "--outer--\n"
    "epilogue\n"
)


def shape(part: Part) -> object:
    name = b"/".join(part.type).decode()
    return (name, *(shape(child) for child in part.children)) if part.children else name


def text(octets: bytes, part: Part) -> bytes:
    return octets[part.body_start : part.body_end]


def pieces(octets: bytes, size: int) -> Summary:
    scanner = Scanner()
    for start in range(0, len(octets), size):
        scanner.feed(octets[start : start + size])
    return scanner.finish()


class Structure(SynchronousTestCase):
    """What FETCH BODYSTRUCTURE and ENVELOPE show."""

    def test_simple(self) -> None:
        """A plain message has one text part and an envelope with everything in it."""
        summary = scan(SIMPLE)
        self.assertEqual((b"text", b"plain"), summary.root.type)
        self.assertEqual(((b"charset", b"us-ascii"),), summary.root.parameters)
        self.assertEqual(SIMPLE.index(b"Hello"), summary.root.body_start)
        self.assertEqual(len(SIMPLE), summary.root.body_end)
        self.assertEqual(2, summary.root.lines)
        envelope = summary.envelope
        self.assertEqual(b"afternoon meeting", envelope.subject)
        self.assertEqual(
            (Mailbox(b"Fred Foobar", None, b"foobar", b"Blurdybloop.example"),), envelope.from_
        )
        self.assertEqual((), envelope.sender)
        self.assertEqual(b"<b@x>", envelope.in_reply_to)
        self.assertEqual(("a@x", "b@x"), summary.references)
        self.assertEqual("B27397-0100000@Blurdybloop.example", summary.message_id)
        self.assertEqual("Hello Joe, do you think we can meet?", summary.preview)
        self.assertEqual(760686745, summary.sent)
        self.assertEqual(19940207, summary.sent_day)

    def test_nested(self) -> None:
        """Parts within parts, a digest within a message, and an outer boundary that ends all."""
        summary = scan(NESTED)
        self.assertEqual(
            (
                "multipart/mixed",
                "text/plain",
                ("multipart/alternative", "text/plain", "text/html"),
                ("message/rfc822", ("multipart/digest", ("message/rfc822", "text/plain"))),
            ),
            shape(summary.root),
        )
        plain, alternative, embedded = summary.root.children
        self.assertEqual(b"first, plain by default", text(NESTED, plain))
        self.assertEqual(0, plain.lines)
        quoted, html = alternative.children
        self.assertEqual(b"quoted-printable", quoted.encoding)
        self.assertEqual(b"<p>w</p>\r\n", text(NESTED, html))
        self.assertEqual(1, html.lines)
        self.assertTrue(text(NESTED, alternative).endswith(b"epilogue of the inner one"))
        assert embedded.envelope is not None
        self.assertEqual(b"inner", embedded.envelope.subject)
        (digest,) = embedded.children
        self.assertEqual(embedded.body_start, digest.header_start)
        (digested,) = digest.children
        assert digested.envelope is not None
        self.assertEqual(b"digested", digested.envelope.subject)
        self.assertEqual(b"body", text(NESTED, digested.children[0]))
        self.assertEqual("grüße", summary.subject)
        self.assertEqual("first, plain by default", summary.preview)
        self.assertEqual(len(NESTED), summary.root.body_end)

    def test_every_split(self) -> None:
        """However the network cuts a message, its structure is the same."""
        for message in (SIMPLE, NESTED, NESTED.replace(b"\r\n", b"\n"), b"", b"\r\n", b"\n--"):
            whole = scan(message)
            self.assertEqual(whole, pieces(message, 1))
            for cut in range(len(message)):
                scanner = Scanner()
                scanner.feed(message[:cut])
                scanner.feed(message[cut:])
                self.assertEqual(whole, scanner.finish(), f"cut at {cut}")

    def test_line_feeds_alone(self) -> None:
        """A message appended with bare line feeds has the same shape and texts."""
        bare = NESTED.replace(b"\r\n", b"\n")
        first, second = scan(NESTED), scan(bare)
        self.assertEqual(shape(first.root), shape(second.root))
        for mine, theirs in zip(first.root.walk(), second.root.walk(), strict=True):
            self.assertEqual(mine.lines, theirs.lines)
            self.assertEqual(text(NESTED, mine).replace(b"\r\n", b"\n"), text(bare, theirs))

    def test_no_header_and_nothing(self) -> None:
        """An empty message, an empty header and a header alone are all text of no lines."""
        for octets, start in ((b"", 0), (b"\r\n", 2), (b"Subject: x\r\n", 12), (b"Subject: x", 10)):
            root = scan(octets).root
            self.assertEqual(
                ((b"text", b"plain"), start, start, 0),
                (root.type, root.body_start, root.body_end, root.lines),
                octets,
            )

    def test_lines_are_those_that_end(self) -> None:
        """The line count that clients are shown is that of line ends, as of other servers."""
        for body, lines in ((b"", 0), (b"a", 0), (b"a\r\n", 1), (b"a\r\nb", 1), (b"\r\n", 1)):
            self.assertEqual(lines, scan(b"A: b\r\n\r\n" + body).root.lines, body)

    def test_empty_parts(self) -> None:
        """Parts without header, without body, or with neither have sizes of nought."""
        message = crlf(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b\n\n\n--b\nA: b\n--b--\n"
        )
        parts = scan(message).root.children
        self.assertEqual([0, 0, 0, 0], [part.octets for part in parts])
        self.assertEqual([0, 0, 0, 0], [part.lines for part in parts])

    def test_boundaries_that_begin_alike(self) -> None:
        """An inner boundary that is the start of the outer one is not taken for it."""
        message = crlf(
            "Content-Type: multipart/mixed; boundary=abc\n\n"
            "--abc\nContent-Type: multipart/mixed; boundary=ab\n\n"
            "--ab\n\n1\n--abc--x\n--abcd\n--ab--\n"
            "--abc \t\n\n2\n--abc--\n"
        )
        root = scan(message).root
        self.assertEqual(
            ("multipart/mixed", ("multipart/mixed", "text/plain"), "text/plain"), shape(root)
        )
        self.assertEqual(b"1\r\n--abc--x\r\n--abcd", text(message, root.children[0].children[0]))
        self.assertEqual(b"2", text(message, root.children[1]))

    def test_same_boundary_within(self) -> None:
        """An inner multipart with the outer's own boundary takes it over until it closes."""
        message = crlf(
            "Content-Type: multipart/mixed; boundary=b\n\n"
            "--b\nContent-Type: multipart/mixed; boundary=b\n\n"
            "--b\n\ninner\n--b--\n--b\n\nouter\n--b--\n"
        )
        self.assertEqual(
            ("multipart/mixed", ("multipart/mixed", "text/plain"), "text/plain"),
            shape(scan(message).root),
        )

    def test_no_usable_boundary(self) -> None:
        """A multipart without a boundary is shown without parts; its text is kept whole."""
        for parameter in ("", "; boundary=", '; boundary=""', "; boundary=" + "x" * 600):
            message = crlf(f"Content-Type: multipart/mixed{parameter}\n\n--x\n\na\n--x--\n")
            root = scan(message).root
            self.assertEqual((b"multipart", b"mixed"), root.type)
            self.assertEqual((), root.children)

    def test_missing_close(self) -> None:
        """A message cut off in the middle of its parts still shows those that came."""
        cut = NESTED[: NESTED.index(b"w=C3") + 4]
        self.assertEqual(
            ("multipart/mixed", "text/plain", ("multipart/alternative", "text/plain")),
            shape(scan(cut).root),
        )

    def test_encoded_message_is_opaque(self) -> None:
        """A message that is itself coded in base64 is not looked into."""
        message = crlf(
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA==\n"
        )
        root = scan(message).root
        self.assertEqual(((), None, b"base64"), (root.children, root.envelope, root.encoding))

    def test_bad_content_type_is_plain_text(self) -> None:
        """What names no type is plain text (RFC 2045, 5.2)."""
        for value in ("text", "", "/", "text/", "(text/html)", "\x00"):
            root = scan(crlf(f"Content-Type: {value}\n\nx\n")).root
            self.assertEqual((b"text", b"plain"), root.type, value)

    def test_other_fields(self) -> None:
        """Disposition, language, id, md5, description and location are there for clients."""
        root = scan(
            crlf(
                "Content-Type: text/plain (comment); name*0*=utf-8''gr%C3%BC; name*1=n\n"
                'Content-Disposition: ATTACHMENT; filename="a \\"b\\".txt"; size=3\n'
                "Content-Language: de, en-GB\nContent-ID: <i@d>\nContent-MD5: Q2h=\n"
                "Content-Description: =?utf-8?q?x?=\nContent-Location: http://x.example/\n\n"
            )
        ).root
        self.assertEqual(((b"name", "grün".encode()), (b"charset", b"us-ascii")), root.parameters)
        self.assertEqual(
            (b"attachment", ((b"filename", b'a "b".txt'), (b"size", b"3"))), root.disposition
        )
        self.assertEqual((b"de", b"en-GB"), root.language)
        self.assertEqual((b"<i@d>", b"Q2h="), (root.id, root.md5))
        self.assertEqual(
            (b"=?utf-8?q?x?=", b"http://x.example/"), (root.description, root.location)
        )


class Odd(SynchronousTestCase):
    """Messages as they occur, and what clients are told of them."""

    def test_answers(self) -> None:
        """Each has its envelope and its structure, which read back are the part tree."""
        self.assertEqual(set(MESSAGES), set(ANSWERS))
        for name, octets in MESSAGES.items():
            summary = scan(octets)
            structure = format_structure(summary.root, extended=True)
            said = format_envelope(summary.envelope), structure
            self.assertEqual(ANSWERS[name], said, name)
            back = read_structure(structure, format_offsets(summary.root))
            self.assertEqual(structure, format_structure(back, extended=True), name)
            self.assertEqual(shape(summary.root), shape(back), name)


class Hostile(SynchronousTestCase):
    """What an attacker may send costs bounded memory and time, and never an exception."""

    def test_depth(self) -> None:
        """Thousands of nested multiparts end in a leaf at the limit."""
        lines = []
        for number in range(DEPTH * 3):
            lines.append(f"Content-Type: multipart/mixed; boundary=b{number}\n\n--b{number}\n")
        root = scan(crlf("".join(lines))).root
        depth, part = 0, root
        while part.children:
            depth, part = depth + 1, part.children[0]
        self.assertEqual(DEPTH, depth)
        nested = scan(b"Content-Type: message/rfc822\r\n\r\n" * (DEPTH * 3)).root
        self.assertEqual(DEPTH + 1, len(list(nested.walk())))

    def test_number_of_parts(self) -> None:
        """Parts beyond the limit belong to the last one."""
        message = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * (
            PARTS + 500
        )
        root = scan(message).root
        self.assertEqual(PARTS, len(list(root.walk())))
        self.assertEqual(len(message), root.children[-1].body_end)

    def test_endless_header(self) -> None:
        """A header without end is passed over in bounded memory, its body still found."""
        scanner = Scanner()
        scanner.feed(b"Subject: first\r\n")
        for _ in range(64):
            scanner.feed(b"X-Filler: " + b"y" * 65_000 + b"\r\n")
        self.assertLessEqual(len(scanner._header), scan_module.HEADER_OCTETS)
        scanner.feed(b"\r\nbody\r\n")
        summary = scanner.finish()
        self.assertEqual(b"first", summary.envelope.subject)
        self.assertEqual(6, summary.root.octets)

    def test_no_body_is_held(self) -> None:
        """A huge line without end in a multipart does not pile up."""
        scanner = Scanner()
        scanner.feed(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n")
        for _ in range(100):
            scanner.feed(b"--bx" * 4096)
        self.assertLess(len(scanner._buffer), 40_000)

    def test_odd_octets(self) -> None:
        """NULs, 8-bit headers, bare carriage returns and broken words are shown as they can be."""
        summary = scan(
            b"Subject: gr\xc3\xbc\xdf\x00e\r\nFrom: \xff\xfe <a@\xff>\r\nDate: \x00\r\n"
            b'Content-Type: text/plain; charset=\x00\r\nTo: <<<>>>,,;:;;"\r\n\r\n\r\r\n\x00\xff'
        )
        self.assertEqual(1, summary.root.lines)
        self.assertIsNone(summary.sent)
        self.assertIn("gr", summary.subject)

    @given(
        st.lists(
            st.sampled_from(
                [
                    b"\r\n",
                    b"\n",
                    b"\r",
                    b"--b",
                    b"--c",
                    b"--b--",
                    b"--c--",
                    b" ",
                    b"-",
                    b"x",
                    b"Content-Type: multipart/mixed; boundary=b",
                    b"Content-Type: multipart/digest; boundary=c",
                    b"Content-Type: message/rfc822",
                    b"\r\n\r\n",
                    b"\x00\xff",
                    b"Content-Type: text/html; charset=utf-8",
                ]
            ),
            max_size=40,
        ),
        st.integers(1, 7),
    )
    @settings(max_examples=300, deadline=None)
    def test_anything(self, words: list[bytes], size: int) -> None:
        """Any soup of boundaries gives one tree, well nested, for every way of cutting."""
        octets = b"".join(words)
        summary = scan(octets)
        self.assertEqual(summary, pieces(octets, size))
        self._well_nested(octets, summary.root, 0, len(octets))

    def _well_nested(self, octets: bytes, part: Part, start: int, end: int) -> None:
        self.assertTrue(start <= part.header_start <= part.body_start <= part.body_end <= end)
        body = octets[part.body_start : part.body_end]
        self.assertEqual(body.count(b"\n"), part.lines)
        inner = part.body_start
        for child in part.children:
            self._well_nested(octets, child, inner, part.body_end)
            inner = child.body_end

    @given(
        st.recursive(st.text("abc\n", max_size=20), lambda c: st.lists(c, min_size=1), max_leaves=8)
    )
    @settings(max_examples=100, deadline=None)
    def test_as_the_standard_library_sees_it(self, tree: object) -> None:
        """On well-formed messages an independent parser finds the same parts."""
        count = iter(range(1000))

        def build(node: object) -> bytes:
            if isinstance(node, str):
                return b"\r\n" + node.encode().replace(b"\n", b"\r\n")
            assert isinstance(node, list)
            boundary = b"=_%d" % next(count)
            inner = b"".join(b"--" + boundary + b"\r\n" + build(child) + b"\r\n" for child in node)
            head = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n'
            return head + inner + b"--" + boundary + b"--\r\n"

        octets = build(tree)
        theirs = email.message_from_bytes(octets, policy=email.policy.SMTP)
        leaves = [p.get_payload() for p in theirs.walk() if not p.is_multipart()]
        mine = [text(octets, p).decode() for p in scan(octets).root.walk() if not p.children]
        self.assertEqual(
            [str(leaf).replace("\r\n", "\n") for leaf in leaves],
            [leaf.replace("\r\n", "\n") for leaf in mine],
        )
