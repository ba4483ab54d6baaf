"""The grounds: what they run and return, how long it may take, and what is left on them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.task import deferLater

from netsuite.testing.grounds import Ground, Memory, Sockets, Thread


@pytest.fixture(scope="module")
def thread() -> Iterator[Thread]:
    """A thread of its own."""
    ground = Thread()
    yield ground
    ground.stop()
    ground.stop()  # which may be called twice


@pytest.fixture(params=["memory", "sockets", "thread"])
def ran(request: pytest.FixtureRequest, thread: Thread) -> Callable[[], object]:
    """What each ground says of work that returns, and raises: run here, since the ground of
    sockets waits in the fixtures of pytest-twisted alone."""
    grounds: dict[str, Ground] = {
        "memory": Memory(),
        "sockets": Sockets(blockon),
        "thread": thread,
    }
    ground = grounds[request.param]

    async def returns() -> tuple[str, bool]:
        await deferLater(ground.reactor, 0.01)
        return "it", threading.current_thread() is threading.main_thread()

    async def raises() -> None:
        await deferLater(ground.reactor, 0)
        raise KeyError("seven")

    assert ground.run(returns) == ("it", request.param != "thread")
    with pytest.raises(KeyError, match="seven"):
        ground.run(raises)
    return ground.open


def test_run(ran: Callable[[], dict[object, str]]) -> None:
    """Each runs what it is given, and has nothing left of it."""
    assert not [each for each in ran().values() if "deferLater" in each]


def test_a_day_in_memory() -> None:
    """Queues that wait for a day can be tried."""
    ground = Memory()
    ground.run(lambda: deferLater(ground.reactor, 86_400.0))
    assert ground.reactor.seconds() >= 86_400.0


def test_the_limit_in_memory() -> None:
    """What never ends is ended."""
    ground = Memory(virtual_seconds=60.0)
    with pytest.raises(AssertionError, match="60 seconds are over"):
        ground.run(lambda: deferLater(ground.reactor, 61.0))


def test_sockets() -> None:
    """They are on the reactor that is installed, and are awaited unless something can wait."""
    ground = Sockets()
    assert ground.reactor is reactor

    async def work() -> None:
        raise AssertionError("it is not run")

    with pytest.raises(RuntimeError, match="awaited"):
        ground.run(work)


def test_another_reactor(thread: Thread) -> None:
    """A thread has a reactor that is not installed; nothing may block on it."""
    assert thread.reactor is not sys.modules["twisted.internet.reactor"]

    async def inside() -> None:
        async def work() -> None:
            raise AssertionError("it is not run")

        thread.run(work)

    with pytest.raises(RuntimeError, match="own thread"):
        thread.run(inside)


def test_open(thread: Thread) -> None:
    """What is open is told in words; of a reactor without use nothing is."""
    assert thread.open() == {}

    async def begin() -> object:
        return thread.reactor.callLater(60, print)

    timer = thread.run(begin)
    (told,) = thread.open().items()
    assert told == (timer, "timer in 60 seconds: <built-in function print>")

    async def end() -> None:
        thread.reactor.getDelayedCalls()[0].cancel()

    thread.run(end)
