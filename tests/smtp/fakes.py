"""A door, a receiver and a server on a memory transport, for tests of SMTP alone."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from zope.interface import Interface

from netsuite.accounts.interfaces import (
    BadCredentials,
    Challenged,
    Channel,
    LoggedIn,
    LoginStep,
    NotOurs,
    Recipient,
)
from netsuite.connection.linelog import LineLog
from netsuite.connection.settings import Limits, Timeouts
from netsuite.smtp.messagelog import stamp
from netsuite.smtp.server import SMTPServer, SMTPServerFactory
from netsuite.smtp.settings import Mode, Settings
from netsuite.store.errors import NoSuchAccount
from netsuite.store.model import FolderId


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


class FakeReceiver:
    """Receives for example.test: alice, bob, postmaster; sends elsewhere for forward."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, list[str], bytes, str | None]] = []
        self.drafts: list[FakeDraft] = []
        self.errors: dict[str, Exception] = {}
        self.known: dict[tuple[str, str], Recipient] = {}
        self.deliver_error: Exception | None = None
        self.write_error: Exception | None = None
        self.slow: Deferred[None] | None = None
        self.sync: Deferred[None] | None = None

    async def resolve(self, local: str, domain: str) -> Recipient:
        if domain.lower() not in ("example.test", ""):
            raise NotOurs(domain)
        name = local.partition("+")[0].lower()
        if name in self.errors:
            raise self.errors[name]
        if name == "forward":
            return Recipient(f"{local}@{domain}", (), ("x@elsewhere.test",))
        if name not in ("alice", "bob", "postmaster", "grün"):
            raise NoSuchAccount(local)
        return Recipient(f"{name}@example.test", (FolderId(1),))

    def resolve_now(self, local: str, domain: str) -> Recipient | None:
        return self.known.get((local, domain))

    def draft(self, expected_octets: int | None = None) -> FakeDraft:
        draft = FakeDraft(self)
        self.drafts.append(draft)
        return draft

    async def deliver(
        self, draft: FakeDraft, recipients: Sequence[Recipient], sender: str, account: str | None
    ) -> None:
        if self.sync is not None:
            await self.sync
        if self.deliver_error is not None:
            raise self.deliver_error
        addresses = [recipient.address for recipient in recipients]
        self.delivered.append((sender, addresses, draft.content, account))


class FakeSubmitter:
    name = "alice"

    def may_send_as(self, address: str) -> bool:
        return address == "alice@example.test"


class FakeExchange:
    """PLAIN with or without initial response; LOGIN-like chatter for X-TWO; data for X-DATA."""

    def __init__(self, authenticator: FakeAuthenticator, mechanism: str) -> None:
        self.authenticator = authenticator
        self.mechanism = mechanism
        self.heard: list[bytes | None] = []

    async def respond(self, octets: bytes | None) -> LoginStep:
        self.heard.append(octets)
        if self.authenticator.error is not None:
            raise self.authenticator.error
        if octets is None:
            return Challenged(b"")
        if self.mechanism == "X-TWO" and len(self.heard) < 3:
            return Challenged(b"more")
        if octets != b"\0alice\0secret":
            raise BadCredentials("wrong password of alice")
        return LoggedIn(FakeSubmitter(), "alice", b"v=x" if self.mechanism == "X-DATA" else None)


class FakeAuthenticator:
    def __init__(self) -> None:
        self.offered = ["X-DATA", "X-TWO", "PLAIN"]
        self.error: Exception | None = None

    def mechanisms(self, channel: Channel) -> Sequence[str]:
        return self.offered

    def allows_password(self, channel: Channel) -> bool:
        return True

    async def log_in(
        self, channel: Channel, username: str, password: str, facet: type[Interface]
    ) -> LoggedIn:
        raise BadCredentials("not asked here")

    def exchange(
        self, channel: Channel, mechanism: str, facet: type[Interface]
    ) -> FakeExchange | None:
        return FakeExchange(self, mechanism) if mechanism in self.offered else None


class Transport(StringTransport):
    """A transport that says what was said since it was last asked."""

    def said(self) -> bytes:
        octets = self.value()
        self.clear()
        return octets

    def abortConnection(self) -> None:
        self.aborting = True
        self.disconnecting = True


class Session:
    """One server session: ``say`` octets, get the answer's octets."""

    def __init__(
        self,
        mode: Mode = Mode.RELAY,
        *,
        limits: Limits | None = None,
        timeouts: Timeouts | None = None,
        tls: object = None,
        message_log: Path | None = None,
        **settings: object,
    ) -> None:
        self.clock = Clock()
        self.receiver = FakeReceiver()
        self.authenticator = FakeAuthenticator()
        numbers = iter(range(1, 10_000))
        self.factory = SMTPServerFactory(
            Settings("mx.example.test", mode, **settings),  # type: ignore[arg-type]
            authenticator=self.authenticator,
            receiver=self.receiver,  # type: ignore[arg-type]
            clock=self.clock,
            now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            identify=lambda: f"id{next(numbers)}",
            limits=limits,
            timeouts=timeouts,
            tls=tls,
            message_log=message_log
            and LineLog(
                message_log,
                self.clock,
                now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
                stamp=stamp,
                elsewhere=maybeDeferred,
            ),
        )
        self.transport = Transport(peerAddress=IPv4Address("TCP", "192.0.2.9", 4000))
        server = self.factory.buildProtocol(IPv4Address("TCP", "192.0.2.9", 4000))
        assert isinstance(server, SMTPServer)
        self.server = server
        server.makeConnection(self.transport)
        self.greeting = self.transport.said()

    def say(self, octets: bytes) -> bytes:
        self.server.dataReceived(octets)
        return self.transport.said()

    def codes(self, octets: bytes) -> list[int]:
        """Say, and give the codes of the answers."""
        return [
            int(line[:3]) for line in self.say(octets).split(b"\r\n") if line and line[3:4] == b" "
        ]

    @property
    def closed(self) -> bool:
        return bool(self.transport.disconnecting)
