"""The HTTP server on memory transports: order, bodies, time, ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from netsuite.connection.linelog import LineLog
from netsuite.http.commands import Fields, Request, Response
from netsuite.http.server.shared import LINE, format_line
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.dates import format_log_date
from tests.http.worlds import DATE, HELLO, NOW, World, answer, refusal

GET = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
LATER = b"GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
EXPECT = b"Expect: 100-continue\r\n"


def post(path: bytes, body: bytes, *fields: bytes) -> bytes:
    lines = b"".join(each + b"\r\n" for each in fields)
    head = b"POST %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: %d\r\n\r\n"
    return head % (path, lines, len(body)) + body


class Case(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World(body_octets=100_000)


class Order(Case):
    """Requests on one connection."""

    def test_every_cut(self) -> None:
        """Pipelined requests of all kinds are answered in order, however they are cut."""
        octets = (
            post(b"/echo", b"abc")
            + GET
            + b"POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
            + b"HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n"
            + b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        chunked = b"2\r\n0,\r\n2\r\n1,\r\n2\r\n2,\r\n0\r\n\r\n"
        stream = b"HTTP/1.1 200 OK\r\n" + DATE + b"Transfer-Encoding: chunked\r\n\r\n" + chunked
        expected = answer("200 OK", b"abc") + HELLO + answer("200 OK", b"5 0") + HELLO[:-5] + stream
        for cut in range(len(octets)):
            session = self.world.connect()
            self.assertEqual(expected, session.say(octets[:cut]) + session.say(octets[cut:]), cut)
            self.assertFalse(session.closed)

    def test_slow_one_first(self) -> None:
        """A quick answer waits for the slow one asked for before."""
        session = self.world.connect()
        self.assertEqual(b"", session.say(LATER + GET))
        self.world.waiting[0].callback(Response(204))
        self.assertEqual(b"HTTP/1.1 204 No Content\r\n" + DATE + b"\r\n" + HELLO, session.heard())

    def test_connection_fields(self) -> None:
        """The connection is kept or closed as the client asks, in either version."""
        for version, field, closed, said in (
            (b"1.1", b"", False, b""),
            (b"1.1", b"Connection: close\r\n", True, b"Connection: close\r\n"),
            (b"1.1", b"Connection: x, Close\r\n", True, b"Connection: close\r\n"),
            (b"1.0", b"", True, b"Connection: close\r\n"),
            (b"1.0", b"Connection: Keep-Alive\r\n", False, b"Connection: keep-alive\r\n"),
        ):
            with self.subTest((version, field)):
                session = self.world.connect()
                head = b"GET /hello HTTP/%s\r\nHost: a\r\n%s\r\n"
                heard = session.say(head % (version, field))
                self.assertEqual(HELLO[:-7] + said + b"\r\nhello", heard)
                self.assertEqual(closed, session.closed)

    def test_stream_to_an_old_client(self) -> None:
        """HTTP/1.0 knows no chunks: the end of the connection ends the body."""
        session = self.world.connect()
        heard = session.say(b"GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        self.assertEqual(b"HTTP/1.1 200 OK\r\n" + DATE + b"Connection: close\r\n\r\n0,1,2,", heard)
        self.assertTrue(session.closed)

    def test_half_closed(self) -> None:
        """A client that has said all it will still gets its answers."""
        session = self.world.connect()
        session.say(LATER + GET)
        session.server.readConnectionLost()
        self.assertFalse(session.closed)
        self.world.waiting[0].callback(Response(200, (), b"x"))
        self.assertEqual(answer("200 OK", b"x") + HELLO, session.heard())
        self.assertTrue(session.closed)

    def test_routes(self) -> None:
        """Patterns give their parts decoded; methods are told apart; OPTIONS tells them."""
        ask = self.world.ask
        heard = ask(b"GET /books/3%2D5/pages/%C3%A9 HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertTrue(heard.endswith("[('isbn', '3-5'), ('page', 'é')]".encode()))
        self.assertEqual(
            refusal("405 Method Not Allowed", b"Allow: GET, HEAD, OPTIONS", close=False),
            ask(post(b"/hello", b"")),
        )
        self.assertEqual(
            b"HTTP/1.1 204 No Content\r\n" + DATE + b"Allow: GET, HEAD, OPTIONS\r\n\r\n",
            ask(b"OPTIONS /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        )
        self.assertIn(b"Allow: DELETE, GET", ask(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"))
        for method in (b"BREW", b"TRACE", b"get"):
            heard = ask(method + b" /x HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(refusal("501 Not Implemented", close=False), heard)


class Bodies(Case):
    """What comes with a request."""

    def test_expect_read(self) -> None:
        """100 Continue is said when the handler reads, and not before."""
        session = self.world.connect()
        octets = post(b"/count", b"abc", EXPECT.strip())
        self.assertEqual(CONTINUE, session.say(octets[:-3]))
        self.assertEqual(answer("200 OK", b"3 0"), session.say(octets[-3:]))
        self.assertFalse(session.closed)

    def test_expect_not_needed(self) -> None:
        """A body that is there already is not asked for."""
        heard = self.world.ask(post(b"/count", b"abc", EXPECT.strip()))
        self.assertEqual(answer("200 OK", b"3 0"), heard)

    def test_expect_refused(self) -> None:
        """Who is refused is not told to go on; whether the body comes nobody knows."""
        session = self.world.connect()
        heard = session.say(post(b"/ignore", b"abc", EXPECT.strip())[:-3])
        self.assertEqual(answer("200 OK", b"hello", close=True), heard)
        self.assertTrue(session.closed)

    def test_expect_from_an_old_client(self) -> None:
        """HTTP/1.0 knows no 100."""
        octets = b"POST /count HTTP/1.0\r\nContent-Length: 2\r\n" + EXPECT + b"\r\n"
        session = self.world.connect()
        self.assertEqual(b"", session.say(octets))
        self.assertIn(b"\r\n\r\n2 0", session.say(b"ab"))

    def test_not_read(self) -> None:
        """A short body that nobody reads is passed over, a long one ends the connection."""
        session = self.world.connect()
        self.assertEqual(HELLO + HELLO, session.say(post(b"/ignore", b"x" * 1000) + GET))
        self.assertEqual(HELLO, session.say(post(b"/ignore", b"x" * 1000)[:-500]))
        self.assertEqual(HELLO, session.say(b"x" * 500 + GET))
        session = self.world.connect()
        heard = session.say(post(b"/ignore", b"x" * 80_000)[:-10_000])
        self.assertEqual(answer("200 OK", b"hello", close=True), heard)
        self.assertTrue(session.closed)

    def test_chunks_not_read(self) -> None:
        """A chunked one too: it may be short, and may be without end."""
        head = b"POST /ignore HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        session = self.world.connect()
        octets = head + b"3\r\nabc\r\n0\r\n\r\n" + GET
        self.assertEqual(HELLO + HELLO, session.say(octets))
        self.assertEqual(HELLO, session.say(head))
        for _ in range(7):
            session.say(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
        self.assertTrue(session.closed)

    def test_too_large_for_the_handler(self) -> None:
        """The handler's own limit is kept, whether the length was announced or not."""
        self.assertEqual(
            refusal("413 Content Too Large", close=False),
            self.world.ask(post(b"/count", b"x" * 5001)),
        )
        head = b"POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        session = self.world.connect()
        heard = session.say(head + b"1389\r\n" + b"x" * 5001)
        self.assertEqual(refusal("413 Content Too Large", close=False), heard)

    def test_cut_short(self) -> None:
        """A body that the client ends too early is none."""
        session = self.world.connect()
        session.say(post(b"/count", b"abc")[:-1])
        session.server.readConnectionLost()
        self.assertEqual(refusal("400 Bad Request"), session.heard())

    def test_both_ways(self) -> None:
        """An answer's body leaves while the request's comes; who does not read is not read."""
        session = World().connect(full_at=50_000)
        session.say(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n")
        sent = 0
        while session.transport.producerState == "producing" and sent < 900_000:
            session.server.dataReceived(b"x" * 10_000)
            sent += 10_000
        self.assertLess(sent, 300_000)
        echoed = 0
        while echoed < 900_000:
            heard = session.heard()
            self.assertTrue(heard)
            echoed += len(heard)
            while session.transport.producerState == "producing" and sent < 900_000:
                session.server.dataReceived(b"x" * 10_000)
                sent += 10_000
        self.assertEqual(900_000, echoed)


class Time(Case):
    """Slow clients, on a clock."""

    def test_slow_head(self) -> None:
        """A header that trickles is given up, however busily it trickles."""
        session = self.world.connect()
        heard = b""
        for octet in b"GET /hello HTTP/1.1\r\nX: " + b"x" * 40:
            heard += session.say(bytes([octet]))
            session.clock.advance(1)
            if session.closed:
                break
        self.assertEqual(refusal("408 Request Timeout"), heard + session.heard())

    def test_nothing_said(self) -> None:
        """A connection opened ahead of need is closed without a word, as is a kept one."""
        session = self.world.connect()
        session.clock.advance(31)
        self.assertEqual((b"", True), (session.heard(), session.closed))
        session = self.world.connect()
        session.say(GET)
        session.clock.advance(74)
        self.assertFalse(session.closed)
        session.clock.advance(2)
        self.assertEqual((b"", True), (session.heard(), session.closed))

    def test_slow_body(self) -> None:
        """A body that stops is given up; so is one that only drips."""
        session = self.world.connect()
        session.say(post(b"/count", b"abc")[:-1])
        session.clock.advance(31)
        self.assertEqual(refusal("408 Request Timeout"), session.heard())
        session = self.world.connect()
        session.say(post(b"/count", b"x" * 4000)[:-4000])
        for _ in range(70):
            session.server.dataReceived(b"x")
            session.clock.advance(1)
            if session.closed:
                break
        self.assertEqual(refusal("408 Request Timeout"), session.heard())

    def test_slow_handler(self) -> None:
        """It is our own time, and nobody is blamed."""
        session = self.world.connect()
        session.say(LATER)
        session.clock.advance(1000)
        self.assertFalse(session.closed)
        self.world.waiting[0].callback(Response(200, (), b"x"))
        self.assertEqual(answer("200 OK", b"x"), session.heard())


class Ends(Case):
    """Connections that go, and servers that stop."""

    def lose(self, *said: bytes) -> Any:
        session = self.world.connect()
        for octets in said:
            session.say(octets)
        session.server.connectionLost(Failure(ConnectionLost()))
        return session

    def test_lost_everywhere(self) -> None:
        """A client that goes at any moment leaves no error and harms nobody."""
        octets = post(b"/echo", b"abc") + LATER
        for cut in range(len(octets) + 1):
            self.lose(octets[:cut])
        self.lose(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual([], self.flushLoggedErrors())
        self.assertEqual(HELLO, self.world.ask(GET))
        self.assertEqual(1, len(self.world.factory))  # what was lost is not counted any more

    def test_handler_is_cancelled(self) -> None:
        """What a client waited for is not worked at when it has gone."""
        cancelled: list[Deferred[Response]] = []
        waiting: Deferred[Response] = Deferred(cancelled.append)
        self.world.router.add("GET", "/wait", lambda request: waiting)
        self.lose(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual([waiting], cancelled)

    def test_broken_handler(self) -> None:
        """The client hears 500 and nothing of why; the connection goes on."""
        session = self.world.connect()
        heard = session.say(b"GET /broken HTTP/1.1\r\nHost: a\r\n\r\n" + GET)
        text = b"Something went wrong here."
        self.assertEqual(
            refusal("500 Internal Server Error", text=text, close=False) + HELLO, heard
        )
        self.assertEqual(1, len(self.flushLoggedErrors(RuntimeError)))

    def test_breaks_within_a_body(self) -> None:
        """An answer that cannot be ended does not look as if it had been."""
        session = self.world.connect()
        heard = session.say(b"GET /breaks HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertTrue(heard.endswith(b"5\r\nbegun\r\n"))
        self.assertTrue(session.transport.disconnected)
        self.assertEqual(1, len(self.flushLoggedErrors(RuntimeError)))

    def test_injection(self) -> None:
        """A handler cannot say more fields than it means to."""
        heard = self.world.ask(b"GET /inject HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertTrue(heard.startswith(b"HTTP/1.1 500 "))
        self.assertNotIn(b"b: c", heard)
        self.flushLoggedErrors()

    def test_refused_by_handler(self) -> None:
        """A refusal that is raised is answered."""
        heard = self.world.ask(b"GET /teapot HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertTrue(heard.startswith(b"HTTP/1.1 418 "))

    def test_drain(self) -> None:
        """A service that stops answers what was asked, says that it ends, and closes."""
        idle, busy = self.world.connect(), self.world.connect()
        busy.say(LATER)
        drained: list[None] = []
        self.world.factory.drain().addCallback(drained.append)
        self.assertTrue(idle.closed)
        self.assertFalse(busy.closed)
        self.world.waiting[0].callback(Response(200, (), b"x"))
        self.assertEqual(answer("200 OK", b"x", close=True), busy.heard())
        self.assertTrue(busy.closed)
        for session in (idle, busy):
            session.server.connectionLost()
        self.assertEqual([None], drained)

    def test_too_many(self) -> None:
        """One more than there is room for is told to come back later."""
        world = World(connections=1)
        world.connect()
        session = world.connect()
        heard = session.heard()
        self.assertTrue(heard.startswith(b"HTTP/1.1 503 "))
        self.assertIn(b"Retry-After: 5\r\n", heard)
        self.assertTrue(session.closed)


class Log(SynchronousTestCase):
    """The access log."""

    def test_lines(self) -> None:
        """A line a request, in the combined format, written when a second has gone."""
        path = Path(self.mktemp())
        clock = Clock()
        log = LineLog(path, clock, now=lambda: NOW, stamp=format_log_date, elsewhere=maybeDeferred)
        world = World(access_log=log)
        session = world.connect()
        session.say(GET.replace(b"\r\n\r\n", b'\r\nUser-Agent: x"y\r\nReferer: /a\r\n\r\n'))
        session.say(b"nonsense\r\n\r\n")
        lost = world.connect()
        lost.say(LATER)
        lost.server.connectionLost(Failure(ConnectionLost()))
        self.assertFalse(path.exists())
        clock.advance(1)
        when = "[22/Nov/2026:09:30:00 +0000]"
        self.assertEqual(
            [
                f'192.0.2.9 - - {when} "GET /hello HTTP/1.1" 200 5 "/a" "x\\x22y"',
                f'192.0.2.9 - - {when} "-" 400 17 "-" "-"',
                f'192.0.2.9 - - {when} "GET /later HTTP/1.1" 499 - "-" "-"',
            ],
            path.read_text().splitlines(),
        )

    def test_left_during_a_download(self) -> None:
        """A client that leaves during its first download has its line, with whence it came and
        what it took, and nobody is told of an error."""
        path = Path(self.mktemp())
        clock = Clock()
        log = LineLog(path, clock, now=lambda: NOW, stamp=format_log_date, elsewhere=maybeDeferred)
        world = World(access_log=log)
        world.put("big.bin", bytes(1_000_000))
        session = world.connect(full_at=50_000)
        session.server.dataReceived(b"GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        taken = len(session.transport.value().partition(b"\r\n\r\n")[2])
        self.assertGreater(taken, 50_000)
        self.assertLess(taken, 1_000_000)

        def gone() -> Any:
            raise AssertionError("asked of a socket that is gone")

        for asked in ("getPeer", "getHost", "getHandle"):
            setattr(session.transport, asked, gone)
        session.server.connectionLost(Failure(ConnectionLost()))
        clock.advance(1)
        self.assertEqual([], self.flushLoggedErrors())
        line = f'"GET /big.bin HTTP/1.1" 499 {taken} "-" "-"'
        when = "[22/Nov/2026:09:30:00 +0000]"
        self.assertEqual([f"192.0.2.9 - - {when} {line}"], path.read_text().splitlines())

    def test_one_line(self) -> None:
        """Nothing a client sends makes two lines of one, or ends a quoted part."""
        request = Request("GET", "/", Fields([("user-agent", 'a"\x1b[2J\xe9\\')]))
        line = format_line(format_log_date(NOW), "::1", "a b", request, 200, 0)
        self.assertEqual(
            '::1 - a\\x20b [22/Nov/2026:09:30:00 +0000] "GET / HTTP/1.1" 200 - "-" '
            '"a\\x22\\x1b[2J\\xe9\\x5c"\n',
            line,
        )

    def test_full_disk(self) -> None:
        """A log that cannot be written stops no request, and is complained of once."""
        folder = Path(self.mktemp())
        folder.write_text("in the way")
        clock = Clock()
        log = LineLog(
            folder / "log", clock, now=lambda: NOW, stamp=format_log_date, elsewhere=maybeDeferred
        )
        for _ in range(3):
            log.add(LINE, "", "", None, 200, 0)
            clock.advance(1)
        self.assertFalse(clock.getDelayedCalls())
