"""Strict base64."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire import base64


class Strict(SynchronousTestCase):
    """One spelling for each value."""

    def test_vectors(self) -> None:
        """RFC 4648, 10."""
        for octets, line in [
            (b"", b""),
            (b"f", b"Zg=="),
            (b"fo", b"Zm8="),
            (b"foo", b"Zm9v"),
            (b"foob", b"Zm9vYg=="),
            (b"fooba", b"Zm9vYmE="),
            (b"foobar", b"Zm9vYmFy"),
        ]:
            self.assertEqual(line, base64.encode(octets))
            self.assertEqual(octets, base64.decode(line))

    def test_refused(self) -> None:
        """White space, foreign characters, wrong padding and unused bits."""
        for line in [
            b"Zg", b"Zg=", b"Zg===", b"=", b"====", b"Z", b"Zm9v=", b"Zm9v====", b" Zm9v", b"Zm9v ",
            b"Zm\r\n9v", b"Zm9v\n", b"Zm9-", b"Zm9_", b"Zm9v*", b"*", b"Zh==", b"Zm9=", b"Zg==Zg==",
            b"Z=g=", b"\x00", b"\xff\xff\xff\xff",
        ]:  # fmt: skip
            self.assertRaises(base64.BadBase64, base64.decode, line)


@given(st.binary(max_size=100))
def test_there_and_back(octets: bytes) -> None:
    """Whatever was encoded comes back."""
    assert base64.decode(base64.encode(octets)) == octets


@given(st.binary(max_size=20))
def test_one_spelling(line: bytes) -> None:
    """What is decoded at all is what encoding gives."""
    try:
        octets = base64.decode(line)
    except base64.BadBase64:
        return
    assert base64.encode(octets) == line
