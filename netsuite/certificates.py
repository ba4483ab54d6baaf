"""The certificates of a server: a folder of them, read again when they change, chosen by name."""

from __future__ import annotations

import errno
import ipaddress
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IReactorTime
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from netsuite.connection.client_hello import HelloConnection
from netsuite.connection.server_names import DEFAULT, Offered, ServerNames

#: TLS 1.2: forward secrecy always; CBC suites stay for old mail programs, last.
CIPHERS: Final = b"ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES256:ECDHE+AES128:!aNULL:!eNULL:!PSK"
#: What sessions of ours are known by.
SESSION_ID: Final = b"netsuite"
SELF_SIGNED_DAYS: Final = 3650
EXPIRY_NOTICE: Final = timedelta(days=14)
#: How often those that end soon are told of.
NOTICE_SECONDS: Final = 86_400.0
#: Proves to an authority that a name is ours (RFC 8737, 6.2).
ACME_TLS: Final = b"acme-tls/1"
#: For these a certificate is good that we made ourselves; nobody else makes any for them.
LOOPBACK: Final[frozenset[ipaddress.IPv4Address | ipaddress.IPv6Address]] = frozenset(
    {ipaddress.IPv4Address("127.0.0.1"), ipaddress.IPv6Address("::1")}
)

_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.S)


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
    except OSError as error:
        raise BadCertificate(f"{error.filename}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
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


def _offered(file: str, pair: Pair) -> Offered:
    """Return what the choice of a certificate depends on."""
    leaf = pair.chain[0]
    alone = leaf.issuer == leaf.subject
    made = alone and LOOPBACK.issubset(_addresses(leaf)) and "localhost" in pair.names
    return Offered(file.lower(), pair.names, pair.not_after, self_signed=alone, self_made=made)


def _addresses(certificate: x509.Certificate) -> Sequence[object]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return extension.value.get_values_for_type(x509.IPAddress)


def self_signed(host: str, now: datetime | None = None) -> Pair:
    """Make a key and a certificate signed with it, good from *now* on for a host and localhost."""
    now = now or datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host[:64])])
    names: list[x509.GeneralName] = [
        x509.DNSName(each) for each in dict.fromkeys([host, "localhost"])
    ]
    names += [x509.IPAddress(each) for each in sorted(LOOPBACK, key=str)]
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
    write_secret(path, octets)


def write_secret(path: Path, octets: bytes) -> None:
    """Write a file that only its owner can read, at once for whoever reads; it is on the disk when
    this returns, with the folder that it is in. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(descriptor)
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Certificates:
    """A folder of certificates, one a server name; what a server needs to speak TLS.

    ``NAME.pem`` holds key and chain, or ``NAME/fullchain.pem`` and ``NAME/privkey.pem`` do
    (certbot's layout; ``NAME`` may be a link to a folder of certbot's). ``ServerNames`` says who
    gets which; the log does, too, when it has changed. Changed files are noticed at a handshake,
    at most every *check_seconds*; a new file that cannot be used is logged and the old
    certificate stays in use.

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
        self._by_file: dict[str, Pair] = {}  # its name in lower case
        self._names = ServerNames((), self.host)
        self._told: dict[str, str] = {}
        self._wrong: list[str] = []
        self._contexts: dict[tuple[int, tuple[bytes, ...]], SSL.Context] = {}
        self._told_expiry: float | None = None
        #: By server name: what an authority that offers ``acme-tls/1``, and nobody else, sees.
        self.challenges: dict[str, SSL.Context] = {}

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
            reason = next(iter(self._wrong), "it is empty")
            raise BadCertificate(f"no certificate in {self.folder} can be used: {reason}")
        self._tell_expiry(self._clock.seconds())

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
            self.look()

    def look(self) -> Sequence[str]:
        """Look whether files have changed; return the names of those that are used from now on,
        or no more."""
        self._checked = self._clock.seconds()
        before = self._pairs
        try:
            self._read()
        except OSError as error:
            self.log.error("{folder}: {error}", folder=self.folder, error=error)
        self._tell_expiry(self._checked)
        names = sorted({*before, *self._pairs})
        return [name for name in names if before.get(name) is not self._pairs.get(name)]

    def select(self, server_name: str) -> Pair | None:
        """Choose by the name a client asks for; the default for an unknown or empty one."""
        file = self._names.find(server_name.lower().rstrip("."))
        return None if file is None else self._by_file[file]

    def pairs(self) -> dict[str, Pair]:
        """Return the certificates in use, by their files' names."""
        return dict(self._pairs)

    def wrong(self) -> Sequence[str]:
        """Return what is wrong with the files that could not be read when they were looked at."""
        return tuple(self._wrong)

    def served(self) -> Mapping[str, str]:
        """Return in words whom each certificate serves, by its file's name in lower case."""
        return self._names.served()

    def expiries(self) -> dict[str, datetime]:
        """Return until when each certificate is good, by its file's name."""
        return {name: pair.not_after for name, pair in self._pairs.items()}

    # -- files ---------------------------------------------------------------------------------

    def _found(self) -> Iterator[tuple[str, Path, Path]]:
        """Return what is in the folder: name, chain file, key file."""
        if self.folder is None or not self.folder.is_dir():
            return
        for path in sorted(self.folder.iterdir()):
            if path.suffix == ".pem" and not os.path.isdir(path):
                yield path.stem, path, path
                continue
            chain, key = path / "fullchain.pem", path / "privkey.pem"
            # A link that leads nowhere is somebody's certificate, too: it is to be told of.
            if _is_said(chain) or _is_said(key) or (path.is_symlink() and not os.path.exists(path)):
                yield path.name, chain, key

    def _read(self) -> None:
        files: dict[str, tuple[object, ...]] = {}
        pairs: dict[str, Pair] = {}
        self._wrong = []
        for name, chain, key in self._found():
            files[name] = stamp = (_stamp(chain), _stamp(key))
            old = self._pairs.get(name)
            pair = old if self._files.get(name) == stamp else self._read_one(name, chain, key)
            if pair is not None:
                pairs[name] = pair
        if files == self._files:
            return
        self._files = files
        # Files that vanish all at once are being replaced; nothing is worse than the old ones.
        # Files alone that have changed are nothing new: sessions go on being resumed.
        if pairs and any(
            self._pairs.get(name) is not pairs.get(name) for name in {*self._pairs, *pairs}
        ):
            self._take(pairs)

    def _read_one(self, name: str, chain: Path, key: Path) -> Pair | None:
        """Return a certificate whose files have changed, or what was in use for it until now."""
        old = self._pairs.get(name)
        try:
            pair = read_pair(chain, key)
        except BadCertificate as error:
            self._wrong.append(str(error))
            stays = "what was in use stays in use" if old is not None else "it is not used"
            self.log.error(
                "certificate {name}: {error}; {stays}", name=name, error=error, stays=stays
            )
            return old
        mode = _stamp(key)[-1]
        if mode & 0o077:
            self.log.warn("{key} can be read by others; chmod 600 it", key=key)
        return old if old is not None and old.chain == pair.chain else pair

    def _take(self, pairs: dict[str, Pair]) -> None:
        self._pairs = pairs
        self._told_expiry = None
        used = {id(pair) for pair in pairs.values()}
        self._contexts = {key: each for key, each in self._contexts.items() if key[0] in used}
        self._by_file = {name.lower(): pair for name, pair in pairs.items()}
        offered = [_offered(name, pair) for name, pair in pairs.items()]
        self._names = ServerNames(offered, self.host)
        self._tell({each.file: each for each in offered})

    def _tell(self, offered: Mapping[str, Offered]) -> None:
        """Log which certificate serves which name, as far as that has changed."""
        told: dict[str, str] = {}
        for file, serves in self.served().items():
            made = " (self-made: programs do not trust it unasked)" * offered[file].self_made
            until = f"{offered[file].not_after:%Y-%m-%d %H:%M} UTC"
            told[file] = f"certificate {file}{made} serves {serves}; good until {until}"
        for file, line in told.items():
            if self._told.get(file) != line:
                self.log.info("{line}", line=line)
        for file in self._told.keys() - told.keys():
            self.log.info("certificate {file} is used no more", file=file)
        self._told = told

    def _tell_expiry(self, now: float) -> None:
        """Log once a day which certificates end soon."""
        if self._told_expiry is not None and now - self._told_expiry < NOTICE_SECONDS:
            return
        self._told_expiry = now
        for name, said in self.ending(datetime.now(UTC)).items():
            self.log.warn("certificate {name} {said}", name=name, said=said)

    def ending(self, now: datetime) -> Mapping[str, str]:
        """Return what to say of certificates in use that end within ``EXPIRY_NOTICE``, by their
        files' names."""
        found = {}
        for name, pair in self._pairs.items():
            left = pair.not_after - now
            if left < EXPIRY_NOTICE:
                until = f"{pair.not_after:%Y-%m-%d %H:%M} UTC"
                said = f"is good only until {until}" if left > timedelta() else f"ended {until}"
                found[name] = f"{said}; renew it"
        return found

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
            proof = self.challenges.get(name.lower())
            # Who wants to see it offers just this protocol (RFC 8737, 3).
            if (
                proof is not None
                and isinstance(connection, HelloConnection)
                and connection.offered() == (ACME_TLS,)
            ):
                connection.prove(proof)
                return
            pair = self.select(name)
            if pair is not None:
                connection.set_context(self.context(pair, protocols))

        return chosen


def _is_said(path: Path) -> bool:
    """Return whether a file is there, or that cannot be known: then reading it says why."""
    try:
        path.lstat()
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ENOTDIR)
    return True


def _stamp(path: Path) -> tuple[int, ...]:
    """Return what changes with a file, its mode last; or why it cannot be seen, and 0."""
    try:
        status = path.stat()
    except OSError as error:
        return error.errno or 0, 0
    # With the time of its inode: a file may have been made readable, and nothing else.
    times = status.st_mtime_ns, status.st_ctime_ns
    return *times, status.st_size, status.st_ino, status.st_mode


def _select_protocol(
    protocols: tuple[bytes, ...],
) -> Callable[[SSL.Connection, list[bytes]], bytes]:
    def select(connection: SSL.Connection, offered: list[bytes]) -> bytes:
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
        context = self.certificates.context(pair, self.protocols)
        kind = HelloConnection if self.certificates.challenges else SSL.Connection
        return kind(context, None)
