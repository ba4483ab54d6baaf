"""What a newcomer sees of the demo: a page in the browser, and a table before any log."""

from __future__ import annotations

import io
import re

from twisted.logger import Logger

from netsuite import demo
from netsuite.compose import compose, http, imap
from netsuite.config.load import load
from netsuite.connection.listening import ListeningService
from netsuite.demo import Demo
from netsuite.http.client import HTTPClient
from netsuite.site import Site
from netsuite.storage import InMemory
from netsuite.store.tree import FileTree
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric
from netsuite.testing.hashing import NoHashing

INDEX = ("index.html",)


class Page(SynchronousTestCase):
    """The page that a browser shows first."""

    def setUp(self) -> None:
        self.fabric = Fabric()
        settings = load(None, ['site.domains=["example.test"]', "delivery.enabled=false"])
        storage = InMemory(settings, self.fabric, hashing=NoHashing())
        self.site = Site(settings=settings, reactor=self.fabric, storage=storage)
        self.out = io.StringIO()
        self.daemon = compose(
            self.site, http("tcp:8080:interface=127.0.0.1"), imap("tcp:8143:interface=127.0.0.1")
        )
        self.services = [each for each in self.daemon if isinstance(each, ListeningService)]
        self.demo = Demo(self.site, self.services, self.out)
        self.daemon.startService()
        self.addCleanup(lambda: self.fabric.run(self.daemon.stopService()))
        self.fabric.run(self.site.when_open())
        self.prepare()

    def prepare(self) -> None:
        self.fabric.run(self.demo.prepare(self.site.store))

    def test_says_what_this_is(self) -> None:
        """It tells of the accounts, links to what is there, and has each command to try."""
        status, octets = self.fabric.run(self.fetched("/"))
        self.assertEqual(200, status)
        page = octets.decode()
        for told in ("demo of netsuite", "<b>alice</b>", "password is <b>netsuite</b>"):
            self.assertIn(told, page)
        self.assertIn("curl -u alice:netsuite imap://127.0.0.1:8143/INBOX", page)
        for link in re.findall('href="([^"]+)"', page):
            status, _ = self.fabric.run(self.fetched(link))
            self.assertEqual(200, status, link)

    async def fetched(self, path: str) -> tuple[int, bytes]:
        """Return the status and the content of a path of the site."""
        web, _ = self.services
        client = HTTPClient(self.fabric)
        try:
            response = await client.request("GET", web.url.rstrip("/") + path)
            return response.status, await response.read()
        finally:
            await client.close()

    def content(self) -> bytes:
        return self.fabric.run(read(self.site.homes.public))

    def put(self, octets: bytes) -> None:
        self.fabric.run(demo._put_file(self.site.homes.public, INDEX, octets))

    def test_own_page_stays(self) -> None:
        """One that the demo has made is made again; another is left alone; one that was removed
        stays away."""
        made = self.content()
        self.put(made.replace(b"8143", b"9999"))
        self.prepare()
        self.assertEqual(made, self.content())
        self.put(b"<h1>Mine</h1>")
        self.prepare()
        self.assertEqual(b"<h1>Mine</h1>", self.content())
        self.fabric.run(self.site.homes.public.remove_file(INDEX))
        self.prepare()
        there = self.fabric.run(self.site.homes.public.sorted_listing(()))
        self.assertNotIn("index.html", {each.name for each in there})


async def read(tree: FileTree) -> bytes:
    """Return what the page is."""
    file = await tree.open(INDEX)
    try:
        return await file.read(0, 1 << 20)
    finally:
        file.close()


class Quiet(SynchronousTestCase):
    """What is logged on a newcomer's terminal."""

    def test_after_the_table(self) -> None:
        """Troubles from the beginning on; all else once the demo serves."""
        out = io.StringIO()
        log = Logger(observer=demo._AfterTable(out))
        log.info("factory starting")
        log.error("a port is taken")
        log.debug("it serves", demo_serves=True)
        log.info("a login")
        self.assertEqual(
            ["a port is taken", "a login"],
            [line.partition("] ")[2] for line in out.getvalue().splitlines()],
        )
