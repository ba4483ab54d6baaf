"""The same connection for protocols of other shapes: FTP, HTTP, Telnet, each in miniature.

These are the smallest dialogs that have the awkward part: an answer that comes while a second
connection runs and may be interrupted, bodies both ways on one connection, and no turns at all.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from netsuite.connection.server import ServerConnection, handlers
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transport import MemoryTransport
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, EndOfBody, EndOfInput
from tests.connection.lines import shared
from tests.connection.reading import Reading


def start(kind: type[ServerConnection[Any, Any]], dialog: Any, full_at: int | None = None) -> Any:
    connection = kind(dialog, shared())
    wire = MemoryTransport(full_at=full_at)
    wire.protocol = connection
    connection.makeConnection(wire)
    return connection, wire


# -- FTP -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Retrieve:
    path: str


@dataclass(frozen=True, slots=True)
class Abort:
    pass


@dataclass(frozen=True, slots=True)
class Noop:
    pass


@dataclass(frozen=True, slots=True)
class Code:
    code: int


class TransferDialog(Reading):
    """While a transfer runs only ABOR is taken; all else waits its turn (RFC 959, 4.1.3)."""

    transferring = False

    def next_event(self) -> Any:
        if self.paused and not self.transferring:
            return PAUSED
        if self.transferring:
            line = self.reader.peek(6)
            if line != b"ABOR\r\n":
                return PAUSED if line else NEED_DATA
        line_read = self.reader.read_line(100)
        if line_read is None:
            return NEED_DATA
        word, _, rest = line_read.partition(b" ")
        self.paused = True
        if word == b"RETR":
            self.transferring = True
            return Retrieve(rest.decode())
        return Abort() if word == b"ABOR" else Noop()

    def send(self, value: Code) -> bytes:
        if value.code >= 200:
            self.transferring = self.paused = False
        return b"%d\r\n" % value.code


class Transfers(ServerConnection[Any, Any]):
    """The control connection."""

    def began(self) -> None:
        self.data: Deferred[None] | None = None
        self.running: Deferred[None] | None = None

    async def retrieve(self, command: Retrieve) -> None:
        self.say(Code(150))
        self.running = self.spawn(self.transfer(), command)

    async def transfer(self) -> None:
        """The second connection's end answers on the first."""
        self.data = Deferred()
        try:
            await self.data
        except CancelledError:
            if not self.lost:
                self.say(Code(426))
            return
        self.say(Code(226))

    async def abort_transfer(self, command: Abort) -> None:
        if self.running is not None:
            self.running.cancel()
        self.writer.write(b"226\r\n")

    async def noop(self, command: Noop) -> None:
        self.say(Code(200))

    handlers = handlers(retrieve, abort_transfer, noop)


class FTP(SynchronousTestCase):
    """A transfer beside the commands."""

    def test_transfer_ends(self) -> None:
        """Commands sent meanwhile are answered after the transfer's end."""
        connection, wire = start(Transfers, TransferDialog())
        connection.dataReceived(b"RETR a\r\nNOOP\r\n")
        self.assertEqual(b"150\r\n", wire.value())
        connection.data.callback(None)
        self.assertEqual(b"150\r\n226\r\n200\r\n", wire.value())

    def test_aborted(self) -> None:
        """ABOR is heard while the transfer runs, and ends it."""
        connection, wire = start(Transfers, TransferDialog())
        connection.dataReceived(b"RETR a\r\n")
        connection.dataReceived(b"ABOR\r\nNOOP\r\n")
        self.assertEqual(b"150\r\n426\r\n226\r\n200\r\n", wire.value())

    def test_lost(self) -> None:
        """A control connection that goes takes its transfer along."""
        connection, wire = start(Transfers, TransferDialog())
        connection.dataReceived(b"RETR a\r\n")
        connection.connectionLost()
        self.assertTrue(connection.running.called)
        self.assertEqual(b"150\r\n", wire.value())

    def test_no_timeout_while_it_runs(self) -> None:
        """A long transfer is not idle time; what follows it is."""
        connection, wire = start(Transfers, TransferDialog())
        connection.dataReceived(b"RETR a\r\n")
        connection.clock.pump([100.0] * 50)
        self.assertFalse(wire.disconnecting)
        connection.data.callback(None)
        connection.clock.advance(301)
        self.assertTrue(wire.disconnecting)


# -- HTTP ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    octets: int
    expects_continue: bool


@dataclass(frozen=True, slots=True)
class Head:
    status: int
    octets: int = 0


class RequestDialog(Reading):
    """Requests with a counted body; answers with a head, then a counted body."""

    body_left: int | None = None
    answer_left: int | None = None

    def next_event(self) -> Any:
        if self.body_left is not None:
            if self.body_left == 0:
                self.body_left = None
                return EndOfBody()
            octets = self.reader.read_some(self.body_left)
            if octets is None:
                return NEED_DATA
            self.body_left -= len(octets)
            return BodyChunk(octets)
        if self.paused:
            return PAUSED
        head = self.reader.peek(1000)
        end = head.find(b"\r\n\r\n")
        if end < 0:
            return EndOfInput() if self.reader.eof else NEED_DATA
        self.reader.read_exactly(end + 4)
        length = re.search(rb"\r\nContent-Length: (\d+)", head[:end])
        self.paused = True
        self.body_left = int(length[1]) if length else 0
        path = head.split(b" ")[1].decode()
        return Request(path, self.body_left, b"\r\nExpect: 100-continue" in head[:end])

    def send(self, value: Head | BodyChunk) -> bytes:
        if isinstance(value, BodyChunk):
            assert self.answer_left is not None
            self.answer_left -= len(value.octets)
            octets = value.octets
        elif value.status == 100:
            return b"HTTP/1.1 100 Continue\r\n\r\n"
        else:
            self.answer_left = value.octets
            octets = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (value.status, value.octets)
        if self.answer_left == 0:
            self.paused = False
        return octets


class Requests(ServerConnection[Any, Any]):
    """``/echo`` gives the body back as it comes, ``/count`` reads it all, ``/refuse`` none."""

    async def request(self, request: Request) -> None:
        if request.path == "/refuse":
            self.say(Head(413))
            self.close()
            return
        if request.expects_continue:
            self.say(Head(100))
        if request.path == "/echo":
            self.say(Head(200, request.octets))
            await self.writer.write_body(self.echoed())
            return
        count = 0
        async for octets in self.body():
            count += len(octets)
        answer = b"%d" % count
        self.say(Head(200, len(answer)))
        self.say(BodyChunk(answer))

    async def echoed(self) -> AsyncIterator[bytes]:
        async for octets in self.body():
            yield self.dialog.send(BodyChunk(octets))

    handlers = handlers(request)


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class HTTP(SynchronousTestCase):
    """Bodies both ways on one connection that is kept."""

    def test_kept_and_pipelined(self) -> None:
        """Requests in one piece are answered in order, whatever their bodies."""
        octets = (
            b"POST /count HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde"
            b"GET /count HTTP/1.1\r\n\r\n"
            b"POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nxyz"
            b"GET /count HTTP/1.1\r\n\r\n"
        )
        expected = ok(b"5") + ok(b"0") + ok(b"xyz") + ok(b"0")
        for cut in range(len(octets)):
            connection, wire = start(Requests, RequestDialog())
            connection.dataReceived(octets[:cut])
            connection.dataReceived(octets[cut:])
            self.assertEqual(expected, wire.value(), cut)

    def test_both_ways_at_once(self) -> None:
        """An answer's body leaves while the request's still comes, and holds it up when it is
        not read."""
        connection, wire = start(Requests, RequestDialog(), full_at=100_000)
        connection.dataReceived(b"POST /echo HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n")
        sent = 0
        while wire.producerState == "producing" and sent < 1_000_000:
            connection.dataReceived(b"x" * 10_000)
            sent += 10_000
        self.assertLess(sent, 300_000)
        while sent < 1_000_000:
            wire.drain()
            self.assertEqual("producing", wire.producerState)
            connection.dataReceived(b"x" * 10_000)
            sent += 10_000
        wire.drain()
        self.assertEqual(1_000_000, wire.value().count(b"x"))

    def test_expect_continue(self) -> None:
        """The client is told to go on before its body is awaited, or is refused instead."""
        head = b" HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        connection, wire = start(Requests, RequestDialog())
        connection.dataReceived(b"POST /count" + head)
        self.assertEqual(b"HTTP/1.1 100 Continue\r\n\r\n", wire.value())
        connection.dataReceived(b"ab")
        self.assertTrue(wire.value().endswith(ok(b"2")))
        connection, wire = start(Requests, RequestDialog())
        connection.dataReceived(b"POST /refuse" + head)
        self.assertTrue(wire.value().startswith(b"HTTP/1.1 413"))
        self.assertTrue(wire.disconnecting)

    def test_body_cut_short(self) -> None:
        """A body that ends with the connection is no body."""
        connection, wire = start(Requests, RequestDialog())
        connection.dataReceived(b"POST /count HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")
        connection.readConnectionLost()
        self.assertEqual(b"", wire.value())
        self.assertTrue(wire.disconnecting)


# -- Telnet --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Typed:
    octets: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    octets: bytes


class TerminalDialog(Reading):
    """Octets both ways, never PAUSED; IAC is doubled, anything else after it is refused."""

    def next_event(self) -> Any:
        octets = self.reader.read_some(100)
        if octets is None:
            return NEED_DATA
        if octets.endswith(b"\xff") and octets.count(b"\xff") % 2:
            self.reader.unread(b"\xff")
            octets = octets[:-1]
            if not octets:
                if len(self.reader) == 1:
                    return NEED_DATA
                raise RemoteProtocolError("an option", Shown(b"?"))
        return Typed(octets.replace(b"\xff\xff", b"\xff"))

    def send(self, value: Shown) -> bytes:
        return value.octets.replace(b"\xff", b"\xff\xff")


class Terminal(ServerConnection[Any, Any]):
    """Shows what is typed, and what others say at any time."""

    async def typed(self, event: Typed) -> None:
        self.say(Shown(event.octets.upper()))

    handlers = handlers(typed)


class Telnet(SynchronousTestCase):
    """No turns at all."""

    def test_both_ways(self) -> None:
        """What is typed and what is shown do not wait for each other."""
        connection, wire = start(Terminal, TerminalDialog())
        connection.say(Shown(b"welcome "))
        connection.dataReceived(b"ab")
        connection.say(Shown(b" news\xff "))
        connection.dataReceived(b"c\xff")
        connection.dataReceived(b"\xffd")
        self.assertEqual(b"welcome AB news\xff\xff C\xff\xffD", wire.value())

    def test_paste(self) -> None:
        """A paste into a terminal that shows nothing is held up, and nothing is lost."""
        connection, wire = start(Terminal, TerminalDialog(), full_at=1000)
        sent = 0
        while wire.producerState == "producing":
            connection.dataReceived(b"x" * 1000)
            sent += 1000
        self.assertLess(sent, 200_000)
        for _ in range(1000):
            wire.drain()
        self.assertEqual(sent, wire.value().count(b"X"))
