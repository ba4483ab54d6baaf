"""The grounds on which servers under test run: in memory, on sockets, on sockets in a thread.

One test runs on each of them: what it awaits is run by the ground.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorCore
from twisted.internet.threads import blockingCallFromThread

from netsuite.home import Reactor
from netsuite.testing.fabric import Fabric

T = TypeVar("T")

#: How long a thread may take to begin, or to end, to run its reactor.
THREAD_SECONDS = 10.0
#: How long a test in memory may take, in virtual seconds: a day, and what comes behind it.
VIRTUAL_SECONDS = 100_000.0


class Ground(Protocol):
    """Where servers, and clients of the same test, run."""

    @property
    def reactor(self) -> Reactor:
        """Their reactor."""

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run something on the reactor, and return its result when it has ended; raise what it
        raises. Not to be called from what is run."""

    def open(self) -> dict[object, str]:
        """Return the timers and the connections there are, each with what it is in words."""


class Memory:
    """A reactor in memory, with virtual time: nothing waits, everything happens in order.

    Args:
        seed: cut and order what is sent at random, the same every time.
        virtual_seconds: how long what is run may take.
    """

    def __init__(
        self, seed: int | None = None, *, virtual_seconds: float = VIRTUAL_SECONDS
    ) -> None:
        self.reactor = Fabric(seed=seed)
        self.virtual_seconds = virtual_seconds

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """As ``Ground.run``. Raises AssertionError where it takes longer than it may."""
        return self.reactor.run(work(), self.virtual_seconds)

    def open(self) -> dict[object, str]:
        """As ``Ground.open``."""
        self.reactor.settle()
        return {each: each for each in self.reactor.leftovers()}


class Sockets:
    """Ports of loopback, on the reactor that runs already.

    Args:
        block: waits for a Deferred, such as ``pytest_twisted.blockon``; without it ``run`` cannot
            be used, and a test awaits.
    """

    def __init__(self, block: Callable[[Deferred[Any]], Any] | None = None) -> None:
        from twisted.internet import reactor

        self.reactor = reactor
        self._block = block

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """As ``Ground.run``."""
        if self._block is None:
            raise RuntimeError("this ground is awaited, in the reactor's own thread")
        result: T = self._block(Deferred.fromCoroutine(_awaited(work)))
        return result

    def open(self) -> dict[object, str]:
        """As ``Ground.open``."""
        return _open_on(self.reactor)


class Thread:
    """Ports of loopback, on a reactor of its own in a thread: for programs that block.

    The reactor that a program has installed, if any, is not touched. Used by several suites, one
    after the other or at once; it ends with the process, or with ``stop``.
    """

    def __init__(self) -> None:
        self.reactor = _new_reactor()
        started = threading.Event()
        self._ended = threading.Event()
        self.reactor.callWhenRunning(started.set)
        self._thread = threading.Thread(target=self._run, name="netsuite-testing", daemon=True)
        self._thread.start()
        if not started.wait(THREAD_SECONDS):
            raise RuntimeError("the reactor's thread has not begun")

    def _run(self) -> None:
        try:
            self.reactor.run(installSignalHandlers=False)
        finally:
            self._ended.set()

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """As ``Ground.run``."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("on the reactor's own thread, where nothing may block")

        def begun() -> Deferred[T]:
            return Deferred.fromCoroutine(_awaited(work))

        # Its annotation takes functions without a Deferred, or with one of nothing.
        blocking: Callable[..., T] = blockingCallFromThread
        result = blocking(self.reactor, begun)
        return result

    def open(self) -> dict[object, str]:
        """As ``Ground.open``."""

        async def found() -> dict[object, str]:
            return _open_on(self.reactor)

        return self.run(found)

    def stop(self) -> None:
        """End the reactor and the thread; may be called twice."""
        if not self._ended.is_set():
            self.reactor.callFromThread(self.reactor.stop)
            self._ended.wait(THREAD_SECONDS)


def _open_on(reactor: Reactor) -> dict[object, str]:
    """Return the timers and what is read or written on a reactor; not what wakes it."""
    found: dict[object, str] = {
        timer: f"timer in {_shown(timer.getTime() - reactor.seconds())} seconds: {timer.func!r}"
        for timer in reactor.getDelayedCalls()
    }
    own = getattr(reactor, "_internalReaders", ())
    for each in {*reactor.getReaders(), *reactor.getWriters()} - set(own):
        found[each] = str(each)
    return found


def _shown(seconds: float) -> str:
    """Return seconds with three digits that count, those of a longer time whole: what a machine was
    busy with meanwhile is nothing about the timer."""
    return f"{seconds:.3g}" if seconds < 10 else f"{seconds:.0f}"


def _new_reactor() -> Reactor:
    """Return a reactor of the best kind there is, not installed."""
    try:
        from twisted.internet.epollreactor import EPollReactor as Reactor
    except ImportError:
        from twisted.internet.selectreactor import SelectReactor as Reactor
    made: IReactorCore = Reactor()
    return made


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
