"""Selectors that programs answer."""

from __future__ import annotations

from collections.abc import AsyncIterator

from netsuite.gopher.commands import Item, information
from netsuite.gopher.routes import Call, Routes
from netsuite.store.errors import NoSuchFile
from netsuite.testing.cases import TestCase
from tests.gopher.test_server import NOT_HERE
from tests.gopher.worlds import World


class Programmed(TestCase):
    """What programs answer."""

    async def test_routes(self) -> None:
        """A handler gives a text, octets, items or a stream; a plain function will do."""

        async def text(call: Call) -> str:
            return f"{call.rest} {call.search}\n.dot\n"

        async def stream(call: Call) -> AsyncIterator[bytes]:
            async def pieces() -> AsyncIterator[bytes]:
                yield b"a"
                yield b"b"

            return pieces()

        def refuse(call: Call) -> str:
            raise NoSuchFile(call.selector)

        def fail(call: Call) -> str:
            raise RuntimeError("a fault of the program's")

        routes = Routes()
        routes.add("/text/", text)
        routes.add("/text/octets", lambda call: b"\0")
        routes.add("/menu", lambda call: [information("hi"), Item("0", "It", "/x")])
        routes.add("/stream", stream)
        routes.add("/refuse", refuse)
        routes.add("/fail", fail)
        for selector in ("text", "", "/menu"):
            self.assertRaises(ValueError, routes.add, selector, text)
        world = World()
        world.configure(routes=routes)
        for request, answer in {
            b"/text/a/b\twords": b"a/b words\r\n..dot\r\n.\r\n",
            b"/text": b" \r\n..dot\r\n.\r\n",
            b"/text/octets": b"\0",
            b"/menu": b"ihi\t\terror.host\t1\r\n0It\t/x\tgopher.test\t70\r\n.\r\n",
            b"/stream": b"ab",
            b"/refuse": NOT_HERE,
        }.items():
            self.assertEqual(answer, await world.ask(request + b"\r\n"), request)
        self.assertTrue((await world.ask(b"/fail\r\n")).startswith(b"3Something went wrong"))
        self.assertEqual(1, len(self.flushLoggedErrors(RuntimeError)))
