"""A look at a server's TLS: what it agrees to, its certificate, and whom that would convince."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from OpenSSL import SSL
from service_identity import CertificateError, VerificationError
from service_identity import cryptography as identity
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionRefusedError, DNSLookupError
from twisted.internet.interfaces import (
    IHandshakeListener,
    IOpenSSLClientConnectionCreator,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.certificates import BadCertificate
from netsuite.connection import errors
from netsuite.tls import wrap_client

#: Versions by what OpenSSL calls them, the oldest first.
VERSIONS: Final = {
    "TLSv1": SSL.TLS1_VERSION,
    "TLSv1.1": SSL.TLS1_1_VERSION,
    "TLSv1.2": SSL.TLS1_2_VERSION,
    "TLSv1.3": SSL.TLS1_3_VERSION,
}
#: What OpenSSL calls certificates that nobody has signed but their owners (``X509_V_ERR_...``).
_SELF_SIGNED: Final = frozenset({18, 19})
_PROBLEMS: Final = {
    2: "the certificate of its issuer is missing",
    9: "it is not valid yet",
    10: "it has ended",
    18: "it is signed by itself",
    19: "an authority that is not trusted here has signed it",
    20: "no authority that is trusted here has signed it",
    21: "no authority that is trusted here has signed it",
    23: "it has been revoked",
    66: "its key is too small",
    67: "its authority's key is too small",
    68: "its signature is too weak",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate.

    Args:
        names: the hosts it is for.
        problem: why a client would not take it; empty where it would.
    """

    names: tuple[str, ...]
    subject: str
    issuer: str
    begins: datetime
    ends: datetime
    problem: str = ""
    self_signed: bool = False


@dataclass(frozen=True, slots=True)
class TLSSeen:
    """What was seen of a server's TLS.

    Args:
        alpn: the protocol that was agreed on; empty for none.
        certificate: None where it could not be read.
    """

    version: str
    cipher: str
    alpn: str
    certificate: Certificate | None


@implementer(IOpenSSLClientConnectionCreator)
class Examiner:
    """What TLS is begun with by somebody who only looks: takes every certificate, and remembers why
    others would not.

    Args:
        host: whom we mean to talk to; a name or an address.
        authorities: a PEM file to trust instead of the system's authorities.
        protocols: ALPN names to offer.
        version: the only one that is spoken, of ``VERSIONS``; empty for what is usual.

    Raises:
        BadCertificate: *authorities* cannot be read.
    """

    def __init__(
        self,
        host: str,
        *,
        authorities: Path | None = None,
        protocols: Sequence[bytes] = (),
        version: str = "",
    ) -> None:
        self._host = host
        self._errors: list[int] = []
        self._connection: SSL.Connection | None = None
        context = self._context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_verify(SSL.VERIFY_PEER, self._judge)
        if authorities is None:
            context.set_default_verify_paths()
        else:
            try:
                context.load_verify_locations(str(authorities))
            except SSL.Error as error:
                raise BadCertificate(f"{authorities} cannot be read") from error
        if version:
            context.set_min_proto_version(VERSIONS[version])
            context.set_max_proto_version(VERSIONS[version])
            context.set_cipher_list(b"ALL:@SECLEVEL=0")  # who asks for the old wants the weak, too
        if protocols:
            context.set_alpn_protos(list(protocols))

    def _judge(self, _: object, certificate: object, error: int, depth: int, fine: int) -> bool:
        if not fine:
            self._errors.append(error)
        return True

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: N802, N803
        """Return OpenSSL's side of a new connection."""
        self._connection = connection = SSL.Connection(self._context, None)
        if not _is_address(self._host):
            connection.set_tlsext_host_name(self._host.encode("idna"))
        return connection

    @property
    def seen(self) -> TLSSeen | None:
        """What the handshake has shown; None before it is done."""
        connection = self._connection
        if connection is None or connection.get_cipher_name() is None:
            return None
        certificate = connection.get_peer_certificate(as_cryptography=True)
        return TLSSeen(
            connection.get_protocol_version_name(),
            connection.get_cipher_name() or "",
            connection.get_alpn_proto_negotiated().decode("ascii", "replace"),
            None if certificate is None else self._told(certificate),
        )

    def _told(self, certificate: x509.Certificate) -> Certificate:
        problem = ""
        if self._errors:
            first = self._errors[0]
            problem = _PROBLEMS.get(first, f"it cannot be verified (OpenSSL's error {first})")
        return Certificate(
            tuple(_names(certificate)),
            certificate.subject.rfc4514_string(),
            certificate.issuer.rfc4514_string(),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
            problem or _wrong_name(certificate, self._host),
            bool(_SELF_SIGNED.intersection(self._errors)),
        )


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    names: list[str] = list(found.get_values_for_type(x509.DNSName))
    return names + [str(each) for each in found.get_values_for_type(x509.IPAddress)]


def _wrong_name(certificate: x509.Certificate, host: str) -> str:
    """Return what is said where a certificate is for others; empty where it is for the host."""
    try:
        if _is_address(host):
            identity.verify_certificate_ip_address(certificate, host)
        else:
            identity.verify_certificate_hostname(certificate, host)
    except (VerificationError, CertificateError, ValueError):
        return f"it is not for {host}"
    return ""


def _is_address(host: str) -> bool:
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    return False


@implementer(IHandshakeListener)
class _Handshake(Protocol):
    """A connection that ends when its handshake is done."""

    def __init__(self) -> None:
        self.done: Deferred[None] = Deferred()
        self.gone = False

    def handshakeCompleted(self) -> None:  # noqa: N802 - Twisted's name
        """The handshake is done."""
        if not self.done.called:
            self.done.callback(None)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's name
        """Nothing more will come."""
        self.gone = True
        if not self.done.called:
            self.done.errback(reason)


async def examine(
    endpoint: IStreamClientEndpoint,
    host: str,
    clock: IReactorTime,
    *,
    seconds: float,
    authorities: Path | None = None,
    protocols: Sequence[bytes] = (),
    version: str = "",
) -> TLSSeen:
    """Do a handshake, and no more.

    Args:
        endpoint: where TLS begins with the first octet.
        seconds: for the handshake.
        host, authorities, protocols, version: as of ``Examiner``.

    Raises:
        ConnectionRefused, Timeout: there is no connection.
        TLSFailure: it does not come to an agreement.
    """
    examiner = Examiner(host, authorities=authorities, protocols=protocols, version=version)
    handshake = _Handshake()
    factory = wrap_client(Factory.forProtocol(lambda: handshake), examiner, clock)
    try:
        await endpoint.connect(factory)
    except (ConnectError, ConnectionRefusedError, DNSLookupError) as error:
        refused = errors.ConnectionRefused(str(error))
        raise refused from error
    timer = clock.callLater(seconds, _late, handshake.done)
    try:
        await handshake.done
    except errors.ClientError:
        raise
    except Exception as error:
        raise errors.TLSFailure(f"no TLS: {error}") from error
    finally:
        if timer.active():
            timer.cancel()
        if not handshake.gone:
            drop(handshake)
    seen = examiner.seen
    assert seen is not None  # the handshake is done
    return seen


def _late(done: Deferred[None]) -> None:
    if not done.called:
        done.errback(errors.Timeout("the handshake took too long"))


def drop(protocol: Protocol) -> None:
    """End a connection that is of no more use."""
    abort = getattr(protocol.transport, "abortConnection", None)  # which ITransport does not tell
    if abort is not None:
        abort()
