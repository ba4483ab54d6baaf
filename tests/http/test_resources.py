"""Resources of twisted.web behind our server."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from twisted.internet.task import Clock
from twisted.web import resource, server, static

from netsuite.http.resources import WAITING_OCTETS, ResourceSite
from netsuite.testing.cases import SynchronousTestCase
from tests.http.worlds import DATE, World


class Shown(resource.Resource):
    isLeaf = True  # noqa: N815

    def render_GET(self, request: Any) -> bytes:
        request.setHeader(b"X-Seen", request.path)
        request.addCookie(b"a", b"b")
        parts = (request.args.get(b"q"), request.getCookie(b"c"), request.getClientAddress().host)
        return repr(parts).encode()

    def render_POST(self, request: Any) -> bytes:
        content: bytes = request.content.read()
        return content.upper()


class Later(resource.Resource):
    isLeaf = True  # noqa: N815
    request: Any = None
    gone = False

    def render_GET(self, request: Any) -> int:
        self.request = request
        request.notifyFinish().addErrback(self._gone)
        return server.NOT_DONE_YET

    def _gone(self, failure: Any) -> None:
        self.gone = True


class Form(resource.Resource):
    isLeaf = True  # noqa: N815

    def render_POST(self, request: Any) -> bytes:
        return repr(request.args).encode()


class Breaks(resource.Resource):
    isLeaf = True  # noqa: N815

    def render_GET(self, request: Any) -> bytes:
        raise RuntimeError("the inside of the resource")


class Producer:
    """Writes until told to pause."""

    def __init__(self, request: Any, octets: int) -> None:
        self.request, self.left, self.most = request, octets, 0
        self.paused = False
        request.registerProducer(self, True)
        self.go()

    def go(self) -> None:
        self.paused = False
        while self.left and not self.paused:
            self.left -= 1000
            self.request.write(b"x" * 1000)
        if not self.left:
            self.request.unregisterProducer()
            self.request.finish()

    def pauseProducing(self) -> None:
        self.paused = True

    def resumeProducing(self) -> None:
        if self.paused:
            self.go()

    def stopProducing(self) -> None:
        self.left = 0


class Resources(SynchronousTestCase):
    """Requests that resources answer."""

    def setUp(self) -> None:
        self.world = World()
        root = resource.Resource()
        self.later = Later()
        root.putChild(b"shown", Shown())
        root.putChild(b"later", self.later)
        root.putChild(b"breaks", Breaks())
        root.putChild(b"form", Form())
        root.putChild(b"data", static.Data(b"0123456789", "text/plain"))
        self.world.router.mount("/web/", lambda request: site(request))
        site = ResourceSite(_below(root), Clock())

    def ask(self, target: str, *, method: str = "GET", content: bytes = b"") -> bytes:
        return self.world.ask(
            f"{method} {target} HTTP/1.1\r\nHost: a\r\nCookie: c=d\r\n"
            f"Content-Length: {len(content)}\r\n\r\n".encode()
            + content
        )

    def test_plain(self) -> None:
        """Arguments, cookies, addresses, fields and bodies arrive."""
        heard = self.ask("/web/shown?q=1&q=2")
        self.assertIn(b"X-Seen: /web/shown\r\n", heard)
        self.assertIn(b"Set-Cookie: a=b\r\n", heard)
        self.assertEqual(1, heard.count(b"Content-Length"))
        self.assertEqual(1, heard.count(b"Date: "))
        self.assertTrue(heard.endswith(b"([b'1', b'2'], b'd', '192.0.2.9')"))
        self.assertTrue(self.ask("/web/shown", method="POST", content=b"abc").endswith(b"ABC"))
        self.assertTrue(self.ask("/web/none").startswith(b"HTTP/1.1 404 "))
        self.assertTrue(self.ask("/web/shown", method="DELETE").startswith(b"HTTP/1.1 501 "))
        head = self.ask("/web/data", method="HEAD")
        self.assertIn(b"Content-Length: 10\r\n", head)
        self.assertTrue(head.endswith(b"\r\n\r\n"))
        self.assertTrue(self.ask("/web/..%2fx").startswith(b"HTTP/1.1 400 "))

    def test_broken(self) -> None:
        """Nothing of a resource's error is shown."""
        heard = self.ask("/web/breaks")
        self.assertTrue(heard.startswith(b"HTTP/1.1 500 "))
        self.assertNotIn(b"inside", heard)
        self.assertEqual(1, len(self.flushLoggedErrors(RuntimeError)))

    def test_later(self) -> None:
        """What a resource writes over time goes out as it comes."""
        session = self.world.connect()
        get = b"GET /web/later HTTP/1.1\r\nHost: a\r\n\r\n"
        self.assertEqual(b"", session.say(get))
        self.later.request.write(b"one")
        self.assertEqual(
            b"HTTP/1.1 200 OK\r\n" + DATE + b"Content-Type: text/html\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n",
            session.heard(),
        )
        self.later.request.write(b"two")
        self.later.request.finish()
        self.assertEqual(b"3\r\ntwo\r\n0\r\n\r\n", session.heard())
        session.say(get)
        session.server.connectionLost()
        self.assertTrue(self.later.gone)

    def test_head(self) -> None:
        """A resource whose body is not wanted is told so, also where it never began."""
        session = self.world.connect()
        session.say(b"HEAD /web/later HTTP/1.1\r\nHost: a\r\n\r\n")
        self.later.request.write(b"one")
        self.assertIn(b"Transfer-Encoding: chunked\r\n", session.heard())
        self.assertTrue(self.later.gone)
        self.assertTrue(session.say(b"GET /web/data HTTP/1.1\r\nHost: a\r\n\r\n").endswith(b"9"))

    def test_chunks(self) -> None:
        """A form that comes in chunks is read as one whose length is told."""
        heard = self.world.ask(
            b"POST /web/form HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
            b"2\r\na=\r\n1\r\nb\r\n0\r\n\r\n"
        )
        self.assertTrue(heard.endswith(b"{b'a': [b'b']}"), heard)

    def test_producer(self) -> None:
        """A resource that produces is paused while the client does not read."""
        session = self.world.connect(full_at=50_000)
        session.say(b"GET /web/later HTTP/1.1\r\nHost: a\r\n\r\n")
        producer = Producer(self.later.request, 1_000_000)
        self.assertGreater(producer.left, 1_000_000 - 50_000 - 3 * WAITING_OCTETS)
        heard = b""
        for _ in range(100):
            heard += session.heard()
        self.assertEqual(1_000_000, heard.partition(b"\r\n\r\n")[2].count(b"x"))
        self.assertTrue(heard.endswith(b"0\r\n\r\n"))

    def test_imported_late(self) -> None:
        """A server that has no such resources does not import twisted.web."""
        program = (
            "import sys, netsuite.http.service, netsuite.http.resources;"
            "print([m for m in sys.modules if m.startswith('twisted.web')])"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        self.assertEqual("[]\n", done.stdout, done.stderr)


def _below(root: Any) -> Any:
    outer = resource.Resource()
    outer.putChild(b"web", root)
    return outer
