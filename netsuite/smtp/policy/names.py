"""The names of a peer's address, as the DNS has them: those that lead back to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from netsuite.dns import DNS, DNSError, NoSuchName

#: RFC 7208, 4.6.4: the owner of an address says how many names it has; more are not looked at.
NAMES: Final = 10


async def verified_names(dns: DNS, address: str) -> Sequence[str]:
    """Return the names of an address whose own addresses have it among them.

    Raises:
        LookupFailed: it cannot be known now which names it has.
    """
    try:
        names = (await dns.ptr(address)).records
    except NoSuchName:
        return ()
    found = []
    for name in list(names)[:NAMES]:
        try:
            addresses = (await dns.addresses(name)).records
        except DNSError:
            continue
        if address in addresses:
            found.append(name.rstrip(".").lower())
    return found


class LookedUpNames:
    """The names of one peer (``interface.PeerNames``); kept once they have been asked for."""

    def __init__(self, dns: DNS, address: str) -> None:
        self._dns = dns
        self._address = address
        self._found: Sequence[str] | None = None

    async def verified(self) -> Sequence[str]:
        """Return the names that lead back to the address. Raises LookupFailed."""
        if self._found is None:
            self._found = await verified_names(self._dns, self._address) if self._address else ()
        return self._found
