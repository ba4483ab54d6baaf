"""Mechanisms against each other, against the RFCs' examples, and against nonsense."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netsuite import sasl
from netsuite.sasl.interfaces import (
    AskCertificate,
    AskPassword,
    AskScramVerifier,
    AskSharedSecret,
    AskToken,
    Challenge,
    Failure,
    Success,
)
from netsuite.sasl.prepare import Unpreparable, saslprep
from netsuite.sasl.registry import SCRAM, STRONGEST_FIRST
from netsuite.sasl.scram import keys, salted_password
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire import base64
from netsuite.wire.errors import RemoteProtocolError

BINDING = bytes(range(32))
SALT = base64.decode(b"W22ZaJ0SNY7soEsUEjb6gQ==")


def nonce() -> bytes:
    return b"%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"


class Accounts:
    """Answers questions as the accounts would: alice, with one password and one token."""

    def __init__(self, username: str = "alice", password: str = "pencil") -> None:
        self.username, self.password = username, password

    def answer(self, asked: Any) -> object:
        match asked:
            case AskPassword(username, password):
                return (username, password) == (self.username, self.password)
            case AskScramVerifier(username, hash_name):
                password = self.password if username == self.username else "nobody's"
                salted = salted_password(password, SALT, 4096, hash_name)
                return SALT, 4096, *keys(salted, hash_name)[1:]
            case AskSharedSecret(username):
                return self.password.encode() if username == self.username else None
            case AskToken(_, token):
                return self.username if token == "t0k.en=" else None
            case AskCertificate():
                return self.username
        raise AssertionError(asked)


def converse(
    server: Any, client: Any, accounts: Accounts | None = None, *, initial: bool = True
) -> Any:
    """Let both sides talk until the server has decided; tell the client of a success."""
    accounts = accounts or Accounts()
    first = client.initial()
    step = server.start(first if initial else None)
    if not initial and first is not None:
        assert step == Challenge(b"")
        step = server.respond(first)
    while not isinstance(step, Success | Failure):
        if isinstance(step, Challenge):
            step = server.respond(client.respond(step.octets))
        else:
            step = server.answer(accounts.answer(step))
    if isinstance(step, Success):
        client.finished(step.octets)
    return step


def both(name: str, *, server_binding: bytes | None = None, **more: Any) -> tuple[Any, Any]:
    server = sasl.server(name, nonce=nonce, host="mail.test", binding=server_binding)
    return server, sasl.client(name, nonce=nonce, **more)


class Agreement(SynchronousTestCase):
    """Both sides of each mechanism understand each other."""

    def test_right_password(self) -> None:
        """Whoever knows the password comes in, with and without an initial response."""
        for name in [*SCRAM, "CRAM-MD5", "PLAIN", "LOGIN"]:
            for initial in (True, False):
                binding = BINDING if SCRAM.get(name, ("", False))[1] else None
                server, client = both(
                    name, server_binding=binding, username="alice", password="pencil",
                    binding=binding,
                )  # fmt: skip
                step = converse(server, client, initial=initial)
                self.assertIsInstance(step, Success, name)
                self.assertEqual("alice", step.username)
                self.assertEqual(name, server.name)
                self.assertEqual(name, client.name)

    def test_wrong_password(self) -> None:
        """Whoever does not know it does not; and the name is told, for throttling."""
        for name in [*SCRAM, "CRAM-MD5", "PLAIN", "LOGIN"]:
            for username, password in [("alice", "Pencil"), ("bob", "pencil")]:
                server, client = both(
                    name, server_binding=BINDING, username=username, password=password,
                    binding=BINDING if name.endswith("PLUS") else None,
                )  # fmt: skip
                step = converse(server, client)
                self.assertIsInstance(step, Failure, name)
                self.assertEqual(username, step.username)
                self.assertFalse(step.malformed)

    def test_any_text(self) -> None:
        """Names and passwords may hold what their escapes are made of, and any language."""
        for name in [*SCRAM, "CRAM-MD5", "PLAIN", "LOGIN"]:
            for username, password in [("a=b,c", "p,=d"), ("Jürgen", "Grüße 🦄"), ("a b", " x ")]:
                server, client = both(
                    name, server_binding=BINDING, username=username, password=password,
                    binding=BINDING if name.endswith("PLUS") else None,
                )  # fmt: skip
                step = converse(server, client, Accounts(username, password))
                self.assertIsInstance(step, Success, f"{name} {username}")
                self.assertEqual(username, step.username)

    def test_acting_as_another(self) -> None:
        """Whom to act as arrives, for the accounts to decide."""
        for name in ["SCRAM-SHA-256", "PLAIN"]:
            server, client = both(name, username="alice", password="pencil", authorize_as="b=o,b")
            self.assertEqual("b=o,b", converse(server, client).authorize_as)

    def test_tokens(self) -> None:
        """A good token lets in; a bad one is refused with a reason, and then finally."""
        for name in ["OAUTHBEARER", "XOAUTH2"]:
            server, client = both(name, username="alice", token="t0k.en=")
            self.assertEqual(Success("alice"), converse(server, client))
            server, client = both(name, username="alice", token="bad")
            step = converse(server, client)
            self.assertEqual(Failure("bad token", username="alice"), step)
            self.assertIn(b"invalid_token", client.refusal)
            self.assertRaises(RemoteProtocolError, client.respond, b"again")
            self.assertRaises(RemoteProtocolError, client.finished, None)

    def test_token_for_another(self) -> None:
        """A token of alice's with bob's name asks to act as bob."""
        server, client = both("XOAUTH2", username="bob", token="t0k.en=")
        self.assertEqual(Success("alice", "bob"), converse(server, client))

    def test_certificate_and_nobody(self) -> None:
        """EXTERNAL and ANONYMOUS."""
        server, client = both("EXTERNAL", authorize_as="carol")
        self.assertEqual(Success("alice", "carol"), converse(server, client))
        server, client = both("ANONYMOUS", username="me@example.test")
        self.assertEqual(Success("", trace="me@example.test"), converse(server, client))
        server = sasl.server("ANONYMOUS", nonce=nonce)
        assert server is not None
        self.assertIsInstance(server.start(b"x" * 256), Failure)
        self.assertIsInstance(server.start(b""), Success)


class Vectors(SynchronousTestCase):
    """The RFCs' own examples, octet by octet."""

    def scram(self, hash_name: str, lines: list[bytes], client_nonce: bytes, more: bytes) -> None:
        client = sasl.client(
            f"SCRAM-{hash_name}", nonce=lambda: client_nonce, username="user", password="pencil"
        )
        server = sasl.server(f"SCRAM-{hash_name}", nonce=lambda: more)
        assert client is not None
        assert server is not None
        client_first, server_first, client_final, server_final = lines
        self.assertEqual(client_first, client.initial())
        self.assertEqual(AskScramVerifier("user", hash_name), server.start(client_first))
        salt = base64.decode(server_first.partition(b",s=")[2].partition(b",")[0])
        salted = salted_password("pencil", salt, 4096, hash_name)
        step = server.answer((salt, 4096, *keys(salted, hash_name)[1:]))
        self.assertEqual(Challenge(server_first), step)
        self.assertEqual(client_final, client.respond(server_first))
        self.assertEqual(Success("user", octets=server_final), server.respond(client_final))
        client.finished(server_final)

    def test_scram_sha_1(self) -> None:
        """RFC 5802, 5."""
        self.scram(
            "SHA-1",
            [
                b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
                b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
                b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
                b"p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
                b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            ],
            b"fyko+d2lbbFgONRv9qkxdawL",
            b"3rfcNHYJY1ZVvWVs7j",
        )

    def test_scram_sha_256(self) -> None:
        """RFC 7677, 3."""
        self.scram(
            "SHA-256",
            [
                b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
                b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                b"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ],
            b"rOprNGfwEbeRWgbNEkqO",
            b"%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        )

    def test_cram_md5(self) -> None:
        """RFC 2195, 2."""
        client = sasl.client("CRAM-MD5", nonce=nonce, username="tim", password="tanstaaftanstaaf")
        assert client is not None
        self.assertEqual(
            b"tim b913a602c7eda7a495b4e6e7334d3890",
            client.respond(b"<1896.697170952@postoffice.reston.mci.net>"),
        )

    def test_plain(self) -> None:
        """RFC 4616, 4."""
        server = sasl.server("PLAIN", nonce=nonce)
        assert server is not None
        self.assertEqual(
            AskPassword("Kurt", "xipj3plmq", "Ursel"), server.start(b"Ursel\0Kurt\0xipj3plmq")
        )

    def test_oauthbearer(self) -> None:
        """RFC 7628, 4.1, and 4.4's message with host and port."""
        server = sasl.server("OAUTHBEARER", nonce=nonce)
        assert server is not None
        self.assertEqual(
            AskToken("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="),
            server.start(
                b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01"
                b"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
            ),
        )


class Binding(SynchronousTestCase):
    """Who sits between both sides is noticed."""

    def exchange(self, server_name: str, first: bytes, server_binding: bytes | None) -> Any:
        server = sasl.server(server_name, nonce=nonce, binding=server_binding)
        assert server is not None
        return server.start(first)

    def test_another_channel(self) -> None:
        """Two TLS connections joined in the middle have two bindings."""
        server, client = both(
            "SCRAM-SHA-256-PLUS", server_binding=BINDING, username="alice", password="pencil",
            binding=bytes(32),
        )  # fmt: skip
        step = converse(server, client)
        self.assertEqual("another channel than ours", step.reason)

    def test_downgrade(self) -> None:
        """A client that could have bound and was not offered to says so, and is refused."""
        server, client = both(
            "SCRAM-SHA-256", server_binding=BINDING, username="alice", password="pencil",
            binding=BINDING,
        )  # fmt: skip
        self.assertEqual(b"y,,", client.initial()[:3])
        self.assertIn("downgrade", converse(server, client).reason)

    def test_no_downgrade(self) -> None:
        """The same client is welcome where there is nothing to bind to on our side."""
        server, client = both("SCRAM-SHA-256", username="alice", password="pencil", binding=BINDING)
        self.assertIsInstance(converse(server, client), Success)

    def test_flags(self) -> None:
        """Every flag where it does not belong."""
        rest = b"n=alice,r=abc"
        for name, header, fine in [
            ("SCRAM-SHA-256", b"n,,", True),
            ("SCRAM-SHA-256", b"y,,", False),
            ("SCRAM-SHA-256", b"p=tls-exporter,,", False),
            ("SCRAM-SHA-256-PLUS", b"n,,", False),
            ("SCRAM-SHA-256-PLUS", b"y,,", False),
            ("SCRAM-SHA-256-PLUS", b"p=tls-exporter,,", True),
            ("SCRAM-SHA-256-PLUS", b"p=tls-unique,,", False),
            ("SCRAM-SHA-256-PLUS", b"p=,,", False),
        ]:
            step = self.exchange(name, header + rest, BINDING)
            self.assertEqual(fine, isinstance(step, AskScramVerifier), (name, header))

    def test_header_is_part_of_the_proof(self) -> None:
        """The flag and the name to act as cannot be changed on their way."""
        client = sasl.client(
            "SCRAM-SHA-256", nonce=nonce, username="alice", password="pencil", authorize_as="bob"
        )
        assert client is not None
        first = client.initial()
        assert first is not None
        server = sasl.server("SCRAM-SHA-256", nonce=nonce)
        assert server is not None
        asked = server.start(first.replace(b"a=bob", b"a=eve"))
        challenge = server.answer(Accounts().answer(asked))
        assert isinstance(challenge, Challenge)
        self.assertIsInstance(server.respond(client.respond(challenge.octets)), Failure)

    def test_needs_binding(self) -> None:
        """Without a binding there is no -PLUS, on neither side."""
        self.assertEqual((None, None), both("SCRAM-SHA-256-PLUS", username="a", password="b"))


class Distrust(SynchronousTestCase):
    """A client believes only a server that knows the password."""

    def client(self) -> Any:
        return sasl.client(
            "SCRAM-SHA-256", nonce=lambda: b"abc", username="alice", password="pencil"
        )

    def test_success_without_proof(self) -> None:
        """Success is not enough."""
        client = self.client()
        client.respond(b"r=abcdef,s=QSXCR+Q6sek8bf92,i=4096")
        self.assertRaises(RemoteProtocolError, client.finished, None)
        self.assertRaises(RemoteProtocolError, self.client().finished, None)

    def test_wrong_proof(self) -> None:
        """Nor is a proof of something else, or an error."""
        for octets in [b"v=" + base64.encode(bytes(32)), b"e=invalid-proof", b"", b"v=?", b"x=1"]:
            client = self.client()
            client.respond(b"r=abcdef,s=QSXCR+Q6sek8bf92,i=4096")
            self.assertRaises(RemoteProtocolError, client.respond, octets)

    def test_proof_in_a_challenge(self) -> None:
        """The proof may come as a challenge of its own, where a protocol knows no other way."""
        server, client = both("SCRAM-SHA-256", username="alice", password="pencil")
        step = server.start(client.initial())
        step = server.answer(Accounts().answer(step))
        step = server.respond(client.respond(step.octets))
        self.assertEqual(b"", client.respond(step.octets))
        client.finished(None)

    def test_first_message(self) -> None:
        """Foreign nonces, and iterations that are too few or too many."""
        for octets in [
            b"r=abc,s=QSXCR+Q6sek8bf92,i=4096",
            b"r=xyzdef,s=QSXCR+Q6sek8bf92,i=4096",
            b"r=abcdef,s=QSXCR+Q6sek8bf92,i=4095",
            b"r=abcdef,s=QSXCR+Q6sek8bf92,i=9999999",
            b"r=abcdef,s=QSXCR+Q6sek8bf92,i=0",
            b"r=abcdef,s=?,i=4096",
            b"m=x,r=abcdef,s=QSXCR+Q6sek8bf92,i=4096",
            b"", b"\xff", b"e=other-error",
        ]:  # fmt: skip
            self.assertRaises(RemoteProtocolError, self.client().respond, octets)

    def test_too_many_challenges(self) -> None:
        """A mechanism that has said all says no more."""
        for name, challenges in [("PLAIN", 0), ("LOGIN", 2), ("CRAM-MD5", 1), ("EXTERNAL", 0)]:
            _, client = both(name, username="a", password="b")
            for _ in range(challenges):
                client.respond(b"x")
            self.assertRaises(RemoteProtocolError, client.respond, b"x")


class Malformed(SynchronousTestCase):
    """What breaks a grammar is told apart from what is wrong."""

    def test_messages(self) -> None:
        """Each of these is nobody's guess."""
        for name, message in [
            ("PLAIN", b""), ("PLAIN", b"alice"), ("PLAIN", b"\0alice"), ("PLAIN", b"\0alice\0"),
            ("PLAIN", b"\0\0pencil"), ("PLAIN", b"\0a\0b\0c"), ("PLAIN", b"\0\xff\0b"),
            ("PLAIN", b"\0alice\0" + b"x" * 2000),
            ("LOGIN", b""), ("LOGIN", b"\xff"),
            ("CRAM-MD5", b"alice 0123"),
            ("SCRAM-SHA-256", b""), ("SCRAM-SHA-256", b"n,,"), ("SCRAM-SHA-256", b"n,,n=a"),
            ("SCRAM-SHA-256", b"n,,n=,r=abc"), ("SCRAM-SHA-256", b"n,,n=a=b,r=abc"),
            ("SCRAM-SHA-256", b"n,,m=x,n=a,r=abc"), ("SCRAM-SHA-256", b"n,b,n=a,r=abc"),
            ("SCRAM-SHA-256", b"n,,n=a,r=ab c"), ("SCRAM-SHA-256", b"n,,n=a\0b,r=abc"),
            ("SCRAM-SHA-256", b"n,,n=a,r=" + b"x" * 5000), ("SCRAM-SHA-256", b"\xff"),
            ("OAUTHBEARER", b""), ("OAUTHBEARER", b"n,,\x01auth=Basic x\x01\x01"),
            ("OAUTHBEARER", b"n,,\x01auth=Bearer x"), ("OAUTHBEARER", b"n,,\x01\x01"),
            ("OAUTHBEARER", b"n,,\x01auth=Bearer x\x01auth=Bearer y\x01\x01"),
            ("OAUTHBEARER", b"\xff"), ("OAUTHBEARER", b"x" * 20_000),
            ("XOAUTH2", b"auth=Bearer x\x01\x01"), ("XOAUTH2", b"user=a\x01\x01"),
            ("EXTERNAL", b"\0"), ("ANONYMOUS", b"\xff"),
        ]:  # fmt: skip
            server = sasl.server(name, nonce=nonce)
            assert server is not None
            step = server.start(message)
            self.assertIsInstance(step, Failure, f"{name} {message!r}")
            assert isinstance(step, Failure)
            self.assertTrue(step.malformed, (name, message))

    def test_final_messages(self) -> None:
        """The same for what comes after SCRAM's challenge."""
        for final in [
            b"", b"c=biws,r=x", b"c=biws,r=x,p=", b"c=biws,r=x,p=AAAA", b"c=?,r=x,p=AAAA",
            b"c=biws,r=abc%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=AAAA",
            b"c=biwsAA==,r=abc%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=AAAA",
        ]:  # fmt: skip
            server = sasl.server("SCRAM-SHA-256", nonce=nonce)
            assert server is not None
            step = server.answer(Accounts().answer(server.start(b"n,,n=alice,r=abc")))
            self.assertIsInstance(step, Challenge)
            self.assertIsInstance(server.respond(final), Failure, repr(final))


@given(
    message=st.binary(max_size=80) | st.text("nyp=,arm\x01\0 uthBe", max_size=40).map(str.encode)
)
def test_no_message_breaks_a_mechanism(message: bytes) -> None:
    """Whatever comes, a step comes out and no exception."""
    for name in STRONGEST_FIRST:
        server = sasl.server(name, nonce=nonce, binding=BINDING)
        assert server is not None
        for step in (server.start(message), server.start(None)):
            assert step is not None


class Choosing(SynchronousTestCase):
    """The strongest that both sides can do."""

    def test_strongest(self) -> None:
        """In order, and never a clear password where it may not be shown."""
        everything = list(reversed(STRONGEST_FIRST))
        for more, expected in [
            ({"password": True, "binding": True}, "SCRAM-SHA-256-PLUS"),
            ({"password": True}, "SCRAM-SHA-256"),
            ({"token": True}, "OAUTHBEARER"),
            ({"certificate": True, "password": True}, "EXTERNAL"),
            ({"anonymous": True}, "ANONYMOUS"),
            ({}, None),
        ]:
            self.assertEqual(expected, sasl.choose(everything, **more), more)
        self.assertEqual("PLAIN", sasl.choose(["login", "plain"], password=True))
        self.assertIs(None, sasl.choose(["login", "plain"], password=True, clear=False))
        self.assertEqual("CRAM-MD5", sasl.choose(["PLAIN", "CRAM-MD5"], password=True))

    def test_unknown(self) -> None:
        """A name nobody knows is no mechanism."""
        self.assertIs(None, sasl.server("GSSAPI", nonce=nonce))
        self.assertIs(None, sasl.client("GSSAPI", nonce=nonce))


class Preparation(SynchronousTestCase):
    """RFC 4013, 3."""

    def test_examples(self) -> None:
        """What looks the same is the same."""
        for text, prepared in [
            ("I\u00adX", "IX"), ("user", "user"), ("USER", "USER"), ("\u00aa", "a"),
            ("\u2168", "IX"), ("a\u00a0b", "a b"),
        ]:  # fmt: skip
            self.assertEqual(prepared, saslprep(text))
        for text in ["\x07", "\u0627\u0031", "\ue000", "\u06271"]:
            self.assertRaises(Unpreparable, saslprep, text)

    def test_same_password(self) -> None:
        """One password typed in two ways has one proof."""
        server, client = both("SCRAM-SHA-256", username="alice", password="I\u00adX")
        self.assertIsInstance(converse(server, client, Accounts(password="\u2168")), Success)
