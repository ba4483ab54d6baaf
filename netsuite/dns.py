"""The DNS as those who carry and judge mail ask it: MX, addresses, TXT, PTR, TLSA, SRV.

A lookup gives records, or an empty answer where the name has none of the kind; what cannot be known
now, as when an answer cannot be read, is told apart from what is not there, since the first is no
reason to give mail back. Answers are kept.
"""

from __future__ import annotations

import ipaddress
import random
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.names import dns
from twisted.names.error import DNSQueryTimeoutError
from twisted.python.failure import Failure

R = TypeVar("R")
T = TypeVar("T")

RESOLV_CONF: Final = Path("/etc/resolv.conf")
PORT: Final = 53
#: How long each server is waited for, one after the other; then they are all asked again.
ATTEMPT_SECONDS: Final = (2.0, 5.0, 10.0)
TCP_SECONDS: Final = 10.0
#: Aliases followed within one answer.
CHAIN: Final = 10
#: More records of a kind than any name has use for are dropped, so that no answer makes work
#: without end.
RECORDS: Final = 256
KEPT: Final = 10_000
#: Answers are kept as long as they say, but neither not at all nor for days.
LEAST_SECONDS: Final = 1.0
MOST_SECONDS: Final = 3600.0
#: That there is nothing (RFC 2308) is kept for so long.
NEGATIVE_SECONDS: Final = 60.0
#: Labels of up to 63 octets, 253 together (RFC 1035, 2.3.4).
_NAME: Final = re.compile(r"(?=.{1,253}\Z)[!-\-/-~]{1,63}(?:\.[!-\-/-~]{1,63})*", re.ASCII)
#: TLSA (RFC 6698), which Twisted has no record for.
TLSA_TYPE: Final = 52


class DNSError(Exception):
    """A lookup without an answer; never raised itself, only its children."""


class NoSuchName(DNSError):
    """There is no such name (NXDOMAIN)."""


class LookupFailed(DNSError):
    """Nothing is known now: no server answers, or none can (SERVFAIL, REFUSED)."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a name has of a kind.

    Args:
        records: empty where the name has none.
        authenticated: the server has validated it (RFC 4035, 3.2.3), and says so.
    """

    records: Sequence[T] = ()
    authenticated: bool = False


@dataclass(frozen=True, slots=True, order=True)
class MX:
    """A mail exchanger; the lowest preference comes first (RFC 5321, 5.1)."""

    preference: int
    host: str


@dataclass(frozen=True, slots=True)
class TLSA:
    """A certificate association (RFC 6698, 2.1)."""

    usage: int
    selector: int
    matching: int
    data: bytes


@dataclass(frozen=True, slots=True)
class SRV:
    """Where a service is (RFC 2782); the empty host says that it is nowhere."""

    priority: int
    weight: int
    port: int
    host: str


class DNS(Protocol):
    """Lookups. Each raises NoSuchName and LookupFailed."""

    async def mx(self, domain: str) -> Answer[MX]:
        """Return mail exchangers, in no order; the null MX has the empty host (RFC 7505)."""

    async def addresses(self, host: str) -> Answer[str]:
        """Return IPv6 and IPv4 addresses."""

    async def txt(self, name: str) -> Answer[bytes]:
        """Return texts, the strings of each joined."""

    async def ptr(self, address: str) -> Answer[str]:
        """Return the names of an IP address."""

    async def tlsa(self, name: str) -> Answer[TLSA]:
        """Return certificate associations."""

    async def srv(self, name: str) -> Answer[SRV]:
        """Return where a service is."""


def name_servers(path: Path = RESOLV_CONF) -> Sequence[tuple[str, int]]:
    """Return the servers that the system asks; the one of this machine where none is named."""
    try:
        lines = path.read_text("ascii", "replace").splitlines()
    except OSError:
        lines = []
    words = [line.split() for line in lines]
    found = [
        each[1].partition("%")[0] for each in words if len(each) > 1 and each[0] == "nameserver"
    ]
    return [(address, PORT) for address in found if _is_address(address)] or [("127.0.0.1", PORT)]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class _Malformed(Exception):
    """An answer that cannot be read, or is none to what was asked."""


def _announced(octets: bytes) -> int:
    """Return how many records of an answer its header says there are (RFC 1035, 4.1.1)."""
    return int.from_bytes(octets[6:8])


class _Datagrams(dns.DNSDatagramProtocol):
    """One question over UDP, from a port of its own."""

    noisy = False  # else each question is two lines of the log
    #: Records of the answer, as the message that came last announces them.
    announced = 0

    def datagramReceived(self, data: bytes, addr: tuple[str, int]) -> None:
        """Note what is announced: Twisted leaves out what it cannot read, and says nothing."""
        self.announced = _announced(data)
        super().datagramReceived(data, addr)

    def writeMessage(self, message: dns.Message, address: tuple[str, int]) -> None:
        """Ask whether the answer was validated, too (RFC 6840, 5.7)."""
        message.authenticData = 1
        super().writeMessage(message, address)


class _Stream(dns.DNSProtocol):
    """One question over TCP."""

    announced = 0

    def stringReceived(self, data: bytes) -> None:
        """As over UDP."""
        self.announced = _announced(data)
        super().stringReceived(data)

    def writeMessage(self, message: dns.Message) -> None:
        """As over UDP."""
        message.authenticData = 1
        super().writeMessage(message)


class _Controller:
    """What Twisted's DNS protocols tell what they are not asked for: it is dropped."""

    def messageReceived(
        self, message: dns.Message, protocol: object, address: object = None
    ) -> None:
        pass

    def connectionMade(self, protocol: object) -> None:
        pass

    def connectionLost(self, protocol: object) -> None:
        pass


@dataclass(slots=True, eq=False)
class _Question:
    """A question under way, and who waits for its answer."""

    waiting: list[Deferred[dns.Message]]
    asked: Deferred[None] | Deferred[dns.Message] | None = None


class DNSClient:
    """Asks servers that look up for others, over UDP and, for long answers, TCP.

    ``twisted.names.client.Resolver`` is not used: an answer over TCP that never comes keeps its
    question waiting for ever, and it has no way to see what was validated.

    Args:
        reactor: for datagrams, connections and time.
        servers: address and port of each; asked one after the other.
    """

    def __init__(self, reactor: Any, servers: Sequence[tuple[str, int]]) -> None:
        self._reactor = reactor
        self.servers = tuple(servers)
        self._kept: OrderedDict[tuple[str, int], tuple[float, dns.Message]] = OrderedDict()
        self._asking: dict[tuple[str, int], _Question] = {}

    async def mx(self, domain: str) -> Answer[MX]:
        """Return mail exchangers, in no order."""
        return await self._lookup(
            domain, dns.MX, dns.Record_MX, lambda each: MX(each.preference, _text(each.name))
        )

    async def addresses(self, host: str) -> Answer[str]:
        """Return IPv6 and IPv4 addresses; one of the kinds is enough."""
        found: list[str] = []
        authenticated = True
        failed: DNSError | None = None
        for ask in (self._ipv6, self._ipv4):
            try:
                answer = await ask(host)
            except LookupFailed as error:
                failed = error
            except NoSuchName as error:  # some say that of a name without IPv6 (RFC 4074)
                failed = failed or error
            else:
                found += answer.records
                authenticated = authenticated and answer.authenticated
        if failed is not None and not found:
            raise failed
        return Answer(tuple(found), authenticated)

    async def _ipv6(self, host: str) -> Answer[str]:
        return await self._lookup(
            host, dns.AAAA, dns.Record_AAAA, lambda each: str(ipaddress.IPv6Address(each.address))
        )

    async def _ipv4(self, host: str) -> Answer[str]:
        return await self._lookup(
            host, dns.A, dns.Record_A, lambda each: str(ipaddress.IPv4Address(each.address))
        )

    async def txt(self, name: str) -> Answer[bytes]:
        """Return texts, the strings of each joined."""
        return await self._lookup(name, dns.TXT, dns.Record_TXT, lambda each: b"".join(each.data))

    async def ptr(self, address: str) -> Answer[str]:
        """Return the names of an IP address."""
        name = ipaddress.ip_address(address).reverse_pointer
        return await self._lookup(name, dns.PTR, dns.Record_PTR, lambda each: _text(each.name))

    async def tlsa(self, name: str) -> Answer[TLSA]:
        """Return certificate associations."""
        return await self._lookup(name, TLSA_TYPE, dns.UnknownRecord, lambda each: _tlsa(each.data))

    async def srv(self, name: str) -> Answer[SRV]:
        """Return where a service is."""
        return await self._lookup(
            name,
            dns.SRV,
            dns.Record_SRV,
            lambda each: SRV(each.priority, each.weight, each.port, _text(each.target)),
        )

    # -- one question --------------------------------------------------------------------------

    async def _lookup(
        self, name: str, number: int, kind: type[R], read: Callable[[R], T]
    ) -> Answer[T]:
        asked = name.rstrip(".").lower()
        message = await self._message(asked, number)
        if message.rCode == dns.ENAME:
            raise NoSuchName(name)
        payloads = [each.payload for each in _chain(message, asked, number)[:RECORDS]]
        records = tuple(read(each) for each in payloads if isinstance(each, kind))
        return Answer(records, bool(message.authenticData))

    async def _message(self, name: str, kind: int) -> dns.Message:
        """Return the answer: kept, or of a question that is under way, or asked for now."""
        key = name, kind
        kept = self._kept.get(key)
        if kept is not None and kept[0] > self._reactor.seconds():
            return kept[1]
        answered: Deferred[dns.Message] = Deferred(lambda waiter: self._give_up(key, waiter))
        question = self._asking.get(key)
        if question is not None:
            question.waiting.append(answered)
            return await answered
        question = self._asking[key] = _Question([answered])
        question.asked = ensureDeferred(self._ask(name, kind))
        question.asked.addCallbacks(
            lambda message: self._answered(key, question, message),
            lambda failure: self._failed(key, question, failure),
        )
        return await answered

    def _give_up(self, key: tuple[str, int], waiter: Deferred[dns.Message]) -> None:
        """Wait no longer, for one alone: the question is asked on while anybody waits."""
        question = self._asking[key]
        question.waiting.remove(waiter)
        if not question.waiting:
            del self._asking[key]
            if question.asked is not None:
                question.asked.cancel()

    def _answered(self, key: tuple[str, int], question: _Question, message: dns.Message) -> None:
        del self._asking[key]
        self._keep(key, message)
        for each in question.waiting:
            each.callback(message)

    def _failed(self, key: tuple[str, int], question: _Question, failure: Failure) -> None:
        if question.waiting:  # else nobody is there to be told
            del self._asking[key]
        for each in question.waiting:
            each.errback(failure.value)

    def _keep(self, key: tuple[str, int], message: dns.Message) -> None:
        ttl = min((each.ttl for each in message.answers), default=NEGATIVE_SECONDS)
        until = self._reactor.seconds() + min(max(float(ttl), LEAST_SECONDS), MOST_SECONDS)
        self._kept[key] = (until, message)
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def _ask(self, name: str, kind: int) -> dns.Message:
        """Ask server after server. Raises NoSuchName, LookupFailed."""
        if not _NAME.fullmatch(name):
            raise NoSuchName(f"not a name for the DNS: {name!r}")
        query = dns.Query(name.encode("ascii"), kind, dns.IN)
        why = "no server answers"
        for seconds in ATTEMPT_SECONDS:
            for server in self.servers:
                try:
                    message = await self._ask_one(server, query, seconds)
                    _check_kind(message, name, kind)
                except _Malformed as error:
                    why = str(error)
                    continue
                except (
                    DeferredTimeout,
                    DNSQueryTimeoutError,
                    OSError,
                    ConnectError,
                    ConnectionClosed,
                ):
                    continue
                if message.rCode in (dns.OK, dns.ENAME):
                    return message
                why = f"the server answers with code {message.rCode}"
        raise LookupFailed(f"{name}: {why}")

    async def _ask_one(
        self, server: tuple[str, int], query: dns.Query, seconds: float
    ) -> dns.Message:
        protocol = _Datagrams(_Controller(), self._reactor)
        interface = "::" if ":" in server[0] else ""
        port = self._reactor.listenUDP(0, protocol, interface=interface, maxPacketSize=4096)
        try:
            message = await protocol.query(server, [query], seconds)
        finally:
            port.stopListening()
            for _, timer in protocol.liveMessages.values():  # of who has given up
                timer.cancel()
        if message.trunc:
            return await self._ask_over_tcp(server, query)
        return _whole(message, protocol.announced)

    async def _ask_over_tcp(self, server: tuple[str, int], query: dns.Query) -> dns.Message:
        endpoint = HostnameEndpoint(self._reactor, *server, timeout=TCP_SECONDS)
        protocol = _Stream(_Controller())
        await connectProtocol(endpoint, protocol)
        try:
            answered: Deferred[dns.Message] = protocol.query([query], TCP_SECONDS)
            return _whole(await answered, protocol.announced)
        finally:
            if protocol.transport is not None:
                protocol.transport.loseConnection()


def _whole(message: dns.Message, announced: int) -> dns.Message:
    """Return an answer that was read to its end. Raises _Malformed: what is left of another would
    look like a name that has nothing, for which mail is given back."""
    if len(message.answers) != announced:
        raise _Malformed("the server's answer cannot be read")
    return message


def _check_kind(message: dns.Message, name: str, kind: int) -> None:
    """Raise _Malformed for records of the kind that was asked for, but all of other names."""
    if any(each.type == kind for each in message.answers) and not _chain(message, name, kind):
        raise _Malformed("the server's answer is none to the question")


def _chain(message: dns.Message, name: str, kind: int) -> Sequence[dns.RRHeader]:
    """Return the records of a kind that belong to a name, or to what it is an alias of."""
    wanted = name
    for _ in range(CHAIN):
        found = [
            each for each in message.answers if each.type == kind and _text(each.name) == wanted
        ]
        if found:
            return found
        payloads: list[object] = [
            each.payload for each in message.answers if _text(each.name) == wanted
        ]
        aliases = [_text(each.name) for each in payloads if isinstance(each, dns.Record_CNAME)]
        if not aliases:
            break
        wanted = aliases[0]
    return ()


def _text(name: dns.Name | None) -> str:
    return ("" if name is None else name.name.decode("ascii", "replace")).rstrip(".").lower()


def _tlsa(data: bytes) -> TLSA:
    usage, selector, matching = data[:3] if len(data) > 3 else (255, 255, 255)
    return TLSA(usage, selector, matching, bytes(data[3:]))


def in_order(
    exchangers: Sequence[MX], shuffle: Callable[[list[MX]], None] = random.shuffle
) -> Sequence[MX]:
    """Return mail exchangers in the order they are to be tried: by preference, those of one
    preference at random (RFC 5321, 5.1)."""
    mixed = list(exchangers)
    shuffle(mixed)
    return sorted(mixed, key=lambda each: each.preference)


def read_servers(addresses: Sequence[str]) -> Sequence[tuple[str, int]]:
    """Return name servers as address and port; the system's where none is named."""
    found = []
    for each in addresses:
        host, colon, port = each.rpartition(":")
        if colon and (host.endswith("]") or ":" not in host):
            found.append((host.strip("[]"), int(port)))
        else:
            found.append((each.strip("[]"), 53))
    return found or name_servers()
