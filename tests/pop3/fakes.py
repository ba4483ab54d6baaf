"""A door, a maildrop and a server on a memory transport, for tests of POP3 alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from zope.interface import Interface

from netsuite.accounts.interfaces import (
    BadCredentials,
    Challenged,
    Channel,
    DropItem,
    LoggedIn,
    LoginStep,
    MaildropInUse,
)
from netsuite.connection.settings import Limits, Timeouts
from netsuite.pop3.server import POP3Server, POP3ServerFactory
from netsuite.pop3.settings import Settings

ONE = b"Subject: one\r\n\r\nfirst\r\n.dot\r\n..\r\n"
TWO = b"Subject: two\r\n\r\nsecond"
THREE = b"Subject: three\n\nline feeds\n.\nonly\n"


class FakeDrop:
    """Messages in a list, read in pieces."""

    name = "alice"

    def __init__(self, messages: list[bytes]) -> None:
        self.messages = messages
        self.locked = False
        self.in_use = False
        self.removed: list[int] = []
        self.piece = 7
        self.error: Exception | None = None
        self.read_error: Exception | None = None
        self.late_error: Exception | None = None
        self.closed_early = 0
        self.slow: Deferred[None] | None = None

    async def open(self) -> Sequence[DropItem]:
        if self.in_use or self.locked:
            raise MaildropInUse("alice")
        self.locked = True
        if self.slow is not None:
            await self.slow
        return [DropItem(len(m), f"uid{n}") for n, m in enumerate(self.messages, 1)]

    async def read(self, number: int) -> AsyncIterator[bytes]:
        if self.read_error is not None:
            raise self.read_error
        message = self.messages[number]
        done = False
        try:
            for start in range(0, len(message), self.piece):
                yield message[start : start + self.piece]
                yield b""
                if self.late_error is not None:
                    raise self.late_error
            done = True
        finally:
            self.closed_early += not done

    async def remove(self, numbers: Sequence[int]) -> None:
        if self.error is not None:
            raise self.error
        self.removed += numbers

    def release(self) -> None:
        self.locked = False


class FakeExchange:
    def __init__(self, authenticator: FakeAuthenticator, mechanism: str) -> None:
        self.authenticator = authenticator
        self.mechanism = mechanism

    async def respond(self, octets: bytes | None) -> LoginStep:
        if self.authenticator.error is not None:
            raise self.authenticator.error
        if octets is None:
            return Challenged(b"")
        if octets != b"\0alice\0secret":
            raise BadCredentials("wrong")
        return LoggedIn(
            self.authenticator.drop, "alice", b"v=x" if self.mechanism == "X-DATA" else None
        )


class FakeAuthenticator:
    def __init__(self, drop: FakeDrop) -> None:
        self.drop = drop
        self.offered = ["X-DATA", "PLAIN"]
        self.passwords = True
        self.error: Exception | None = None

    def mechanisms(self, channel: Channel) -> Sequence[str]:
        return self.offered

    def allows_password(self, channel: Channel) -> bool:
        return self.passwords

    async def log_in(
        self, channel: Channel, username: str, password: str, facet: type[Interface]
    ) -> LoggedIn:
        if self.error is not None:
            raise self.error
        if (username, password) != ("alice", "se cret "):
            raise BadCredentials("wrong")
        return LoggedIn(self.drop, "alice")

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
        self.disconnecting = True


def make_factory(drop: FakeDrop, clock: Clock, **arguments: object) -> POP3ServerFactory:
    return POP3ServerFactory(
        Settings("pop.example.test"),
        authenticator=FakeAuthenticator(drop),
        clock=clock,
        **arguments,  # type: ignore[arg-type]
    )


class Session:
    """One server session: ``say`` octets, get the answer's octets."""

    def __init__(
        self,
        messages: list[bytes] | None = None,
        *,
        limits: Limits | None = None,
        timeouts: Timeouts | None = None,
        tls: object = None,
    ) -> None:
        self.clock = Clock()
        self.drop = FakeDrop([ONE, TWO, THREE] if messages is None else messages)
        self.factory = make_factory(
            self.drop, self.clock, limits=limits, timeouts=timeouts, tls=tls
        )
        authenticator = self.factory.authenticator
        assert isinstance(authenticator, FakeAuthenticator)
        self.authenticator = authenticator
        self.transport = Transport(peerAddress=IPv4Address("TCP", "192.0.2.9", 4000))
        server = self.factory.buildProtocol(IPv4Address("TCP", "192.0.2.9", 4000))
        assert isinstance(server, POP3Server)
        self.server = server
        server.makeConnection(self.transport)
        self.greeting = self.transport.said()

    def say(self, octets: bytes) -> bytes:
        self.server.dataReceived(octets)
        return self.transport.said()

    @property
    def closed(self) -> bool:
        return bool(self.transport.disconnecting)
