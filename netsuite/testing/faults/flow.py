"""One direction of a connection: octets on their way, held back, cut, ended, as rules have it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from zope.interface import implementer

from netsuite.testing.faults.kinds import (
    AfterOctets,
    Blackhole,
    Delay,
    Direction,
    Dribble,
    Drop,
    Garbage,
    Truncate,
)
from netsuite.testing.faults.rules import Rule, RuleBook

#: More octets on their way stop whoever sends them.
HELD_OCTETS: Final = 65_536
#: Turns of the reactor until what was written has left, where the socket takes it.
TURNS_TO_SEND: Final = 3


@dataclass(slots=True)
class Piece:
    """Octets that arrive together, or few at a time.

    Args:
        due: when, by the clock.
        step: how many at a time; 0 for all.
        every: seconds between them.
    """

    due: float
    octets: bytes
    step: int = 0
    every: float = 0.0


class Met:
    """Which rules meet one connection, and how far each has come; the same for both directions.

    Args:
        book: the rules.
        number: of the connection.
    """

    def __init__(self, book: RuleBook, number: int) -> None:
        self.book = book
        self.number = number
        self._struck: dict[Rule[object], bool] = {}
        self._done: set[Rule[object]] = set()
        self._passed: dict[Rule[object], int] = {}

    def meets(self, rule: Rule[object]) -> bool:
        """Return whether a rule meets this connection; decided once."""
        if rule not in self._struck:
            self._struck[rule] = rule.strikes(self.number)
        return self._struck[rule]

    def reached(self, rule: Rule[object], fault: AfterOctets, octets: int) -> int | None:
        """Return behind how many of the octets that come now something happens, once; else None."""
        if rule in self._done or not self.meets(rule):
            return None
        passed = self._passed.get(rule, 0)
        self._passed[rule] = passed + octets
        if passed + octets < fault.after:
            return None
        self._done.add(rule)
        return max(0, fault.after - passed)

    def ended(self) -> None:
        """The connection is gone: what has not come to pass on it still can on another."""
        for rule, struck in self._struck.items():
            if struck and isinstance(rule.fault, AfterOctets) and rule not in self._done:
                rule.take_back()


@implementer(IPushProducer)
class Flow:
    """Octets of one direction.

    As a producer, it is stopped and started by whoever takes what arrives.

    Args:
        direction: which.
        met: the rules that meet the connection.
        clock: for what arrives later.
        arrive: takes what arrives.
        moved: told when something has arrived, or can again.
        broken: told when the connection is to end, and whether by a reset.
    """

    def __init__(
        self,
        direction: Direction,
        met: Met,
        clock: IReactorTime,
        *,
        arrive: Callable[[bytes], None],
        moved: Callable[[], None],
        broken: Callable[[bool], None],
    ) -> None:
        self.direction = direction
        self.held = 0
        #: Who takes what arrives wants no more for now.
        self.paused = False
        #: Nothing arrives any more.
        self.swallowing = False
        #: Nor does the end of the connection.
        self.black = False
        self._met = met
        self._clock = clock
        self._arrive = arrive
        self._moved = moved
        self._broken = broken
        self._pieces: deque[Piece] = deque()
        self._last_due = 0.0
        self._timer: IDelayedCall | None = None
        self._then: Callable[[], None] | None = None  # when all has arrived
        self._busy = False

    @property
    def full(self) -> bool:
        """Whether whoever sends is to wait."""
        return self.paused or self.held > HELD_OCTETS

    def put(self, octets: bytes) -> None:
        """Send octets on their way. None at all mean that the connection begins."""
        if self.swallowing:
            return
        octets, ending = self._cut(octets)
        if octets:
            self._hold(octets)
        if ending is not None:
            self.swallowing = True
            reset = ending.reset
            self._then = lambda: self._broken(reset)
        self._run()

    def finish(self, then: Callable[[], None]) -> None:
        """Do something when all has arrived; nothing is sent behind it."""
        if not self.swallowing or self._then is None:
            self._then = then
        self.swallowing = True
        self._run()

    def stop(self) -> None:
        """Drop what is on its way."""
        self.swallowing = True
        self._pieces.clear()
        self.held = 0
        self._then = None
        self._cancel()

    # -- rules ---------------------------------------------------------------------------------

    def _cut(self, octets: bytes) -> tuple[bytes, Drop | None]:
        """Return what is to arrive of octets, and what ends the connection behind it."""
        for rule, fault in self._met.book.of(AfterOctets):
            if fault.direction is not self.direction:
                continue
            if not octets and not isinstance(fault, Drop):
                continue
            at = self._met.reached(rule, fault, len(octets))
            if at is None:
                continue
            if isinstance(fault, Garbage):
                octets = octets[:at] + self._met.book.random.randbytes(fault.octets) + octets[at:]
                continue
            octets = octets[:at]
            if isinstance(fault, Drop):
                return octets, fault
            self.swallowing = isinstance(fault, Truncate | Blackhole)
            self.black = isinstance(fault, Blackhole)
            break
        return octets, None

    def _hold(self, octets: bytes) -> None:
        now = self._clock.seconds()
        due, step, every = now, 0, 0.0
        for rule, fault in self._met.book.of(Delay):
            if fault.direction is self.direction and self._met.meets(rule):
                due += fault.seconds + fault.jitter * self._met.book.random.random()
        for rule, pace in self._met.book.of(Dribble):
            if pace.direction is self.direction and self._met.meets(rule):
                step, every = pace.octets, pace.every
        due = max(due, self._last_due)
        self._pieces.append(Piece(due, octets, step, every))
        pieces = -(-len(octets) // step) if step else 0
        self._last_due = due + pieces * every
        self.held += len(octets)

    # -- time ----------------------------------------------------------------------------------

    def _run(self) -> None:
        """Pass on what is due."""
        if self._busy:
            return
        self._busy = True
        try:
            while self._pieces and not self.paused:
                piece = self._pieces[0]
                if piece.due > self._clock.seconds():
                    self._wake_at(piece.due)
                    break
                self._take(piece)
        finally:
            self._busy = False
        if not self._pieces and self._then is not None:
            then, self._then = self._then, None
            then()
        self._moved()

    def _take(self, piece: Piece) -> None:
        octets = piece.octets[: piece.step] if piece.step else piece.octets
        piece.octets = piece.octets[len(octets) :]
        piece.due += piece.every
        if not piece.octets:
            self._pieces.popleft()
        self.held -= len(octets)
        self._arrive(octets)

    def _wake_at(self, due: float) -> None:
        self._cancel()
        # A clock that is not virtual has gone on since somebody looked.
        self._timer = self._clock.callLater(max(0.0, due - self._clock.seconds()), self._woken)

    def _woken(self) -> None:
        self._timer = None
        self._run()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- who takes what arrives (IPushProducer) --------------------------------------------------

    def pauseProducing(self) -> None:
        """No more for now."""
        self.paused = True
        self._moved()

    def resumeProducing(self) -> None:
        """More again."""
        self.paused = False
        self._run()

    def stopProducing(self) -> None:
        """It is going; the end of the connection follows."""
