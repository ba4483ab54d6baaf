"""SPF: the examples of RFC 7208, its limits, its macros, and records that are none."""

from __future__ import annotations

from netsuite.smtp.policy.spf import check_host
from netsuite.smtp.policy.spf_record import PermError, expand, parse_record
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.names import FakeDNS, Name

# RFC 7208, appendix A.
NAMES = {
    "example.com": Name(
        mx=[(10, "mail-a.example.com"), (20, "mail-b.example.com")],
        addresses=["192.0.2.10", "192.0.2.11"],
    ),
    "amy.example.com": Name(addresses=["192.0.2.65"]),
    "bob.example.com": Name(addresses=["192.0.2.66"]),
    "mail-a.example.com": Name(addresses=["192.0.2.129"]),
    "mail-b.example.com": Name(addresses=["192.0.2.130"]),
    "www.example.com": Name(alias="example.com"),
    "example.org": Name(mx=[(10, "mail-c.example.org")]),
    "mail-c.example.org": Name(addresses=["192.0.2.140", "2001:db8::140"]),
    "10.2.0.192.in-addr.arpa": Name(ptr=["example.com"]),
    "65.2.0.192.in-addr.arpa": Name(ptr=["amy.example.com"]),
    "140.2.0.192.in-addr.arpa": Name(ptr=["mail-c.example.org"]),
    "4.0.0.10.in-addr.arpa": Name(ptr=["bob.example.com"]),
    "joel.remote-users._spf.example.com": Name(),
    "mary.mobile-users._spf.example.com": Name(addresses=["127.0.0.2"]),
    "15.15.168.192.joel.remote-users._spf.example.com": Name(addresses=["127.0.0.2"]),
    "mobile-users._spf.example.com": Name(txt=[b"v=spf1 exists:%{l1r+}.%{d}"]),
    "remote-users._spf.example.com": Name(txt=[b"v=spf1 exists:%{ir}.%{l1r+}.%{d}"]),
    "ip4._spf.example.com": Name(txt=[b"v=spf1 -ip4:192.0.2.0/24 +all"]),
    "ptr._spf.example.com": Name(txt=[b"v=spf1 -ptr:example.com +all"]),
    "failing.test": Name(failing=True),
    "strict.test": Name(txt=[b"v=spf1 ip4:192.0.2.1 -all"]),
    "two.test": Name(txt=[b"v=spf1 -all", b"v=spf1 +all"]),
    "loop.test": Name(txt=[b"v=spf1 include:loop.test -all"]),
    "other.test": Name(txt=[b"google-site", b"v=spf10 -all", b"v=spf1"]),
    "three.test": Name(mx=[(n, "mail-a.example.com") for n in range(3)]),
    "many.test": Name(mx=[(1, f"mx{n}.many.test") for n in range(11)]),
}

EXCEPT = b"v=spf1 -include:ip4._spf.%{d} -include:ptr._spf.%{d} +all"
USERS = b"v=spf1 mx include:mobile-users._spf.%{d} include:remote-users._spf.%{d} -all"

#: (record of example.com, address, result): RFC 7208, A.1, A.3, A.4 first, then its text.
CASES = [
    (b"v=spf1 +all", "10.9.9.9", "pass"),
    (b"v=spf1 a -all", "192.0.2.10", "pass"),
    (b"v=spf1 a -all", "192.0.2.11", "pass"),
    (b"v=spf1 a -all", "192.0.2.12", "fail"),
    (b"v=spf1 a:example.org -all", "192.0.2.10", "fail"),
    (b"v=spf1 mx -all", "192.0.2.129", "pass"),
    (b"v=spf1 mx -all", "192.0.2.130", "pass"),
    (b"v=spf1 mx -all", "192.0.2.10", "fail"),
    (b"v=spf1 mx:example.org -all", "192.0.2.140", "pass"),
    (b"v=spf1 mx mx:example.org -all", "192.0.2.130", "pass"),
    (b"v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.131", "pass"),
    (b"v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.143", "pass"),
    (b"v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.144", "fail"),
    (b"v=spf1 ptr -all", "192.0.2.65", "pass"),
    (b"v=spf1 ptr -all", "192.0.2.10", "pass"),
    (b"v=spf1 ptr -all", "192.0.2.140", "fail"),
    (b"v=spf1 ptr -all", "10.0.0.4", "fail"),
    (b"v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.65", "fail"),
    (b"v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.129", "pass"),
    (USERS, "10.0.0.1", "pass"),  # mary from anywhere
    (EXCEPT, "192.0.2.65", "pass"),
    (EXCEPT, "192.0.2.140", "fail"),
    (EXCEPT, "10.0.0.4", "fail"),
    # 2.6: results
    (b"v=spf1", "10.0.0.1", "neutral"),
    (b"v=spf1 ?all", "10.0.0.1", "neutral"),
    (b"v=spf1 ~all", "10.0.0.1", "softfail"),
    (b"V=SPF1 -ALL", "10.0.0.1", "fail"),
    (b"not spf", "10.0.0.1", "none"),
    # 5.2, 6.1: include and redirect
    (b"v=spf1 include:strict.test ~all", "192.0.2.1", "pass"),
    (b"v=spf1 include:strict.test ~all", "192.0.2.2", "softfail"),
    (b"v=spf1 include:example.org -all", "10.0.0.1", "permerror"),
    (b"v=spf1 include:none.test -all", "10.0.0.1", "permerror"),
    (b"v=spf1 include:failing.test -all", "10.0.0.1", "temperror"),
    (b"v=spf1 include:two.test -all", "10.0.0.1", "permerror"),
    (b"v=spf1 redirect=strict.test", "192.0.2.2", "fail"),
    (b"v=spf1 redirect=strict.test", "192.0.2.1", "pass"),
    (b"v=spf1 redirect=none.test", "10.0.0.1", "permerror"),
    (b"v=spf1 redirect=strict.test ?all", "192.0.2.2", "neutral"),
    # 4.6.4: limits
    (b"v=spf1 include:loop.test -all", "10.0.0.1", "permerror"),
    (b"v=spf1" + b" a" * 10 + b" ip4:10.0.0.1 -all", "10.0.0.1", "pass"),
    (b"v=spf1" + b" a" * 11 + b" ip4:10.0.0.1 -all", "10.0.0.1", "permerror"),
    (b"v=spf1 a:n1.test a:n2.test ip4:10.0.0.1 -all", "10.0.0.1", "pass"),
    (b"v=spf1 a:n1.test mx:n2.test exists:n3.test ip4:10.0.0.1 -all", "10.0.0.1", "permerror"),
    (b"v=spf1 mx:many.test -all", "10.0.0.1", "permerror"),
    (b"v=spf1 mx:three.test -all", "2001:db8::1", "fail"),
    (b"v=spf1 mx:three.test -all", "192.0.2.129", "pass"),
    (b"v=spf1 a:failing.test -all", "10.0.0.1", "temperror"),
    (b"v=spf1 mx:failing.test -all", "10.0.0.1", "temperror"),
    (b"v=spf1 exists:failing.test -all", "10.0.0.1", "temperror"),
    # 5: both kinds of address
    (b"v=spf1 ip6:2001:db8::/32 -all", "2001:db8::1", "pass"),
    (b"v=spf1 ip6:2001:db8::/32 -all", "10.0.0.1", "fail"),
    (b"v=spf1 ip4:10.0.0.1 -all", "::ffff:10.0.0.1", "pass"),
    (b"v=spf1 mx:example.org//64 -all", "2001:db8::9", "pass"),
    (b"v=spf1 a:mail-c.example.org/0//128 -all", "2001:db8::9", "fail"),
    (b"v=spf1 a:www.example.com -all", "192.0.2.10", "pass"),
    (b"v=spf1 exists:%{ir}.%{v}.arpa -all", "192.0.2.65", "fail"),
    (b"v=spf1 a:%{p} -all", "192.0.2.65", "pass"),
    # 4.6: one error anywhere is an error
    (b"v=spf1 +all moo", "10.0.0.1", "permerror"),
    (b"v=spf1 +all -ip4:192.0.2", "10.0.0.1", "permerror"),
    (b"v=spf1 +all exp=%{c}.x redirect=a.test redirect=b.test", "10.0.0.1", "permerror"),
    (b"v=spf1 +all moo=%{unknown", "10.0.0.1", "permerror"),
    (b"v=spf1 +all moo=%{c}", "10.0.0.1", "pass"),
]  # fmt: skip


class Records(SynchronousTestCase):
    """Records, evaluated."""

    def result(self, domain: str, address: str, sender: str = "mary@example.com") -> str:
        """Return what SPF says."""
        work = check_host(self.dns, address, domain, sender=sender, helo="mx.example.org")
        return self.successResultOf(work).result

    def setUp(self) -> None:
        self.dns = FakeDNS(dict(NAMES))

    def test_cases(self) -> None:
        """Each record says of each address what RFC 7208 says."""
        com = NAMES["example.com"]
        for record, address, result in CASES:
            with self.subTest(f"{record!r} {address}"):
                self.dns.names["example.com"] = Name(
                    mx=com.mx, addresses=com.addresses, txt=[b"x", record]
                )
                self.assertEqual(result, self.result("example.com", address))

    def test_domains(self) -> None:
        """A domain without a record, or that is none, has no result; one that fails has no answer
        now."""
        for domain, result in [
            ("none.test", "none"),
            ("example.org", "none"),
            ("com", "none"),
            ("[192.0.2.1]", "none"),
            ("a..test", "none"),
            ("x" * 64 + ".test", "none"),
            ("failing.test", "temperror"),
            ("two.test", "permerror"),
            ("other.test", "neutral"),
            ("STRICT.test.", "fail"),
        ]:
            self.assertEqual(result, self.result(domain, "10.0.0.1"), domain)
        self.assertEqual("none", self.result("strict.test", ""))

    def test_users(self) -> None:
        """RFC 7208, A.3: single users have addresses of their own."""
        self.dns.names["example.com"] = Name(txt=[USERS.replace(b" mx", b"")])
        for sender, address, result in [
            ("joel@example.com", "192.168.15.15", "pass"),
            ("joel+x@example.com", "192.168.15.15", "pass"),
            ("joel@example.com", "192.168.15.16", "fail"),
            ("eve@example.com", "192.168.15.15", "fail"),
            ("", "192.168.15.15", "fail"),
        ]:
            self.assertEqual(result, self.result("example.com", address, sender), sender)

    def test_bounded(self) -> None:
        """A record that asks for more is not followed further."""
        self.assertEqual("permerror", self.result("loop.test", "10.0.0.1"))
        self.assertEqual(11, len(self.dns.asked))


class Parsing(SynchronousTestCase):
    """Records and macros as text."""

    def test_malformed(self) -> None:
        """What the grammar does not have is refused."""
        for term in [
            "all:x.test", "all/8", "include", "include:", "include/8", "exists", "exists:x.test/8",
            "ptr/8", "a:", "a/", "a/33", "a/08", "a//129", "a///8", "mx:x.test/8/8", "ip4", "ip4:",
            "ip4:1.2.3.4/33", "ip4:1.2.3", "ip4:::1", "ip6:1.2.3.4", "ip6:::1/129", "++all", "!all",
            "redirect=", "redirect=x", "redirect=x.test/8", "a:x", "a:x.1", "a:%", "a:%{x}.test",
            "a:%{d", "a:%(d).test", "a:%{c}.test", "exp=%{d}x", "=x", "a:x.-test", "a:x\ty.test",
            "a:x.test-",
        ]:  # fmt: skip
            with self.assertRaises(PermError, msg=term):
                parse_record(f"v=spf1 {term}".encode())
        with self.assertRaises(PermError):
            parse_record(b"v=spf1 a:\xff.test")
        with self.assertRaises(PermError):
            expand("%{d0}", str)

    def test_well_formed(self) -> None:
        """What it has is taken."""
        for term in [
            "a:x.test.", "a:%{d}", "a:%{D2R-}.x.test", "a:x/y.test", "a:x.test/8//64", "mx//64",
            "a:%%.%_.%-.test", "x=y", "x=", "exp=x.test", "a:x.xn--p1ai", "ptr:x.test",
            "a:_spf.t-e",
            "exists:%{l1r+-}._spf.%{d}", "a:x.test1",
        ]:  # fmt: skip
            parse_record(f"v=spf1  {term} ".encode())

    def test_macros(self) -> None:
        """The expansions are those of RFC 7208, 7.4."""
        ipv6 = ".".join("20010db800000000000000000000cb01")
        values = {
            "s": "strong-bad@email.example.com", "l": "strong-bad", "o": "email.example.com",
            "d": "email.example.com", "i": "192.0.2.3", "v": "in-addr", "h": "a b/c",
        }  # fmt: skip
        for spec, expansion in [
            ("%{s}", "strong-bad@email.example.com"),
            ("%{o}", "email.example.com"),
            ("%{d}", "email.example.com"),
            ("%{d4}", "email.example.com"),
            ("%{d3}", "email.example.com"),
            ("%{d2}", "example.com"),
            ("%{d1}", "com"),
            ("%{dr}", "com.example.email"),
            ("%{d2r}", "example.email"),
            ("%{l}", "strong-bad"),
            ("%{l-}", "strong.bad"),
            ("%{lr}", "strong-bad"),
            ("%{lr-}", "bad.strong"),
            ("%{l1r-}", "strong"),
            ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
            ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
            ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
            ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
            ("%{H}.%%%_%-x.", "a%20b%2Fc.% %20x"),
        ]:
            self.assertEqual(expansion, expand(spec, values.__getitem__), spec)
        values |= {"i": ipv6, "v": "ip6"}
        self.assertEqual(
            "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com",
            expand("%{ir}.%{v}._spf.%{d2}", values.__getitem__),
        )
        long = expand("%{d}", lambda letter: ".".join(["x" * 60] * 5))
        self.assertEqual(".".join(["x" * 60] * 4), long)
