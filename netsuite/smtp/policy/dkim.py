"""DKIM signatures and keys as values, and whether one verifies the other. See RFC 6376, RFC 8463,
RFC 8301."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from netsuite.message.headers import Field
from netsuite.smtp.policy.canonical import HeaderFields, relaxed_field
from netsuite.smtp.policy.tags import WSP, decode_base64, parse_tags, without_space

FIELD: Final = b"DKIM-Signature"
#: RFC 8301, 3.2: verifiers take no shorter keys.
LEAST_BITS: Final = 1024
#: Longer ones only cost time.
MOST_BITS: Final = 8192
PublicKey: TypeAlias = RSAPublicKey | Ed25519PublicKey

# RFC 5321, 4.1.2: sub-domain = Let-dig [Ldh-str]; the DNS has an underscore in some, too.
_label: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_domain: Final = re.compile(rf"(?=.{{1,253}}\Z){_label}(?:\.{_label})+")
_selector: Final = re.compile(rf"(?=.{{1,200}}\Z){_label}(?:\.{_label})*")
_header_name: Final = re.compile(r"[!-9;-~]+")
_number: Final = re.compile(r"[0-9]{1,76}")
_time: Final = re.compile(r"[0-9]{1,12}")
#: The value of the b tag, which its own hash has not.
_b_value: Final = re.compile(rb"((?:^|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*")
_REQUIRED: Final = ("v", "a", "b", "bh", "d", "h", "s")


class BadSignature(Exception):
    """A signature that says nothing.

    Args:
        result: as RFC 8601, 2.7.1 names it.
    """

    def __init__(self, result: str, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


def key_name(selector: str, domain: str) -> str:
    """Return the name that a key is published under."""
    return f"{selector}._domainkey.{domain}"


@dataclass(frozen=True, slots=True)
class Signature:
    """A DKIM-Signature field (RFC 6376, 3.5).

    Args:
        kind: ``rsa`` or ``ed25519``.
        signed: header fields that it covers.
        length: octets of the body that it covers, None for all.
        expires: in seconds since 1970; None for never.
        field: the field itself.
    """

    kind: str
    data: bytes
    body_hash: bytes
    domain: str
    selector: str
    identity: str
    signed: tuple[bytes, ...]
    header_relaxed: bool
    body_relaxed: bool
    length: int | None
    expires: int | None
    field: Field

    @property
    def key_name(self) -> str:
        """The name that its key is published under."""
        return key_name(self.selector, self.domain)


@dataclass(frozen=True, slots=True)
class Key:
    """A key record (RFC 6376, 3.6.1).

    Args:
        strict: the identity's domain must be the signing one itself.
    """

    kind: str
    public: PublicKey
    strict: bool = False


def parse_signature(field: Field) -> Signature:
    """Read a DKIM-Signature field. Raises BadSignature."""
    tags = signature_tags(field)
    require(tags, _REQUIRED)
    if tags["v"] != "1":
        raise BadSignature("neutral", "not version 1")
    return signature_of(field, tags, *_identity(tags))


def signature_tags(field: Field) -> dict[str, str]:
    """Return the tags of a signature. Raises BadSignature."""
    try:
        return parse_tags(field.raw.decode("ascii"))
    except ValueError as error:  # UnicodeDecodeError is one
        raise BadSignature("neutral", f"malformed: {error}") from None


def require(tags: dict[str, str], names: Sequence[str]) -> None:
    """Check that tags are there, and not empty. Raises BadSignature."""
    missing = [name for name in names if not tags.get(name)]
    if missing:
        raise BadSignature("permerror", f"no {missing[0]} tag")


def signature_of(field: Field, tags: dict[str, str], domain: str, identity: str) -> Signature:
    """Return the signature that tags tell of. Raises BadSignature."""
    header_form, _, body_form = tags.get("c", "simple").lower().partition("/")
    body_form = body_form or "simple"
    forms = {"simple", "relaxed"}
    methods = without_space(tags.get("q", "dns/txt")).split(":")
    if not {header_form, body_form} <= forms or "dns/txt" not in methods:
        raise BadSignature("neutral", "a form or method that is not known")
    kind = kind_of(tags)
    return Signature(
        kind,
        data_of(tags, "b"),
        data_of(tags, "bh"),
        domain,
        tags["s"],
        identity,
        _signed(tags["h"]),
        header_form == "relaxed",
        body_form == "relaxed",
        _whole_number(tags, "l", _number),
        _expires(tags),
        field,
    )


def kind_of(tags: dict[str, str]) -> str:
    """Return the kind of key in the a tag. Raises BadSignature."""
    kind, _, digest = tags["a"].lower().partition("-")
    if digest != "sha256" or kind not in ("rsa", "ed25519"):  # RFC 8301, 3.1: sha1 is no more
        raise BadSignature("permerror", "algorithm not accepted")
    return kind


def data_of(tags: dict[str, str], name: str) -> bytes:
    """Return what a tag has in base64. Raises BadSignature."""
    try:
        return decode_base64(tags[name])
    except ValueError:
        raise BadSignature("neutral", "malformed base64") from None


def domain_of(tags: dict[str, str]) -> str:
    """Return the domain that signs, which has a selector beside it. Raises BadSignature."""
    domain = tags["d"].lower()
    if not _domain.fullmatch(domain) or not _selector.fullmatch(tags["s"]):
        raise BadSignature("neutral", "malformed domain or selector")
    return domain


def _identity(tags: dict[str, str]) -> tuple[str, str]:
    domain = domain_of(tags)
    identity = without_space(tags.get("i", f"@{domain}"))
    _, at, below = identity.rpartition("@")
    if not at or not f".{below.lower()}".endswith(f".{domain}"):
        raise BadSignature("permerror", "the identity is not of the domain")
    return domain, identity


def _signed(names: str) -> tuple[bytes, ...]:
    found = tuple(name.strip(WSP).lower() for name in names.split(":"))
    if not all(_header_name.fullmatch(name) for name in found):
        raise BadSignature("neutral", "malformed h tag")
    if "from" not in found:
        raise BadSignature("permerror", "From is not signed")
    return tuple(name.encode("ascii") for name in found)


def _whole_number(tags: dict[str, str], name: str, form: re.Pattern[str]) -> int | None:
    value = tags.get(name)
    if value is None:
        return None
    if not form.fullmatch(value):
        raise BadSignature("neutral", f"malformed {name} tag")
    return int(value)


def _expires(tags: dict[str, str]) -> int | None:
    made, expires = (_whole_number(tags, name, _time) for name in "tx")
    if made is not None and expires is not None and expires <= made:
        raise BadSignature("neutral", "it expires before it is made")
    return expires


def parse_key(record: bytes) -> Key:
    """Read a key record. Raises BadSignature."""
    try:
        tags = parse_tags(record.decode("ascii"))
        data = decode_base64(tags["p"])
    except (ValueError, KeyError):
        raise BadSignature("permerror", "malformed key") from None
    if tags.get("v", "DKIM1") != "DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        raise BadSignature("permerror", "not a key of version DKIM1")
    if not data:
        raise BadSignature("permerror", "key revoked")
    if "sha256" not in _words(tags.get("h", "sha256")):
        raise BadSignature("permerror", "the key is not for this hash")
    if not {"*", "email"} & _words(tags.get("s", "*")):
        raise BadSignature("permerror", "the key is not for mail")
    kind = tags.get("k", "rsa").lower()
    return Key(kind, _public(kind, data), "s" in _words(tags.get("t", "")))


def _words(value: str) -> set[str]:
    return set(without_space(value).lower().split(":"))


def _public(kind: str, data: bytes) -> PublicKey:
    try:
        if kind == "ed25519":
            return Ed25519PublicKey.from_public_bytes(data)
        public = load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise BadSignature("permerror", "malformed key") from None
    if kind != "rsa" or not isinstance(public, RSAPublicKey):
        raise BadSignature("permerror", "a key of another kind")
    if not LEAST_BITS <= public.key_size <= MOST_BITS:
        raise BadSignature("policy", f"a key of {public.key_size} bits")
    return public


def without_data(raw: bytes) -> bytes:
    """Return a signature as its own hash has it: without its data."""
    return _b_value.sub(rb"\1", raw, count=1)


def header_digest(
    names: tuple[bytes, ...], header: HeaderFields, own: Field, *, relaxed: bool
) -> bytes:
    """Return the hash that is signed: of the fields named, and of the signature's own without
    its data (RFC 6376, 3.7)."""
    raw = without_data(own.raw)
    line = relaxed_field(own.name, raw) if relaxed else own.name + b":" + raw
    return hashlib.sha256(header.chosen(names, relaxed=relaxed) + line).digest()


def check(
    signature: Signature, key: Key, header: HeaderFields, body_hash: bytes, body_octets: int
) -> None:
    """Verify a signature (RFC 6376, 6.1.3). Raises BadSignature where it does not.

    Args:
        body_hash: of the body, as far as the signature covers it.
        body_octets: how large the body is, in its canonical form.
    """
    check_kind(signature.kind, key)
    if key.strict and signature.identity.rpartition("@")[2].lower() != signature.domain:
        raise BadSignature("permerror", "the identity is of a subdomain")
    if body_hash != signature.body_hash:
        raise BadSignature("fail", "the body has been changed")
    digest = header_digest(
        signature.signed, header, signature.field, relaxed=signature.header_relaxed
    )
    check_data(signature.data, key, digest)
    if signature.length is not None and signature.length != body_octets:
        # RFC 6376, 8.2: what follows could be anybody's, and a reader would see it all.
        raise BadSignature("policy", "not all of the body is signed")


def check_kind(kind: str, key: Key) -> None:
    """Check that a key is of the kind that signed. Raises BadSignature."""
    if key.kind != kind:
        raise BadSignature("permerror", "a key of another kind")


def check_data(data: bytes, key: Key, digest: bytes) -> None:
    """Check that a key's owner has signed a hash of header fields. Raises BadSignature."""
    public = key.public
    try:
        if isinstance(public, Ed25519PublicKey):
            public.verify(data, digest)
        else:
            public.verify(data, digest, PKCS1v15(), Prehashed(SHA256()))
    except (InvalidSignature, ValueError):  # the latter of a key that cannot be one
        raise BadSignature("fail", "the header has been changed") from None
