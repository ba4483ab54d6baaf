"""The policy that refuses addresses named in block lists of the DNS. See RFC 5782."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

from twisted.internet.defer import ensureDeferred, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from netsuite.dns import DNS, LookupFailed, NoSuchName
from netsuite.smtp.policy.hurry import HurriedDNS
from netsuite.smtp.policy.interface import Facts, Policy, Reject, Verdict

#: RFC 5782, 2.1: an address is listed where the list has one of 127.0.0.0/8 for it; lists say by
#: those of 127.255.255.0/24 that they do not answer us.
_LISTED: Final = ipaddress.ip_network("127.0.0.0/8")
_NOT_FOR_US: Final = ipaddress.ip_network("127.255.255.0/24")


class BlockLists(Policy):
    """Refuses mail, brought without a login, of addresses that are in a list. A list that does
    not answer lists nobody.

    Args:
        zones: of the lists.
        clock: for the time that lists have.
        seconds: that a policy may take; lists have half of it.
    """

    log = Logger()

    def __init__(
        self, dns: DNS, zones: Sequence[str], clock: IReactorTime, *, seconds: float = 30.0
    ) -> None:
        self._dns = dns
        self._zones = tuple(zones)
        self._clock = clock
        self._seconds = seconds

    async def mail(self, facts: Facts) -> Verdict:
        """Look for the client's address in all lists at once."""
        peer = facts.client.peer
        if facts.client.account is not None or peer.local or not peer.address:
            return None
        address = ipaddress.ip_address(peer.address.partition("%")[0])
        # Of the reverse name, what the list has for itself: without in-addr.arpa.
        name = address.reverse_pointer.rpartition(".")[0].rpartition(".")[0]
        dns = HurriedDNS(self._dns, self._clock, self._seconds / 2)
        asked = [ensureDeferred(self._listed(dns, f"{name}.{zone}")) for zone in self._zones]
        for zone, listed in zip(self._zones, await gatherResults(asked), strict=True):
            if listed:
                return Reject(f"{address} is listed in {zone}", 554, "5.7.1")
        return None

    async def _listed(self, dns: DNS, name: str) -> bool:
        try:
            found = (await dns.addresses(name)).records
        except NoSuchName:
            return False
        except LookupFailed as error:
            self.log.warn("a block list does not answer: {error}", error=error)
            return False
        answers = [ipaddress.ip_address(each) for each in found]
        return any(each in _LISTED and each not in _NOT_FOR_US for each in answers)
