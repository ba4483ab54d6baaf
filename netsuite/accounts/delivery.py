"""The delivery of messages: into local folders, and to the queue for other hosts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from netsuite.accounts.interfaces import DeliverBy, PartlyFull, Recipient
from netsuite.accounts.resolver import same_domain
from netsuite.store.errors import OverQuota
from netsuite.store.interfaces import Draft, Store
from netsuite.store.model import FolderId, Placement
from netsuite.store.outgoing import Envelope, Outgoing, QueueRecipient
from netsuite.wire.dates import now


@dataclass(frozen=True, slots=True)
class Patience:
    """How long mail is tried for that cannot be delivered at once.

    Args:
        lifetime: then it is given back.
        warn_after: then its sender is told of the delay; None for never.
    """

    lifetime: timedelta = timedelta(days=5)
    warn_after: timedelta | None = timedelta(hours=4)


class StoreDelivery:
    """Delivers through the store (``interfaces.Delivery``).

    Args:
        now: returns the present moment.
        note_full: told of accounts that had no room for a message whose size was not known.
    """

    def __init__(
        self,
        store: Store,
        *,
        now: Callable[[], datetime] = now,
        patience: Patience | None = None,
        note_full: Callable[[Iterable[str]], None] = lambda accounts: None,
    ) -> None:
        self._store = store
        self._now = now
        self._note_full = note_full
        self.patience = patience or Patience()

    def draft(self, expected_octets: int | None = None) -> Draft:
        """Begin a content."""
        return self._store.mail.draft(expected_octets)

    async def deliver(
        self,
        draft: Draft,
        recipients: Sequence[Recipient],
        envelope: Envelope,
        *,
        account: str | None = None,
        not_before: datetime | None = None,
        deliver_by: DeliverBy | None = None,
        each: bool = False,
    ) -> Collection[str]:
        """Make it durable for all recipients, or for none; each folder gets it once."""
        folders: dict[FolderId, None] = {}
        queued: dict[str, QueueRecipient] = {}
        where_full: dict[FolderId, QueueRecipient | None] = {}
        for recipient in recipients:
            make = self._maker(recipient, not_before, deliver_by)
            for address in recipient.onward:
                queued.setdefault(address, make(address))
            for folder, mailbox in recipient.folders.items():
                if "SUCCESS" in recipient.notify:
                    # Who delivers from the queue tells of it by the same commit.
                    queued.setdefault(mailbox, make(mailbox))
                    continue
                folders[folder] = None
                if recipient.by_alias or each:
                    where_full[folder] = None if each else make(mailbox)
        onward = None
        if queued or where_full:
            if account is not None:
                known = await self._store.accounts.account(account)
                envelope = replace(envelope, account=known.id)
            onward = Outgoing(envelope, list(queued.values()), where_full)
        placements = [Placement(folder) for folder in folders]
        try:
            placed = await self._store.mail.commit(draft, placements, onward=onward)
        except OverQuota as error:
            self._note_full(error.accounts)
            if queued or len(error.accounts) < len(folders):
                raise PartlyFull(*error.accounts) from None
            raise
        there = {one.folder for one in placed}
        return [one.address for one in recipients if each and not _has_one(one, there)]

    def _maker(
        self, recipient: Recipient, not_before: datetime | None, deliver_by: DeliverBy | None
    ) -> Callable[[str], QueueRecipient]:
        """Return what makes a recipient of the queue of an address that another stands for."""
        now = self._now()
        patience = self.patience
        expires = (not_before or now) + patience.lifetime
        warn = None if patience.warn_after is None else (not_before or now) + patience.warn_after
        way = ""
        if deliver_by is not None:
            way = "R" if deliver_by.returned else "N"
            if deliver_by.returned:
                expires = min(expires, deliver_by.by)
            else:
                warn = deliver_by.by

        def make(address: str) -> QueueRecipient:
            return QueueRecipient(
                address,
                same_domain(address.rpartition("@")[2]),
                expires,
                warn,
                not_before,
                recipient.notify,
                recipient.original,
                way,
                forwarded=address != recipient.address,
            )

        return make


def _has_one(recipient: Recipient, there: set[FolderId]) -> bool:
    return bool(recipient.onward) or not there.isdisjoint(recipient.folders)
