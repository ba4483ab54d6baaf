"""A pool of threads that has none: what is given to it runs in a later turn, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from netsuite.testing.fabric.turns import Turns, name_of

P = ParamSpec("P")
R = TypeVar("R")


class TurnThreads(ThreadPool):
    """Runs work on the thread of whoever takes the turns; what the work waits for never comes."""

    def __init__(self, turns: Turns) -> None:
        super().__init__(0, 1, "fabric")
        self._turns = turns
        self._under_way: list[str] = []

    def start(self) -> None:
        """Be started; there is nothing to start."""
        self.started = True

    def stop(self) -> None:
        """Be stopped; what was given still runs."""
        self.started = False

    def adjustPoolsize(self, minthreads: int | None = None, maxthreads: int | None = None) -> None:
        """Accept a size that makes no difference."""

    def callInThreadWithCallback(
        self,
        onResult: Callable[[bool, R], object] | None,
        func: Callable[P, R],
        *args: P.args,
        **kw: P.kwargs,
    ) -> None:
        """Call a function in a later turn, and tell how it went."""

        def work() -> None:
            try:
                result = func(*args, **kw)
            except Exception:
                if onResult is None:
                    self._turns.log.failure("in a thread: {name}", name=name_of(func))
                else:
                    onResult(False, Failure())  # type: ignore[arg-type]  # as ThreadPool does
            else:
                if onResult is not None:
                    onResult(True, result)

        self._turns.call_soon(work)
