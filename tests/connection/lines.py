"""A small line protocol for trying connections: words as commands, ``+`` and ``-`` as answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from netsuite.connection.close_reason import CloseReason
from netsuite.connection.protocol import DialogConnection
from netsuite.wire.dotted import DotUnstuffer
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, EndOfBody, EndOfInput
from netsuite.wire.reader import OctetReader


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


class LineDialog:
    """The server side of it."""

    def __init__(self) -> None:
        self.reader = OctetReader()
        self.paused = False
        self.body: DotUnstuffer | None = None
        self.ended = False

    def receive(self, octets: bytes) -> None:
        self.reader.feed(octets)

    def receive_eof(self) -> None:
        self.reader.feed_eof()

    def discard_input(self) -> int:
        return self.reader.discard()

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
            if body.ended:
                self.reader.unread(body.rest)
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


def say(connection: LineConnection, command: Say) -> None:
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

    await connection.write_body(pieces())
    connection.say(Reply("+ flooded"))


def put(connection: LineConnection, command: Put) -> None:
    connection.say(Reply("+ go on", final=False))
    connection.got = b""


def put_chunk(connection: LineConnection, chunk: BodyChunk) -> None:
    connection.got += chunk.octets


def put_end(connection: LineConnection, end: EndOfBody) -> None:
    connection.say(Reply(f"+ got {len(connection.got)}"))


async def post(connection: LineConnection, command: Post) -> None:
    connection.say(Reply("+ go on", final=False))
    connection.got = b""
    async for octets in connection.body():
        connection.got += octets
    connection.say(Reply(f"+ read {len(connection.got)}"))


def secure(connection: LineConnection, command: Secure) -> None:
    connection.say(Reply("+ go ahead"))
    connection.start_tls(connection.context)


async def broken(connection: LineConnection, command: Break) -> None:
    if command.where == "later":
        await connection.writable()
    raise RuntimeError("a secret of the inside")


def quit_(connection: LineConnection, command: Quit) -> None:
    connection.say(Reply("+ bye"))
    connection.close()


class LineConnection(DialogConnection):
    """The server side, with everything a test wants to look at."""

    answers = {
        Say: say,
        Wait: wait,
        Flood: flood,
        Put: put,
        Post: post,
        BodyChunk: put_chunk,
        EndOfBody: put_end,
        Secure: secure,
        Break: broken,
        Quit: quit_,
    }

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
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

    def goodbye(self, cause: CloseReason) -> None:
        self.say(Reply(f"- bye {cause.name}"))

    def ended(self, reason: Failure) -> None:
        self.ends.append(reason.type.__name__)

    def reset_for_tls(self) -> None:
        self.dialog = LineDialog()

    def handshake_done(self) -> None:
        self.secure_times += 1


class Wire(StringTransport):
    """A transport in memory that remembers writes and can be full."""

    protocol: Any

    def __init__(self, full_at: int | None = None) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.full_at = full_at
        self.pending = 0

    def write(self, data: bytes) -> None:
        self.writes.append(data)
        super().write(data)
        self.pending += len(data)
        if self.full_at is not None and self.pending > self.full_at and self.producer:
            self.producer.pauseProducing()

    def drain(self) -> None:
        """The peer has read everything."""
        self.pending = 0
        if self.producer is not None:
            self.producer.resumeProducing()

    def abortConnection(self) -> None:
        super().abortConnection()


def connected(
    dialog: Any = None, *, clock: Clock | None = None, full_at: int | None = None, **more: Any
) -> tuple[LineConnection, Wire, Clock]:
    """Give a connection that has been greeted, its transport and its clock."""
    clock = clock or Clock()
    connection = LineConnection(dialog or LineDialog(), clock, **more)
    wire = Wire(full_at)
    wire.protocol = connection
    connection.makeConnection(wire)
    return connection, wire, clock


def taken(wire: Wire) -> list[str]:
    """Give the lines said since the last look."""
    lines = wire.value().decode().split("\r\n")[:-1]
    wire.clear()
    return lines
