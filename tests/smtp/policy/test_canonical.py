"""Canonical forms: the examples of RFC 6376, 3.4, at every split."""

from __future__ import annotations

import base64
import hashlib

from netsuite.smtp.policy.canonical import BodyHash, HeaderFields
from netsuite.testing.cases import SynchronousTestCase

# RFC 6376, 3.4.5.
HEADER = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n"
BODY = b" C \r\nD \t E\r\n\r\n\r\n"

#: (body, simple form, relaxed form)
BODIES = [
    (BODY, b" C \r\nD \t E\r\n", b" C\r\nD E\r\n"),
    (b"", b"\r\n", b""),
    (b"\r\n", b"\r\n", b""),
    (b"\r\n\r\n", b"\r\n", b""),
    (b" \t", b" \t\r\n", b""),
    (b" \r\n\t\r\n", b" \r\n\t\r\n", b""),
    (b"a", b"a\r\n", b"a\r\n"),
    (b"a \r\n \t \r\n b", b"a \r\n \t \r\n b\r\n", b"a\r\n\r\n b\r\n"),
    (b"a\r\n\r\n\r\nb\r\n\r\n", b"a\r\n\r\n\r\nb\r\n", b"a\r\n\r\n\r\nb\r\n"),
    (b"a\rb\r", b"a\rb\r\r\n", b"a\rb\r\r\n"),
    (b"a\r\r\n\nb\n", b"a\r\r\n\nb\n\r\n", b"a\r\r\n\nb\n\r\n"),
]


def digest(pieces: list[bytes], *, relaxed: bool, limit: int | None = None) -> tuple[bytes, int]:
    """Return the hash of a body that comes in pieces, and its size."""
    body = BodyHash(relaxed=relaxed, limit=limit)
    for each in pieces:
        body.update(each)
    return body.digest(), body.octets


class Canonical(SynchronousTestCase):
    """Both forms of headers and bodies."""

    def test_bodies(self) -> None:
        """Each body has its two forms, whole, octet by octet, and cut anywhere."""
        for body, simple, relaxed in BODIES:
            for is_relaxed, form in ((False, simple), (True, relaxed)):
                wanted = hashlib.sha256(form).digest(), len(form)
                cuts = [[body[:cut], body[cut:]] for cut in range(len(body) + 1)]
                for pieces in [*cuts, [bytes([octet]) for octet in body]]:
                    with self.subTest(pieces):
                        self.assertEqual(wanted, digest(pieces, relaxed=is_relaxed))

    def test_empty(self) -> None:
        """The hashes of an empty body are those of RFC 6376, 3.4.3 and 3.4.4."""
        for relaxed, coded in (
            (False, b"frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="),
            (True, b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        ):
            self.assertEqual(base64.b64decode(coded), digest([], relaxed=relaxed)[0])

    def test_limit(self) -> None:
        """Only so many octets of the form are hashed; its size is told all the same."""
        found = digest([BODY], relaxed=True, limit=4)
        self.assertEqual((hashlib.sha256(b" C\r\n").digest(), 9), found)

    def test_header(self) -> None:
        """The fields chosen have both forms."""
        header = HeaderFields(HEADER)
        self.assertEqual(b"a:X\r\nb:Y Z\r\n", header.chosen([b"a", b"B"], relaxed=True))
        self.assertEqual(
            b"B : Y\t\r\n\tZ  \r\nA: X\r\n", header.chosen([b"B", b"a"], relaxed=False)
        )

    def test_last_first(self) -> None:
        """Of fields with one name the last comes first, and one that is not there is nothing."""
        header = HeaderFields(b"A: 1\r\nA: 2\r\nB: 3\r\n\r\nA: 4\r\n")
        names = [b"a", b"A", b"a", b"c", b"b"]
        self.assertEqual(b"a:2\r\na:1\r\nb:3\r\n", header.chosen(names, relaxed=True))
        self.assertEqual(["1", "2"], [each.value.decode() for each in header.named(b"a")])
