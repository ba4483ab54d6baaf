"""The DKIM signer of messages that leave. See RFC 6376, 5; RFC 8463."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from twisted.logger import Logger

from netsuite.dns import DNS, LookupFailed, NoSuchName
from netsuite.message.headers import Field
from netsuite.smtp.policy.authors import author_domains
from netsuite.smtp.policy.canonical import BodyHash, HeaderFields
from netsuite.smtp.policy.dkim import FIELD, BadSignature, header_digest, parse_key
from netsuite.smtp.policy.keys import SigningKey
from netsuite.smtp.policy.verification import RunInThread, rest_of
from netsuite.wire.reader import CRLF

#: What is signed where it is there (RFC 6376, 5.4.1).
SIGNED: Final = (
    b"from", b"reply-to", b"subject", b"date", b"to", b"cc", b"message-id", b"in-reply-to",
    b"references", b"mime-version", b"content-type", b"content-transfer-encoding",
    b"content-disposition", b"content-id", b"content-description", b"sender", b"list-id",
    b"list-help", b"list-unsubscribe", b"list-unsubscribe-post", b"list-subscribe", b"list-post",
    b"list-owner", b"list-archive",
)  # fmt: skip
#: What a message has once: named once more than it stands there, so that nobody can add another,
#: which a reader might be shown instead (RFC 6376, 8.15).
ONLY_ONCE: Final = frozenset((
    b"from", b"reply-to", b"subject", b"date", b"to", b"cc", b"message-id", b"mime-version",
    b"content-type", b"content-transfer-encoding",
))  # fmt: skip
#: How long it is remembered whether a key is published.
LOOK_SECONDS: Final = 600.0
#: Of base64 in a line.
_WIDTH: Final = 72


class Signer:
    """Signs messages of the domains that it has keys for.

    Of each kind, RSA and Ed25519, the last key by its selector that is published is used; so a
    key can be made long before its record is seen everywhere.

    Args:
        dns: where it is looked whether keys are published; None to take that for granted.
        now: seconds since 1970.
    """

    log = Logger()

    def __init__(
        self,
        keys: Sequence[SigningKey],
        run: RunInThread,
        now: Callable[[], float],
        dns: DNS | None = None,
    ) -> None:
        self._run = run
        self._now = now
        self._dns = dns
        self.configure(keys)

    def configure(self, keys: Sequence[SigningKey]) -> None:
        """Accept other keys."""
        self._keys: dict[str, list[SigningKey]] = {}
        for each in sorted(keys, key=lambda key: key.selector, reverse=True):
            self._keys.setdefault(each.domain, []).append(each)
        self._used: dict[str, tuple[float, Sequence[SigningKey]]] = {}

    async def sign(self, header: bytes, body: AsyncIterator[bytes]) -> bytes:
        """Return fields to put before a message, one a key; empty where there is no key for its
        author's domain, or for one above that.

        Args:
            header: up to the empty line, as it leaves.
            body: what follows, as it leaves, but for dot-stuffing.
        """
        read = HeaderFields(header)
        domains = author_domains(read)
        keys = await self._keys_for(domains[0]) if domains and len(domains) == 1 else ()
        if not keys:
            return b""
        made = int(self._now())
        body_hash = BodyHash(relaxed=True)
        rest = await rest_of(body, body_hash.update, self._run)

        def work() -> bytes:
            body_hash.update(rest)
            digest = body_hash.digest()
            return b"".join(signed_field(key, read, digest, made) for key in keys)

        return await self._run(work)

    async def _keys_for(self, domain: str) -> Sequence[SigningKey]:
        while domain and domain not in self._keys:
            domain = domain.partition(".")[2]
        if not domain:
            return ()
        until, used = self._used.get(domain, (0.0, ()))
        now = self._now()
        if until <= now:
            used = await self._choose(self._keys[domain], used)
            self._used[domain] = (now + LOOK_SECONDS, used)
        return used

    async def _choose(
        self, keys: Sequence[SigningKey], before: Sequence[SigningKey]
    ) -> Sequence[SigningKey]:
        """Return one published key of each kind; where none is seen to be, the last of all. What
        was used *before* goes on being used while the DNS does not answer."""
        chosen: dict[str, SigningKey] = {}
        for key in keys:
            if key.kind in chosen:
                continue
            try:
                published = self._dns is None or await _published(self._dns, key)
            except LookupFailed:
                published = key in before
            if published:
                chosen[key.kind] = key
        if not chosen:
            self.log.warn("no DKIM key of {domain} is seen in the DNS", domain=keys[0].domain)
            return keys[:1]
        return list(chosen.values())


async def _published(dns: DNS, key: SigningKey) -> bool:
    """Return whether a key's record is there. Raises LookupFailed."""
    try:
        records = (await dns.txt(key.name)).records
    except NoSuchName:
        return False
    for record in records:
        try:
            if parse_key(record).public == key.private.public_key():
                return True
        except BadSignature:
            continue
    return False


def signed_field(key: SigningKey, header: HeaderFields, body_hash: bytes, made: int) -> bytes:
    """Return a signature's field, with its line end: relaxed/relaxed."""
    names = [name for name in SIGNED for _ in range(len(header.named(name)) + (name in ONLY_ONCE))]
    value = (
        f" v=1; a={key.kind}-sha256; c=relaxed/relaxed;\r\n"
        f" d={key.domain}; s={key.selector}; t={made};\r\n"
        f" h={_folded(names)};\r\n"
        f" bh={base64.b64encode(body_hash).decode('ascii')};\r\n"
        " b="
    ).encode("ascii")
    own = Field(FIELD, value, 0, 0)
    digest = header_digest(tuple(names), header, own, relaxed=True)
    if isinstance(key.private, Ed25519PrivateKey):
        data = key.private.sign(digest)
    else:
        data = key.private.sign(digest, PKCS1v15(), Prehashed(SHA256()))
    coded = base64.b64encode(data)
    lines = [coded[start : start + _WIDTH] for start in range(0, len(coded), _WIDTH)]
    return FIELD + b":" + value + b"\r\n  ".join(lines) + CRLF


def _folded(names: Sequence[bytes]) -> str:
    lines = [""]
    for name in names:
        if len(lines[-1]) + len(name) > _WIDTH:
            lines.append("")
        lines[-1] += (":" if lines[-1] or len(lines) > 1 else "") + name.decode("ascii")
    return "\r\n  ".join(lines)
