"""What strangers publish and send to policies: whatever it is, it is refused by what is foreseen,
and soon."""

from __future__ import annotations

import time
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from netsuite.message.headers import fields
from netsuite.smtp.policy import dmarc, spf_record
from netsuite.smtp.policy.arc import read_sets
from netsuite.smtp.policy.canonical import BodyHash, HeaderFields
from netsuite.smtp.policy.dkim import BadSignature, parse_key, parse_signature
from netsuite.smtp.policy.milter_packets import (
    MilterError,
    parse_header,
    parse_negotiation,
    parse_refusal,
)
from netsuite.smtp.policy.results import claimed, parse_results
from netsuite.smtp.policy.tags import parse_tags
from netsuite.smtp.policy.verification import verify
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.names import Name
from tests.smtp.policy.samples import RFC8463, RFC8463_RSA, at_once, message, rfc_names

SIGNATURE = next(iter(fields(RFC8463)))
#: Pieces of what is well-formed, put together in any way.
PIECES = [
    b"v=spf1", b"v=DKIM1", b"v=DMARC1", b"v=1", b" ", b";", b"=", b":", b"a", b"mx", b"-all",
    b"ip4:", b"include:", b"redirect=", b"exp=", b"%{", b"}", b"%", b"d2r-", b"/", b"//", b"24",
    b".test", b"p=", b"k=ed25519", b"b=", b"bh=", b"d=", b"s=", b"h=from", b"\r\n ", b"\0", b"\xff",
    b"(", b")", b"\\", b'"', b"example.org", b"i=1", b"cv=none", b"dmarc=pass", b"header.from=",
]  # fmt: skip
OCTETS = st.one_of(
    st.binary(max_size=80), st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join)
)

#: (what reads octets, what it may raise)
READERS: list[tuple[Callable[[bytes], object], type[Exception] | tuple[()]]] = [
    (spf_record.parse_record, spf_record.PermError),
    (lambda octets: spf_record.parse_record(b"v=spf1 " + octets), spf_record.PermError),
    (dmarc.parse_record, ()),
    (lambda octets: dmarc.parse_record(b"v=DMARC1;" + octets), ()),
    (parse_key, BadSignature),
    (lambda octets: parse_tags(octets.decode("latin-1")), ValueError),
    (lambda octets: claimed(b"Authentication-Results:" + octets, "a.test"), ()),
    (lambda octets: list(map(parse_signature, fields(b"A:" + octets))), BadSignature),
    (parse_results, ()),
    (
        lambda octets: read_sets(
            HeaderFields(
                b"ARC-Seal: i=1;"
                + octets
                + b"\r\nARC-Message-Signature:"
                + octets
                + b"\r\nARC-Authentication-Results: i=1;"
                + octets
            )
        ),
        BadSignature,
    ),
    (parse_negotiation, MilterError),
    (parse_refusal, MilterError),
    (parse_header, MilterError),
]


class Hostile(SynchronousTestCase):
    """Octets of all kinds."""

    @given(OCTETS)
    def test_readers(self, octets: bytes) -> None:
        """Whatever is read, nothing but what is foreseen is raised."""
        for read, foreseen in READERS:
            try:
                read(octets)
            except foreseen:
                continue

    @given(st.integers(0, len(SIGNATURE.raw)), st.integers(0, 12), OCTETS)
    def test_signatures(self, start: int, octets: int, other: bytes) -> None:
        """A signature that is changed anywhere does not verify as another, and raises nothing."""
        at = SIGNATURE.start + len(SIGNATURE.name) + 1 + start
        changed = RFC8463[:at] + other + RFC8463[at + octets :]
        verified = self.successResultOf(verify(message(changed), rfc_names(), at_once, now=1.6e9))
        for each in verified:
            if each.result == "pass":
                self.assertEqual("football.example.com", each.domain)

    @given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r", b"\n", b"\r\n"]), max_size=12),
           st.booleans())  # fmt: skip
    def test_bodies(self, pieces: list[bytes], relaxed: bool) -> None:
        """A body has one hash, however it comes."""
        whole, split = BodyHash(relaxed=relaxed), BodyHash(relaxed=relaxed)
        whole.update(b"".join(pieces))
        for each in pieces:
            split.update(each)
        self.assertEqual((whole.digest(), whole.octets), (split.digest(), split.octets))

    def test_keys(self) -> None:
        """No key cut short, or of any size, is more than a key that does not fit."""
        for cut in range(0, len(RFC8463_RSA), 7):
            dns = rfc_names()
            dns.names["test._domainkey.football.example.com"] = Name(txt=[RFC8463_RSA[:cut]])
            found = self.successResultOf(verify(message(RFC8463), dns, at_once, now=1.6e9))
            self.assertIn(found[1].result, ("permerror", "policy", "fail"))

    def test_soon(self) -> None:
        """Long records and fields are read in no time."""
        began = time.process_time()
        for octets in (
            b"v=spf1 a:." + b"a" * 60_000 + b"!", b"v=spf1 " + b"a " * 30_000,
            b"v=spf1 a:" + b"%{d}" * 15_000, b"v=spf1 x=" + b"%{" * 30_000,
            b"v=DMARC1;" + b"p=;" * 20_000, b"v=DKIM1; p=" + b"A" * 60_000,
            b"(\\(" * 60_000, b"b=" * 60_000, b"; b" * 60_000, b";" + b" " * 60_000,
            b"h=" + b"a:" * 60_000, b'"' * 60_001, b"a=" * 60_000, b'a="' + b"\\" * 60_000,
        ):  # fmt: skip
            for read, foreseen in READERS:
                try:
                    read(octets)
                except foreseen:
                    continue
        self.assertLess(time.process_time() - began, 5.0)
        many = b"DKIM-Signature: " + b"v=1; h=" + b"from:" * 20_000 + b"\r\n"
        self.successResultOf(verify(message(many + RFC8463), rfc_names(), at_once, now=0.0))
        self.assertLess(time.process_time() - began, 10.0)
