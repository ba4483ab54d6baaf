"""The DNS records that a mail domain publishes, and whether those there are do the same.

See RFC 5321 (MX), RFC 7208, RFC 6376, RFC 7489, RFC 8461, RFC 8460, RFC 6186, RFC 8314.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from netsuite.dns import DNS, LookupFailed, NoSuchName
from netsuite.smtp.policy import dmarc, spf_record
from netsuite.smtp.policy.dkim import BadSignature, parse_key
from netsuite.smtp.policy.keys import SigningKey
from netsuite.smtp.policy.tags import parse_tags

#: RFC 6186, RFC 8314: service, whether TLS comes first, standard port; the first is found first.
SERVICES: Final = (
    ("submission", "_submissions._tcp", True, 465),
    ("submission", "_submission._tcp", False, 587),
    ("imap", "_imaps._tcp", True, 993),
    ("imap", "_imap._tcp", False, 143),
    ("pop3", "_pop3s._tcp", True, 995),
    ("pop3", "_pop3._tcp", False, 110),
)
#: Where mail programs ask, of each domain.
AUTOCONFIG_HOSTS: Final = ("autoconfig", "autodiscover")
#: RFC 1035, 3.3: a character-string has at most 255 octets.
_STRING: Final = 255


@dataclass(frozen=True, slots=True)
class Published:
    """One record.

    Args:
        name: without the dot at its end.
        data: as a zone file has it; of TXT the text, unquoted.
        same: returns whether what is there does as well as *data*; None where only the very data
            do.
    """

    name: str
    type: str
    data: str
    same: Callable[[str], bool] | None = None

    @property
    def line(self) -> str:
        """The line of a zone file (RFC 1035, 5.1)."""
        data = self.data
        if self.type == "TXT":
            pieces = [data[at : at + _STRING] for at in range(0, len(data), _STRING)]
            data = " ".join('"' + each.replace("\\", "\\\\").replace('"', '\\"') + '"'
                            for each in pieces)  # fmt: skip
        return f"{self.name}. IN {self.type} {data}"


def records(
    domain: str,
    host: str,
    keys: Sequence[SigningKey] = (),
    *,
    services: Mapping[str, bool],
    ports: Mapping[tuple[str, bool], int] | None = None,
    smart_host: bool = False,
    postmaster: str = "",
    policy: str = "",
    autoconfig: bool = False,
) -> Sequence[Published]:
    """Return what a domain is to publish.

    Args:
        host: where its mail goes to, and comes from.
        keys: that its mail is signed with.
        services: of ``SERVICES``, whether each is there.
        ports: where they listen, by service and whether TLS comes first; None, and where nothing
            is said: their standard ports.
        smart_host: mail leaves by another host, which SPF then cannot know.
        postmaster: whom reports go to; empty for the domain's own.
        policy: of MTA-STS, whose change hosts see by the record's; empty: there is none.
        autoconfig: whether mail programs that ask *host* are told how to set themselves up.
    """
    reports = postmaster or f"postmaster@{domain}"
    end = "~all" if smart_host else "-all"
    found = [
        Published(domain, "MX", f"10 {host}.", lambda text: text.endswith(f" {host}.")),
        Published(domain, "TXT", f"v=spf1 mx {end}", _is_spf),
        # A second record of the same name would be an error to everybody (RFC 7208, 4.5).
        *([Published(host, "TXT", f"v=spf1 a {end}", _is_spf)] if host != domain else []),
        *(Published(each.name, "TXT", each.record, _same_key(each)) for each in keys),
        Published(
            f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=quarantine; rua=mailto:{reports}", _is_dmarc
        ),
        Published(
            f"_smtp._tls.{domain}", "TXT", f"v=TLSRPTv1; rua=mailto:{reports}", _tagged("TLSRPTv1")
        ),
    ]
    if policy:
        digest = hashlib.sha256(policy.encode()).hexdigest()[:16]
        found += [
            Published(f"_mta-sts.{domain}", "TXT", f"v=STSv1; id={digest}", _tagged("STSv1")),
            Published(f"mta-sts.{domain}", "CNAME", f"{host}."),
        ]
    found += _servers(domain, host, services, ports or {})
    if autoconfig:
        found += [
            *(Published(f"{name}.{domain}", "CNAME", f"{host}.") for name in AUTOCONFIG_HOSTS),
            Published(f"_autodiscover._tcp.{domain}", "SRV", f"0 0 443 {host}."),
        ]
    return found


def _servers(
    domain: str,
    host: str,
    services: Mapping[str, bool],
    ports: Mapping[tuple[str, bool], int],
) -> Iterator[Published]:
    for service, name, tls, standard in SERVICES:
        port = ports.get((service, tls), standard)
        there = services.get(service, False)
        data = f"{0 if tls else 10} 1 {port} {host}." if there else "0 0 0 ."
        yield Published(f"{name}.{domain}", "SRV", data)


def _is_spf(text: str) -> bool:
    octets = text.encode("utf-8", "replace")
    if not spf_record.is_record(octets):
        return False
    try:
        spf_record.parse_record(octets)
    except spf_record.PermError:
        return False
    return True


def _is_dmarc(text: str) -> bool:
    return dmarc.parse_record(text.encode("utf-8", "replace")) is not None


def _same_key(key: SigningKey) -> Callable[[str], bool]:
    def same(text: str) -> bool:
        try:
            return parse_key(text.encode("utf-8", "replace")).public == key.private.public_key()
        except BadSignature:
            return False

    return same


def _tagged(version: str) -> Callable[[str], bool]:
    def same(text: str) -> bool:
        try:
            return parse_tags(text).get("v") == version
        except ValueError:
            return False

    return same


@dataclass(frozen=True, slots=True)
class Found:
    """What the DNS has of a record.

    Args:
        state: ``there``, ``differs``, ``missing`` or ``unknown``: nobody answers now.
        texts: what is there instead.
    """

    record: Published
    state: str
    texts: Sequence[str] = ()


async def look(dns: DNS, record: Published) -> Found:
    """Look what the DNS has of a record."""
    try:
        texts = await _texts(dns, record)
    except NoSuchName:
        texts = []
    except LookupFailed:
        return Found(record, "unknown")
    if record.type == "TXT" and "._domainkey." not in record.name:
        # A domain has texts for many purposes; those for this one have its first word. What stands
        # where a key does is one, also without v= (RFC 6376, 3.6.1).
        word = record.data.partition(";")[0].partition(" ")[0].lower()
        texts = [each for each in texts if each.lower().startswith(word)]
    same = record.same or record.data.__eq__
    right = any(same(each) for each in texts) and (record.type != "TXT" or len(texts) == 1)
    return Found(record, "there" if right else "differs" if texts else "missing", texts)


async def _texts(dns: DNS, record: Published) -> list[str]:
    if record.type == "MX":
        return [f"{each.preference} {each.host}." for each in (await dns.mx(record.name)).records]
    if record.type == "CNAME":  # that it leads somewhere is enough
        return [record.data] if (await dns.addresses(record.name)).records else []
    if record.type == "SRV":
        return [
            f"{each.priority} {each.weight} {each.port} {each.host}."
            for each in (await dns.srv(record.name)).records
        ]
    return [each.decode("utf-8", "replace") for each in (await dns.txt(record.name)).records]
