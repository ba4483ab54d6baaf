"""The verification of a message's DKIM signatures: keys from the DNS, the work in a thread."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from twisted.internet.defer import ensureDeferred, gatherResults

from netsuite.dns import DNS, LookupFailed, NoSuchName
from netsuite.message.headers import Field
from netsuite.smtp.policy.canonical import BodyHash, HeaderFields
from netsuite.smtp.policy.dkim import (
    FIELD,
    BadSignature,
    Key,
    Signature,
    check,
    parse_key,
    parse_signature,
)
from netsuite.smtp.policy.interface import Message

T = TypeVar("T")

#: More signatures are nobody's, and each is a lookup and a verification.
SIGNATURES: Final = 8
#: Of several records under one name, so many are tried.
RECORDS: Final = 4
#: Of the body, hashed at once.
BLOCK: Final = 64 * 1024


class RunInThread(Protocol):
    """Runs a function with arguments in a thread."""

    def __call__(self, function: Callable[..., T], /, *arguments: object) -> Awaitable[T]:
        """Call it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What has become of one signature.

    Args:
        result: as RFC 8601, 2.7.1 names it.
        domain: that answers for the message, empty where the signature says none.
        data: what the signature's data begin with, which tells it from others (RFC 6008).
    """

    result: str
    reason: str = ""
    domain: str = ""
    identity: str = ""
    selector: str = ""
    kind: str = ""
    data: str = ""


async def rest_of(
    body: AsyncIterator[bytes], update: Callable[[bytes], None], run: RunInThread
) -> bytes:
    """Give a body to *update* in a thread, block by block; return what is left of it, which is all
    of most: so that one hop to a thread does the whole work."""
    waiting: list[bytes] = []
    octets = 0
    async for piece in body:
        waiting.append(piece)
        octets += len(piece)
        if octets >= BLOCK:
            await run(update, b"".join(waiting))
            waiting.clear()
            octets = 0
    return b"".join(waiting)


async def verify(message: Message, dns: DNS, run: RunInThread, *, now: float) -> Sequence[Verified]:
    """Verify the signatures of a message, the topmost first; none where there are none.

    Args:
        now: in seconds since 1970.
    """
    header = HeaderFields(message.header)
    # All keys are asked for at once: one that nobody answers for keeps none of the others.
    asked = [
        ensureDeferred(_with_keys(field, dns, now))
        for field in header.named(FIELD.lower())[:SIGNATURES]
    ]
    found = await gatherResults(asked, consumeErrors=True)
    hashes = {
        _form(each[0]): BodyHash(relaxed=each[0].body_relaxed, limit=each[0].length)
        for each in found
        if isinstance(each, tuple)
    }
    if not hashes:
        return [each for each in found if isinstance(each, Verified)]

    def update(octets: bytes) -> None:
        for each in hashes.values():
            each.update(octets)

    rest = await rest_of(message.body(), update, run)

    def work() -> Sequence[Verified]:
        update(rest)
        digests = {form: each.digest() for form, each in hashes.items()}
        return [
            each
            if isinstance(each, Verified)
            else _checked(*each, header, digests[_form(each[0])], hashes[_form(each[0])].octets)
            for each in found
        ]

    return await run(work)


async def _with_keys(
    field: Field, dns: DNS, now: float
) -> Verified | tuple[Signature, Sequence[Key]]:
    signature = None
    try:
        signature = parse_signature(field)
        if signature.expires is not None and signature.expires < now:
            raise BadSignature("fail", "it has expired")
        return signature, await published_keys(dns, signature.key_name)
    except BadSignature as error:
        return _bad(error, signature)


def _form(signature: Signature) -> tuple[bool, int | None]:
    return signature.body_relaxed, signature.length


async def published_keys(dns: DNS, name: str) -> Sequence[Key]:
    """Return the keys under a name. Raises BadSignature where there is none."""
    try:
        records = (await dns.txt(name)).records
    except NoSuchName:
        records = ()
    except LookupFailed:
        raise BadSignature("temperror", "the key cannot be looked up now") from None
    problem = BadSignature("permerror", "no key")
    keys = []
    for record in records[:RECORDS]:
        try:
            keys.append(parse_key(record))
        except BadSignature as error:
            problem = error
    if not keys:
        raise problem
    return keys


def _checked(
    signature: Signature, keys: Sequence[Key], header: HeaderFields, body_hash: bytes, octets: int
) -> Verified:
    problem = BadSignature("permerror", "no key")
    for key in keys:
        try:
            check(signature, key, header, body_hash, octets)
        except BadSignature as error:
            problem = error
        else:
            return _verified("pass", "", signature)
    return _bad(problem, signature)


def _bad(error: BadSignature, signature: Signature | None) -> Verified:
    if signature is None:
        return Verified(error.result, error.reason)
    return _verified(error.result, error.reason, signature)


def _verified(result: str, reason: str, signature: Signature) -> Verified:
    data = base64.b64encode(signature.data[:6]).decode("ascii")
    return Verified(
        result,
        reason,
        signature.domain,
        signature.identity,
        signature.selector,
        f"{signature.kind}-sha256",
        data,
    )
