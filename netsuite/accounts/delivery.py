"""The delivery of messages: into local folders, and to the queue for other hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from twisted.logger import Logger

from netsuite.accounts.filtering import Filters, Place, Plan, Source
from netsuite.accounts.interfaces import (
    AccountDisabled,
    DeliverBy,
    Delivered,
    Filed,
    NotOurs,
    PartlyFull,
    Recipient,
    Rejected,
)
from netsuite.accounts.refusals import refusals
from netsuite.accounts.resolver import RecipientResolver, same_domain
from netsuite.message.build import return_path
from netsuite.store.errors import Busy, NoSuchAccount, OverQuota
from netsuite.store.interfaces import Draft, MailStore, Report, Store
from netsuite.store.model import FolderId, Placement
from netsuite.store.outgoing import Envelope, Outgoing, QueueItem, QueueRecipient
from netsuite.wire.dates import now

NO_FLAGS: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class DraftSource:
    """A message that comes, for scripts."""

    mail: MailStore
    draft: Draft

    @property
    def octets(self) -> int:
        """Return how large it is."""
        return self.draft.octets

    async def beginning(self, octets: int) -> bytes:
        """Return its first octets."""
        return await self.mail.beginning(self.draft, octets)


@dataclass(frozen=True, slots=True)
class ContentSource:
    """A message from the queue, for scripts."""

    mail: MailStore
    item: QueueItem

    @property
    def octets(self) -> int:
        """Return how large it is."""
        return self.item.octets

    async def beginning(self, octets: int) -> bytes:
        """Return its first octets."""
        pieces = self.mail.read(self.item.content, 0, octets)
        return b"".join([piece async for piece in pieces])


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
        filters: runs the scripts of accounts; None: there are none.
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
        filters: Filters | None = None,
    ) -> None:
        self._delivered = delivered
        self._filters = filters
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
    ) -> Mapping[str, Exception]:
        """Make it durable for all recipients, or for none; each folder gets it once."""
        plan: Plan | None = None
        refused: Mapping[str, Exception] = {}
        if self._filters is not None and await self._filters.any():
            source = DraftSource(self._store.mail, draft)
            recipients, plan = await self._planned(self._filters, source, recipients, envelope)
            refused, told = refusals(plan, recipients, each=each)
            await self._filters.tell(plan, told, source, envelope.sender)
        folders: dict[FolderId, str] = {} if plan is None else dict(plan.folders)
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
        if plan is not None:
            for place, to in self._sent_on(plan, not_before, deliver_by):
                queued.setdefault(place, to)
            if each:
                where_full.update(dict.fromkeys(plan.folders))
        onward = None
        if queued or where_full:
            if account is not None:
                known = await self._store.accounts.account(account)
                envelope = replace(envelope, account=known.id)
            onward = Outgoing(envelope, list(queued.values()), where_full)
        flags = {} if plan is None else plan.flags
        placements = [
            Placement(folder, flags.get(folder, NO_FLAGS))
            for folder, mailbox in folders.items()
            if mailbox not in queued or folder in flags
        ]
        try:
            replies = () if plan is None else await self._replies(plan)
            placed = await self._store.mail.commit(
                draft, placements, onward=onward, replies=replies
            )
        except BaseException as error:
            if self._filters is not None and plan is not None:
                self._filters.undone(plan)
            if not isinstance(error, OverQuota):
                raise
            self._resolver.note_full(error.accounts)
            if queued or len(error.accounts) < len(placements):
                raise PartlyFull(*error.accounts) from None
            raise
        if self._filters is not None and plan is not None:
            self._filters.done(plan)
        if self._delivered is not None and placed:
            addresses = [recipient.address for recipient in recipients]
            self._delivered(envelope.sender, addresses, account, placed)
        if not each:
            return {}
        there = {one.folder for one in placed}
        full = OverQuota()
        return {
            one.address: refused.get(one.address, full)
            for one in recipients
            if one.address in refused or not _has_one(one, there, plan)
        }

    async def _planned(
        self,
        filters: Filters,
        source: Source,
        recipients: Sequence[Recipient],
        envelope: Envelope,
    ) -> tuple[Sequence[Recipient], Plan]:
        """Return recipients without the folders that scripts decide about, and what these have
        decided. What comes to several mailboxes by an alias, each of which may have another fate,
        goes by way of the queue to those that have scripts, one by one."""
        places: list[Place] = []
        left: list[Recipient] = []
        for recipient in recipients:
            filtered = {
                folder: mailbox
                for folder, mailbox in recipient.folders.items()
                if "SUCCESS" not in recipient.notify and await filters.applies(folder, mailbox)
            }
            if not filtered:
                left.append(recipient)
                continue
            others = {f: m for f, m in recipient.folders.items() if f not in filtered}
            put_off: Sequence[str] = recipient.put_off
            if recipient.by_alias:
                put_off = (*put_off, *filtered.values())
            else:
                places += [
                    Place(folder, mailbox, recipient, recipient.address)
                    for folder, mailbox in filtered.items()
                ]
            left.append(replace(recipient, folders=others, put_off=put_off))
        return left, await filters.plan(source, envelope.sender, places)

    def _sent_on(
        self, plan: Plan, not_before: datetime | None, deliver_by: DeliverBy | None
    ) -> Iterator[tuple[str, QueueRecipient]]:
        """Return whom scripts have a message queued for, by address."""
        for address, place in plan.onward.items():
            by = replace(place.recipient, address=place.mailbox)
            make = self._maker(by, not_before, deliver_by)
            yield address, make(address, same_domain(address.rpartition("@")[2]))
        for mailbox, place in plan.put_off.items():
            yield mailbox, self._maker(place.recipient, not_before, deliver_by)(mailbox, "")

    async def _replies(self, plan: Plan) -> Sequence[Report]:
        """Return what is sent because of a message."""
        found = [await self.report(to, octets) for to, octets in plan.replies]
        return [each for each in found if each is not None]

    async def file_queued(self, item: QueueItem) -> Filed:
        """Return where a message goes that waits in the queue for a mailbox here."""
        mailbox, sender = item.recipient.address, item.envelope.sender
        folder = await self._resolver.mailbox(mailbox)
        filters = self._filters
        if filters is None or not await filters.any() or not await filters.applies(folder, mailbox):
            return Filed([Placement(folder)])
        named = item.recipient
        to = Recipient(mailbox, {folder: mailbox}, notify=named.notify, original=named.original)
        source = ContentSource(self._store.mail, item)
        plan = await filters.plan(source, sender, [Place(folder, mailbox, to, mailbox)])
        if plan.refused and not (plan.folders or plan.onward or plan.put_off):
            raise Rejected(plan.refused[0][1].reason)
        queued = dict(self._sent_on(plan, None, None))
        return Filed(
            [Placement(each, plan.flags[each]) for each in plan.folders],
            Outgoing(item.envelope, list(queued.values())) if queued else None,
            partial(self._replies, plan),
            partial(filters.done, plan),
            partial(filters.undone, plan),
        )

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


def _has_one(recipient: Recipient, there: set[FolderId], plan: Plan | None) -> bool:
    queued = recipient.onward or recipient.put_off or "SUCCESS" in recipient.notify
    if queued or not there.isdisjoint(recipient.folders):
        return True
    if plan is None or recipient.folders:
        return False
    # What scripts have decided is done; a folder they have chosen may be full.
    folders = plan.of.get(recipient.address)
    return folders is None or not there.isdisjoint(folders)
