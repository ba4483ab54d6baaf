"""The Gopher client: with our server, and with servers that misbehave."""

from __future__ import annotations

from netsuite.connection.client import ClientTimeouts
from netsuite.connection.errors import (
    ClientError,
    ConnectionLost,
    PermanentRefusal,
    ProtocolViolation,
    Timeout,
)
from netsuite.gopher.client import GopherClient
from netsuite.gopher.commands import Item
from netsuite.testing.fabric import Fabric
from netsuite.wire.errors import LocalProtocolError
from tests.connection.joined import JoinedCase, Saying, reached
from tests.gopher.worlds import World


class WithOurServer(JoinedCase):
    """Client and server, joined in memory."""

    def setUp(self) -> None:
        world = World()
        self.fabric = world.clock
        self.run_(world.fill())
        endpoint = reached(self.fabric, world.factory)
        self.client = GopherClient(endpoint, clock=self.fabric)

    def test_menu(self) -> None:
        """A menu is a list of items."""
        items = self.run_(self.client.menu("/mapped"))
        self.assertEqual(Item("0", "It", "/mapped/it.txt", "gopher.test", 70), items[1])

    def test_text(self) -> None:
        """A text has neither the dot at its end nor the dots that were put before others."""
        self.assertEqual(
            b"Hello\r\n.\r\n..two\r\nlast\r\n", self.run_(self.client.text("/about.txt"))
        )

    def test_octets(self) -> None:
        """Octets come as they are, piece by piece."""
        got: list[bytes] = []
        count = self.run_(self.client.fetch("/picture.gif", got.append))
        self.assertEqual(b"GIF89a\0\r\n.\r\n\xff", b"".join(got))
        self.assertEqual(13, count)

    def test_search(self) -> None:
        """A search gives a menu."""
        (item,) = self.run_(self.client.menu("/search/example.talk", search="grey"))
        self.assertEqual("/news/example.talk/2", item.selector)

    def test_refused(self) -> None:
        """A menu that is one error is a refusal."""
        error = self.fail_(self.client.menu("/none"), PermanentRefusal)
        self.assertEqual("There is nothing of that name here", error.text)
        self.assertEqual("C: /none", error.conversation[0])
        self.assertTrue(error.conversation[1].startswith("S: 3There is nothing"), error)

    def test_unsayable(self) -> None:
        """A selector with a line end in it is never sent."""
        self.fail_(self.client.menu("/a\r\n/b"), LocalProtocolError)
        self.fail_(self.client.menu("/s", search="a\tb"), LocalProtocolError)


class WithOthers(JoinedCase):
    """Servers that do as they like."""

    def client(self, answer: bytes, *, close: bool = True) -> GopherClient:
        """Make a client of a server that gives an answer."""
        self.fabric = Fabric(record=True)
        endpoint = reached(self.fabric, Saying(b"", answer, close=close))
        timeouts = ClientTimeouts(reply_seconds=10)
        return GopherClient(endpoint, clock=self.fabric, timeouts=timeouts)

    def test_without_the_dot(self) -> None:
        """Text and menus that just end are believed; so are line ends of LF."""
        self.assertEqual(b"a\nb", self.run_(self.client(b"a\nb").text("/")))
        items = self.run_(self.client(b"iHello\n1Menu\t/m\th\t70\n").menu())
        self.assertEqual(["Hello", "Menu"], [item.text for item in items])

    def test_after_the_dot(self) -> None:
        """What comes behind the end of a menu is not part of it."""
        items = self.run_(self.client(b"iHello\r\n.\r\n1More\t/\th\t70\r\n").menu())
        self.assertEqual(["Hello"], [item.text for item in items])

    def test_too_much(self) -> None:
        """Endless lines, menus and texts are cut off."""
        self.fail_(self.client(b"i" + b"x" * 10_000).menu(), ProtocolViolation)
        self.fail_(self.client(b"ix\r\n" * 100).menu(limit_items=50), ProtocolViolation)
        self.fail_(self.client(b"x" * 1000).text("/", limit_octets=500), ProtocolViolation)

    def test_errors(self) -> None:
        """What the server does wrong is of the one tree of errors, with what was said."""
        error = self.fail_(self.client(b"x" * 1000).text("/a", limit_octets=500), ClientError)
        self.assertEqual("a text of more than 500 octets", str(error))
        self.assertEqual("C: /a", error.conversation[0])

    def test_cut_off(self) -> None:
        """An answer whose connection is lost is not taken for a whole one."""
        client = self.client(b"iHello\r\n", close=False)
        running = self.begin(client.menu())
        self.fabric.connections[0].server.abortConnection()
        self.fabric.settle()
        self.failureResultOf(running, ConnectionLost)

    def test_silence(self) -> None:
        """A server that says nothing more is given up."""
        client = self.client(b"iHello\r\n", close=False)
        running = self.begin(client.menu())
        self.fabric.advance(20)
        self.failureResultOf(running, Timeout)
