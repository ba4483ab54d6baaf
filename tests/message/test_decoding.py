"""Transfer encodings, undone at every cut."""

from __future__ import annotations

import quopri
from base64 import encodebytes

from hypothesis import given
from hypothesis import strategies as st

from netsuite.message.decoding import decoder

CASES = [
    (b"7bit", b"a\r\n\0\xff", b"a\r\n\0\xff"),
    (b"base64", b"aGVsbG8=\r\n", b"hello"),
    (b"base64", b"aGV!s\r\n bG8", b"hello"),
    (b"base64", b"a", b""),
    (b"base64", b"", b""),
    (b"quoted-printable", b"a=3Db=\r\nc=C3=A4\r\n", b"a=bc\xc3\xa4\r\n"),
    (b"quoted-printable", b"a=3", b"a=3"),
    (b"quoted-printable", b"=", b""),
]


def decoded(encoding: bytes, pieces: list[bytes]) -> bytes:
    """Give what pieces decode to."""
    one = decoder(encoding)
    assert one is not None
    return b"".join([*(one.feed(each) for each in pieces), one.finish()])


def test_cases() -> None:
    """The same comes of every cut."""
    for encoding, octets, wanted in CASES:
        for cut in range(len(octets) + 1):
            assert decoded(encoding, [octets[:cut], octets[cut:]]) == wanted, (octets, cut)
    assert decoded(b"base64", [b"aGVsbG8=\r\naGVsbG8=\r\n"]).startswith(b"hello")


def test_unknown() -> None:
    """What is no encoding of RFC 2045 has no decoder."""
    assert decoder(b"x-uuencode") is None


def test_long_lines() -> None:
    """A line without end is not held as a whole."""
    octets = b"x=41" * 50_000
    pieces = [octets[at : at + 1000] for at in range(0, len(octets), 1000)]
    assert decoded(b"quoted-printable", pieces) == b"xA" * 50_000


@given(st.binary(max_size=300), st.integers(1, 50))
def test_back(octets: bytes, size: int) -> None:
    """What was coded comes back."""
    line = octets.replace(b"\r", b"").replace(b"\n", b"")  # whose ends Python's coder changes
    for encoding, plain, coded in (
        (b"base64", octets, encodebytes(octets)),
        (b"quoted-printable", line, quopri.encodestring(line)),
    ):
        pieces = [coded[at : at + size] for at in range(0, len(coded), size)]
        assert decoded(encoding, pieces) == plain
