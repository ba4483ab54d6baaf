"""The table of one protocol: names of commands, how they are refused, what can be said wrongly."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from netsuite.connection.coroutine_task import Work
from netsuite.connection.server import ServerConnection
from netsuite.testing.faults.kinds import GREETING, Refuse

#: A session of whatever protocol.
AnySession = ServerConnection[Any, Any]
#: Changes what is said; returns it as it is where there is nothing to change.
Change = Callable[[bytes], bytes]


#: What a service does with an event, and returns to be said.
Answer = Callable[[AnySession, Any], Work[object]]
#: Refuses an event that wants more than to be answered with the reply (the third); *Answer* is what
#: the service does with it. Returns what is to be said.
Refusing = Callable[[AnySession, object, Any, Answer], Work[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What one protocol says, and could say wrongly.

    Args:
        protocol: its name.
        names: of what a session is asked, by kind.
        name_of: the name of an event where it depends on more than its kind; empty for none.
        reply: makes the refusal of an event, None for the greeting, as the dialog says it.
        ends: whether nothing can follow that refusal.
        refusing: by kind, events whose refusal is not just said.
        greets: whether the server speaks first.
        open_names: whether there may be commands of other names, too.
        unfinished: takes the end off a reply of several lines.
        no_dot: takes off the dot that ends a body; None where none does.
        sizes: changes sizes that are told, by so many octets; None where none are.
        starttls: the command that begins TLS; empty where there is none.
        injected: what could stand in the clear behind its go-ahead.
    """

    protocol: str
    names: Mapping[type, str]
    reply: Callable[[object, Refuse], object]
    ends: Callable[[Refuse], bool] = lambda refusal: False
    name_of: Callable[[object], str | None] = lambda event: None
    refusing: Mapping[type, Refusing] = field(default_factory=dict)
    greets: bool = True
    open_names: bool = False
    unfinished: Change | None = None
    no_dot: Change | None = None
    sizes: Callable[[int], Change] | None = None
    starttls: str = ""
    injected: bytes = b""

    def name(self, event: object) -> str:
        """Return the name of an event; empty where no rule can be about it."""
        return self.name_of(event) or self.names.get(type(event), "")

    def check(self, command: str) -> None:
        """Raise ValueError where no command has that name; an empty one is any."""
        if not command or self.open_names or command in self.names.values():
            return
        if command == GREETING and self.greets:
            return
        known = ", ".join(sorted(set(self.names.values())))
        raise ValueError(f"{self.protocol} has no command {command}; there are {known}")


#: Each is imported when a service of its protocol is attached to.
_MODULES: Final[Mapping[str, str]] = {
    "smtp": "netsuite.testing.faults.words.smtp",
}


def words_of(connection: type) -> Words:
    """Return the words of a class of sessions. Raises TypeError for one of no protocol of ours."""
    for each in connection.__mro__:
        parts = each.__module__.split(".")
        if parts[0] == "netsuite" and parts[1] in _MODULES:
            return words_for(parts[1])
    raise TypeError(f"{connection!r} is no session of a protocol known here")


def words_for(protocol: str) -> Words:
    """Return the words of a protocol by its name. Raises ValueError for one not known."""
    if protocol not in _MODULES:
        raise ValueError(f"{protocol} is none of {', '.join(_MODULES)}")
    words: Words = importlib.import_module(_MODULES[protocol]).WORDS
    return words


def named(*kinds: type) -> dict[type, str]:
    """Return the names of kinds that are called as their class is."""
    return {kind: kind.__name__.upper() for kind in kinds}
