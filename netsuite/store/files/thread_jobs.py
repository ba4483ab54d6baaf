"""Threads that work on files, and the jobs of one tree done in them.

Threads bring what they have done back to the reactor in batches. A job lives with its caller
being cancelled: what a thread has begun cannot be called back.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Protocol, TypeAlias, TypeVar

from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

from netsuite.store.errors import Busy, StoreClosed
from netsuite.store.files.errors import translated

T = TypeVar("T")


class RunInThread(Protocol):
    """Runs a function with arguments in a thread."""

    def __call__(self, function: Callable[..., T], /, *arguments: object) -> Deferred[T]:
        """Call it; the Deferred fires on the reactor's thread."""


# Through the queues go results of many types, each to the Deferred of its own.
_Job: TypeAlias = tuple[Deferred[Any], Callable[..., Any], tuple[object, ...]]
_Result: TypeAlias = tuple[Deferred[Any], Any]


class Threads:
    """Runs functions in threads.

    The reactor is woken once for all that was done until it has looked, and a job is handed over
    without a lock of ours: a hop there and back costs some 15 microseconds, where one by
    Twisted's own pool, made for other work, costs a hundred.

    Args:
        reactor: what is done is told on its thread.
        most: how many threads there may be; one is started when all others are busy.
        name: theirs, for debuggers.
    """

    def __init__(self, reactor: IReactorFromThreads, most: int, *, name: str) -> None:
        self._reactor = reactor
        self._most = most
        self._name = name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._done: deque[_Result] = deque()
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._woken = False

    def run(self, function: Callable[..., T], *arguments: object) -> Deferred[T]:
        """Call a function in a thread. What has begun cannot be called back.

        Raises:
            RuntimeError: the system allows no thread, and there is none.
        """
        done: Deferred[T] = Deferred()
        if len(self._threads) < min(self._busy + 1, self._most):
            self._start_thread()
        self._busy += 1
        self._jobs.put((done, function, arguments))
        return done

    @property
    def waiting(self) -> int:
        """How many jobs wait for a thread."""
        return self._jobs.qsize()

    def _start_thread(self) -> None:
        name = f"{self._name}-{len(self._threads)}"
        thread = threading.Thread(target=self._run_jobs, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            if not self._threads:
                raise
        else:
            self._threads.append(thread)

    def stop(self) -> None:
        """Let the threads end what was given to them, and end themselves; wait for that.

        What comes after starts new ones.
        """
        threads, self._threads = self._threads, []
        for _ in threads:
            self._jobs.put(None)
        for thread in threads:
            thread.join()

    def _run_jobs(self) -> None:
        """In a thread."""
        while (job := self._jobs.get()) is not None:
            done, function, arguments = job
            result: object
            try:
                result = function(*arguments)
            except BaseException:
                result = Failure()
            # In this order: who collects clears the mark first and looks afterwards.
            self._done.append((done, result))
            if not self._woken:
                self._woken = True
                self._reactor.callFromThread(self._collect)
            # Nothing is kept alive while the next job is awaited.
            del job, done, function, arguments, result

    def _collect(self) -> None:
        """Fire the Deferreds of all that was done."""
        self._woken = False
        while self._done:
            done, result = self._done.popleft()
            self._busy -= 1
            done.callback(result)  # a Failure makes it fail


def in_this_thread(function: Callable[..., T], *arguments: object) -> Deferred[T]:
    """Call a function here and now, as ``RunInThread`` would in a thread."""
    return maybeDeferred(function, *arguments)


class Jobs:
    """Runs functions in threads; a caller that goes away neither stops one nor loses its result.

    What a thread has begun cannot be called back: when the caller of an open is cancelled, the
    file is opened all the same, and somebody has to close it.
    """

    def __init__(self, run: RunInThread) -> None:
        self._run = run
        self._busy = 0
        self._closed = False
        self._quiet: list[Deferred[None]] = []

    def do(
        self,
        function: Callable[..., T],
        *arguments: object,
        undo: Callable[[T], object] | None = None,
        then: Callable[[T], object] | None = None,
        ended: Callable[[], object] | None = None,
    ) -> Deferred[T]:
        """Call a function in a thread; errors are the store's.

        Args:
            undo: called with the result where nobody waits for it any more.
            then: called when it has succeeded, whether somebody waits or not.
            ended: called when the thread is done, in any case, after *then*.

        Raises:
            StoreClosed: the tree is closed.
        """
        self.enter()
        outer: Deferred[T] = Deferred()

        def landed(result: T | Failure) -> None:
            try:
                try:
                    if then is not None and not isinstance(result, Failure):
                        then(result)
                finally:
                    if ended is not None:
                        ended()
            except Exception:
                result = Failure()
            try:
                if not outer.called:
                    outer.callback(result)  # a Failure makes it fail
                elif undo is not None and not isinstance(result, Failure):
                    undo(result)
            finally:
                self.leave()

        self.run(translated, function, *arguments).addBoth(landed)
        return outer

    def run(self, function: Callable[..., T], *arguments: object) -> Deferred[T]:
        """Run a function in a thread, and nothing more. Fails with Busy where there is none."""
        try:
            return self._run(function, *arguments)
        except RuntimeError:  # the system allows no more threads
            return fail(Busy("no thread can be had"))

    def enter(self) -> None:
        """Count something as work that ``close`` waits for, until ``leave``. Raises StoreClosed."""
        if self._closed:
            raise StoreClosed("the tree of files is closed")
        self._busy += 1

    def leave(self) -> None:
        """Count it as done."""
        self._busy -= 1
        if not self._busy:
            quiet, self._quiet = self._quiet, []
            for waiting in quiet:
                waiting.callback(None)

    async def close(self) -> None:
        """Take no more work; wait for what is being done."""
        self._closed = True
        if self._busy:
            waiting: Deferred[None] = Deferred()
            self._quiet.append(waiting)
            await waiting


def follower(inner: Deferred[T]) -> Deferred[T]:
    """Return a Deferred that ends as another does, and can be cancelled without it."""
    outer: Deferred[T] = Deferred()

    def ended(result: T | Failure) -> None:
        if not outer.called:
            outer.callback(result)

    inner.addBoth(ended)
    return outer
