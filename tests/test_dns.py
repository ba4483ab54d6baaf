"""The DNS client against a server on loopback."""

from __future__ import annotations

from pathlib import Path

from twisted.internet import reactor
from twisted.internet.address import IPv4Address
from twisted.internet.defer import CancelledError, ensureDeferred, gatherResults
from twisted.internet.interfaces import IReactorUDP
from twisted.internet.protocol import DatagramProtocol

from netsuite import dns
from netsuite.dns import MX, TLSA, Answer, DNSClient, LookupFailed, NoSuchName
from netsuite.testing.cases import SynchronousTestCase, TestCase
from netsuite.testing.names import DNSServer, FakeDNS, Name


class Lookups(TestCase):
    """Answers of a server, and of the names of a test without one: they are the same."""

    def setUp(self) -> None:
        self.names = {
            "example.test": Name(
                mx=[(20, "mx2.example.test"), (10, "MX1.example.test")],
                txt=[b"v=spf1 -all", b"x" * 255],
                authenticated=True,
            ),
            "mx1.example.test": Name(addresses=["192.0.2.1", "2001:db8::1"]),
            "alias.test": Name(alias="example.test"),
            "null.test": Name(mx=[(0, "")]),
            "broken.test": Name(failing=True),
            "many.test": Name(mx=[(number, f"host{number}.many.test") for number in range(500)]),
            "1.2.0.192.in-addr.arpa": Name(ptr=["mx1.example.test"]),
            "_25._tcp.mx1.example.test": Name(tlsa=[TLSA(3, 1, 1, b"\1" * 32)], authenticated=True),
        }
        self.server = DNSServer(reactor, self.names)
        self.addCleanup(lambda: ensureDeferred(self.server.stop()))
        self.client = DNSClient(reactor, [self.server.address])
        self.fake = FakeDNS(self.names)

    async def test_mail_exchangers(self) -> None:
        """Those of a domain, and of what is an alias of it; a null MX; none."""
        exchangers = {MX(20, "mx2.example.test"), MX(10, "mx1.example.test")}
        for name in ("example.test", "Example.Test.", "alias.test"):
            answer = await self.client.mx(name)
            self.assertEqual(exchangers, set(answer.records), name)
        self.assertTrue((await self.client.mx("example.test")).authenticated)
        self.assertEqual(Answer((MX(0, ""),)), await self.client.mx("null.test"))
        self.assertEqual(Answer(()), await self.client.mx("mx1.example.test"))

    async def test_the_other_kinds(self) -> None:
        """Addresses, texts, names of addresses, certificate associations."""
        for names in (self.client, self.fake):
            addresses = await names.addresses("mx1.example.test")
            self.assertEqual({"192.0.2.1", "2001:db8::1"}, set(addresses.records))
            texts = await names.txt("example.test")
            self.assertEqual([b"v=spf1 -all", b"x" * 255], list(texts.records))
            pointers = await names.ptr("192.0.2.1")
            self.assertEqual(["mx1.example.test"], list(pointers.records))
            associations = await names.tlsa("_25._tcp.mx1.example.test")
            self.assertEqual([TLSA(3, 1, 1, b"\1" * 32)], list(associations.records))
            self.assertTrue(associations.authenticated)

    async def test_a_long_answer_comes_over_tcp_and_is_cut(self) -> None:
        """Thousands of records are no work without end."""
        answer = await self.client.mx("many.test")
        self.assertEqual(dns.RECORDS, len(answer.records))

    async def test_what_is_not_there_and_what_is_not_known(self) -> None:
        """They are told apart."""
        for names in (self.client, self.fake):
            for name, error in (("none.test", NoSuchName), ("broken.test", LookupFailed)):
                with self.assertRaises(error):
                    await names.mx(name)
        for bad in ("b\xfccher.test", "x" * 64 + ".test", "a..test", "", "a b.test", "x." * 127):
            with self.assertRaises(NoSuchName):
                await self.client.mx(bad)

    async def test_one_question_at_a_time(self) -> None:
        """Who asks the same while it is asked gets the same answer; it is kept for a while."""
        asked = [ensureDeferred(self.client.mx("example.test")) for _ in range(5)]
        answers = await gatherResults(asked)
        self.assertEqual(1, len({id(answer.records[0].host) for answer in answers[:1]}))
        self.names["example.test"] = Name(failing=True)
        self.assertEqual(answers[0], await self.client.mx("example.test"))

    async def test_who_gives_up_gives_up_alone(self) -> None:
        """A question goes on while anybody waits for its answer, and no longer."""
        first, second = (ensureDeferred(self.client.mx("example.test")) for _ in range(2))
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.assertEqual(2, len((await second).records))
        self.names["slow.test"] = Name(silent=True)
        for each in [ensureDeferred(self.client.mx("slow.test")) for _ in range(2)]:
            each.cancel()
            self.failureResultOf(each, CancelledError)
        self.names["slow.test"] = Name(mx=[(1, "x.test")])
        self.assertEqual(1, len((await self.client.mx("slow.test")).records))

    async def test_the_next_server_is_asked(self) -> None:
        """One that refuses, or does not answer, is not the end."""
        other = DNSServer(reactor, {"example.test": Name(failing=True)})
        try:
            client = DNSClient(reactor, [other.address, self.server.address])
            self.assertEqual(2, len((await client.mx("example.test")).records))
        finally:
            await other.stop()

    async def test_no_such_name_of_one_kind(self) -> None:
        """Some servers say that there is no such name where it has no IPv6 alone (RFC 4074)."""
        client = self.client

        async def none(host: str) -> Answer[str]:
            raise NoSuchName(host)

        async def some(host: str) -> Answer[str]:
            return Answer(("192.0.2.1",))

        self.patch(client, "_ipv6", none)
        self.patch(client, "_ipv4", some)
        self.assertEqual(["192.0.2.1"], list((await client.addresses("mx.test")).records))
        self.patch(client, "_ipv4", none)
        with self.assertRaises(NoSuchName):
            await client.addresses("mx.test")


QUESTION = b"\x01a\x04test\x00\x00\x0f\x00\x01"
#: An MX record of the name in the question: preference 10, ``b.test``.
RECORD = b"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x00\x05\x00\x0a\x00\x0a\x01b\x04test\x00"
#: And one of ``c.test``.
OTHER = b"\x01c\x04test\x00" + RECORD[2:]


class Answers(DatagramProtocol):
    """A server that answers everything with the same octets, behind the question's identifier."""

    noisy = False

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    def datagramReceived(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self.transport is not None
        self.transport.write(data[:2] + self.octets, addr)


class Malformed(TestCase):
    """Answers that are none."""

    async def test_octets(self) -> None:
        """What cannot be read is no proof that there is nothing."""
        fine = b"\x81\x80\x00\x01\x00\x01" + bytes(4)
        for octets, found in (
            (fine + QUESTION + RECORD, [MX(10, "b.test")]),
            (b"\x81\x80\x00\x01\x00\x00" + bytes(4) + QUESTION, []),
            (fine + QUESTION, None),
            (fine + QUESTION + RECORD[:9], None),
            (fine + QUESTION + RECORD[:-3], None),
            (fine + QUESTION[:3], None),
            (fine + QUESTION + OTHER, None),
            (fine.replace(b"\x80", b"\x83") + QUESTION, None),
            (b"\x81\x80\x00\x01\x00\x02" + bytes(4) + QUESTION + RECORD, None),
        ):
            port = IReactorUDP(reactor).listenUDP(0, Answers(octets), "127.0.0.1", 8192)
            self.addCleanup(port.stopListening)
            host = port.getHost()
            assert isinstance(host, IPv4Address)
            client = DNSClient(reactor, [(host.host, host.port)])
            if found is None:
                with self.assertRaises(LookupFailed, msg=octets):
                    await client.mx("a.test")
            else:
                self.assertEqual(found, list((await client.mx("a.test")).records), octets)


class Settings(SynchronousTestCase):
    """Which servers are asked, and which exchanger is tried first."""

    def test_name_servers(self) -> None:
        """Those of the system; this machine's where none is named."""
        path = Path(self.mktemp())
        self.assertEqual([("127.0.0.1", 53)], dns.name_servers(path))
        path.write_text(
            "# x\nsearch a b\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver\n"
            "nameserver 999.1.1.1\nnameserver localhost\n"
        )
        self.assertEqual([("192.0.2.1", 53), ("fe80::1", 53)], dns.name_servers(path))

    def test_order(self) -> None:
        """By preference; within one, as the dice fall."""
        exchangers = [MX(20, "c"), MX(10, "a"), MX(10, "b")]
        found = dns.in_order(exchangers, lambda each: each.reverse())
        self.assertEqual(["b", "a", "c"], [each.host for each in found])
