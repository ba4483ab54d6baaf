"""The HTTP client, joined in memory to our own server and to scripted ones."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.python.failure import Failure

from netsuite.connection import errors
from netsuite.connection.client import ClientTimeouts
from netsuite.http.client import (
    BadURL,
    BodyTooLarge,
    HTTPClient,
    TooManyRedirects,
    parse_url,
    refusal,
)
from netsuite.http.commands import Fields, Request, Response, ResponseHead
from netsuite.http.pool import HTTPConnection, Origin
from netsuite.http.request import IncomingRequest
from netsuite.http.xmlrpc.client import XMLRPCClient
from netsuite.http.xmlrpc.values import Call, Fault
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric
from netsuite.testing.fabric.network import ServingFactory
from netsuite.testing.transport import MemoryTransport
from netsuite.wire.errors import LocalProtocolError
from tests.connection.joined import JoinedCase, Saying, reached
from tests.coroutines import run
from tests.http.worlds import World

T = TypeVar("T")


class Net:
    """A client and the servers it can reach."""

    def __init__(self) -> None:
        self.world = World()
        self.fabric = self.world.clock
        self.origins: list[Origin] = []
        self.servers: dict[str, ServingFactory] = {
            "a": self.world.factory,
            "b": self.world.factory,
        }
        self.http = HTTPClient(
            self.fabric, endpoint=self.endpoint, timeouts=ClientTimeouts(reply_seconds=10)
        )

    def endpoint(self, origin: Origin) -> IStreamClientEndpoint:
        """Return a way to a host, and note that it is taken."""
        self.origins.append(origin)
        return reached(self.fabric, self.servers[origin.host])

    def script(self, host: str, *answers: bytes, close: bool = False) -> None:
        """Let a host answer so, on each connection."""
        self.servers[host] = Saying(b"", *answers, close=close, to=b"\r\n\r\n")

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something to its end; return what it gives."""
        return self.fabric.run(work, timeout=0)

    async def text(self, method: str, url: str, **more: Any) -> tuple[int, bytes]:
        async with await self.http.request(method, url, **more) as response:
            return response.status, await response.read()


class Case(JoinedCase):
    def setUp(self) -> None:
        self.net = Net()
        self.fabric = self.net.fabric
        self.net.world.put("a.txt", b"0123456789")

    def tearDown(self) -> None:
        self.net.run(self.net.http.close())
        self.assertEqual([], self.flushLoggedErrors())


class Asking(Case):
    """Requests and answers."""

    def ask(self, method: str, url: str, **more: Any) -> tuple[int, bytes]:
        result: tuple[int, bytes] = self.net.run(self.net.text(method, url, **more))
        return result

    def test_get(self) -> None:
        """Requests one after the other share a connection; those at once do not."""
        for _ in range(3):
            self.assertEqual((200, b"0123456789"), self.ask("GET", "http://a/a.txt"))
        self.assertEqual((200, b""), self.ask("HEAD", "http://a/a.txt"))
        self.assertEqual((200, b"hello"), self.ask("GET", "http://a:8080/hello"))
        self.assertEqual([("a", 80), ("a", 8080)], [(o.host, o.port) for o in self.net.origins])

    def test_bodies(self) -> None:
        """A body of octets is counted, one that is made is chunked or counted as said."""

        async def made() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b"x" * 1000

        self.assertEqual((200, b"abc"), self.ask("POST", "http://a/echo", body=b"abc"))
        status, heard = self.ask("POST", "http://a/echo", body=made())
        self.assertEqual((200, 100_000), (status, len(heard)))
        status, heard = self.ask("POST", "http://a/echo", body=made(), octets=100_000)
        self.assertEqual((200, 100_000), (status, len(heard)))
        self.assertEqual(1, len(self.fabric.connections))

    def test_body_that_breaks(self) -> None:
        """What goes wrong while a body is made is what the caller hears of."""

        async def made() -> AsyncIterator[bytes]:
            yield b"x"
            raise KeyError("mine")

        with self.assertRaises(KeyError):
            self.ask("POST", "http://a/count", body=made())

    def test_login(self) -> None:
        """A login in the URL, or beside it, is sent."""
        run(self.net.world.store.accounts.add_account("alice", None))
        self.assertEqual(401, self.ask("PUT", "http://a/~alice/x", body=b"x")[0])
        self.assertEqual(201, self.ask("PUT", "http://alice:secret@a/~alice/x", body=b"x")[0])
        login = ("alice", "secret")
        self.assertEqual(204, self.ask("PUT", "http://a/~alice/x", body=b"y", login=login)[0])
        self.assertEqual((200, b"y"), self.ask("GET", "http://a/~alice/x"))

    def test_codings(self) -> None:
        """gzip is asked for and taken off, unless that is not wanted; bombs meet the limit."""
        coded = gzip.compress(b"text" * 1000)
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
        self.net.script("s", *[head % len(coded) + coded] * 2)
        self.assertEqual((200, b"text" * 1000), self.ask("GET", "http://s/"))

        async def raw() -> bytes:
            async with await self.net.http.get("http://s/") as response:
                return await response.read(decode=False)

        self.assertEqual(coded, self.net.run(raw()))
        bomb = gzip.compress(bytes(50_000_000))
        self.net.script("bomb", head % len(bomb) + bomb)
        with self.assertRaises(BodyTooLarge):
            self.ask("GET", "http://bomb/")

    def test_unsayable(self) -> None:
        """Nothing a caller passes on becomes a second request."""
        for url in ("http://a/\r\nX: y", "http://a\r\n/", "http://a/ x", "ftp://a/", "http:///x",
                    "http://a:99999/", "//a/x", "http://[::1/"):  # fmt: skip
            self.assertRaises(BadURL, parse_url, url)
        with self.assertRaises(LocalProtocolError):
            self.ask("GET", "http://a/", fields=Fields([("X", "a\r\nY: b")]))
        with self.assertRaises(BadURL):
            self.ask("GET", "http://a/", login=("a:b", "c"))
        self.assertEqual("/caf%C3%A9?x=%22", parse_url('http://a/café?x="#y').path)
        self.assertEqual("xn--bcher-kva", parse_url("http://bücher/").origin.host)
        self.assertEqual("[::1]:81", parse_url("http://[::1]:81/").origin.authority)


class Redirects(Case):
    """Being sent elsewhere."""

    def setUp(self) -> None:
        super().setUp()
        self.asked: list[tuple[str, str, str, str]] = []

        async def show(request: IncomingRequest) -> Response:
            body = await request.read(100)
            fields = request.fields
            self.asked.append(
                (request.method, request.head.host, fields.get("authorization")[:5], body.decode())
            )
            return Response(200, (), b"arrived")

        self.net.world.router.add("GET POST PUT", "/here", show)

    def go(self, status: int, where: str, method: str = "GET", **more: Any) -> Any:
        async def said(request: IncomingRequest) -> Response:
            return Response(status, (("Location", where),))

        path = f"/from{len(self.asked)}{status}{method}"
        self.net.world.router.add("GET POST PUT", path, said)
        url = f"http://a/from{len(self.asked)}{status}{method}"
        return self.net.run(self.net.text(method, url, **more))

    def test_methods(self) -> None:
        """POST becomes GET where it has always done so, and stays where it must."""
        for status, method, expected in (
            (301, "GET", ("GET", "")), (301, "POST", ("GET", "")), (302, "POST", ("GET", "")),
            (303, "POST", ("GET", "")), (303, "PUT", ("GET", "")), (307, "POST", ("POST", "abc")),
            (308, "PUT", ("PUT", "abc")), (302, "PUT", ("PUT", "abc")),
        ):  # fmt: skip
            body = b"" if method == "GET" else b"abc"
            self.assertEqual((200, b"arrived"), self.go(status, "/here", method, body=body))
            said = self.asked[-1]
            self.assertEqual(expected, (said[0], said[3]), (status, method))

    def test_secrets(self) -> None:
        """A login goes along on the same host, and never to another."""
        self.go(302, "/here", login=("u", "p"))
        self.assertEqual(("GET", "a", "Basic", ""), self.asked[-1])
        self.go(307, "http://b/here", login=("u", "p"))
        self.assertEqual(("GET", "b", "", ""), self.asked[-1])
        self.go(308, "http://a:81/here", login=("u", "p"))
        self.assertEqual(("GET", "a:81", "", ""), self.asked[-1])

    def test_circle(self) -> None:
        """It ends."""

        async def said(request: IncomingRequest) -> Response:
            return Response(302, (("Location", "/round"),))

        self.net.world.router.add("GET", "/round", said)
        with self.assertRaises(TooManyRedirects):
            self.net.run(self.net.text("GET", "http://a/round"))
        with self.assertRaises(BadURL):
            self.go(301, "gopher://a/")


class Connections(Case):
    """Kept connections, and those that go."""

    def test_dead_one(self) -> None:
        """A kept connection that the server has closed is not noticed by the caller."""
        ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.net.script("s", *[ok] * 3)
        self.assertEqual((200, b"ok"), self.net.run(self.net.text("GET", "http://s/")))
        self.dies(0)
        self.assertEqual((200, b"ok"), self.net.run(self.net.text("GET", "http://s/")))
        self.assertEqual(2, len(self.fabric.connections))
        self.dies(1)
        with self.assertRaises(errors.ConnectionLost):  # nobody knows whether it was done
            self.net.run(self.net.text("POST", "http://s/", body=b"x"))

    def dies(self, number: int) -> None:
        """Let a connection end when the server hears something more."""
        end = self.fabric.connections[number].server
        self.patch(end.protocol, "dataReceived", lambda data: end.loseConnection())

    def test_not_kept(self) -> None:
        """A connection is not used again where either side says so, or after too much."""
        for answer in (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
            b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
        ):
            self.net.script("s", answer, b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")
            for _ in range(2):
                self.assertEqual((200, b"ok"), self.net.run(self.net.text("GET", "http://s/")))

    def test_to_the_end(self) -> None:
        """A body that the end of the connection ends is whole; a counted one is not."""
        self.net.script("s", b"HTTP/1.1 200 OK\r\n\r\nall of it", close=True)
        self.assertEqual((200, b"all of it"), self.net.run(self.net.text("GET", "http://s/")))
        self.net.script("t", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", close=True)
        with self.assertRaises(errors.ConnectionLost):
            self.net.run(self.net.text("GET", "http://t/"))

    def test_merely_stops(self) -> None:
        """A connection that breaks ends no body, though nothing announced how long it is."""
        self.net.script("s", b"HTTP/1.1 200 OK\r\n\r\nsome of it")

        async def read() -> bytes:
            async with await self.net.http.get("http://s/") as response:
                self.fabric.connections[-1].server.abortConnection()
                return await response.read()

        with self.assertRaises(errors.ConnectionLost):
            self.net.run(read())

    def test_idle(self) -> None:
        """What nobody uses is closed in time."""
        self.net.run(self.net.text("GET", "http://a/hello"))
        self.fabric.advance(61)
        self.assertTrue(self.fabric.connections[0].client.disconnected)

    def test_slow_server(self) -> None:
        """A server that says nothing is given up."""
        self.net.script("s")
        waiting = self.begin(self.net.text("GET", "http://s/"))
        self.fabric.advance(11)
        self.failureResultOf(waiting, errors.Timeout)

    def test_abandoned(self) -> None:
        """A body that nobody wants to its end does not come in the way of the next request."""
        self.net.world.put("big.bin", bytes(300_000))

        async def some() -> int:
            async with await self.net.http.get("http://a/big.bin"):
                pass
            async with await self.net.http.get("http://a/big.bin") as response:
                async for octets in response.chunks():
                    return len(octets)
            return 0

        self.assertTrue(self.net.run(some()))
        self.assertEqual((200, b"hello"), self.net.run(self.net.text("GET", "http://a/hello")))


class RequestRefused(SynchronousTestCase):
    """Uploads that a server does not want to its end."""

    def setUp(self) -> None:
        self.clock = Fabric()
        self.taken = 0
        self.given_back = False

    async def endless(self) -> AsyncIterator[bytes]:
        try:
            while True:
                self.taken += 1
                yield b"x" * 10_000
        finally:
            self.given_back = True

    def begin(self) -> tuple[HTTPConnection, MemoryTransport, list[Any]]:
        """Begin an upload, up to where the server takes no more."""
        connection = HTTPConnection(self.clock, timeouts=ClientTimeouts())
        transport = MemoryTransport(full_at=50_000)
        connection.makeConnection(transport)
        request = Request("POST", "/", octets=None, host="a")
        results: list[Any] = []
        ensureDeferred(connection.ask_for(request, self.endless())).addBoth(results.append)
        self.assertEqual([], results)
        self.assertGreater(self.taken, 4)
        self.assertTrue(connection.writer.is_full)
        return connection, transport, results

    def test_heard_at_once(self) -> None:
        """A refusal is heard while the server takes nothing, and the rest is not sent."""
        connection, transport, results = self.begin()
        taken = self.taken
        connection.dataReceived(
            b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 4\r\n\r\nmuch"
        )
        (head,) = results
        self.assertEqual(413, head.status)
        self.assertTrue(self.given_back)
        self.assertEqual(b"much", run(connection.next_piece()))
        self.assertIsNone(run(connection.next_piece()))
        transport.clear()
        transport.drain()  # the server reads again
        self.assertEqual((taken, b""), (self.taken, transport.said()))
        self.assertFalse(connection.reusable)
        connection.leave()
        self.assertTrue(transport.disconnected)

    def test_gone_without_a_word(self) -> None:
        """A server that goes meanwhile is no refusal; what is sent is given back, too."""
        connection, _, results = self.begin()
        connection.connectionLost(Failure(ConnectionLost()))
        self.assertTrue(results[0].check(errors.ConnectionLost))
        self.assertTrue(self.given_back)

    def test_answered_early(self) -> None:
        """An answer that is no refusal stops nothing: an echo begins before the end."""
        connection, transport, results = self.begin()
        taken = self.taken
        connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
        self.assertEqual(200, results[0].status)
        transport.drain()
        self.assertGreater(self.taken, taken)
        connection.abort()
        connection.connectionLost(Failure(ConnectionLost()))


class Errors(Case):
    """What callers hear of: one tree, whatever went wrong."""

    def error(self, *answers: bytes, close: bool = True) -> errors.ClientError:
        self.net.script("s", *answers, close=close)
        with self.assertRaises(errors.ClientError) as caught:
            self.net.run(self.net.text("GET", "http://s/"))
        return caught.exception

    def test_violations(self) -> None:
        """A server that does not speak HTTP, or ends where it may not."""
        for answer in (
            b"220 ready\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nplain",
            b"HTTP/1.1 200 OK\r\nX",
        ):
            self.assertIsInstance(
                self.error(answer), errors.ProtocolViolation | errors.ConnectionLost, repr(answer)
            )

    def test_lost(self) -> None:
        """A server that closes before it answers."""
        self.net.script("s")
        waiting = self.begin(self.net.text("POST", "http://s/", body=b"x"))
        self.assertNoResult(waiting)
        self.fabric.connections[-1].server.loseConnection()
        self.fabric.settle()
        self.failureResultOf(waiting, errors.ConnectionLost)

    def test_no_connection(self) -> None:
        """Nobody listens there."""
        nobody = TCP4ClientEndpoint(self.fabric, "127.0.0.1", 80)
        self.net.http = HTTPClient(self.fabric, endpoint=lambda origin: nobody)
        with self.assertRaises(errors.ConnectionRefused):
            self.net.run(self.net.text("GET", "http://s/"))

    def test_statuses(self) -> None:
        """Statuses are no errors, but can be made such: for good, for now, for the login."""
        for status, kind in (
            (401, errors.AuthenticationFailed), (404, errors.PermanentRefusal),
            (429, errors.TransientRefusal), (501, errors.PermanentRefusal),
            (503, errors.TransientRefusal),
        ):  # fmt: skip
            made = refusal(ResponseHead(status, reason="Because"))
            self.assertIs(kind, type(made))
            self.assertEqual((status, "Because"), (made.code, made.text))


class RPC(Case):
    """XML-RPC's client against its server."""

    def test_calls(self) -> None:
        """Calls, refusals, several at once."""
        rpc = XMLRPCClient(self.net.http, "http://a/RPC2")
        self.net.world.rpc.add("add", lambda a, b: a + b)
        self.assertEqual(3, self.net.run(rpc.call("add", 1, 2)))

        async def add() -> object:
            return await rpc.method("add")("a", "b")

        self.assertEqual("ab", self.net.run(add()))
        with self.assertRaises(Fault) as caught:
            self.net.run(rpc.call("none"))
        self.assertEqual(-32601, caught.exception.code)
        calls = [Call("add", (1, 2)), Call("add", (1,)), Call("none")]
        first, second, third = self.net.run(rpc.multicall(calls))
        self.assertEqual((3, -32602, -32601), (first, second.code, third.code))
        self.assertEqual(1, len(self.fabric.connections))

    def test_no_answer(self) -> None:
        """What goes wrong below XML-RPC is a client's error; a refusal of HTTP's has its status."""
        rpc = XMLRPCClient(self.net.http, "http://a/none")
        with self.assertRaises(errors.PermanentRefusal) as caught:
            self.net.run(rpc.call("add", 1, 2))
        self.assertEqual(405, caught.exception.code)
        self.net.script("s", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", close=True)
        with self.assertRaises(errors.ConnectionLost):
            self.net.run(XMLRPCClient(self.net.http, "http://s/").call("add"))
