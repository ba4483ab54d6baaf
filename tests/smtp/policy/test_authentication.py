"""Mail verified by SPF, DKIM and DMARC together, by the policy that does so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock

from netsuite.connection.peer import Peer
from netsuite.dns import Answer
from netsuite.smtp.policy.authentication import MailAuthentication
from netsuite.smtp.policy.interface import Client, Defer, Facts, Reject, Tag
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.names import FakeDNS, Name
from tests.smtp.policy.samples import RFC8463, at_once, message, rfc_names

CLIENT = Client(host="mx.example.org", peer=Peer("192.0.2.1", 25), helo="mail.football.example.com")
FORGED = b"Authentication-Results: mx.example.org; dkim=pass header.d=bank.test\r\n"
PLAIN = b"From: joe@football.example.com\r\n\r\nHi\r\n"


class SilentDNS(FakeDNS):
    """Never answers for names with a word in them."""

    silent = "football"

    async def txt(self, name: str) -> Answer[bytes]:
        if self.silent in name:
            await Deferred()
        return await super().txt(name)


class Authentication(SynchronousTestCase):
    """The policy, asked about messages."""

    def setUp(self) -> None:
        self.dns = rfc_names()
        self.dns.names["football.example.com"] = Name(txt=[b"v=spf1 ip4:192.0.2.1 -all"])
        self.dns.names["mail.football.example.com"] = Name(txt=[b"v=spf1 ip4:192.0.2.1 -all"])
        self.dns.names["_dmarc.example.com"] = Name(txt=[b"v=DMARC1; p=reject; sp=reject"])

    def judged(
        self,
        octets: bytes,
        *,
        client: Client = CLIENT,
        sender: str = "joe@football.example.com",
        **settings: Any,
    ) -> Tag | Defer | Reject | None:
        policy = MailAuthentication(self.dns, at_once, lambda: 1.6e9, Clock(), **settings)
        facts = Facts(client, sender, recipients=["bob@example.org"], message=message(octets))
        return self.successResultOf(policy.message(facts))

    def tag(self, octets: bytes, **more: Any) -> Tag:
        found = self.judged(octets, **more)
        assert isinstance(found, Tag)
        return found

    def test_noted(self) -> None:
        """All that was found is noted, in one field."""
        self.assertEqual(
            b"Authentication-Results: mx.example.org;\r\n"
            b" dkim=pass\r\n  header.d=football.example.com\r\n  header.i=@football.example.com\r\n"
            b"  header.s=brisbane\r\n  header.a=ed25519-sha256\r\n  header.b=/gCrinpc;\r\n"
            b" dkim=pass\r\n  header.d=football.example.com\r\n  header.i=@football.example.com\r\n"
            b"  header.s=test\r\n  header.a=rsa-sha256\r\n  header.b=F45dVWDf;\r\n"
            b" arc=none;\r\n spf=pass\r\n  smtp.mailfrom=football.example.com;\r\n"
            b" dmarc=pass\r\n  header.from=football.example.com\r\n"
            b"  policy.published-domain-policy=reject\r\n",
            self.tag(RFC8463).fields,
        )

    def test_failing_is_only_noted(self) -> None:
        """Where refusing is not asked for, what fails is noted."""
        away = replace(CLIENT, peer=Peer("192.0.2.2", 25))
        field = self.tag(RFC8463.replace(b"lost", b"won"), client=away).fields
        for each in (b" dkim=fail reason=", b" spf=fail ", b" dmarc=fail\r\n"):
            self.assertIn(each, field)

    def test_refused(self) -> None:
        """Where it is, p=reject is done, and p=quarantine files."""
        away = replace(CLIENT, peer=Peer("192.0.2.2", 25))
        found = self.judged(PLAIN, client=away, refuse=True)
        assert isinstance(found, Reject)
        self.assertEqual((550, "5.7.1"), (found.code, found.enhanced))
        self.dns.names["_dmarc.example.com"] = Name(txt=[b"v=DMARC1; p=quarantine"])
        self.assertEqual("Junk", self.tag(PLAIN, client=away, refuse=True, folder="Junk").folder)
        self.assertEqual("", self.tag(PLAIN, client=away, folder="Junk").folder)
        self.assertEqual("", self.tag(PLAIN, refuse=True, folder="Junk").folder)

    def test_no_answer(self) -> None:
        """What cannot be known now is tried again, where it would count."""
        self.dns.names["_dmarc.football.example.com"] = Name(failing=True)
        self.assertIsInstance(self.judged(PLAIN, refuse=True), Defer)
        self.assertIn(b" dmarc=temperror", self.tag(PLAIN).fields)

    def test_no_author(self) -> None:
        """No From, two of them, or many authors, are no way around a policy."""
        many = b"From: " + b", ".join(b"a@x%d.test" % n for n in range(9)) + b"\r\n\r\n"
        for octets in (b"To: x\r\n\r\n", b"From: a@b.test\r\n" + PLAIN, many):
            self.assertIsInstance(self.judged(octets, refuse=True), Reject)
            self.assertIsInstance(self.judged(octets), Tag)
        two = b"From: a@b.test, joe@football.example.com\r\n\r\n"
        away = replace(CLIENT, peer=Peer("192.0.2.2", 25))
        self.assertIsInstance(self.judged(two, client=away, refuse=True), Reject)
        self.assertNotIn(b"dmarc", self.tag(b"From: a group:;\r\n\r\n", refuse=True).fields)

    def test_nobody_answers(self) -> None:
        """Servers that say nothing cost the result, and not the message: what is only to be noted
        is noted in the time that a policy has, and a signature whose key is there counts."""
        clock = Clock()
        dns = SilentDNS(self.dns.names)
        policy = MailAuthentication(dns, at_once, lambda: 1.6e9, clock)
        other = RFC8463.replace(b"d=football.example.com", b"d=other.test", 1).replace(
            b"i=@football.example.com", b"i=@other.test", 1
        )
        facts = Facts(CLIENT, "joe@football.example.com", message=message(other))
        judging = ensureDeferred(policy.message(facts))
        clock.pump([1.0] * 29)
        found = self.successResultOf(judging)
        assert isinstance(found, Tag)
        self.assertEqual(2, found.fields.count(b"dkim="))
        for each in (b"dkim=permerror", b"dkim=temperror", b"spf=temperror", b"dmarc=temperror"):
            self.assertIn(each, found.fields)
        self.assertEqual([], clock.getDelayedCalls())

    def test_gone_meanwhile(self) -> None:
        """Nothing is asked on for a client that has gone."""
        clock = Clock()
        policy = MailAuthentication(SilentDNS(self.dns.names), at_once, lambda: 1.6e9, clock)
        facts = Facts(CLIENT, "joe@football.example.com", message=message(RFC8463))
        judging = ensureDeferred(policy.message(facts))
        judging.cancel()
        self.failureResultOf(judging)
        self.assertEqual([], clock.getDelayedCalls())

    def test_author_without_a_domain(self) -> None:
        """An author whose domain nobody could have is no way around the others' policies."""
        for author in (b'"Boss <joe@football.example.com>', b"joe@football.example.com@x", b"joe",
                       b"joe@[192.0.2.1]"):  # fmt: skip
            octets = b"From: " + author + b"\r\n\r\n"
            self.assertIsInstance(self.judged(octets, refuse=True), Reject, str(author))
            self.assertIsInstance(self.judged(octets), Tag)

    def test_null_path(self) -> None:
        """A message without a sender is judged by what the client calls itself."""
        field = self.tag(PLAIN, sender="").fields
        self.assertIn(b" spf=pass\r\n  smtp.helo=mail.football.example.com;", field)
        self.assertIn(b" dmarc=pass", field)

    def test_forged(self) -> None:
        """What claims to be ours is taken out, others' is not."""
        other = FORGED.replace(b"mx.", b"mx2.")
        found = self.tag(FORGED + other + PLAIN)
        self.assertEqual([(0, len(FORGED))], [(each.start, each.end) for each in found.dropped])

    def test_forged_by_an_account(self) -> None:
        """Nor may an account of ours write in our name."""
        found = self.tag(FORGED + PLAIN, client=replace(CLIENT, account="ann"))
        self.assertEqual((b"", [0]), (found.fields, [each.start for each in found.dropped]))

    def test_our_own(self) -> None:
        """Mail of our accounts is not judged; of a local client SPF says nothing."""
        self.assertIsNone(self.judged(PLAIN, client=replace(CLIENT, account="ann")))
        local = replace(CLIENT, peer=Peer("127.0.0.1", 25, local=True))
        self.assertIn(b" spf=none", self.tag(PLAIN, client=local).fields)
