"""URLs of messages, as CATENATE names them."""

from __future__ import annotations

from netsuite.imap.commands.fetch import BodySection, SectionText
from netsuite.imap.grammar.tokens import BadSyntax
from netsuite.imap.urls import MessagePart, parse_message_url
from netsuite.testing.cases import SynchronousTestCase

ALL = BodySection(peek=True)
HEADER = BodySection((), SectionText.HEADER, peek=True)


class Urls(SynchronousTestCase):
    """What they name."""

    def test_read(self) -> None:
        """A message, or a part of it, by its mailbox or in the selected one."""
        for octets, part in [
            (b"/INBOX/;UID=1", MessagePart("INBOX", None, 1, ALL)),
            (b"/inbox;uidvalidity=7/;uid=4294967295", MessagePart("INBOX", 7, 4294967295, ALL)),
            (b";UID=20", MessagePart(None, None, 20, ALL)),
            (b"/Drafts;UIDVALIDITY=3/;UID=2/;SECTION=HEADER", MessagePart("Drafts", 3, 2, HEADER)),
            (
                b"/Entw%C3%BCrfe/a%3Bb/;UID=2/;section=1.2.MIME/;PARTIAL=5.10",
                MessagePart(
                    "Entwürfe/a;b", None, 2, BodySection((1, 2), SectionText.MIME, (), True, 5, 10)
                ),
            ),
            (
                b";UID=2/;SECTION=HEADER.FIELDS%20(TO%20X)/;PARTIAL=0",
                MessagePart(
                    None,
                    None,
                    2,
                    BodySection((), SectionText.FIELDS, (b"TO", b"X"), True, 0, None),
                ),
            ),
        ]:
            self.assertEqual(part, parse_message_url(octets), octets)

    def test_refused(self) -> None:
        """What is none, or means another server."""
        for octets in [
            b"",
            b"/",
            b"/INBOX",
            b"/INBOX/",
            b"/INBOX;UID=1",
            b"INBOX/;UID=1",
            b"/;UID=1",
            b"/INBOX/;UID=0",
            b"/INBOX/;UID=4294967296",
            b"/INBOX/;UID=99999999999",
            b"/INBOX/;UID=1:2",
            b"/INBOX/;UID=*",
            b"/INBOX;UIDVALIDITY=0/;UID=1",
            b"/INBOX/;UID=1/;SECTION=",
            b"/INBOX/;UID=1/;SECTION=BODY",
            b"/INBOX/;UID=1/;SECTION=1]",
            b"/INBOX/;UID=1/;SECTION=HEADER.FIELDS%20(%7B5%7D%0D%0A)",
            b"/INBOX/;UID=1/;SECTION=" + b"1." * 5000 + b"1",
            b"/INBOX/;UID=1/;PARTIAL=1.0",
            b"/INBOX/;UID=1/;URLAUTH=anonymous:internal:" + b"0" * 32,
            b"/%FF/;UID=1",
            b"imap://ann@host/INBOX/;UID=1",
            b"//host/INBOX/;UID=1",
            b"http://host/",
        ]:
            with self.assertRaises(BadSyntax, msg=octets):
                parse_message_url(octets)
