"""The state of one run: variables, flags, what was done, and how much more may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from netsuite.sieve import limits
from netsuite.sieve.errors import RunError
from netsuite.sieve.facts import Facts
from netsuite.sieve.matching import Match, ascii_lower
from netsuite.sieve.message import MessageView
from netsuite.sieve.outcome import Action, Seen
from netsuite.sieve.script import SHARED, Inclusion, Node, Script, Text


class Wanted(Exception):
    """A run cannot go on before it is known whether something was seen.

    Args:
        key: what ``Facts.seen`` has to tell.
    """

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(slots=True)
class Scope:
    """The variables of one script: its own, by name in lower case, and the names of those that it
    shares."""

    own: dict[str, str] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)


class Run:
    """One script on one message."""

    def __init__(self, script: Script, message: MessageView, facts: Facts) -> None:
        self.script = script
        self.message = message
        self.facts = facts
        self.actions: list[Action] = []
        self.seen: dict[str, Seen] = {}
        #: Whether the message is kept at the end though nothing says so (RFC 5228, 2.10.2).
        self.keeps = True
        self.scope = Scope()
        #: What scripts share, by name in lower case; the flags are that of the empty name.
        self.shared: dict[str, str] = {}
        self.captured: Sequence[str] = ()
        #: The scripts that have been included, and those that are being run, the innermost last.
        self.included: set[Inclusion] = set()
        self.within: list[Inclusion] = []
        #: Whether ``vacation`` has been run (RFC 5230, 4.7).
        self.answered = False
        self._steps = 0
        self._line = 0

    # -- bounds --------------------------------------------------------------------------------

    def at(self, node: Node) -> None:
        """Note that a command or test is run. Raises RunError where there were too many."""
        self._line = node.line
        self.spend(limits.STEP_OF_NODE)

    def spend(self, steps: int) -> None:
        """Count some work. Raises RunError where it is too much."""
        self._steps += steps
        if self._steps > limits.STEPS:
            raise RunError(self._line, "the script takes too long with this message")

    def fail(self, reason: str) -> RunError:
        """Return why the command at hand cannot be run."""
        return RunError(self._line, reason)

    def do(self, action: Action) -> None:
        """Add an action. Raises RunError where there are too many."""
        if len(self.actions) >= limits.ACTIONS:
            raise self.fail(f"more than {limits.ACTIONS} actions")
        self.actions.append(action)

    # -- strings -------------------------------------------------------------------------------

    def text(self, text: Text) -> str:
        """Return a string, its variables put in their places (RFC 5229, 3)."""
        if isinstance(text, str):
            return text
        pieces: list[str] = []
        for part in text.parts:
            if isinstance(part, str):
                pieces.append(part)
            elif part.number is None:
                pieces.append(self.variable(part.name))
            elif part.number < len(self.captured):
                pieces.append(self.captured[part.number])
        made = "".join(pieces)
        self.spend(len(made))
        return made[: limits.VALUE_CHARACTERS]

    def texts(self, node: Node, name: str) -> list[str]:
        """Return the strings of an argument; none where it was not given."""
        return [self.text(each) for each in node.texts.get(name, ())]

    def one(self, node: Node, name: str) -> str:
        """Return the string of an argument."""
        return self.text(node.texts[name][0])

    def set(self, name: str, value: str) -> None:
        """Set a variable, to as much of a value as it may hold."""
        name, among = self._place(name)
        if name not in among and len(among) >= limits.VARIABLES:
            raise self.fail(f"more than {limits.VARIABLES} variables")
        among[name] = value[: limits.VALUE_CHARACTERS]

    def variable(self, name: str) -> str:
        """Return the value of a variable; empty where it has none."""
        name, among = self._place(name)
        return among.get(name, "")

    def _place(self, name: str) -> tuple[str, dict[str, str]]:
        """Return a variable's name, and where it is kept (RFC 6609, 3.4)."""
        name = ascii_lower(name)
        if name.startswith(SHARED):
            return name.removeprefix(SHARED), self.shared
        return name, self.shared if not name or name in self.scope.shared else self.scope.own

    def share(self, name: str) -> None:
        """Have a name of this script mean what all share. Raises RunError where it has one."""
        name = ascii_lower(name)
        if name in self.scope.own:
            raise self.fail(f"{name} is a variable of the script already")
        if len(self.scope.shared) >= limits.VARIABLES:
            raise self.fail(f"more than {limits.VARIABLES} variables")
        self.scope.shared.add(name)

    @contextmanager
    def inside(self, inclusion: Inclusion, script: Script) -> Iterator[None]:
        """Be within another script: its variables are its own."""
        outer = self.script, self.scope, self.captured
        self.script, self.scope, self.captured = script, Scope(), ()
        self.included.add(inclusion)
        self.within.append(inclusion)
        try:
            yield
        finally:
            self.script, self.scope, self.captured = outer
            self.within.pop()

    # -- matching ------------------------------------------------------------------------------

    def matches(
        self,
        node: Node,
        values: Iterable[str],
        keys: Sequence[str] | None = None,
        *,
        captures: bool = True,
    ) -> bool:
        """Return whether any value matches any key of a test, as it compares.

        Args:
            keys: None for those that the test has.
            captures: whether ``:matches`` sets match variables.
        """
        match = node.match
        assert match is not None
        wanted = self.texts(node, "keys") if keys is None else keys
        if match.kind == "count":
            count = sum(1 for _ in values)
            return any(match.counted(count, key) for key in wanted)
        for value in values:
            for key in wanted:
                self.spend(limits.STEP_OF_NODE + len(value) + len(key))
                if self._match(match, value, key, captures):
                    return True
        return False

    def _match(self, match: Match, value: str, key: str, captures: bool) -> bool:
        if match.kind != "matches":
            return match.holds(value, key)
        # Each place may be compared with all of what stands between two stars.
        self.spend(len(value) * key.count("?"))
        captured = match.captured(value, key)
        if captured is None:
            return False
        if captures and "variables" in self.script.capabilities:
            self.captured = captured
        return True
