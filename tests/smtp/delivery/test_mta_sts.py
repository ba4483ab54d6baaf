"""What domains say of their mail hosts by HTTPS (RFC 8461)."""

from __future__ import annotations

from twisted.internet.defer import TimeoutError
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from netsuite.smtp.delivery.mta_sts import (
    AGAIN_SECONDS,
    POLICY_OCTETS,
    DomainPolicies,
    Policy,
    _Body,
    parse_policy,
    parse_record,
)
from netsuite.testing.cases import SynchronousTestCase, TestCase
from netsuite.testing.names import FakeDNS, Name

TEXT = b"version: STSv1\nmode: enforce\nmx: mx.there.test\r\nmx: *.Pool.test\nmax_age: 86400\n"
POLICY = Policy("enforce", ("mx.there.test", "*.pool.test"), 86400)


class Reading(SynchronousTestCase):
    """Records and policies."""

    def test_records(self) -> None:
        """One that is one, and no other beside it."""
        for texts, expected in (
            ([b"v=STSv1; id=20160831085700Z;"], "20160831085700Z"),
            ([b"v=STSv1;id=1"], "1"),
            ([b"v=STSv1; other=x; id=1 ;"], "1"),
            ([b"v=spf1 -all", b"v=STSv1; id=1;"], "1"),
            ([b"v=STSv1; id=1;", b"v=STSv1; id=2;"], None),
            ([b"v=STSv1;"], None),
            ([b"v=STSv1; id=a-b;"], None),
            ([b"v=STSv1; id=" + b"1" * 33], None),
            ([b"v=STSv2; id=1;"], None),
            ([b"\xff"], None),
            ([], None),
        ):
            self.assertEqual(expected, parse_record(texts), texts)

    def test_policies(self) -> None:
        """With all that has to be there."""
        self.assertEqual(POLICY, parse_policy(TEXT))
        self.assertEqual(POLICY, parse_policy(TEXT + b"unknown: x\nmode: none\n"))
        none = parse_policy(b"version: STSv1\nmode: none\nmax_age: 1\n")
        self.assertEqual(Policy("none", (), 1), none)
        for old, new in (
            (b"STSv1", b"STSv2"),
            (b"enforce", b"enforced"),
            (b"max_age: 86400", b""),
            (b"86400", b"-1"),
            (b"86400", b"1" * 11),
            (b"mx: ", b"x: "),
        ):
            self.assertIsNone(parse_policy(TEXT.replace(old, new)), new)
        self.assertIsNone(parse_policy(b"\xff\0" * 1000))

    def test_hosts(self) -> None:
        """A star stands for one label."""
        for host, expected in (
            ("mx.there.test", True),
            ("a.mx.there.test", False),
            ("a.pool.test", True),
            ("a.b.pool.test", False),
            ("pool.test", False),
        ):
            self.assertIs(expected, POLICY.allows(host), host)


class Keeping(TestCase):
    """How long a policy counts."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.names = {"_mta-sts.there.test": Name(txt=[b"v=STSv1; id=1;"])}
        self.answer: bytes | OSError = TEXT
        self.fetched: list[str] = []
        self.policies = DomainPolicies(FakeDNS(self.names), self.clock, self.fetch)

    async def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer

    async def test_fetched_once(self) -> None:
        """Until the record says that there is another, or its time is over."""
        for _ in range(3):
            self.assertEqual(POLICY, await self.policies.policy("there.test"))
        self.assertEqual(["https://mta-sts.there.test/.well-known/mta-sts.txt"], self.fetched)
        self.clock.advance(AGAIN_SECONDS)
        self.assertEqual(POLICY, await self.policies.policy("there.test"))
        self.assertEqual(1, len(self.fetched))
        self.names["_mta-sts.there.test"] = Name(txt=[b"v=STSv1; id=2;"])
        self.answer = TEXT.replace(b"enforce", b"testing")
        self.clock.advance(AGAIN_SECONDS)
        changed = await self.policies.policy("there.test")
        assert changed is not None
        self.assertFalse(changed.enforced)

    async def test_a_record_that_goes_ends_nothing(self) -> None:
        """Nor one that cannot be had, nor a site that is away: only the policy's own time."""
        await self.policies.policy("there.test")
        del self.names["_mta-sts.there.test"]
        self.clock.advance(AGAIN_SECONDS)
        self.assertEqual(POLICY, await self.policies.policy("there.test"))
        self.names["_mta-sts.there.test"] = Name(txt=[b"v=STSv1; id=2;"])
        self.answer = OSError("away")
        self.clock.advance(AGAIN_SECONDS)
        self.assertEqual(POLICY, await self.policies.policy("there.test"))
        self.clock.advance(86400)
        self.assertIsNone(await self.policies.policy("there.test"))

    async def test_none(self) -> None:
        """Most domains have none, and are not fetched from."""
        self.assertIsNone(await self.policies.policy("plain.test"))
        self.assertEqual([], self.fetched)
        self.answer = b"nonsense"
        self.assertIsNone(await self.policies.policy("there.test"))
        self.assertIsNone(await self.policies.policy("there.test"))
        self.assertEqual(1, len(self.fetched))


class Bodies(SynchronousTestCase):
    """What is read of an HTTPS answer."""

    def test_one_that_does_not_end(self) -> None:
        """It is given up in time, and the connection with it; so is one that is too long."""
        clock = Clock()
        for octets in (b"v", b"v" * (POLICY_OCTETS + 1)):
            body, transport = _Body(), StringTransport()
            body.makeConnection(transport)
            body.dataReceived(octets)
            ended = body.ended.addTimeout(30, clock)
            clock.advance(30)
            self.assertTrue(transport.disconnecting)
            self.failureResultOf(ended, TimeoutError)
