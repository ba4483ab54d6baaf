"""An authenticator, a resolver, a delivery and a server on a memory transport, for tests of SMTP
alone."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock

from netsuite.accounts.interfaces import DeliverBy, Filed, NotOurs, Recipient
from netsuite.certificates import ServerTLS
from netsuite.connection.linelog import LineLog
from netsuite.smtp.messagelog import stamp
from netsuite.smtp.policy.chain import Policies, Rule
from netsuite.smtp.policy.interface import Policy
from netsuite.smtp.server import Shared, SMTPServer, SMTPServerFactory
from netsuite.smtp.settings import Mode, Settings, SubmissionSettings
from netsuite.store.errors import NoSuchAccount, OverQuota
from netsuite.store.interfaces import Draft
from netsuite.store.model import FolderId, Placement
from netsuite.store.outgoing import Envelope, QueueItem
from netsuite.testing.authenticator import FakeAuthenticator
from tests.connection.memory import MemorySession


class FakeDraft:
    """Keeps octets; may be told to fail or to wait."""

    def __init__(self, receiver: FakeReceiver) -> None:
        self.receiver = receiver
        self.octets = 0
        self.content = b""
        self.aborted = False

    def write(self, octets: bytes) -> Awaitable[None] | None:
        if self.receiver.write_error is not None:
            raise self.receiver.write_error
        self.content += octets
        self.octets += len(octets)
        return self.receiver.slow

    async def abort(self) -> None:
        self.aborted = True


@dataclass(frozen=True)
class Delivered:
    """What a delivery was asked for beside the content."""

    recipients: Sequence[Recipient]
    envelope: Envelope
    not_before: datetime | None
    deliver_by: DeliverBy | None
    each: bool


class FakeReceiver:
    """Resolves and delivers for example.test: alice, bob, postmaster; sends elsewhere for forward.
    Asking takes its time where ``waits`` says so."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, list[str], bytes, str | None]] = []
        self.calls: list[Delivered] = []
        self.without_room: Collection[str] = ()
        self.drafts: list[FakeDraft] = []
        self.errors: dict[str, Exception] = {}
        self.waits: dict[str, Deferred[None]] = {}
        self.deliver_error: Exception | None = None
        self.write_error: Exception | None = None
        self.slow: Deferred[None] | None = None
        self.sync: Deferred[None] | None = None

    async def resolve(
        self, local: str, domain: str, *, octets: int = 0, relay: bool = False
    ) -> Recipient:
        if domain.lower() not in ("example.test", ""):
            if relay:
                return Recipient(f"{local}@{domain}", onward=(f"{local}@{domain}",))
            raise NotOurs(domain)
        name = local.partition("+")[0].lower()
        if name in self.waits:
            await self.waits[name]
        if name in self.errors:
            raise self.errors[name]
        if name == "forward":
            return Recipient(f"{local}@{domain}", onward=("x@elsewhere.test",))
        if name not in ("alice", "bob", "postmaster", "grün", "full"):
            raise NoSuchAccount(local)
        address = f"{name}@example.test"
        return Recipient(address, {FolderId(1): address})

    async def filed(self, recipient: Recipient, folder: str) -> Recipient:
        return replace(recipient, address=f"{recipient.address}/{folder}")

    async def mailbox(self, address: str) -> FolderId:
        return FolderId(1)

    async def file_queued(self, item: QueueItem) -> Filed:
        return Filed([Placement(FolderId(1))])

    async def report(self, sender: str, octets: bytes, *, require_tls: bool = False) -> None:
        return None

    def draft(self, expected_octets: int | None = None) -> FakeDraft:
        draft = FakeDraft(self)
        self.drafts.append(draft)
        return draft

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
        if self.sync is not None:
            await self.sync
        if self.deliver_error is not None:
            raise self.deliver_error
        addresses = [recipient.address for recipient in recipients]
        assert isinstance(draft, FakeDraft)
        self.delivered.append((envelope.sender, addresses, draft.content, account))
        self.calls.append(Delivered(recipients, envelope, not_before, deliver_by, each))
        return dict.fromkeys(self.without_room, OverQuota()) if each else {}


class FakeSubmitter:
    name = "alice"
    address = "alice@example.test"

    def may_send_as(self, address: str) -> bool:
        return address == "alice@example.test"


def make_shared(
    mode: Mode = Mode.RELAY, *, clock: IReactorTime | None = None, **settings: Any
) -> Shared:
    """Make what sessions share: fakes, and settings, which no limit of the file binds here."""
    numbers = iter(range(1, 10_000))
    receiver = FakeReceiver()
    kind = SubmissionSettings if mode is Mode.SUBMISSION else Settings
    made = kind().model_copy(update=settings)
    return Shared(
        clock=clock or Clock(),
        host="mx.example.test",
        mode=mode,
        service=mode.value,
        settings=made,
        extensions=made.extensions(queued=True),
        authenticator=FakeAuthenticator(lambda facet: FakeSubmitter()),
        resolver=receiver,
        delivery=receiver,
        now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        identify=lambda: f"id{next(numbers)}",
    )


class Session(MemorySession[SMTPServer]):
    """One server session: ``say`` octets, get the answer's octets."""

    def __init__(
        self,
        mode: Mode = Mode.RELAY,
        *,
        context: ServerTLS | None = None,
        message_log: Path | None = None,
        policies: Sequence[Policy] = (),
        **settings: Any,
    ) -> None:
        shared = make_shared(mode, **settings)
        if policies:
            rules = [Rule(type(each).__name__, each) for each in policies]
            shared = replace(shared, policies=Policies(rules, shared.clock))
        assert isinstance(shared.clock, Clock)
        assert isinstance(shared.resolver, FakeReceiver)
        assert isinstance(shared.authenticator, FakeAuthenticator)
        self.clock, self.receiver = shared.clock, shared.resolver
        self.authenticator = shared.authenticator
        line_log = None
        if message_log is not None:
            line_log = LineLog(
                message_log, self.clock, now=shared.now, stamp=stamp, elsewhere=maybeDeferred
            )
        self.factory = SMTPServerFactory(replace(shared, tls=context, line_log=line_log))
        self.open(self.factory, SMTPServer)

    def codes(self, octets: bytes) -> list[int]:
        """Say, and give the codes of the answers."""
        return [
            int(line[:3]) for line in self.say(octets).split(b"\r\n") if line and line[3:4] == b" "
        ]
