"""The Gopher server: what each selector gives, and what it refuses."""

from __future__ import annotations

import re

from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from netsuite.connection.sendfile import FileCutShort
from netsuite.gopher.server import request as server
from netsuite.gopher.server.selectors import CAPS
from netsuite.gopher.settings import Settings
from netsuite.testing.cases import TestCase
from tests.gopher.worlds import World, transport_of


def undated(menu: bytes) -> bytes:
    """Return a menu with a word for each date, and one space where a listing has many."""
    return re.sub(
        rb" +DATE *", b" DATE ", re.sub(rb"\d{4}-\d\d-\d\d \d\d:\d\d", b"DATE", menu)
    ).replace(b"DATE \t", b"DATE\t")


NOT_HERE = b"3There is nothing of that name here\t\terror.host\t1\r\n.\r\n"


class Serving(TestCase):
    """A client walks about."""

    async def asked(self, *requests: bytes) -> list[bytes]:
        """Ask a filled world, a connection each."""
        world = World()
        await world.fill()
        return [await world.ask(request) for request in requests]

    async def test_root(self) -> None:
        """The root menu has a title, the ways to the news, and the site's entries."""
        (menu, slash) = await self.asked(b"\r\n", b"/\r\n")
        self.assertEqual(menu, slash)
        self.assertEqual(
            [
                b"iA test\t\terror.host\t1",
                b"i\t\terror.host\t1",
                b"1News\t/news\tgopher.test\t70",
                b"7Search the news\t/search\tgopher.test\t70",
                b"1dir DATE\t/dir\tgopher.test\t70",
                b"1mapped DATE\t/mapped\tgopher.test\t70",
                b"0about.txt DATE 18 B\t/about.txt\tgopher.test\t70",
                b"gpicture.gif DATE 13 B\t/picture.gif\tgopher.test\t70",
                b".",
                b"",
            ],
            undated(menu).split(b"\r\n"),
        )

    async def test_text(self) -> None:
        """Text has CRLF line ends, doubled dots, and a dot at its end."""
        (text,) = await self.asked(b"/about.txt\r\n")
        self.assertEqual(b"Hello\r\n..\r\n...two\r\nlast\r\n.\r\n", text)

    async def test_large_text(self) -> None:
        """A text too large to be read at once is the same text."""
        world = World()
        await world.fill()
        line = b".dotted line\n"
        for lines in (5000, 10_000):
            await world.put(world.homes.public, ("large.txt",), line * lines)
            expected = b"." + line.replace(b"\n", b"\r\n")
            self.assertEqual(expected * lines + b".\r\n", await world.ask(b"/large.txt\r\n"))

    async def test_octets(self) -> None:
        """What is no text comes as it is, with nothing behind it."""
        (octets,) = await self.asked(b"/picture.gif\r\n")
        self.assertEqual(b"GIF89a\0\r\n.\r\n\xff", octets)

    async def test_type_by_content(self) -> None:
        """Where the name says nothing, the octets say whether it is text."""
        text, octets = await self.asked(b"/dir/unknown\r\n", b"/dir/octets\r\n")
        self.assertEqual(b"plain words\r\n.\r\n", text)
        self.assertEqual(b"\x7fELF\0", octets)

    async def test_gophermap(self) -> None:
        """A directory with a gophermap shows that."""
        (menu,) = await self.asked(b"/mapped\r\n")
        self.assertEqual(
            b"iMapped!\t\terror.host\t1\r\n0It\t/mapped/it.txt\tgopher.test\t70\r\n.\r\n", menu
        )

    async def test_accounts(self) -> None:
        """What an account shows is there; its home is not, nor a disabled account's anything."""
        menu, text, *refused = await self.asked(
            b"/~ann\r\n", b"/~ann/mine.txt\r\n", b"/~ann/secret.txt\r\n",
            b"/~ann/../secret.txt\r\n", b"/~bob\r\n", b"/~nobody\r\n",
            b"/~\r\n", b"/~../ann\r\n", b"/~ann/public/mine.txt\r\n",
        )  # fmt: skip
        self.assertEqual(
            b"1..\t/\tgopher.test\t70\r\n"
            b"0mine.txt DATE 5 B\t/~ann/mine.txt\tgopher.test\t70\r\n.\r\n",
            undated(menu),
        )
        self.assertEqual(b"mine\r\n.\r\n", text)
        self.assertEqual({NOT_HERE}, set(refused))

    async def test_traversal(self) -> None:
        """No selector leaves the site."""
        answers = await self.asked(
            b"/../home/ann/secret.txt\r\n", b"/dir/../../home\r\n", b"..\r\n", b"/./about.txt\r\n",
            b"/%2e%2e/home\r\n", b"/dir\\..\\..\r\n", b"/nothing\r\n", b"/about.txt/x\r\n",
            b"/\xc0\xae\xc0\xae/home\r\n",
        )  # fmt: skip
        self.assertEqual({NOT_HERE}, set(answers))

    async def test_news(self) -> None:
        """Groups, their articles with the newest first, an article as text."""
        groups, articles, article, *refused = await self.asked(
            b"/news\r\n", b"/news/example.talk\r\n", b"/news/example.talk/1\r\n",
            b"/news/none\r\n", b"/news/example.talk/9\r\n", b"/news/example.talk/x\r\n",
            b"/news/example.talk/1/2\r\n", b"/news/example.talk/99999999999999999999\r\n",
        )  # fmt: skip
        self.assertTrue(
            groups.startswith(b"1example.talk (3): Talk\t/news/example.talk\tgopher.test\t70\r\n")
        )
        subjects = [line.split(b"\t")[:2] for line in articles.split(b"\r\n")[3:6]]
        self.assertEqual(
            [b"/news/example.talk/%d" % n for n in (3, 2, 1)], [s for _, s in subjects]
        )
        self.assertTrue(article.endswith(b"\r\n\r\nA blue sky.\r\n..dotted\r\n.\r\n"))
        for answer in refused:
            self.assertTrue(answer.startswith(b"3"), answer)

    async def test_no_news(self) -> None:
        """Where only accounts may read the news, there is none here, nor a search of it."""
        world = World()
        await world.fill()
        world.configure(newsroom=None)
        self.assertNotIn(b"news", (await world.ask(b"\r\n")).lower())
        for request in (b"/news\r\n", b"/news/example.talk/1\r\n", b"/search\tblue\r\n"):
            self.assertTrue((await world.ask(request)).startswith(b"3"), request)

    async def test_search(self) -> None:
        """A search finds articles by any text in them, in a group or in all."""
        one, everywhere, nothing, empty = await self.asked(
            b"/search/example.talk\tGREY sky\r\n", b"/search\tblue\r\n",
            b"/search\tpurple\r\n", b"/search\r\n",
        )  # fmt: skip
        self.assertEqual(b"0grey\t/news/example.talk/2\tgopher.test\t70\r\n.\r\n", one)
        self.assertIn(b"0example.talk: blue\t/news/example.talk/1\t", everywhere)
        self.assertEqual(3, everywhere.count(b"\r\n"))
        self.assertEqual(b"iNothing was found\t\terror.host\t1\r\n.\r\n", nothing)
        self.assertTrue(empty.startswith(b"iSay what to search for"))

    async def test_links(self) -> None:
        """A URL: selector gives a page that leads there; never to a script."""
        page, *refused = await self.asked(
            b"URL:https://example.test/?a=1&b=2\r\n", b"URL:javascript:alert(1)\r\n",
            b'URL:http://x/"><script>\r\n', b"URL:data:text/html,x\r\n",
        )  # fmt: skip
        self.assertIn(b'href="https://example.test/?a=1&amp;b=2"', page)
        self.assertEqual({NOT_HERE}, set(refused))

    async def test_link_of_any_octets(self) -> None:
        """A URL that is no UTF-8 is a page as any other, its wrong octets shown as such."""
        (page,) = await self.asked(b"URL:http://x/\xff\xc3\xa9\r\n")
        self.assertIn('href="http://x/\ufffd\u00e9"', page.decode())

    async def test_file_that_shrinks(self) -> None:
        """A file that becomes shorter while it is sent does not end as a whole one does."""
        world = World()
        await world.fill()
        connection = world.connect()
        transport = transport_of(connection)
        aborted: list[None] = []

        def abort() -> None:
            aborted.append(None)
            transport.loseConnection()

        self.patch(transport, "abortConnection", abort)

        async def cut(*arguments: object, **more: object) -> None:
            raise FileCutShort("10 octets of 13")

        self.patch(server, "send_file", cut)
        connection.dataReceived(b"/picture.gif\r\n")
        self.assertEqual(b"", await world.answered(connection))
        self.assertEqual([None], aborted)
        self.assertEqual([], self.flushLoggedErrors())

    async def test_caps(self) -> None:
        """caps.txt tells what the server can do."""
        (caps,) = await self.asked(b"caps.txt\r\n")
        self.assertEqual(CAPS.format(tls="").encode(), caps)
        world = World()
        world.configure(settings=Settings(tls_port=7443))
        self.assertIn(b"\r\nServerTLSPort=7443\r\n", await world.ask(b"caps.txt\r\n"))

    async def test_gopher_plus(self) -> None:
        """A client that speaks Gopher+ is told the length, or how the end is; and errors."""
        plain, text, octets, menu, gone = await self.asked(
            b"/about.txt\r\n", b"/about.txt\t+\r\n", b"/picture.gif\t+\r\n",
            b"/mapped\t+\r\n", b"/nothing\t+\r\n",
        )  # fmt: skip
        self.assertEqual(b"+-1\r\n" + plain, text)
        self.assertEqual(b"+13\r\nGIF89a\0\r\n.\r\n\xff", octets)
        self.assertEqual(
            b"+-1\r\niMapped!\t\terror.host\t1\r\n0It\t/mapped/it.txt\tgopher.test\t70\t+\r\n.\r\n",
            menu,
        )
        self.assertEqual(
            b"--1\r\n1 <postmaster@localhost>\r\nThere is nothing of that name here\r\n.\r\n", gone
        )

    async def test_attributes(self) -> None:
        """Of an item, and of all items of a menu."""
        one, all_of_them, menu = await self.asked(
            b"/about.txt\t!\r\n", b"/dir\t$+VIEWS\r\n", b"/news\t!\r\n"
        )
        self.assertEqual(
            b"+-1\r\n+INFO: 0about.txt\t/about.txt\tgopher.test\t70\t+\r\n"
            b"+ADMIN:\r\n Admin: <postmaster@localhost>\r\n Mod-Date: WHEN\r\n"
            b"+VIEWS:\r\n text/plain: <1k>\r\n.\r\n",
            re.sub(rb"Mod-Date: .* <\d{14}>", b"Mod-Date: WHEN", one),
        )
        self.assertEqual(
            b"+-1\r\n+INFO: 1..\t/\tgopher.test\t70\t+\r\n"
            b"+INFO: 9octets DATE 5 B\t/dir/octets\tgopher.test\t70\t+\r\n"
            b"+VIEWS:\r\n application/octet-stream: <1k>\r\n"
            b"+INFO: 0unknown DATE 12 B\t/dir/unknown\tgopher.test\t70\t+\r\n"
            b"+VIEWS:\r\n text/plain: <1k>\r\n.\r\n",
            undated(all_of_them),
        )
        self.assertIn(b"+INFO: 1news\t/news\tgopher.test\t70\t+\r\n", menu)

    async def test_marks(self) -> None:
        """Items say that they have attributes where a setting wants it."""
        world = World()
        world.configure(settings=Settings(port=70, mark_plus=True))
        menu = await world.ask(b"/news\r\n")
        self.assertEqual(b"7Search all groups\t/search\tgopher.test\t70\t+\r\n.\r\n", menu)

    async def test_web(self) -> None:
        """HTTP is answered with a page that says where a Gopher client finds what is here."""
        for request in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HEAD /x HTTP/1.0\r\n\r\n"):
            (page,) = await self.asked(request)
            head, _, body = page.partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.0 400 Bad Request\r\n"), head)
            self.assertIn(b"Content-Length: %d" % len(body), head)
            self.assertIn(b'<a href="gopher://gopher.test:70/">', body)

    async def test_slash_before_a_link(self) -> None:
        """A link may have a slash before it, as some clients send it."""
        plain, slash = await self.asked(
            b"URL:https://example.test/x\r\n", b"/URL:https://example.test/x\r\n"
        )
        self.assertIn(b'href="https://example.test/x"', plain)
        self.assertEqual(plain, slash)


class Enduring(TestCase):
    """What a peer does that no client does."""

    async def test_next_client(self) -> None:
        """After any nonsense the next client is served, and nothing is logged as a failure."""
        world = World()
        await world.fill()
        for octets in (b"\0" * 100 + b"\r\n", b"\xff\xfe\r\n", b"x" * 100_000,
                       b"\x16\x03\x01\x02\x00\x01\r\n", b"/\tx\ty\tz\0\r\n"):  # fmt: skip
            self.assertTrue((await world.ask(octets)).startswith(b"3"), octets)
        self.assertIn(b"Hello", await world.ask(b"/about.txt\r\n"))
        self.assertEqual([], self.flushLoggedErrors())

    async def test_abrupt_close(self) -> None:
        """A client that goes in the middle leaves nothing behind."""
        world = World()
        await world.fill()
        for octets in (b"", b"/ab", b"/about.txt\r\n"):
            connection = world.connect()
            if octets:
                connection.dataReceived(octets)
            connection.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(0, len(world.factory))
        self.assertEqual([], world.clock.getDelayedCalls())

    def test_slow(self) -> None:
        """A request that never ends is not waited for."""
        world = World()
        connection = world.connect()
        connection.dataReceived(b"/ab")
        world.clock.advance(200)
        self.assertTrue(transport_of(connection).closed)

    def test_too_many(self) -> None:
        """One connection more than allowed hears so."""
        world = World()
        world.configure(settings=Settings(connections=1))
        world.connect()
        connection = world.connect()
        self.assertEqual(
            b"3Too many are being served; try again later\t\terror.host\t1\r\n.\r\n",
            transport_of(connection).said(),
        )
