"""What a mail domain publishes: as lines of a zone, and compared with what is there."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from netsuite.dns import SRV
from netsuite.smtp.policy.keys import make_key
from netsuite.smtp.records import Published, look, records
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.names import FakeDNS, Name
from tests.smtp.policy.samples import RFC8463_ED25519

HOST = "mx.example.org"


class Records(SynchronousTestCase):
    """The records of one domain with one key."""

    def setUp(self) -> None:
        with TemporaryDirectory() as folder:
            self.key = make_key(Path(folder), "example.org", "s", "ed25519")
        self.wanted = records(
            "example.org",
            HOST,
            [self.key],
            services={"submission": True, "imap": True},
            ports={("imap", False): 1143},
            policy="version: STSv1\r\n",
            autoconfig=True,
        )

    def test_lines(self) -> None:
        """Each is a line of a zone file; a service that is not there is said not to be."""
        lines = [each.line for each in self.wanted]
        self.assertEqual("example.org. IN MX 10 mx.example.org.", lines[0])
        self.assertIn('example.org. IN TXT "v=spf1 mx -all"', lines)
        self.assertIn(f's._domainkey.example.org. IN TXT "{self.key.record}"', lines)
        self.assertIn("_submissions._tcp.example.org. IN SRV 0 1 465 mx.example.org.", lines)
        self.assertIn("_submission._tcp.example.org. IN SRV 10 1 587 mx.example.org.", lines)
        self.assertIn("_pop3._tcp.example.org. IN SRV 0 0 0 .", lines)
        self.assertIn("_imap._tcp.example.org. IN SRV 10 1 1143 mx.example.org.", lines)
        self.assertIn('_mta-sts.example.org. IN TXT "v=STSv1; id=e8788e4325c4294c"', lines)
        self.assertIn("mta-sts.example.org. IN CNAME mx.example.org.", lines)
        self.assertIn("autoconfig.example.org. IN CNAME mx.example.org.", lines)
        self.assertIn("_autodiscover._tcp.example.org. IN SRV 0 0 443 mx.example.org.", lines)
        bare = "".join(each.line for each in records("example.org", HOST, services={}))
        self.assertNotIn("mta-sts", bare)
        self.assertNotIn("auto", bare)
        smart = records("example.org", HOST, services={}, smart_host=True)
        self.assertEqual(2, [each.data[-4:] for each in smart].count("~all"))

    def test_domain_that_is_the_host(self) -> None:
        """A domain whose mail goes to its own name has one SPF record: two are an error."""
        found = records(HOST, HOST, services={})
        self.assertEqual(1, sum("spf1" in each.data for each in found))

    def test_long_text(self) -> None:
        """A long text is cut into strings, and what would end one is escaped."""
        line = Published("a.test", "TXT", "x" * 255 + 'y"\\').line
        self.assertEqual('a.test. IN TXT "' + "x" * 255 + '" "y\\"\\\\"', line)

    def states(self, dns: FakeDNS) -> dict[str, str]:
        """Return by name and type what is found of each."""
        found = [self.successResultOf(look(dns, each)) for each in self.wanted]
        return {f"{each.record.name} {each.record.type}": each.state for each in found}

    def test_all_there(self) -> None:
        """What is published as it was printed, or does as well, is there."""
        dns = FakeDNS()
        for each in self.wanted:
            other = [] if "._domainkey." in each.name else [b"other"]
            name = dns.names.setdefault(each.name, Name(txt=other))
            if each.type == "TXT":
                name.txt = [*name.txt, each.data.encode()]
            elif each.type == "SRV":
                priority, weight, port, host = each.data.split()
                name.srv = [SRV(int(priority), int(weight), int(port), host.rstrip("."))]
        dns.names["example.org"].mx = [(5, HOST)]
        for host in ("mta-sts", "autoconfig", "autodiscover"):
            dns.names[f"{host}.example.org"].addresses = ["192.0.2.1"]
        self.assertEqual({"there"}, set(self.states(dns).values()))
        dns.names["_dmarc.example.org"].txt = [b"v=DMARC1; p=reject"]
        dns.names["example.org"].txt = [b"v=spf1 ip4:192.0.2.1 -all"]
        # RFC 6376, 3.6.1: v= is recommended, no more.
        key = self.key.record.removeprefix("v=DKIM1; ")
        dns.names[self.key.name].txt = [key.encode()]
        self.assertEqual({"there"}, set(self.states(dns).values()))

    def test_wrong(self) -> None:
        """What is missing, another, twice there, or not to be known, is told apart."""
        key = self.key.name
        dns = FakeDNS(
            {
                "example.org": Name(mx=[(10, "mx.example.net")], txt=[b"v=spf1 -all"] * 2),
                HOST: Name(txt=[b"v=spf1 moo"]),
                key: Name(txt=[RFC8463_ED25519]),
                "_dmarc.example.org": Name(txt=[b"v=DMARC1; p=moo"]),
                "_mta-sts.example.org": Name(failing=True),
                "_smtp._tls.example.org": Name(txt=[b"v=TLSRPTv1; ;;"]),
                "_imap._tcp.example.org": Name(srv=[SRV(0, 0, 0, "")]),
            }
        )  # fmt: skip
        found = self.states(dns)
        self.assertEqual("unknown", found.pop("_mta-sts.example.org TXT"))
        for name in ("example.org MX", "example.org TXT", f"{HOST} TXT", f"{key} TXT",
                     "_dmarc.example.org TXT", "_smtp._tls.example.org TXT",
                     "_imap._tcp.example.org SRV"):  # fmt: skip
            self.assertEqual("differs", found.pop(name), name)
        self.assertEqual({"missing"}, set(found.values()))
