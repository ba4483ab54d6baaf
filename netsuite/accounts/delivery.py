"""The delivery of messages: into local folders, and to the queue for other hosts."""

from __future__ import annotations

from collections.abc import Sequence

from netsuite.accounts.interfaces import Recipient
from netsuite.store.interfaces import Draft, Store
from netsuite.store.model import Envelope, Onward, Placement


class StoreDelivery:
    """Delivers through the store (``interfaces.Delivery``)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def draft(self, expected_octets: int | None = None) -> Draft:
        """Begin a content."""
        return self._store.mail.draft(expected_octets)

    async def deliver(
        self, draft: Draft, recipients: Sequence[Recipient], sender: str, account: str | None
    ) -> None:
        """Make it durable for all recipients, or for none; each folder gets it once."""
        folders = dict.fromkeys([folder for each in recipients for folder in each.folders])
        elsewhere = dict.fromkeys([address for each in recipients for address in each.onward])
        onward = None
        if elsewhere:
            who = (await self._store.accounts.account(account)).id if account else None
            onward = (Envelope(sender, account=who), [Onward(address) for address in elsewhere])
        placements = [Placement(folder) for folder in folders]
        await self._store.mail.commit(draft, placements, onward=onward)
