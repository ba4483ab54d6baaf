"""A site that sends mail out, in memory and virtual time, to hosts that say what they are told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from netsuite.accounts.answers import Writer
from netsuite.accounts.delivery import Patience, StoreDelivery
from netsuite.accounts.filtering import Filters
from netsuite.accounts.interfaces import DeliverBy
from netsuite.accounts.resolver import RecipientResolver
from netsuite.smtp.commands import Reply, reply
from netsuite.smtp.delivery.agent import DeliveryAgent
from netsuite.smtp.delivery.connector import Unreachable
from netsuite.smtp.delivery.content import Content
from netsuite.smtp.delivery.lifecycle import Said
from netsuite.smtp.delivery.reports import Reporter
from netsuite.smtp.delivery.routes import Unroutable
from netsuite.smtp.delivery.schedule import Schedule
from netsuite.store.interfaces import Store
from netsuite.store.memory import MemoryStore
from netsuite.store.model import Account, Placed
from netsuite.store.outgoing import Envelope, QueueItem

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TAKEN = reply(250, "2.0.0", "Taken")
HOUR = 3600.0
ENVELOPE = Envelope("")


class FakeCarrier:
    """A connection to a host that says what its host is told to say."""

    def __init__(self, host: FakeHost) -> None:
        self.host = host
        self.remote = f"mx.{host.domain}[192.0.2.1]"
        self.carried = 0

    async def send(
        self, sender: str, items: Sequence[QueueItem], content: Content
    ) -> Sequence[Said]:
        """Take a message, or not."""
        host = self.host
        if host.waits is not None:
            await host.waits
        octets = b"".join([piece async for piece in content.pieces()])
        self.carried += 1
        recipients = [item.recipient.address for item in items]
        host.said.append((sender, recipients, octets))
        answer = host.answers.popleft() if host.answers else TAKEN
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return [Said(answer(each), self.remote, host.reports) for each in recipients]
        return [Said(answer, self.remote, host.reports)] * len(items)

    async def close(self) -> None:
        """Count the goodbye."""
        self.host.closed += 1

    def abort(self) -> None:
        """Count it."""
        self.host.aborted += 1


class FakeHost:
    """The hosts of one domain.

    Attributes:
        answers: what they say to each message: a reply, a function of the recipient, an error;
            afterwards they take all.
        refusals: what becomes of each attempt to connect; afterwards it succeeds.
        said: sender, recipients and octets of each message they were sent.
        without_tls: connections that need no TLS; these succeed.
        waits: each message waits for that.
        connecting: and each connection.
    """

    def __init__(self, domain: str) -> None:
        self.domain = domain
        self.answers: deque[Reply | Callable[[str], Reply] | Exception] = deque()
        self.refusals: deque[Reply | Exception] = deque()
        self.reports = False
        self.said: list[tuple[str, list[str], bytes]] = []
        self.connected = self.closed = self.aborted = self.without_tls = 0
        self.waits: Deferred[None] | None = None
        self.connecting: Deferred[None] | None = None


class World:
    """The site."""

    def __init__(
        self,
        *,
        patience: Patience | None = None,
        connections: int = 2,
        store: Store | None = None,
    ) -> None:
        self.clock = Clock()
        #: So far the time of day was set forward or back.
        self.step = timedelta(0)
        self.store: Store = store or MemoryStore(self.now)
        self.resolver = RecipientResolver(self.store, self.clock, domains=["ours.test"])
        #: What is told of mail that is in folders: sender, recipients, account, places.
        self.told: list[tuple[str, tuple[str, ...], str | None, tuple[Placed, ...]]] = []
        numbers = count(1)
        self.delivery = StoreDelivery(
            self.store,
            self.resolver,
            now=self.now,
            patience=patience,
            delivered=self.delivered,
            filters=Filters(
                self.store,
                self.resolver,
                Writer("mx.ours.test", self.now, lambda: f"reply{next(numbers)}"),
                now=self.now,
                environment={},
            ),
        )
        self.hosts: dict[str, FakeHost] = {}
        self.reporter = Reporter(
            self.delivery,
            host="mx.ours.test",
            now=self.now,
            identify=lambda: f"report{next(numbers)}",
        )
        self.agent = DeliveryAgent(
            self.store,
            self.clock,
            file=self.delivery.file_queued,
            connect=self.connect,
            reporter=self.reporter,
            now=self.now,
            schedule=Schedule(300.0, 4 * HOUR, dice=lambda: 0.5),
            connections=connections,
            rewritten=lambda sender: f"rewritten+{sender}",
            delivered=self.delivered,
        )

    def now(self) -> datetime:
        """Return the virtual time."""
        return BEGAN + self.step + timedelta(seconds=self.clock.seconds())

    def delivered(
        self, sender: str, recipients: Sequence[str], account: str | None, places: Sequence[Placed]
    ) -> None:
        """Note what is told."""
        self.told.append((sender, tuple(recipients), account, tuple(places)))

    def host(self, domain: str) -> FakeHost:
        """Return the hosts of a domain."""
        return self.hosts.setdefault(domain, FakeHost(domain))

    async def connect(self, domain: str, *, tls_optional: bool = False) -> FakeCarrier:
        """Connect to a domain's host (``connector.Connector.connect``)."""
        host = self.host(domain)
        host.connected += 1
        if tls_optional:
            host.without_tls += 1
            return FakeCarrier(host)
        if host.connecting is not None:
            await host.connecting
        if host.refusals:
            refusal = host.refusals.popleft()
            if isinstance(refusal, Exception):
                raise refusal
            raise Unroutable(refusal) if refusal.permanent else Unreachable(Said(refusal))
        return FakeCarrier(host)

    async def account(self, name: str) -> Account:
        """Make an account."""
        return await self.store.accounts.add_account(name, None)

    async def send(
        self,
        *recipients: str,
        sender: str = "ann@ours.test",
        octets: bytes = b"Subject: x\r\n\r\nHello\r\n",
        notify: str = "",
        envelope: Envelope = ENVELOPE,
        deliver_by: DeliverBy | None = None,
        account: str | None = None,
    ) -> None:
        """Take a message as the server does, and carry it on as far as that goes at once."""
        draft = self.delivery.draft()
        draft.write(b"Return-Path: <" + sender.encode() + b">\r\n" + octets)
        found = []
        for each in recipients:
            local, _, domain = each.rpartition("@")
            resolved = await self.resolver.resolve(local, domain, relay=True)
            original = f"rfc822;{each}" if notify else ""
            found.append(replace(resolved, notify=notify, original=original))
        await self.delivery.deliver(
            draft,
            found,
            replace(envelope, sender=sender),
            account=account,
            deliver_by=deliver_by,
        )
        self.settle()

    def settle(self) -> None:
        """Let happen what happens at once."""
        while any(call.getTime() <= self.clock.seconds() for call in self.clock.getDelayedCalls()):
            self.clock.advance(0)

    async def inbox(self, name: str) -> list[bytes]:
        """Return the contents of an account's INBOX."""
        account = await self.store.accounts.account(name)
        folder = await self.store.mail.folder(account.id, "INBOX")
        messages = await self.store.mail.messages(folder.id, None, account.id)
        return [await self.store.mail.content(message.content) for message in messages]

    async def queued(self) -> list[tuple[str, str, int]]:
        """Return the queue: recipient, state and attempts of each item."""
        return [
            (item.recipient.address, item.state.value, item.attempts)
            for item in await self.store.queue.items()
        ]
