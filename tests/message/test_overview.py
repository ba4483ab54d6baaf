"""The overview of an article."""

from __future__ import annotations

from netsuite.message.fields import first_values
from netsuite.message.overview import Overview, clean, format_overview, read_overview
from netsuite.message.scan import Scanner
from netsuite.testing.cases import SynchronousTestCase


def overview(octets: bytes) -> bytes:
    """Return the overview of a message."""
    scanner = Scanner()
    scanner.feed(octets)
    summary = scanner.finish()
    return format_overview(first_values(scanner.fields), summary)


class Overviews(SynchronousTestCase):
    """Six fields, on one line whatever a message has."""

    def test_fields(self) -> None:
        """As they stand in the header, unfolded; what no column can hold is a space."""
        kept = overview(
            b'Subject: a\tb\r\n c\r\nFrom: "Ann" <a@x> (she)\r\nDate: today\0\r\n'
            b"Message-ID: <1@x>\r\nReferences: <0@x>\r\n <00@x>\r\nIn-Reply-To: <9@x>\r\n"
            b"Subject: another\r\n\r\none\r\ntwo\r\n"
        )
        self.assertEqual(
            Overview(b"a b c", b'"Ann" <a@x> (she)', b"today ", b"<1@x>", b"<0@x> <00@x>", b"2"),
            read_overview(kept),
        )

    def test_nothing(self) -> None:
        """A message without anything has six empty fields, but for its lines."""
        self.assertEqual(Overview(b"", b"", b"", b"", b"", b"0"), read_overview(overview(b"")))
        self.assertEqual(b"", read_overview(overview(b"Message-ID: none\r\n\r\n")).message_id)

    def test_clean(self) -> None:
        """RFC 3977, 8.3.2: pairs go, the rest become spaces."""
        self.assertEqual(b"a b c", clean(b"a\r\n b\nc"))
        self.assertEqual(b"", clean(None))
