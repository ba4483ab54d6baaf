"""Answers to challenges (RFC 8555, 8.3; RFC 8737), which every process of the daemon can give."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from netsuite.acme.advice import HTTP, TLS
from netsuite.bus import Bus, Value
from netsuite.certificates import ACME_TLS, Certificates
from netsuite.http.commands import Response
from netsuite.http.request import IncomingRequest
from netsuite.http.router import Handler, Router

#: What processes ask each other: to give an answer from now on, or no more.
QUESTION: Final = "acme-challenge"
PATH: Final = "/.well-known/acme-challenge/"
#: RFC 8555, 8.3: it is part of a path.
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
#: id-pe-acmeIdentifier (RFC 8737, 3).
_IDENTIFIER: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
_OCTET_STRING: Final = 0x04


class Answers:
    """The answers to challenges that wait.

    Args:
        bus: to the other processes, which give the same answers: an authority may meet any of them.
        certificates: of the listeners under TLS.
        router: of HTTP; None where that is not served.
    """

    def __init__(self, bus: Bus, certificates: Certificates, router: Router | None) -> None:
        self._bus = bus
        self._certificates = certificates
        self._router = router
        bus.answer(QUESTION, self._take)

    async def give(self, kind: str, name: str, authorization: str) -> None:
        """Give an answer from now on, in every process.

        Args:
            authorization: the key authorization (RFC 8555, 8.1).
        """
        await self._bus.ask(
            QUESTION, {"kind": kind, "name": name, "authorization": authorization, "give": True}
        )

    async def withdraw(self, kind: str, name: str, authorization: str) -> None:
        """Give it no more."""
        await self._bus.ask(
            QUESTION, {"kind": kind, "name": name, "authorization": authorization, "give": False}
        )

    def _take(self, value: Value) -> Value:
        """Do in this process what another, or this one, asks for."""
        if not isinstance(value, Mapping):
            return False
        name, authorization = value.get("name"), value.get("authorization")
        if not isinstance(name, str) or not isinstance(authorization, str):
            return False
        give = value.get("give") is True
        if value.get("kind") == TLS:
            self._certificates.challenges.pop(name.lower(), None)
            if give:
                self._certificates.challenges[name.lower()] = proof(name, authorization)
        elif value.get("kind") == HTTP and self._router is not None:
            token = authorization.partition(".")[0]
            if not _TOKEN.fullmatch(token):
                return False
            self._router.remove(PATH + token)
            if give:
                self._router.add("GET", PATH + token, _answer(authorization))
        return True


def _answer(authorization: str) -> Handler:
    octets = authorization.encode("ascii")
    response = Response(200, (("Content-Type", "application/octet-stream"),), octets)

    async def answer(request: IncomingRequest) -> Response:
        return response

    return answer


def proof(name: str, authorization: str, now: datetime | None = None) -> SSL.Context:
    """Return what TLS is spoken with to prove a name: a certificate for it alone, signed with its
    own key, that has the hash of the key authorization (RFC 8737, 3)."""
    now = now or datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])])
    digest = hashlib.sha256(authorization.encode("ascii")).digest()
    extension = x509.UnrecognizedExtension(
        _IDENTIFIER, bytes((_OCTET_STRING, len(digest))) + digest
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(extension, critical=True)
        .sign(key, hashes.SHA256())
    )
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_alpn_select_callback(lambda connection, offered: ACME_TLS)
    return context
