"""Certificates by name, read again when they change; clients that verify."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL
from twisted.internet.task import Clock
from twisted.logger import Logger

from netsuite import tls
from netsuite.certificates import (
    SELF_SIGNED_DAYS,
    BadCertificate,
    Certificates,
    make_self_signed,
    read_pair,
)
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.certificates import authority, unknown_authority
from tests.connection.places import temporary
from tests.logged import Lines


def write_pair(folder: Path, name: str, *hosts: str) -> Path:
    """Put a certificate for some hosts in a folder, in one file."""
    return authority.certificate(*hosts).write(folder / f"{name}.pem")


def handshake(server: Any, client: Any) -> tuple[SSL.Connection, SSL.Connection]:
    """Let two sides shake hands in memory. Raises SSL.Error."""
    ours, theirs = server.serverConnectionForTLS(None), client.clientConnectionForTLS(Aborting())
    ours.set_accept_state()
    theirs.set_connect_state()
    exchange(ours, theirs)
    return ours, theirs


def exchange(ours: SSL.Connection, theirs: SSL.Connection) -> int:
    """Shake hands; give how many octets the server sent."""
    sent = 0
    for _ in range(10):
        done = 0
        for one, other in ((theirs, ours), (ours, theirs)):
            try:
                one.do_handshake()
                done += 1
            except SSL.WantReadError:
                pass
            with contextlib.suppress(SSL.WantReadError):
                octets = one.bio_read(65_536)
                sent += len(octets) if one is ours else 0
                other.bio_write(octets)
        if done == 2:
            return sent
    raise AssertionError("the handshake does not end")


class Aborting:
    """What Twisted's verification calls when it fails."""

    class factory:  # noqa: N801
        wrappedFactory = None  # noqa: N815

    def failVerification(self, reason: Any) -> None:
        """The callback's verdict ends the handshake."""


def subject_names(connection: SSL.Connection) -> list[str]:
    certificate = connection.get_peer_certificate(as_cryptography=True)
    assert certificate is not None
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return list(extension.value.get_values_for_type(x509.DNSName))


class Folder(SynchronousTestCase):
    """A folder of certificates under test."""

    def setUp(self) -> None:
        self.folder = temporary(self)
        self.folder.mkdir()
        self.clock = Clock()
        self.authorities = temporary(self)
        authority.write(self.authorities)

    def opened(self, **more: Any) -> Certificates:
        certificates = Certificates(self.folder, self.clock, **more)
        certificates.open()
        return certificates

    def client(self, host: str, **more: Any) -> Any:
        return tls.client_options(host, authorities=self.authorities, **more)


class Ending(Folder):
    """Certificates that end soon."""

    def ends_in(self, days: int) -> datetime:
        """Put a certificate there that ends in so many days; return when."""
        now = datetime.now(UTC)
        made = now + timedelta(days=days - SELF_SIGNED_DAYS)
        make_self_signed(self.folder / "a.pem", "a.test", made)
        return now + timedelta(days=days)

    def test_told_daily(self) -> None:
        """Each day one is in use it is told of, from two weeks before its end; others never."""
        soon = self.ends_in(3)
        write_pair(self.folder, "b", "b.test")
        lines = Lines()
        self.patch(Certificates, "log", Logger(observer=lines))
        certificates = self.opened()
        until = f"certificate a is good only until {soon:%Y-%m-%d %H:%M} UTC; renew it"
        self.assertEqual(
            [until], [each for each in lines if "until 20" in each and "renew" in each]
        )
        lines.clear()
        for _ in range(3 * 24):
            self.clock.advance(3600)
            certificates.refresh()
        self.assertEqual([until] * 3, list(lines))

    def test_ended(self) -> None:
        """One that has ended is said to have."""
        ended = self.ends_in(-3)
        said = f"ended {ended:%Y-%m-%d %H:%M} UTC; renew it"
        self.assertEqual({"a": said}, self.opened().ending(datetime.now(UTC)))


class Choosing(Folder):
    """Which certificate a client sees."""

    def test_by_name(self) -> None:
        """Exact names, wildcards of one level, and the default for all others."""
        write_pair(self.folder, "default", "default.test")
        write_pair(self.folder, "one", "one.test", "two.test")
        write_pair(self.folder, "wild", "*.wild.test")
        context = self.opened().context_for()
        for host, shown in [
            ("one.test", ["one.test", "two.test"]),
            ("two.test", ["one.test", "two.test"]),
            ("a.wild.test", ["*.wild.test"]),
            ("default.test", ["default.test"]),
        ]:
            _, theirs = handshake(context, self.client(host))
            self.assertEqual(shown, subject_names(theirs))
        for host in ("a.b.wild.test", "wild.test", "other.test"):
            _, theirs = handshake(context, tls.client_options(host, insecure=True))
            self.assertEqual(["default.test"], subject_names(theirs), host)

    def test_certbot_layout(self) -> None:
        """Folders as certbot makes them are found."""
        issued = authority.certificate("bot.test")
        live = self.folder / "bot.test"
        live.mkdir()
        (live / "fullchain.pem").write_bytes(issued.certificate.public_bytes(Encoding.PEM))
        (live / "privkey.pem").write_bytes(issued.key_pem())
        (live / "privkey.pem").chmod(0o600)
        _, theirs = handshake(self.opened().context_for(), self.client("bot.test"))
        self.assertEqual(["bot.test"], subject_names(theirs))

    def test_self_signed(self) -> None:
        """A first run makes a certificate of its own, which only its owner can read, once."""
        certificates = self.opened(host="mail.test")
        path = self.folder / "default.pem"
        self.assertEqual(0o600, path.stat().st_mode & 0o777)
        made = path.read_bytes()
        self.opened(host="mail.test")
        self.assertEqual(made, path.read_bytes())
        options = tls.client_options("mail.test", authorities=path)
        _, theirs = handshake(certificates.context_for(), options)
        self.assertEqual(["mail.test", "localhost"], subject_names(theirs))

    def test_versions(self) -> None:
        """TLS 1.2 is the least that is spoken."""
        context = self.opened().context_for()
        for version, fine in [(SSL.TLS1_1_VERSION, False), (SSL.TLS1_2_VERSION, True)]:
            client: Any = tls.client_options("localhost", insecure=True)
            client._context.set_min_proto_version(SSL.TLS1_VERSION)
            client._context.set_max_proto_version(version)
            client._context.set_cipher_list(b"ALL:@SECLEVEL=0")
            if fine:
                _, theirs = handshake(context, client)
                self.assertEqual("TLSv1.2", theirs.get_protocol_version_name())
            else:
                self.assertRaises(SSL.Error, handshake, context, client)

    def test_protocols(self) -> None:
        """ALPN: ours is chosen; a client meant for another protocol is refused."""
        context = self.opened().context_for(b"imap")
        offer: list[tuple[list[bytes], bytes]] = [([b"pop3", b"imap"], b"imap"), ([], b"")]
        for protocols, chosen in offer:
            client = tls.client_options("localhost", insecure=True, protocols=protocols)
            ours, _ = handshake(context, client)
            self.assertEqual(chosen, ours.get_alpn_proto_negotiated())
        client = tls.client_options("localhost", insecure=True, protocols=[b"http/1.1"])
        self.assertRaises(SSL.Error, handshake, context, client)

    def test_client_certificate(self) -> None:
        """Where authorities are named a client may show a certificate; a wrong one ends it."""
        write_pair(self.folder, "default", "one.test")
        context = self.opened(client_authorities=self.authorities).context_for()
        ours, _ = handshake(context, self.client("one.test"))
        self.assertIs(None, ours.get_peer_certificate())
        for issuer, fine in [(authority, True), (unknown_authority, False)]:
            client: Any = tls.client_options("one.test", insecure=True)
            path = issuer.certificate("alice@example.test").write(temporary(self))
            client._context.use_certificate_file(str(path))
            client._context.use_privatekey_file(str(path))
            if fine:
                ours, _ = handshake(context, client)
                self.assertIsNot(None, ours.get_peer_certificate())
            else:
                self.assertRaises(SSL.Error, handshake, context, client)

    def test_resumption(self) -> None:
        """A client that comes back resumes its session."""
        context = self.opened().context_for()
        client: Any = tls.client_options("localhost", insecure=True)
        client._context.set_max_proto_version(SSL.TLS1_2_VERSION)
        whole, session = self.shake(context, client, None)
        resumed, _ = self.shake(context, client, session)
        self.assertLess(resumed, whole / 2)  # no certificate again

    def shake(self, context: Any, client: Any, session: Any) -> tuple[int, Any]:
        ours = context.serverConnectionForTLS(None)
        theirs = client.clientConnectionForTLS(Aborting())
        if session is not None:
            theirs.set_session(session)
        ours.set_accept_state()
        theirs.set_connect_state()
        sent, session = exchange(ours, theirs), theirs.get_session()
        theirs.shutdown()  # or OpenSSL takes the session for a bad one
        return sent, session


class Renewal(Folder):
    """Certificates change without a restart."""

    def shown(self, certificates: Certificates, host: str = "one.test") -> list[str]:
        _, theirs = handshake(certificates.context_for(), tls.client_options(host, insecure=True))
        return subject_names(theirs)

    def test_changed(self) -> None:
        """A new file is used after a moment."""
        write_pair(self.folder, "default", "one.test")
        certificates = self.opened(check_seconds=5)
        self.assertEqual(["one.test"], self.shown(certificates))
        write_pair(self.folder, "default", "one.test", "new.test")
        self.assertEqual(["one.test"], self.shown(certificates))
        self.clock.advance(5)
        self.assertEqual(["one.test", "new.test"], self.shown(certificates))

    def test_broken(self) -> None:
        """A file that cannot be used is logged, once, and changes nothing."""
        path = write_pair(self.folder, "default", "one.test")
        certificates = self.opened()
        logged: list[Any] = []
        self.patch(
            certificates, "log", type("Log", (), {"error": lambda *a, **k: logged.append(k)})
        )
        for content in (b"nonsense", b"", path.read_bytes()[:400]):
            path.write_bytes(content)
            for _ in range(3):
                self.clock.advance(10)
                self.assertEqual(["one.test"], self.shown(certificates))
        self.assertEqual(3, len(logged))

    def test_expires_soon(self) -> None:
        """Who runs the server is told in time, in the log and on asking."""
        path = self.folder / "default.pem"
        logged: list[Any] = []
        log = type("Log", (), {"warn": lambda *a, **k: logged.append(k), "info": lambda *a, **k: 0})
        self.patch(Certificates, "log", log)
        for days, warned in [(3650 - 20, 0), (3650 - 10, 1), (3650 + 10, 2)]:
            made = datetime.now(UTC) - timedelta(days=days)
            make_self_signed(path, "one.test", made)
            certificates = self.opened()
            self.assertEqual(warned, len(logged))
            expected = (made + timedelta(days=3650)).replace(microsecond=0)
            self.assertEqual({"default": expected}, certificates.expiries())

    def test_gone(self) -> None:
        """A folder emptied by mistake changes nothing until something is in it again."""
        path = write_pair(self.folder, "default", "one.test")
        certificates = self.opened()
        path.unlink()
        self.clock.advance(10)
        self.assertEqual(["one.test"], self.shown(certificates))
        write_pair(self.folder, "default", "two.test")
        self.clock.advance(10)
        self.assertEqual(["two.test"], self.shown(certificates))

    def test_nothing_usable(self) -> None:
        """A server does not start with files it cannot use, and says so."""
        (self.folder / "default.pem").write_bytes(b"nonsense")
        self.assertRaises(BadCertificate, self.opened)

    def test_foreign_key(self) -> None:
        """A key that is not the certificate's is told apart."""
        one = authority.certificate("one.test")
        two = unknown_authority.certificate("two.test")
        path = self.folder / "default.pem"
        path.write_bytes(two.key_pem() + one.certificate.public_bytes(Encoding.PEM))
        error = self.assertRaises(BadCertificate, read_pair, path, path)
        self.assertIn("not that of the certificate", str(error))


class OwnName(Folder):
    """Which certificate serves the host's own name, beside the one that was made at first."""

    def setUp(self) -> None:
        super().setUp()
        self.logged = Lines()
        self.patch(Certificates, "log", Logger(observer=self.logged))
        self.certificates = self.opened(host="mail.test")

    def shown(self, host: str, certificates: Certificates | None = None) -> bool:
        """Return whether a name is served by the certificate of an authority: an address, where
        the client says no name."""
        context = (certificates or self.certificates).context_for()
        _, theirs = handshake(context, tls.client_options(host, insecure=True))
        certificate = theirs.get_peer_certificate(as_cryptography=True)
        assert certificate is not None
        return certificate.issuer != certificate.subject

    def put_at_certbot(self, *hosts: str) -> Path:
        """Put a certificate where certbot keeps them, and a link to its folder in ours."""
        bot = temporary(self)
        live, archive = bot / "live/mail.test", bot / "archive/mail.test"
        live.mkdir(parents=True)
        archive.mkdir(parents=True)
        self.renew(live, 1, *hosts)
        (self.folder / "mail.test").symlink_to(live)
        return live

    def renew(self, live: Path, number: int, *hosts: str) -> None:
        """Do as certbot does: new files, and then the links lead to them."""
        issued = authority.certificate(*hosts)
        archive = live.parent.parent / "archive" / live.name
        chain, key = archive / f"fullchain{number}.pem", archive / f"privkey{number}.pem"
        chain.write_bytes(issued.certificate.public_bytes(Encoding.PEM))
        key.write_bytes(issued.key_pem())
        key.chmod(0o600)
        for name, path in (("privkey", key), ("fullchain", chain)):
            (live / f"{name}.new").symlink_to(path)
            (live / f"{name}.new").rename(live / f"{name}.pem")

    def test_self_made_yields(self) -> None:
        """The one made at first serves until another covers the host, then nobody who asks for
        the host, or says no name; after a restart, too."""
        self.assertFalse(self.shown("mail.test"))
        write_pair(self.folder, "zz", "mail.test")
        self.clock.advance(5)
        for certificates in (self.certificates, self.opened(host="mail.test")):
            for host in ("mail.test", "192.0.2.1", "unknown.test"):
                self.assertTrue(self.shown(host, certificates), host)
            self.assertFalse(self.shown("localhost", certificates))

    def test_yields_to_a_wildcard(self) -> None:
        """A wildcard covers the host as well."""
        write_pair(self.folder, "wild", "*.test")
        self.clock.advance(5)
        for host in ("mail.test", "192.0.2.1"):
            self.assertTrue(self.shown(host))

    def test_does_not_yield_to_a_stranger(self) -> None:
        """One for another name serves that name alone."""
        write_pair(self.folder, "other", "www.other.test")
        self.clock.advance(5)
        self.assertTrue(self.shown("www.other.test"))
        for host in ("mail.test", "192.0.2.1"):
            self.assertFalse(self.shown(host))

    def test_link_to_certbot(self) -> None:
        """A link to a live folder is used, and what it leads to after a renewal."""
        live = self.put_at_certbot("mail.test")
        self.clock.advance(5)
        self.assertTrue(self.shown("mail.test"))
        self.assertTrue(self.shown("192.0.2.1", self.opened(host="mail.test")))
        self.renew(live, 2, "mail.test", "imap.test")
        self.clock.advance(5)
        _, theirs = handshake(self.certificates.context_for(), self.client("imap.test"))
        self.assertEqual(["mail.test", "imap.test"], subject_names(theirs))

    def test_link_that_leads_nowhere(self) -> None:
        """It is told of, and keeps no other from use; so is a file that may not be read, which
        is used once it may be."""
        (self.folder / "gone.test").symlink_to(self.folder / "nowhere")
        (self.folder / "gone2.pem").symlink_to(self.folder / "nowhere.pem")
        path = write_pair(self.folder, "mail.test", "mail.test")
        self.clock.advance(5)
        self.assertTrue(self.shown("mail.test"))
        for name, file in [("gone.test", "gone.test/fullchain.pem"), ("gone2", "gone2.pem")]:
            line = (
                f"certificate {name}: {self.folder / file}: No such file or directory; "
                "it is not used"
            )
            self.assertEqual(1, self.logged.count(line), self.logged)
        path.chmod(0o640)
        self.clock.advance(5)
        self.shown("mail.test")
        self.assertIn(f"{path} can be read by others; chmod 600 it", self.logged)

    def test_told(self) -> None:
        """The log says which certificate serves which name: at the start, and what changes."""
        (first,) = self.logged
        self.assertIn("default (self-made: programs do not trust it unasked) serves", first)
        self.assertIn("serves mail.test, localhost, whoever asks for none of the names", first)
        self.logged.clear()
        path = write_pair(self.folder, "mail.test", "mail.test", "imap.test")
        self.assertEqual(["mail.test"], self.certificates.look())
        theirs, ours = sorted(self.logged, reverse=True)
        self.assertIn("mail.test serves mail.test, imap.test, whoever asks for none", theirs)
        self.assertIn("it unasked) serves localhost; good", ours)
        self.logged.clear()
        os.utime(path)
        self.assertEqual([], self.certificates.look())
        self.assertEqual([], self.logged)
        path.unlink()
        self.assertEqual(["mail.test"], self.certificates.look())
        self.assertIn("certificate mail.test is used no more", self.logged)

    def test_nothing_usable(self) -> None:
        """Where none can be used, the reason is in the one line that the operator sees."""
        (self.folder / "default.pem").unlink()
        (self.folder / "mail.test").symlink_to(self.folder / "nowhere")
        error = self.assertRaises(BadCertificate, self.opened, host="mail.test")
        self.assertIn("mail.test/fullchain.pem: No such file or directory", str(error))


class Verifying(Folder):
    """What a client trusts."""

    def setUp(self) -> None:
        super().setUp()
        self.path = write_pair(self.folder, "default", "one.test")
        self.context = self.opened().context_for()

    def test_right(self) -> None:
        """The right name, signed by somebody trusted."""
        handshake(self.context, self.client("one.test"))

    def test_wrong_name(self) -> None:
        """A certificate for somebody else is refused."""
        self.assertRaises(SSL.Error, handshake, self.context, self.client("x.test"))

    def test_unknown_authority(self) -> None:
        """One signed by nobody we trust is refused, by default too."""
        other = temporary(self)
        unknown_authority.write(other)
        options = tls.client_options("one.test", authorities=other)
        self.assertRaises(SSL.Error, handshake, self.context, options)
        self.assertRaises(SSL.Error, handshake, self.context, tls.client_options("one.test"))

    def test_pin(self) -> None:
        """A pinned certificate is trusted under any name, another is not."""
        pin = read_pair(self.path, self.path).chain[0].fingerprint(hashes.SHA256())
        handshake(self.context, tls.client_options("any.test", pin=pin))
        wrong = tls.client_options("one.test", pin=bytes(32))
        self.assertRaises(SSL.Error, handshake, self.context, wrong)
        self.assertRaises(BadCertificate, tls.client_options, "one.test", pin=b"short")

    def test_bad_authorities(self) -> None:
        """A file that cannot be read is named."""
        error = self.assertRaises(
            BadCertificate,
            tls.client_options,
            "x.test",
            authorities=Path("nowhere.pem"),
        )
        self.assertIn("nowhere.pem", str(error))

    def test_dates(self) -> None:
        """A self-signed certificate is good from yesterday on, for clocks that are behind."""
        path = temporary(self)
        make_self_signed(path, "x" * 70 + ".test", datetime(2026, 1, 2, tzinfo=UTC))
        certificate = read_pair(path, path).chain[0]
        self.assertEqual(datetime(2026, 1, 1, tzinfo=UTC), certificate.not_valid_before_utc)
        self.assertEqual(["default.pem"], os.listdir(self.folder))
