"""Word of commands that take long (RFC 9585)."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from netsuite.imap.server.progress import SECONDS
from netsuite.testing.cases import SynchronousTestCase
from tests.imap.world import Client, World


class Progress(SynchronousTestCase):
    """A search that takes long."""

    def search(self, tag: bytes) -> tuple[Client, Deferred[list[int]]]:
        """Begin one; return the client, and what ends it."""
        client = World().enter()
        found: Deferred[list[int]] = Deferred()

        async def search(*arguments: object) -> list[int]:
            return await found

        self.patch(client.server.mail, "search", search)
        self.assertEqual(b"", client.say(tag + b" SEARCH TEXT x\r\n"))
        return client, found

    def test_told(self) -> None:
        """Every so often the client is told that it goes on, and no more when it has ended."""
        client, found = self.search(b"a1")
        client.clock.advance(SECONDS - 1)
        self.assertEqual(b"", client.heard())
        for _ in range(3):
            client.clock.advance(SECONDS)
            self.assertEqual(b'* OK [INPROGRESS ("a1" NIL NIL)] Still at it\r\n', client.heard())
        found.callback([])
        self.assertEqual(b"* SEARCH\r\na1 OK Searched\r\n", client.heard())
        client.clock.advance(10 * SECONDS)
        self.assertEqual(b"", client.heard())

    def test_odd_tag(self) -> None:
        """A tag that would end the code is left out."""
        client, _ = self.search(b"a]")
        client.clock.advance(SECONDS)
        self.assertEqual(b"* OK [INPROGRESS] Still at it\r\n", client.heard())
        client.transport.loseConnection()
        client.clock.advance(10 * SECONDS)
