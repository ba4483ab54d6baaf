"""Threads that work on files, and bring what they have done back to the reactor in batches."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

_Job: TypeAlias = tuple[Deferred[Any], Callable[..., Any], tuple[Any, ...]]


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
        self._done: deque[tuple[Deferred[Any], Any]] = deque()
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._woken = False

    def run(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """Call a function in a thread. What has begun cannot be called back.

        Raises:
            RuntimeError: the system allows no thread, and there is none.
        """
        done: Deferred[Any] = Deferred()
        if len(self._threads) < min(self._busy + 1, self._most):
            self._start_thread()
        self._busy += 1
        self._jobs.put((done, function, arguments))
        return done

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
            result: Any
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
        """Tell all that was done."""
        self._woken = False
        while self._done:
            done, result = self._done.popleft()
            self._busy -= 1
            done.callback(result)  # a Failure makes it fail
