"""The DNS asked until a moment: what is not known by then is what nobody knows now."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IReactorTime

from netsuite.dns import DNS, MX, SRV, TLSA, Answer, LookupFailed

T = TypeVar("T")


class HurriedDNS:
    """Lookups (``netsuite.dns.DNS``) that all end by one moment, with LookupFailed where they must:
    a stranger's servers that do not answer cost a judgement its result, and not its time.

    Args:
        clock: for the time.
        seconds: from now.
    """

    def __init__(self, dns: DNS, clock: IReactorTime, seconds: float) -> None:
        self._dns = dns
        self._clock = clock
        self._until = clock.seconds() + seconds

    async def mx(self, domain: str) -> Answer[MX]:
        """Return mail exchangers, in no order."""
        return await self._by_then(self._dns.mx(domain))

    async def addresses(self, host: str) -> Answer[str]:
        """Return IPv6 and IPv4 addresses."""
        return await self._by_then(self._dns.addresses(host))

    async def txt(self, name: str) -> Answer[bytes]:
        """Return texts, the strings of each joined."""
        return await self._by_then(self._dns.txt(name))

    async def ptr(self, address: str) -> Answer[str]:
        """Return the names of an IP address."""
        return await self._by_then(self._dns.ptr(address))

    async def tlsa(self, name: str) -> Answer[TLSA]:
        """Return certificate associations."""
        return await self._by_then(self._dns.tlsa(name))

    async def srv(self, name: str) -> Answer[SRV]:
        """Return where a service is."""
        return await self._by_then(self._dns.srv(name))

    async def _by_then(self, lookup: Coroutine[Any, Any, Answer[T]]) -> Answer[T]:
        asked = ensureDeferred(lookup)
        if not asked.called:  # what is kept is known at once, also when it is late
            asked.addTimeout(max(self._until - self._clock.seconds(), 0.0), self._clock)
        try:
            return await asked
        except DeferredTimeout:
            raise LookupFailed("nobody answered in time") from None
