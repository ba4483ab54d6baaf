"""The names of hosts in a fabric: a table, asked as Twisted asks a resolver."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import (
    IAddress,
    IHostnameResolver,
    IHostResolution,
    IResolutionReceiver,
    IResolverSimple,
)
from zope.interface import implementer

from netsuite.testing.fabric.turns import Turns


def is_address(host: str) -> bool:
    """Return whether a host is named by its IP address."""
    return isIPAddress(host) or isIPv6Address(host)


def tcp_address(host: str, port: int) -> IPv4Address | IPv6Address:
    """Return the address of a port."""
    kind = IPv6Address if ":" in host else IPv4Address
    return kind("TCP", host, port)


@implementer(IHostResolution)
class _Resolution:
    """A name that is being looked up."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cancelled = False

    def cancel(self) -> None:
        """Report no more."""
        self.cancelled = True


@implementer(IHostnameResolver, IResolverSimple)
class Hosts:
    """Resolves names from a table, and IP addresses to themselves.

    Args:
        turns: names are known a turn after they were asked for.
        names: the addresses of each host; may be changed while in use.
    """

    def __init__(self, turns: Turns, names: Mapping[str, Sequence[str]]) -> None:
        self._turns = turns
        self.names: MutableMapping[str, Sequence[str]] = dict(names)

    def addresses(self, name: str) -> Sequence[str]:
        """Return the addresses of a host; none where it is not known."""
        if is_address(name):
            return (name,)
        return self.names.get(name.lower().rstrip("."), ())

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:
        """Return a host's first address. Fails with DNSLookupError."""
        found = self.addresses(name)
        return succeed(found[0]) if found else fail(DNSLookupError(f"no host {name}"))

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        """Report a host's addresses to a receiver."""
        resolution = _Resolution(hostName)
        wanted = tuple(addressTypes or (IPv4Address, IPv6Address))

        def deliver() -> None:
            if resolution.cancelled:
                return
            for host in self.addresses(hostName):
                address = tcp_address(host, portNumber)
                if isinstance(address, wanted):
                    resolutionReceiver.addressResolved(address)
            resolutionReceiver.resolutionComplete()

        resolutionReceiver.resolutionBegan(resolution)
        self._turns.call_later(0, deliver)
        return resolution
