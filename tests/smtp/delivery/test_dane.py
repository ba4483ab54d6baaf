"""Certificates that the DNS vouches for (RFC 7672)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from netsuite.dns import TLSA, LookupFailed
from netsuite.smtp.delivery.dane import associations, vouches
from netsuite.testing.cases import SynchronousTestCase, TestCase
from netsuite.testing.certificates import Authority, authority, unknown_authority
from netsuite.testing.names import FakeDNS, Name

ROOT = authority.root.certificate


def leaf(name: str, *, by: Authority = authority, expired: bool = False) -> x509.Certificate:
    """Return a certificate."""
    return by.certificate(name, expired=expired).certificate


def of(certificate: x509.Certificate, usage: int, selector: int = 1, matching: int = 1) -> TLSA:
    """Return what vouches for a certificate."""
    octets = certificate.public_bytes(Encoding.DER)
    if selector:
        key = certificate.public_key()
        octets = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = {
        0: bytes,
        1: lambda o: hashlib.sha256(o).digest(),
        2: lambda o: hashlib.sha512(o).digest(),
    }
    return TLSA(usage, selector, matching, digest[matching](octets))


class Vouching(SynchronousTestCase):
    """What vouches for which chain."""

    def test_the_host_itself(self) -> None:
        """DANE-EE: by certificate or key, whole or hashed; whatever its names and its time."""
        mine = leaf("other.test", expired=True)
        for selector in (0, 1):
            for matching in (0, 1, 2):
                with self.subTest(selector=selector, matching=matching):
                    right = of(mine, 3, selector, matching)
                    self.assertTrue(vouches([right], [mine, ROOT], ["mx.test"]))
                    wrong = of(leaf("mx.test", by=unknown_authority), 3, selector, matching)
                    self.assertFalse(vouches([wrong], [mine, ROOT], ["mx.test"]))
                    self.assertTrue(vouches([wrong, right], [mine], ["mx.test"]))

    def test_a_trust_anchor(self) -> None:
        """DANE-TA: the chain leads to it, and the certificate is for one of the names."""
        mine = leaf("mx.test")
        anchor = of(ROOT, 2)
        cases: Sequence[tuple[str, Sequence[x509.Certificate], bool]] = (
            ("right", [mine, ROOT], True),
            ("the domain's name", [leaf("domain.test"), ROOT], True),
            ("a wildcard", [leaf("*.mx.domain.test"), ROOT], False),
            ("another name", [leaf("other.test"), ROOT], False),
            ("without the anchor", [mine], False),
            ("of somebody else", [leaf("mx.test", by=unknown_authority), ROOT], False),
            ("expired", [leaf("mx.test", expired=True), ROOT], False),
            ("nothing", [], False),
        )
        for name, chain, expected in cases:
            with self.subTest(name):
                self.assertIs(expected, vouches([anchor], chain, ["mx.test", "domain.test"]))
        self.assertTrue(
            vouches([anchor], [leaf("*.test"), ROOT], ["mx.domain.test", "x.test"]) is False
        )
        self.assertTrue(vouches([anchor], [leaf("*.domain.test"), ROOT], ["mx.domain.test"]))


class Asking(TestCase):
    """What the DNS has of a host."""

    async def test_what_counts(self) -> None:
        """Only what was validated; what nobody can use leaves TLS without a certificate."""
        good = of(leaf("mx.test"), 3)
        short = TLSA(3, 1, 1, b"short")
        pkix = TLSA(1, 1, 1, b"x" * 32)
        for name, expected in (
            (Name(tlsa=[good], authenticated=True), [good]),
            (Name(tlsa=[good]), None),
            (Name(authenticated=True), None),
            (None, None),
            (Name(tlsa=[short, pkix, TLSA(3, 2, 1, b"x" * 32)], authenticated=True), []),
            (Name(tlsa=[pkix, good], authenticated=True), [good]),
        ):
            names = {} if name is None else {"_25._tcp.mx.test": name}
            self.assertEqual(expected, await associations(FakeDNS(names), "mx.test", 25))
        with self.assertRaises(LookupFailed):
            failing = FakeDNS({"_25._tcp.mx.test": Name(failing=True)})
            await associations(failing, "mx.test", 25)
