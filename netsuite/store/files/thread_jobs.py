"""How the reactor's side of a tree has work done in threads, and lives with its being cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

from netsuite.store.errors import Busy, StoreClosed
from netsuite.store.files.errors import translated

#: Runs a function with arguments in a thread.
Run: TypeAlias = Callable[..., Deferred[Any]]


class Jobs:
    """Runs functions in threads; a caller that goes away neither stops one nor loses its result.

    What a thread has begun cannot be called back: when the caller of an open is cancelled, the
    file is opened all the same, and somebody has to close it.

    Args:
        run: runs a function with arguments in a thread.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._busy = 0
        self._closed = False
        self._quiet: list[Deferred[None]] = []

    def do(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        undo: Callable[[Any], object] | None = None,
        then: Callable[[Any], object] | None = None,
        ended: Callable[[], object] | None = None,
    ) -> Deferred[Any]:
        """Call a function in a thread; errors are the store's.

        Args:
            undo: called with the result where nobody waits for it any more.
            then: called when it has succeeded, whether somebody waits or not.
            ended: called when the thread is done, in any case.

        Raises:
            StoreClosed: the tree is closed.
        """
        self.enter()
        outer: Deferred[Any] = Deferred()

        def landed(result: Any) -> None:
            try:
                if ended is not None:
                    ended()
                if then is not None and not isinstance(result, Failure):
                    then(result)
            except Exception:
                result = Failure()
            try:
                if not outer.called:
                    outer.callback(result)  # a Failure makes it fail
                elif undo is not None and not isinstance(result, Failure):
                    undo(result)
            finally:
                self.left()

        self.run(translated, function, *arguments).addBoth(landed)
        return outer

    def run(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """Run a function in a thread, and nothing more. Fails with Busy where there is none."""
        try:
            return self._run(function, *arguments)
        except RuntimeError:  # the system allows no more threads
            return fail(Busy("no thread can be had"))

    def enter(self) -> None:
        """Count something as work that ``close`` waits for, until ``left``.

        Raises:
            StoreClosed: the tree is closed.
        """
        if self._closed:
            raise StoreClosed("the tree of files is closed")
        self._busy += 1

    def left(self) -> None:
        """That work is done."""
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


def follower(inner: Deferred[Any]) -> Deferred[Any]:
    """Give a Deferred that ends as another does, and can be cancelled without it."""
    outer: Deferred[Any] = Deferred()

    def ended(result: Any) -> None:
        if not outer.called:
            outer.callback(result)

    inner.addBoth(ended)
    return outer
