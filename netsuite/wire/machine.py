"""State tables as data: checked when made, stepped without a branch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from netsuite.wire.errors import LocalProtocolError

S = TypeVar("S")


class Machine(Generic[S]):
    """A table of transitions: from a state, by the type of what is said, to a state.

    The machine holds no current state: a dialog does, so that one table serves all of them.

    Args:
        transitions: ``(state, type) -> next state``.
        start: where a dialog begins.
        final: states that nothing leads out of.

    Raises:
        ValueError: a state cannot be reached, leads nowhere though it is not final, or is final
            and leads somewhere.
    """

    def __init__(
        self,
        transitions: Mapping[tuple[S, type], S],
        *,
        start: S,
        final: Iterable[S] = (),
    ) -> None:
        self.transitions = dict(transitions)
        self.start = start
        self.final = frozenset(final)
        self._check()

    def _check(self) -> None:
        reached = {self.start}
        waiting = [self.start]
        out: dict[S, list[S]] = {}
        for (state, _), following in self.transitions.items():
            out.setdefault(state, []).append(following)
        while waiting:
            for following in out.get(waiting.pop(), []):
                if following not in reached:
                    reached.add(following)
                    waiting.append(following)
        known = set(out) | {each for states in out.values() for each in states} | self.final
        for state in known:
            if state not in reached:
                raise ValueError(f"{state} cannot be reached")
            if (state in out) == (state in self.final):
                raise ValueError(f"{state} is final and leads on, or neither")

    def step(self, state: S, said: object) -> S:
        """Return the state after something was said. Raises LocalProtocolError where it may not."""
        try:
            return self.transitions[state, type(said)]
        except KeyError:
            raise LocalProtocolError(
                f"{type(said).__name__} may not be said in state {getattr(state, 'name', state)}"
            ) from None
