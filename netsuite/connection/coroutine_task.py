"""A coroutine on its way from one Deferred that it awaits to the next."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

T = TypeVar("T")

#: What handlers are: coroutines that await Deferreds, as ``async def`` makes them.
Work = Coroutine[Deferred[Any], Any, T]


def start(work: Work[T], ended: Callable[[T | Failure], None]) -> CoroutineTask[T] | T:
    """Run a coroutine as far as it goes without waiting.

    A handler that does not wait costs no object but the coroutine: 0.4 microseconds, where
    ``ensureDeferred`` costs ten times that.

    Args:
        work: the coroutine.
        ended: told of its value, or of its failure, where it had to wait.

    Returns:
        Its value where it did not wait, else what it waits as. It runs in a context of its own, a
        copy of the present one.

    Raises:
        Exception: its own, where it did not wait.
    """
    context = copy_context()
    try:
        awaited = context.run(work.send, None)
    except StopIteration as end:
        value: T = end.value
        return value
    return CoroutineTask(work, context, awaited, ended)


class CoroutineTask(Generic[T]):
    """A coroutine that waits.

    Args:
        work: the coroutine.
        context: what it runs in.
        awaited: what it waits for.
        ended: told of its value or failure.
    """

    __slots__ = ("_awaited", "_context", "_ended", "_work")

    def __init__(
        self,
        work: Work[T],
        context: Context,
        awaited: Deferred[Any],
        ended: Callable[[T | Failure], None],
    ) -> None:
        self._work = work
        self._context = context
        self._ended = ended
        self._awaited: Deferred[Any] | None = awaited
        awaited.addBoth(self._go_on)

    def cancel(self) -> None:
        """Cancel what it waits for; it hears of that as of any failure."""
        if self._awaited is not None:
            self._awaited.cancel()

    def _go_on(self, result: object) -> None:
        self._awaited = None
        try:
            if isinstance(result, Failure):
                awaited = self._context.run(result.throwExceptionIntoGenerator, self._work)
            else:
                awaited = self._context.run(self._work.send, result)
        except StopIteration as end:
            self._ended(end.value)
        except Exception:
            self._ended(Failure())
        except BaseException:  # the process is to end: that is for whoever runs us
            self._ended(Failure())
            raise
        else:
            self._awaited = awaited
            awaited.addBoth(self._go_on)
