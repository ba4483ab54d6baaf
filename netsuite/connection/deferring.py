"""Deferreds of whatever can be awaited."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred


def deferred(work: Any) -> Deferred[Any]:
    """Make a Deferred of a Deferred, a coroutine, or anything else that can be awaited."""
    if isinstance(work, Deferred):
        return work
    if hasattr(work, "send"):
        return ensureDeferred(work)
    return ensureDeferred(_awaited(work))


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work
