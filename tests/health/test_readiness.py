"""Whether a daemon can serve, and why not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs

from netsuite.bus import OneProcess, Value
from netsuite.compose import imap
from netsuite.connection.listening import ListeningService
from netsuite.control.questions import READY
from netsuite.health.readiness import ProcessReadiness, free_octets_at, not_ready
from netsuite.store.errors import StorageFull
from netsuite.testing.fabric import Fabric
from tests.coroutines import run
from tests.health.sites import LOOPBACK, running, site_on


def test_ready() -> None:
    """A daemon that serves has nothing against it; one that has stopped has."""
    fabric = Fabric()
    site = site_on(fabric)
    with running(site, imap(LOOPBACK)) as daemon:
        readiness = ProcessReadiness(site, daemon)
        assert fabric.run(readiness.reasons()) == []
        fabric.advance(2)
        (service,) = [each for each in daemon if isinstance(each, ListeningService)]
        service.factory.draining = True
        assert fabric.run(readiness.reasons()) == ["imap is stopping"]
        service.factory.draining = False
        fabric.advance(2)
        bound, service.bound = service.bound, []
        assert fabric.run(readiness.reasons()) == ["imap does not listen everywhere"]
        service.bound = bound
    fabric.advance(2)
    reasons = fabric.run(readiness.reasons())
    assert reasons[0].startswith("the store cannot be used: ")


def test_store_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own words are told; asked many times, it is asked once in two seconds."""
    fabric = Fabric()
    site = site_on(fabric)
    asked = 0

    async def probe() -> None:
        nonlocal asked
        asked += 1
        raise StorageFull("the disk is full")

    with running(site):
        monkeypatch.setattr(site.store, "probe", probe)
        readiness = ProcessReadiness(site, ())
        for seconds in (0, 1, 0.5, 0.5):
            fabric.advance(seconds)
            reasons = fabric.run(readiness.reasons())
            assert reasons == ["the store cannot be used: the disk is full"]
    assert asked == 2


def test_store_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told so in time, asked nothing more meanwhile, and asked again once it has answered."""
    fabric = Fabric()
    site = site_on(fabric)
    hanging: list[Deferred[None]] = []

    async def probe() -> None:
        hanging.append(Deferred())
        await hanging[-1]

    with running(site):
        monkeypatch.setattr(site.store, "probe", probe)
        readiness = ProcessReadiness(site, ())
        for _ in range(3):
            found = Deferred.fromCoroutine(readiness.reasons())
            other = Deferred.fromCoroutine(readiness.reasons())
            fabric.advance(3)
            assert run(found) == run(other) == ["the store has not answered for 3 seconds"]
            fabric.advance(2)
        assert len(hanging) == 1
        hanging[0].callback(None)
        found = Deferred.fromCoroutine(readiness.reasons())
        hanging[1].callback(None)
        assert fabric.run(found) == []


def test_certificates() -> None:
    """One that is over counts, whichever names it serves."""
    fabric = Fabric()
    site = site_on(fabric)
    with running(site):
        late = ProcessReadiness(site, (), now=lambda: datetime(2100, 1, 1, tzinfo=UTC))
        (reason,) = fabric.run(late.reasons())
        assert reason.startswith("the certificate default was good until 20")


def test_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Little room counts, as settings say; and a disk that cannot be asked."""
    fabric = Fabric()
    site = site_on(fabric, "health.free_octets=1000")
    free = 999

    def free_octets(path: Path) -> int:
        if free < 0:
            raise FileNotFoundError(2, "No such file or directory")
        return free

    with running(site):
        monkeypatch.setattr(site, "home", tmp_path)
        readiness = ProcessReadiness(site, (), free_octets=free_octets)
        reason = "999 octets are free on the disk of the home, fewer than 1,000"
        assert fabric.run(readiness.reasons()) == [reason]
        free = 1000
        fabric.advance(2)
        assert fabric.run(readiness.reasons()) == []
        free = -1
        fabric.advance(2)
        reason = "the disk of the home cannot be asked: No such file or directory"
        assert fabric.run(readiness.reasons()) == [reason]
    assert free_octets_at(tmp_path) > 0


def test_look_that_goes_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no yes; the log has the traceback."""
    fabric = Fabric()
    site = site_on(fabric)

    async def probe() -> None:
        raise ValueError("x")

    with running(site), capturedLogs() as events:
        monkeypatch.setattr(site.store, "probe", probe)
        reasons = fabric.run(ProcessReadiness(site, ()).reasons())
        assert reasons == ["looking went wrong; the log has the reason"]
    assert any("log_failure" in each for each in events)


class Workers(OneProcess):
    """A bus of workers whose answers are given."""

    def __init__(self, answers: list[Value]) -> None:
        super().__init__()
        self.answers = answers

    async def ask(self, question: str, value: Value = None) -> list[Value]:
        assert question == READY
        return self.answers


def said(worker: int, *reasons: str) -> dict[str, Any]:
    """Return an answer of a worker."""
    return {"worker": worker, "reasons": list(reasons)}


@pytest.mark.parametrize(
    ("answers", "reasons"),
    [
        ([said(1), said(2)], []),
        ([said(1, "the disk is full"), said(2)], ["worker 1: the disk is full"]),
        ([said(2)], ["1 of 2 workers answer"]),
        ([], ["0 of 2 workers answer"]),
        # Old ones stop while new ones serve.
        ([said(1, "imap is stopping"), said(2), said(3)], []),
        ([said(1, "imap is stopping"), said(3)], ["worker 1: imap is stopping"]),
    ],
)
def test_workers(answers: list[Value], reasons: list[str]) -> None:
    """As many must be ready as there are to be."""
    fabric = Fabric()
    site = site_on(fabric, "daemon.workers=2")
    site.bus = Workers(answers)
    assert list(run(not_ready(site))) == reasons


def test_one_process() -> None:
    """The daemon's own answer; a bus on which nobody answers is no yes."""
    fabric = Fabric()
    site = site_on(fabric)
    assert list(run(not_ready(site))) == ["nobody answers"]
    with running(site):
        site.bus = OneProcess()
        site.bus.answer(READY, ProcessReadiness(site, ()).answer)
        assert list(fabric.run(not_ready(site))) == []
