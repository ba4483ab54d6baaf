"""Coroutines and Deferreds that do not wait for the outside."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.python.failure import Failure

T = TypeVar("T")


def run(work: Coroutine[Deferred[Any], Any, T] | Deferred[T]) -> T:
    """Return what it returns. Raises what it raises, and AssertionError where it waits."""
    results: list[T] = []
    failures: list[Failure] = []
    ensureDeferred(work).addCallbacks(results.append, failures.append)
    for each in failures:
        each.raiseException()
    assert results, "it waits"
    return results[0]
