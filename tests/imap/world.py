"""A memory store, an authenticator, and clients on memory transports, for tests of the server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator

from netsuite.accounts.interfaces import (
    Ask,
    BadCredentials,
    Channel,
    LoggedIn,
    LoginCancelled,
    MailAccess,
    MalformedResponse,
    MechanismNotOffered,
)
from netsuite.accounts.mail import AccountMail
from netsuite.imap.server import IMAPServer, Shared
from netsuite.imap.settings import Settings
from netsuite.store.memory import MemoryStore
from netsuite.store.model import Placement, SpecialUse
from netsuite.testing.fabric import Fabric
from netsuite.testing.transport import MemoryTransport
from tests.coroutines import run

F = TypeVar("F")
T = TypeVar("T")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class FakeAuthenticator:
    """Lets accounts of the store in whose password is ``secret``. Its mechanisms are PLAIN, and
    TALK, which asks for a word, and has one more to say with its success."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.plaintext = True
        self.waits: Deferred[None] | None = None
        self.logged_out = 0

    def enter(self, name: str, password: str, facet: type[F]) -> LoggedIn[F]:
        if password != "secret":
            raise BadCredentials("wrong password")
        assert facet is MailAccess
        # Any: it is of the class that was asked for, which no type says of F.
        mail: Any = AccountMail(self.store, run(self.store.accounts.account(name)))
        return LoggedIn(mail, name, logout=self.leave)

    def leave(self) -> None:
        self.logged_out += 1

    def mechanisms(self, channel: Channel) -> Sequence[str]:
        return ("TALK", "PLAIN") if self.allows_password(channel) else ("TALK",)

    def allows_password(self, channel: Channel) -> bool:
        return self.plaintext or channel.secure

    async def log_in(
        self, channel: Channel, username: str, password: str, facet: type[F]
    ) -> LoggedIn[F]:
        if self.waits is not None:
            await self.waits
        return self.enter(username, password, facet)

    async def authenticate(
        self,
        channel: Channel,
        mechanism: str,
        facet: type[F],
        ask: Ask,
        initial: bytes | None = None,
        *,
        data_with_success: bool = False,
    ) -> LoggedIn[F]:
        if mechanism not in self.mechanisms(channel):
            raise MechanismNotOffered(mechanism)
        asked = b"word?" if mechanism == "TALK" else b""
        octets = await ask(asked) if initial is None else initial
        if octets is None:
            raise LoginCancelled(mechanism)
        if mechanism == "TALK":
            if octets != b"please":
                raise BadCredentials("not the word")
            if await ask(b"proof"):
                raise MalformedResponse("an answer to data that came with the success")
            return self.enter("ann", "secret", facet)
        words = octets.split(b"\0")
        if len(words) != 3:
            raise MalformedResponse("three words")
        try:
            name, password = words[1].decode(), words[2].decode()
        except UnicodeDecodeError as error:
            raise MalformedResponse("no UTF-8") from error
        return self.enter(name, password, facet)


class Client:
    """The other end of one connection."""

    def __init__(self, world: World, settings: Settings | None = None) -> None:
        self.server = IMAPServer(world.shared(settings))
        self.transport = MemoryTransport("127.0.0.1", 4711)
        self.server.makeConnection(self.transport)
        self.clock = world.clock

    def heard(self) -> bytes:
        """Return what came since the last time."""
        return self.transport.said()

    def say(self, octets: bytes) -> bytes:
        """Send octets as they are; return the answer."""
        self.server.dataReceived(octets)
        return self.heard()

    def lines(self, line: bytes) -> list[bytes]:
        """Send a line; return the answer's lines."""
        return self.say(line + b"\r\n").split(b"\r\n")[:-1]

    def turn(self) -> bytes:
        """Let the reactor turn once; return what came of it."""
        self.clock.advance(0)
        return self.heard()


class World:
    """A store with ann and ben in it, and what connects to it."""

    def __init__(self) -> None:
        self.clock = Fabric(record=True)
        self.now = NOW
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

    def shared(
        self,
        settings: Settings | None = None,
        *,
        tls: IOpenSSLServerConnectionCreator | None = None,
    ) -> Shared:
        """Return what sessions share."""
        return Shared(
            clock=self.clock,
            authenticator=self.authenticator,
            settings=settings or Settings(),
            tls=tls,
            now=lambda: self.now,
        )

    def connect(self, settings: Settings | None = None) -> Client:
        """Connect; the greeting is waiting."""
        return Client(self, settings)

    def enter(
        self,
        mailbox: bytes | None = b"INBOX",
        name: bytes = b"ann",
        settings: Settings | None = None,
    ) -> Client:
        """Connect, log in, and select."""
        client = self.connect(settings)
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
            assert waiting is None
            run(self.store.mail.commit(draft, [Placement(target.id, frozenset(flags))]))
