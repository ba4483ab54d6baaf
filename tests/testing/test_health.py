"""The health of a test: timers, connections, threads and errors that are left or logged."""

from __future__ import annotations

import threading

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger

from netsuite.testing.grounds import Memory, Thread
from netsuite.testing.health import Health, settled

log = Logger()


def fail(error: Exception) -> None:
    """Log an error."""
    try:
        raise error
    except Exception:
        log.failure("it failed")


def test_nothing() -> None:
    """What was there before is no fault."""
    ground = Memory()
    ground.reactor.callLater(10, print)
    before = threading.Timer(60, print)
    before.start()
    health = Health(ground)
    log.info("all is well")
    health.check()
    before.cancel()


def test_timer() -> None:
    """A timer that runs."""
    ground = Memory()
    health = Health(ground)
    ground.reactor.callLater(7, print)
    with pytest.raises(AssertionError, match="left behind: timer in 7 seconds"):
        health.check()


def test_port() -> None:
    """A port that listens."""
    ground = Memory()
    health = Health(ground)
    ground.run(lambda: TCP4ServerEndpoint(ground.reactor, 25).listen(Factory.forProtocol(Protocol)))
    with pytest.raises(AssertionError, match=r"left behind: .*25"):
        health.check()


def test_thread() -> None:
    """A thread that runs; those that end with the process, or of a pool, are not meant."""
    ground = Memory()
    health = Health(ground)
    ended = threading.Event()
    threads = [
        threading.Thread(target=ended.wait, name="mine"),
        threading.Thread(target=ended.wait, name="daemon", daemon=True),
        threading.Thread(target=ended.wait, name="PoolThread-x-0"),
    ]
    for each in threads:
        each.start()
    try:
        assert health.end() == ["left behind: thread mine"]
    finally:
        ended.set()
        for each in threads:
            each.join()


def test_logged() -> None:
    """An error in the log; not after the end."""
    health = Health(Memory())
    fail(KeyError("seven"))
    with pytest.raises(AssertionError, match=r"(?s)logged: Traceback.*KeyError: 'seven'"):
        health.check()
    fail(KeyError("eight"))


def test_unhandled() -> None:
    """A Deferred that failed while nobody listened is logged, and so it is told."""
    health = Health(Memory())
    Deferred[None]().errback(KeyError("nine"))
    with pytest.raises(AssertionError, match="nine"):
        health.check()


def test_flush() -> None:
    """What was expected is forgiven, by its kind or all of it."""
    health = Health(Memory())
    fail(KeyError(1))
    fail(ValueError(2))
    assert [repr(each.value) for each in health.flush_errors(LookupError)] == ["KeyError(1)"]
    assert health.flush_errors(LookupError) == []
    assert [repr(each.value) for each in health.flush_errors()] == ["ValueError(2)"]
    health.check()


def test_on_a_thread() -> None:
    """The same of a real reactor; its own pipe is no fault."""
    ground = Thread()
    try:
        health = Health(ground)
        health.check()
        health = Health(ground)
        port = ground.run(
            lambda: TCP4ServerEndpoint(ground.reactor, 0, interface="127.0.0.1").listen(
                Factory.forProtocol(Protocol)
            )
        )

        async def begin() -> None:
            ground.reactor.callLater(60, print)

        ground.run(begin)
        timer, listening = sorted(health.end(), key=lambda told: "timer" not in told)
        assert timer == "left behind: timer in 60 seconds: <built-in function print>"
        assert str(port.getHost().port) in listening

        async def end() -> None:
            for each in ground.reactor.getDelayedCalls():
                each.cancel()
            await port.stopListening()

        ground.run(end)
    finally:
        ground.stop()


def test_settled() -> None:
    """A few turns, no time."""
    ground = Memory()
    turns: list[int] = []
    ground.reactor.callLater(0, turns.append, 1)
    ground.run(lambda: settled(ground.reactor))
    assert turns == [1]
    assert ground.reactor.seconds() == 0
