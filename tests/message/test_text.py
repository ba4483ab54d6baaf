"""What a search sees of a message, and its first words in a list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netsuite.message.scan import scan
from netsuite.message.text import BODY_CHARACTERS, searchable, without_markup
from netsuite.testing.cases import SynchronousTestCase
from tests.message.test_scan import NESTED, SIMPLE, crlf


class Searching(SynchronousTestCase):
    """IMAP SEARCH, the web console and the shell all search this text."""

    def test_decoded(self) -> None:
        """Fields and texts are found in their own characters, not in their coding."""
        found = searchable(NESTED, scan(NESTED))
        self.assertEqual(["content-type", "subject"], [name for name, _ in found.fields])
        self.assertEqual("grüße", found.fields[1][1])
        for text in (
            "first, plain",
            "wörter",
            "<p>w</p>",
            "subject: inner",
            "subject: digested",
            "body",
        ):
            self.assertIn(text, found.body)
        self.assertNotIn("preamble", found.body)

    def test_base64_and_charsets(self) -> None:
        """A coded part in an old charset is text as well; an attachment's bytes are not."""
        message = crlf(
            "Content-Type: multipart/mixed; boundary=b\n\n"
            "--b\nContent-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: base64\n\n"
            "8NLJ18XU\n"
            "--b\nContent-Type: application/pdf\n\nsecret\n--b--\n"
        )
        self.assertEqual("Привет", searchable(message, scan(message)).body.strip())

    def test_bounded(self) -> None:
        """Of a huge text only the first part is kept."""
        message = b"A: b\r\n\r\n" + b"x" * (BODY_CHARACTERS + 1000)
        self.assertEqual(BODY_CHARACTERS, len(searchable(message, scan(message)).body))

    @given(st.binary(max_size=300))
    def test_anything(self, octets: bytes) -> None:
        """No message makes it fail."""
        for head in (
            b"",
            b"Content-Type: text/html; charset=utf-16\r\nContent-Transfer-Encoding: ",
        ):
            for encoding in (b"base64\r\n\r\n", b"quoted-printable\r\n\r\n", b"x-uuencode\r\n\r\n"):
                message = (head + encoding if head else b"") + octets
                searchable(message, scan(message))


class Preview(SynchronousTestCase):
    """The line under the subject in a list of messages."""

    def test_plain_without_quotes(self) -> None:
        """What the sender wrote comes before what is quoted."""
        self.assertEqual("Hello Joe, do you think we can meet?", scan(SIMPLE).preview)
        self.assertEqual("> only", scan(b"\r\n> only\r\n").preview)

    def test_html(self) -> None:
        """Markup, style and comments do not show."""
        message = crlf(
            "Content-Type: text/html\n\n<html><head><title>t</title><style>p {x: y}</style></head>"
            "<!-- no --><p>1 &lt; 2,\n  <b>gr&uuml;n</b>&nbsp;!</p>"
        )
        self.assertEqual("1 < 2, grün !", scan(message).preview)
        self.assertEqual("a < b", without_markup("a < b"))

    def test_attachment_is_no_text(self) -> None:
        """A text file that is attached is not the message's text; an empty part neither."""
        message = crlf(
            "Content-Type: multipart/mixed; boundary=b\n\n"
            "--b\n\n\n--b\nContent-Disposition: attachment\n\nfile\n--b\n\ntext\n--b--\n"
        )
        self.assertEqual("text", scan(message).preview)
        self.assertEqual("x" * 200, scan(b"\r\n" + b"x" * 500).preview)
