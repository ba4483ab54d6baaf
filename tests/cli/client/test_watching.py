"""What watch makes of listings and of polls, on a clock of the test's."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from twisted.internet.defer import CancelledError, ensureDeferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from netsuite.cli.client.access import Access
from netsuite.cli.client.results import Result
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import parse_url
from netsuite.cli.client.watching import Watching, ask_again_and_again
from netsuite.cli.client.watching.listings import Listings
from netsuite.cli.client.watching.nntp import _All
from netsuite.connection.errors import ConnectionLost, PermanentRefusal
from netsuite.ftp.listing import Listed
from netsuite.nntp.client import NNTPClient

WHEN = datetime(2026, 11, 30, 12, tzinfo=UTC)


def names(events: Iterable[Result]) -> list[tuple[str, object]]:
    """Return what events tell."""
    return [(each.what, each.facts["name"]) for each in events]


def test_listings() -> None:
    """What is new, changed and gone is told; a directory's time is not its change."""
    listings = Listings(everything=False)
    one, here = Listed("a", "file", 1, WHEN), Listed(".", "cdir")
    later = WHEN + timedelta(seconds=1)
    assert names(listings.changes([one, here])) == []
    assert names(listings.changes([one, Listed("d", "dir", None, WHEN)])) == [("new", "d/")]
    assert names(listings.changes([Listed("a", "file", 1, later), Listed("d", "dir", None, later)])
                 ) == [("changed", "a")]  # fmt: skip
    assert names(listings.changes([Listed("b", "file", 1, WHEN)])) == [
        ("gone", "a"), ("gone", "d/"), ("new", "b"),
    ]  # fmt: skip
    assert names(Listings(everything=True).changes([one])) == [("new", "a")]


class World:
    """A server that is asked: what it answers, time by time; an error is raised."""

    def __init__(self, *answers: object) -> None:
        self.clock = Clock()
        self.answers = list(answers)
        self.sessions = 0
        self.shown: list[str] = []
        self.session = ClientSession(cast(Any, self.clock), parse_url("ftp://h/"), Access(), None)
        watching = Watching(False, 10.0, lambda result: self.shown.append(result.what))
        self.ending: list[BaseException | None] = []
        self.running = ensureDeferred(
            ask_again_and_again(self.session, self._opened, self._look, watching)
        )
        self.running.addErrback(self._ended)

    def _ended(self, failure: Failure) -> None:
        self.ending.append(failure.value)

    @contextlib.asynccontextmanager
    async def _opened(self, session: ClientSession) -> AsyncIterator[None]:
        self.sessions += 1
        yield

    async def _look(self, client: None) -> Iterable[Result]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Sequence)
        return [Result(str(each)) for each in answer]


def test_polls(capsys: pytest.CaptureFixture[str]) -> None:
    """One session is asked every interval; where it is lost another is made, after longer and
    longer waits, and that is said."""
    lost = ConnectionLost("gone")
    world = World([], ["one"], lost, lost, ["two"], [])
    world.clock.advance(10)
    assert (world.shown, world.sessions) == (["one"], 1)
    world.clock.advance(10)
    assert capsys.readouterr().err == "netsuite: h: gone; again in 10 seconds\n"
    world.clock.advance(10)
    assert capsys.readouterr().err == "netsuite: h: gone; again in 20 seconds\n"
    world.clock.advance(19)
    assert world.sessions == 2
    world.clock.advance(1)
    assert (world.shown, world.sessions) == (["one", "two"], 3)
    world.running.cancel()
    assert [type(each) for each in world.ending] == [CancelledError]
    assert world.clock.getDelayedCalls() == []


@pytest.mark.parametrize("error", [ConnectionLost("gone"), PermanentRefusal(550, "no")])
def test_what_cannot_be_watched_at_all(error: Exception) -> None:
    """What fails at first is an error."""
    assert World(error).ending == [error]


def test_a_refusal_later() -> None:
    """What is refused from now on is an error, too."""
    refused = PermanentRefusal(550, "no")
    world = World([], refused)
    world.clock.advance(10)
    assert world.ending == [refused]


class _News:
    """A news server's clock, and what NEWNEWS says since when."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.now = WHEN
        self.since: list[datetime] = []

    async def date(self) -> datetime:
        """Return the time, ten seconds later each time."""
        self.now += timedelta(seconds=10)
        return self.now

    async def newnews(self, wildmat: str, since: datetime) -> AsyncIterator[str]:
        """Return Message-IDs."""
        self.since.append(since)
        for each in self._answers.pop(0):
            yield each


@pytest.mark.parametrize("everything", [False, True])
def test_newnews(everything: bool) -> None:
    """What was there is told only where that is wanted; what is asked for twice is told once."""
    server = _News(["<a>"], ["<a>", "<b>"], ["<b>", "<b>", "<c>"])
    look = _All(Watching(everything, 10.0, lambda result: None))
    told: list[list[object]] = []

    async def looking() -> None:
        for _ in range(3):
            found = await look.look(cast(NNTPClient, server))
            told.append([each.facts["message-id"] for each in found])

    ensureDeferred(looking())
    assert told == [["<a>"] if everything else [], ["<b>"], ["<c>"]]
    assert server.since[1:] == [WHEN + timedelta(seconds=8), WHEN + timedelta(seconds=18)]
