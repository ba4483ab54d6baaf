"""Connections to the hosts of a domain, in memory: which is taken, and how it is secured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trustme
from cryptography import x509
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, ensureDeferred, fail
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from zope.interface import implementer

from netsuite import tls
from netsuite.connection.racing import DELAY_SECONDS
from netsuite.dns import TLSA
from netsuite.smtp.delivery.carrier import Carrier
from netsuite.smtp.delivery.connector import Connector, Unreachable
from netsuite.smtp.delivery.mta_sts import DomainPolicies
from netsuite.smtp.delivery.routes import Router, RouteSettings, Unroutable
from netsuite.smtp.relay import Security, parse_relay
from netsuite.smtp.server import SMTPServerFactory
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.names import FakeDNS, Name
from tests.connection.links import MemoryEndpoint
from tests.smtp.delivery.test_dane import of
from tests.smtp.fakes import make_shared

AUTHORITY = trustme.CA()
ROOT = x509.load_pem_x509_certificate(AUTHORITY.cert_pem.bytes())


class Says(Protocol):
    """A server that says the same whatever it hears, one thing after the other."""

    def __init__(self, words: list[bytes]) -> None:
        self._words = words

    def connectionMade(self) -> None:
        self._say()

    def dataReceived(self, data: bytes) -> None:
        self._say()

    def _say(self) -> None:
        if self._words and self.transport is not None:
            self.transport.write(self._words.pop(0))


def saying(*words: bytes) -> Factory[Any]:
    """Return a factory of such servers."""

    class Words(Factory[Any]):
        def buildProtocol(self, addr: object) -> Says:
            return Says(list(words))

    return Words()


@implementer(IStreamClientEndpoint)
class Nobody:
    """Where nobody listens."""

    def connect(self, factory: Any) -> Deferred[Any]:
        return fail(ConnectionRefusedError())


@implementer(IStreamClientEndpoint)
class Silent:
    """Where nobody says anything, not even no."""

    def connect(self, factory: Any) -> Deferred[Any]:
        return Deferred()


class ConnectorCase(SynchronousTestCase):
    """Hosts by address, and the names of the DNS."""

    def setUp(self) -> None:
        shared = make_shared()
        assert isinstance(shared.clock, Clock)
        self.clock, self.shared = shared.clock, shared
        self.hosts: dict[str, Any] = {}
        self.endpoint_of: dict[str, Any] = {}
        self.endpoints: list[tuple[str, MemoryEndpoint]] = []
        self.names = {
            "there.test": Name(mx=[(10, "mx1.test"), (20, "mx2.test")]),
            "mx1.test": Name(addresses=["192.0.2.1"]),
            "mx2.test": Name(addresses=["192.0.2.2"]),
        }
        self.policy = b""

    def server(self, server_tls: Any = None) -> SMTPServerFactory:
        return SMTPServerFactory(replace(self.shared, tls=server_tls))

    def server_tls(self, name: str, until: datetime | None = None) -> Any:
        folder = Path(self.mktemp())
        folder.mkdir()
        begins = None if until is None else datetime(2020, 1, 1, tzinfo=UTC)
        made = AUTHORITY.issue_cert(name, not_before=begins, not_after=until)
        (folder / "default.pem").write_bytes(
            made.private_key_and_cert_chain_pem.bytes() + AUTHORITY.cert_pem.bytes()
        )
        certificates = tls.Certificates(folder, Clock())
        certificates.open()
        self.certificate = x509.load_pem_x509_certificate(made.cert_chain_pems[0].bytes())
        return certificates.context_for()

    def endpoint(self, address: str, port: int) -> Any:
        if address not in self.hosts:
            return self.endpoint_of.get(address) or Nobody()
        made = MemoryEndpoint(self.hosts[address], self.clock)
        made.link.client.peerAddr = IPv4Address("TCP", address, port)
        self.endpoints.append((address, made))
        return made

    async def fetch(self, url: str) -> bytes:
        return self.policy

    def connect(
        self,
        domain: str = "there.test",
        security: Security = Security.OPPORTUNISTIC,
        routes: Mapping[str, str] = {},
        by_domain: Mapping[str, Security] = {},
        tls_optional: bool = False,
    ) -> Deferred[Carrier]:
        path = Path(self.mktemp())
        path.write_bytes(AUTHORITY.cert_pem.bytes())
        dns = FakeDNS(self.names)
        router = Router(
            dns,
            RouteSettings(
                default_security=security,
                security=by_domain,
                routes={name: parse_relay(url) for name, url in routes.items()},
            ),
            policies=DomainPolicies(dns, self.clock, self.fetch) if self.policy else None,
        )
        connector = Connector(
            self.clock,
            router,
            endpoint=self.endpoint,
            helo="out.test",
            tls_for=lambda host, verified: tls.client_options(
                host, authorities=path, insecure=not verified
            ),
        )
        connecting = ensureDeferred(connector.connect(domain, tls_optional=tls_optional))
        self.settle()
        return connecting

    def settle(self) -> None:
        for _ in range(4):  # a host that fails is followed by another
            for _, endpoint in list(self.endpoints):
                if hasattr(endpoint.link.client, "protocol"):
                    endpoint.link.settle()

    def carrier(self, **more: Any) -> Carrier:
        return self.successResultOf(self.connect(**more))

    def unreachable(self, *, by_tls: bool | None = None, **more: Any) -> str:
        error = self.failureResultOf(self.connect(**more), Unreachable).value
        assert isinstance(error, Unreachable)
        if by_tls is not None:
            self.assertIs(by_tls, error.by_tls)
        return f"{error.said.remote} {error.said.reply}"


class Hosts(ConnectorCase):
    """Which host is taken."""

    def test_the_first_that_takes_mail(self) -> None:
        """One that is away, or says no, or nothing that makes sense, is followed by the next."""
        self.hosts["192.0.2.2"] = self.server()
        for first in (
            None,
            saying(b"554 no service\r\n"),
            saying(b"421 busy\r\n"),
            saying(b"SSH-2.0-x\r\n"),
            saying(b"220 x\r\n", b"421 no\r\n"),
        ):
            self.hosts.pop("192.0.2.1", None)
            if first is not None:
                self.hosts["192.0.2.1"] = first
            self.endpoints.clear()
            self.assertEqual("mx2.test[192.0.2.2]", self.carrier().remote)

    def test_none(self) -> None:
        """It is for now: the last host's own words, or ours."""
        said = self.unreachable()
        self.assertTrue(said.startswith(" 451 4.4.1 mx2.test[192.0.2.2]: "), said)
        self.hosts["192.0.2.2"] = saying(b"554 5.7.1 go away\r\n")
        self.assertEqual("mx2.test[192.0.2.2] 450 5.7.1 go away", self.unreachable())
        self.names["mx2.test"] = Name()
        self.assertTrue(self.unreachable().startswith(" 451 4.4.1 mx1.test[192.0.2.1]: "))

    def test_a_name_that_no_certificate_can_have(self) -> None:
        """It is followed by the next, where there has to be one."""
        self.names["there.test"] = Name(mx=[(10, 'mx;_"1.test'), (20, "mx2.test")])
        self.names['mx;_"1.test'] = Name(addresses=["192.0.2.1"])
        self.hosts["192.0.2.1"] = self.server()
        self.hosts["192.0.2.2"] = self.server(self.server_tls("mx2.test"))
        self.assertEqual("mx2.test[192.0.2.2]", self.carrier(security=Security.VERIFIED).remote)

    def test_several_addresses_of_a_host(self) -> None:
        """One that does not answer is overtaken (RFC 8305); one that says no is followed."""
        self.names["mx1.test"] = Name(addresses=["192.0.2.8", "2001:db8::1", "192.0.2.9"])
        self.hosts["192.0.2.8"] = self.server()
        self.endpoint_of["2001:db8::1"] = Silent()
        connecting = self.connect()
        self.assertNoResult(connecting)
        self.clock.advance(DELAY_SECONDS)
        self.settle()
        self.assertEqual("mx1.test[192.0.2.8]", self.successResultOf(connecting).remote)
        del self.endpoint_of["2001:db8::1"]
        self.hosts["2001:db8::1"] = saying(b"421 busy\r\n")
        self.assertEqual("mx1.test[192.0.2.8]", self.carrier().remote)
        self.hosts["192.0.2.8"] = saying(b"554 no service\r\n")
        self.hosts["192.0.2.9"] = self.server()
        self.assertEqual("mx1.test[192.0.2.9]", self.carrier().remote)

    def test_our_own_loopback(self) -> None:
        """A domain cannot have us talk to ourselves; who has configured a host means it."""
        for address in ("127.0.0.1", "::1", "0.0.0.0"):
            self.names["loop.test"] = Name(mx=[(10, "mx.loop.test")])
            self.names["mx.loop.test"] = Name(addresses=[address])
            error = self.failureResultOf(self.connect("loop.test"), Unroutable).value
            self.assertIn("554 5.4.6", str(error))
        self.hosts["127.0.0.1"] = self.server()
        for literal in ("[127.0.0.1]", "[ipv6:::ffff:127.0.0.1]"):
            error = self.failureResultOf(self.connect(literal), Unroutable).value
            self.assertIn("554 5.4.6", str(error))
        carrier = self.carrier(domain="loop.test", routes={"loop.test": "smtp://127.0.0.1:2525"})
        self.assertEqual("127.0.0.1[127.0.0.1]", carrier.remote)

    def test_ourselves_by_another_name(self) -> None:
        """Whose greeting has our name is passed over, but where somebody has configured it."""
        ours = saying(b"220 Out.test ESMTP\r\n", b"250 x\r\n")
        self.hosts["192.0.2.1"] = ours
        self.hosts["192.0.2.2"] = self.server()
        self.assertEqual("mx2.test[192.0.2.2]", self.carrier().remote)
        self.names["there.test"] = Name(mx=[(10, "mx1.test")])
        error = self.failureResultOf(self.connect(), Unroutable).value
        self.assertIn("554 5.4.6", str(error))
        self.hosts["127.0.0.1"] = ours
        self.carrier(domain="x.test", routes={"x.test": "smtp://127.0.0.1"})


class Securing(ConnectorCase):
    """How far a connection is secured."""

    def setUp(self) -> None:
        super().setUp()
        self.names["there.test"] = Name(mx=[(10, "mx1.test")])

    def test_opportunistic(self) -> None:
        """TLS with anybody's certificate; in the clear where there is none, or none that works."""
        broken = saying(b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n", b"no TLS\r\n")
        for host, secure in (
            (self.server(self.server_tls("other.test")), True),
            (self.server(), False),
        ):
            self.hosts["192.0.2.1"] = host
            self.assertIs(secure, self.carrier().client.peer.secure)
        self.hosts["192.0.2.1"] = broken
        self.endpoints.clear()
        self.connect()
        self.assertEqual(2, len(self.endpoints))
        self.assertNotIn(b"STARTTLS", self.endpoints[1][1].link.octets[id(self.last_client())])

    def last_client(self) -> object:
        return self.endpoints[-1][1].link.client

    def test_required_and_verified(self) -> None:
        """What there has to be is insisted on: nothing goes in the clear."""
        right, wrong = self.server_tls("mx1.test"), self.server_tls("other.test")
        old = self.server_tls("mx1.test", until=datetime(2021, 1, 1, tzinfo=UTC))
        for security, server_tls, fine in (
            (Security.REQUIRED, None, False),
            (Security.REQUIRED, wrong, True),
            (Security.VERIFIED, None, False),
            (Security.VERIFIED, wrong, False),
            (Security.VERIFIED, old, False),
            (Security.VERIFIED, right, True),
            (Security.NONE, right, True),
        ):
            with self.subTest(security=security):
                self.hosts["192.0.2.1"] = self.server(server_tls)
                self.endpoints.clear()
                if fine:
                    secure = self.carrier(security=security).client.peer.secure
                    self.assertIs(security is not Security.NONE, secure)
                else:
                    self.assertIn(
                        "454 4.7.5 TLS with mx1.test", self.unreachable(security=security)
                    )
                    self.assertEqual(1, len(self.endpoints))

    def test_dane(self) -> None:
        """The certificate that the DNS vouches for, and no other; only where it was validated."""
        server_tls = self.server_tls("other.test")
        self.hosts["192.0.2.1"] = self.server(server_tls)
        right, wrong = of(self.certificate, 3), of(ROOT, 3)
        self.names["mx1.test"] = Name(addresses=["192.0.2.1"], authenticated=True)
        for validated, found, fine in (
            (True, [right], True),
            (True, [wrong], False),
            (True, [TLSA(1, 1, 1, b"x" * 32)], True),  # not usable: TLS, with any certificate
            (False, [wrong], True),
        ):
            with self.subTest(found=found, validated=validated):
                self.names["there.test"] = Name(mx=[(10, "mx1.test")], authenticated=validated)
                self.names["_25._tcp.mx1.test"] = Name(tlsa=found, authenticated=True)
                if fine:
                    self.assertTrue(self.carrier().client.peer.secure)
                else:
                    self.assertIn("the DNS vouches for another", self.unreachable())
        self.hosts["192.0.2.1"] = self.server()
        self.names["there.test"] = Name(mx=[(10, "mx1.test")], authenticated=True)
        self.assertIn("does not offer STARTTLS", self.unreachable())
        self.names["_25._tcp.mx1.test"] = Name(failing=True)
        self.assertIn("451 4.4.3", self.unreachable())

    def test_mta_sts(self) -> None:
        """Only the hosts that the policy names, with certificates of their own."""
        self.names["there.test"] = Name(mx=[(10, "mx1.test"), (20, "mx2.test")])
        self.names["_mta-sts.there.test"] = Name(txt=[b"v=STSv1; id=1;"])
        self.policy = b"version: STSv1\nmode: enforce\nmx: mx2.test\nmax_age: 100\n"
        self.hosts["192.0.2.1"] = self.server(self.server_tls("mx1.test"))
        self.hosts["192.0.2.2"] = self.server(self.server_tls("mx2.test"))
        self.assertEqual("mx2.test[192.0.2.2]", self.carrier().remote)
        self.hosts["192.0.2.2"] = self.server(self.server_tls("mx1.test"))
        self.assertIn("454 4.7.5", self.unreachable())
        self.policy = self.policy.replace(b"mx2", b"mx3")
        self.assertIn("451 4.7.5", self.unreachable())
        self.policy = self.policy.replace(b"enforce", b"testing")
        self.assertEqual("mx1.test[192.0.2.1]", self.carrier().remote)

    def test_refused_starttls(self) -> None:
        """Who needs no TLS does without, where it is offered and refused (RFC 7435, 3)."""
        refusing = saying(
            b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"454 4.7.0 not now\r\n", b"250 x\r\n"
        )
        self.hosts["192.0.2.1"] = refusing
        self.carrier()
        self.assertEqual(2, len(self.endpoints))
        self.assertIn("4.7.5", self.unreachable(security=Security.REQUIRED))


class Optional(ConnectorCase):
    """Connections for what may go without TLS (RFC 8689, 4.2.2), where others fail by that."""

    def setUp(self) -> None:
        super().setUp()
        self.names["there.test"] = Name(mx=[(10, "mx1.test")])

    def check(self, *, secure: bool, **more: Any) -> None:
        self.unreachable(by_tls=True, **more)
        self.endpoints.clear()
        self.assertIs(secure, self.carrier(tls_optional=True, **more).client.peer.secure)

    def test_the_rule_here(self) -> None:
        """What is the default here does not bind; TLS is used all the same where it works."""
        self.hosts["192.0.2.1"] = self.server()
        self.check(secure=False, security=Security.REQUIRED)
        self.hosts["192.0.2.1"] = self.server(self.server_tls("other.test"))
        self.check(secure=True, security=Security.VERIFIED)

    def test_dane(self) -> None:
        """Nor does what the DNS vouches for, or would, if it could be asked."""
        self.hosts["192.0.2.1"] = self.server(self.server_tls("mx1.test"))
        self.names["there.test"] = Name(mx=[(10, "mx1.test")], authenticated=True)
        self.names["mx1.test"] = Name(addresses=["192.0.2.1"], authenticated=True)
        for name in (Name(tlsa=[of(ROOT, 3)], authenticated=True), Name(failing=True)):
            self.names["_25._tcp.mx1.test"] = name
            self.check(secure=True)

    def test_mta_sts(self) -> None:
        """Nor a policy of the domain, which may not even name its host."""
        self.names["_mta-sts.there.test"] = Name(txt=[b"v=STSv1; id=1;"])
        for pattern in (b"mx1.test", b"mx2.test"):
            self.policy = b"version: STSv1\nmode: enforce\nmx: %b\nmax_age: 100\n" % pattern
            self.hosts["192.0.2.1"] = self.server()
            self.check(secure=False)

    def test_what_is_configured(self) -> None:
        """Of a domain, or of a route with a password, it binds."""
        self.hosts["192.0.2.1"] = self.server()
        for tls_optional in (False, True):
            self.unreachable(
                by_tls=True,
                by_domain={"there.test": Security.REQUIRED},
                tls_optional=tls_optional,
            )
            self.unreachable(
                by_tls=True,
                routes={"there.test": "smtp://me:secret@192.0.2.1"},
                tls_optional=tls_optional,
            )

    def test_other_failures(self) -> None:
        """Who is not there is not there, with TLS or without."""
        self.unreachable(by_tls=False)
        self.hosts["192.0.2.1"] = saying(b"421 busy\r\n")
        self.unreachable(by_tls=False, security=Security.VERIFIED)
