"""The access log: what an operator finds of each request."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from netsuite.connection.linelog import LineLog
from netsuite.connection.peer import Peer
from netsuite.gopher.commands import Request
from netsuite.gopher.server.access import format_line, status_of
from netsuite.gopher.server.selectors import Selectors
from netsuite.store.errors import Busy, NotPermitted, StoreError, TooLarge
from netsuite.store.tree import name_of
from netsuite.testing.cases import TestCase
from netsuite.wire.dates import format_log_date
from tests.gopher.worlds import Transport, World

WHEN = datetime(2026, 3, 1, 12, 0, 5, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
BEGIN = "192.0.2.9 - - [01/Mar/2026:12:00:05 -0330] "


def gone(transport: Transport) -> None:
    """Fail as a transport does whose socket is gone."""
    raise AttributeError("socket")


TEXT = st.binary().map(name_of)


class Logging(TestCase):
    """What is written."""

    async def world(self) -> World:
        world = World()
        await world.fill()
        self.path = Path(self.mktemp())
        world.configure(
            line_log=LineLog(
                self.path,
                world.clock,
                now=lambda: WHEN,
                stamp=format_log_date,
                elsewhere=maybeDeferred,
            )
        )
        return world

    async def test_lines(self) -> None:
        """A line for each request, as it came, with what became of it and how much was said."""
        world = await self.world()
        said = [
            await world.ask(request)
            for request in (
                b"/about.txt\r\n",
                b"/picture.gif\t+\r\n",
                b"/search\tblue \xe2\x98\x83\r\n",
                b"\r\n",
                b"/nothing\r\n",
                b"/a\0b\r\n",
            )
        ]
        self.assertFalse(self.path.exists())
        world.clock.advance(1)
        self.assertEqual(
            [
                f'{BEGIN}"{asked}" {status} {len(octets)}\n'
                for octets, (asked, status) in zip(
                    said,
                    [
                        ("/about.txt", 200),
                        ("/picture.gif\\x09+", 200),
                        ("/search\\x09blue \\xe2\\x98\\x83", 200),
                        ("", 200),
                        ("/nothing", 404),
                        ("-", 400),
                    ],
                    strict=True,
                )
            ],
            self.path.read_text().splitlines(keepends=True),
        )

    async def test_left(self) -> None:
        """Who leaves in the middle of an answer is told apart from who has it all."""
        world = await self.world()
        connection = world.connect()
        never: Deferred[None] = Deferred()
        self.patch(Selectors, "find", lambda selectors, request: never)
        connection.dataReceived(b"/about.txt\r\n")
        self.patch(Transport, "getHandle", gone)
        connection.connectionLost(Failure(ConnectionLost()))
        world.clock.advance(1)
        self.assertEqual(f'{BEGIN}"/about.txt" 499 -\n', self.path.read_text())

    def test_statuses(self) -> None:
        """What the store refuses has the status that HTTP has for it."""
        for error, status in ((NotPermitted, 404), (TooLarge, 413), (Busy, 503), (StoreError, 500)):
            self.assertEqual(status, status_of(error("")))

    def test_subclass(self) -> None:
        """A kind of error that nobody named has the status of the kind that it is of."""

        class StillTooLarge(TooLarge):
            """A narrower error."""

        self.assertEqual(413, status_of(StillTooLarge("")))

    @given(TEXT, TEXT, TEXT)
    def test_one_line(self, selector: str, search: str, plus: str) -> None:
        """Whatever is asked for, it is one line, and the request ends where it does."""
        line = format_line("now", Peer(), Request(selector, search, plus), 200, 0)
        self.assertTrue(line.isascii() and line[:-1].isprintable() and line.endswith("\n"), line)
        self.assertEqual(2, line.count('"'))
        self.assertEqual(("- - - [now] ", " 200 -\n"), (line.split('"')[0], line.split('"')[2]))
