"""The facet of an account that may send mail."""

from __future__ import annotations

from netsuite.accounts.resolver import OwnAddresses
from netsuite.store.model import Account


class AccountSubmitter:
    """Implements ``interfaces.Submitter`` (Submitter)."""

    def __init__(self, account: Account, own: OwnAddresses) -> None:
        self.name = account.name
        self._own = own

    def may_send_as(self, address: str) -> bool:
        """Whether the reverse path is the account's own; the null path (a notification's) is
        everybody's (RFC 5321, 4.5.5)."""
        return not address or self._own.has(address)
