"""A small line protocol for trying connections: words as commands, ``+`` and ``-`` as answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from netsuite.connection.deadlines import CloseReason, Timeouts
from netsuite.connection.server import ServerConnection, ServerShared, handlers
from netsuite.connection.settings import ServiceSettings
from netsuite.testing.transport import MemoryTransport
from netsuite.wire.dotted import DotUnstuffer
from netsuite.wire.errors import ErrorTable, LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, EndOfBody, EndOfInput
from tests.connection.reading import Reading


@dataclass(frozen=True, slots=True)
class Say:
    """Answer at once."""

    word: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Answer when told to."""

    word: str


@dataclass(frozen=True, slots=True)
class Flood:
    """Answer with so many octets."""

    octets: int


@dataclass(frozen=True, slots=True)
class Put:
    """A dot-stuffed body follows."""


@dataclass(frozen=True, slots=True)
class Post:
    """A dot-stuffed body follows, which the answer reads itself."""


@dataclass(frozen=True, slots=True)
class Secure:
    """Start TLS."""


@dataclass(frozen=True, slots=True)
class Break:
    """Fail without having been foreseen."""

    where: str


@dataclass(frozen=True, slots=True)
class Quit:
    """Close."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; a provisional one leaves the command unanswered."""

    text: str
    final: bool = True


WORDS: dict[bytes, Any] = {
    b"SAY": lambda word: Say(word.decode()),
    b"WAIT": lambda word: Wait(word.decode()),
    b"FLOOD": lambda word: Flood(int(word)),
    b"PUT": lambda word: Put(),
    b"POST": lambda word: Post(),
    b"SECURE": lambda word: Secure(),
    b"BREAK": lambda word: Break(word.decode()),
    b"QUIT": lambda word: Quit(),
}


class LineDialog(Reading):
    """The server side of it."""

    def __init__(self) -> None:
        super().__init__()
        self.body: DotUnstuffer | None = None
        self.ended = False

    def next_event(self) -> Any:
        if self.body is not None:
            return self.next_of_body(self.body)
        if self.paused:
            return PAUSED
        line = self.reader.read_line(100)
        if line is None:
            if self.reader.eof and not self.ended:
                self.ended = True
                return EndOfInput()
            return NEED_DATA
        word, _, rest = line.partition(b" ")
        make = WORDS.get(word)
        if make is None:
            close = word == b"FATAL"
            raise RemoteProtocolError("no such command", Reply("- what?"), close=close)
        self.paused = True
        command = make(rest)
        if isinstance(command, Put | Post):
            self.body = DotUnstuffer()
        return command

    def next_of_body(self, body: DotUnstuffer) -> Any:
        while not body.ended:
            octets = self.reader.read_some(1000)
            if octets is None:
                return NEED_DATA
            chunk = body.feed(octets)
            self.reader.unread(body.rest)  # nothing, before the end
            if chunk:
                return BodyChunk(chunk)
        self.body = None
        return EndOfBody()

    def send(self, value: Reply) -> bytes:
        if "\n" in value.text:
            raise LocalProtocolError("a line end in an answer")
        if value.final:
            self.paused = False
        return value.text.encode() + b"\r\n"


class LineSettings(ServiceSettings):
    """Those of a service, and the time of a login."""

    login_seconds: float = 0.0

    @property
    def timeouts(self) -> Timeouts:
        return replace(super().timeouts, login_seconds=self.login_seconds or None)


class Known(Exception):
    """An error that a reply is known for."""


async def say(connection: LineConnection, command: Say) -> None:
    connection.say(Reply(f"+ {command.word}"))


async def wait(connection: LineConnection, command: Wait) -> None:
    waiting: Deferred[None] = Deferred()
    connection.waiting.append(waiting)
    try:
        await waiting
    except BaseException as error:
        connection.interrupted.append(type(error).__name__)
        raise
    connection.say(Reply(f"+ waited {command.word}"))


async def flood(connection: LineConnection, command: Flood) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(command.octets // 10_000):
            connection.made += 10_000
            yield b"x" * 9_998 + b"\r\n"

    await connection.writer.write_body(pieces())
    connection.say(Reply("+ flooded"))


async def put(connection: LineConnection, command: Put) -> None:
    connection.say(Reply("+ go on", final=False))
    connection.got = b""


async def put_chunk(connection: LineConnection, chunk: BodyChunk) -> None:
    connection.got += chunk.octets


async def put_end(connection: LineConnection, end: EndOfBody) -> None:
    connection.say(Reply(f"+ got {len(connection.got)}"))


async def post(connection: LineConnection, command: Post) -> None:
    connection.say(Reply("+ go on", final=False))
    connection.got = b""
    async for octets in connection.body():
        connection.got += octets
    connection.say(Reply(f"+ read {len(connection.got)}"))


async def secure(connection: LineConnection, command: Secure) -> None:
    connection.say(Reply("+ go ahead"))
    connection.start_tls(connection.context)


async def broken(connection: LineConnection, command: Break) -> None:
    if command.where == "later":
        await connection.writer.writable()
    raise RuntimeError("a secret of the inside")


async def quit_(connection: LineConnection, command: Quit) -> None:
    connection.say(Reply("+ bye"))
    connection.close()


class LineConnection(ServerConnection[Any, Reply]):
    """The server side, with everything a test wants to look at."""

    handlers = handlers(say, wait, flood, put, post, put_chunk, put_end, secure, broken, quit_)
    errors = ErrorTable({Known: Reply("- known")}, counted=(Known,))

    def __init__(
        self, shared: ServerShared, name: str = "", *, dialog: LineDialog | None = None
    ) -> None:
        super().__init__(dialog or LineDialog(), shared, name)
        self.waiting: list[Deferred[None]] = []
        self.interrupted: list[str] = []
        self.got = b""
        self.made = 0
        self.context: Any = None
        self.ends: list[str] = []
        self.secure_times = 0

    def began(self) -> None:
        self.say(Reply("+ hello"))

    def failed(self, event: object, failure: Failure) -> None:
        self.say(Reply("- broken"))

    def goodbye(self, reason: CloseReason) -> None:
        self.say(Reply(f"- bye {reason.name}"))

    def ended(self, reason: Failure) -> None:
        self.ends.append(type(reason.value).__name__)

    def reset_for_tls(self) -> None:
        self.dialog = LineDialog()

    def handshake_done(self) -> None:
        self.secure_times += 1


def shared(clock: IReactorTime | None = None, **settings: Any) -> ServerShared:
    """Return what connections of a service of such settings share."""
    return ServerShared(clock=clock or Clock(), service="line", settings=LineSettings(**settings))


def connected(
    dialog: LineDialog | None = None,
    *,
    kind: type[LineConnection] = LineConnection,
    clock: Clock | None = None,
    full_at: int | None = None,
    name: str = "",
    **settings: Any,
) -> tuple[LineConnection, MemoryTransport, Clock]:
    """Return a connection that has been greeted, its transport and its clock."""
    clock = clock or Clock()
    connection = kind(shared(clock, **settings), name, dialog=dialog)
    wire = MemoryTransport(full_at=full_at)
    wire.protocol = connection
    connection.makeConnection(wire)
    return connection, wire, clock


def taken(wire: MemoryTransport) -> list[str]:
    """Return the lines said since the last look."""
    lines: list[str] = wire.value().decode().split("\r\n")[:-1]
    wire.clear()
    return lines
