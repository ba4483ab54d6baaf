"""What mail programs and mail hosts find over HTTP, and what nobody does."""

from __future__ import annotations

import plistlib
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from twisted.internet.address import IPv4Address

from netsuite.accounts.files import HomesOfSite
from netsuite.autoconfig.routes import (
    APPLE,
    AUTODISCOVER,
    MOZILLA,
    MOZILLA_AT_HOST,
    MTA_STS,
    REQUEST_OCTETS,
    Answers,
    add_routes,
)
from netsuite.autoconfig.servers import configured
from netsuite.certificates import Pair
from netsuite.config.load import load
from netsuite.http.resources import SiteRouter
from netsuite.http.service import add_routes as add_all_routes
from netsuite.http.xmlrpc.server import XMLRPCServer
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.certificates import authority
from tests.autoconfig.test_documents import MOZILLA as EXPECTED
from tests.autoconfig.test_documents import REQUEST
from tests.autoconfig.test_servers import service
from tests.http.test_files import body, field, status
from tests.http.worlds import World

SETTINGS = (
    'site.hostname="mail.example.org"',
    'site.domains=["example.org", "B\u00fccher.example", "other.example"]',
    'autoconfig.hosts={"other.example" = "mx.other.example"}',
    'imap.listen=["tcp:143"]', 'imap.listen_tls=["tcp:993"]',
    'submission.listen=["tcp:587"]',
    "pop3.enabled=false",
)  # fmt: skip
SCHEMA = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"


class Case(SynchronousTestCase):
    """A server with two domains."""

    def setUp(self) -> None:
        self.world = World()
        self.settings = load(None, SETTINGS)
        self.answers = Answers(lambda: self.settings, lambda: configured(self.settings))
        add_routes(self.world.router, self.answers, self.world.files)

    def set(self, *settings: str) -> None:
        self.settings = load(None, (*SETTINGS, *settings))

    def get(self, host: str, path: str, query: str = "") -> bytes:
        target = f"{path}?{query}" if query else path
        return self.world.ask(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())

    def post(
        self, text: str | bytes, host: str = "example.org", path: str = AUTODISCOVER[0]
    ) -> bytes:
        octets = text.encode() if isinstance(text, str) else text
        head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(octets)}\r\n\r\n"
        return self.world.ask(head.encode() + octets)

    def discover(self, address: str, **more: Any) -> bytes:
        asked = REQUEST.replace("ann@example.org", address).replace("urn:schema", SCHEMA)
        return self.post(asked, **more)


class Mozilla(Case):
    """autoconfig."""

    def test_where_programs_look(self) -> None:
        """At the domain, at its host for this, with an address or without."""
        for host, path, query in [
            ("example.org", MOZILLA, ""),
            ("EXAMPLE.org.", MOZILLA, ""),
            ("example.org:443", MOZILLA, "emailaddress=ann%40example.org"),
            ("autoconfig.example.org", MOZILLA_AT_HOST, "emailaddress=ann%40example.org"),
            ("autoconfig.example.org", MOZILLA_AT_HOST, ""),
            ("mail.example.org", MOZILLA, "emailaddress=nobody%40example.org"),
        ]:
            heard = self.get(host, path, query)
            self.assertEqual((200, EXPECTED), (status(heard), body(heard).decode()), host)
            self.assertEqual(b"text/xml", field(heard, b"Content-Type"))

    def test_domains(self) -> None:
        """Each domain has its own host; the names of domains are compared as the DNS has them."""
        self.assertIn(b"<hostname>mx.other.example<", self.get("autoconfig.other.example",
                                                              MOZILLA_AT_HOST))  # fmt: skip
        heard = self.get("xn--bcher-kva.example", MOZILLA)
        self.assertIn(b'id="xn--bcher-kva.example"', heard)
        address = quote("j@B\u00dcCHER.example")
        self.assertIn(
            b'id="xn--bcher-kva.example"', self.get("x", MOZILLA, f"emailaddress={address}")
        )

    def test_not_ours(self) -> None:
        """Of other domains nothing is said, whatever the host; nor at hosts that are none."""
        for host, path, query in [
            ("example.net", MOZILLA, ""),
            ("example.org", MOZILLA, "emailaddress=ann%40example.net"),
            ("autoconfig.example.org", MOZILLA_AT_HOST, "emailaddress=ann%40evil.example.net"),
            ("mail.example.org", MOZILLA_AT_HOST, ""),
            ("example.org", MOZILLA_AT_HOST, ""),
            ("[::1]", MOZILLA, ""),
            ("example.org.evil.test", MOZILLA, ""),
            ("autoconfig.autodiscover.example.net", MOZILLA, ""),
        ]:
            self.assertEqual(404, status(self.get(host, path, query)), (host, path, query))

    def test_no_oracle(self) -> None:
        """Who has an account and who has not are told the same, octet by octet."""
        answers = {
            body(self.get("example.org", MOZILLA, f"emailaddress={name}%40example.org"))
            for name in ("alice", "bob", "nobody", "root", "a%00b", "%ff", "x" * 90)
        }
        self.assertEqual(1, len(answers))

    def test_settings(self) -> None:
        """What is changed while it runs counts at once."""
        self.set('autoconfig.user_name="local"')
        self.assertIn(b"%EMAILLOCALPART%", self.get("example.org", MOZILLA))
        for off in ("autoconfig.enabled=false", "tls.enabled=false"):
            self.set(off)
            self.assertEqual(404, status(self.get("example.org", MOZILLA)))
            self.assertEqual(404, status(self.discover("ann@example.org")))
            self.assertEqual(404, status(self.get("example.org", APPLE)))

    def test_own_file(self) -> None:
        """A file of the public site at that path comes first."""
        self.world.put(MOZILLA.lstrip("/"), b"<mine/>")
        self.assertEqual(b"<mine/>", body(self.get("example.org", MOZILLA)))
        self.assertEqual(404, status(self.get("example.net", APPLE)))

    def test_own_route(self) -> None:
        """So does a program's own route."""
        router = self.world.router
        router.remove(MOZILLA)
        router.add("GET", MOZILLA, self.world._hello)
        add_routes(router, self.answers, self.world.files)
        self.assertEqual(b"hello", body(self.get("example.org", MOZILLA)))


class Service(SynchronousTestCase):
    """As the HTTP service has it."""

    def heard(self, *services: object) -> bytes:
        """Return what a program hears of a site whose daemon has these services."""
        world = World()
        site: Any = SimpleNamespace(
            settings=load(None, [*SETTINGS, "nntp.anonymous='none'"]),
            newsroom=world.room,
            reactor=world.clock,
            files=HomesOfSite(world.store, world.homes),
            store=world.store,
            http=SiteRouter(world.clock),
            rpc=XMLRPCServer(),
            certificates=None,
            parent=services or None,
            on_reload=lambda what: None,
        )
        add_all_routes(site)
        world.factory.configure(replace(world.factory.shared, router=site.http))
        return world.ask(f"GET {MOZILLA} HTTP/1.1\r\nHost: example.org\r\n\r\n".encode())

    def test_where_it_listens(self) -> None:
        """What listens in the daemon is told; in a process of HTTP alone what the settings say."""
        self.assertEqual(EXPECTED, body(self.heard()).decode())
        self.assertEqual(EXPECTED, body(self.heard(object())).decode())
        port = service("imap", (True, IPv4Address("TCP", "0.0.0.0", 40_001)))
        self.assertIn(b"<port>40001</port>", self.heard(port))
        closed = service("imap", (True, IPv4Address("TCP", "127.0.0.1", 40_001)))
        self.assertEqual(404, status(self.heard(closed)))


class Microsoft(Case):
    """Autodiscover."""

    def test_answer(self) -> None:
        """At all the spellings of its path."""
        for path in AUTODISCOVER:
            heard = self.discover("ann@example.org", path=path)
            self.assertEqual((200, b"text/xml"), (status(heard), field(heard, b"Content-Type")))
            self.assertIn(b"<LoginName>ann@example.org</LoginName>", body(heard))
            self.assertIn(b"<Server>mail.example.org</Server><Port>993</Port>", body(heard))
        heard = self.discover("ann@other.example", host="autodiscover.other.example")
        self.assertIn(b"<Server>mx.other.example</Server>", body(heard))
        self.set('autoconfig.user_name="local"')
        self.assertIn(b"<LoginName>ann</LoginName>", body(self.discover("ann@example.org")))

    def test_refusals(self) -> None:
        """Another schema, no address, no XML, a document type: Autodiscover's own errors."""
        for heard, code in [
            (self.post(REQUEST), b"601"),
            (self.discover(""), b"600"),
            (self.discover("ann"), b"600"),
            (self.discover("@example.org"), b"600"),
            (self.discover("ann bob@example.org"), b"600"),
            (self.discover("x" * 300 + "@example.org"), b"600"),
            (self.post(b""), b"600"),
            (self.post(b"<!DOCTYPE a><Autodiscover/>"), b"600"),
        ]:
            self.assertEqual(200, status(heard))
            self.assertIn(b"<ErrorCode>" + code, body(heard))

    def test_not_ours(self) -> None:
        """Another domain is not found; GET has no answer."""
        self.assertEqual(404, status(self.discover("ann@example.net")))
        self.assertEqual(405, status(self.get("example.org", AUTODISCOVER[0])))

    def test_large(self) -> None:
        """What is larger than any request is refused before it is read."""
        self.assertEqual(413, status(self.post(b" " * (REQUEST_OCTETS + 1))))


class Apple(Case):
    """Profiles."""

    def test_profile(self) -> None:
        """With the address or without; the file's name is of the domain."""
        heard = self.get("mail.example.org", APPLE, "email=ann%40example.org")
        (account,) = plistlib.loads(body(heard))["PayloadContent"]
        self.assertEqual("ann@example.org", account["EmailAddress"])
        self.assertEqual(b"application/x-apple-aspen-config", field(heard, b"Content-Type"))
        self.assertEqual(b'attachment; filename="example.org.mobileconfig"',
                         field(heard, b"Content-Disposition"))  # fmt: skip
        (account,) = plistlib.loads(body(self.get("mail.example.org", APPLE)))["PayloadContent"]
        self.assertNotIn("EmailAddress", account)

    def test_signed(self) -> None:
        """It is signed with the certificate of the host that gives it."""
        shown: list[str] = []

        class Chosen:
            def select(self, name: str) -> Any:
                shown.append(name)
                return pair

        issued = authority.certificate("mail.example.org")
        pair = Pair((issued.certificate,), issued.key, (), issued.certificate.not_valid_after_utc)
        certificates: Any = Chosen()
        self.world.router.remove(APPLE)
        add_routes(self.world.router, replace(self.answers, certificates=certificates), None)
        heard = body(self.get("mail.example.org:443", APPLE))
        self.assertEqual(["mail.example.org"], shown)
        self.assertEqual(b"0", heard[:1])
        self.assertIn(b"com.apple.mail.managed", heard)

    def test_refusals(self) -> None:
        """What is no address of ours has no profile."""
        for text in (
            "ann",
            "ann@example.net",
            "ann\0@example.org",
            "\x1b@example.org",
            "a b@example.org",
        ):
            heard = self.get("mail.example.org", APPLE, f"email={quote(text)}")
            self.assertEqual(404, status(heard), text)


class MTASTS(Case):
    """The policy."""

    def test_policy(self) -> None:
        """At mta-sts.DOMAIN, of each of our domains, and nowhere else."""
        for domain in ("example.org", "other.example", "xn--bcher-kva.example"):
            heard = self.get(f"mta-sts.{domain}", MTA_STS)
            self.assertEqual(200, status(heard))
            self.assertTrue(body(heard).startswith(b"version: STSv1\r\nmode: testing\r\n"))
            self.assertTrue((field(heard, b"Content-Type") or b"").startswith(b"text/plain"))
        for host in ("example.org", "mta-sts.example.net", "mail.example.org", "mta-sts."):
            self.assertEqual(404, status(self.get(host, MTA_STS)), host)
        self.set('mta_sts.mode="off"')
        self.assertEqual(404, status(self.get("mta-sts.example.org", MTA_STS)))
