"""TLS in one place: certificates by name, read again when they change; begun with our own clock.

Twisted's ``startTLS``, ``listenSSL`` and ``ssl:`` endpoints flush small writes through the
global reactor, which neither a virtual clock nor a reactor in a thread of its own ever runs.
So nothing in netsuite calls those; everything comes here.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from twisted.internet import ssl
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
    IProtocolFactory,
    IReactorTime,
)
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from zope.interface import implementer

#: TLS 1.2: forward secrecy always; CBC suites stay for old mail programs, last.
CIPHERS: Final = b"ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES256:ECDHE+AES128:!aNULL:!eNULL:!PSK"
DEFAULT: Final = "default"
#: What sessions of ours are known by.
SESSION_ID: Final = b"netsuite"
SELF_SIGNED_DAYS: Final = 3650
EXPIRY_NOTICE: Final = timedelta(days=14)

#: What TLS is begun with: by a client, and by either.
ClientContext: TypeAlias = IOpenSSLClientConnectionCreator
Context: TypeAlias = IOpenSSLServerConnectionCreator | ClientContext

_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.S)


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


# -- certificates --------------------------------------------------------------------------------


class BadCertificate(Exception):
    """A certificate or key cannot be used; the message says which file and why."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate with its chain and its key, as read from files."""

    chain: tuple[x509.Certificate, ...]
    key: Any
    names: tuple[str, ...]
    not_after: datetime


def read_pair(chain: Path, key: Path) -> Pair:
    """Read a certificate chain and its key, which may stand in one file. Raises BadCertificate."""
    try:
        certificates = tuple(x509.load_pem_x509_certificates(chain.read_bytes()))
        found = _KEY.search(key.read_bytes())
        if found is None:
            raise BadCertificate(f"{key}: there is no private key in it")
        private = serialization.load_pem_private_key(found.group(), None)
    except (OSError, ValueError, TypeError) as error:
        raise BadCertificate(f"{chain}: {error}") from error
    leaf = certificates[0]
    public = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if leaf.public_key().public_bytes(*public) != private.public_key().public_bytes(*public):
        raise BadCertificate(f"{key}: the key is not that of the certificate in {chain}")
    return Pair(certificates, private, _names(leaf), leaf.not_valid_after_utc)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(name.lower() for name in extension.value.get_values_for_type(x509.DNSName))


def self_signed(host: str, now: datetime | None = None) -> Pair:
    """Make a key and a certificate signed with it, good from *now* on for a host and localhost."""
    now = now or datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host[:64])])
    names: list[x509.GeneralName] = [
        x509.DNSName(each) for each in dict.fromkeys([host, "localhost"])
    ]
    names += [x509.IPAddress(ipaddress.ip_address(each)) for each in ("127.0.0.1", "::1")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=SELF_SIGNED_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Pair((certificate,), key, _names(certificate), certificate.not_valid_after_utc)


def make_self_signed(path: Path, host: str, now: datetime | None = None) -> None:
    """Write such a key and certificate to one file that only its owner can read."""
    made = self_signed(host, now)
    octets = made.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + made.chain[0].public_bytes(serialization.Encoding.PEM)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(descriptor)
    new.rename(path)


class Certificates:
    """A folder of certificates, one a server name; what a server needs to speak TLS.

    ``NAME.pem`` holds key and chain, or ``NAME/fullchain.pem`` and ``NAME/privkey.pem`` do
    (certbot's layout). A client gets the one whose subject alternative names cover the name it
    asks for, exactly or by wildcard, and ``default`` otherwise. Changed files are noticed at a
    handshake, at most every *check_seconds*; a new file that cannot be used is logged and the
    old certificate stays in use.

    Args:
        folder: where they are; None: nowhere.
        clock: for ``check_seconds``.
        host: the server's own name: for the self-signed certificate that is made when the folder
            has none, and to choose a default when no file is named so.
        check_seconds: how often files are looked at.
        client_authorities: a PEM file of authorities; a client may then show a certificate
            (it need not) that one of them has signed.
        pair: the certificate without a folder; None: a self-signed one is made.
    """

    log = Logger()

    def __init__(
        self,
        folder: Path | None,
        clock: IReactorTime,
        *,
        host: str = "localhost",
        check_seconds: float = 5.0,
        client_authorities: Path | None = None,
        pair: Pair | None = None,
    ) -> None:
        self._given = pair
        self.folder = folder
        self.host = host.lower()
        self._clock = clock
        self._check_seconds = check_seconds
        self._checked: float | None = None
        self._authorities = client_authorities
        self._files: dict[str, tuple[object, ...]] = {}
        self._pairs: dict[str, Pair] = {}
        self._by_name: dict[str, Pair] = {}
        self._contexts: dict[tuple[int, tuple[bytes, ...]], SSL.Context] = {}

    def open(self) -> None:
        """Read the folder; make a self-signed default where it is empty. Raises BadCertificate
        when there are files, and none can be used."""
        if self.folder is None:
            self._take({DEFAULT: self._given or self_signed(self.host)})
            return
        if not any(True for _ in self._found()):
            make_self_signed(self.folder / f"{DEFAULT}.pem", self.host)
        self._read()
        if not self._pairs:
            raise BadCertificate(f"{self.folder}: no certificate in it can be used, see the log")

    def context_for(self, *protocols: bytes) -> ServerTLS:
        """Return what a service begins TLS with.

        Args:
            protocols: ALPN names, strongest wish first. A client that offers others only is
                refused (RFC 7301, 3.2), one that offers none is welcome.
        """
        return ServerTLS(self, protocols)

    def refresh(self) -> None:
        """Look whether files have changed, if that was not done just now."""
        now = self._clock.seconds()
        if self._checked is None or now - self._checked >= self._check_seconds:
            self._checked = now
            try:
                self._read()
            except OSError as error:
                self.log.error("{folder}: {error}", folder=self.folder, error=error)

    def select(self, server_name: str) -> Pair | None:
        """Choose by the name a client asks for; the default for an unknown or empty one."""
        name = server_name.lower().rstrip(".")
        wildcard = "*." + name.partition(".")[2]
        return self._by_name.get(name) or self._by_name.get(wildcard) or self._by_name.get(DEFAULT)

    def expiries(self) -> dict[str, datetime]:
        """Return until when each certificate is good, by its file's name."""
        return {name: pair.not_after for name, pair in self._pairs.items()}

    # -- files ---------------------------------------------------------------------------------

    def _found(self) -> Iterator[tuple[str, Path, Path]]:
        """Return what is in the folder: name, chain file, key file."""
        if self.folder is None or not self.folder.is_dir():
            return
        for path in sorted(self.folder.iterdir()):
            if path.suffix == ".pem" and path.is_file():
                yield path.stem, path, path
            elif (path / "fullchain.pem").is_file() and (path / "privkey.pem").is_file():
                yield path.name, path / "fullchain.pem", path / "privkey.pem"

    def _read(self) -> None:
        files: dict[str, tuple[object, ...]] = {}
        pairs: dict[str, Pair] = {}
        for name, chain, key in self._found():
            files[name] = stamp = (_stamp(chain), _stamp(key))
            old = self._pairs.get(name)
            if self._files.get(name) == stamp:
                if old is not None:
                    pairs[name] = old
                continue
            try:
                pairs[name] = read_pair(chain, key)
            except BadCertificate as error:
                self.log.error("{error}; what was in use stays in use", error=error)
                if old is not None:
                    pairs[name] = old
                continue
            if key.stat().st_mode & 0o077:
                self.log.warn("{key} can be read by others; chmod 600 it", key=key)
            self.log.info("certificate {name} for {names}", name=name, names=pairs[name].names)
            if pairs[name].not_after - datetime.now(UTC) < EXPIRY_NOTICE:
                until = pairs[name].not_after
                self.log.warn(
                    "certificate {name} is good only until {until}", name=name, until=until
                )
        if files == self._files:
            return
        self._files = files
        # Files that vanish all at once are being replaced; nothing is worse than the old ones.
        if pairs:
            self._take(pairs)

    def _take(self, pairs: dict[str, Pair]) -> None:
        self._pairs = pairs
        self._contexts.clear()
        by_name: dict[str, Pair] = {}
        for file_name, pair in pairs.items():
            for name in (file_name.lower(), *pair.names):
                by_name.setdefault(name, pair)
        if DEFAULT not in by_name:
            by_name[DEFAULT] = by_name.get(self.host) or next(iter(pairs.values()))
        self._by_name = by_name

    # -- contexts ------------------------------------------------------------------------------

    def context(self, pair: Pair, protocols: tuple[bytes, ...]) -> SSL.Context:
        """Return OpenSSL's context for a certificate; made once, so that sessions resume."""
        key = (id(pair), protocols)
        context = self._contexts.get(key)
        if context is None:
            named = self._on_server_name(protocols)
            context = self._contexts[key] = self.new_context(pair, protocols, named)
        return context

    def new_context(
        self,
        pair: Pair,
        protocols: tuple[bytes, ...],
        named: Callable[[SSL.Connection], None],
    ) -> SSL.Context:
        """Make a context whose sessions no other context resumes.

        Args:
            named: called when the client has said which name it means.
        """
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_options(
            SSL.OP_NO_COMPRESSION | SSL.OP_CIPHER_SERVER_PREFERENCE | SSL.OP_NO_RENEGOTIATION
        )
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # 26 KiB less for an idle connection
        context.set_cipher_list(CIPHERS)
        context.use_certificate(pair.chain[0])
        for certificate in pair.chain[1:]:
            context.add_extra_chain_cert(certificate)
        context.use_privatekey(pair.key)
        context.check_privatekey()
        context.set_session_id(SESSION_ID)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # tickets, which cost us no memory
        if self._authorities is not None:
            context.load_verify_locations(os.fspath(self._authorities))
            # Wrong certificates end the handshake; none at all is for the protocol to judge.
            context.set_verify(SSL.VERIFY_PEER)
        if protocols:
            context.set_alpn_select_callback(_select_protocol(protocols))
        context.set_tlsext_servername_callback(named)
        return context

    def _on_server_name(self, protocols: tuple[bytes, ...]) -> Callable[[SSL.Connection], None]:
        def chosen(connection: SSL.Connection) -> None:
            name = (connection.get_servername() or b"").decode("ascii", "replace")
            pair = self.select(name)
            if pair is not None:
                connection.set_context(self.context(pair, protocols))

        return chosen


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _select_protocol(
    protocols: tuple[bytes, ...],
) -> Callable[[SSL.Connection, list[bytes]], Any]:
    def select(connection: SSL.Connection, offered: list[bytes]) -> Any:
        for protocol in protocols:
            if protocol in offered:
                return protocol
        # A client meant for another protocol (ALPACA): pyOpenSSL makes this a fatal alert.
        # In the form of OpenSSL's own error queue, which is where Twisted looks for the reason.
        raise NoSharedProtocol([("SSL routines", "", f"only {offered} were offered")])

    return select


class NoSharedProtocol(SSL.Error):
    """A client offers protocols by ALPN, and ours is not among them. An error of OpenSSL's, so
    that Twisted takes it for a handshake that failed and not for a bug."""


@implementer(IOpenSSLServerConnectionCreator)
class ServerTLS:
    """What a service begins TLS with: the certificates, and its own ALPN names."""

    def __init__(self, certificates: Certificates, protocols: tuple[bytes, ...]) -> None:
        self.certificates = certificates
        self.protocols = protocols

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: N802, N803
        """Return OpenSSL's side of a new connection."""
        self.certificates.refresh()
        pair = self.certificates.select("")
        if pair is None:
            raise BadCertificate(f"{self.certificates.folder} has not been opened")
        return SSL.Connection(self.certificates.context(pair, self.protocols), None)


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
