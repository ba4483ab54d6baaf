"""Reading one ahead: what comes next is read while what came is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

T = TypeVar("T")


async def one_ahead(
    reads: Iterable[Callable[[], Coroutine[Deferred[Any], Any, T]]],
) -> AsyncIterator[T]:
    """Return what the coroutines return, in order; each is begun when the one before is done."""
    following = iter(reads)
    ahead: Deferred[T] | None = None
    try:
        for read in following:
            if ahead is None:
                ahead = Deferred.fromCoroutine(read())
                continue
            found = await ahead
            ahead = Deferred.fromCoroutine(read())
            yield found
        if ahead is not None:
            last, ahead = ahead, None
            yield await last
    finally:
        if ahead is not None:  # nobody wants it any more
            ahead.addErrback(lambda failure: None)
            ahead.cancel()
