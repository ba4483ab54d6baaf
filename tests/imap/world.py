"""A memory store, a door, and clients on memory transports: what server tests stand on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from zope.interface import Interface

from netsuite.accounts.interfaces import (
    BadCredentials,
    Challenged,
    Channel,
    Exchange,
    LoggedIn,
    LoginStep,
    MailAccess,
    MalformedResponse,
)
from netsuite.accounts.mail import AccountMail
from netsuite.connection.settings import Limits, Timeouts
from netsuite.imap.server import IMAPServer
from netsuite.imap.settings import Settings
from netsuite.store.memory import MemoryStore
from netsuite.store.model import Placement, SpecialUse

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def run(work: Any) -> Any:
    """Give what a coroutine returns that does not wait for the outside."""
    results: list[Any] = []
    failures: list[Any] = []
    ensureDeferred(work).addCallbacks(results.append, failures.append)
    if failures:
        failures[0].raiseException()
    return results[0]


class PlainExchange:
    """PLAIN, and TALK: which asks for a word, and has one more to say with its success."""

    def __init__(self, authenticator: FakeAuthenticator, mechanism: str) -> None:
        self.authenticator = authenticator
        self.mechanism = mechanism
        self.asked = False

    async def respond(self, octets: bytes | None) -> LoginStep:
        if self.mechanism == "TALK":
            if not self.asked:
                self.asked = True
                return Challenged(b"word?")
            if octets != b"please":
                raise BadCredentials("not the word")
            return LoggedIn(self.authenticator.access("ann"), "ann", b"proof")
        if octets is None:
            return Challenged(b"")
        words = octets.split(b"\0")
        if len(words) != 3:
            raise MalformedResponse("three words")
        return self.authenticator.enter(words[1].decode(), words[2].decode())


class FakeAuthenticator:
    """Lets accounts of the store in whose password is ``secret``."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.plaintext = True
        self.waits: Deferred[None] | None = None

    def access(self, name: str) -> MailAccess:
        return AccountMail(self.store, run(self.store.accounts.account(name)))

    def enter(self, name: str, password: str) -> LoggedIn:
        if password != "secret":
            raise BadCredentials("wrong password")
        return LoggedIn(self.access(name), name)

    def mechanisms(self, channel: Channel) -> Sequence[str]:
        return ("TALK", "PLAIN") if self.allows_password(channel) else ("TALK",)

    def allows_password(self, channel: Channel) -> bool:
        return self.plaintext or channel.secure

    async def log_in(
        self, channel: Channel, username: str, password: str, facet: type[Interface]
    ) -> LoggedIn:
        if self.waits is not None:
            await self.waits
        return self.enter(username, password)

    def exchange(self, channel: Channel, mechanism: str, facet: type[Interface]) -> Exchange | None:
        if mechanism not in self.mechanisms(channel):
            return None
        return PlainExchange(self, mechanism)


class Client:
    """The other end of one connection."""

    def __init__(self, world: World, **arguments: Any) -> None:
        self.server = IMAPServer(world.authenticator, world.clock, **arguments)
        self.transport = StringTransport(peerAddress=IPv4Address("TCP", "127.0.0.1", 4711))
        self.server.makeConnection(self.transport)
        self.clock = world.clock

    def heard(self) -> bytes:
        """Give what came since the last time."""
        octets = self.transport.value()
        self.transport.clear()
        return octets

    def say(self, octets: bytes) -> bytes:
        """Send octets as they are; give the answer."""
        self.server.dataReceived(octets)
        return self.heard()

    def lines(self, line: bytes) -> list[bytes]:
        """Send a line; give the answer's lines."""
        return self.say(line + b"\r\n").split(b"\r\n")[:-1]

    def turn(self) -> bytes:
        """Let the reactor turn once; give what came of it."""
        self.clock.advance(0)
        return self.heard()


class World:
    """A store with ann and ben in it, and what connects to it."""

    def __init__(self) -> None:
        self.clock = Clock()
        guids = iter(range(1, 1_000_000))
        self.store = MemoryStore(
            lambda: NOW, guid=lambda: f"{next(guids):032x}", uid_validity=lambda: 7
        )
        run(self.store.open())
        for name in ("ann", "ben"):
            run(
                self.store.accounts.add_account(
                    name, None, folders=[("Sent", SpecialUse.SENT), ("Lists/python", None)]
                )
            )
        self.authenticator = FakeAuthenticator(self.store)

    def connect(self, **arguments: Any) -> Client:
        """Connect; the greeting is waiting."""
        return Client(self, **arguments)

    def enter(self, mailbox: bytes | None = b"INBOX", name: bytes = b"ann", **more: Any) -> Client:
        """Connect, log in, and select."""
        client = self.connect(**more)
        answer = client.say(b"l LOGIN %b secret\r\n" % name)
        assert b"l OK" in answer, answer
        if mailbox is not None:
            answer = client.say(b"s SELECT %b\r\n" % mailbox)
            assert b"s OK" in answer, answer
        return client

    def deliver(
        self, *contents: bytes, name: str = "ann", folder: str = "INBOX", flags: Sequence[str] = ()
    ) -> None:
        """Put messages into a folder."""
        account = run(self.store.accounts.account(name))
        target = run(self.store.mail.folder(account.id, folder))
        for octets in contents:
            draft = self.store.mail.draft()
            waiting = draft.write(octets)
            assert waiting is None or run(waiting) is None
            run(self.store.mail.commit(draft, [Placement(target.id, frozenset(flags))]))


def quick(**changes: Any) -> dict[str, Any]:
    """Give arguments of a connection with other settings."""
    arguments: dict[str, Any] = {}
    if "limits" in changes:
        arguments["limits"] = changes.pop("limits")
    if "timeouts" in changes:
        arguments["timeouts"] = changes.pop("timeouts")
    arguments["settings"] = Settings(**changes)
    return arguments


__all__ = ["NOW", "Client", "FakeAuthenticator", "Limits", "Timeouts", "World", "quick", "run"]
