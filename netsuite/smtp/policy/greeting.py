"""The policy that checks what clients call themselves, and that their addresses have names."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from netsuite.dns import LookupFailed
from netsuite.smtp.policy.interface import Defer, Facts, Policy, Reject, Verdict

# RFC 5321, 4.1.1.1: a domain with a dot in it, or an address literal.
_qualified: Final = re.compile(r"[^.\[\]:\s]+(?:\.[^.\[\]:\s]+)+\.?")
_literal: Final = re.compile(r"\[[0-9A-Za-z:.]+\]")
_address: Final = re.compile(r"[0-9.]+")

NO_NAME: Final = Reject("Say HELO with the name of your host", 550, "5.7.1")
OUR_NAME: Final = Reject("You say HELO with a name of ours", 550, "5.7.1")
#: RFC 7372, 3.3.
NO_REVERSE: Final = Reject("Your address has no name that leads back to it", 550, "5.7.25")
NOT_NOW: Final = Defer("The name of your address cannot be looked up now", 450, "4.7.25")


class Greeting(Policy):
    """Checks names of clients that bring mail without a login, not from this machine.

    Args:
        ours: names that nobody else may call themselves.
        reverse: whether an address must have a name that leads back to it.
    """

    def __init__(self, ours: Collection[str], *, reverse: bool = False) -> None:
        self._ours = frozenset(each.lower() for each in ours)
        self._reverse = reverse

    async def mail(self, facts: Facts) -> Verdict:
        """Judge the names, once it is known that nobody has logged in."""
        client = facts.client
        if client.account is not None or client.peer.local or not client.peer.address:
            return None
        helo = client.helo.rstrip(".").lower()
        if helo in self._ours:
            return OUR_NAME
        named = _qualified.fullmatch(helo) and not _address.fullmatch(helo)
        if not named and not _literal.fullmatch(helo):
            return NO_NAME
        if self._reverse:
            try:
                names = await client.names.verified()
            except LookupFailed:
                return NOT_NOW
            if not names:
                return NO_REVERSE
        return None
