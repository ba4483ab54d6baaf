"""Rules: which fault meets whom, and how often; and the book of all that one service has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from types import TracebackType
from typing import Generic, TypeVar

F = TypeVar("F", covariant=True)
K = TypeVar("K")
#: Asked whether a rule is meant for an event: a command, octets.
When = Callable[[object], bool]


class UnmetExpectation(AssertionError):
    """A fault did not happen as often as it was to."""


class Rule(Generic[F]):
    """One fault, and whom it meets. Under ``with`` it ends with the block, which fails where the
    fault has not happened as often as it was to; else it ends with ``Faults.clear``.

    Args:
        book: where it stands.
        fault: what happens.
        label: what it is called where it was not met.
        times: how often it happens; None for always, which is met by never, too.
        connection: the number of the one connection that it meets, from 1; None for all.
        probability: of its happening, each time it could.
        when: says of what it could happen to whether it does; None for yes.
    """

    def __init__(
        self,
        book: RuleBook,
        fault: F,
        label: str,
        *,
        times: int | None = None,
        connection: int | None = None,
        probability: float = 1.0,
        when: When | None = None,
    ) -> None:
        if times is not None and times < 1:
            raise ValueError(f"{label}: {times} times is never")
        if not 0.0 <= probability <= 1.0:
            raise ValueError(f"{label}: {probability} is no probability")
        self.fault = fault
        self.label = label
        self.times = times
        self.connection = connection
        self.probability = probability
        self.when = when
        #: How often it has happened.
        self.used = 0
        self._book = book

    @property
    def unmet(self) -> str:
        """What is missing, in words; empty where nothing is."""
        if self.times is None or self.used >= self.times:
            return ""
        return f"{self.label}: happened {self.used} of {self.times} times"

    def strikes(self, connection: int, subject: object = None) -> bool:
        """Return whether it happens now, and count that.

        Args:
            connection: the number of the connection that could be met.
            subject: what ``when`` is asked of.
        """
        if self.times is not None and self.used >= self.times:
            return False
        if self.connection not in (None, connection):
            return False
        if self.when is not None and not self.when(subject):
            return False
        if self.probability < 1.0 and self._book.random.random() >= self.probability:
            return False
        self.used += 1
        return True

    def take_back(self) -> None:
        """Accept that it has not happened after all."""
        self.used -= 1

    def end(self) -> None:
        """End it. Raises UnmetExpectation."""
        self._book.remove(self)
        if self.unmet:
            raise UnmetExpectation(f"unmet: {self.unmet}")

    def __enter__(self) -> Rule[F]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.end()
        else:  # which says more than what has not happened because of it
            self._book.remove(self)

    def __repr__(self) -> str:
        return f"<{self.label}: {self.used} of {self.times or 'any'}>"


class RuleBook:
    """The rules of one service, in the order they were made: that of those which could happen
    happens which stands first.

    It may be written by another thread than reads it: each change is one step.

    Args:
        random: decides what is probable only.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self._rules: tuple[Rule[object], ...] = ()

    def add(self, rule: Rule[object]) -> None:
        """Add a rule."""
        self._rules = (*self._rules, rule)

    def remove(self, rule: Rule[object]) -> None:
        """Remove a rule, if it is there."""
        self._rules = tuple(each for each in self._rules if each is not rule)

    def clear(self) -> None:
        """Remove all rules."""
        self._rules = ()

    def unmet(self) -> list[str]:
        """Return, in words, what each rule misses that has not happened as often as it was to."""
        return [each.unmet for each in self._rules if each.unmet]

    def of(self, *kinds: type[K]) -> Iterator[tuple[Rule[object], K]]:
        """Return the rules of some kinds of fault, each with its fault."""
        for rule in self._rules:
            if isinstance(rule.fault, kinds):
                yield rule, rule.fault

    def __len__(self) -> int:
        return len(self._rules)
