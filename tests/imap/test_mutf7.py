"""Modified UTF-7: one spelling a name, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsuite.imap import mutf7
from netsuite.testing.cases import SynchronousTestCase

NAMES = [
    ("INBOX", b"INBOX"),
    ("", b""),
    ("R&D", b"R&-D"),
    ("Entwürfe", b"Entw&APw-rfe"),
    ("台北", b"&U,BTFw-"),
    ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
    ("😀", b"&2D3eAA-"),
    ("a&ü&b", b"a&-&APw-&-b"),
]

REFUSED = [
    ("the shift has no end", b"&APw"),
    ("base64 of what stands for itself", b"&AGE-"),
    ("two shifts side by side", b"&APw-&APw-"),
    ("an octet above 126", b"\xc3\xbc"),
    ("a control character", b"a\tb"),
    ("padding bits", b"&APx-"),
    ("half a code unit", b"&AA-"),
    ("a lone surrogate", b"&2D0-"),
    ("an ampersand in base64", b"&ACY-"),
    ("padding written", b"&APw=-"),
]


class Table(SynchronousTestCase):
    """Names people have."""

    def test_both_ways(self) -> None:
        """A folder's name survives the way to the client and back."""
        for name, octets in NAMES:
            self.assertEqual(octets, mutf7.encode(name))
            self.assertEqual(name, mutf7.decode(octets))

    def test_refused(self) -> None:
        """No second spelling of a name can reach a folder."""
        for why, octets in REFUSED:
            with self.assertRaises(mutf7.BadName, msg=why):
                mutf7.decode(octets)

    def test_lone_surrogate(self) -> None:
        """A name that UTF-16 cannot say is refused, not mangled."""
        with self.assertRaises(mutf7.BadName):
            mutf7.encode("a\ud800")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_round_trip(name: str) -> None:
    assert mutf7.decode(mutf7.encode(name)) == name


@given(
    st.binary(max_size=20) | st.from_regex(rb"(&[A-Za-z0-9+,]{0,8}-|[a-z]){0,4}", fullmatch=True)
)
def test_what_decodes_has_one_spelling(octets: bytes) -> None:
    try:
        name = mutf7.decode(octets)
    except mutf7.BadName:
        return
    assert mutf7.encode(name) == octets


@given(st.binary())
def test_whatever_a_server_shows(octets: bytes) -> None:
    """Any octets are a name, which is said as it was shown, and no other octets' name."""
    name = mutf7.decode_any(octets)
    assert mutf7.encode_any(name) == octets
    mutf7.readable(name).encode()


def test_readable() -> None:
    """Names of servers that know no modified UTF-7 can be read."""
    shown = ["R&D", "Gr\u00fcn", "&AGE-", "plain"]
    names = [mutf7.decode_any(each.encode()) for each in shown]
    assert [mutf7.readable(each) for each in names] == shown
    assert names[3] == "plain"
    assert mutf7.readable(mutf7.decode_any(b"&APw-")) == "\u00fc"
    with pytest.raises(mutf7.BadName):
        mutf7.encode_any("a\ud800")
