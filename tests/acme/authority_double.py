"""An authority that speaks ACME (RFC 8555): it checks signatures, nonces and states."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from requests.adapters import BaseAdapter

from netsuite.acme.advice import HTTP, TLS

BASE: Final = "https://authority.test"
DIRECTORY: Final = f"{BASE}/directory"
ERROR: Final = "urn:ietf:params:acme:error:"


def encoded(octets: bytes) -> str:
    """Return base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """Return what base64url without padding stands for."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Problem(Exception):
    """An answer that is an error (RFC 8555, 6.7)."""

    def __init__(self, code: str, detail: str = "", status: int = 400, retry: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.retry = retry
        self.body = {"type": ERROR + code, "detail": detail or f"said of {code}"}


@dataclass
class Authorized:
    """An authorization and its challenges."""

    name: str
    status: str = "pending"
    kinds: tuple[str, ...] = (HTTP, TLS)
    error: Mapping[str, object] | None = None
    tried: str = ""
    looks: int = 0


@dataclass
class Ordered:
    """An order."""

    names: list[str]
    authorization: int
    status: str = "pending"
    csr: x509.CertificateSigningRequest | None = None
    looks: int = 0


@dataclass
class Double:
    """The authority.

    Args:
        judge: looks whether a challenge is met: kind, name, token, key authorization. Returns the
            code of an error; empty where it is.
        base: of its URLs.
    """

    judge: Callable[[str, str, str, str], str]
    base: str = BASE
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    lifetime: timedelta = timedelta(days=90)
    kinds: tuple[str, ...] = ("dns-01", HTTP, TLS)
    external: dict[str, bytes] = field(default_factory=dict)
    #: What goes wrong: so many nonces, looks that say it goes on, and an error by resource.
    bad_nonces: int = 0
    slow: int = 0
    problems: dict[str, Problem] = field(default_factory=dict)
    window: tuple[datetime, datetime] | None = None
    other_key: bool = False
    requests: list[str] = field(default_factory=list)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: list[Ordered] = field(default_factory=list)
    authorizations: list[Authorized] = field(default_factory=list)
    issued: list[x509.Certificate] = field(default_factory=list)
    _nonces: set[str] = field(default_factory=set)
    _count: int = 0

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(
            "Double", self._key.public_key(), self.now(), timedelta(days=3650), []
        )

    # -- requests ------------------------------------------------------------------------------

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Answer a request: status, fields, body."""
        self._count += 1
        nonce = encoded(f"nonce {self._count}".encode())
        self._nonces.add(nonce)
        fields = {"Replay-Nonce": nonce}
        resource = path.strip("/").partition("/")[0]
        self.requests.append(f"{method} {resource}")
        try:
            problem = self.problems.get(resource)
            if problem is not None:
                raise problem
            if method == "POST":
                status, value = self._post(resource, path, body, fields)
            else:
                status, value = self._get(resource, path)
        except Problem as problem:
            status, value = problem.status, problem.body
            fields["Content-Type"] = "application/problem+json"
            if problem.retry:
                fields["Retry-After"] = problem.retry
        fields.setdefault("Content-Type", "application/json")
        said = value if isinstance(value, bytes) else json.dumps(value).encode()
        return status, fields, said

    def _get(self, resource: str, path: str) -> tuple[int, object]:
        if resource == "nonce":
            return 200, b""
        if resource == "renewal" and self.window is not None:
            start, end = (each.isoformat().replace("+00:00", "Z") for each in self.window)
            return 200, {"suggestedWindow": {"start": start, "end": end}}
        if resource != "directory":
            raise Problem("malformed", status=405)
        names = {"newNonce": "nonce", "newAccount": "account", "newOrder": "order"}
        found: dict[str, object] = {key: f"{self.base}/{each}" for key, each in names.items()}
        if self.window is not None:
            found["renewalInfo"] = f"{self.base}/renewal"
        found["meta"] = {"externalAccountRequired": bool(self.external)}
        return 200, found

    def _post(
        self, resource: str, path: str, body: bytes, fields: dict[str, str]
    ) -> tuple[int, object]:
        head, payload = self._read(path, body)
        number = int(path.rpartition("/")[2]) if path.rpartition("/")[2].isdigit() else -1
        if resource == "account":
            return self._account(head, payload, fields)
        if resource == "person":
            self.accounts[head["kid"]]["contact"] = payload["contact"]
            return 200, {"status": "valid"}
        if resource == "order" and number < 0:
            return self._new_order(payload, fields)
        if resource == "order":
            return self._order(number, fields)
        if resource == "authorization":
            return 200, self._shown(number, fields)
        if resource == "challenge":
            fields["Link"] = f'<{self.base}/authorization/{number}>;rel="up"'
            return 200, self._challenge(number, path.split("/")[2], head["kid"])
        if resource == "finalize":
            return self._finalize(number, payload, fields)
        if resource == "certificate":
            fields["Content-Type"] = "application/pem-certificate-chain"
            pem = serialization.Encoding.PEM
            chain = (self.issued[number], self.certificate)
            return 200, b"".join(each.public_bytes(pem) for each in chain)
        raise Problem("malformed", status=404)

    def _read(self, path: str, body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return header and payload of a signed request (RFC 8555, 6.2 to 6.5)."""
        said = json.loads(body)
        head = json.loads(decoded(said["protected"]))
        if head["alg"] != "ES256" or head["url"] != self.base + path:
            raise Problem("malformed", f"{head['alg']} for {head['url']}")
        if head["nonce"] not in self._nonces or self.bad_nonces:
            self.bad_nonces = max(self.bad_nonces - 1, 0)
            raise Problem("badNonce")
        self._nonces.discard(head["nonce"])
        if ("jwk" in head) is not path.startswith("/account") or ("jwk" in head) is ("kid" in head):
            raise Problem("malformed", "jwk is for new accounts, kid for all else")
        jwk = head.get("jwk") or self._known(head["kid"])["jwk"]
        x, y = (int.from_bytes(decoded(jwk[each])) for each in "xy")
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        raw = decoded(said["signature"])
        signature = encode_dss_signature(*map(int.from_bytes, (raw[:32], raw[32:])))
        try:
            signed = f"{said['protected']}.{said['payload']}".encode()
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise Problem("malformed", "the signature is wrong") from None
        return head, json.loads(decoded(said["payload"]) or b"{}")

    def _known(self, kid: str) -> dict[str, Any]:
        if kid not in self.accounts:
            raise Problem("accountDoesNotExist")
        return self.accounts[kid]

    # -- resources -----------------------------------------------------------------------------

    def _account(
        self, head: Mapping[str, Any], payload: Mapping[str, Any], fields: dict[str, str]
    ) -> tuple[int, object]:
        jwk = head["jwk"]
        for uri, account in self.accounts.items():
            if account["jwk"] == jwk:
                fields["Location"] = uri
                return 200, {"status": "valid"}
        if payload.get("onlyReturnExisting"):
            raise Problem("accountDoesNotExist")
        assert payload["termsOfServiceAgreed"] is True
        if self.external:
            self._bound(jwk, payload.get("externalAccountBinding"))
        uri = fields["Location"] = f"{self.base}/person/{len(self.accounts)}"
        self.accounts[uri] = {"jwk": jwk, "contact": payload.get("contact")}
        return 201, {"status": "valid"}

    def _bound(self, jwk: object, binding: Any) -> None:
        """Look whether a key is bound to a customer's account (RFC 8555, 7.3.4)."""
        if not binding:
            raise Problem("externalAccountRequired")
        head = json.loads(decoded(binding["protected"]))
        signed = f"{binding['protected']}.{binding['payload']}".encode()
        secret = self.external.get(head["kid"], b"")
        right = hmac.digest(secret, signed, "sha256")
        if decoded(binding["signature"]) != right or json.loads(decoded(binding["payload"])) != jwk:
            raise Problem("unauthorized", "the binding is wrong")

    def _new_order(self, payload: Any, fields: dict[str, str]) -> tuple[int, object]:
        (name,) = [each["value"] for each in payload["identifiers"]]
        self.authorizations.append(Authorized(name, kinds=self.kinds))
        self.orders.append(Ordered([name], len(self.authorizations) - 1))
        return 201, self._order(len(self.orders) - 1, fields)[1]

    def _order(self, number: int, fields: dict[str, str]) -> tuple[int, object]:
        order = self.orders[number]
        fields["Location"] = f"{self.base}/order/{number}"
        if order.status == "pending":
            state = self.authorizations[order.authorization].status
            order.status = {"valid": "ready", "invalid": "invalid"}.get(state, "pending")
        if order.status == "processing":
            order.looks += 1
            if order.looks > self.slow:
                self._issue(order)
            else:
                fields["Retry-After"] = "3"
        shown: dict[str, object] = {
            "status": order.status,
            "identifiers": [{"type": "dns", "value": each} for each in order.names],
            "authorizations": [f"{self.base}/authorization/{order.authorization}"],
            "finalize": f"{self.base}/finalize/{number}",
        }
        if order.status == "valid":
            shown["certificate"] = f"{self.base}/certificate/{len(self.issued) - 1}"
        return 200, shown

    def _shown(self, number: int, fields: dict[str, str]) -> object:
        found = self.authorizations[number]
        if found.status == "processing":
            found.looks += 1
            if found.looks > self.slow:
                found.status = "invalid" if found.error else "valid"
            else:
                fields["Retry-After"] = "2"
        return {
            "status": "pending" if found.status == "processing" else found.status,
            "identifier": {"type": "dns", "value": found.name},
            "challenges": [self._of_kind(number, each) for each in found.kinds],
        }

    def _of_kind(self, number: int, kind: str) -> dict[str, object]:
        found = self.authorizations[number]
        shown: dict[str, object] = {
            "type": kind,
            "url": f"{self.base}/challenge/{kind}/{number}",
            "token": encoded(hashlib.sha256(f"{kind}{number}".encode()).digest()),
            "status": found.status if kind == found.tried else "pending",
        }
        if kind == found.tried and found.error and found.status == "invalid":
            shown["error"] = found.error
        return shown

    def _challenge(self, number: int, kind: str, kid: str) -> object:
        found, shown = self.authorizations[number], self._of_kind(number, kind)
        jwk = self.accounts[kid]["jwk"]
        canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
        thumbprint = encoded(hashlib.sha256(canonical).digest())
        token = str(shown["token"])
        code = self.judge(kind, found.name, token, f"{token}.{thumbprint}")
        found.tried, found.status = kind, "processing"
        found.error = Problem(code).body if code else None
        return self._of_kind(number, kind)

    def _finalize(self, number: int, payload: Any, fields: dict[str, str]) -> tuple[int, object]:
        order = self.orders[number]
        self._order(number, fields)
        if order.status != "ready":
            raise Problem("orderNotReady", status=403)
        order.csr = x509.load_der_x509_csr(decoded(payload["csr"]))
        order.status = "processing"
        return self._order(number, fields)

    # -- certificates --------------------------------------------------------------------------

    def _issue(self, order: Ordered) -> None:
        assert order.csr is not None
        assert order.csr.is_signature_valid
        key: Any = order.csr.public_key()
        if self.other_key:
            key = ec.generate_private_key(ec.SECP256R1()).public_key()
        made = self._sign("", key, self.now(), self.lifetime, order.names)
        self.issued.append(made)
        order.status = "valid"

    def _sign(
        self, subject: str, key: Any, begins: datetime, lifetime: timedelta, names: list[str]
    ) -> x509.Certificate:
        def name(text: str) -> x509.Name:
            common = x509.NameOID.COMMON_NAME
            return x509.Name([x509.NameAttribute(common, text)] if text else [])

        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("Double"))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + lifetime)
            .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        if names:
            alternative = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
            builder = builder.add_extension(alternative, critical=not subject)
        return builder.sign(self._key, hashes.SHA256())


class Transport(BaseAdapter):
    """Brings requests to the double, without a network."""

    def __init__(self, double: Double) -> None:
        super().__init__()
        self.double = double
        #: Raised instead.
        self.error: requests.RequestException | None = None

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Answer a request."""
        if self.error is not None:
            raise self.error
        assert request.url is not None
        assert request.method is not None
        said: Any = request.body or b""
        body = said.encode() if isinstance(said, str) else said
        path = request.url.removeprefix(self.double.base)
        status, fields, content = self.double.answer(request.method, path, body)
        response = requests.Response()
        response.status_code = status
        response.headers.update(fields)
        response._content = content
        response.url, response.request = request.url, request
        return response

    def close(self) -> None:
        """Do nothing."""
