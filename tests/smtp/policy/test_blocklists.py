"""Addresses in block lists. See RFC 5782."""

from __future__ import annotations

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock

from netsuite.dns import Answer
from netsuite.smtp.policy.blocklists import BlockLists
from netsuite.smtp.policy.interface import Verdict
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.names import FakeDNS, Name
from tests.smtp.policy.asking import facts

IPV6 = "2001:db8:1:2:3:4:567:89ab"  # RFC 5782, 2.4
IPV6_NAME = "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.one.test"


class OneSilent(FakeDNS):
    """Never answers for the first of the lists."""

    async def addresses(self, host: str) -> Answer[str]:
        if host.endswith("one.test"):
            await Deferred()
        return await super().addresses(host)


class Lists(SynchronousTestCase):
    """Two lists."""

    def setUp(self) -> None:
        self.dns = FakeDNS()
        self.clock = Clock()
        self.policy = BlockLists(self.dns, ["one.test", "two.test"], self.clock)

    def judged(self, address: str = "192.0.2.7", *, local: bool = False) -> Verdict:
        return self.successResultOf(self.policy.mail(facts(address, local=local)))

    def test_listed(self) -> None:
        """Who is in any list is refused, with the list's name."""
        self.assertIsNone(self.judged())
        self.dns.names["7.2.0.192.two.test"] = Name(addresses=["127.0.0.2"])
        found = self.judged()
        assert found is not None
        self.assertEqual(554, getattr(found, "code", 0))
        self.assertIn("192.0.2.7 is listed in two.test", str(found))
        self.dns.names[IPV6_NAME] = Name(addresses=["127.0.0.10"])
        self.assertIn("one.test", str(self.judged(IPV6)))

    def test_no_answer(self) -> None:
        """A list that does not answer, that does not answer us, or that answers nonsense, lists
        nobody."""
        for name in (
            Name(failing=True),
            Name(addresses=["127.255.255.254"]),
            Name(addresses=["198.51.100.1", "::1"]),
            Name(),
        ):
            self.dns.names["7.2.0.192.one.test"] = name
            self.assertIsNone(self.judged())

    def test_silence(self) -> None:
        """A list that says nothing lists nobody either, well before a policy's time is over; what
        another says counts."""
        dns = OneSilent()
        policy = BlockLists(dns, ["one.test", "two.test"], self.clock)
        for wanted in (None, "two.test"):
            judging = ensureDeferred(policy.mail(facts()))
            self.assertNoResult(judging)
            self.clock.advance(15)
            verdict = self.successResultOf(judging)
            self.assertEqual(wanted is None, verdict is None)
            self.assertIn(wanted or "", str(verdict))
            dns.names["7.2.0.192.two.test"] = Name(addresses=["127.0.0.2"])

    def test_our_own(self) -> None:
        """Nobody asks for accounts or this machine."""
        self.assertIsNone(self.judged("127.0.0.1", local=True))
        self.assertIsNone(self.successResultOf(self.policy.mail(facts(account="ann"))))
        self.assertEqual([], self.dns.asked)
