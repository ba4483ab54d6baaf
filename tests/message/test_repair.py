"""Messages that are mended as they come, however they are cut."""

from __future__ import annotations

from base64 import encodebytes

from hypothesis import given
from hypothesis import strategies as st

from netsuite.message.repair import BinaryRepair, TextRepair
from netsuite.message.scan import Scanner

BINARY = bytes(range(256)) + b"\r\n--other\r\n\n\r--b"


def through(repair: TextRepair | BinaryRepair, pieces: list[bytes]) -> bytes:
    """Give what pieces become."""
    return b"".join([*(repair.feed(each) for each in pieces), repair.finish()])


def coded(octets: bytes) -> bytes:
    """Give octets in base64 as a message has them."""
    return encodebytes(octets).replace(b"\n", b"\r\n")


TEXTS = [
    (b"", b""),
    (b"a\r\nb\r\n", b"a\r\nb\r\n"),
    (b"a\nb\rc\r\r\nd\n\n", b"a\r\nb\r\nc\r\n\r\nd\r\n\r\n"),
    (b"a\0b\r", b"a\x80b\r\n"),
    (b"\xff\xfe", b"\xff\xfe"),
]

MULTIPART = (
    b"Subject: x\nContent-Type: multipart/mixed; boundary=b\r\n"
    b"Content-Transfer-Encoding: binary\r\n\r\npreamble\n"
    b"--b\r\nContent-Type: application/octet-stream\r\n"
    b"CONTENT-transfer-encoding: (really) Binary\r\n\r\n%b\r\n"
    b"--b \r\n\r\nplain\0text\n--b-\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n%b\r\n"
    b"--b\r\nContent-Transfer-Encoding: binary\r\n\r\n\r\n"
    b"--b--\r\nepilogue\0\n" % (BINARY, BINARY)
)
MENDED = (
    b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\npreamble\r\n"
    b"--b\r\nContent-Type: application/octet-stream\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n%b"
    b"--b \r\n\r\nplain\x80text\r\n--b-\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n%b"
    b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"--b--\r\nepilogue\x80\r\n" % (coded(BINARY), coded(BINARY))
)
MESSAGES = [
    *TEXTS,
    (MULTIPART, MENDED),
    (
        b"Content-Transfer-Encoding: binary\r\n\r\n%b" % BINARY,
        b"Content-Transfer-Encoding: base64\r\n\r\n%b" % coded(BINARY),
    ),
    (b"Content-Transfer-Encoding: binary\r\n", b"Content-Transfer-Encoding: base64\r\n"),
    (b"\r\na\0\n", b"\r\na\x80\r\n"),
    (b"A: b\n\n--b\n--b--\n", b"A: b\r\n\r\n--b\r\n--b--\r\n"),
    # No boundary, or one that never comes: all of it is one text.
    (
        b"Content-Type: multipart/x\r\n\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\n\0",
        b"Content-Type: multipart/x\r\n\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\n\x80",
    ),
    (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n\0\n--bb\n--b",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n\x80\r\n--bb\r\n--b",
    ),
]


def test_texts() -> None:
    """Line ends and NUL are mended, at every cut."""
    for octets, wanted in TEXTS:
        for cut in range(len(octets) + 1):
            assert through(TextRepair(), [octets[:cut], octets[cut:]]) == wanted


def test_messages() -> None:
    """Binary parts are coded, wherever they stand, at every cut."""
    for octets, wanted in MESSAGES:
        assert through(BinaryRepair(), [octets]) == wanted
        single = [octets[place : place + 1] for place in range(len(octets))]
        assert through(BinaryRepair(), single) == wanted
        for cut in range(len(octets) + 1):
            assert through(BinaryRepair(), [octets[:cut], octets[cut:]]) == wanted, cut


def test_structure_stays() -> None:
    """The parts are those that were there."""
    scanner = Scanner()
    scanner.feed(MENDED)
    root = scanner.finish().root
    assert [part.encoding for part in root.children] == [b"base64", b"7bit", b"7bit", b"base64"]


WORDS = st.sampled_from(
    [
        b"\r\n", b"\r\n", b"\n", b"\r", b"\0", b"--b", b"--b--", b"--", b"-", b"--c", b"x", b" ",
        b"Content-Type: multipart/mixed; boundary=b\r\n", b"Content-Type: message/rfc822\r\n",
        b"Content-Type: multipart/digest; boundary=c\r\n", b"\xff" * 60,
        b"Content-Transfer-Encoding: binary\r\n",
    ]
)  # fmt: skip


@given(st.lists(WORDS, max_size=25).map(b"".join), st.data())
def test_any_cut(octets: bytes, data: st.DataObject) -> None:
    """Whatever it is, it has whole lines and no NUL afterwards, the same for every cut."""
    whole = through(BinaryRepair(), [octets])
    assert b"\0" not in whole
    assert not whole.replace(b"\r\n", b"").count(b"\n")
    assert not whole.replace(b"\r\n", b"").count(b"\r")
    single = [octets[place : place + 1] for place in range(len(octets))]
    assert through(BinaryRepair(), single) == whole
    cut = data.draw(st.integers(0, len(octets)))
    assert through(BinaryRepair(), [octets[:cut], octets[cut:]]) == whole
    assert through(BinaryRepair(), [whole]) == whole
