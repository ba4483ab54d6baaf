"""The DNS: the host's own name and addresses, and the records of its mail domains."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Sequence
from typing import Final

from netsuite.cli.diagnosis.findings import Finding
from netsuite.dns import DNS, LookupFailed, NoSuchName
from netsuite.smtp.records import Found

#: What mail does without, if not well: all others lose mail, or have it refused.
_WISHES: Final = ("_mta-sts.", "mta-sts.", "_smtp._tls.", "_submission", "_imap", "_pop3")
#: For documentation and tests (RFC 2606), and what has no dot.
_NOBODYS: Final = ("localhost", ".test", ".example", ".invalid", ".localhost")


def judge_hostname(host: str) -> Finding:
    """Judge the name that a host goes by."""
    if host == "localhost" or "." not in host or f".{host}".endswith(_NOBODYS):
        advice = 'netsuite init --hostname mail.example.org; or site.hostname = "..."'
        return Finding(
            "fail", "host", f"the host is called {host}, by which nobody finds it", advice
        )
    return Finding("ok", "host", f"the host is called {host}")


async def addresses_of(dns: DNS, host: str) -> tuple[Sequence[str] | None, Finding]:
    """Return a host's addresses, None where nobody answers, and what is to be said of them."""
    try:
        found = (await dns.addresses(host)).records
    except NoSuchName:
        found = ()
    except LookupFailed as error:
        advice = "name a resolver in /etc/resolv.conf, or delivery.resolvers"
        return None, Finding("fail", "dns", f"{host} cannot be looked up: {error}", advice)
    return found, judge_addresses(host, found)


def judge_addresses(host: str, addresses: Sequence[str]) -> Finding:
    """Judge a host's addresses as the DNS has them."""
    if not addresses:
        advice = f"publish {host}. A, and AAAA where this machine has IPv6"
        return Finding("fail", "dns", f"{host} has no address", advice)
    local = [each for each in addresses if not ipaddress.ip_address(each).is_global]
    said = f"{host} is {', '.join(addresses)}"
    if local:
        advice = "publish the address that others reach it by"
        return Finding("warn", "dns", f"{said}: nobody else reaches {local[0]}", advice)
    return Finding("ok", "dns", said)


async def look_at_reverse(dns: DNS, host: str, addresses: Sequence[str]) -> AsyncIterator[Finding]:
    """Look whether each address leads back to the host's name: many refuse mail where it does
    not."""
    for address in addresses:
        try:
            names = [each.rstrip(".").lower() for each in (await dns.ptr(address)).records]
        except NoSuchName:
            names = []
        except LookupFailed as error:
            yield Finding("warn", "dns", f"{address} cannot be looked up: {error}", "look again")
            continue
        yield judge_reverse(host, address, names)


def judge_reverse(host: str, address: str, names: Sequence[str]) -> Finding:
    """Judge the names that an address has."""
    if host.lower() in names:
        return Finding("ok", "dns", f"{address} is called {host}")
    called = f"called {', '.join(names)}" if names else "without a name"
    advice = f"have whoever gave you the address publish its reverse record (PTR): {host}."
    return Finding("fail", "dns", f"{address} is {called}; many hosts refuse its mail", advice)


def judge_record(found: Found) -> Finding:
    """Judge a record of a mail domain, as ``netsuite dns`` has it."""
    record = found.record
    said = f"{record.type} of {record.name}"
    if found.state == "there":
        return Finding("ok", "dns", f"{said} is right")
    if found.state == "unknown":
        return Finding("warn", "dns", f"{said} cannot be looked up now", "look again")
    wish = record.name.startswith(_WISHES)
    is_what = f"is {', '.join(found.texts)}" if found.state == "differs" else "is not there"
    return Finding("warn" if wish else "fail", "dns", f"{said} {is_what}", record.line)
