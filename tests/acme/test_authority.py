"""An authority as its client sees it: accounts, bad nonces, what is no answer at all."""

from __future__ import annotations

import base64
from typing import Any

import requests
from cryptography import x509
from requests.adapters import HTTPAdapter

from netsuite.acme import authority as authority_module
from netsuite.acme.advice import HTTP
from netsuite.acme.authority import Authority, Refused, certificate_id, new_key
from netsuite.acme.ordering import request_for
from netsuite.testing.cases import SynchronousTestCase
from tests.acme.authority_double import DIRECTORY, Problem, decoded
from tests.acme.worlds import NOW, World
from tests.connection.places import temporary

CSR = request_for("a.test", new_key())


class Case(SynchronousTestCase):
    """An authority that is asked."""

    def setUp(self) -> None:
        self.world = World(temporary(self))
        self.double = self.world.double

    def refused(self, authority: Authority | None = None) -> Refused:
        with self.assertRaises(Refused) as caught:
            (authority or self.world.authority()).order(CSR)
        return caught.exception


class Accounts(Case):
    """Our account there."""

    def test_made_once(self) -> None:
        """The first order makes it, later ones and later starts use it."""
        authority = self.world.authority(contact="ann@b.test")
        authority.order(CSR)
        authority.order(CSR)
        self.world.authority(contact="ann@b.test").order(CSR)
        (account,) = self.double.accounts.values()
        self.assertEqual(["mailto:ann@b.test"], account["contact"])
        self.assertEqual(1, self.double.requests.count("POST account"))

    def test_known_key(self) -> None:
        """After a crash before its address was kept, the key leads to the same account."""
        self.world.authority().order(CSR)
        account = self.world.folder.account(DIRECTORY)
        assert account is not None
        self.world.folder.save_account(type(account)(DIRECTORY, account.key))
        self.world.authority().order(CSR)
        self.assertEqual(1, len(self.double.accounts))

    def test_forgotten(self) -> None:
        """An authority that has forgotten it, as those for tests do, gets another."""
        authority = self.world.authority()
        authority.order(CSR)
        self.double.accounts.clear()
        authority.order(CSR)
        self.assertEqual(1, len(self.double.accounts))

    def test_contact_changes(self) -> None:
        """Another contact is told, once."""
        self.world.authority().order(CSR)
        self.world.authority(contact="bob@b.test").order(CSR)
        (account,) = self.double.accounts.values()
        self.assertEqual(["mailto:bob@b.test"], account["contact"])
        count = len(self.double.requests)
        self.world.authority(contact="bob@b.test").order(CSR)
        self.assertEqual(["GET directory", "HEAD nonce", "POST order", "POST authorization"],
                         self.double.requests[count:])  # fmt: skip

    def test_external(self) -> None:
        """An authority of customers is told whose key it is; without that, or with another, the
        refusal says what to change."""
        secret = b"\xfb\xff secret of a customer 0123456789"
        text = base64.urlsafe_b64encode(secret).decode().rstrip("=")
        self.double.external["customer-7"] = secret
        self.assertEqual("externalAccountRequired", self.refused().code)

        def missing() -> tuple[str, str]:
            raise FileNotFoundError(2, "No such file or directory", "/x")

        refused = self.refused(self.world.authority(external=missing))
        self.assertEqual(("externalAccount", "No such file or directory"),
                         (refused.code, refused.detail))  # fmt: skip
        wrong = self.world.authority(external=lambda: ("customer-7", "b3RoZXI"))
        self.assertEqual("unauthorized", self.refused(wrong).code)
        self.world.authority(external=lambda: ("customer-7", text)).order(CSR)
        self.assertEqual(1, len(self.double.accounts))

    def test_cannot_be_kept(self) -> None:
        """Where the account cannot be written down, that is what is said."""

        def full(account: object) -> None:
            raise OSError(28, "No space left on device", "/x/account")

        self.patch(type(self.world.folder), "save_account", lambda self, account: full(account))
        refused = self.refused()
        self.assertEqual("file", refused.code)
        self.assertIn("No space left", refused.detail)


class Troubles(Case):
    """What else can come."""

    def test_bad_nonce(self) -> None:
        """Nonces that are not taken cost some more requests, and no certificate; but not without
        end."""
        for count in (1, 2, 5):
            self.double.bad_nonces = count
            self.world.authority().order(CSR)
        self.double.bad_nonces = 1000
        count = len(self.double.requests)
        self.assertEqual("badNonce", self.refused().code)
        self.assertLess(len(self.double.requests) - count, 20)

    def test_rate_limit(self) -> None:
        """The wish to be left alone is told, with how long."""
        self.double.problems["order"] = Problem("rateLimited", "too many", 429, "3600")
        refused = self.refused()
        self.assertEqual(("rateLimited", "too many", 3600.0),
                         (refused.code, refused.detail, refused.retry_seconds))  # fmt: skip
        del self.double.problems["order"]
        self.double.problems["order"] = Problem("serverInternal", "", 503)
        self.assertIsNone(self.refused().retry_seconds)

    def test_compound(self) -> None:
        """Of an error of several the first says what to change, and all are quoted."""
        problem = Problem("compound", "see below", 403)
        problem.body["subproblems"] = [  # type: ignore[assignment]
            {"type": "urn:ietf:params:acme:error:caa", "detail": "forbidden"},
            {"type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": "never"},
        ]
        self.double.problems["order"] = problem
        refused = self.refused()
        self.assertEqual(("caa", "see below; forbidden; never"), (refused.code, refused.detail))

    def test_unreachable(self) -> None:
        """Where nobody answers, the reason is told without objects of the library."""
        self.world.transport.error = requests.ConnectionError("refused")
        self.assertEqual("unreachable", self.refused().code)

    def test_no_authority(self) -> None:
        """What is no answer of an authority's is a refusal, and no fault of ours."""
        good = self.world.transport.send

        for text in (
            b"",
            b"<html>",
            b"[]",
            b"5",
            b"{}",
            b'{"newNonce": 5}',
            b"[" * 50_000,
            b'{"meta": []}',
            b"\xff\xfe",
            b'{"newNonce": "https://x/", "meta": null}',
        ):

            def nonsense(request: Any, text: bytes = text, **_: Any) -> Any:
                response = good(request)
                response._content = text
                return response

            self.patch(self.world.transport, "send", nonsense)
            self.assertIn(self.refused().code, ("malformed", "unreachable"), text[:50])

    def test_order_without_sense(self) -> None:
        """Neither is an order that lacks what each has."""
        good = self.double.answer
        for text in (
            b"{}",
            b'{"authorizations": [5]}',
            b'{"authorizations": null}',
            b"null",
            b'{"status": "odd"}',
            b'{"authorizations": ["ftp://x/"], "identifiers": 5}',
        ):

            def nonsense(method: str, path: str, body: bytes, text: bytes = text) -> Any:
                status, fields, said = good(method, path, body)
                return status, fields, text if path.startswith("/order") else said

            self.double.answer = nonsense  # type: ignore[method-assign]
            self.assertIn(self.refused().code, ("malformed", "unreachable"), text)

    def test_long_answer(self) -> None:
        """An answer without end is cut off."""

        class Raw:
            def read(self, octets: int, decode_content: bool) -> bytes:
                return b"x" * octets

            def close(self) -> None:
                pass

        response = requests.Response()
        response.raw = Raw()
        self.patch(HTTPAdapter, "send", lambda *_, **__: response)
        with self.assertRaises(requests.RequestException) as caught:
            authority_module._Transport(None).send(requests.PreparedRequest())
        self.assertIn("longer than", str(caught.exception))

    def test_tokens_are_checked(self) -> None:
        """The key authorization is the token, and the hash of the account's key."""
        order = self.world.authority().order(CSR)
        (authorization,) = order.authorizations
        self.assertEqual({"http-01", "tls-alpn-01"}, set(authorization.challenges))
        token, _, thumbprint = authorization.challenges[HTTP].authorization.partition(".")
        self.assertEqual((32, 32), (len(decoded(token)), len(decoded(thumbprint))))


class Renewals(Case):
    """When to renew (RFC 9773)."""

    def test_identifier(self) -> None:
        """The RFC's own example, by its numbers."""
        octets = bytes.fromhex("69885B6B8746407D4FB6E36F4C4CF63A1F6B1FF6".lower())

        class Leaf:
            serial_number = 0x87654321

            class extensions:  # noqa: N801
                @staticmethod
                def get_extension_for_class(kind: object) -> Any:
                    return type("E", (), {"value": type("V", (), {"key_identifier": octets})})

        leaf: Any = Leaf()
        self.assertEqual("aYhba4dGQH1PtuNvTEz2Oh9rH_Y.AIdlQyE", certificate_id(leaf))

    def test_window(self) -> None:
        """The window as the authority has it; None where it has none."""
        authority = self.world.authority()
        leaf: x509.Certificate = self.double.certificate
        self.assertIsNone(authority.window(leaf))
        self.double.window = NOW, NOW
        self.assertEqual((NOW, NOW, None), self.world.authority().window(leaf))
