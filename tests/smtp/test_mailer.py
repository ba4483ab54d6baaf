"""A mailer: where to, TLS by what is at stake, the login, kept connections, kinds of messages."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IProtocolFactory
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock

from netsuite import smtp, tls
from netsuite.connection.errors import (
    AuthenticationFailed,
    ConnectionLost,
    NotOffered,
    Timeout,
    TLSFailure,
)
from netsuite.message.address import Address
from netsuite.smtp.client import Mailer, Result, TLSUse, send
from netsuite.smtp.client.content import chunks_of, content_of
from netsuite.smtp.client.place import Place, parse_place
from netsuite.smtp.commands import Rcpt
from netsuite.smtp.server import SMTPServerFactory
from netsuite.smtp.settings import Mode
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.certificates import authority, unknown_authority
from netsuite.testing.fabric import Fabric
from netsuite.wire.errors import LocalProtocolError
from tests.connection.joined import JoinedCase, reached
from tests.connection.places import temporary
from tests.coroutines import run
from tests.smtp.fakes import FakeReceiver, make_shared

ALICE, BOB, NOBODY = "alice@example.test", "bob@example.test", "nobody@example.test"
BODY = b"Subject: hi\r\n\r\nhello\r\n"


class Case(JoinedCase):
    """A server, and mailers to it."""

    def serve(
        self,
        mode: Mode = Mode.RELAY,
        *,
        address: str = "127.0.0.1",
        server_tls: IOpenSSLServerConnectionCreator | None = None,
        implicit: bool = False,
        **more: Any,
    ) -> None:
        """Let a server listen, with TLS to be asked for or from the first octet."""
        self.fabric = Fabric(record=True)
        shared = make_shared(mode, clock=self.fabric, **more)
        assert isinstance(shared.resolver, FakeReceiver)
        self.receiver = shared.resolver
        shared = replace(shared, tls=None if implicit else server_tls)
        factory: IProtocolFactory = SMTPServerFactory(shared)
        if implicit:
            assert server_tls is not None
            factory = tls.wrap_server(factory, server_tls, self.fabric)
        self.host = reached(self.fabric, factory, address)

    def mailer(self, **more: Any) -> Mailer:
        return Mailer(self.host, reactor=self.fabric, helo="client.test", **more)

    def said(self) -> bytes:
        """Return what the client has said on all connections."""
        return b"".join(each.client.written for each in self.fabric.connections)


class Messages(Case):
    """What can be sent."""

    def test_every_kind(self) -> None:
        """Octets, a path, a file, a stream and a message of ``email``'s arrive as they are."""
        path = temporary(self)
        path.write_bytes(BODY)
        parsed = EmailMessage()
        parsed["Subject"] = "hi"
        parsed["Bcc"] = BOB
        parsed.set_content("hello\n")

        async def stream() -> AsyncIterator[bytes]:
            yield BODY[:5]
            yield BODY[5:]

        for message in (BODY, path, io.BytesIO(BODY), stream(), parsed):
            for chunking in (False, True):
                if chunking and not isinstance(message, bytes | Path | EmailMessage):
                    continue
                self.serve()
                (sent,) = self.run_(
                    send(
                        message, "x@y.test", [ALICE], to=self.host, reactor=self.fabric,
                        chunking=chunking,
                    )
                )  # fmt: skip
                self.assertTrue(sent.taken)
                content = self.receiver.delivered[0][2]
                self.assertTrue(content.endswith(b"\r\n\r\nhello\r\n"), content)
                self.assertNotIn(b"Bcc", content)
                self.assertIn(b"QUIT\r\n", self.said())
                self.assertEqual(chunking, b"BDAT" in self.said())

    def test_partial_success(self) -> None:
        """Who was taken and who was not is told one by one: code, enhanced code, text."""
        self.serve()
        results = self.run_(self.mailer().send(BODY, "x@y.test", [ALICE, NOBODY]))
        self.assertEqual([True, False], [each.taken for each in results])
        self.assertEqual((550, "5.1.1"), (results[1].code, results[1].enhanced))
        self.assertTrue(results[1].text)
        self.assertEqual(ALICE, str(results[0].recipient))

    def test_lmtp(self) -> None:
        """LMTP has a fate for each."""
        self.serve(Mode.LMTP)
        results = self.run_(self.mailer(lmtp=True).send(BODY, "", [ALICE, NOBODY, BOB]))
        self.assertEqual([250, 550, 250], [each.code for each in results])

    def test_content(self) -> None:
        """Of a file its size is known, and of all but streams whether the header needs SMTPUTF8;
        Latin-1 in it is nothing that SMTPUTF8 could help."""
        for octets, utf8 in (
            (b"A: b\r\n\r\n\xc3\xbc", False),
            (b"A: \xc3\xbc\r\n\r\n", True),
            (b"A: \xfc\r\n\r\n", False),
            (b"A: \xc3\xbc\r\n" + b"B: c\r\n" * 20_000 + b"\r\n", True),
        ):
            path = temporary(self)
            path.write_bytes(octets)
            with path.open("rb") as file:
                for message in (octets, path, file):
                    with content_of(message) as content:
                        self.assertEqual((len(octets), utf8), (content.octets, content.utf8))
        with self.assertRaises(OSError), content_of(Path("/nowhere/at/all")):
            pass

    def test_chunks(self) -> None:
        """Chunks have the size they are to have, wherever the pieces are cut, and CRLF."""

        async def stream(octets: bytes, size: int) -> AsyncIterator[bytes]:
            for start in range(0, len(octets), size):
                yield octets[start : start + size]

        async def chunks(octets: bytes, size: int, *, binary: bool) -> list[tuple[bytes, bool]]:
            found = chunks_of(stream(octets, size), 4, binary=binary)
            return [each async for each in found]

        for size in range(1, 12):
            found = run(chunks(b"a\nb\r\nc\r", size, binary=False))
            self.assertEqual([(b"a\r\nb", False), (b"\r\nc\r\n", True)], found)
            found = run(chunks(b"a\nb\r\nc\r", size, binary=True))
            self.assertEqual([(b"a\nb\r", False), (b"\nc\r", True)], found)
        self.assertEqual([(b"", True)], run(chunks(b"", 1, binary=False)))

    def test_delivery_status_notifications(self) -> None:
        """What reports are wanted is said in xtext, where the server has DSN."""
        self.serve()
        mailer = self.mailer()
        self.run_(mailer.send(BODY, "x@y.test", [ALICE]))
        client = mailer._kept[0].client
        for offered in (False, True):
            client.extensions = {"DSN": ""} if offered else {}
            sending = mailer.send(
                BODY, "x@y.test", [ALICE], ret="HDRS", envelope_id="a+b =c",
                notify=["DELAY", "SUCCESS"],
            )  # fmt: skip
            self.run_(sending)
            said = self.said()
            self.assertEqual(offered, b" RET=HDRS ENVID=a+2Bb+20+3Dc\r\n" in said, said)

    def test_arguments(self) -> None:
        """What makes no sense, or has a line end in it, is refused before anything is said."""
        self.serve()
        mailer = self.mailer()
        for end in "\r\n\0":
            for sender, to in (
                (f"x{end}@y.test", ALICE),
                ("x@y.test", f"a{end}@b"),
                ("", f"a@b{end}"),
            ):
                self.fail_(mailer.send(BODY, sender, [to]), ValueError)
            bad: dict[str, Any]
            for bad in (
                {"helo": f"x{end}QUIT"},
                {"login": (f"a{end}", "b")},
                {"login": ("a", f"b{end}")},
            ):
                self.assertRaises(
                    LocalProtocolError, Mailer, self.host, **{"reactor": self.fabric, **bad}
                )
            for bad in ({"envelope_id": f"x{end}"}, {"ret": f"FULL{end}"}, {"notify": [f"{end}"]}):
                self.fail_(mailer.send(BODY, "", [ALICE], **bad), ValueError)
            rcpt = Rcpt(Address("a", "b"), original=f"x{end};y")
            self.fail_(mailer.send(BODY, "", [rcpt]), LocalProtocolError)
            self.fail_(mailer.send(BODY, "", [ALICE], body=f"8BIT{end}"), LocalProtocolError)
        self.fail_(mailer.send(BODY, "", []), ValueError)
        self.fail_(mailer.send(BODY, "", [ALICE], notify=["NEVER", "DELAY"]), ValueError)
        self.assertEqual([], self.fabric.connections)


class Kept(Case):
    """Connections that are used again."""

    def send(self, mailer: Mailer, **more: Any) -> Result:
        (result,) = self.run_(mailer.send(BODY, "x@y.test", [ALICE], **more))
        return result

    def test_used_again(self) -> None:
        """Messages follow each other on one connection, until it has waited too long."""
        self.serve()
        mailer = self.mailer(idle_seconds=30.0)
        for _ in range(3):
            self.assertTrue(self.send(mailer).taken)
        self.assertEqual(1, len(self.fabric.connections))
        self.fabric.advance(31)
        self.assertIn(b"QUIT\r\n", self.said())
        self.assertTrue(self.send(mailer).taken)
        self.assertEqual(2, len(self.fabric.connections))
        self.run_(mailer.close())
        self.assertEqual(2, self.said().count(b"QUIT\r\n"))
        self.assertEqual([], self.fabric.getDelayedCalls())

    def test_closed_meanwhile(self) -> None:
        """A server that has closed, or says 421, while nobody spoke is connected to again; one that
        says 421 to a fresh connection is believed."""
        for word in (b"", b"421 4.4.2 timeout\r\n"):
            self.serve()
            mailer = self.mailer()
            self.send(mailer)
            server = self.fabric.connections[0].server
            if word:
                server.write(word)
            else:
                server.loseConnection()
            self.fabric.settle()
            self.assertTrue(self.send(mailer).taken)
            self.assertEqual(2, len(self.fabric.connections))

    def test_closed_in_the_envelope(self) -> None:
        """So is one that goes when MAIL is said; not one that goes when the content has begun."""
        self.serve()
        mailer = self.mailer()
        self.send(mailer)
        self.patch(self.fabric.connections[0].server.protocol, "dataReceived", self.ending)
        self.assertTrue(self.run_(mailer.send(BODY, "x@y.test", [ALICE]))[0].taken)
        self.assertEqual(2, len(self.fabric.connections))
        self.patch(self.fabric.connections[1].server.protocol, "dataReceived", self.leaving)
        self.fail_(mailer.send(BODY, "x@y.test", [ALICE]), ConnectionLost)
        self.assertEqual(2, len(self.fabric.connections))

    def ending(self, data: bytes) -> None:
        """Answer as a server that ends the session meanwhile."""
        self.fabric.connections[0].server.write(b"421 4.4.2 timeout\r\n")

    def leaving(self, data: bytes) -> None:
        """Answer as a server that takes all, and goes when the content has begun."""
        server = self.fabric.connections[1].server
        if b"hello" in data:
            server.abortConnection()
        else:
            server.write(b"250 ok\r\n250 ok\r\n354 go\r\n")

    def test_two_at_once(self) -> None:
        """Two messages at once have two connections; no more are kept than wanted."""
        self.serve()
        mailer = self.mailer(kept=1)
        sendings = [ensureDeferred(mailer.send(BODY, "x@y.test", [ALICE])) for _ in range(2)]
        self.fabric.settle()
        for each in sendings:
            self.assertTrue(self.successResultOf(each)[0].taken)
        self.assertEqual(1, self.said().count(b"QUIT\r\n"))

    def test_deadline(self) -> None:
        """What is not done in time is given up, and its connection with it."""
        self.serve()
        mailer = self.mailer()
        self.receiver.sync = Deferred()
        sending = self.begin(mailer.send(BODY, "x@y.test", [ALICE], seconds=20.0))
        self.assertNoResult(sending)
        self.fabric.advance(21)
        self.failureResultOf(sending, Timeout)
        self.assertTrue(self.fabric.connections[0].client.disconnected)
        self.receiver.sync = None
        self.assertTrue(self.send(mailer, seconds=20.0).taken)
        self.assertEqual(2, len(self.fabric.connections))


class Secured(Case):
    """TLS and logins."""

    good = authority.server_context("mx.example.test")
    context = authority.client_options("mx.example.test")

    def test_login_takes_tls(self) -> None:
        """A password goes under TLS, or on this machine, by the strongest mechanism there is."""
        self.serve(Mode.SUBMISSION, address="192.0.2.1", server_tls=self.good)
        mailer = self.mailer(login=("alice", "secret"), tls_context=self.context)
        (sent,) = self.run_(mailer.send(BODY, ALICE, [BOB]))
        self.assertTrue(sent.taken)
        self.assertNotIn(b"AUTH", self.said())
        self.serve(Mode.SUBMISSION, address="192.0.2.1")
        for security in (None, TLSUse.REQUIRED, TLSUse.OPPORTUNISTIC, TLSUse.NONE):
            mailer = self.mailer(
                login=("alice", "secret"), tls_context=self.context, security=security
            )
            self.fail_(mailer.send(BODY, ALICE, [BOB]), NotOffered)
            self.assertNotIn(b"AUTH", self.said())
        self.serve(Mode.SUBMISSION)
        (sent,) = self.run_(self.mailer(login=("alice", "secret")).send(BODY, ALICE, [BOB]))
        self.assertTrue(sent.taken)
        self.assertIn(b"AUTH PLAIN", self.said())
        self.fail_(
            self.mailer(login=("alice", "wrong")).send(BODY, ALICE, [BOB]), AuthenticationFailed
        )

    def test_bad_certificates(self) -> None:
        """A wrong name, an unknown authority, a certificate that is over: no word in the clear."""
        for server_tls in (
            authority.server_context("other.example.test"),
            unknown_authority.server_context("mx.example.test"),
            authority.server_context("mx.example.test", expired=True),
        ):
            for security in (TLSUse.REQUIRED, TLSUse.OPPORTUNISTIC):
                self.serve(address="192.0.2.1", server_tls=server_tls)
                mailer = self.mailer(tls_context=self.context, security=security)
                self.fail_(mailer.send(BODY, "x@y.test", [ALICE]), TLSFailure)
                self.assertNotIn(b"MAIL", self.said())
                self.assertEqual(1, len(self.fabric.connections))

    def test_as_wanted(self) -> None:
        """Opportunistic takes what there is; none takes none; what cannot be verified is left."""
        for server_tls, security, secure in (
            (self.good, TLSUse.OPPORTUNISTIC, True),
            (self.good, None, True),
            (self.good, TLSUse.REQUIRED, True),
            (None, TLSUse.OPPORTUNISTIC, False),
            (None, None, False),
            (self.good, TLSUse.NONE, False),
        ):
            self.serve(address="192.0.2.1", server_tls=server_tls)
            mailer = self.mailer(tls_context=self.context, security=security)
            (sent,) = self.run_(mailer.send(BODY, "x@y.test", [ALICE]))
            self.assertTrue(sent.taken)
            self.assertEqual(secure, b"MAIL" not in self.said())
        for security in (TLSUse.REQUIRED, TLSUse.IMPLICIT):
            self.assertRaises(ValueError, self.mailer, security=security)
        self.serve(Mode.SUBMISSION, address="192.0.2.1", server_tls=self.good)
        self.fail_(self.mailer(login=("alice", "secret")).send(BODY, ALICE, [BOB]), TLSFailure)

    def test_implicit(self) -> None:
        """TLS from the first octet."""
        self.serve(address="192.0.2.1", server_tls=self.good, implicit=True)
        mailer = self.mailer(tls_context=self.context, security=TLSUse.IMPLICIT)
        (sent,) = self.run_(mailer.send(BODY, "x@y.test", [ALICE]))
        self.assertTrue(sent.taken)
        self.assertNotIn(b"EHLO", self.said())


class Places(SynchronousTestCase):
    """URLs of mail servers."""

    def test_good(self) -> None:
        """Scheme, host, port, login, or the path of a socket."""
        for url, place in {
            "smtp://h": Place("h", 25),
            "smtp://h:2525/": Place("h", 2525),
            "submission://a%40b:c%2Fd@h": Place("h", 587, login=("a@b", "c/d")),
            "smtps://[::1]": Place("::1", 465, implicit=True),
            "submissions://h": Place("h", 465, implicit=True),
            "lmtp://h": Place("h", 24, lmtp=True),
            "lmtp:///run/a%20b.sock": Place("", 24, path="/run/a b.sock", lmtp=True),
            "smtp://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.test": Place(
                "xn--bcher-kva.test", 25
            ),
        }.items():
            self.assertEqual(place, parse_place(url), url)

    def test_bad(self) -> None:
        """What is no URL of a mail server is refused."""
        for url in (
            "", "h", "http://h", "smtp://", "smtp:///x", "smtp://h/x", "smtp://h?x", "smtp://h:x",
            "smtp://h:99999", "smtp://h\r\n", "smtp://a b", "lmtp:///", "lmtp:///%00", "smtp://h\0",
        ):  # fmt: skip
            self.assertRaises(ValueError, parse_place, url)
        self.assertRaises(ValueError, Mailer, "http://h", reactor=Clock())

    def test_password_in_no_error(self) -> None:
        """Neither what is wrong with a URL nor the place that it is tells a password."""
        for url in (
            "smtp://me:secret", "smtp://me:secret/x@h", "smtp://me:secret[@h", "smtp://me:se?cret@h",
            "smtp://me:\N{ACCOUNT OF}secret@h", "smtp://me:secret@b\xfcc..her.test",
        ):  # fmt: skip
            with self.assertRaises(ValueError) as raised:
                parse_place(url)
            self.assertNotIn("secret", str(raised.exception), url)
        self.assertNotIn("secret", repr(parse_place("smtp://me:secret@h")))

    def test_reached(self) -> None:
        """A URL's mailer connects where it says."""
        for url in ("smtp://127.0.0.1:8025", "lmtp:///run/lmtp.sock", "smtps://me:secret@h.test"):
            self.assertIsInstance(Mailer(url, reactor=MemoryReactorClock()), Mailer)


class Package(SynchronousTestCase):
    """``netsuite.smtp`` itself."""

    def test_names(self) -> None:
        """It has what a program needs, and nothing else."""
        self.assertIs(send, smtp.send)
        self.assertIs(Mailer, smtp.Mailer)
        for name in ("Result", "SMTPClient", "TLSUse", "connect"):
            self.assertTrue(hasattr(smtp, name))
        self.assertFalse(hasattr(smtp, "nothing"))
