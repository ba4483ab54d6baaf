"""DMARC: whether an author's domain stands behind a message, and what it asks for if not.

See RFC 7489.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from publicsuffixlist import PublicSuffixList

from netsuite.dns import DNS, LookupFailed, NoSuchName
from netsuite.smtp.policy.spf import SPFResult
from netsuite.smtp.policy.tags import WSP
from netsuite.smtp.policy.verification import Verified

#: What a domain may ask for, the mildest first.
POLICIES: Final = ("none", "quarantine", "reject")
_version: Final = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
_address: Final = re.compile(r"mailto:[^@,;]+@[^@,;]+", re.IGNORECASE)
_percent: Final = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class DMARCRecord:
    """A policy record (RFC 7489, 6.3).

    Args:
        policy: for the domain itself.
        below: for domains below it.
        strict_dkim: a signature must be of the very domain, not only of the same organization.
        strict_spf: the same of the sender.
        percent: of messages that the policy is for.
    """

    policy: str
    below: str
    strict_dkim: bool = False
    strict_spf: bool = False
    percent: int = 100


@dataclass(frozen=True, slots=True)
class DMARCResult:
    """What DMARC says of a message.

    Args:
        result: ``none``, ``pass``, ``fail``, ``temperror`` or ``permerror`` (RFC 7489, 11.2).
        domain: of the author.
        asked: what the domain asks for where it fails; empty without a record.
        applied: what is to be done: ``none``, ``quarantine`` or ``reject``.
    """

    result: str
    domain: str
    reason: str = ""
    asked: str = ""
    applied: str = "none"


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def organization(domain: str) -> str:
    """Return the domain that was registered, of which another is a part (RFC 7489, 3.2)."""
    return _suffixes().privatesuffix(domain) or domain


def parse_record(octets: bytes) -> DMARCRecord | None:
    """Read a record; None for one that is none, or has no policy. What is wrong with other tags
    is passed over (RFC 7489, 6.3)."""
    text = octets.decode("ascii", "replace")
    if not _version.match(text):
        return None
    tags: dict[str, str] = {}
    for spec in text.split(";")[1:]:
        name, _, value = spec.partition("=")
        tags.setdefault(name.strip(WSP), value.strip(WSP))
    policy = tags.get("p", "").lower()
    below = tags.get("sp", policy).lower()
    if policy not in POLICIES or below not in POLICIES:
        if not _address.match(tags.get("rua", "")):
            return None
        policy = below = "none"  # RFC 7489, 6.6.3, step 6
    percent = tags.get("pct", "")
    return DMARCRecord(
        policy,
        below,
        tags.get("adkim", "").lower() == "s",
        tags.get("aspf", "").lower() == "s",
        min(int(percent), 100) if _percent.fullmatch(percent) else 100,
    )


async def check_dmarc(
    dns: DNS,
    author: str,
    spf: SPFResult,
    dkim: Sequence[Verified],
    chance: Callable[[], float] = random.random,
) -> DMARCResult:
    """Return whether an author's domain stands behind a message.

    Args:
        author: the domain in From, in lower case.
        spf: of the reverse path, or of HELO for the null path.
        chance: returns a number from 0 up to 1, for records that are for a part of all messages.
    """
    registered = organization(author)
    try:
        record, above = await _discover(dns, author, registered)
    except LookupFailed:
        return DMARCResult("temperror", author, "the record cannot be looked up now")
    if record is None:
        return DMARCResult("none", author)
    asked = record.below if above else record.policy

    def aligned(domain: str, strict: bool) -> bool:
        return domain == author or (not strict and organization(domain) == registered)

    passed = spf.result == "pass" and aligned(spf.domain, record.strict_spf)
    passed = passed or any(
        each.result == "pass" and aligned(each.domain, record.strict_dkim) for each in dkim
    )
    if passed:
        return DMARCResult("pass", author, asked=asked)
    if "temperror" in {spf.result, *(each.result for each in dkim)}:
        # RFC 7489, 6.6.2: whether it fails cannot be known now.
        return DMARCResult("temperror", author, "not all could be looked up now", asked)
    applied = asked
    if chance() * 100 >= record.percent:  # RFC 7489, 6.6.4: the milder one
        applied = POLICIES[max(POLICIES.index(asked) - 1, 0)]
    return DMARCResult("fail", author, asked=asked, applied=applied)


async def _discover(dns: DNS, author: str, registered: str) -> tuple[DMARCRecord | None, bool]:
    """Return the record, and whether it is of the domain above (RFC 7489, 6.6.3)."""
    for domain in dict.fromkeys((author, registered)):
        try:
            texts = (await dns.txt(f"_dmarc.{domain}")).records
        except NoSuchName:
            continue
        records = [each for each in texts if _version.match(each.decode("ascii", "replace"))]
        if records:
            record = parse_record(records[0]) if len(records) == 1 else None
            return record, domain != author
    return None, False
