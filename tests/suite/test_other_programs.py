"""Files that other programs change, as servers show them that remember files."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint

from netsuite.compose import compose, gopher, http
from netsuite.config.load import load
from netsuite.gopher.client import GopherClient
from netsuite.http.client import HTTPClient
from netsuite.site import Site
from netsuite.store.changes import Change, FileChanged
from netsuite.testing.cases import TestCase
from tests.store.files.disk_case import open_below
from tests.store.reactors import reactor

LOOPBACK = "tcp:0:interface=127.0.0.1"


class Changed(TestCase):
    """A site whose servers would remember files for long."""

    async def test_seen_at_once(self) -> None:
        """Whatever an editor does is shown as soon as it is told."""
        home = Path(self.mktemp())
        settings = load(None, ["tls.enabled=false", "http.remember_seconds=1000"])
        self.site = Site(home, settings=settings, reactor=reactor)
        daemon = compose(self.site, http(LOOPBACK), gopher(LOOPBACK))
        daemon.startService()
        await self.site.when_open()
        self.client = HTTPClient(reactor)
        try:
            endpoint = HostnameEndpoint(reactor, "127.0.0.1", daemon.getServiceNamed("gopher").port)
            self.gopher = GopherClient(endpoint, clock=reactor)
            self.url = daemon.getServiceNamed("http").url
            await self.rules()
            await self.look(home / "files" / "public" / "page.txt", "/page.txt")
        finally:
            await self.client.close()
            await daemon.stopService()
        self.assertEqual([], open_below(home))

    async def get(self, path: str) -> tuple[int, bytes]:
        """Ask by HTTP."""
        response = await self.client.get(self.url.rstrip("/") + path)
        return response.status, await response.read()

    def told(self, path: Path) -> Deferred[None]:
        """Wait until something is told of a file."""
        told: Deferred[None] = Deferred()

        def hear(change: Change) -> None:
            if isinstance(change, FileChanged) and change.path[-1:] == (path.name,):
                watching.cancel()
                told.callback(None)

        watching = self.site.store.changes.watch_files(hear)
        return told

    async def rules(self) -> None:
        """Other rules hold at once, whatever is remembered."""
        upload = await self.site.homes.public.upload(("ours.txt",))
        upload.write(b"ours")
        await upload.commit()
        closed = 'files.rules=[{path="/site/ours.txt", may={}}]'
        for said, expected in (([], 200), ([closed], 404), ([], 200)):
            self.site.apply(load(None, ["tls.enabled=false", "http.remember_seconds=1000", *said]))
            for _ in range(2):
                self.assertEqual(expected, (await self.get("/ours.txt"))[0], said)

    async def look(self, file: Path, path: str) -> None:
        """Change a file, and look."""
        for content in ("one", "two", "three"):
            told = self.told(file)
            file.write_text(content)
            await told
            for _ in range(2):  # the second is remembered
                self.assertEqual((200, content.encode()), await self.get(path))
                self.assertEqual(content, (await self.gopher.text(path)).decode().strip())
        told = self.told(file)
        file.unlink()
        await told
        self.assertEqual(404, (await self.get(path))[0])
