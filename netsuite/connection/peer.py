"""The other end of a connection: its address, TLS, certificate."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from OpenSSL import SSL
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

from netsuite.connection.writer import StreamTransport

#: RFC 9266, 2: label, no context, 32 octets.
EXPORTER_LABEL: Final = b"EXPORTER-Channel-Binding"
EXPORTER_OCTETS: Final = 32


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end.

    Args:
        address: its IP address; empty for a local socket.
        port: its TCP port, 0 for a local socket.
        local: it is on the loopback interface or a local socket.
        secure: TLS is in place.
        tls_version: ``TLSv1.3``, or empty.
        cipher: the cipher suite's name, or empty.
        server_name: the name it asked for in SNI, or empty.
        binding: tls-exporter channel binding (RFC 9266); None without TLS 1.3.
        certificate_names: names in a verified client certificate: DNS names, addresses
            (RFC 822 names), then the common name.
    """

    address: str = ""
    port: int = 0
    local: bool = False
    secure: bool = False
    tls_version: str = ""
    cipher: str = ""
    server_name: str = ""
    binding: bytes | None = None
    certificate_names: tuple[str, ...] = ()


#: A peer of whom nothing is known yet.
NOBODY: Final = Peer()


def peer_at(address: object) -> Peer:
    """Return what an address tells of a peer."""
    return Peer(*where(address))


def peer_of(transport: StreamTransport) -> Peer:
    """Find out what is known of a transport's other end. Never raises."""
    peer = peer_at(transport.getPeer())
    connection = openssl_of(transport)
    if connection is None or connection.get_cipher_name() is None:
        return peer  # without TLS, or before its handshake is done
    version = connection.get_protocol_version_name()
    return replace(
        peer,
        secure=True,
        tls_version=version,
        cipher=connection.get_cipher_name() or "",
        server_name=(connection.get_servername() or b"").decode("ascii", "replace"),
        binding=_binding(connection) if version == "TLSv1.3" else None,
        certificate_names=_certificate_names(connection),
    )


def where(peer: object) -> tuple[str, int, bool]:
    """Return an address object's IP address (or empty), its port, and whether it is local."""
    if isinstance(peer, UNIXAddress):
        return "", 0, True
    if not isinstance(peer, IPv4Address | IPv6Address):
        return "", 0, False
    address, local = _canonical(peer.host)
    return address, peer.port, local


@lru_cache(maxsize=4096)  # a busy peer's address is asked for at each connection
def _canonical(host: str) -> tuple[str, bool]:
    """Return an address as it is written once only, and whether it is this machine's."""
    try:
        ip = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host, False
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    return str(ip), ip.is_loopback


def openssl_of(transport: StreamTransport) -> SSL.Connection | None:
    """Return OpenSSL's connection; None without TLS."""
    handle = transport.getHandle() if hasattr(transport, "getHandle") else None
    return handle if isinstance(handle, SSL.Connection) else None


def _binding(connection: SSL.Connection) -> bytes | None:
    try:
        return connection.export_keying_material(EXPORTER_LABEL, EXPORTER_OCTETS, b"")
    except SSL.Error:
        return None


def _certificate_names(connection: SSL.Connection) -> tuple[str, ...]:
    """Names of a client certificate that OpenSSL has verified; none of any other."""
    from cryptography import x509  # slow to import, and few servers ask for certificates

    certificate = connection.get_peer_certificate(as_cryptography=True)
    if certificate is None or connection.get_context().get_verify_mode() == SSL.VERIFY_NONE:
        return ()
    names: list[str] = []
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names += extension.value.get_values_for_type(x509.DNSName)
        names += extension.value.get_values_for_type(x509.RFC822Name)
    except (x509.ExtensionNotFound, ValueError):
        pass
    for attribute in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME):
        if isinstance(attribute.value, str) and attribute.value not in names:
            names.append(attribute.value)
    return tuple(names)
