"""Connections to the hosts of a domain, in memory: which is taken, and how it is secured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator

from netsuite import tls
from netsuite.connection.racing import DELAY_SECONDS
from netsuite.dns import TLSA
from netsuite.smtp.delivery.carrier import Carrier
from netsuite.smtp.delivery.connector import Connector, Unreachable
from netsuite.smtp.delivery.mta_sts import DomainPolicies
from netsuite.smtp.delivery.routes import Router, RouteSettings, Unroutable
from netsuite.smtp.relay import Security, parse_relay
from netsuite.smtp.server import SMTPServerFactory
from netsuite.testing.certificates import authority
from netsuite.testing.fabric import Fabric
from netsuite.testing.fabric.network import Connection, ServingFactory
from netsuite.testing.names import FakeDNS, Name
from tests.connection.joined import JoinedCase, Saying, reached
from tests.smtp.delivery.test_dane import of
from tests.smtp.fakes import make_shared


class ConnectorCase(JoinedCase):
    """Hosts by address, and the names of the DNS."""

    def setUp(self) -> None:
        self.fabric = Fabric(record=True)
        self.shared = make_shared(clock=self.fabric)
        self.hosts: dict[str, ServingFactory] = {}
        self.names = {
            "there.test": Name(mx=[(10, "mx1.test"), (20, "mx2.test")]),
            "mx1.test": Name(addresses=["192.0.2.1"]),
            "mx2.test": Name(addresses=["192.0.2.2"]),
        }
        self.policy = b""

    def server(
        self, server_tls: IOpenSSLServerConnectionCreator | None = None
    ) -> SMTPServerFactory:
        return SMTPServerFactory(replace(self.shared, tls=server_tls))

    def endpoint(self, address: str, port: int) -> TCP4ClientEndpoint:
        if address in self.hosts:
            return reached(self.fabric, self.hosts[address], address)
        return TCP4ClientEndpoint(self.fabric, address, port)

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
        authority.write(path)
        dns = FakeDNS(self.names)
        router = Router(
            dns,
            RouteSettings(
                default_security=security,
                security=by_domain,
                routes={name: parse_relay(url) for name, url in routes.items()},
            ),
            policies=DomainPolicies(dns, self.fabric, self.fetch) if self.policy else None,
        )
        connector = Connector(
            self.fabric,
            router,
            endpoint=self.endpoint,
            helo="out.test",
            tls_for=lambda host, verified: tls.client_options(
                host, authorities=path, insecure=not verified
            ),
        )
        self._before = len(self.fabric.connections)
        return self.begin(connector.connect(domain, tls_optional=tls_optional))

    def made(self) -> Sequence[Connection]:
        """Return the connections that were made since ``connect`` was last called."""
        return self.fabric.connections[self._before :]

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
            Saying(b"554 no service\r\n"),
            Saying(b"421 busy\r\n"),
            Saying(b"SSH-2.0-x\r\n"),
            Saying(b"220 x\r\n", b"421 no\r\n"),
        ):
            self.hosts.pop("192.0.2.1", None)
            if first is not None:
                self.hosts["192.0.2.1"] = first
            self.assertEqual("mx2.test[192.0.2.2]", self.carrier().remote)

    def test_none(self) -> None:
        """It is for now: the last host's own words, or ours."""
        said = self.unreachable()
        self.assertTrue(said.startswith(" 451 4.4.1 mx2.test[192.0.2.2]: "), said)
        self.hosts["192.0.2.2"] = Saying(b"554 5.7.1 go away\r\n")
        self.assertEqual("mx2.test[192.0.2.2] 450 5.7.1 go away", self.unreachable())
        self.names["mx2.test"] = Name()
        self.assertTrue(self.unreachable().startswith(" 451 4.4.1 mx1.test[192.0.2.1]: "))

    def test_a_name_that_no_certificate_can_have(self) -> None:
        """It is followed by the next, where there has to be one."""
        self.names["there.test"] = Name(mx=[(10, 'mx;_"1.test'), (20, "mx2.test")])
        self.names['mx;_"1.test'] = Name(addresses=["192.0.2.1"])
        self.hosts["192.0.2.1"] = self.server()
        self.hosts["192.0.2.2"] = self.server(authority.server_context("mx2.test"))
        self.assertEqual("mx2.test[192.0.2.2]", self.carrier(security=Security.VERIFIED).remote)

    def test_several_addresses_of_a_host(self) -> None:
        """One that does not answer is overtaken (RFC 8305); one that says no is followed."""
        self.names["mx1.test"] = Name(addresses=["192.0.2.8", "2001:db8::1", "192.0.2.9"])
        self.hosts["192.0.2.8"] = self.server()
        # Nobody says anything there, not even no.
        silent = self.fabric.listenTCP(25, Saying(), backlog=-1, interface="2001:db8::1")
        connecting = self.connect()
        self.assertNoResult(connecting)
        self.fabric.advance(DELAY_SECONDS)
        self.assertEqual("mx1.test[192.0.2.8]", self.successResultOf(connecting).remote)
        silent.stopListening()
        self.hosts["2001:db8::1"] = Saying(b"421 busy\r\n")
        self.assertEqual("mx1.test[192.0.2.8]", self.carrier().remote)
        self.hosts["192.0.2.8"] = Saying(b"554 no service\r\n")
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
        ours = Saying(b"220 Out.test ESMTP\r\n", b"250 x\r\n")
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
        broken = Saying(b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n", b"no TLS\r\n")
        for host, secure in (
            (self.server(authority.server_context("other.test")), True),
            (self.server(), False),
        ):
            self.hosts["192.0.2.1"] = host
            self.assertIs(secure, self.carrier().client.peer.secure)
        self.hosts["192.0.2.1"] = broken
        self.connect()
        self.assertEqual(2, len(self.made()))
        self.assertNotIn(b"STARTTLS", self.made()[1].client.written)

    def test_required_and_verified(self) -> None:
        """What there has to be is insisted on: nothing goes in the clear."""
        right, wrong = authority.server_context("mx1.test"), authority.server_context("other.test")
        old = authority.server_context("mx1.test", expired=True)
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
                if fine:
                    secure = self.carrier(security=security).client.peer.secure
                    self.assertIs(security is not Security.NONE, secure)
                else:
                    self.assertIn(
                        "454 4.7.5 TLS with mx1.test", self.unreachable(security=security)
                    )
                    self.assertEqual(1, len(self.made()))

    def test_dane(self) -> None:
        """The certificate that the DNS vouches for, and no other; only where it was validated."""
        server_tls = authority.server_context("other.test")
        self.hosts["192.0.2.1"] = self.server(server_tls)
        right, wrong = (
            of(authority.certificate("other.test").certificate, 3),
            of(authority.root.certificate, 3),
        )
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
        self.hosts["192.0.2.1"] = self.server(authority.server_context("mx1.test"))
        self.hosts["192.0.2.2"] = self.server(authority.server_context("mx2.test"))
        self.assertEqual("mx2.test[192.0.2.2]", self.carrier().remote)
        self.hosts["192.0.2.2"] = self.server(authority.server_context("mx1.test"))
        self.assertIn("454 4.7.5", self.unreachable())
        self.policy = self.policy.replace(b"mx2", b"mx3")
        self.assertIn("451 4.7.5", self.unreachable())
        self.policy = self.policy.replace(b"enforce", b"testing")
        self.assertEqual("mx1.test[192.0.2.1]", self.carrier().remote)

    def test_refused_starttls(self) -> None:
        """Who needs no TLS does without, where it is offered and refused (RFC 7435, 3)."""
        refusing = Saying(
            b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"454 4.7.0 not now\r\n", b"250 x\r\n"
        )
        self.hosts["192.0.2.1"] = refusing
        self.carrier()
        self.assertEqual(2, len(self.made()))
        self.assertIn("4.7.5", self.unreachable(security=Security.REQUIRED))


class Optional(ConnectorCase):
    """Connections for what may go without TLS (RFC 8689, 4.2.2), where others fail by that."""

    def setUp(self) -> None:
        super().setUp()
        self.names["there.test"] = Name(mx=[(10, "mx1.test")])

    def check(self, *, secure: bool, **more: Any) -> None:
        self.unreachable(by_tls=True, **more)
        self.assertIs(secure, self.carrier(tls_optional=True, **more).client.peer.secure)

    def test_the_rule_here(self) -> None:
        """What is the default here does not bind; TLS is used all the same where it works."""
        self.hosts["192.0.2.1"] = self.server()
        self.check(secure=False, security=Security.REQUIRED)
        self.hosts["192.0.2.1"] = self.server(authority.server_context("other.test"))
        self.check(secure=True, security=Security.VERIFIED)

    def test_dane(self) -> None:
        """Nor does what the DNS vouches for, or would, if it could be asked."""
        self.hosts["192.0.2.1"] = self.server(authority.server_context("mx1.test"))
        self.names["there.test"] = Name(mx=[(10, "mx1.test")], authenticated=True)
        self.names["mx1.test"] = Name(addresses=["192.0.2.1"], authenticated=True)
        for name in (
            Name(tlsa=[of(authority.root.certificate, 3)], authenticated=True),
            Name(failing=True),
        ):
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
        self.hosts["192.0.2.1"] = Saying(b"421 busy\r\n")
        self.unreachable(by_tls=False, security=Security.VERIFIED)
