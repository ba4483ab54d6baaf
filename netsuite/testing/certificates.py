"""A certificate authority for tests, in this process: good certificates, and bad ones of each kind.

Its key and certificate are made when they are first asked for; so is each certificate. Nobody
trusts it but who is given it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from twisted.internet import ssl
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
)
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from netsuite.certificates import CIPHERS, SESSION_ID

_DAY: Final = timedelta(days=1)
_LOOPBACK: Final = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def key_pem(self) -> bytes:
        """Return the key, as it stands in a file."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def pem(self) -> bytes:
        """Return the key and the certificate, as they stand in one file."""
        return self.key_pem() + self.certificate.public_bytes(serialization.Encoding.PEM)

    def write(self, path: Path) -> Path:
        """Write the key and the certificate to a file that only its owner can read; return it."""
        path.touch(0o600)
        path.write_bytes(self.pem())
        return path


@implementer(IOpenSSLServerConnectionCreator)
class ServerContext:
    """What a server begins TLS with: one certificate, whatever name is asked for.

    Args:
        protocols: ALPN names, strongest wish first; a client that offers others only is served
            without any.
    """

    def __init__(self, certificate: IssuedCertificate, protocols: Sequence[bytes] = ()) -> None:
        context = self._context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_cipher_list(CIPHERS)
        context.set_session_id(SESSION_ID)
        context.use_certificate(certificate.certificate)
        context.use_privatekey(certificate.key)
        if protocols:
            context.set_alpn_select_callback(_chosen(protocols))

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: N802, N803
        """Return OpenSSL's side of a new connection."""
        return SSL.Connection(self._context, None)


def _chosen(protocols: Sequence[bytes]) -> SSL._ALPNSelectCallback:
    def choose(connection: SSL.Connection, offered: list[bytes]) -> bytes | object:
        return next((each for each in protocols if each in offered), SSL.NO_OVERLAPPING_PROTOCOLS)

    return choose  # type: ignore[return-value]  # its sentinel has a private class


class Authority:
    """A certificate authority.

    Args:
        name: what it is called.
    """

    def __init__(self, name: str = "netsuite test authority") -> None:
        self.name = name
        self._made: dict[tuple[tuple[str, ...], bool], IssuedCertificate] = {}
        self._contexts: dict[tuple[tuple[str, ...], bool, tuple[bytes, ...]], ServerContext] = {}

    @cached_property
    def root(self) -> IssuedCertificate:
        """Its own certificate, and the key that signs all others."""
        key = ec.generate_private_key(ec.SECP256R1())
        return IssuedCertificate(self._signed(self._named(self.name), key, key, ca=True), key)

    @cached_property
    def _server_key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())  # one for all: it keeps no secret

    def certificate(self, *names: str, expired: bool = False) -> IssuedCertificate:
        """Return a certificate for host names and addresses; for the same the same.

        Args:
            names: none for ``localhost`` and the loopback addresses.
            expired: it was good until yesterday.
        """
        names = names or ("localhost", *_LOOPBACK)
        made = self._made.get((names, expired))
        if made is None:
            certificate = self._signed(
                self._named(names[0]), self._server_key, self.root.key, names, expired=expired
            )
            made = self._made[names, expired] = IssuedCertificate(certificate, self._server_key)
        return made

    def server_context(
        self, *names: str, expired: bool = False, protocols: Sequence[bytes] = ()
    ) -> ServerContext:
        """Return what a server begins TLS with: what ``netsuite.tls.wrap_server`` and the ``tls``
        of a ``Shared`` take.

        Args:
            names: of its certificate, as of ``certificate``.
            expired: likewise.
            protocols: ALPN names.
        """
        key = names, expired, tuple(protocols)
        context = self._contexts.get(key)
        if context is None:
            certificate = self.certificate(*names, expired=expired)
            context = self._contexts[key] = ServerContext(certificate, protocols)
        return context

    def client_options(
        self, host: str, *, protocols: Sequence[bytes] = ()
    ) -> IOpenSSLClientConnectionCreator:
        """Return what a client begins TLS with that trusts this authority, and it alone.

        Args:
            host: whom it means to talk to; a name or an address.
            protocols: ALPN names to offer.
        """
        der = self.root.certificate.public_bytes(serialization.Encoding.DER)
        trust = ssl.trustRootFromCertificates([ssl.Certificate.load(der)])
        return ssl.optionsForClientTLS(
            host, trustRoot=trust, acceptableProtocols=list(protocols) or None
        )

    def pem(self) -> str:
        """Return its certificate, as ``ssl.create_default_context(cadata=...)`` takes it."""
        return self.root.certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")

    def write(self, path: Path) -> Path:
        """Write its certificate to a file, as ``cafile=`` takes it; return the path."""
        path.write_text(self.pem(), "ascii")
        return path

    def _named(self, name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])])

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        signing: ec.EllipticCurvePrivateKey,
        names: Sequence[str] = (),
        *,
        ca: bool = False,
        expired: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        good_until = now - _DAY if expired else now + 365 * _DAY
        signing_key = signing.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._named(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 30 * _DAY)
            .not_valid_after(good_until)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key), critical=False
            )
        )
        if ca:
            builder = builder.add_extension(_CA_USAGE, critical=True)
        else:
            alternatives = x509.SubjectAlternativeName([_general(each) for each in names])
            builder = builder.add_extension(alternatives, critical=False)
        return builder.sign(signing, hashes.SHA256())


#: Python 3.13 and later demand it of an authority.
_CA_USAGE: Final = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


#: That of this process.
authority: Final = Authority()
#: Another, which nobody is given to trust.
unknown_authority: Final = Authority("unknown test authority")
