"""An HTTP server on memory transports: routes, files, a door; and a client joined to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from twisted.internet.defer import Deferred

from netsuite.accounts.files import AccountFiles, HomesOfSite
from netsuite.accounts.interfaces import (
    BadCredentials,
    LoggedIn,
    MechanismNotOffered,
    PlaintextRefused,
)
from netsuite.accounts.news import StoreNewsroom
from netsuite.http.commands import Fields, Response, ResponseHead
from netsuite.http.files import FileSite
from netsuite.http.news import NewsSite
from netsuite.http.replies import RequestRefused
from netsuite.http.request import IncomingRequest
from netsuite.http.responses import Streamed
from netsuite.http.router import Router
from netsuite.http.server import HTTPServer, HTTPServerFactory, Shared
from netsuite.http.settings import Settings
from netsuite.http.xmlrpc.server import XMLRPCServer
from netsuite.store.files import MemorySiteTrees
from netsuite.store.memory import MemoryStore
from netsuite.store.model import FolderId, FolderKind, Placement
from netsuite.testing.fabric import Fabric
from netsuite.testing.transport import MemoryTransport
from tests.coroutines import run

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DATE = b"Date: Sun, 22 Nov 2026 09:30:00 GMT\r\n"


class Authenticator:
    """Lets alice in, and bob, who is in the group ``web``; password ``secret``."""

    def __init__(self, store: MemoryStore, homes: MemorySiteTrees) -> None:
        self.store = store
        self.homes = homes
        self.allowed = True
        self.asked = 0

    def mechanisms(self, channel: Any) -> list[str]:
        return []

    def allows_password(self, channel: Any) -> bool:
        return self.allowed

    async def authenticate(self, *_: Any, **__: Any) -> LoggedIn[Any]:
        raise MechanismNotOffered("none here")

    async def log_in(self, channel: Any, username: str, password: str, facet: Any) -> LoggedIn[Any]:
        self.asked += 1
        if not self.allowed:
            raise PlaintextRefused("no TLS")
        if password != "secret":
            raise BadCredentials("wrong: the reason is for the log")
        account = await self.store.accounts.account(username)
        home = await self.homes.home(username)
        return LoggedIn(AccountFiles(self.store, account, home, self.homes.public), username)


class World:
    """One server, several connections."""

    def __init__(
        self, *, access_log: Any = None, connections: int = 10_000, **settings: Any
    ) -> None:
        self.clock = Fabric(record=True)
        self.now = NOW
        self.news_shown = True
        self.store = MemoryStore()
        self.homes = MemorySiteTrees()
        self.authenticator = Authenticator(self.store, self.homes)
        self.router = Router()
        self.waiting: list[Deferred[Response]] = []
        self.files = FileSite(
            HomesOfSite(self.store, self.homes),
            clock=self.clock,
            now=lambda: self.now,
            boundary=lambda: "BOUNDARY",
            links=lambda: (("News & more", "/news/"),),
        )
        self._routes()
        self.factory = HTTPServerFactory(
            Shared(
                clock=self.clock,
                host="www.example.test",
                software="",
                router=self.router,
                authenticator=self.authenticator,
                now=lambda: self.now,
                line_log=access_log,
                settings=Settings(
                    connections=connections, connections_per_address=0, target_octets=200,
                    header_octets=1000, fields=10, **settings,
                ),
            )
        )  # fmt: skip

    def _routes(self) -> None:
        add = self.router.add
        add("GET", "/hello", self._hello)
        add("GET POST", "/later", self._later)
        add("POST", "/echo", self._echo)
        add("POST", "/count", self._count)
        add("POST", "/ignore", self._hello)
        add("GET", "/stream", self._stream)
        add("GET", "/broken", self._broken)
        add("GET", "/breaks", self._breaks)
        add("GET", "/inject", self._inject)
        add("GET", "/teapot", self._refused)
        add("GET", "/books/{isbn}/pages/{page}", self._book)
        self.rpc = XMLRPCServer(limit_octets=50_000)
        add("POST", "/RPC2", self.rpc)
        self.room = StoreNewsroom(self.store)
        self.news = NewsSite(
            self.room, "/news/", now=lambda: self.now, shown=lambda: self.news_shown
        )
        self.router.mount("/news/", self.news)
        add("GET", "/news", self.news)
        self.router.mount("/", self.files)

    async def _hello(self, request: IncomingRequest) -> Response:
        return Response(200, (), b"hello")

    def _later(self, request: IncomingRequest) -> Deferred[Response]:
        self.waiting.append(Deferred())
        return self.waiting[-1]

    async def _echo(self, request: IncomingRequest) -> Streamed:
        return Streamed(ResponseHead(200, Fields(), request.head.octets), request.chunks())

    async def _count(self, request: IncomingRequest) -> Response:
        body = await request.read(5000)
        trailers = request.exchange.trailers
        return Response(200, (), b"%d %d" % (len(body), len(trailers)))

    async def _stream(self, request: IncomingRequest) -> Streamed:
        async def pieces() -> Any:
            for number in range(3):
                yield b"%d," % number

        return Streamed(ResponseHead(200), pieces())

    async def _broken(self, request: IncomingRequest) -> Response:
        raise RuntimeError("the inside of the server")

    async def _breaks(self, request: IncomingRequest) -> Streamed:
        async def pieces() -> Any:
            yield b"begun"
            raise RuntimeError("the inside of the server")

        return Streamed(ResponseHead(200), pieces())

    async def _inject(self, request: IncomingRequest) -> Response:
        return Response(200, (("X", "a\r\nb: c"),))

    async def _refused(self, request: IncomingRequest) -> Response:
        raise RequestRefused(Response(418))

    async def _book(self, request: IncomingRequest) -> Response:
        return Response(200, (), repr(sorted(request.parameters.items())).encode())

    def group(self, name: str, description: str = "") -> FolderId:
        """Make a newsgroup."""
        mail = self.store.mail
        kind = FolderKind.GROUP
        folder: FolderId = run(
            mail.create_folder(None, name, kind=kind, description=description)
        ).id
        return folder

    def post(self, group: FolderId, octets: bytes) -> None:
        """Put an article into a group."""

        async def post() -> None:
            draft = self.store.mail.draft()
            waiting = draft.write(octets)
            if waiting is not None:
                await waiting
            await self.store.mail.commit(
                draft, [Placement(group, internal_date=NOW - timedelta(hours=1))]
            )

        run(post())

    def connect(self, full_at: int | None = None) -> Session:
        """Open a connection."""
        return Session(self, full_at)

    def ask(self, octets: bytes) -> bytes:
        """Say something on a connection of its own; return the answer."""
        return self.connect().say(octets)

    def put(self, path: str, octets: bytes, *, tree: Any = None, age_seconds: int = 3600) -> None:
        """Write a file of the public site."""

        async def put() -> None:
            files = tree or self.homes.public
            names = tuple(path.split("/"))
            for depth in range(1, len(names)):
                try:
                    await files.entry(names[:depth])
                except Exception:
                    await files.make_directory(names[:depth])
            upload = await files.upload(names)
            waiting = upload.write(octets)
            if waiting is not None:
                await waiting
            await upload.commit(modified=NOW - timedelta(seconds=age_seconds))

        run(put())
        self.files.forget()


class Session:
    """One connection: ``say`` octets, get the answer's octets."""

    def __init__(self, world: World, full_at: int | None = None) -> None:
        self.world = world
        self.clock = world.clock
        self.transport = MemoryTransport(full_at=full_at)
        server = world.factory.buildProtocol(self.transport.peerAddr)
        assert isinstance(server, HTTPServer)
        self.server = server
        self.transport.protocol = server
        server.makeConnection(self.transport)

    def say(self, octets: bytes) -> bytes:
        self.server.dataReceived(octets)
        return self.heard()

    def heard(self) -> bytes:
        self.clock.advance(0)
        octets = self.transport.said()
        if self.transport.full_at is not None:
            self.transport.drain()
        return octets

    @property
    def closed(self) -> bool:
        return bool(self.transport.disconnecting)


def answer(status: str, body: bytes = b"", *fields: bytes, close: bool = False) -> bytes:
    """Return the octets of an answer."""
    lines = [b"HTTP/1.1 " + status.encode() + b"\r\n", DATE, *(each + b"\r\n" for each in fields)]
    lines.append(b"Content-Length: %d\r\n" % len(body))
    if close:
        lines.append(b"Connection: close\r\n")
    return b"".join([*lines, b"\r\n", body])


HELLO = answer("200 OK", b"hello")


def refusal(status: str, *fields: bytes, text: bytes = b"", close: bool = True) -> bytes:
    """Return the octets of a refusal in plain text."""
    body = status.encode() + b"\r\n" + (text + b"\r\n" if text else b"")
    return answer(status, body, b"Content-Type: text/plain; charset=utf-8", *fields, close=close)
