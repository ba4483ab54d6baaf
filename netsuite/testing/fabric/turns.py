"""Virtual time, and the turns of a reactor in which all that is due is run."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random
from typing import Final, Protocol

from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from zope.interface import implementer

#: So many turns at one moment are no transfer any more, but a loop.
MOST_TURNS: Final = 200_000
#: Cancelled timers are swept out of the heap when they are more than the others, and these.
_SPARE: Final = 64


class Ready(Protocol):
    """Something that can be ready for a step: an end of a connection, a port, a connector."""

    def step(self) -> None:
        """Do what can be done now; called once for each ``Turns.ready``."""


def name_of(function: object) -> str:
    """Return how a function is called, for those who look for what is left."""
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return f"{getattr(function, '__module__', None) or type(function).__module__}.{name}"


@implementer(IDelayedCall)
class Timer:
    """A call that is due at a moment."""

    __slots__ = ("_turns", "arguments", "due", "function", "keywords", "order", "state")

    def __init__(
        self,
        turns: Turns,
        due: float,
        function: Callable[..., object],
        arguments: Sequence[object],
        keywords: Mapping[str, object],
    ) -> None:
        self._turns = turns
        self.due = due
        self.function = function
        self.arguments = arguments
        self.keywords = keywords
        #: Of its place in the heap that counts; others are of moments that were put off.
        self.order = 0
        self.state = "waiting"

    def getTime(self) -> float:
        """Return when it is due."""
        return self.due

    def cancel(self) -> None:
        """Do not call. Raises AlreadyCalled, AlreadyCancelled."""
        self._must_wait()
        self.state = "cancelled"
        self._turns.timer_gone()

    def delay(self, secondsLater: float) -> None:
        """Put it off, from when it was due. Raises AlreadyCalled, AlreadyCancelled."""
        self._move(self.due + secondsLater)

    def reset(self, secondsFromNow: float) -> None:
        """Put it off, from now. Raises AlreadyCalled, AlreadyCancelled."""
        self._move(self._turns.now + secondsFromNow)

    def active(self) -> bool:
        """Return whether it is still to be called."""
        return self.state == "waiting"

    def _move(self, due: float) -> None:
        self._must_wait()
        self.due = due
        self._turns.place(self)

    def _must_wait(self) -> None:
        if self.state == "called":
            raise AlreadyCalled()
        if self.state == "cancelled":
            raise AlreadyCancelled()


class Turns:
    """The work of a reactor: what is due now, in this order, and what later.

    A turn runs what other threads have asked for, then the timers that are due, then what is
    ready to be read and written. What comes up meanwhile is for the next turn.

    Args:
        now: the time to begin with, in seconds.
        random: shuffles what is ready; None for the order in which it became so.
    """

    log = Logger()

    def __init__(self, now: float, random: Random | None) -> None:
        self.now = now
        self.random = random
        self._order = 0
        self._waiting = 0  # timers
        self._heap: list[tuple[float, int, Timer]] = []
        self._due: deque[tuple[float, int, Timer]] = deque()
        # Appended to by other threads as well, which a deque allows.
        self._calls: deque[Callable[[], object]] = deque()
        self._ready: list[Ready] = []
        self._steps: deque[Ready] = deque()

    # -- what is to be done --------------------------------------------------------------------

    def call_later(
        self,
        seconds: float,
        function: Callable[..., object],
        arguments: Sequence[object] = (),
        keywords: Mapping[str, object] | None = None,
    ) -> Timer:
        """Call a function when so many seconds have passed; 0 for the next turn."""
        if seconds < 0:
            raise ValueError(f"{seconds} seconds from now is in the past")
        timer = Timer(self, self.now + seconds, function, arguments, keywords or {})
        self._waiting += 1
        self.place(timer)
        return timer

    def call_soon(self, call: Callable[[], object]) -> None:
        """Call in the next turn; any thread may ask for that."""
        self._calls.append(call)

    def ready(self, what: Ready) -> None:
        """Add something that takes its step in the next turn."""
        self._ready.append(what)

    def timers(self) -> list[Timer]:
        """Return the timers that wait, the first to be due first."""
        places = sorted([*self._due, *self._heap])
        return [timer for _, order, timer in places if self._counts(order, timer)]

    def place(self, timer: Timer) -> None:
        """Place a timer by when it is due."""
        self._order += 1
        timer.order = self._order
        heapq.heappush(self._heap, (timer.due, self._order, timer))
        if len(self._heap) > 2 * self._waiting + _SPARE:
            self._heap = [place for place in self._heap if self._counts(place[1], place[2])]
            heapq.heapify(self._heap)

    def timer_gone(self) -> None:
        """Accept that a timer waits no longer."""
        self._waiting -= 1

    def _counts(self, order: int, timer: Timer) -> bool:
        return timer.order == order and timer.state == "waiting"

    # -- doing it ------------------------------------------------------------------------------

    def next_due(self) -> float | None:
        """Return when the next timer is due; None where there is none."""
        heap = self._heap
        while heap and not self._counts(heap[0][1], heap[0][2]):
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def is_due(self) -> bool:
        """Return whether there is anything to do now."""
        if self._ready or self._calls or self._steps or self._due:
            return True
        due = self.next_due()
        return due is not None and due <= self.now

    def turn(self) -> None:
        """Do what is due now."""
        # What is taken out is taken one by one: an exception that goes through to whoever runs
        # us, as that which ends a test, leaves the rest for the next turn.
        for _ in range(len(self._calls)):
            self._call(self._calls.popleft())
        heap = self._heap
        while heap and heap[0][0] <= self.now:
            self._due.append(heapq.heappop(heap))
        while self._due:
            _, order, timer = self._due.popleft()
            if self._counts(order, timer):
                timer.state = "called"
                self._waiting -= 1
                self._call(timer.function, timer.arguments, timer.keywords)
        if self._ready:
            ready, self._ready = self._ready, []
            if self.random is not None:
                self.random.shuffle(ready)
            self._steps.extend(ready)
        while self._steps:
            self._steps.popleft().step()

    def settle(self) -> None:
        """Run turns until nothing is due now. Raises AssertionError where that never comes."""
        for _ in range(MOST_TURNS):
            if not self.is_due():
                return
            self.turn()
        self.fail_as_loop()

    def fail_as_loop(self) -> None:
        """Raise the AssertionError of what goes on for ever without taking any time."""
        waiting = ", ".join(sorted({name_of(each.function) for each in self.timers()}))
        raise AssertionError(
            f"after {MOST_TURNS} turns without any time there is still something to do "
            f"(timers: {waiting or 'none'})"
        )

    def advance(self, seconds: float) -> None:
        """Let time pass, and do what is due at its time."""
        until = self.now + seconds
        self.settle()
        while (due := self.next_due()) is not None and due <= until:
            self.now = due
            self.settle()
        self.now = until

    def _call(
        self,
        function: Callable[..., object],
        arguments: Sequence[object] = (),
        keywords: Mapping[str, object] | None = None,
    ) -> None:
        try:
            function(*arguments, **(keywords or {}))
        except Exception:
            self.log.failure("calling {name}", name=name_of(function))
