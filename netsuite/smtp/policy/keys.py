"""Signing keys: files named ``DOMAIN.SELECTOR.pem``, which only their owner may read.

To change keys, a new one is made beside the old and published; it is signed with once the DNS has
it (see ``signing``), and the old one's file is removed some days later.
"""

from __future__ import annotations

import base64
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

PrivateKey: TypeAlias = RSAPrivateKey | Ed25519PrivateKey

#: RFC 8301, 3.2: signers use at least 1024 bits, better 2048; longer ones do not fit everywhere.
RSA_BITS: Final = 2048
KINDS: Final = ("rsa", "ed25519")
#: Of the home directory.
FOLDER: Final = "dkim"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
# One label: what follows the last dot of a file's name.
_selector: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_label: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_domain: Final = re.compile(rf"(?=.{{1,200}}\Z){_label}(?:\.{_label})*\.(?![0-9]+\Z){_label}")


class BadKey(Exception):
    """A key that cannot be used, and why."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that messages are signed with.

    Args:
        private: shown by nothing.
    """

    domain: str
    selector: str
    private: PrivateKey = field(repr=False)

    @property
    def kind(self) -> str:
        """``rsa`` or ``ed25519``."""
        return "rsa" if isinstance(self.private, RSAPrivateKey) else "ed25519"

    @property
    def name(self) -> str:
        """The name that it is published under."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def public(self) -> str:
        """The public key, as ``p=`` has it (RFC 6376, 3.6.1; RFC 8463, 4.2)."""
        if isinstance(self.private, Ed25519PrivateKey):
            octets = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        else:
            octets = self.private.public_key().public_bytes(
                Encoding.DER, PublicFormat.SubjectPublicKeyInfo
            )
        return base64.b64encode(octets).decode("ascii")

    @property
    def record(self) -> str:
        """The text to publish."""
        return f"v=DKIM1; k={self.kind}; p={self.public}"


def is_domain(text: str) -> bool:
    """Return whether a text is a domain of two labels at least, as A-labels in lower case."""
    return _domain.fullmatch(text) is not None


def make_key(folder: Path, domain: str, selector: str, kind: str) -> SigningKey:
    """Make a key and its file, which only we may read.

    Raises:
        BadKey: it cannot be called that, or is there already.
        OSError: it cannot be written.
    """
    if not is_domain(domain):
        raise BadKey(f"{domain!r} is no domain")
    if not _selector.fullmatch(selector):
        raise BadKey(f"{selector!r} is no selector: letters, digits and hyphens")
    private: PrivateKey
    if kind == "ed25519":
        private = Ed25519PrivateKey.generate()
    else:
        private = generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    octets = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{domain}.{selector}.pem"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadKey(f"there is a key {selector} for {domain} already: {path}") from None
    with open(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    return SigningKey(domain, selector, private)


def read_key(path: Path) -> SigningKey:
    """Read a key from its file.

    Raises:
        BadKey: it is none, or others than its owner may read it.
    """
    domain, _, selector = path.name.removesuffix(".pem").rpartition(".")
    if not _domain.fullmatch(domain) or not _selector.fullmatch(selector):
        raise BadKey(f"{path}: keys are called DOMAIN.SELECTOR.pem")
    try:
        # Without waiting: whoever writes to a named pipe may never come.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            private = load_pem_private_key(file.read(65536), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        words = error.strerror if isinstance(error, OSError) else "no key without a password"
        raise BadKey(f"{path}: {words}") from None
    if mode & _OTHERS:
        raise BadKey(f"{path}: others may read it; say chmod 600 {path.name}")
    if not isinstance(private, RSAPrivateKey | Ed25519PrivateKey):
        raise BadKey(f"{path}: neither RSA nor Ed25519")
    if isinstance(private, RSAPrivateKey) and private.key_size < 1024:
        raise BadKey(f"{path}: {private.key_size} bits are too few")
    return SigningKey(domain, selector, private)


def read_keys(folder: Path) -> tuple[Sequence[SigningKey], Sequence[BadKey]]:
    """Return the keys of a folder, by domain and selector, and what is wrong with others."""
    keys: list[SigningKey] = []
    problems: list[BadKey] = []
    for path in sorted(folder.glob("*.pem")):
        try:
            keys.append(read_key(path))
        except BadKey as error:
            problems.append(error)
    keys.sort(key=lambda each: (each.domain, each.selector))
    return keys, problems
