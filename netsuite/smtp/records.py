"""The DNS records that a mail domain publishes, and whether those there are do the same.

See RFC 5321 (MX), RFC 7208, RFC 6376, RFC 7489, RFC 8461, RFC 8460, RFC 6186, RFC 8314.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from netsuite.dns import DNS, LookupFailed, NoSuchName
from netsuite.smtp.policy import dmarc, spf_record
from netsuite.smtp.policy.dkim import BadSignature, parse_key
from netsuite.smtp.policy.keys import SigningKey
from netsuite.smtp.policy.tags import parse_tags

#: RFC 6186, RFC 8314: service and standard port; the first is found first.
SERVICES: Final = (
    ("submission", "_submissions._tcp", 465),
    ("submission", "_submission._tcp", 587),
    ("imap", "_imaps._tcp", 993),
    ("imap", "_imap._tcp", 143),
    ("pop3", "_pop3s._tcp", 995),
    ("pop3", "_pop3._tcp", 110),
)
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
    smart_host: bool = False,
    postmaster: str = "",
) -> Sequence[Published]:
    """Return what a domain is to publish.

    Args:
        host: where its mail goes to, and comes from.
        keys: that its mail is signed with.
        services: of ``SERVICES``, whether each is there.
        smart_host: mail leaves by another host, which SPF then cannot know.
        postmaster: whom reports go to; empty for the domain's own.
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
        Published(f"_mta-sts.{domain}", "TXT", f"v=STSv1; id={_sts_id(host)}", _tagged("STSv1")),
        Published(f"mta-sts.{domain}", "CNAME", f"{host}."),
        Published(
            f"_smtp._tls.{domain}", "TXT", f"v=TLSRPTv1; rua=mailto:{reports}", _tagged("TLSRPTv1")
        ),
    ]
    for index, (service, name, port) in enumerate(SERVICES):
        there = services.get(service, False)
        data = f"{index % 2 * 10} 1 {port} {host}." if there else "0 0 0 ."
        found.append(Published(f"{name}.{domain}", "SRV", data))
    return found


def sts_policy(host: str) -> str:
    """Return the policy that https://mta-sts.DOMAIN/.well-known/mta-sts.txt is to have (RFC 8461,
    3.2), for a beginning: failures are reported and harm nobody."""
    return f"version: STSv1\r\nmode: testing\r\nmx: {host}\r\nmax_age: 604800\r\n"


def _sts_id(host: str) -> str:
    return hashlib.sha256(sts_policy(host).encode()).hexdigest()[:16]


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
