"""DKIM signatures that hold, and those that do not: those of the RFCs, changed in many ways."""

from __future__ import annotations

from collections.abc import Awaitable

from netsuite.smtp.policy.content import KEPT_OCTETS
from netsuite.smtp.policy.verification import SIGNATURES, Verified, verify
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.names import FakeDNS, Name
from tests.smtp.policy.samples import (
    RFC6376,
    RFC8463,
    RFC8463_ED25519,
    RFC8463_RSA,
    at_once,
    message,
    rfc_names,
)

NOW = 1_600_000_000.0
ED, RSA = "brisbane._domainkey.football.example.com", "test._domainkey.football.example.com"

#: (what, octets, those in their place, results of RFC 8463's two signatures)
CHANGED = [
    ("nothing", b"", b"", "pass pass"),
    ("white space in the body", b"hungry yet?", b"hungry\t yet? ", "pass pass"),
    ("empty lines at the end", b"Joe.\r\n", b"Joe.\r\n\r\n\r\n", "pass pass"),
    ("a field folded", b"Joe SixPack <", b"Joe\r\n\t SixPack  <", "pass pass"),
    ("the case of a field's name", b"Subject:", b"SUBJECT :", "pass pass"),
    ("a field added that is not signed", b"From: Joe", b"X-A: b\r\nFrom: Joe", "pass pass"),
    ("the body", b"lost", b"won", "fail fail"),
    ("a line added to the body", b"Joe.\r\n", b"Joe.\r\nJim.\r\n", "fail fail"),
    ("a signed field", b"dinner", b"supper", "fail fail"),
    ("a signed field's white space", b"dinner ready", b"dinnerready", "fail fail"),
    ("a second From above", b"From: Joe", b"From: x@y.test\r\nFrom: Joe", "fail fail"),
    ("a second From at the end", b"\r\n\r\nHi", b"\r\nFrom: x@y.test\r\n\r\nHi", "fail fail"),
    ("a signed field taken out", b"Subject: Is dinner ready?\r\n", b"", "fail fail"),
    ("one signature's data", b"b=/gCr", b"b=/gCs", "fail pass"),
    ("one signature's data, to what is no base64", b"b=/gCr", b"b=/g*r", "neutral pass"),
    ("one body hash", b"bh=2jUS", b"bh=2jUT", "fail fail"),
    ("the version", b"v=1; a=ed", b"v=2; a=ed", "neutral pass"),
    ("a tag twice", b"v=1; a=ed", b"v=1; v=1; a=ed", "neutral pass"),
    ("a required tag left out", b" q=dns/txt; s=brisbane; ", b" q=dns/txt; ", "permerror pass"),
    ("the algorithm, to the other", b"a=ed25519-sha256", b"a=rsa-sha256", "permerror pass"),
    ("the algorithm, to an old one", b"a=ed25519-sha256", b"a=rsa-sha1", "permerror pass"),
    ("the form, to an unknown one", b"c=relaxed/relaxed;\r\n d=football.example.com; i=@f",
     b"c=relaxed/nowsp;\r\n d=football.example.com; i=@f", "neutral neutral"),
    ("the domain, to one that is not the identity's", b"d=football.example.com; i=@football",
     b"d=football.example.com; i=@baseball", "permerror permerror"),
    ("the domain, to none", b"d=football.example.com; i=@football.example.com;", b"d=com;",
     "neutral neutral"),
    ("From not signed", b"h=from : to :\r\n subject : date : message-id : from :",
     b"h=to :\r\n subject : date : message-id :", "permerror pass"),
    ("another selector", b"s=brisbane", b"s=sydney", "permerror pass"),
    ("expired", b"t=1528637909; h=from : to :\r\n",
     b"t=1528637909; x=1528637910; h=from : to :\r\n",
     "fail pass"),
    ("expires before it is made", b"t=1528637909; h=from : to :\r\n",
     b"t=1528637909; x=1528637909; h=from : to :\r\n", "neutral pass"),
    ("a length that is none", b"t=1528637909; h=from : to :\r\n", b"l=-1; h=from : to :\r\n",
     "neutral pass"),
    ("another way to the key", b"q=dns/txt; s=brisbane", b"q=x/y; s=brisbane", "neutral pass"),
    ("an octet of no text", b"s=brisbane; t", b"s=brisbane; z=\xff; t", "neutral pass"),
]  # fmt: skip

#: (what, the key's record, the result of the signature by Ed25519)
KEYS = [
    ("as it is", RFC8463_ED25519, "pass"),
    ("with tags that are not known", RFC8463_ED25519 + b"; n=a note; t=y:s; u=v", "pass"),
    ("for all hashes and services", RFC8463_ED25519 + b"; h=sha1:sha256; s=email", "pass"),
    ("revoked", b"v=DKIM1; k=ed25519; p=", "permerror"),
    ("of another version", RFC8463_ED25519.replace(b"DKIM1", b"DKIM2"), "permerror"),
    ("with the version last", b"k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=; v=DKIM1",
     "permerror"),
    ("for another hash", RFC8463_ED25519 + b"; h=sha1", "permerror"),
    ("for another service", RFC8463_ED25519 + b"; s=tlsrpt", "permerror"),
    ("of another kind", RFC8463_RSA, "permerror"),
    ("too short", b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg==", "permerror"),
    ("no base64", b"v=DKIM1; k=ed25519; p=!", "permerror"),
    ("no key", b"v=spf1 -all", "permerror"),
    ("another one", b"v=DKIM1; k=ed25519; p=O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=", "fail"),
]  # fmt: skip


async def waited(written: Awaitable[None]) -> None:
    """Wait."""
    await written


class Verification(SynchronousTestCase):
    """Signatures of whole messages."""

    def verified(self, octets: bytes, dns: FakeDNS | None = None) -> list[Verified]:
        """Return what becomes of the signatures of a message."""
        work = verify(message(octets), dns or rfc_names(), at_once, now=NOW)
        return list(self.successResultOf(work))

    def results(self, octets: bytes, dns: FakeDNS | None = None) -> str:
        """Return only the results."""
        return " ".join(each.result for each in self.verified(octets, dns))

    def test_rfc6376(self) -> None:
        """The example of RFC 6376 verifies, in simple form, and no more once white space has
        changed."""
        (found,) = self.verified(RFC6376)
        self.assertEqual(
            Verified("pass", "", "example.com", "joe@football.example.com", "brisbane",
                     "rsa-sha256", "AuUoFEfD"), found,
        )  # fmt: skip
        for old, new in [(b"Joe Six", b"Joe  Six"), (b"yet?", b"yet? "), (b"h=Rec", b"h= Rec")]:
            self.assertEqual("fail", self.results(RFC6376.replace(old, new)))
        self.assertEqual("pass", self.results(RFC6376 + b"\r\n\r\n"))

    def test_rfc8463(self) -> None:
        """The example of RFC 8463 verifies by both its keys, and what is changed is noticed."""
        for what, old, new, results in CHANGED:
            with self.subTest(what):
                self.assertIn(old, RFC8463)
                self.assertEqual(results, self.results(RFC8463.replace(old, new)))

    def test_keys(self) -> None:
        """A key must be for what it is used for."""
        for what, record, result in KEYS:
            with self.subTest(what):
                dns = rfc_names()
                dns.names[ED] = Name(txt=[record])
                self.assertEqual(f"{result} pass", self.results(RFC8463, dns))

    def test_strict_key(self) -> None:
        """A key that says so is not for identities of subdomains."""
        dns = rfc_names()
        dns.names[ED] = Name(txt=[RFC8463_ED25519 + b"; t=s"])
        self.assertEqual("pass pass", self.results(RFC8463, dns))
        below = RFC8463.replace(b"i=@football", b"i=@a.football", 1)
        (found, _) = self.verified(below, dns)
        self.assertEqual("the identity is of a subdomain", found.reason)
        self.assertEqual("fail pass", self.results(below))

    def test_many_records(self) -> None:
        """Of several records the one that fits counts."""
        dns = rfc_names()
        dns.names[ED] = Name(txt=[b"v=spf1 -all", KEYS[-1][1], RFC8463_ED25519])
        self.assertEqual("pass pass", self.results(RFC8463, dns))

    def test_key_cannot_be_looked_up(self) -> None:
        """No answer is told apart from no key."""
        dns = rfc_names()
        dns.names[ED] = Name(failing=True)
        self.assertEqual("temperror pass", self.results(RFC8463, dns))

    def test_length(self) -> None:
        """A signature of a part of the body is not one of what follows."""
        octets = RFC8463.replace(b"t=1528637909; h=from : to :\r\n", b"l=5; h=from : to :\r\n", 1)
        self.assertEqual("fail pass", self.results(octets))

    def test_bounded(self) -> None:
        """Many signatures are not all looked at; without one, nobody is asked."""
        dns = rfc_names()
        signature = RFC6376[: RFC6376.index(b"Received: from")]
        self.assertEqual(SIGNATURES, len(self.verified(signature * 100 + RFC6376, dns)))
        asked = len(dns.asked)
        self.assertEqual([], self.verified(b"From: a@b.test\r\n\r\n", dns))
        self.assertEqual(asked, len(dns.asked))

    def test_large(self) -> None:
        """A body that goes to the disk is hashed as one in memory is."""
        spool = message(RFC8463)
        pieces = [b"x" * 1000 + b" \r\n"] * 400
        for each in pieces:
            written = spool.write(each)
            self.assertTrue(written is None or self.successResultOf(waited(written)) is None)
        self.assertGreater(spool.octets, KEPT_OCTETS)

        async def read() -> bytes:
            return b"".join([piece async for piece in spool.body()])

        body = RFC8463.partition(b"\r\n\r\n")[2] + b"".join(pieces)
        self.assertEqual(body, self.successResultOf(read()))
        found = self.successResultOf(verify(spool, rfc_names(), at_once, now=NOW))
        self.assertEqual(["fail", "fail"], [each.result for each in found])
        self.successResultOf(spool.abort())
        self.assertEqual(b"", self.successResultOf(read()))
