"""Deadlines of one connection: all its timeouts on one timer that costs nothing to push back."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter

from twisted.internet.interfaces import IDelayedCall, IReactorTime

#: A pace is judged when it has been kept for so long.
PACE_SECONDS = 60.0


class CloseReason(enum.Enum):
    """Why a server ends a connection; ``goodbye`` puts it into its protocol's words, the value is
    for the log."""

    SHUTDOWN = "the service stops"
    IDLE = "no command for too long"
    SLOW_HANDSHAKE = "no TLS in time"
    SLOW_GREETING = "no first command in time"
    SLOW_COMMAND = "a command was begun and not ended"
    SLOW_BODY = "a body came too slowly"
    SLOW_LOGIN = "nobody logged in in time"
    TOO_MANY_ERRORS = "too many bad commands"
    TOO_MUCH_BEFORE_LOGIN = "too much before a login"
    BUSY = "too many connections"
    BUSY_ADDRESS = "too many connections from there"
    STALLED = "what was said was not read"
    KICKED = "an administrator has ended it"
    REVOKED = "who has logged in may not be here any more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Times in seconds; None for none.

    Args:
        handshake_seconds: for a TLS handshake.
        greeting_seconds: until the first command.
        idle_seconds: between commands.
        command_seconds: from a command's first octet to its end, and within a body without
            any progress.
        stalled_seconds: without the peer taking any of what we say.
        login_seconds: until somebody has logged in, where the protocol wants that.
        minimum_octets_per_second: what a body or an answer must average after a first
            minute, both ways; 0 for no floor.
    """

    handshake_seconds: float | None = None
    greeting_seconds: float | None = None
    idle_seconds: float | None = None
    command_seconds: float | None = None
    stalled_seconds: float | None = None
    login_seconds: float | None = None
    minimum_octets_per_second: int = 0
    #: The shortest of the times that run from something of the peer's.
    shortest: float = field(init=False)

    def __post_init__(self) -> None:
        times = [
            self.handshake_seconds, self.greeting_seconds, self.idle_seconds,
            self.command_seconds, self.stalled_seconds,
            PACE_SECONDS if self.minimum_octets_per_second else None,
        ]  # fmt: skip
        shortest = min((time for time in times if time is not None), default=PACE_SECONDS)
        object.__setattr__(self, "shortest", shortest)


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
    """The pace of one body: octets that have passed, and since when."""

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
        """Return when it can be judged first; None while no body is under way."""
        return None if self._since is None else self._since + PACE_SECONDS

    def too_slow(self, floor: int, now: float) -> bool:
        """Return whether a body on its way has stayed below *floor* octets a second."""
        if self._since is None or now - self._since < PACE_SECONDS:
            return False
        return self._octets < floor * (now - self._since)


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
        pace_out: of bodies that we send.
    """

    __slots__ = (
        "_clock",
        "_expired",
        "_full",
        "_greeted",
        "_greeting",
        "_handshaking",
        "_heard",
        "_opened",
        "_partial",
        "_timeouts",
        "_timer",
        "_waiting",
        "idle_seconds",
        "logged_in",
        "pace_in",
        "pace_out",
    )

    def __init__(
        self,
        clock: IReactorTime,
        timeouts: Timeouts,
        expired: Callable[[CloseReason], None],
        *,
        pace_out: Pace | None = None,
    ) -> None:
        self._clock = clock
        self._timeouts = timeouts
        self._expired = expired
        self._timer = LazyTimer(clock, self._judge)
        self._opened = self._greeting = self._heard = clock.seconds()
        self._greeted = False
        self._handshaking = False
        self._partial: float | None = None  # since when a command is there in part
        self._full: float | None = None  # since when the peer does not read
        self._waiting = True  # for the peer, not for ourselves
        self.idle_seconds = timeouts.idle_seconds
        self.logged_in = timeouts.login_seconds is None
        self.pace_in = Pace()
        self.pace_out = pace_out or Pace()

    @property
    def opened_at(self) -> float:
        """When the connection was made, by the clock's seconds."""
        return self._opened

    @property
    def heard_at(self) -> float:
        """When the peer last said something, or was last answered, by the clock's seconds."""
        return self._heard

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
        """A TLS handshake begins, or is done; what is then to come has its whole time."""
        self._handshaking = not done
        self._partial = None
        self._greeting = self._heard = self._clock.seconds()

    def configure(self, timeouts: Timeouts) -> None:
        """Accept other times, for what is under way too."""
        self._timeouts = timeouts
        self.idle_seconds = timeouts.idle_seconds
        self.settle(waiting=self._waiting)

    def took_body(self, octets: int) -> None:
        """What came was a piece of a body."""
        self.pace_in.passed(octets, self._heard)

    def writer_full(self, full: bool) -> None:
        """The peer does not read what we say, or reads again."""
        self._full = self._clock.seconds() if full else None

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
        soonest = self._heard + self._timeouts.shortest
        if self._timer.at > soonest:
            deadline = self._deadline()
            if deadline is not None:
                self._timer.aim(min(deadline[0], soonest))

    def stop(self) -> None:
        """Expire no more."""
        self._timer.stop()

    def _deadline(self) -> tuple[float, CloseReason] | None:
        """Return the earliest time at which something will have taken too long."""
        timeouts = self._timeouts
        phase: tuple[float | None, float | None, CloseReason]
        if self._full is not None:
            phase = (self._full, timeouts.stalled_seconds, CloseReason.STALLED)
        elif self._handshaking:
            phase = (self._greeting, timeouts.handshake_seconds, CloseReason.SLOW_HANDSHAKE)
        elif not self._waiting:
            phase = (None, None, CloseReason.IDLE)
        elif not self._greeted:
            phase = (self._greeting, timeouts.greeting_seconds, CloseReason.SLOW_GREETING)
        elif self._partial is not None:
            phase = (self._partial, timeouts.command_seconds, CloseReason.SLOW_COMMAND)
        else:
            phase = (self._heard, self.idle_seconds, CloseReason.IDLE)
        since, seconds, cause = phase
        found = [] if since is None or seconds is None else [(since + seconds, cause)]
        if not self.logged_in and timeouts.login_seconds is not None:
            found.append((self._opened + timeouts.login_seconds, CloseReason.SLOW_LOGIN))
        if timeouts.minimum_octets_per_second:
            for pace in (self.pace_in, self.pace_out):
                at = pace.judged_at()
                if at is not None:
                    # Once judged and found quick enough, it is judged again each second.
                    found.append((max(at, self._clock.seconds() + 1.0), CloseReason.SLOW_BODY))
        return min(found, key=itemgetter(0), default=None)

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
