"""TLS in one place: begun with our own clock, by either side; what a client begins it with.

Twisted's ``startTLS``, ``listenSSL`` and ``ssl:`` endpoints flush small writes through the
global reactor, which neither a virtual clock nor a reactor in a thread of its own ever runs.
So nothing in netsuite calls those; everything comes here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from OpenSSL import SSL
from twisted.internet import ssl
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
    IProtocolFactory,
    IReactorTime,
)
from twisted.internet.protocol import Factory
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from zope.interface import implementer

from netsuite.certificates import BadCertificate

#: What TLS is begun with: by a client, and by either.
ClientContext: TypeAlias = IOpenSSLClientConnectionCreator
Context: TypeAlias = IOpenSSLServerConnectionCreator | ClientContext


# -- starting ------------------------------------------------------------------------------------


class _OneConnection(Factory):
    """The factory that Twisted's wrapper wants; the protocol is there already."""

    noisy = False


def start_tls(
    protocol: Any, transport: Any, context: Context, clock: IReactorTime, *, client: bool
) -> Any:
    """Put TLS between a protocol that is connected and its transport.

    Args:
        protocol: gets decrypted octets from now on; its ``connectionMade`` is not called again.
        transport: must hand what it reads to its attribute ``protocol`` (as Twisted's do) or
            ``wrappedProtocol``.
        context: an IOpenSSLServerConnectionCreator or IOpenSSLClientConnectionCreator.
        clock: runs what TLS puts off to the next turn.
        client: whether we say hello first.

    Returns:
        The transport to write on from now on.
    """
    factory = TLSMemoryBIOFactory(context, client, _OneConnection(), clock=clock)
    wrapper: Any = factory.protocol(factory, protocol, False)
    receiver = "wrappedProtocol" if hasattr(transport, "wrappedProtocol") else "protocol"
    setattr(transport, receiver, wrapper)
    wrapper.makeConnection(transport)
    return wrapper


def wrap_client(
    factory: IProtocolFactory, context: Context, clock: IReactorTime
) -> TLSMemoryBIOFactory:
    """Return a factory whose connections speak TLS from their first octet, as clients."""
    return TLSMemoryBIOFactory(context, True, factory, clock=clock)


def wrap_server(
    factory: IProtocolFactory, context: Context, clock: IReactorTime
) -> TLSMemoryBIOFactory:
    """Return a factory whose connections speak TLS from their first octet, as servers."""
    return TLSMemoryBIOFactory(context, False, factory, clock=clock)


# -- clients -------------------------------------------------------------------------------------


@implementer(IOpenSSLClientConnectionCreator)
class _PinnedTLS:
    """Trusts one certificate, or any: whoever asks for that has said so."""

    def __init__(self, host: str, pin: bytes | None, protocols: Sequence[bytes]) -> None:
        self._host = host
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        if protocols:
            context.set_alpn_protos(list(protocols))
        if pin is None:
            context.set_verify(SSL.VERIFY_NONE)
        else:

            def judge(_: object, certificate: Any, error: int, depth: int, fine: int) -> bool:
                if depth:
                    return True
                found = certificate.to_cryptography().fingerprint(hashes.SHA256())
                return bool(found == pin)

            context.set_verify(SSL.VERIFY_PEER, judge)
        self._context = context

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: N802, N803
        """Return OpenSSL's side of a new connection."""
        connection = SSL.Connection(self._context, None)
        if not _is_address(self._host):
            connection.set_tlsext_host_name(self._host.encode("idna"))
        return connection


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def client_options(
    host: str,
    *,
    authorities: Path | None = None,
    pin: bytes | None = None,
    insecure: bool = False,
    protocols: Sequence[bytes] = (),
) -> IOpenSSLClientConnectionCreator:
    """Return what a client begins TLS with; the server's certificate is verified for its name.

    Args:
        host: whom we mean to talk to; a name or an address.
        authorities: a PEM file to trust instead of the system's authorities.
        pin: SHA-256 of the server's certificate (32 octets), to trust that one only, whatever
            its name and whoever signed it.
        insecure: trust anybody. Never on a network.
        protocols: ALPN names to offer.

    Raises:
        BadCertificate: *authorities* cannot be read, or *pin* is not 32 octets.
    """
    if pin is not None and len(pin) != hashes.SHA256.digest_size:
        raise BadCertificate(f"a pin has {hashes.SHA256.digest_size} octets, not {len(pin)}")
    if pin is not None or insecure:
        return _PinnedTLS(host, pin, protocols)
    trust = None
    if authorities is not None:
        try:
            certificates = x509.load_pem_x509_certificates(authorities.read_bytes())
        except OSError as error:
            raise BadCertificate(f"{authorities} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise BadCertificate(f"{authorities}: {error}") from error
        der = serialization.Encoding.DER
        trust = ssl.trustRootFromCertificates(
            [ssl.Certificate.load(each.public_bytes(der)) for each in certificates]
        )
    return ssl.optionsForClientTLS(
        host, trustRoot=trust, acceptableProtocols=list(protocols) or None
    )
