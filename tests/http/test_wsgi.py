"""WSGI applications behind our server, each call checked as the standard library checks it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPConnection, IncompleteRead
from typing import Any
from wsgiref.validate import validator

from twisted.internet.threads import deferToThread

from netsuite.http.client import HTTPClient
from netsuite.http.wsgi import WAITING_OCTETS
from netsuite.testing.case import TestCase


class Closed:
    """An answer that notes that it was closed, after what it gave."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.given = 0
        self.close_noted = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.given += len(piece)
            yield piece

    def close(self) -> None:
        """Note it."""
        self.close_noted.set()


def fails() -> Iterator[bytes]:
    """Give some, then fail."""
    yield b"some"
    raise ZeroDivisionError


class Applications(TestCase):
    """Applications, each mounted in turn."""

    services = ("http",)

    async def ask(
        self,
        application: Callable[..., Iterable[bytes]],
        method: str = "GET",
        path: str = "/app/",
        body: Any = None,
        checked: bool = True,
        **fields: str,
    ) -> Any:
        """Mount an application; return its answer to a request, its body read as far as it goes."""
        site = self.netsuite.site
        name = f"app{len(site.http._mounted)}"
        site.http.mount(f"/{name}/", validator(application) if checked else application)
        port = self.netsuite.http.port

        def asked() -> Any:
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                connection.request(
                    method,
                    path.replace("app", name),
                    body,
                    {key.replace("_", "-"): value for key, value in fields.items()},
                    encode_chunked=bool(body) and not isinstance(body, bytes),
                )
                try:
                    answer = connection.getresponse()
                    return answer, answer.read()
                except (IncompleteRead, ConnectionResetError):
                    return None, b"cut short"
            finally:
                connection.close()

        return await deferToThread(asked)

    async def test_environ(self) -> None:
        """Path, query, fields; a slash may be encoded, and the length is told of any body."""
        seen: dict[str, Any] = {}

        def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            seen.clear()
            seen.update(environ, body=environ["wsgi.input"].read(100))
            environ["wsgi.errors"].write("")
            start("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"),
                             ("Set-Cookie", "b=2"), ("Server", "mine")])  # fmt: skip
            return [b"answer"]

        answer, text = await self.ask(
            application, "POST", "/app/a%2Fb/%C3%A9?q=%2F", b"body", Cookie="c=d", X_Own="x, y"
        )
        self.assertEqual((200, b"answer"), (answer.status, text))
        self.assertEqual(["a=1", "b=2"], answer.headers.get_all("Set-Cookie"))
        self.assertEqual(["netsuite"], answer.headers.get_all("Server"))
        self.assertEqual("/a/b/\xc3\xa9", seen["PATH_INFO"])
        self.assertEqual("q=%2F", seen["QUERY_STRING"])
        self.assertEqual(("4", b"body"), (seen["CONTENT_LENGTH"], seen["body"]))
        self.assertEqual(("c=d", "x, y"), (seen["HTTP_COOKIE"], seen["HTTP_X_OWN"]))
        self.assertEqual(str(self.netsuite.http.port), seen["SERVER_PORT"])
        self.assertTrue(seen["SCRIPT_NAME"].startswith("/app"))
        answer, _ = await self.ask(application, "PUT", body=iter([b"chunk", b"ed"]), checked=False)
        self.assertEqual("6", answer.headers["Content-Length"])
        self.assertEqual(("7", b"chunked"), (seen["CONTENT_LENGTH"], seen["body"]))
        await self.ask(application, Proxy="http://evil.test")
        self.assertEqual(("", b""), (seen["CONTENT_LENGTH"], seen["body"]))
        self.assertNotIn("HTTP_PROXY", seen)
        for path in ("/app/../x", "/app/%2e%2e/x", "/app/a%2F..%2Fb", "/app/%00"):
            answer, _ = await self.ask(application, path=path)
            self.assertEqual(400, answer.status, path)

    async def test_large_bodies(self) -> None:
        """A body that is large is on the disk, and one that is too large is refused."""

        def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            octets = 0
            while piece := environ["wsgi.input"].read(100_000):
                octets += len(piece)
            start("200 OK", [("Content-Type", "text/plain")])
            return [str(octets).encode()]

        _, text = await self.ask(application, "POST", body=b"x" * 3_000_000)
        self.assertEqual(b"3000000", text)
        site = self.netsuite.site
        site.http.mount("/small/", application, limit_octets=10)
        answer, _ = await self.ask(application, "POST", "/small/", b"x" * 11)
        self.assertEqual(413, answer.status)

    async def test_no_body(self) -> None:
        """Redirects, HEAD, answers that have no body."""

        def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            if environ["REQUEST_METHOD"] == "HEAD":
                start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "7")])
                return [b"1234567"]
            if environ["PATH_INFO"] == "/gone":
                start("204 No Content", [])
                return []
            start("302 Found", [("Location", "/x"), ("Content-Type", "text/plain")])
            return []

        answer, text = await self.ask(application, "HEAD")
        self.assertEqual((200, "7", b""), (answer.status, answer.headers["Content-Length"], text))
        answer, text = await self.ask(application)
        self.assertEqual((302, "/x", "0"), (
            answer.status, answer.headers["Location"], answer.headers["Content-Length"]
        ))  # fmt: skip
        answer, text = await self.ask(application, path="/app/gone")
        self.assertEqual((204, None), (answer.status, answer.headers["Content-Length"]))

    async def test_fails(self) -> None:
        """One that fails is answered 500, or cut short; its answer is closed all the same."""
        made: list[Closed] = []

        def late(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            start("200 OK", [("Content-Type", "text/plain")])
            made.append(Closed(fails()))
            return made[-1]

        def early(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            raise ZeroDivisionError

        answer, text = await self.ask(early)
        self.assertEqual(500, answer.status)
        _, text = await self.ask(late)
        self.assertEqual(b"cut short", text)
        self.assertTrue(made[0].close_noted.is_set())
        self.flushLoggedErrors()

        def recovers(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            start("200 OK", [("Content-Type", "text/plain")])
            try:
                raise ZeroDivisionError
            except ZeroDivisionError:
                start("503 Busy", [("Content-Type", "text/plain")], sys.exc_info())
            return [b"busy"]

        answer, text = await self.ask(recovers)
        self.assertEqual((503, b"busy"), (answer.status, text))

    async def test_wrong(self) -> None:
        """What keeps to no rule of it is told by the log, and holds up nobody."""

        def silent(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            return []

        def twice(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            start("200 OK", [])
            start("200 OK", [])
            return []

        def vague(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            start("fine", [])
            return []

        def much(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            start("200 OK", [("Content-Length", "4")])
            return [b"ab", b"cdef"]

        def little(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            start("200 OK", [("Content-Length", "4")])
            return [b"ab"]

        for application in (silent, twice, vague):
            answer, _ = await self.ask(application, checked=False)
            self.assertEqual(500, answer.status)
        _, text = await self.ask(much, checked=False)
        self.assertEqual(b"abcd", text)
        _, text = await self.ask(little, checked=False)
        self.assertEqual(b"cut short", text)
        self.flushLoggedErrors()

    async def test_waits_for_the_client(self) -> None:
        """One that gives more than is read waits; and learns when nobody reads any more."""
        made: list[Closed] = []

        def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            write = start("200 OK", [("Content-Type", "text/plain")])
            assert callable(write)
            made.append(Closed(iter(lambda: b"x" * 100_000, b"")))
            return made[-1]

        site = self.netsuite.site
        site.http.mount("/endless/", application)
        port = self.netsuite.http.port

        def asked() -> int:
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/endless/")
            answer = connection.getresponse()
            read = 0
            while read < 10 * WAITING_OCTETS:
                read += len(answer.read(10_000))
            connection.close()
            answer.close()
            made[0].close_noted.wait(10)
            return read

        await deferToThread(asked)
        self.assertTrue(made[0].close_noted.is_set())
        self.assertLess(made[0].given, 20_000_000)
        answer, _ = await self.ask(application, "HEAD", "/endless/")
        self.assertEqual(200, answer.status)
        await deferToThread(made[1].close_noted.wait, 10)
        self.assertTrue(made[1].close_noted.is_set())

    async def test_what_is_one(self) -> None:
        """A function of two arguments is one, and some other things are not."""
        mount = self.netsuite.site.http.mount

        async def handler(request: object, *more: object, **named: object) -> None: ...

        mount("/a/", handler)
        mount("/b/", max)
        for wrong in (7, None, "x"):
            with self.assertRaises(TypeError):
                mount("/c/", wrong)
        self.assertEqual([handler, max], [
            each for prefix, each in self.netsuite.site.http._mounted if prefix in ("/a/", "/b/")
        ])  # fmt: skip


class InMemory(TestCase):
    """The same where all is in memory, and time stands still while a thread works."""

    ground = "memory"
    services = ("http",)

    async def test_large(self) -> None:
        """A thread that is ahead waits for its client, and each waits for the other in turn."""

        def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            start("200 OK", [("Content-Type", "text/plain")])
            return (environ["wsgi.input"].read(1000) for _ in range(1000))

        self.netsuite.site.http.mount("/app/", validator(application))
        client = HTTPClient(self.netsuite.clock)
        response = await client.request(
            "POST", self.netsuite.http.url + "app/", body=b"x" * 1_000_000
        )
        self.assertEqual(1_000_000, len(await response.read()))
        await client.close()
