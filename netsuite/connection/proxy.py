"""The PROXY protocol, versions 1 and 2: a load balancer's word on who really connects.

Believed only from sources that were named, and demanded from those: a connection from elsewhere
is served as it is, so that nobody can make up an address for themselves.

See https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt.
"""

from __future__ import annotations

import ipaddress
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

#: The longest line of version 1, its CRLF included.
V1_OCTETS: Final = 107
V2_SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
V2_FIXED: Final = struct.Struct("!12sBBH")
#: More than all known extensions together; a balancer that sends more is none.
V2_EXTRA_OCTETS: Final = 4096
HEADER_SECONDS: Final = 10.0

#   "PROXY" SP ("TCP4" / "TCP6") SP source SP destination SP port SP port CRLF
#   "PROXY" SP "UNKNOWN" *octet CRLF
_V1 = re.compile(
    rb"PROXY (?:(?P<family>TCP[46]) (?P<source>[0-9a-fA-F.:]{2,39}) (?P<here>[0-9a-fA-F.:]{2,39})"
    rb" (?P<source_port>0|[1-9][0-9]{0,4}) (?P<port>0|[1-9][0-9]{0,4})|UNKNOWN(?: [^\r\n]*)?)\r\n"
)
_V2_ADDRESSES: Final = {0x11: (struct.Struct("!4s4sHH"), 4), 0x21: (struct.Struct("!16s16sHH"), 6)}


class BadProxyHeader(ValueError):
    """What came is no PROXY header."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """A whole header.

    Args:
        octets: its length; what follows is the client's.
        source: whom the balancer speaks for; None when it speaks for itself (a health check).
        here: the address the client connected to; None likewise.
    """

    octets: int
    source: IAddress | None = None
    here: IAddress | None = None


def parse_header(octets: bytes) -> ProxyHeader | None:
    """Read the header at the beginning of a connection.

    Returns:
        The header; None when more octets are needed to tell.

    Raises:
        BadProxyHeader: it is none, or is longer than one can be.
    """
    if octets[: len(V2_SIGNATURE)] == V2_SIGNATURE[: len(octets)]:
        return _parse_v2(octets)
    if octets[:6] == b"PROXY "[: len(octets)]:
        return _parse_v1(octets)
    raise BadProxyHeader("neither version's beginning")


def _parse_v1(octets: bytes) -> ProxyHeader | None:
    end = octets.find(b"\n", 0, V1_OCTETS)
    if end < 0:
        if len(octets) >= V1_OCTETS:
            raise BadProxyHeader("version 1 without an end")
        return None
    found = _V1.fullmatch(octets[: end + 1])
    if found is None:
        raise BadProxyHeader("not a line of version 1")
    if found["family"] is None:
        return ProxyHeader(end + 1)
    version = int(found["family"][3:])
    source = _address(version, found["source"].decode(), int(found["source_port"]))
    return ProxyHeader(
        end + 1, source, _address(version, found["here"].decode(), int(found["port"]))
    )


def _parse_v2(octets: bytes) -> ProxyHeader | None:
    if len(octets) < V2_FIXED.size:
        return None
    _, version_command, family, extra = V2_FIXED.unpack_from(octets)
    if version_command not in (0x20, 0x21):
        raise BadProxyHeader("an unknown version or command")
    if extra > V2_EXTRA_OCTETS:
        raise BadProxyHeader("longer than a header can be")
    length = V2_FIXED.size + extra
    if len(octets) < length:
        return None
    if version_command == 0x20 or family == 0x00:  # LOCAL, or of an unknown family
        return ProxyHeader(length)
    if family not in _V2_ADDRESSES:
        raise BadProxyHeader(f"family {family:#x} is no stream over IP")
    layout, version = _V2_ADDRESSES[family]
    if extra < layout.size:
        raise BadProxyHeader("addresses cut short")
    source, here, source_port, port = layout.unpack_from(octets, V2_FIXED.size)
    return ProxyHeader(
        length,
        _address(version, str(ipaddress.ip_address(source)), source_port),
        _address(version, str(ipaddress.ip_address(here)), port),
    )


def _address(version: int, host: str, port: int) -> IAddress:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError as error:
        raise BadProxyHeader(str(error)) from None
    if ip.version != version or port > 65_535:
        raise BadProxyHeader(f"{host} port {port} is no address of version {version}")
    return IPv4Address("TCP", host, port) if version == 4 else IPv6Address("TCP", host, port)


class ProxyFactory(Factory):
    """Reads the header of connections from trusted proxies, then hands over to a service.

    Args:
        wrapped: the service's factory; with TLS from the first octet the one that
            ``tls.wrap_server`` gives, since the header comes before TLS.
        clock: for how long a header may take.
        trusted: addresses and networks of proxies, and ``unix`` for local sockets.

    Raises:
        ValueError: one of *trusted* is neither.
    """

    noisy = False
    log = Logger()

    def __init__(
        self,
        wrapped: IProtocolFactory,
        clock: IReactorTime,
        *,
        trusted: Sequence[str],
    ) -> None:
        self.wrappedFactory = wrapped
        self.clock = clock
        self._unix = "unix" in trusted
        self._networks = [ipaddress.ip_network(each) for each in trusted if each != "unix"]

    def doStart(self) -> None:
        """Start the service's factory too."""
        self.wrappedFactory.doStart()
        super().doStart()  # type: ignore[no-untyped-call]

    def doStop(self) -> None:
        """Stop the service's factory too."""
        self.wrappedFactory.doStop()
        super().doStop()  # type: ignore[no-untyped-call]

    def trusts(self, address: object) -> bool:
        """Return whether somebody is a proxy of ours."""
        if isinstance(address, UNIXAddress):
            return self._unix
        if not isinstance(address, IPv4Address | IPv6Address):
            return False
        ip = ipaddress.ip_address(address.host.partition("%")[0])
        mapped = getattr(ip, "ipv4_mapped", None) or ip
        return any(mapped in network for network in self._networks)

    def buildProtocol(self, addr: IAddress) -> IProtocol | None:  # type: ignore[override]
        """Make what reads the header first; for others the service's protocol at once."""
        if self.trusts(addr):
            return _HeaderReader(self)
        return self.wrappedFactory.buildProtocol(addr)


class _HeaderReader(Protocol):
    """Reads the header, and makes way."""

    def __init__(self, factory: ProxyFactory) -> None:
        self._proxies = factory
        self._received = b""
        self._deadline: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """Wait for the header, but not for long."""
        clock = self._proxies.clock
        self._deadline = clock.callLater(HEADER_SECONDS, self._refuse, "no header in time")

    def _refuse(self, why: str) -> None:
        transport: Any = self.transport
        peer = transport.getPeer().host
        self._proxies.log.warn("from the proxy {peer}: {why}", peer=peer, why=why)
        transport.abortConnection()

    def dataReceived(self, octets: bytes) -> None:
        """Take a piece of it."""
        self._received += octets
        try:
            header = parse_header(self._received)
        except BadProxyHeader as error:
            self._refuse(str(error))
            return
        if header is not None:
            self._stop_waiting()
            self._make_way(header)

    def _make_way(self, header: ProxyHeader) -> None:
        transport: Any = self.transport
        source = header.source or transport.getPeer()
        protocol = self._proxies.wrappedFactory.buildProtocol(source)
        if protocol is None:
            transport.abortConnection()
            return
        if header.source is not None and header.here is not None:
            # On the transport itself, and not through a wrapper around it: so TLS, sendfile and
            # all else that knows Twisted's own transports works as without a proxy.
            transport.getPeer = lambda: header.source
            transport.getHost = lambda: header.here
        transport.protocol = protocol
        protocol.makeConnection(transport)
        rest = self._received[header.octets :]
        if rest:
            transport.protocol.dataReceived(rest)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Gone before the header was whole."""
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
