"""Coroutines one after the other, and that nothing of them stays."""

from __future__ import annotations

import gc
import weakref

from twisted.internet.defer import Deferred

from netsuite.connection.coroutine_task import CoroutineTask, Raised, start
from netsuite.testing.cases import SynchronousTestCase


class Something:
    """What a coroutine has in its hands."""


async def holding(something: Something, waits: Deferred[None] | None, *, fails: bool) -> Something:
    """Wait, if need be, then return what it was given, or fail."""
    if waits is not None:
        await waits
    if fails:
        raise ValueError(something)
    return something


class Tasks(SynchronousTestCase):
    """Those that wait, and those that do not."""

    def run_one(self, *, waits: bool, fails: bool) -> weakref.ref[Something]:
        """Run one to its end; return what knows whether what it held is there."""
        something = Something()
        deferred: Deferred[None] | None = Deferred() if waits else None
        outcome = start(holding(something, deferred, fails=fails))
        if deferred is not None:
            ended: list[object] = []
            assert isinstance(outcome, CoroutineTask)
            outcome.when_ended(ended.append)
            self.assertEqual([], ended)
            deferred.callback(None)
            (outcome,) = ended  # type: ignore[assignment]
        if fails:
            assert isinstance(outcome, Raised)
            self.assertIsInstance(outcome.error, ValueError)
        else:
            self.assertIs(something, outcome)
        return weakref.ref(something)

    def test_outcome(self) -> None:
        """A value or an error comes out, and nothing of either is held until the next one."""
        for waits in (False, True):
            for fails in (False, True, True, False):
                held = self.run_one(waits=waits, fails=fails)
                gc.collect()
                self.assertIsNone(held(), (waits, fails))
