"""When a connection has taken too long: every timeout of one connection, on one timer."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from netsuite.connection.close_reason import CloseReason
from netsuite.connection.settings import Timeouts
from netsuite.connection.timing import PACE_SECONDS, LazyTimer, Pace


class Deadlines:
    """Knows what a connection waits for, and since when.

    The connection tells it what happens. Its timer is aimed at the shortest of all times from
    when the peer was first heard: no deadline comes earlier, whatever happens meanwhile. So most
    of what happens need not be looked at, and only when the timer fires, or there is none, a
    deadline is worked out.

    Args:
        clock: for all of it.
        timeouts: how long.
        expired: called, at most once, with what took too long.
    """

    __slots__ = (
        "_choked",
        "_clock",
        "_expired",
        "_greeted",
        "_greeting",
        "_heard",
        "_opened",
        "_partial",
        "_shortest",
        "_timeouts",
        "_timer",
        "_waiting",
        "idle_seconds",
        "logged_in",
        "pace_in",
        "pace_out",
    )

    def __init__(
        self, clock: IReactorTime, timeouts: Timeouts, expired: Callable[[CloseReason], None]
    ) -> None:
        self._clock = clock
        self._timeouts = timeouts
        self._expired = expired
        self._timer = LazyTimer(clock, self._judge)
        self._shortest = _shortest(timeouts)
        self._opened = self._greeting = self._heard = clock.seconds()
        self._greeted = False
        self._partial: float | None = None  # since when a command is there in part
        self._choked: float | None = None
        self._waiting = True  # for the peer, not for ourselves
        self.idle_seconds = timeouts.idle_seconds
        self.logged_in = timeouts.login_seconds is None
        self.pace_in = Pace()
        self.pace_out = Pace()

    def received(self) -> None:
        """Octets came."""
        self._heard = self._clock.seconds()
        if self._partial is None:
            self._partial = self._heard

    def took_event(self) -> None:
        """What came made a whole command, or a piece of a body."""
        self._partial = None
        self._greeted = True

    def handshake(self, *, done: bool) -> None:
        """A TLS handshake begins on a connection under way, or is done."""
        self._greeted = done
        self._partial = None
        self._greeting = self._heard = self._clock.seconds()

    def took_body(self, octets: int) -> None:
        """What came was a piece of a body."""
        self.pace_in.passed(octets, self._heard)

    def choked(self, choked: bool) -> None:
        """The peer does not read what we say, or reads again."""
        self._choked = self._clock.seconds() if choked else None

    def settle(self, *, waiting: bool) -> None:
        """The connection has come to rest.

        Args:
            waiting: the peer must act next, not we.
        """
        if waiting and not self._waiting:
            self._heard = self._clock.seconds()
            if self._partial is not None:  # what we took ourselves is not held against the peer
                self._partial = self._heard
        self._waiting = waiting
        soonest = self._heard + self._shortest
        if self._timer.at > soonest:
            deadline = self._deadline()
            if deadline is not None:
                self._timer.aim(min(deadline[0], soonest))

    def stop(self) -> None:
        """Deadlines no more."""
        self._timer.stop()

    def _deadline(self) -> tuple[float, CloseReason] | None:
        """Give the earliest time at which something will have taken too long."""
        timeouts = self._timeouts
        phase: tuple[float | None, float | None, CloseReason]
        if self._choked is not None:
            phase = (self._choked, timeouts.stalled_seconds, CloseReason.STALLED)
        elif not self._waiting:
            phase = (None, None, CloseReason.IDLE)
        elif not self._greeted:
            phase = (self._greeting, timeouts.greeting_seconds, CloseReason.SLOW_GREETING)
        elif self._partial is not None:
            phase = (self._partial, timeouts.command_seconds, CloseReason.SLOW_COMMAND)
        else:
            phase = (self._heard, self.idle_seconds, CloseReason.IDLE)
        since, seconds, cause = phase
        first = None if since is None or seconds is None else (since + seconds, cause)
        if not self.logged_in and timeouts.login_seconds is not None:
            first = _earlier(first, self._opened + timeouts.login_seconds, CloseReason.SLOW_LOGIN)
        if timeouts.minimum_octets_per_second:
            for pace in (self.pace_in, self.pace_out):
                at = pace.judged_at()
                if at is not None:
                    # Once judged and found quick enough, it is judged again each second.
                    at = max(at, self._clock.seconds() + 1.0)
                    first = _earlier(first, at, CloseReason.SLOW_BODY)
        return first

    def _judge(self) -> None:
        now = self._clock.seconds()
        floor = self._timeouts.minimum_octets_per_second
        if floor and (self.pace_in.too_slow(floor, now) or self.pace_out.too_slow(floor, now)):
            self._expired(CloseReason.SLOW_BODY)
            return
        deadline = self._deadline()
        if deadline is None:
            return
        at, cause = deadline
        if at <= now:
            self._expired(cause)
        else:
            self._timer.aim(at)


def _shortest(timeouts: Timeouts) -> float:
    """Give the shortest of the times that run from something of the peer's."""
    times = [
        timeouts.greeting_seconds, timeouts.idle_seconds, timeouts.command_seconds,
        timeouts.stalled_seconds,
        PACE_SECONDS if timeouts.minimum_octets_per_second else None,
    ]  # fmt: skip
    return min((time for time in times if time is not None), default=PACE_SECONDS)


def _earlier(
    first: tuple[float, CloseReason] | None, at: float, cause: CloseReason
) -> tuple[float, CloseReason] | None:
    return (at, cause) if first is None or at < first[0] else first
