"""Chains of hosts that sealed a message: compared with a second implementation, and broken."""

from __future__ import annotations

import base64
import importlib.util
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from twisted.internet.task import Clock

from netsuite.connection.peer import Peer
from netsuite.message.headers import Field, header_end
from netsuite.smtp.policy.arc import (
    AT_ONCE,
    SETS,
    ARCResult,
    _seal_digests,
    read_sets,
    verify_chain,
)
from netsuite.smtp.policy.authentication import MailAuthentication
from netsuite.smtp.policy.canonical import BodyHash, HeaderFields
from netsuite.smtp.policy.dkim import header_digest
from netsuite.smtp.policy.interface import Client, Facts, Reject, Tag, Verdict
from netsuite.smtp.policy.keys import SigningKey, make_key
from netsuite.testing.cases import SkipTest, SynchronousTestCase
from netsuite.testing.names import FakeDNS, Name
from tests.smtp.policy.samples import at_once, message

MESSAGE = (
    b"From: Ann <ann@author.test>\r\nTo: list@one.test\r\nSubject: [list]  news\r\n"
    b"Date: Fri, 2 Jan 2026 03:04:05 +0000\r\nMessage-ID: <1@author.test>\r\n\r\nNews \r\n\r\n"
)
COVERED = ("from", "from", "to", "subject", "date", "message-id")
CAME = b"dmarc=pass header.from=author.test"
WENT = b"arc=pass header.oldest-pass=0; dmarc=fail header.from=author.test"
#: What chooses fields of a chain by their name and instance.
FIELD = rb"(?ms)^%s: i=%s;.*?\r\n(?![ \t])"


class Chains(SynchronousTestCase):
    """Messages sealed by hosts of some domains, each with a key of its own."""

    keys: dict[str, SigningKey]

    @classmethod
    def setUpClass(cls) -> None:
        with TemporaryDirectory() as folder:
            cls.keys = {
                domain: make_key(Path(folder), domain, "arc", "rsa")
                for domain in ("one.test", "two.test")
            }

    def setUp(self) -> None:
        self.ed25519 = Ed25519PrivateKey.generate()
        self.dns = FakeDNS({"_dmarc.author.test": Name(txt=[b"v=DMARC1; p=reject"])})
        for key in self.keys.values():
            for each in (key, self.other(key.domain)):
                self.dns.names[each.name] = Name(txt=[each.record.encode()])

    def other(self, domain: str) -> SigningKey:
        """Return another key of a domain."""
        return SigningKey(domain, "ed", self.ed25519)

    def sealed(self, octets: bytes, domain: str, results: bytes) -> bytes:
        """Return a message as a domain seals it that has found *results*."""
        key = self.keys[domain]
        end = header_end(octets)
        header = HeaderFields(octets[:end])
        instance = len(header.named(b"arc-seal")) + 1
        body_hash = BodyHash(relaxed=True)
        body_hash.update(octets[end:])
        by = f" d={domain}; s=arc; t=1600000000;\r\n"
        value = (
            f" i={instance}; a=rsa-sha256; c=relaxed/relaxed;{by} h={':'.join(COVERED)};\r\n"
            f" bh={base64.b64encode(body_hash.digest()).decode()};\r\n b="
        ).encode()
        names = tuple(each.encode() for each in COVERED)
        own = Field(b"ARC-Message-Signature", value, 0, 0)
        data = self.data(key, header_digest(names, header, own, relaxed=True))
        set_before = "pass" if instance > 1 else "none"
        seal = f"ARC-Seal: i={instance}; cv={set_before}; a=rsa-sha256;{by} b=AAAA\r\n"
        noted = b"ARC-Authentication-Results: i=%d; %s; %s\r\n" % (
            instance, domain.encode(), results
        )  # fmt: skip
        fields = seal.encode() + b"ARC-Message-Signature:" + value + data + b"\r\n" + noted
        return self.resealed(fields + octets, key)

    def data(self, key: SigningKey, digest: bytes) -> bytes:
        """Return what a key signs a hash with."""
        if isinstance(key.private, Ed25519PrivateKey):
            return base64.b64encode(key.private.sign(digest))
        return base64.b64encode(key.private.sign(digest, PKCS1v15(), Prehashed(SHA256())))

    def resealed(self, octets: bytes, key: SigningKey) -> bytes:
        """Return a message with the newest of its seals, the topmost field, made anew by a key of
        its domain: over whatever is there."""
        seal, rest = octets.split(b"\r\nARC-Message-Signature", 1)
        rest = b"\r\nARC-Message-Signature" + rest
        seal = re.sub(rb" a=[^;]*;", b" a=%s-sha256;" % key.kind.encode(), seal)
        seal = re.sub(rb" s=[^;]*;", b" s=%s;" % key.selector.encode(), seal)
        seal = seal.partition(b" b=")[0] + b" b="
        made = seal + b"AAAA" + rest
        digest = _seal_digests(read_sets(HeaderFields(made[: header_end(made)])))[-1]
        return seal + self.data(key, digest) + rest

    def twice(self) -> bytes:
        """Return a message that a list has sealed, and changed, and another host has sealed."""
        once = self.sealed(MESSAGE, "one.test", CAME).replace(b"News", b"Old news")
        return self.sealed(once, "two.test", WENT)

    def verified(self, octets: bytes) -> ARCResult:
        return self.successResultOf(verify_chain(message(octets), self.dns, at_once, now=1.7e9))

    def fails(self, octets: bytes, words: str) -> None:
        """Check that a chain is broken, and what is said of it."""
        found = self.verified(octets)
        self.assertEqual(("fail", "", ()), (found.result, found.sealer, found.sets))
        self.assertIn(words, found.reason)


class Verification(Chains):
    """Chains alone."""

    def known(self, name: bytes, timeout: int = 5) -> bytes:
        """Return a key record, as dkimpy asks for it."""
        return self.dns.names[name.decode().rstrip(".")].txt[0]

    def test_unsealed(self) -> None:
        """A message without a chain has none, and nobody is asked."""
        self.assertEqual(ARCResult("none"), self.verified(MESSAGE))
        self.assertEqual([], self.dns.asked)

    def test_sealed_once(self) -> None:
        """A chain of one passes, here and with a second implementation."""
        octets = self.sealed(MESSAGE, "one.test", CAME)
        found = self.verified(octets)
        self.assertEqual(("pass", "one.test", 0), (found.result, found.sealer, found.oldest_pass))
        self.assertEqual([("txt", "arc._domainkey.one.test")], self.dns.asked)
        status, _, _ = dkim.arc_verify(octets, dnsfunc=self.known)
        self.assertEqual(b"pass", status)

    def test_sealed_by_others(self) -> None:
        """What a second implementation has sealed, on top of our own too, passes."""
        if importlib.util.find_spec("authres") is None:
            raise SkipTest("dkimpy seals with authres only")
        private = self.keys["two.test"].private.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        )
        for before, results in (
            (MESSAGE, CAME),
            (self.sealed(MESSAGE, "one.test", CAME), WENT),
        ):
            noted = b"Authentication-Results: two.test; " + results + b"\r\n" + before
            fields = dkim.arc_sign(noted, b"arc", b"two.test", private, b"two.test")
            found = self.verified(b"".join(fields) + before)
            self.assertEqual(("pass", "", "two.test"), (found.result, found.reason, found.sealer))

    def test_sealed_twice(self) -> None:
        """A chain goes on where the message was changed; who signed it as it is now is known."""
        octets = self.twice()
        self.assertEqual(b"pass", dkim.arc_verify(octets, dnsfunc=self.known)[0])
        found = self.verified(octets)
        self.assertEqual(("pass", "two.test", 2), (found.result, found.sealer, found.oldest_pass))
        unchanged = self.sealed(self.sealed(MESSAGE, "one.test", CAME), "two.test", WENT)
        self.assertEqual(0, self.verified(unchanged).oldest_pass)

    def test_changed(self) -> None:
        """What was changed after the last seal breaks the chain, and so does what was sealed."""
        octets = self.twice()
        for old, new, words in [
            (b"Old news", b"No news", "the body has been changed"),
            (b"[list]", b"[other]", "the header has been changed"),
            (b"From: Ann", b"From: x@bank.test\r\nFrom: Ann", "the header has been changed"),
            (b"dmarc=fail", b"dmarc=pass", "seal 2: the header has been changed"),
            (b"cv=pass", b"cv=fail", "seal 2 says cv=fail"),
            (b"cv=pass", b"cv=none", "seal 2 says cv=none"),
            (b"cv=none", b"cv=pass", "seal 1 says cv=pass"),
            (b"cv=none", b"cv=", "no cv tag"),
            (b"ARC-Seal: i=1;", b"ARC-Seal: i=1; h=from;", "with the tag h"),
            (b"a=rsa-sha256;", b"a=ed25519-sha256;", "seal 2: "),
            (b"a=rsa-sha256;", b"a=rsa-sha1;", "algorithm not accepted"),
            (b" h=", b" h=arc-seal:", "covers the chain"),
            (b" bh=", b" x=1600000001; bh=", "expired"),
            (b" bh=", b" xbh=", "no bh tag"),
        ]:
            with self.subTest(new):
                self.assertIn(old, octets)
                self.fails(octets.replace(old, new, 1), words)

    def test_old_signature_that_cannot_be_read(self) -> None:
        """A seal is over what an older host wrote, whatever that is; it only does not hold."""
        once = self.sealed(MESSAGE, "one.test", CAME).replace(b" bh=", b" xbh=", 1)
        octets = self.sealed(self.resealed(once, self.other("one.test")), "two.test", WENT)
        found = self.verified(octets)
        self.assertEqual(("pass", "", 2), (found.result, found.reason, found.oldest_pass))

    def test_white_space(self) -> None:
        """Fields are sealed in relaxed form."""
        octets = self.twice()
        folded = octets.replace(b"; cv=", b";\r\n\t  cv=").replace(b"ARC-Seal:", b"arc-SEAL :")
        self.assertEqual("pass", self.verified(folded).result)
        commented = octets.replace(b"Results: i=1;", b"Results: (a) i (b) = 1 ;")
        self.fails(commented, "seal 2: ")

    def test_structure(self) -> None:
        """Gaps, doubles and sets that are not whole are no chain; nobody is asked for a key."""
        octets = self.twice()
        for name in (b"ARC-Seal", b"ARC-Message-Signature", b"ARC-Authentication-Results"):
            for instance in (1, 2):
                (field,) = re.findall(FIELD % (name, b"%d" % instance), octets)
                with self.subTest(field):
                    self.fails(octets.replace(field, b""), "a set is not whole")
                    self.fails(field + octets, "a set is not whole")
                    other = field.replace(b"i=%d" % instance, b"i=%d" % (3 - instance))
                    self.fails(octets.replace(field, other), "missing, or there twice")
                    for wrong in (b"0", b"00", b"3", b"51", b"-1", b"1x", b"100", b"", b"\xff"):
                        self.assertEqual(
                            "fail",
                            self.verified(
                                octets.replace(
                                    field, field.replace(b"i=%d" % instance, b"i=" + wrong)
                                )
                            ).result,
                        )
        # The first set, which stands below the second.
        first = octets[octets.index(b"ARC-Seal: i=1") : octets.index(b"From: Ann")]
        self.fails(octets.replace(first, b""), "missing, or there twice")
        self.assertEqual([], self.dns.asked)

    def test_keys(self) -> None:
        """No key, and none for now, are the same: a chain that cannot be verified is broken."""
        octets = self.twice()
        for domain in self.keys:
            for name in (Name(), Name(failing=True), Name(txt=[b"v=DKIM1; p="])):
                known = self.dns.names[f"arc._domainkey.{domain}"]
                self.dns.names[f"arc._domainkey.{domain}"] = name
                self.assertEqual("fail", self.verified(octets).result)
                self.dns.names[f"arc._domainkey.{domain}"] = known

    def test_bounded(self) -> None:
        """Fifty sets are looked at, and no more; keys of those who stand behind one that is broken
        are not asked for, beyond some."""
        octets = self.sealed(MESSAGE, "two.test", CAME)
        for _ in range(SETS - 1):
            octets = self.sealed(octets, "two.test", WENT)
        found = self.verified(octets)
        self.assertEqual(("pass", 0), (found.result, found.oldest_pass))
        extra = b"ARC-Seal: i=51; x\r\nARC-Message-Signature: i=51; x\r\n"
        self.fails(extra + octets, "more than 50 sets")
        self.dns.asked.clear()
        self.fails(extra * 10_000 + octets, "more than 50 sets")
        self.assertEqual([], self.dns.asked)

        def elsewhere(match: re.Match[bytes]) -> bytes:
            return match[0].replace(b"d=two.test", b"d=victim%d.test" % int(match[1]))

        forged = re.sub(FIELD % (b"ARC-[MS][a-zA-Z-]*", rb"(\d+)"), elsewhere, octets)
        self.fails(forged, "no key")
        self.assertEqual(1, len(self.dns.asked))
        self.dns.asked.clear()
        # The newest may be good: whoever has a key can seal anything.
        good = forged.replace(b"victim50.test", b"two.test")
        self.fails(self.resealed(good, self.other("two.test")), "seal 49: no key")
        self.assertEqual(2 + AT_ONCE, len(self.dns.asked))


class Trust(Chains):
    """What is done with a message that fails DMARC, and has come by hosts that are trusted."""

    def judged(self, octets: bytes, *trusted: str, **settings: Any) -> Verdict:
        policy = MailAuthentication(
            self.dns, at_once, lambda: 1.7e9, Clock(), refuse=True, trusted=trusted, **settings
        )
        client = Client(host="mx.example.org", peer=Peer("192.0.2.1", 25), helo="two.test")
        return self.successResultOf(
            policy.message(Facts(client, "list-bounces@two.test", message=message(octets)))
        )

    def fields(self, octets: bytes, *trusted: str) -> bytes:
        """Return what is noted of a message that is taken."""
        found = self.judged(octets, *trusted)
        assert isinstance(found, Tag)
        self.assertEqual("", found.folder)
        return found.fields

    def test_untrusted(self) -> None:
        """Whoever is not trusted changes nothing, whatever stands before it or behind it."""
        octets = self.twice()
        for trusted in ((), ("one.test",), ("two.test",), ("sub.two.test", "test")):
            self.assertIsInstance(self.judged(octets, *trusted), Reject)
        self.assertIsInstance(self.judged(MESSAGE, "one.test"), Reject)

    def test_trusted(self) -> None:
        """A message that came to one who is trusted from its author's domain is taken."""
        once = self.sealed(MESSAGE, "one.test", CAME)
        self.assertIn(
            b' arc=pass reason="sealed by one.test"\r\n  smtp.remote-ip=192.0.2.1\r\n'
            b"  header.oldest-pass=0;\r\n",
            self.fields(once, "ONE.test"),
        )
        self.assertIn(
            b' dmarc=fail reason="local policy: arc=pass as[1].d=one.test"\r\n'
            b"  header.from=author.test\r\n  policy.published-domain-policy=reject",
            self.fields(self.twice(), "one.test", "two.test"),
        )

    def test_broken(self) -> None:
        """A chain that is broken is none."""
        once = self.sealed(MESSAGE, "one.test", CAME)
        self.assertIsInstance(self.judged(once.replace(b"News", b"Buy"), "one.test"), Reject)

    def test_what_the_trusted_saw(self) -> None:
        """Who is trusted is believed what it says, and has to say it: of this author."""
        for results in (
            b"dmarc=fail header.from=author.test",
            b"dmarc=pass header.from=bank.test",
            b"dmarc=pass",
            b"spf=pass smtp.mailfrom=author.test",
            b'dkim=fail reason="x; dmarc=pass header.from=author.test"',
            b'dmarc=pass reason="x header.from=author.test" header.from=bank.test',
        ):
            octets = self.sealed(MESSAGE, "one.test", results)
            self.assertIsInstance(self.judged(octets, "one.test"), Reject, str(results))
        quoted = self.sealed(MESSAGE, "one.test", b'spf=none; dmarc=pass header.from="author.test"')
        self.fields(quoted, "one.test")

    def test_noted(self) -> None:
        """What became of a chain is noted in any case."""
        self.dns.names["_dmarc.author.test"] = Name(txt=[b"v=DMARC1; p=none"])
        self.assertIn(b" arc=none;\r\n", self.fields(MESSAGE))
        self.assertIn(b" arc=pass ", self.fields(self.twice()))
        broken = self.fields(self.twice().replace(b"Old", b"New"))
        self.assertIn(b' arc=fail reason="the body has been changed";\r\n', broken)
