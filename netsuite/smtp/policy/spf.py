"""SPF: whether an address may send mail in a domain's name. See RFC 7208.

The explanation that a domain publishes (``exp=``) is not fetched: it would be a stranger's text in
our replies.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from netsuite.dns import DNS, LookupFailed, NoSuchName
from netsuite.smtp.policy.names import verified_names
from netsuite.smtp.policy.spf_record import (
    IP,
    Directive,
    PermError,
    Record,
    expand,
    is_record,
    parse_record,
)

#: RFC 7208, 4.6.4: terms that ask the DNS, those of them that find nothing, and hosts of an MX.
LOOKUPS: Final = 10
VOID_LOOKUPS: Final = 2
MX_HOSTS: Final = 10

# RFC 7208, 4.3: several labels of up to 63 octets.
_domain: Final = re.compile(r"(?=.{1,253}\Z)[!-\-/-~]{1,63}(?:\.[!-\-/-~]{1,63})+", re.ASCII)


@dataclass(frozen=True, slots=True)
class SPFResult:
    """What SPF says of a sender.

    Args:
        result: ``none``, ``neutral``, ``pass``, ``fail``, ``softfail``, ``temperror`` or
            ``permerror`` (RFC 7208, 2.6).
        domain: that was asked about.
        reason: what matched, or what is wrong.
    """

    result: str
    domain: str
    reason: str = ""


class _TempError(Exception):
    """The DNS does not answer now."""


async def check_host(
    dns: DNS, address: str, domain: str, *, sender: str = "", helo: str = ""
) -> SPFResult:
    """Return whether a domain lets an address send in its name.

    Args:
        address: of the client; empty for a local socket, of which SPF says nothing.
        domain: of the sender, or what the client calls itself.
        sender: the whole address; empty for postmaster of the domain.
        helo: what the client calls itself.
    """
    domain = domain.rstrip(".").lower()
    if not address or domain.startswith("["):
        return SPFResult("none", domain, "a local client" if not address else "no domain")
    checking = _Check(dns, _address(address), sender or f"postmaster@{domain}", helo)
    try:
        result, reason = await checking.check(domain)
    except _TempError as error:
        result, reason = "temperror", str(error)
    except PermError as error:
        result, reason = "permerror", str(error)
    return SPFResult(result, domain, reason)


def _address(text: str) -> IP:
    address = ipaddress.ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


class _Check:
    """One evaluation, through all its inclusions: what is asked, and how much has been."""

    def __init__(self, dns: DNS, ip: IP, sender: str, helo: str) -> None:
        self._dns = dns
        self._ip = ip
        self._sender = sender
        self._helo = helo
        self._lookups = self._void = 0
        self._names: Sequence[str] | None = None

    async def check(self, domain: str) -> tuple[str, str]:
        """Return a domain's result and its reason. Raises PermError, _TempError."""
        record = await self._record(domain)
        if record is None:
            return "none", "no record"
        for each in record.directives:
            if await self._matches(each, domain):
                return each.result, f"{each.kind} of {domain}"
        if record.redirect is not None and all(d.kind != "all" for d in record.directives):
            self._count()
            result = await self.check(await self._target(record.redirect, domain))
            if result[0] == "none":
                raise PermError("redirected to a domain without a record")
            return result
        return "neutral", f"nothing of {domain} matches"

    async def _record(self, domain: str) -> Record | None:
        if not _domain.fullmatch(domain):
            return None
        try:
            texts = (await self._dns.txt(domain)).records
        except NoSuchName:
            return None
        except LookupFailed:
            raise _TempError(f"the record of {domain} cannot be looked up now") from None
        records = [each for each in texts if is_record(each)]
        if len(records) > 1:
            raise PermError(f"{domain} has several records")
        return parse_record(records[0]) if records else None

    def _count(self) -> None:
        self._lookups += 1
        if self._lookups > LOOKUPS:
            raise PermError(f"more than {LOOKUPS} lookups")

    def _count_void(self, found: Collection[object]) -> None:
        if not found:
            self._void += 1
            if self._void > VOID_LOOKUPS:
                raise PermError(f"more than {VOID_LOOKUPS} lookups that found nothing")

    async def _matches(self, directive: Directive, domain: str) -> bool:
        kind = directive.kind
        if kind == "all":
            return True
        if kind == "ip":
            return directive.network is not None and self._ip in directive.network
        self._count()
        target = await self._target(directive.domain, domain) if directive.domain else domain
        if kind == "include":
            return await self._includes(target)
        if kind == "ptr":
            names = await self._validated()
            return any(f".{name}".endswith(f".{target.lower()}") for name in names)
        if kind == "exists":
            found = [each for each in await self._addresses(target) if each.version == 4]
            self._count_void(found)
            return bool(found)
        if kind == "a":
            there = await self._addresses(target)
            self._count_void([each for each in there if each.version == self._ip.version])
            return self._among(there, directive)
        return await self._mx(target, directive)

    async def _includes(self, target: str) -> bool:
        result, _ = await self.check(target)
        if result == "none":
            raise PermError(f"includes {target}, which has no record")
        return result == "pass"

    async def _mx(self, target: str, directive: Directive) -> bool:
        try:
            hosts = [each.host for each in (await self._dns.mx(target)).records if each.host]
        except NoSuchName:
            hosts = []
        except LookupFailed:
            raise _TempError(f"the MX of {target} cannot be looked up now") from None
        self._count_void(hosts)
        if len(hosts) > MX_HOSTS:
            raise PermError(f"{target} has more than {MX_HOSTS} mail hosts")
        for host in hosts:
            # Such lookups are of one term, whose own has found something (RFC 7208, 4.6.4): three
            # hosts without IPv6 are no error where a client has it.
            if self._among(await self._addresses(host), directive):
                return True
        return False

    async def _addresses(self, host: str) -> Sequence[IP]:
        try:
            found = (await self._dns.addresses(host)).records
        except NoSuchName:
            return ()
        except LookupFailed:
            raise _TempError(f"{host} cannot be looked up now") from None
        return [ipaddress.ip_address(each) for each in found]

    def _among(self, addresses: Sequence[IP], directive: Directive) -> bool:
        bits = directive.prefixes[self._ip.version == 6]
        shift = self._ip.max_prefixlen - bits
        return any(
            each.version == self._ip.version and int(each) >> shift == int(self._ip) >> shift
            for each in addresses
        )

    async def _validated(self) -> Sequence[str]:
        """Return the verified names of the client; none where they cannot be known (5.5)."""
        if self._names is None:
            try:
                self._names = await verified_names(self._dns, str(self._ip))
            except LookupFailed:
                self._names = ()
        return self._names

    # -- macros --------------------------------------------------------------------------------

    async def _target(self, spec: str, domain: str) -> str:
        name = ""
        if re.search(r"%\{p", spec, re.IGNORECASE):
            self._count()
            name = _nearest(await self._validated(), domain)
        local, _, of = self._sender.rpartition("@")
        meanings = {
            "s": self._sender if local else f"postmaster@{of}",
            "l": local or "postmaster",
            "o": of,
            "d": domain,
            "i": _dotted(self._ip),
            "p": name,
            "v": "in-addr" if self._ip.version == 4 else "ip6",
            "h": self._helo,
        }
        return expand(spec, meanings.__getitem__)


def _dotted(ip: IP) -> str:
    return str(ip) if ip.version == 4 else ".".join(ip.exploded.replace(":", ""))


def _nearest(names: Sequence[str], domain: str) -> str:
    """Return the name that the macro p stands for (RFC 7208, 7.3)."""
    below = [name for name in names if name.endswith(f".{domain}")]
    return domain if domain in names else (*below, *names, "unknown")[0]
