"""Time on one connection: a timer that costs nothing to push back, and a pace to keep."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

#: A pace is judged when it has been kept for so long.
PACE_SECONDS = 60.0


class LazyTimer:
    """One delayed call, moved only when it must come earlier.

    Most deadlines are pushed back with every command. To cancel and make a delayed call each
    time would cost more than the command, so the call stays where it is; when it fires, its
    owner works out the deadline anew and aims again if it is yet to come.

    Args:
        clock: what time it is.
        fire: called when the time aimed at has come, or had come before it was put off.
    """

    __slots__ = ("_call", "_clock", "_fire", "at")

    def __init__(self, clock: IReactorTime, fire: Callable[[], None]) -> None:
        self._clock = clock
        self._fire = fire
        #: When it will fire; infinity while it will not.
        self.at = float("inf")
        self._call: IDelayedCall | None = None

    def aim(self, at: float) -> None:
        """See to it that the timer fires at *at* (the clock's seconds) or before."""
        if self.at <= at:
            return
        if self._call is not None:
            self._call.cancel()
        self.at = at
        self._call = self._clock.callLater(max(0.0, at - self._clock.seconds()), self._fired)

    def _fired(self) -> None:
        self._call = None
        self.at = float("inf")
        self._fire()

    def stop(self) -> None:
        """Do not fire any more."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
            self.at = float("inf")


class Pace:
    """How many octets of one body have passed, and since when."""

    __slots__ = ("_octets", "_since")

    def __init__(self) -> None:
        self._since: float | None = None
        self._octets = 0

    def passed(self, octets: int, now: float) -> None:
        """Note octets of a body that begins or goes on."""
        if self._since is None:
            self._since = now
            self._octets = 0
        self._octets += octets

    def ended(self) -> None:
        """Note that the body is over."""
        self._since = None

    def judged_at(self) -> float | None:
        """Give when it can be judged first; None while no body is under way."""
        return None if self._since is None else self._since + PACE_SECONDS

    def too_slow(self, floor: int, now: float) -> bool:
        """Tell whether a body on its way has stayed below *floor* octets a second."""
        if self._since is None or now - self._since < PACE_SECONDS:
            return False
        return self._octets < floor * (now - self._since)
