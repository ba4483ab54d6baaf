"""Lookups that end by a moment."""

from __future__ import annotations

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock

from netsuite.dns import Answer, LookupFailed, NoSuchName
from netsuite.smtp.policy.hurry import HurriedDNS
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.names import FakeDNS, Name


class Slow(FakeDNS):
    """Answers for addresses when it is told to."""

    waits: Deferred[None] | None = None

    async def addresses(self, host: str) -> Answer[str]:
        if self.waits is not None:
            await self.waits
        return await super().addresses(host)


class Hurry(SynchronousTestCase):
    """Ten seconds for all lookups together."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.names = Slow({"a.test": Name(addresses=["192.0.2.1"], txt=[b"x"], mx=[(1, "a")])})
        self.dns = HurriedDNS(self.names, self.clock, 10.0)

    def test_answered(self) -> None:
        """What is answered in time is as without a hurry, and leaves no timer."""
        self.names.waits = Deferred()
        asked = ensureDeferred(self.dns.addresses("a.test"))
        self.clock.advance(9)
        self.names.waits.callback(None)
        self.assertEqual(["192.0.2.1"], list(self.successResultOf(asked).records))
        self.assertEqual([b"x"], list(self.successResultOf(self.dns.txt("a.test")).records))
        self.assertEqual(1, len(self.successResultOf(self.dns.mx("a.test")).records))
        for work in (self.dns.ptr("192.0.2.1"), self.dns.tlsa("b.test"), self.dns.srv("b.test")):
            self.failureResultOf(ensureDeferred(work), NoSuchName)
        self.assertEqual([], self.clock.getDelayedCalls())

    def test_too_late(self) -> None:
        """The time is one for all: what comes later has none, but for what is known at once."""
        self.names.waits = Deferred()
        asked = ensureDeferred(self.dns.addresses("a.test"))
        self.clock.advance(10)
        self.failureResultOf(asked, LookupFailed)
        self.names.waits = Deferred()
        asked = ensureDeferred(self.dns.addresses("a.test"))
        self.clock.advance(0)
        self.failureResultOf(asked, LookupFailed)
        self.assertEqual([b"x"], list(self.successResultOf(self.dns.txt("a.test")).records))
