"""Which hosts take the mail of a domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netsuite.smtp.delivery.routes import (
    HOSTS,
    Router,
    RouteSettings,
    Unroutable,
    is_elsewhere,
)
from netsuite.smtp.relay import Relay, Security, parse_relay
from netsuite.testing.cases import SynchronousTestCase, TestCase
from netsuite.testing.names import FakeDNS, Name


class Routing(TestCase):
    """By the DNS, or as configured."""

    def setUp(self) -> None:
        self.names: dict[str, Name] = {
            "there.test": Name(mx=[(20, "mx2.there.test"), (10, "mx1.there.test")]),
            "implicit.test": Name(addresses=["192.0.2.7"]),
            "null.test": Name(mx=[(0, "")]),
            "nullish.test": Name(mx=[(0, ""), (10, "mx1.there.test")]),
            "broken.test": Name(failing=True),
            "backup.test": Name(mx=[(10, "mx1.there.test"), (20, "mx.ours.test"), (30, "mx3")]),
            "loop.test": Name(mx=[(10, "mx.ours.test"), (20, "mx2.there.test")]),
            "many.test": Name(mx=[(n, f"h{n}.many.test") for n in range(10_000)]),
            "mx1.there.test": Name(addresses=["192.0.2.1", "2001:db8::1", "192.0.2.2"]),
            "empty.test": Name(),
        }
        self.router = Router(
            FakeDNS(self.names),
            RouteSettings(names=frozenset({"mx.ours.test"})),
            shuffle=lambda each: each.reverse(),
        )

    async def hosts(self, domain: str) -> Sequence[str]:
        return [relay.host for relay in await self.router.route(domain)]

    async def refused(self, domain: str) -> str:
        with self.assertRaises(Unroutable) as raised:
            await self.router.route(domain)
        reply = raised.exception.said.reply
        return f"{reply.code} {reply.enhanced}"

    async def test_by_preference(self) -> None:
        """The lowest first; a domain without MX is its own host."""
        for domain, expected in (
            ("there.test", ["mx1.there.test", "mx2.there.test"]),
            ("implicit.test", ["implicit.test"]),
            ("nullish.test", ["mx1.there.test"]),
            ("[192.0.2.9]", ["192.0.2.9"]),
            ("[IPv6:2001:db8::9]", ["2001:db8::9"]),
        ):
            self.assertEqual(expected, await self.hosts(domain), domain)
        self.assertEqual(HOSTS, len(await self.hosts("many.test")))

    async def test_we_are_one_of_the_hosts(self) -> None:
        """Only those before us take it on (RFC 5321, 5.1)."""
        self.assertEqual(["mx1.there.test"], await self.hosts("backup.test"))
        self.assertEqual("554 5.4.6", await self.refused("loop.test"))

    async def test_addresses_for_names(self) -> None:
        """A mail host has a name (RFC 5321, 5.1): what has none is passed over, and a domain with
        nothing else has no host, for ever."""
        self.names["mixed.test"] = Name(mx=[(5, "192.0.2.1"), (6, "::1"), (10, "mx1.there.test")])
        self.assertEqual(["mx1.there.test"], await self.hosts("mixed.test"))
        for addresses in (["192.0.2.1"], ["[192.0.2.1]", "2001:db8::1"], ["127.0.0.1"]):
            self.names["bad.test"] = Name(mx=[(1, each) for each in addresses])
            self.assertEqual("550 5.4.4", await self.refused("bad.test"))

    async def test_no_host(self) -> None:
        """For ever, or for now."""
        for domain, expected in (
            ("none.test", "550 5.1.2"),
            ("null.test", "556 5.1.10"),
            ("broken.test", "451 4.4.3"),
            ("[nonsense]", "550 5.1.2"),
        ):
            self.assertEqual(expected, await self.refused(domain), domain)

    async def test_addresses(self) -> None:
        """IPv6 and IPv4 by turns; an address is its own."""
        for host, expected in (
            ("mx1.there.test", ["2001:db8::1", "192.0.2.1", "192.0.2.2"]),
            ("192.0.2.9", ["192.0.2.9"]),
            ("localhost", ["127.0.0.1"]),
        ):
            found, vouching = await self.router.addresses(Relay(host))
            self.assertEqual(expected, list(found))
            self.assertIsNone(vouching)
        for host, code in (("none.test", 550), ("empty.test", 550), ("broken.test", 451)):
            with self.assertRaises(Unroutable) as raised:
                await self.router.addresses(Relay(host))
            self.assertEqual(code, raised.exception.said.reply.code)

    async def test_as_configured(self) -> None:
        """A route before the smart host, the closest before those above; security by domain."""
        routes: Mapping[str, str] = {
            "there.test": "smtp://one",
            ".test": "smtp://two:2525",
        }
        self.router.settings = RouteSettings(
            smart_host=parse_relay("smtps://me:secret@smart"),
            routes={name: parse_relay(url) for name, url in routes.items()},
        )
        for domain, expected in (
            ("there.test", Relay("one")),
            ("a.b.test", Relay("two", 2525)),
            ("test", Relay("smart", 465, Security.VERIFIED, True, ("me", "secret"))),
        ):
            self.assertEqual([expected], list(await self.router.route(domain)), domain)
        self.router.settings = RouteSettings(
            routes={"there.test": Relay("one")}, security={"there.test": Security.REQUIRED}
        )
        (relay,) = await self.router.route("there.test")
        self.assertIs(Security.REQUIRED, relay.security)
        self.router.settings = RouteSettings(security={"implicit.test": Security.VERIFIED}, port=26)
        self.assertEqual(
            [Relay("implicit.test", 26, Security.VERIFIED, domain="implicit.test")],
            list(await self.router.route("implicit.test")),
        )


class Elsewhere(SynchronousTestCase):
    """Addresses that can be another host's."""

    def test_addresses(self) -> None:
        """Loopback and what no host has cannot."""
        for address, expected in (
            ("192.0.2.1", True),
            ("10.0.0.1", True),
            ("2001:db8::1", True),
            ("127.0.0.1", False),
            ("127.8.8.8", False),
            ("::1", False),
            ("0.0.0.0", False),
            ("::", False),
            ("224.0.0.1", False),
            ("255.255.255.255", False),
            ("::ffff:127.0.0.1", False),
        ):
            self.assertIs(expected, is_elsewhere(address), address)
