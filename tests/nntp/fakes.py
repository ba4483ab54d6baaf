"""A memory store with groups, an authenticator, and a server on a memory transport, for tests of
NNTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

from netsuite.accounts.interfaces import (
    Ask,
    BadCredentials,
    Channel,
    LoggedIn,
    LoginCancelled,
    MalformedResponse,
    MechanismNotOffered,
    NewsAccess,
    PlaintextRefused,
)
from netsuite.accounts.news import AccountNews, StoreNewsroom
from netsuite.certificates import ServerTLS
from netsuite.connection.deadlines import CloseReason
from netsuite.message.injection import PostingPolicy
from netsuite.nntp.server import NNTPServer, NNTPServerFactory, Shared
from netsuite.nntp.settings import Settings
from netsuite.store.memory import MemoryStore
from netsuite.store.model import FolderKind, Placement
from netsuite.testing.fabric import Fabric
from tests.connection.memory import MemorySession
from tests.coroutines import run

F = TypeVar("F")

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOST = "news.example.test"
POLICY = PostingPolicy(HOST, domain="example.test")


def article(number: int, group: str = "misc.test", body: str = "body\r\n", **fields: str) -> bytes:
    """Give an article as it would be stored."""
    lines = [
        f"Path: {HOST}!.POSTED!not-for-mail",
        "From: Ann <ann@example.test>",
        f"Newsgroups: {group}",
        f"Subject: number {number}",
        f"Message-ID: <{number}@example.test>",
        "Date: Sun, 01 Mar 2026 10:00:00 +0000",
        *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items()),
    ]
    return ("\r\n".join([*lines, "", body])).encode()


def xref(*locations: str) -> bytes:
    """Give the field that goes before an article."""
    return f"Xref: {HOST} {' '.join(locations)}\r\n".encode()


class FakeAuthenticator:
    """Lets accounts of the store in whose password is ``se cret``: by it, by PLAIN, and by X-DATA,
    which has one more to say with its success."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.offered = ["X-DATA", "PLAIN"]
        self.passwords = True
        self.error: Exception | None = None
        self.waits: Deferred[None] | None = None

    def enter(self, name: str, password: str, facet: type[F], data: bytes | None) -> LoggedIn[F]:
        assert facet is NewsAccess
        if password != "se cret" or name not in ("ann", "ben", "root"):
            raise BadCredentials("wrong")
        account = run(self.world.store.accounts.account(name))
        # Any: it is of the class that was asked for, which no type says of F.
        access: Any = AccountNews(self.world.store, self.world.room, account)
        return LoggedIn(access, name, data)

    def mechanisms(self, channel: Channel) -> Sequence[str]:
        return self.offered

    def allows_password(self, channel: Channel) -> bool:
        return self.passwords or channel.secure

    async def log_in(
        self, channel: Channel, username: str, password: str, facet: type[F]
    ) -> LoggedIn[F]:
        if self.waits is not None:
            await self.waits
        if self.error is not None:
            raise self.error
        return self.enter(username, password, facet, None)

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
        if mechanism not in self.offered:
            clear = mechanism == "PLAIN" and not channel.secure
            raise (PlaintextRefused if clear else MechanismNotOffered)(mechanism)
        if self.error is not None:
            raise self.error
        response = await ask(b"") if initial is None else initial
        if response is None:
            raise LoginCancelled(mechanism)
        words = response.split(b"\0")
        if len(words) != 3:
            raise MalformedResponse("three words")
        assert data_with_success
        data = b"v=x" if mechanism == "X-DATA" else None
        return self.enter(words[1].decode(), words[2].decode(), facet, data)


class World:
    """A store with ann, ben and root (an admin), three groups, and three articles."""

    def __init__(self, *, articles: int = 3) -> None:
        self.clock = Fabric(now=NOW.timestamp(), record=True)
        guids = iter(range(1, 1_000_000))
        self.store = MemoryStore(
            self.now, guid=lambda: f"{next(guids):032x}", uid_validity=lambda: 7
        )
        run(self.store.open())
        for name in ("ann", "ben", "root"):
            run(self.store.accounts.add_account(name, None))
        root = run(self.store.accounts.account("root"))
        run(self.store.accounts.update_account(root.id, groups=frozenset({"admin"})))
        self.add_group("misc.test", "For tests")
        self.add_group("misc.empty", "")
        self.add_group("misc.moderated", "With care", moderator="ben")
        self.add_group("misc.closed", "Closed", postable=False)
        self.add_group("talk.other", "Elsewhere\r\n.\r\n")
        run(self.store.mail.create_folder(None, "Notices"))  # no newsgroup
        self.room = StoreNewsroom(self.store, POLICY)
        self.authenticator = FakeAuthenticator(self)
        self.words = iter(range(1, 1_000_000))
        for number in range(1, articles + 1):
            self.put(article(number))

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.seconds(), UTC)

    def add_group(self, name: str, description: str, **arguments: Any) -> None:
        run(
            self.store.mail.create_folder(
                None, name, kind=FolderKind.GROUP, description=description, **arguments
            )
        )

    def put(self, octets: bytes, *groups: str) -> None:
        folders = [run(self.store.mail.folder(None, name)) for name in groups or ("misc.test",)]
        draft = self.store.mail.draft()
        draft.write(octets)
        run(self.store.mail.commit(draft, [Placement(folder.id) for folder in folders]))

    def remove(self, *numbers: int, group: str = "misc.test") -> None:
        folder = run(self.store.mail.folder(None, group))
        run(self.store.mail.expunge(folder.id, list(numbers), deleted_only=False))

    def stored(self, group: str = "misc.test") -> list[bytes]:
        """Give the octets of the group's articles."""
        folder = run(self.store.mail.folder(None, group))
        messages = run(self.store.mail.messages(folder.id, None, None))
        return [run(self.store.mail.content(message.content)) for message in messages]

    def factory(self, context: ServerTLS | None = None, **settings: Any) -> NNTPServerFactory:
        """Make a factory; settings of the posting policy are the newsroom's."""
        of_policy = {each.name for each in fields(PostingPolicy)} & settings.keys()
        policy = {name: settings.pop(name) for name in of_policy}
        self.room.policy = replace(POLICY, **policy)
        return NNTPServerFactory(
            Shared(
                clock=self.clock,
                host=HOST,
                newsroom=self.room,
                now=self.now,
                authenticator=self.authenticator,
                unique=lambda: f"word{next(self.words)}",
                tls=context,
                settings=Settings().model_copy(update=settings),
            )
        )

    def connect(self, **arguments: Any) -> Session:
        return Session(self, **arguments)

    def enter(self, name: str = "ann", **arguments: Any) -> Session:
        """Connect and log in."""
        session = self.connect(**arguments)
        answer = session.say(f"AUTHINFO USER {name}\r\nAUTHINFO PASS se cret\r\n".encode())
        assert answer.endswith(b"281 Logged in\r\n"), answer
        return session


class Session(MemorySession[NNTPServer]):
    """One server session: ``say`` octets, get the answer's octets."""

    def __init__(
        self,
        world: World,
        *,
        context: ServerTLS | None = None,
        address: str = "192.0.2.9",
        turned_away: CloseReason | None = None,
        **settings: Any,
    ) -> None:
        self.world = world
        self.factory = world.factory(context, **settings)
        self.open(self.factory, NNTPServer, address=address, turned_away=turned_away)

    def say(self, octets: bytes) -> bytes:
        self.server.dataReceived(octets)
        self.world.clock.advance(0)
        return self.transport.said()

    def ask(self, line: str) -> str:
        """Say a line; give the answer as text."""
        return self.say(line.encode() + b"\r\n").decode()
