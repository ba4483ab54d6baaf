"""The Authenticated Received Chain of a message: what hosts it came by have found, and sealed.

See RFC 8617. DNS servers that do not answer break a chain as anything else does (5.2.1).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from twisted.internet.defer import ensureDeferred, gatherResults

from netsuite.dns import DNS
from netsuite.message.headers import Field
from netsuite.message.parameters import without_comments
from netsuite.smtp.policy.authors import a_labels
from netsuite.smtp.policy.canonical import BodyHash, HeaderFields, relaxed_field
from netsuite.smtp.policy.dkim import (
    BadSignature,
    Key,
    Signature,
    check,
    check_data,
    check_kind,
    data_of,
    domain_of,
    key_name,
    kind_of,
    require,
    signature_of,
    signature_tags,
    without_data,
)
from netsuite.smtp.policy.interface import Message
from netsuite.smtp.policy.results import parse_results
from netsuite.smtp.policy.verification import RunInThread, published_keys, rest_of
from netsuite.wire.reader import CRLF

T = TypeVar("T")

#: RFC 8617, 4.2.1: of more sets none is looked at.
SETS: Final = 50
#: Of older sets so many are looked at together, so that a broken one is the end of questions to
#: domains that others have named (9.2).
AT_ONCE: Final = 8

_RESULTS: Final = b"arc-authentication-results"
_SIGNATURE: Final = b"arc-message-signature"
_SEAL: Final = b"arc-seal"
_NAMES: Final = (_RESULTS, _SIGNATURE, _SEAL)
# RFC 8617, 4.1.1: arc-info = instance [CFWS] ";" authres-payload
_results: Final = re.compile(rb"\s*i\s*=\s*([0-9]{1,2})\s*;(.*)", re.DOTALL)
_position: Final = re.compile(r"[0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class Seal:
    """An ARC-Seal field (RFC 8617, 4.1.3)."""

    kind: str
    data: bytes
    domain: str
    selector: str
    field: Field

    @property
    def key_name(self) -> str:
        """The name that its key is published under."""
        return key_name(self.selector, self.domain)


@dataclass(frozen=True, slots=True)
class ARCSet:
    """One ARC set: the fields that one host has added (RFC 8617, 4.2).

    Args:
        results: what it has found, its ARC-Authentication-Results field.
        payload: of that field, without comments.
        signature: over the message as it left, its ARC-Message-Signature field.
        tags: of that field.
    """

    results: Field
    payload: bytes
    signature: Field
    tags: dict[str, str]
    seal: Seal


@dataclass(frozen=True, slots=True)
class ARCResult:
    """The result of verifying a chain.

    Args:
        result: ``none``, ``pass`` or ``fail``.
        oldest_pass: the oldest instance whose signature over the message still holds; 0 for all.
        sets: of a chain that passes, the oldest first.
    """

    result: str
    reason: str = ""
    oldest_pass: int = 0
    sets: Sequence[ARCSet] = ()

    @property
    def sealer(self) -> str:
        """The domain that sealed last; empty where the chain does not pass."""
        return self.sets[-1].seal.domain if self.sets else ""

    def witness(self, author: str, trusted: Collection[str]) -> tuple[int, str] | None:
        """Return who of the *trusted*, and as which instance, saw an author's domain pass DMARC.

        None is believed that stands behind one who is not trusted: whoever sealed after others
        could have written all that they seem to say.
        """
        for instance in range(len(self.sets), 0, -1):
            each = self.sets[instance - 1]
            if each.seal.domain not in trusted:
                return None
            for found in parse_results(each.payload):
                if (found.method, found.result) == ("dmarc", "pass"):
                    domain = dict(found.properties).get("header.from", "")
                    if a_labels(domain) == author:
                        return instance, each.seal.domain
        return None


async def verify_chain(message: Message, dns: DNS, run: RunInThread, *, now: float) -> ARCResult:
    """Verify the chain of a message (RFC 8617, 5.2).

    Args:
        now: in seconds since 1970.
    """
    header = HeaderFields(message.header)
    try:
        sets = read_sets(header)
        if not sets:
            return ARCResult("none")
        checked = _Checked(header, sets, now)
        await checked.look_up(dns, range(len(sets), len(sets) - 1, -1))
        rest = await rest_of(message.body(), checked.update, run)
        await run(checked.check_newest, rest)
        # The newest seal is over all the others: now it is known that one host has seen them all.
        for first in range(len(sets) - 1, 0, -AT_ONCE):
            batch = range(first, max(first - AT_ONCE, 0), -1)
            await checked.look_up(dns, batch)
            await run(checked.check_older, batch)
    except BadSignature as error:
        return ARCResult("fail", error.reason)
    return ARCResult("pass", "", checked.oldest_pass, sets)


# -- structure -----------------------------------------------------------------------------------


def read_sets(header: HeaderFields) -> Sequence[ARCSet]:
    """Return the sets of a header, the oldest first. Raises BadSignature where it is no chain."""
    named = {name: header.named(name) for name in _NAMES}
    count = max(map(len, named.values()))
    if count > SETS:
        raise BadSignature("fail", f"more than {SETS} sets")
    if any(len(each) != count for each in named.values()):
        raise BadSignature("fail", "a set is not whole")
    results = _by_instance([(*_results_of(each), each) for each in named[_RESULTS]])
    signatures = _by_instance([_tagged(each) for each in named[_SIGNATURE]])
    seals = _by_instance([_tagged(each) for each in named[_SEAL]])
    sets = []
    for instance in range(1, count + 1):
        payload, field = results[instance]
        tags, signature = signatures[instance]
        sets.append(ARCSet(field, payload, signature, tags, _seal(instance, *seals[instance])))
    return sets


def _by_instance(found: Sequence[tuple[int, T, Field]]) -> Mapping[int, tuple[T, Field]]:
    by_instance = {instance: (value, field) for instance, value, field in found}
    if sorted(by_instance) != list(range(1, len(found) + 1)):
        raise BadSignature("fail", "instances are missing, or there twice")
    return by_instance


def _results_of(field: Field) -> tuple[int, bytes]:
    match = _results.fullmatch(without_comments(field.value))
    if match is None:
        raise BadSignature("fail", "results without an instance")
    return int(match[1]), match[2]


def _tagged(field: Field) -> tuple[int, dict[str, str], Field]:
    tags = signature_tags(field)
    require(tags, ("i",))
    if not _position.fullmatch(tags["i"]):
        raise BadSignature("fail", "malformed instance")
    return int(tags["i"]), tags, field


def _seal(instance: int, tags: dict[str, str], field: Field) -> Seal:
    require(tags, ("a", "b", "cv", "d", "s"))
    if "h" in tags:  # 4.1.3: what a seal covers is not chosen
        raise BadSignature("fail", "a seal with the tag h")
    if tags["cv"].lower() != ("none" if instance == 1 else "pass"):
        raise BadSignature("fail", f"seal {instance} says cv={tags['cv'][:10]}")
    return Seal(kind_of(tags), data_of(tags, "b"), domain_of(tags), tags["s"], field)


def _message_signature(each: ARCSet) -> Signature:
    tags = each.tags
    require(tags, ("a", "b", "bh", "d", "h", "s"))
    domain = domain_of(tags)
    signature = signature_of(each.signature, tags, domain, f"@{domain}")
    if not set(_NAMES).isdisjoint(signature.signed):  # 4.1.2; the next host adds to them
        raise BadSignature("fail", "a message signature covers the chain")
    return signature


# -- signatures ----------------------------------------------------------------------------------


class _Checked:
    """A chain while it is checked, the newest set first.

    Args:
        now: in seconds since 1970.

    Raises:
        BadSignature: the newest signature over the message is none.
    """

    def __init__(self, header: HeaderFields, sets: Sequence[ARCSet], now: float) -> None:
        self._header = header
        self._sets = sets
        self._now = now
        self._newest = _message_signature(sets[-1])
        self._signatures = [*map(_readable, sets[:-1]), self._newest]
        self._keys: dict[str, Sequence[Key] | BadSignature] = {}
        # Of the whole body, whatever part of it one covers: more than two hashes are never made.
        forms = {each.body_relaxed for each in self._signatures if each is not None}
        self._hashes = {form: BodyHash(relaxed=form) for form in forms}
        self._digests: dict[bool, bytes] = {}
        self._seal_digests: list[bytes] = []
        self.oldest_pass = 0

    async def look_up(self, dns: DNS, instances: Sequence[int]) -> None:
        """Get the keys of some sets."""
        wanted = {self._sets[each - 1].seal.key_name for each in instances}
        if not self.oldest_pass:
            signatures = [self._signatures[each - 1] for each in instances]
            wanted |= {each.key_name for each in signatures if each is not None}
        names = sorted(wanted - self._keys.keys())
        asked = [ensureDeferred(_keys(dns, name)) for name in names]
        found = await gatherResults(asked, consumeErrors=True)
        self._keys.update(zip(names, found, strict=True))

    def update(self, octets: bytes) -> None:
        """Accept some of the body."""
        for each in self._hashes.values():
            each.update(octets)

    def check_newest(self, rest: bytes) -> None:
        """Check the newest set, when all of the body is there. Raises BadSignature.

        Args:
            rest: of the body.
        """
        self.update(rest)
        self._digests = {form: each.digest() for form, each in self._hashes.items()}
        self._seal_digests = _seal_digests(self._sets)
        self._check_signature(self._newest)
        self._check_seal(len(self._sets))

    def check_older(self, instances: Sequence[int]) -> None:
        """Check others. Raises BadSignature where a seal is broken; a signature over the message
        may be, for hosts on its way may change it."""
        for instance in instances:
            if not self.oldest_pass and not self._holds(self._signatures[instance - 1]):
                self.oldest_pass = instance + 1
            self._check_seal(instance)

    def _holds(self, signature: Signature | None) -> bool:
        if signature is None:
            return False
        try:
            self._check_signature(signature)
        except BadSignature:
            return False
        return True

    def _check_signature(self, signature: Signature) -> None:
        if signature.expires is not None and signature.expires < self._now:
            raise BadSignature("fail", "it has expired")
        digest = self._digests[signature.body_relaxed]
        octets = self._hashes[signature.body_relaxed].octets

        def check_by(key: Key) -> None:
            check(signature, key, self._header, digest, octets)

        self._by_a_key(signature.key_name, check_by)

    def _check_seal(self, instance: int) -> None:
        seal, digest = self._sets[instance - 1].seal, self._seal_digests[instance - 1]

        def check_by(key: Key) -> None:
            check_kind(seal.kind, key)
            check_data(seal.data, key, digest)

        try:
            self._by_a_key(seal.key_name, check_by)
        except BadSignature as error:
            raise BadSignature("fail", f"seal {instance}: {error.reason}") from None

    def _by_a_key(self, name: str, check_by: Callable[[Key], None]) -> None:
        """Check by the keys of a name until one will do. Raises BadSignature."""
        keys = self._keys[name]
        if isinstance(keys, BadSignature):
            raise keys
        problem = BadSignature("permerror", "no key")
        for key in keys:
            try:
                check_by(key)
            except BadSignature as error:
                problem = error
            else:
                return
        raise problem


async def _keys(dns: DNS, name: str) -> Sequence[Key] | BadSignature:
    try:
        return await published_keys(dns, name)
    except BadSignature as error:
        return error


def _readable(each: ARCSet) -> Signature | None:
    try:
        return _message_signature(each)
    except BadSignature:
        return None


def _seal_digests(sets: Sequence[ARCSet]) -> list[bytes]:
    """Return what each seal has signed: all sets up to its own (5.1.1)."""
    before = hashlib.sha256()
    found = []
    for each in sets:
        for field in (each.results, each.signature):
            before.update(relaxed_field(field.name, field.raw) + CRLF)
        field = each.seal.field
        own = before.copy()
        own.update(relaxed_field(field.name, without_data(field.raw)))
        found.append(own.digest())
        before.update(relaxed_field(field.name, field.raw) + CRLF)
    return found
