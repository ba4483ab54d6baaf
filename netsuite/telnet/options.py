"""The options that are on, and what is said about them: the Q method of RFC 1143, as a table.

Each option has two sides, ours and the peer's, and each side one of six states: the four of the
RFC, two of them with its queue bit. An option is on if and only if its state is YES.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from netsuite.telnet.commands import Negotiation, Verb

#: So often a peer may change one side of one option and is answered. Who goes on is not: two
#: implementations that disagree would do so for ever (RFC 1143, 3 and 4).
ANSWERED_CHANGES: Final = 64


class Side(enum.Enum):
    """The side whose half of an option it is."""

    US = "us"
    HIM = "him"


class State(enum.Enum):
    """The state of one side of one option stands (RFC 1143, 7)."""

    NO = "off"
    YES = "on"
    WANT_NO = "we asked for off"
    WANT_NO_OPPOSITE = "we asked for off, and want on again"
    WANT_YES = "we asked for on"
    WANT_YES_OPPOSITE = "we asked for on, and want off again"


class Event(enum.Enum):
    """The events of an option. WILL and WONT are about his side, DO and DONT about ours."""

    WELCOME = "WILL or DO came, and we would agree"
    UNWELCOME = "WILL or DO came, and we would not"
    OFF = "WONT or DONT came"
    ASK_ON = "we want it on"
    ASK_OFF = "we want it off"


class Step(NamedTuple):
    """The consequence of an event.

    Args:
        state: the next one.
        say: True for DO or WILL, False for DONT or WONT, None for nothing.
        remark: where the RFC speaks of an error.
    """

    state: State
    say: bool | None = None
    remark: str = ""


_ON_FOR_OFF: Final = "asked for off, answered with on"
_ALREADY: Final = "it is so, or asked for, already"

#: RFC 1143, 7, line by line.
TABLE: Final[Mapping[tuple[State, Event], Step]] = {
    (State.NO, Event.WELCOME): Step(State.YES, True),
    (State.NO, Event.UNWELCOME): Step(State.NO, False),
    (State.YES, Event.WELCOME): Step(State.YES),
    (State.YES, Event.UNWELCOME): Step(State.YES),
    (State.WANT_NO, Event.WELCOME): Step(State.NO, None, _ON_FOR_OFF),
    (State.WANT_NO, Event.UNWELCOME): Step(State.NO, None, _ON_FOR_OFF),
    (State.WANT_NO_OPPOSITE, Event.WELCOME): Step(State.YES, None, _ON_FOR_OFF),
    (State.WANT_NO_OPPOSITE, Event.UNWELCOME): Step(State.YES, None, _ON_FOR_OFF),
    (State.WANT_YES, Event.WELCOME): Step(State.YES),
    (State.WANT_YES, Event.UNWELCOME): Step(State.YES),
    (State.WANT_YES_OPPOSITE, Event.WELCOME): Step(State.WANT_NO, False),
    (State.WANT_YES_OPPOSITE, Event.UNWELCOME): Step(State.WANT_NO, False),
    (State.NO, Event.OFF): Step(State.NO),
    (State.YES, Event.OFF): Step(State.NO, False),
    (State.WANT_NO, Event.OFF): Step(State.NO),
    (State.WANT_NO_OPPOSITE, Event.OFF): Step(State.WANT_YES, True),
    (State.WANT_YES, Event.OFF): Step(State.NO),
    (State.WANT_YES_OPPOSITE, Event.OFF): Step(State.NO),
    (State.NO, Event.ASK_ON): Step(State.WANT_YES, True),
    (State.YES, Event.ASK_ON): Step(State.YES, None, _ALREADY),
    (State.WANT_NO, Event.ASK_ON): Step(State.WANT_NO_OPPOSITE),
    (State.WANT_NO_OPPOSITE, Event.ASK_ON): Step(State.WANT_NO_OPPOSITE, None, _ALREADY),
    (State.WANT_YES, Event.ASK_ON): Step(State.WANT_YES, None, _ALREADY),
    (State.WANT_YES_OPPOSITE, Event.ASK_ON): Step(State.WANT_YES),
    (State.NO, Event.ASK_OFF): Step(State.NO, None, _ALREADY),
    (State.YES, Event.ASK_OFF): Step(State.WANT_NO, False),
    (State.WANT_NO, Event.ASK_OFF): Step(State.WANT_NO, None, _ALREADY),
    (State.WANT_NO_OPPOSITE, Event.ASK_OFF): Step(State.WANT_NO),
    (State.WANT_YES, Event.ASK_OFF): Step(State.WANT_YES_OPPOSITE),
    (State.WANT_YES_OPPOSITE, Event.ASK_OFF): Step(State.WANT_YES_OPPOSITE, None, _ALREADY),
}

#: What is said of which side.
_VERBS: Final = {
    (Side.US, True): Verb.WILL,
    (Side.US, False): Verb.WONT,
    (Side.HIM, True): Verb.DO,
    (Side.HIM, False): Verb.DONT,
}
#: What is heard: about which side, and whether it is to be on.
_HEARD: Final = {
    Verb.WILL: (Side.HIM, True),
    Verb.WONT: (Side.HIM, False),
    Verb.DO: (Side.US, True),
    Verb.DONT: (Side.US, False),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a negotiation that came.

    Args:
        side: whose half it is about.
        answer: what to say; None for nothing.
        changed: whether the option went on (True) or off (False) by it; None for neither.
        settled: whether it answered something we had asked for.
        ignored: whether it would have to be answered, but has been too often.
    """

    side: Side
    answer: Negotiation | None
    changed: bool | None = None
    settled: bool = False
    ignored: bool = False


class Options:
    """The state of all options of one connection, by which of them we agree to on either side."""

    __slots__ = ("_answered", "_states", "_welcome")

    def __init__(self, *, ours: Collection[int], his: Collection[int]) -> None:
        self._welcome = {Side.US: frozenset(ours), Side.HIM: frozenset(his)}
        # Only what was agreed to or asked for has a state: a peer cannot make it grow.
        self._states: dict[tuple[Side, int], State] = {}
        self._answered: dict[tuple[Side, int], int] = {}

    def state(self, side: Side, option: int) -> State:
        """Return how one side of an option stands."""
        return self._states.get((side, option), State.NO)

    def is_on(self, side: Side, option: int) -> bool:
        """Return whether it is on."""
        return self._states.get((side, option)) is State.YES

    def receive(self, heard: Negotiation) -> Outcome:
        """Accept what the peer said; return what that leads to."""
        side, on = _HEARD[heard.verb]
        option = heard.option
        event = Event.OFF
        if on:
            event = Event.WELCOME if option in self._welcome[side] else Event.UNWELCOME
        before = self.state(side, option)
        step = TABLE[before, event]
        settled = before not in (State.NO, State.YES)
        if step.say is not None and not settled and not self._may_answer(side, option):
            return Outcome(side, None, ignored=True)
        self._set(side, option, step.state)
        changed = None
        if (before is State.YES) != (step.state is State.YES):
            changed = step.state is State.YES
        return Outcome(side, _said(side, option, step.say), changed, settled)

    def _may_answer(self, side: Side, option: int) -> bool:
        count = self._answered.get((side, option), 0)
        self._answered[side, option] = count + 1  # there are 512 of them at most
        return count < ANSWERED_CHANGES

    def ask(self, side: Side, option: int, *, on: bool) -> Negotiation | None:
        """Want an option on or off; return what to say, None for nothing (now, or at all)."""
        step = TABLE[self.state(side, option), Event.ASK_ON if on else Event.ASK_OFF]
        self._set(side, option, step.state)
        return _said(side, option, step.say)

    def _set(self, side: Side, option: int, state: State) -> None:
        if state is State.NO:
            self._states.pop((side, option), None)
        else:
            self._states[side, option] = state

    def status(self) -> tuple[Negotiation, ...]:
        """Return what is on, as STATUS tells it (RFC 859, 5)."""
        return tuple(
            Negotiation(_VERBS[side, True], option)
            for (side, option), state in sorted(
                self._states.items(), key=lambda item: (item[0][1], item[0][0].value)
            )
            if state is State.YES
        )


def _said(side: Side, option: int, say: bool | None) -> Negotiation | None:
    return None if say is None else Negotiation(_VERBS[side, say], option)
