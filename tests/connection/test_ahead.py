"""What comes next is read while what came is sent."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import Deferred

from netsuite.connection.ahead import one_ahead
from netsuite.testing.cases import SynchronousTestCase


class OneAhead(SynchronousTestCase):
    """Order, and how much is under way."""

    def setUp(self) -> None:
        self.begun: list[int] = []
        self.waiting: list[Deferred[None]] = []
        self.cancelled: list[int] = []

    def reading(self, number: int) -> Callable[[], Coroutine[Deferred[Any], Any, int]]:
        """Return what reads a number, when it is let."""

        async def read() -> int:
            self.begun.append(number)
            wait: Deferred[None] = Deferred(lambda _: self.cancelled.append(number))
            self.waiting.append(wait)
            await wait
            return number

        return read

    def test_order(self) -> None:
        """The second is begun before the first is used, the third is not."""
        got: list[int] = []

        async def use() -> None:
            async for number in one_ahead(map(self.reading, range(3))):
                got.append(number)

        done = Deferred.fromCoroutine(use())
        self.assertEqual([0], self.begun)
        self.waiting[0].callback(None)
        self.assertEqual(([0, 1], [0]), (self.begun, got))
        self.waiting[1].callback(None)
        self.waiting[2].callback(None)
        self.successResultOf(done)
        self.assertEqual([0, 1, 2], got)

    def test_left(self) -> None:
        """Who leaves does not wait for the one ahead; none at all is nothing."""

        async def use() -> list[int]:
            reads = one_ahead(map(self.reading, range(3)))
            first = await anext(reads)
            await reads.aclose()  # type: ignore[attr-defined]
            return [first]

        done = Deferred.fromCoroutine(use())
        self.waiting[0].callback(None)
        self.assertEqual([0], self.successResultOf(done))
        self.assertEqual([1], self.cancelled)

    def test_failure(self) -> None:
        """An error comes where its result would have."""

        async def use() -> None:
            async for _ in one_ahead([self.reading(0)]):
                self.fail("nothing was read")

        done = Deferred.fromCoroutine(use())
        self.waiting[0].errback(ValueError("x"))
        self.failureResultOf(done, ValueError)
