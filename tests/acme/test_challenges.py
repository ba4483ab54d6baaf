"""Answers to challenges: by HTTP and by TLS, in every process, and to nobody else."""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL

from netsuite import tls
from netsuite.acme.advice import HTTP, TLS
from netsuite.acme.challenges import PATH, QUESTION, Answers
from netsuite.certificates import Certificates
from netsuite.testing.cases import SynchronousTestCase
from tests.acme.worlds import World
from tests.connection.places import temporary
from tests.coroutines import run
from tests.http.test_files import body, status
from tests.test_tls import handshake, subject_names


class Case(SynchronousTestCase):
    """A daemon whose answers are asked for."""

    def setUp(self) -> None:
        self.world = World(temporary(self))
        self.answers = self.world.answers

    def get(self, token: str, method: str = "GET") -> bytes:
        return self.world.http.ask(f"{method} {PATH}{token} HTTP/1.1\r\nHost: a\r\n\r\n".encode())

    def shown(self, name: str, *offered: bytes) -> tuple[list[str], bytes]:
        """Return whose certificate a client sees, and the protocol that was chosen."""
        client = tls.client_options(name, insecure=True, protocols=offered)
        _, theirs = handshake(self.world.certificates.context_for(b"http/1.1"), client)
        return subject_names(theirs), theirs.get_alpn_proto_negotiated()


class ByHTTP(Case):
    """HTTP-01."""

    def test_given_and_withdrawn(self) -> None:
        """The answer is there while the authority may look, and no longer."""
        run(self.answers.give(HTTP, "a.test", "tok-_en.thumb"))
        heard = self.get("tok-_en")
        self.assertEqual((200, b"tok-_en.thumb"), (status(heard), body(heard)))
        self.assertIn(b"Content-Type: application/octet-stream\r\n", heard)
        self.assertEqual(200, status(self.get("tok-_en", "HEAD")))
        self.assertEqual(405, status(self.get("tok-_en", "POST")))
        run(self.answers.give(HTTP, "a.test", "tok-_en.other"))
        self.assertEqual(b"tok-_en.other", body(self.get("tok-_en")))
        run(self.answers.withdraw(HTTP, "a.test", "tok-_en.other"))
        self.assertEqual(404, status(self.get("tok-_en")))
        run(self.answers.withdraw(HTTP, "a.test", "tok-_en.other"))

    def test_only_its_own(self) -> None:
        """What the site has there itself, as for certbot's webroot, stays where it is."""
        run(self.answers.give(HTTP, "a.test", "token.thumb"))
        for token in ("other", "", "token/", "token.thumb", "..%2Ftoken"):
            self.assertIn(status(self.get(token)), (400, 404), token)

    def test_hostile_tokens(self) -> None:
        """A token that would be more than a name of a path is not answered."""
        for token in ("", "../../x", "{name}", "a/b", "a b", "x" * 5000, "\u00e9"):
            answered = self.world.bus.ask(
                QUESTION,
                {"kind": HTTP, "name": "a", "authorization": f"{token}.x", "give": True},
            )
            self.assertEqual([False], run(answered), token)

    def test_nonsense(self) -> None:
        """What makes no sense on the bus does nothing."""
        nonsense: list[Any] = [None, 5, [], {}, {"kind": "dns-01"}, {"kind": HTTP, "give": True}]
        for value in nonsense:
            self.assertIn(run(self.world.bus.ask(QUESTION, value)), ([False], [True]))
        self.assertEqual(404, status(self.get("None")))


class ByTLS(Case):
    """TLS-ALPN-01."""

    def test_shown_to_the_authority_alone(self) -> None:
        """Who offers just this protocol for this name sees the proof; everybody else what they
        always do."""
        run(self.answers.give(TLS, "a.test", "token.thumb"))
        self.assertEqual((["a.test"], b"acme-tls/1"), self.shown("a.test", b"acme-tls/1"))
        self.assertEqual((["a.test"], b"acme-tls/1"), self.shown("A.TEST", b"acme-tls/1"))
        usual = ["mail.test", "localhost"]
        self.assertEqual((usual, b"http/1.1"), self.shown("a.test", b"http/1.1"))
        self.assertEqual((usual, b"http/1.1"), self.shown("a.test", b"acme-tls/1", b"http/1.1"))
        self.assertEqual((usual, b""), self.shown("a.test"))

    def test_never_otherwise(self) -> None:
        """Of another name, before and after, the protocol is not chosen."""
        for given in (False, True, False):
            if given:
                run(self.answers.give(TLS, "a.test", "token.thumb"))
            name = "b.test" if given else "a.test"
            with self.assertRaises(SSL.Error):
                self.shown(name, b"acme-tls/1")
            run(self.answers.withdraw(TLS, "a.test", "token.thumb"))

    def test_right(self) -> None:
        """The authority finds in it what it looks for, on a service without protocols, too."""
        run(self.answers.give(TLS, "a.test", "token.thumb"))
        self.assertEqual("", self.world.judge(TLS, "a.test", "token", "token.thumb"))
        self.assertEqual("tls", self.world.judge(TLS, "a.test", "token", "token.other"))
        client = tls.client_options("a.test", insecure=True, protocols=[b"acme-tls/1"])
        _, theirs = handshake(self.world.certificates.context_for(), client)
        self.assertEqual(b"acme-tls/1", theirs.get_alpn_proto_negotiated())

    def test_nothing_is_heard(self) -> None:
        """No command is taken over such a connection (RFC 8737, 3)."""
        run(self.answers.give(TLS, "a.test", "token.thumb"))
        client = tls.client_options("a.test", insecure=True, protocols=[b"acme-tls/1"])
        ours, theirs = handshake(self.world.certificates.context_for(b"http/1.1"), client)
        theirs.send(b"GET / HTTP/1.1\r\n\r\n")
        ours.bio_write(theirs.bio_read(65_536))
        with self.assertRaises(SSL.ZeroReturnError):
            ours.recv(100)


class WithoutHTTP(SynchronousTestCase):
    """A daemon without HTTP."""

    def test_tls_alone(self) -> None:
        """TLS is answered, HTTP is not."""
        world = World(temporary(self))
        bus = type(world.bus)()
        certificates = Certificates(temporary(self), world.clock)
        certificates.open()
        answers = Answers(bus, certificates, None)
        run(answers.give(TLS, "a.test", "token.thumb"))
        run(answers.give(HTTP, "a.test", "token.thumb"))
        self.assertEqual(["a.test"], list(certificates.challenges))
