"""Names for tests: what a domain has, told directly, or by a DNS server on loopback."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from twisted.internet.defer import Deferred, fail, succeed
from twisted.names import dns, error
from twisted.names.common import ResolverBase
from twisted.names.server import DNSServerFactory
from twisted.python.failure import Failure

from netsuite.dns import MX, SRV, TLSA, TLSA_TYPE, Answer, LookupFailed, NoSuchName

#: No stranger's resolver keeps what a test says.
TTL: Final = 5


@dataclass
class Name:
    """What one name has.

    Args:
        mx: preference and host of each exchanger.
        addresses: IPv4 and IPv6.
        alias: the name that this one stands for (CNAME).
        failing: nothing can be known now (SERVFAIL).
        silent: questions are not answered.
        authenticated: the answers pass for validated.
    """

    mx: Sequence[tuple[int, str]] = ()
    addresses: Sequence[str] = ()
    txt: Sequence[bytes] = ()
    ptr: Sequence[str] = ()
    tlsa: Sequence[TLSA] = ()
    srv: Sequence[SRV] = ()
    alias: str = ""
    failing: bool = False
    silent: bool = False
    authenticated: bool = False


@dataclass
class FakeDNS:
    """Lookups without a network (``netsuite.dns.DNS``).

    Args:
        names: what there is; may be changed while in use.
    """

    names: dict[str, Name] = field(default_factory=dict)
    #: The kind and the name of each question.
    asked: list[tuple[str, str]] = field(default_factory=list)

    def _name(self, kind: str, name: str) -> Name:
        key = name.rstrip(".").lower()
        self.asked.append((kind, key))
        found = self.names.get(key)
        if found is None:
            raise NoSuchName(name)
        if found.failing or found.silent:
            raise LookupFailed(name)
        return self._name(kind, found.alias) if found.alias else found

    async def mx(self, domain: str) -> Answer[MX]:
        """Return mail exchangers."""
        name = self._name("mx", domain)
        return Answer([MX(*each) for each in name.mx], name.authenticated)

    async def addresses(self, host: str) -> Answer[str]:
        """Return IPv6 and IPv4 addresses."""
        name = self._name("addresses", host)
        return Answer(name.addresses, name.authenticated)

    async def txt(self, name: str) -> Answer[bytes]:
        """Return texts."""
        found = self._name("txt", name)
        return Answer(found.txt, found.authenticated)

    async def ptr(self, address: str) -> Answer[str]:
        """Return the names of an IP address."""
        found = self._name("ptr", ipaddress.ip_address(address).reverse_pointer)
        return Answer(found.ptr, found.authenticated)

    async def tlsa(self, name: str) -> Answer[TLSA]:
        """Return certificate associations."""
        found = self._name("tlsa", name)
        return Answer(found.tlsa, found.authenticated)

    async def srv(self, name: str) -> Answer[SRV]:
        """Return where a service is."""
        found = self._name("srv", name)
        return Answer(found.srv, found.authenticated)


def _payloads(name: Name) -> Sequence[Any]:
    return [
        *(dns.Record_MX(preference, host, TTL) for preference, host in name.mx),
        *(
            (dns.Record_AAAA if ":" in address else dns.Record_A)(address, TTL)
            for address in name.addresses
        ),
        # A string has 255 octets at most (RFC 1035, 3.3); a long text is several.
        *(
            dns.Record_TXT(*(each[at : at + 255] for at in range(0, len(each) or 1, 255)), ttl=TTL)
            for each in name.txt
        ),
        *(dns.Record_PTR(each, TTL) for each in name.ptr),
        *(
            dns.Record_SRV(each.priority, each.weight, each.port, each.host, TTL)
            for each in name.srv
        ),
    ]


class _Zone(ResolverBase):
    """Answers from the names of a test."""

    def __init__(self, names: Mapping[str, Name]) -> None:
        super().__init__()
        self._names = names

    def query(self, query: dns.Query, timeout: object = None) -> Deferred[Any]:
        """Answer one question."""
        records: list[dns.RRHeader] = []
        wanted = query.name.name.decode("ascii").lower()
        while True:
            name = self._names.get(wanted)
            if name is None:
                return fail(error.DNSNameError(query))
            if name.failing:
                return fail(error.DNSServerError(query))
            if name.silent:
                return Deferred()
            if not name.alias:
                break
            alias = dns.Record_CNAME(name.alias, TTL)
            records.append(dns.RRHeader(wanted, dns.CNAME, dns.IN, TTL, alias))
            wanted = name.alias
        for payload in _payloads(name):
            if query.type == payload.TYPE:
                records.append(dns.RRHeader(wanted, payload.TYPE, dns.IN, TTL, payload))
        for each in name.tlsa if query.type == TLSA_TYPE else ():
            data = bytes([each.usage, each.selector, each.matching]) + each.data
            payload = dns.UnknownRecord(data, TTL)
            records.append(dns.RRHeader(wanted, TLSA_TYPE, dns.IN, TTL, payload))
        return succeed((records, [], []))


class _Server(DNSServerFactory):
    """Says of answers what the names say of them; truncates what is long for a datagram."""

    noisy = False

    def __init__(self, zone: _Zone, names: Mapping[str, Name]) -> None:
        super().__init__(clients=[zone], verbose=0)
        self._names = names

    def sendReply(self, protocol: object, message: dns.Message, address: object) -> None:  # noqa: N802
        """Send an answer."""
        name = self._names.get(message.queries[0].name.name.decode("ascii").lower())
        message.authenticData = int(name is not None and name.authenticated)
        message.maxSize = 0 if address is None else 512
        super().sendReply(protocol, message, address)

    def gotResolverError(  # noqa: N802
        self, failure: Failure, protocol: object, message: dns.Message, address: object
    ) -> None:
        """Say what went wrong."""
        failing = failure.check(error.DNSServerError) is not None
        message.rCode = dns.ESERVER if failing else dns.ENAME
        self.sendReply(protocol, message, address)


class DNSServer:
    """A DNS server on a port of loopback, UDP and TCP.

    Args:
        reactor: where it listens.
        names: what it knows; may be changed while it runs.
    """

    def __init__(self, reactor: Any, names: Mapping[str, Name]) -> None:
        factory = _Server(_Zone(names), names)
        self._tcp = reactor.listenTCP(0, factory, interface="127.0.0.1")
        #: Address and port.
        self.address: tuple[str, int] = ("127.0.0.1", self._tcp.getHost().port)
        datagrams = dns.DNSDatagramProtocol(factory, reactor)
        self._udp = reactor.listenUDP(self.address[1], datagrams, interface="127.0.0.1")

    async def stop(self) -> None:
        """Listen no longer."""
        for port in (self._tcp, self._udp):
            await port.stopListening()
