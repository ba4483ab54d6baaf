"""Header fields, encoded words, parameters, charsets: as written, and never an exception."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from netsuite.message.charsets import codec_of, decode
from netsuite.message.headers import fields, find, header_end, strip
from netsuite.message.parameters import parse_content_type, parse_disposition, without_comments
from netsuite.message.words import decode_base64, decode_words, encode_words, fold
from netsuite.testing.cases import SynchronousTestCase

HEADER = (
    b"Received: from a\r\n\tby b\r\nsubject : one\r\nno field here\r\n and more\r\n"
    b"Subject: two\r\n  folded\r\nX:\r\n\r\nSubject: body\r\n"
)


class Fields(SynchronousTestCase):
    """What IMAP's HEADER.FIELDS and the MTA's trace fields rely on."""

    def test_iterates(self) -> None:
        """Fields come in order with folds undone; what is no field is passed over."""
        self.assertEqual(
            [
                (b"Received", b"from a\tby b"),
                (b"subject", b"one"),
                (b"Subject", b"two  folded"),
                (b"X", b""),
            ],
            [(item.name, item.value) for item in fields(HEADER)],
        )

    def test_finds(self) -> None:
        """A field is found in any case, the first of several."""
        self.assertEqual(b"one", find(HEADER, b"SUBJECT"))
        self.assertIsNone(find(HEADER, b"body"))

    def test_strip(self) -> None:
        """Fields can be taken out without touching anything else, the body least of all."""
        self.assertEqual(
            b"Received: from a\r\n\tby b\r\nno field here\r\n and more\r\nX:\r\n\r\nSubject: body\r\n",
            strip(HEADER, [b"Subject"]),
        )
        self.assertEqual(HEADER, strip(HEADER, [b"Bcc"]))

    def test_header_end(self) -> None:
        """The body begins behind the first empty line, whatever ends lines."""
        for octets, end in (
            (b"", 0),
            (b"\r\nx", 2),
            (b"\nx", 1),
            (b"A: b\r\n\r\nx", 8),
            (b"A: b\n\nx", 6),
            (b"A: b", 4),
        ):
            self.assertEqual(end, header_end(octets), octets)

    @given(st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n"]), max_size=12))
    def test_header_end_of_anything(self, words: list[bytes]) -> None:
        """It is the first place where a line holds nothing, however line ends are mixed."""
        octets = b"".join(words)
        found = re.search(rb"(?:\A|(?<=\n))\r?\n", octets)
        self.assertEqual(found.end() if found else len(octets), header_end(octets))

    @given(
        st.lists(st.sampled_from([b"a", b":", b" ", b"\r", b"\n", b"\r\n", b"\xff"]), max_size=30)
    )
    def test_anything(self, words: list[bytes]) -> None:
        """Any octets give fields in order that lie where they say."""
        octets = b"".join(words)
        position = 0
        for item in fields(octets):
            self.assertTrue(position <= item.start < item.end <= len(octets))
            self.assertTrue(octets[item.start : item.end].startswith(item.name))
            position = item.end


class Words(SynchronousTestCase):
    """Subjects and names as people read them."""

    def test_decodes(self) -> None:
        """The examples of RFC 2047, 8, and what mail really has."""
        for written, text in (
            (b"plain", "plain"),
            (b"=?ISO-8859-1?Q?a?=", "a"),
            (b"=?ISO-8859-1?Q?a?= b", "a b"),
            (b"=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab"),
            (b"=?ISO-8859-1?Q?a_b?=", "a b"),
            (b"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"),
            (b"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"),
            (b"=?utf-8?B?w7w=?=", "ü"),
            (b"=?utf-8?B?4g==?= =?utf-8?B?gqw=?=", "€"),
            (b"=?utf-8?b?4oKs", "=?utf-8?b?4oKs"),
            (b"=?no-such?q?a=FCb?=", "aüb"),
            (b"gr\xc3\xbcn", "grün"),
            (b"gr\xfcn", "grün"),
            (b"=?idna?q?xn--?=", "xn--"),
        ):
            self.assertEqual(text, decode_words(written), written)

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
    def test_round_trip(self, text: str) -> None:
        """Any text comes back from encoded words, none of which is longer than 75 octets."""
        coded = encode_words(text)
        self.assertTrue(coded.isascii())
        self.assertEqual(text, decode_words(coded))
        for word in coded.split(b" "):
            self.assertLessEqual(len(word), 75)

    @given(
        st.lists(
            st.sampled_from(
                [b"=?", b"utf-8", b"?q?", b"?B?", b"?=", b"=C3", b"4g=", b" ", b"\xff"]
            ),
            max_size=30,
        )
    )
    def test_anything(self, words: list[bytes]) -> None:
        """Nothing makes decoding fail."""
        self.assertIsInstance(decode_words(b"".join(words)), str)

    def test_folds(self) -> None:
        """Long values are folded at spaces, and unfold to themselves."""
        value = b"word " * 40 + b"x" * 200
        field = fold(b"Subject", value)
        self.assertTrue(all(len(line) <= 76 for line in field.split(b"\r\n")[:-2]))
        self.assertEqual(value, find(field, b"Subject"))

    def test_base64_that_is_none(self) -> None:
        """Broken base64 gives what can be had."""
        for octets, plain in (
            (b"aGk=", b"hi"),
            (b"aGk", b"hi"),
            (b"aG k\r\n=", b"hi"),
            (b"a", b""),
            (b"\xff", b""),
        ):
            self.assertEqual(plain, decode_base64(octets))


class Parameters(SynchronousTestCase):
    """File names and charsets of attachments."""

    def test_content_type(self) -> None:
        """RFC 2045 and 2231 forms, comments, and the unquoted values that senders write."""
        for written, kind, parameters in (
            ("text/plain", "text/plain", {}),
            (' Text / HTML ; Charset = "UTF-8" ', "text/html", {"charset": "UTF-8"}),
            ("text/plain; charset=us-ascii (Plain text)", "text/plain", {"charset": "us-ascii"}),
            (
                "a/b; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
                "a/b",
                {"title": "This is even more ***fun*** isn't it!"},
            ),
            ("a/b; title*=iso-8859-1''%FC; title=u", "a/b", {"title": "ü"}),
            ('a/b; URL*0="ftp://"; URL*1="x.example"', "a/b", {"url": "ftp://x.example"}),
            ("a/b; x=1; x=2; y", "a/b", {"x": "1"}),
            ("a/b; name=my file.txt; z=a/b=c", "a/b", {"name": "my", "z": "a/b=c"}),
            ('a/b; name="never closed', "a/b", {"name": "never closed"}),
            ("a/b; n*0=x; n*2=z", "a/b", {"n": "x"}),
            ("a/b;;; ; n=", "a/b", {"n": ""}),
        ):
            parsed = parse_content_type(written.encode())
            assert parsed is not None, written
            self.assertEqual(kind.encode(), b"/".join(parsed[0]))
            self.assertEqual(
                {k.encode(): v.encode() for k, v in parameters.items()}, dict(parsed[1]), written
            )

    def test_no_type(self) -> None:
        """What is no media type is said to be none."""
        for written in (b"", b"text", b"/plain", b"text/", b"(text/plain)", b'"text"/plain'):
            self.assertIsNone(parse_content_type(written), written)

    def test_disposition(self) -> None:
        """The disposition's own type is in lower case."""
        self.assertEqual((b"inline", ()), parse_disposition(b" INLINE"))
        self.assertIsNone(parse_disposition(b"; filename=x"))

    @given(st.text("ab\"\\();=*'0%/ ", max_size=60))
    def test_anything(self, text: str) -> None:
        """Nothing makes it fail."""
        octets = text.encode()
        without_comments(octets)
        parse_content_type(octets)
        parse_content_type(b"a/b;" + octets)
        parse_disposition(octets)


class Charsets(SynchronousTestCase):
    """Names of charsets come from strangers."""

    def test_names(self) -> None:
        """Names are found in any spelling; what is no charset is never asked of Python."""
        for name in (
            "UTF-8",
            "utf8",
            "iso-8859-1",
            "ISO_8859-15",
            "windows-1252",
            "koi8-r",
            "Shift_JIS",
            "GB2312",
        ):
            self.assertIsNotNone(codec_of(name), name)
        for name in (
            "",
            "hex",
            "zip",
            "rot13",
            "idna",
            "punycode",
            "unicode_escape",
            "../x",
            "x" * 99,
            "\x00",
        ):
            self.assertIsNone(codec_of(name), name)

    def test_decodes(self) -> None:
        """Wrong labels still give text."""
        self.assertEqual("ü", decode(b"\xfc", "us-ascii"))
        self.assertEqual("ü", decode("ü".encode(), "us-ascii"))
        self.assertEqual("ü", decode(b"\xfc", "latin1"))
        self.assertIsInstance(decode(b"\xff\xfe\x00", "utf-16"), str)
