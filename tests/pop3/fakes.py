"""An authenticator, a maildrop and a server on a memory transport, for tests of POP3 alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import Deferred

from netsuite.accounts.interfaces import DropList, MaildropInUse, OpenedLately
from netsuite.certificates import ServerTLS
from netsuite.connection.deadlines import CloseReason
from netsuite.pop3.server import POP3Server, POP3ServerFactory, Shared
from netsuite.pop3.settings import Settings
from netsuite.testing.authenticator import FakeAuthenticator
from netsuite.testing.fabric import Fabric
from tests.connection.memory import MemorySession

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
        self.old = {0, 2}
        self.asked_before: datetime | None = None
        self.error: Exception | None = None
        self.read_error: Exception | None = None
        self.late_error: Exception | None = None
        self.closed_early = 0
        self.slow: Deferred[None] | None = None
        self.now = lambda: datetime.fromtimestamp(0, UTC)
        self.next_at = self.now()

    async def open(self, next_at: datetime | None = None) -> DropList:
        if self.in_use or self.locked:
            raise MaildropInUse("alice")
        if next_at is not None:
            if self.now() < self.next_at:
                raise OpenedLately("alice")
            self.next_at = next_at
        self.locked = True
        if self.slow is not None:
            await self.slow
        names = [f"uid{number}" for number in range(1, len(self.messages) + 1)]
        return DropList([len(each) for each in self.messages], names)

    async def received_before(self, numbers: Sequence[int], when: datetime) -> Sequence[int]:
        self.asked_before = when
        return [number for number in numbers if number in self.old]

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


def make_factory(
    drop: FakeDrop, clock: Fabric, *, tls: ServerTLS | None = None, **settings: Any
) -> POP3ServerFactory:
    shared = Shared(
        clock=clock,
        host="pop.example.test",
        authenticator=make_authenticator(drop),
        tls=tls,
        settings=Settings(**settings),
    )
    return POP3ServerFactory(shared)


def make_authenticator(drop: FakeDrop) -> FakeAuthenticator:
    return FakeAuthenticator(
        lambda facet: drop, password="se cret ", secret="secret", mechanisms=["X-DATA", "PLAIN"]
    )


class Session(MemorySession[POP3Server]):
    """One server session: ``say`` octets, get the answer's octets."""

    def __init__(
        self,
        messages: list[bytes] | None = None,
        *,
        tls: ServerTLS | None = None,
        turned_away: CloseReason | None = None,
        **settings: Any,
    ) -> None:
        self.clock = Fabric()
        self.drop = FakeDrop([ONE, TWO, THREE] if messages is None else messages)
        self.drop.now = lambda: datetime.fromtimestamp(self.clock.seconds(), UTC)
        self.factory = make_factory(self.drop, self.clock, tls=tls, **settings)
        authenticator = self.factory.shared.authenticator
        assert isinstance(authenticator, FakeAuthenticator)
        self.authenticator = authenticator
        self.open(self.factory, POP3Server, turned_away=turned_away)
