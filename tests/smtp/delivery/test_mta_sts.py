"""What domains say of their mail hosts by HTTPS (RFC 8461)."""

from __future__ import annotations

from datetime import UTC, datetime

from twisted.internet.defer import Deferred, TimeoutError
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
    print_policy,
)
from netsuite.store.errors import StoreClosed
from netsuite.store.memory import MemoryStore
from netsuite.testing.cases import SynchronousTestCase, TestCase
from netsuite.testing.names import FakeDNS, Name

HOUR = 3600.0
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
        self.assertEqual(POLICY, parse_policy(print_policy(POLICY).encode()))
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
        self.answer: bytes | OSError | Deferred[bytes] = TEXT
        self.fetched: list[str] = []
        self.store = MemoryStore(lambda: datetime.fromtimestamp(self.clock.seconds(), UTC))
        self.policies = self.restarted()

    def restarted(self) -> DomainPolicies:
        """Return policies that know only what the store remembers."""
        dns = FakeDNS(self.names)
        return DomainPolicies(dns, self.clock, self.fetch, self.store.remembered)

    async def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        if isinstance(self.answer, OSError):
            raise self.answer
        if isinstance(self.answer, Deferred):
            return await self.answer
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

    async def test_refreshed(self) -> None:
        """In the last third of its life a policy that is used is fetched anew, which no mail waits
        for; it counts longer then, after a restart too."""
        await self.policies.policy("there.test")
        self.clock.advance(16 * HOUR - 1)
        await self.policies.policy("there.test")
        self.assertEqual(1, len(self.fetched))
        self.clock.advance(HOUR)
        self.answer = waits = Deferred[bytes]()
        for _ in range(4):
            self.assertEqual(POLICY, await self.policies.policy("there.test"))
            self.assertEqual(2, len(self.fetched))
            self.clock.advance(HOUR)
        waits.callback(TEXT)
        self.answer = OSError("away")
        for _ in range(19):
            self.assertEqual(POLICY, await self.policies.policy("there.test"))
            self.assertEqual(POLICY, await self.restarted().policy("there.test"))
            self.clock.advance(HOUR - 1)

    async def test_refreshed_once_a_day(self) -> None:
        """One that cannot be had takes nothing from the one that is kept; where there is no record
        none is asked for."""
        month = TEXT.replace(b"86400", b"2592000")
        self.answer = month
        await self.policies.policy("there.test")
        self.clock.advance(20 * 24 * HOUR)
        self.answer = OSError("away")
        for days in range(1, 4):
            for _ in range(24):
                policy = await self.policies.policy("there.test")
                self.assertEqual(2_592_000, policy and policy.max_age)
                self.clock.advance(HOUR)
            self.assertEqual(1 + days, len(self.fetched))
        del self.names["_mta-sts.there.test"]
        self.assertIsNotNone(await self.policies.policy("there.test"))
        self.assertEqual(4, len(self.fetched))

    async def test_a_short_life(self) -> None:
        """A policy that ends within the hour is fetched again then: no mail goes without."""
        self.answer = TEXT.replace(b"86400", b"600")
        for fetched in (1, 1, 2, 2, 3):
            policy = await self.policies.policy("there.test")
            self.assertEqual((600, fetched), (policy and policy.max_age, len(self.fetched)))
            self.clock.advance(300)

    async def test_changed_while_it_is_refreshed(self) -> None:
        """What was learned last counts; and a store that is closed meanwhile does no harm."""
        await self.policies.policy("there.test")
        self.clock.advance(17 * HOUR)
        self.answer = waits = Deferred[bytes]()
        self.assertEqual(POLICY, await self.policies.policy("there.test"))
        self.names["_mta-sts.there.test"] = Name(txt=[b"v=STSv1; id=2;"])
        self.answer = TEXT.replace(b"enforce", b"testing")
        self.clock.advance(HOUR)
        for _ in range(2):
            policy = await self.policies.policy("there.test")
            self.assertEqual("testing", policy and policy.mode)
            if not waits.called:
                waits.callback(TEXT)
        self.answer = waits = Deferred[bytes]()
        self.clock.advance(23 * HOUR)
        await self.policies.policy("there.test")
        self.assertEqual(4, len(self.fetched))
        await self.store.close()
        waits.callback(TEXT)

    async def test_after_a_restart(self) -> None:
        """A policy that was kept counts on, whatever the DNS and the site say then: until its own
        end, or until the domain has another."""
        await self.policies.policy("there.test")
        del self.names["_mta-sts.there.test"]
        self.answer = OSError("away")
        self.clock.advance(80_000)
        again = self.restarted()
        self.assertEqual(POLICY, await again.policy("there.test"))
        self.assertEqual(POLICY, await again.policy("there.test"))
        self.assertEqual(1, len(self.fetched))
        self.clock.advance(6400)
        self.assertIsNone(await again.policy("there.test"))
        self.assertIsNone(await self.restarted().policy("there.test"))

    async def test_changed_before_a_restart(self) -> None:
        """What the domain said last is what is remembered; a policy that ends the others too."""
        await self.policies.policy("there.test")
        self.names["_mta-sts.there.test"] = Name(txt=[b"v=STSv1; id=2;"])
        self.answer = b"version: STSv1\nmode: none\nmax_age: 86400\n"
        again = self.restarted()
        self.assertEqual(Policy("none", (), 86400), await again.policy("there.test"))
        self.names["_mta-sts.there.test"] = Name(failing=True)
        self.assertEqual(Policy("none", (), 86400), await self.restarted().policy("there.test"))
        self.assertEqual(2, len(self.fetched))

    async def test_remembered_by_another_version(self) -> None:
        """What cannot be read is not there; a store that cannot be asked lets no mail go."""
        until = datetime.fromtimestamp(1e9, UTC)
        for value in ("", "1 2", "1 99999\nmode: enforce\n", "x" * 1000, "1 2\n\u00fc"):
            self.store.remembered.remember("mta-sts", "there.test", value, until)
            self.assertEqual(POLICY, await self.restarted().policy("there.test"))
        await self.store.close()
        with self.assertRaises(StoreClosed):
            await self.restarted().policy("there.test")

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
