"""A coroutine on its way from one Deferred that it awaits to the next."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure


class Running:
    """Runs a coroutine; half of what ``ensureDeferred`` costs, which serves more.

    An answer that waits is one a message, a file, a page: it is run without a Deferred of its
    own and without a copy of the context, which nothing here uses.

    Args:
        work: the coroutine; it begins at once.
    """

    __slots__ = ("_awaited", "_work", "called", "ended", "result")

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self._work = work
        self._awaited: Deferred[Any] | None = None
        #: Whether it is over, and then what came of it: a value or a Failure.
        self.called = False
        self.result: Any = None
        #: Told of the result, where it was not over at once.
        self.ended: Callable[[Any], None] | None = None
        self._go_on(None)

    def cancel(self) -> None:
        """Cancel what it waits for; it hears of that as of any failure."""
        if self._awaited is not None:
            self._awaited.cancel()

    def _go_on(self, result: Any) -> None:
        try:
            if isinstance(result, Failure):
                awaited = result.throwExceptionIntoGenerator(self._work)
            else:
                awaited = self._work.send(result)
        except StopIteration as end:
            self._end(end.value)
        except BaseException:
            self._end(Failure())
        else:
            self._awaited = awaited
            awaited.addBoth(self._go_on)

    def _end(self, result: Any) -> None:
        self._awaited = None
        self.called = True
        self.result = result
        if self.ended is not None:
            self.ended(result)
