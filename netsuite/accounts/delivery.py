"""The delivery of messages: into local folders, and to the queue for other hosts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from twisted.logger import Logger

from netsuite.accounts.interfaces import (
    AccountDisabled,
    DeliverBy,
    Delivered,
    NotOurs,
    PartlyFull,
    Recipient,
)
from netsuite.accounts.resolver import RecipientResolver, same_domain
from netsuite.message.build import return_path
from netsuite.store.errors import Busy, NoSuchAccount, OverQuota
from netsuite.store.interfaces import Draft, Report, Store
from netsuite.store.model import FolderId, Placement
from netsuite.store.outgoing import Envelope, Outgoing, QueueRecipient
from netsuite.wire.dates import now


@dataclass(frozen=True, slots=True)
class Patience:
    """The time that undeliverable mail is tried for, and when its sender is warned.

    Args:
        lifetime: then it is given back.
        warn_after: then its sender is told of the delay; None for never.
    """

    lifetime: timedelta = timedelta(days=5)
    warn_after: timedelta | None = timedelta(hours=4)


class StoreDelivery:
    """Delivers through the store (``interfaces.Delivery``).

    Args:
        resolver: finds the senders of messages that are reported on.
        now: returns the present moment.
        delivered: told of each message that is in folders; None for nobody.
    """

    log = Logger()

    def __init__(
        self,
        store: Store,
        resolver: RecipientResolver,
        *,
        now: Callable[[], datetime] = now,
        patience: Patience | None = None,
        delivered: Delivered | None = None,
    ) -> None:
        self._delivered = delivered
        self._store = store
        self._resolver = resolver
        self._now = now
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
        folders: dict[FolderId, str] = {}
        queued: dict[str, QueueRecipient] = {}
        where_full: dict[FolderId, QueueRecipient | None] = {}
        for recipient in recipients:
            if not (each or _may_be_queued(recipient)):
                folders.update(recipient.folders)
                continue
            make = self._maker(recipient, not_before, deliver_by)
            for address in recipient.onward:
                queued.setdefault(address, make(address, same_domain(address.rpartition("@")[2])))
            for mailbox in recipient.put_off:
                queued.setdefault(mailbox, make(mailbox, ""))
            for folder, mailbox in recipient.folders.items():
                if "SUCCESS" in recipient.notify and await self._is_its_own(folder, mailbox):
                    # Who delivers from the queue tells of it by the same commit.
                    queued.setdefault(mailbox, make(mailbox, ""))
                    continue
                folders[folder] = mailbox
                if recipient.by_alias or each:
                    where_full[folder] = None if each else make(mailbox, "")
        onward = None
        if queued or where_full:
            if account is not None:
                known = await self._store.accounts.account(account)
                envelope = replace(envelope, account=known.id)
            onward = Outgoing(envelope, list(queued.values()), where_full)
        placements = [
            Placement(folder) for folder, mailbox in folders.items() if mailbox not in queued
        ]
        try:
            placed = await self._store.mail.commit(draft, placements, onward=onward)
        except OverQuota as error:
            self._resolver.note_full(error.accounts)
            if queued or len(error.accounts) < len(placements):
                raise PartlyFull(*error.accounts) from None
            raise
        if self._delivered is not None and placed:
            addresses = [recipient.address for recipient in recipients]
            self._delivered(envelope.sender, addresses, account, placed)
        if not each:
            return ()
        there = {one.folder for one in placed}
        return [one.address for one in recipients if not _has_one(one, there)]

    async def _is_its_own(self, folder: FolderId, mailbox: str) -> bool:
        """Return whether the mail of a mailbox goes into a folder from the queue, too: not what a
        policy has filed elsewhere, whose senders are told nothing, being forged as a rule."""
        try:
            return await self._resolver.mailbox(mailbox) == folder
        except (NoSuchAccount, AccountDisabled):
            return False  # since it was resolved; the commit will say so

    async def report(
        self, sender: str, octets: bytes, *, require_tls: bool = False
    ) -> Report | None:
        """Return what the sender of a message is told, ready to be committed."""
        local, _, domain = sender.rpartition("@")
        try:
            to = await self._resolver.resolve(local, domain, relay=True)
        except (NoSuchAccount, NotOurs) as error:
            self.log.warn("a report for <{sender}> is dropped: {error}", sender=sender, error=error)
            return None
        except (OverQuota, AccountDisabled, Busy):
            to = Recipient(sender, put_off=(sender,))
        make = self._maker(to, None, None)
        queued = [make(each, same_domain(each.rpartition("@")[2])) for each in to.onward]
        queued += [make(each, "") for each in to.put_off]
        draft = self.draft(len(octets))
        written = draft.write(return_path("") + octets)
        if written is not None:
            await written
        where_full = {folder: make(mailbox, "") for folder, mailbox in to.folders.items()}
        body = "" if octets.isascii() else "8BITMIME"
        envelope = Envelope("", body, require_tls=require_tls)
        placements = [Placement(folder) for folder in to.folders]
        return Report(draft, placements, Outgoing(envelope, queued, where_full))

    def _maker(
        self, recipient: Recipient, not_before: datetime | None, deliver_by: DeliverBy | None
    ) -> Callable[[str, str], QueueRecipient]:
        """Return what makes a recipient of the queue of an address and its domain."""
        begin = not_before or self._now()
        expires = begin + self.patience.lifetime
        warn = None
        if self.patience.warn_after is not None:
            warn = begin + self.patience.warn_after
        way = ""
        if deliver_by is not None and deliver_by.returned:
            way, expires = "R", min(expires, deliver_by.by)
        elif deliver_by is not None:
            way, warn = "N", deliver_by.by

        def make(address: str, domain: str) -> QueueRecipient:
            return QueueRecipient(
                address,
                domain,
                expires,
                warn,
                not_before,
                recipient.notify,
                recipient.original,
                way,
                forwarded_by=recipient.address if domain and address != recipient.address else "",
            )

        return make


def _may_be_queued(recipient: Recipient) -> bool:
    """Return whether any of a recipient's mail may go by way of the queue. Of most none does, and
    to make ready for it took 1.5 microseconds, for each of a hundred recipients."""
    return bool(
        recipient.onward or recipient.put_off or recipient.by_alias or "SUCCESS" in recipient.notify
    )


def _has_one(recipient: Recipient, there: set[FolderId]) -> bool:
    queued = recipient.onward or recipient.put_off or "SUCCESS" in recipient.notify
    return bool(queued) or not there.isdisjoint(recipient.folders)
