"""What is ruled out by a message's octets does not match when it is decoded."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from netsuite.message.scan import scan
from netsuite.store import query as q
from netsuite.store.matching import has_field, has_text
from netsuite.store.ruling_out import RulingOut
from netsuite.store.summarize import document, folded
from netsuite.testing.cases import SynchronousTestCase

PLAIN = b"Subject: about\r\n Hedgehogs\r\nFrom: a@b\r\n\r\nThey sleep in\r\nwinter.\r\n"
CODED = (
    b"From: he(x)dge@b\r\n\r\n",
    b"To: a,\r\n hed\\ge@b\r\n\r\n",
    b"Subject: =?utf-8?q?hedge?=\r\n\r\nx\r\n",
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(b"hedgehog"),
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nhed=67e\r\n",
    b"Content-Type: text/plain; charset=utf-7\r\n\r\n+AGgAZQBkAGcAZQ-\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(b"hedge") + b"--x--\r\n",
    b"Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?hedge?=\r\n\r\n",
    "Subject: Gr\u00fc\u00dfe\r\n\r\n".encode(),
)


def matches(term: q.Query, octets: bytes) -> bool:
    """Return whether a message matches, decoded."""
    text = document(octets, scan(octets))
    match term:
        case q.Body(wanted):
            return folded(wanted) in text.body
        case q.Text(wanted):
            return has_text(text, folded(wanted))
        case q.Field(name, wanted):
            return has_field(text, name, folded(wanted))
    raise TypeError(term)


class Cases(SynchronousTestCase):
    """Some that are told, and those that are not."""

    def test_plain(self) -> None:
        """A word that is nowhere is ruled out; one that is somewhere is not, whatever field."""
        self.assertTrue(RulingOut(frozenset({q.Text("badger")})).rules_out(PLAIN))
        for term in (q.Text("HEDGEHOG"), q.Body("winter"), q.Field("to", "sleep")):
            self.assertFalse(RulingOut(frozenset({term, q.Text("badger")})).rules_out(PLAIN))

    def test_not_clear(self) -> None:
        """What is coded may say anything; of some texts, and other terms, nothing can be said."""
        for octets in CODED:
            self.assertFalse(RulingOut(frozenset({q.Text("hedge")})).rules_out(octets))
        for term in (q.Text("sleep in winter"), q.Text("\u00fc"), q.Text(""), q.Larger(1)):
            self.assertFalse(RulingOut(frozenset({term})).rules_out(PLAIN))

    @given(
        st.lists(st.sampled_from([PLAIN, *CODED, b"\r\n", b"a@b", b"--x\r\n"]), max_size=3),
        st.text("hedgwinters@:", min_size=1, max_size=4),
        st.binary(max_size=40),
    )
    def test_any(self, pieces: list[bytes], text: str, more: bytes) -> None:
        """Nothing is ruled out that matches."""
        octets = b"".join(pieces) + more
        for term in (q.Text(text), q.Body(text), q.Field("subject", text), q.Field("from", text)):
            if RulingOut(frozenset({term})).rules_out(octets):
                self.assertFalse(matches(term, octets))
