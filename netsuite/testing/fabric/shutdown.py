"""The triggers of a shutdown: before, during and after it, in that order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger

from netsuite.testing.fabric.turns import name_of

PHASES: Final = ("before", "during", "after")


class Triggers:
    """The triggers of one event: those of each phase, called in the order they were added.

    What a trigger of ``before`` returns is waited for, before those of ``during`` are called.
    """

    log = Logger()

    def __init__(self) -> None:
        self._calls: dict[str, list[Callable[[], object]]] = {phase: [] for phase in PHASES}

    def add(self, phase: str, call: Callable[[], object]) -> None:
        """Add one. Raises KeyError for another phase."""
        self._calls[phase].append(call)

    def remove(self, phase: str, call: Callable[[], object]) -> None:
        """Remove one. Raises ValueError where it is none."""
        self._calls[phase].remove(call)

    def fire(self) -> None:
        """Call all, and forget them."""
        waited = [each for each in self._called("before") if isinstance(each, Deferred)]
        for each in waited:
            each.addErrback(lambda failure: self.log.failure("at a shutdown", failure))
        DeferredList(waited).addCallback(lambda _: self._go_on())

    def _go_on(self) -> None:
        for phase in PHASES[1:]:
            self._called(phase)

    def _called(self, phase: str) -> list[object]:
        calls, self._calls[phase] = self._calls[phase], []
        return [self._result(call) for call in calls]

    def _result(self, call: Callable[[], object]) -> object:
        try:
            return call()
        except Exception:
            name = name_of(call.func if isinstance(call, partial) else call)
            self.log.failure("at a shutdown: {name}", name=name)
            return None
