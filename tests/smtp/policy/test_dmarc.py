"""DMARC: alignment, discovery, what is asked for, what is applied."""

from __future__ import annotations

from netsuite.smtp.policy.dmarc import check_dmarc, organization, parse_record
from netsuite.smtp.policy.spf import SPFResult
from netsuite.smtp.policy.verification import Verified
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.names import FakeDNS, Name

R = b"v=DMARC1; p=reject"
NO = SPFResult("fail", "example.com")

#: (what, record of _dmarc.example.com, author, SPF, DKIM, result, applied): RFC 7489, 3.1, 6.6.
CASES = [
    ("SPF of the domain", R, "example.com", SPFResult("pass", "example.com"), [], "pass", "none"),
    ("SPF of a subdomain", R, "example.com", SPFResult("pass", "m.example.com"), [],
     "pass", "none"),
    ("SPF of the domain above", R, "news.example.com", SPFResult("pass", "example.com"), [],
     "pass", "none"),
    ("SPF of a subdomain, strict", R + b"; aspf=s", "example.com",
     SPFResult("pass", "m.example.com"), [], "fail", "reject"),
    ("SPF of another", R, "example.com", SPFResult("pass", "example.net"), [], "fail", "reject"),
    ("SPF fails", R, "example.com", SPFResult("softfail", "example.com"), [], "fail", "reject"),
    ("DKIM of the domain", R, "example.com", NO, [("pass", "example.com")], "pass", "none"),
    ("DKIM of a subdomain", R, "example.com", NO, [("pass", "a.b.example.com")], "pass", "none"),
    ("DKIM of a subdomain, strict", R + b"; adkim=s", "example.com", NO,
     [("pass", "a.example.com")], "fail", "reject"),
    ("DKIM that fails", R, "example.com", NO, [("fail", "example.com")], "fail", "reject"),
    ("DKIM of another, too", R, "example.com", NO,
     [("pass", "list.test"), ("pass", "example.com")], "pass", "none"),
    ("DKIM of the public suffix", R, "example.com", NO, [("pass", "com")], "fail", "reject"),
    ("DKIM not known now", R, "example.com", NO, [("temperror", "example.com")], "temperror",
     "none"),
    ("SPF not known now", R, "example.com", SPFResult("temperror", "example.com"), [], "temperror",
     "none"),
    ("SPF not known now, DKIM passes", R, "example.com", SPFResult("temperror", "example.com"),
     [("pass", "example.com")], "pass", "none"),
    ("nothing is asked for", b"v=DMARC1;p=none", "example.com", NO, [], "fail", "none"),
    ("quarantine", b"v=DMARC1 ; p=quarantine", "example.com", NO, [], "fail", "quarantine"),
    ("another policy below", R + b"; sp=none", "a.example.com", NO, [], "fail", "none"),
    ("none but for below", b"v=DMARC1; p=none; sp=reject", "a.example.com", NO, [], "fail",
     "reject"),
    ("sp is not for the domain", b"v=DMARC1; p=none; sp=reject", "example.com", NO, [], "fail",
     "none"),
    ("half of the messages, this one", R + b"; pct=51", "example.com", NO, [], "fail", "reject"),
    ("half of all, not this one", R + b"; pct=50", "example.com", NO, [], "fail", "quarantine"),
    ("none of the messages", b"v=DMARC1; p=quarantine; pct=0", "example.com", NO, [], "fail",
     "none"),
    ("no record", b"v=spf1 -all", "example.com", NO, [], "none", "none"),
    ("another version", b"v=DMARC2; p=reject", "example.com", NO, [], "none", "none"),
    ("the version not first", b"p=reject; v=DMARC1", "example.com", NO, [], "none", "none"),
    ("no policy", b"v=DMARC1", "example.com", NO, [], "none", "none"),
    ("a policy that is none, with reports", b"v=DMARC1; p=moo; rua=mailto:a@b.test",
     "example.com", NO, [], "fail", "none"),
    ("another domain", R, "example.net", NO, [], "none", "none"),
]  # fmt: skip


class DMARC(SynchronousTestCase):
    """Messages of an author's domain."""

    def setUp(self) -> None:
        self.dns = FakeDNS()

    def test_cases(self) -> None:
        """Each message has the result that RFC 7489 has for it."""
        for what, record, author, spf, dkim, result, applied in CASES:
            with self.subTest(what):
                self.dns.names["_dmarc.example.com"] = Name(txt=[b"x", record])
                signatures = [Verified(found, domain=domain) for found, domain in dkim]
                work = check_dmarc(self.dns, author, spf, signatures, lambda: 0.5)
                found = self.successResultOf(work)
                self.assertEqual((result, applied), (found.result, found.applied))

    def test_discovery(self) -> None:
        """The record of the domain itself comes first; several are none; no answer is told."""
        self.dns.names["_dmarc.example.co.uk"] = Name(txt=[R])
        self.dns.names["_dmarc.own.example.co.uk"] = Name(txt=[b"v=DMARC1; p=quarantine"])
        self.dns.names["_dmarc.two.example.co.uk"] = Name(txt=[R, R])
        self.dns.names["_dmarc.failing.example.co.uk"] = Name(failing=True)
        self.dns.names["_dmarc.co.uk"] = Name(txt=[R])
        for author, result, applied in [
            ("a.b.example.co.uk", "fail", "reject"),
            ("own.example.co.uk", "fail", "quarantine"),
            ("two.example.co.uk", "none", "none"),
            ("failing.example.co.uk", "temperror", "none"),
            ("other.co.uk", "none", "none"),
        ]:
            found = self.successResultOf(check_dmarc(self.dns, author, NO, []))
            self.assertEqual((result, applied), (found.result, found.applied), author)

    def test_organizations(self) -> None:
        """What was registered is told from what is below it, by the public suffixes."""
        for domain, registered in [
            ("a.b.c.d.example.com", "example.com"),
            ("mail.example.co.uk", "example.co.uk"),
            ("example.com", "example.com"),
            ("co.uk", "co.uk"),
            ("com", "com"),
            ("xn--bcher-kva.example.com", "example.com"),
            ("host.private", "host.private"),
        ]:
            self.assertEqual(registered, organization(domain))

    def test_lenient(self) -> None:
        """What is wrong beside the policy is passed over."""
        found = parse_record(b"v=DMARC1;p=Reject;;pct=x;adkim=q;rua=;unknown;p=none")
        assert found is not None
        self.assertEqual(("reject", 100, False), (found.policy, found.percent, found.strict_dkim))
