"""Routes of outgoing mail: which hosts take the mail of a domain, in which order, how secured."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from netsuite.dns import DNS, MX, TLSA, LookupFailed, NoSuchName, in_order
from netsuite.smtp.commands import Reply, reply
from netsuite.smtp.delivery.dane import associations
from netsuite.smtp.delivery.lifecycle import Said
from netsuite.smtp.delivery.mta_sts import DomainPolicies
from netsuite.smtp.relay import SMTP_PORT, Relay, Security

#: Hosts of one domain that are tried at most in one attempt.
HOSTS: Final = 10
#: And addresses of one host.
ADDRESSES: Final = 8

NO_DOMAIN: Final = reply(550, "5.1.2", "There is no such domain")
NULL_MX: Final = reply(556, "5.1.10", "The domain takes no mail (RFC 7505)")
NO_DNS: Final = reply(451, "4.4.3", "The DNS cannot be asked about the domain now")
NOT_ALLOWED: Final = reply(
    451, "4.7.5", "The domain's MTA-STS policy names none of the hosts that the DNS does"
)
NO_NAMES: Final = reply(
    550, "5.4.4", "The domain names no mail hosts, but IP addresses (RFC 5321, 5.1)"
)
TO_OURSELVES: Final = reply(554, "5.4.6", "Mail for the domain would come back to this host")
NO_ADDRESS: Final = reply(550, "5.4.4", "No mail host of the domain has an address")
NO_ADDRESS_NOW: Final = reply(451, "4.4.3", "The address of no mail host is known now")
NO_TLSA_NOW: Final = reply(
    451, "4.4.3", "Whether the DNS vouches for the mail host's certificate cannot be known now"
)


class Unroutable(Exception):
    """There is no host to carry mail to, for now or for ever.

    Args:
        reply: says why.
        by_tls: because of how connections are to be secured.
    """

    def __init__(self, reply: Reply, *, by_tls: bool = False) -> None:
        super().__init__(str(reply))
        self.said = Said(reply)
        self.by_tls = by_tls


@dataclass(frozen=True, slots=True)
class RouteSettings:
    """What is configured of routes.

    Args:
        smart_host: where all mail goes that has no route of its own; None for the domains' hosts.
        routes: by domain, or by a dot and a domain for all below it.
        security: by domain.
        port: where the hosts that the DNS names listen.
        dane: whether the DNS may vouch for certificates (RFC 7672).
        names: of this host: one that is a domain's mail host would send mail back here.
    """

    smart_host: Relay | None = None
    routes: Mapping[str, Relay] = field(default_factory=dict)
    security: Mapping[str, Security] = field(default_factory=dict)
    default_security: Security = Security.OPPORTUNISTIC
    port: int = SMTP_PORT
    dane: bool = True
    names: Collection[str] = ()


class Router:
    """Finds the hosts that take the mail of a domain.

    Args:
        dns: tells their names and addresses.
        settings: may be replaced while in use.
        policies: what domains say by MTA-STS; None where that is not asked.
        shuffle: mixes hosts of one preference.
    """

    def __init__(
        self,
        dns: DNS,
        settings: RouteSettings,
        *,
        policies: DomainPolicies | None = None,
        shuffle: Callable[[list[MX]], None] = random.shuffle,
    ) -> None:
        self.settings = settings
        self._policies = policies
        self._dns = dns
        self._shuffle = shuffle

    async def route(self, domain: str, *, tls_optional: bool = False) -> Sequence[Relay]:
        """Return the hosts to try, one after the other.

        Args:
            domain: in lower case, A-labels; or an address literal, ``[192.0.2.1]``.
            tls_optional: a connection without TLS will do, whatever the domain says, or is the
                rule here (RFC 8689, 4.2.2). What is configured of that domain stays.

        Raises:
            Unroutable: there is none.
        """
        settings = self.settings
        configured = self._configured(domain)
        if configured is not None:
            security = settings.security.get(domain, configured.security)
            return [replace(configured, security=security)]
        security = settings.security.get(domain, settings.default_security)
        if domain in settings.security:
            tls_optional = False
        elif tls_optional and security is not Security.NONE:
            security = Security.OPPORTUNISTIC
        made = Relay("", settings.port, security)
        if domain.startswith("["):
            return [replace(made, host=_literal(domain), domain=domain)]
        hosts, validated = await self._exchangers(domain)
        made = replace(made, domain=domain, validated=validated and not tls_optional)
        policy = None
        if self._policies is not None and not tls_optional and domain not in settings.security:
            policy = await self._policies.policy(domain)
        if policy is None or not policy.enforced:
            return [replace(made, host=host) for host in hosts]
        allowed = [host for host in hosts if policy.allows(host)]
        if not allowed:
            raise Unroutable(NOT_ALLOWED, by_tls=True)
        return [replace(made, host=host, security=Security.VERIFIED) for host in allowed]

    def _configured(self, domain: str) -> Relay | None:
        routes = self.settings.routes
        if domain in routes:
            return routes[domain]
        rest = domain
        while "." in rest:
            rest = rest.partition(".")[2]
            if f".{rest}" in routes:
                return routes[f".{rest}"]
        return self.settings.smart_host

    async def _exchangers(self, domain: str) -> tuple[Sequence[str], bool]:
        """Return the names of a domain's mail hosts (RFC 5321, 5.1), and whether that they are
        was validated."""
        try:
            answer = await self._dns.mx(domain)
        except NoSuchName:
            raise Unroutable(NO_DOMAIN) from None
        except LookupFailed:
            raise Unroutable(NO_DNS) from None
        found, validated = list(answer.records), answer.authenticated
        if not found:
            return [domain], validated  # the implicit MX
        if all(not each.host for each in found):
            raise Unroutable(NULL_MX)
        found = [each for each in found if not _is_address(each.host)]
        if not found:
            raise Unroutable(NO_NAMES)
        ours = [each.preference for each in found if each.host in self.settings.names]
        # We are one of its hosts: only those before us take the mail on.
        wanted = [
            each for each in found if each.host and each.preference < min(ours, default=1 << 16)
        ]
        if not wanted:
            raise Unroutable(TO_OURSELVES)
        return [each.host for each in in_order(wanted, self._shuffle)[:HOSTS]], validated

    async def addresses(self, relay: Relay) -> tuple[Sequence[str], Sequence[TLSA] | None]:
        """Return the addresses of a host, IPv6 and IPv4 by turns (RFC 8305, 4); and what of the
        DNS has to vouch for its certificate: None for nothing (see ``dane``).

        Raises:
            Unroutable: it has none.
        """
        host = relay.host
        try:
            return [str(ipaddress.ip_address(host))], None
        except ValueError:
            pass
        if host == "localhost":  # RFC 6761, 6.3: not asked of the DNS
            return ["127.0.0.1"], None
        try:
            answer = await self._dns.addresses(host)
        except NoSuchName:
            raise Unroutable(NO_ADDRESS) from None
        except LookupFailed:
            raise Unroutable(NO_ADDRESS_NOW) from None
        vouching = None
        if relay.validated and answer.authenticated and self.settings.dane:
            try:
                vouching = await associations(self._dns, host, relay.port)
            except LookupFailed:
                raise Unroutable(NO_TLSA_NOW, by_tls=True) from None
        found = answer.records
        if not found:
            raise Unroutable(NO_ADDRESS)
        kinds = [[a for a in found if ":" in a], [a for a in found if ":" not in a]]
        mixed = [a for turn in range(len(found)) for kind in kinds for a in kind[turn : turn + 1]]
        return mixed[:ADDRESSES], vouching


def _is_address(host: str) -> bool:
    """Return whether a mail host's name is an IP address, which none is (RFC 5321, 5.1): it would
    be connected to without any name that a certificate could be for."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _literal(domain: str) -> str:
    """Return the address in an address literal (RFC 5321, 4.1.3)."""
    text = domain[1:-1]
    if text.lower().startswith("ipv6:"):
        text = text[5:]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise Unroutable(NO_DOMAIN) from None


def is_elsewhere(address: str) -> bool:
    """Return whether an IP address can be another host's: neither this one's own loopback, nor
    what no host has."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return not (ip.is_loopback or ip.is_unspecified or ip.is_multicast or ip.is_reserved)
