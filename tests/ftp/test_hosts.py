"""HOST, with and without TLS; REIN; ACCT, SMNT, CLNT, CSID, LANG; the service as settings make it."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cryptography import x509
from twisted.internet.defer import ensureDeferred

from netsuite import tls
from netsuite.certificates import Certificates, ServerTLS
from netsuite.config.load import ConfigError
from netsuite.connection.peer import openssl_of
from netsuite.ftp.client import FTPClient
from netsuite.ftp.commands import Command, Host
from netsuite.ftp.service import make_ftp
from netsuite.site import Site
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.certificates import authority
from netsuite.testing.fabric import Fabric
from tests.ftp.fakes import HERE, LOGIN, Session, World, codes
from tests.ftp.test_client import Case


class Hosts(SynchronousTestCase):
    """HOST (RFC 7151), ACCT, SMNT, CLNT, CSID, LANG."""

    def world(self) -> World:
        world = World()
        ensureDeferred(world.public.make_directory(("mirror",)))
        world.public.put(("mirror", "iso.txt"), b"disk\n", None)
        world.reshare(hosts={"mirror.example.test": ("mirror",), "other.example.test": ()})
        return world

    def test_root(self) -> None:
        """A guest sees the directory of the host as the root, and nothing above it."""
        session = Session(self.world(), logged_in=False)
        self.assertEqual(
            b"220 mirror.example.test FTP netsuite\r\n",
            session.say(b"HOST Mirror.Example.TEST\r\n"),
        )
        self.assertEqual([331, 230], codes(session.say(b"USER ftp\r\nPASS x\r\n")))
        self.assertEqual(b'257 "/" is the working directory\r\n', session.say(b"PWD\r\n"))
        self.assertEqual(b"iso.txt\r\n", session.fetch(b"NLST")[0])
        self.assertEqual(b"disk\r\n", session.fetch(b"RETR /../iso.txt")[0])
        self.assertEqual([550, 550], codes(session.say(b"CWD mirror\r\nMLST ../welcome.txt\r\n")))
        self.assertIn(b"; /iso.txt\r\n", session.say(b"MLST iso.txt\r\n"))
        self.assertIn(b" /iso.txt\r\n", session.say(b"HASH iso.txt\r\n"))
        self.assertEqual(b'250 "/" is the working directory\r\n', session.say(b"CWD ..\r\n"))
        self.assertEqual(b'250 "/" is the working directory\r\n', session.say(b"CDUP\r\n"))

    def test_accounts(self) -> None:
        """An account sees the same on every host."""
        session = Session(self.world(), logged_in=False)
        session.say(b"HOST mirror.example.test\r\n" + LOGIN)
        self.assertEqual(b"notes.txt\r\nsub\r\n", session.fetch(b"NLST")[0])

    def test_known(self) -> None:
        """The server's own name and address, and those it was given; the last word counts."""
        session = Session(self.world(), logged_in=False)
        for name, code in (
            (b"ftp.example.test", 220), (HERE.encode(), 220), (b"other.example.test", 220), (b"192.0.2.1", 504), (b"[::1]", 504),
            (b"elsewhere.example", 504), (b"other.example.test:21", 501), (b"[127.0.0.1]", 501), (b"", 501), (b"a_b", 501),
        ):  # fmt: skip
            self.assertEqual([code], codes(session.say(b"HOST " + name + b"\r\n")), name)
        session.say(
            b"HOST mirror.example.test\r\nHOST other.example.test\r\nUSER ftp\r\nPASS x\r\n"
        )
        self.assertIn(b"welcome.txt", session.fetch(b"NLST")[0])

    def test_order(self) -> None:
        """Behind a login it is out of order; between USER and PASS the name is forgotten; REIN forgets it."""
        session = Session(self.world(), logged_in=False)
        self.assertEqual(
            [331, 220, 503],
            codes(session.say(b"USER ftp\r\nHOST mirror.example.test\r\nPASS x\r\n")),
        )
        self.assertEqual(
            [331, 230, 503],
            codes(session.say(b"USER ftp\r\nPASS x\r\nHOST mirror.example.test\r\n")),
        )
        self.assertEqual([220, 331, 230], codes(session.say(b"REIN\r\nUSER ftp\r\nPASS x\r\n")))
        self.assertIn(b"welcome.txt", session.fetch(b"NLST")[0])

    def test_not_needed(self) -> None:
        """ACCT and SMNT ask for what is there without them (RFC 959, 4.1.1)."""
        session = Session()
        self.assertEqual([202, 202], codes(session.say(b"ACCT project1\r\nSMNT /sub\r\n")))
        self.assertEqual([530, 530], codes(Session(logged_in=False).say(b"ACCT x\r\nSMNT /\r\n")))

    def test_software(self) -> None:
        """Clients say what they are, and are told what matters of us."""
        session = Session(logged_in=False)
        self.assertEqual(
            b"200 Name=netsuite; CaseSensitive=1; DirSep=/;\r\n",
            session.say(b"CSID Name=x; Version=1;\r\n"),
        )
        self.assertEqual([200], codes(session.say(b"CLNT " + b"x" * 5000 + b"\r\n")))
        self.assertEqual("x" * 100, session.server.software)

    def test_language(self) -> None:
        """English is spoken, in any of its kinds (RFC 2640, 4.1)."""
        said = Session().say(b"LANG\r\nLANG en\r\nLANG EN-au\r\nLANG fr\r\nLANG en_US\r\n")
        self.assertEqual([200, 200, 200, 504, 501], codes(said))
        self.assertIn(b" LANG EN*\r\n", Session().say(b"FEAT\r\n"))


class HostsUnderTLS(Case):
    """HOST before and behind AUTH TLS (RFC 7151, 3.2.2)."""

    def context(self) -> ServerTLS:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        authority.certificate("localhost", "127.0.0.1").write(self.folder / "localhost.pem")
        authority.certificate("mirror.example.test").write(self.folder / "mirror.example.test.pem")
        self.certificates = Certificates(self.folder, World().reactor)
        self.certificates.open()
        return self.certificates.context_for(b"ftp")

    def setUp(self) -> None:
        super().setUp()
        self.world.reshare(hosts={"mirror.example.test": (), "localhost": ()})

    def code(self, client: FTPClient, command: Command) -> int:
        return self.run_(client._say(command)).code

    def shown(self, client: FTPClient) -> str:
        """Return the first name in the certificate that the server has shown."""
        handle = openssl_of(client.transport)
        assert handle is not None
        certificate = handle.get_peer_certificate()
        assert certificate is not None
        names = certificate.to_cryptography().extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
        return str(names.value.get_values_for_type(x509.DNSName)[0])

    def test_certificate(self) -> None:
        """A client that names no host in TLS is shown the certificate of the one it has named; its
        data connections resume that session."""
        for host, wanted in (("mirror.example.test", "mirror.example.test"), ("", "localhost")):
            client = self.connected()
            if host:
                self.assertEqual(220, self.code(client, Host(host)))
            # Addresses are not named in TLS (RFC 6066, 3).
            self.run_(client.auth_tls(tls.client_options(HERE, insecure=True)))
            self.assertEqual(wanted, self.shown(client))
            self.run_(client.login("alice", "se cret "))
            self.assertEqual(2, len(self.run_(client.mlsd())))
            self.run_(client.quit())

    def test_named_in_both(self) -> None:
        """What TLS names goes before, and HOST has to agree with it; it need not be said then."""
        client = self.connected()
        self.run_(client.auth_tls(tls.client_options("mirror.example.test", insecure=True)))
        self.assertEqual("mirror.example.test", self.shown(client))
        for host, code in (("localhost", 504), ("mirror.example.test", 220)):
            self.assertEqual(code, self.code(client, Host(host)))
        self.run_(client.quit())

    def test_root_by_tls(self) -> None:
        """A guest who names a host in TLS alone sees its directory, too."""
        self.run_(self.world.public.make_directory(("mirror",)))
        self.world.public.put(("mirror", "iso.txt"), b"disk\n", None)
        self.world.reshare(hosts={"mirror.example.test": ("mirror",)})
        client = self.connected(
            tls_context=tls.client_options("mirror.example.test", insecure=True)
        )
        self.run_(client.login())
        self.assertEqual(["iso.txt"], [each.name for each in self.run_(client.mlsd())])
        self.run_(client.quit())


class Reinitialized(SynchronousTestCase):
    """REIN: everything is as in the beginning (RFC 959, 4.1.1)."""

    def test_all_of_it(self) -> None:
        """Whatever was chosen is forgotten; a client that was not there before sees the same."""
        fresh = Session(logged_in=False)
        used = Session(logged_in=False)
        used.say(
            b"HOST ftp.example.test\r\nOPTS HASH MD5\r\nOPTS MLST size;\r\nOPTS MODE Z LEVEL 9\r\n"
            + LOGIN
        )
        used.say(
            b"TYPE I\r\nMODE Z\r\nCWD sub\r\nREST 5\r\nRANG 1 2\r\nALLO 7\r\nEPSV ALL\r\nEPSV\r\nRNFR x.bin\r\n"
        )
        self.assertEqual([220], codes(used.say(b"REIN\r\n")))
        for name in (
            "username", "host_name", "working", "root", "representation", "deflated", "deflate_level", "restart_at", "range",
            "allocated", "rename_from", "extended_only", "facts", "hash_name", "protection", "buffer_size_said", "account",
        ):  # fmt: skip
            self.assertEqual(getattr(fresh.server, name), getattr(used.server, name), name)
        self.assertIs(fresh.server.dialog.state, used.server.dialog.state)
        self.assertEqual([], used.world.data_ports())
        self.assertEqual([530, 503, 530], codes(used.say(b"PWD\r\nPASS x\r\nRNTO x\r\n")))

    def test_protection(self) -> None:
        """PROT is to be said again (RFC 4217, 9), TLS stays."""
        session = Session(World(tls=authority.server_context()))
        session.server.peer = replace(session.server.peer, secure=True)
        self.assertEqual(
            [200, 200, 220, 503], codes(session.say(b"PBSZ 0\r\nPROT P\r\nREIN\r\nPROT P\r\n"))
        )

    def test_in_a_transfer(self) -> None:
        """A transfer that runs is ended first, as RFC 959 has it."""
        session = Session()
        wire = session.data()
        session.say(b"STOR new\r\n")
        self.assertEqual(b"", session.say(b"REIN\r\n"))
        wire.say(b"all")
        wire.hang_up()
        session.world.settle()
        self.assertEqual([226, 220], codes(session.heard()))
        self.assertEqual(b"all", session.world.files.content("new"))


class Configured(SynchronousTestCase):
    """The service as settings make it."""

    def test_hosts(self) -> None:
        """The site's domains and ``ftp.hosts`` are names that HOST may say; a reload changes them."""
        site = Site(memory=True, reactor=Fabric())
        site.configure("ftp", hosts={"Mirror.example.org": "pub/mirror", "ftp.example.org": ""})
        factory = make_ftp(site).factory
        wanted = {"mirror.example.org": ("pub", "mirror"), "ftp.example.org": ()}
        domains = dict.fromkeys(site.settings.site.domains, ())
        self.assertEqual(domains | wanted, factory.shared.hosts)
        rates = factory.shared.rates
        site.configure("ftp", hosts={}, octets_per_second=5)
        self.assertEqual(domains, factory.shared.hosts)
        self.assertEqual(5, factory.shared.settings.octets_per_second)
        self.assertIs(rates, factory.shared.rates)

    def test_refused(self) -> None:
        """What leads out of the site, is no name, or no rate, is refused with its reason."""
        site = Site(memory=True, reactor=Fabric())
        for values in (
            {"hosts": {"a.example": "../x"}}, {"hosts": {"a.example": "/x"}}, {"hosts": {"a b": "x"}},
            {"octets_per_second": -1}, {"octets_per_second_of": {"alice": -1}},
        ):  # fmt: skip
            self.assertRaises(ConfigError, site.configure, "ftp", **values)
