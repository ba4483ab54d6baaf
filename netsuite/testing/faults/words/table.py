"""The table of one protocol: names of commands, how they are refused, what can be said wrongly."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from twisted.internet.interfaces import IProtocolFactory

from netsuite.connection.coroutine_task import Work
from netsuite.connection.server import ServerConnection, ServerShared
from netsuite.testing.faults.kinds import GREETING, Refuse, Wrong
from netsuite.testing.faults.rules import RuleBook
from netsuite.testing.faults.transport import DataFactory

#: A session of whatever protocol.
AnySession = ServerConnection[Any, Any]
#: Changes what is said; returns it as it is where there is nothing to change.
Change = Callable[[bytes], bytes]
#: What a service does with an event, and returns to be said.
Answer = Callable[[AnySession, Any], Work[object]]
#: Refuses an event that wants more than to be answered with the reply (the third); *Answer* is what
#: the service does with it. Returns what is to be said.
Refusing = Callable[[Any, Any, Any, Answer], Work[object]]


class Rules(Protocol):
    """The rules as one session asks them."""

    book: RuleBook
    number: int

    def at_end(self, work: Callable[[], None]) -> None:
        """Call a function when the connection is gone."""

    async def ask_login(self, subject: object) -> Refuse | None:
        """Return how it is refused, in its time; None where it is not."""

    def wrap_data(self, factory: IProtocolFactory) -> DataFactory | None:
        """Return a factory whose data connections rules meet; None where there are no rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrongly:
    """A way to say something wrongly.

    Args:
        change: makes what changes it, by a number where that says how wrong.
        to: the commands to which it is said; empty for any.
    """

    change: Callable[[int], Change]
    to: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one protocol: what it says, and could say wrongly.

    Args:
        protocol: its name.
        names: of what a session is asked, by kind.
        reply: makes the refusal of an event, None for the greeting, as the dialog says it.
        ends: whether nothing can follow that refusal.
        name_of: the name of an event where it depends on more than its kind.
        refusing: by kind, events whose refusal is not just said.
        greets: whether the server speaks first.
        open_names: whether there may be commands of other names, too.
        wrongly: what it can say wrongly.
        starttls: the command that begins TLS; empty where there is none.
        go_ahead: what answers that.
        injected: what could stand in the clear behind it.
        replied: goes on with what the service answers.
        adapt: returns what a session shares, with what rules meet beside its commands: logins
            that are none, data connections.
        has_data: whether it has connections of their own for data.
        codes: a pattern of what refuses; None where nothing does but words.
    """

    protocol: str
    names: Mapping[type, str]
    reply: Callable[[Any, Refuse], object]
    ends: Callable[[Refuse], bool] = lambda refusal: False
    name_of: Callable[[Any], str] | None = None
    refusing: Mapping[type, Refusing] = field(default_factory=dict)
    greets: bool = True
    open_names: bool = False
    wrongly: Mapping[Wrong, Wrongly] = field(default_factory=dict)
    starttls: str = ""
    go_ahead: re.Pattern[bytes] | None = None
    injected: bytes = b""
    replied: Callable[[Any, Rules, Any, Any], object] | None = None
    adapt: Callable[[Any, Rules], ServerShared] | None = None
    has_data: bool = False
    codes: str | None = None

    def name(self, event: object) -> str:
        """Return the name of an event; empty where no rule can be about it."""
        if type(event) not in self.names:
            return ""
        return self.names[type(event)] if self.name_of is None else self.name_of(event)

    def check(self, command: str) -> None:
        """Raise ValueError where no command has that name; an empty one is any."""
        if not command or self.open_names or command in self.names.values():
            return
        if command == GREETING and self.greets:
            return
        known = ", ".join(sorted({*self.names.values(), *([GREETING] if self.greets else [])}))
        raise ValueError(f"{self.protocol} has no command {command}; there are {known}")

    def check_code(self, refusal: Refuse) -> None:
        """Raise ValueError where the protocol cannot say a refusal, or it would be none."""
        if refusal.code is None:
            return
        if self.codes is None:
            raise ValueError(f"{self.protocol} has no codes, {refusal.code} neither")
        if not re.fullmatch(self.codes, str(refusal.code).upper()):
            raise ValueError(
                f"{self.protocol} has no code {refusal.code} that refuses; there are {self.codes}"
            )

    def wrong(self, what: Wrong) -> Wrongly:
        """Return how something is said wrongly. Raises ValueError where nothing such is said."""
        if what not in self.wrongly:
            raise ValueError(f"{self.protocol} has no {what.value}")
        return self.wrongly[what]


#: Each is imported when a service of its protocol is attached to.
_MODULES: Final[Mapping[str, str]] = {
    "smtp": "netsuite.testing.faults.words.smtp",
    "pop3": "netsuite.testing.faults.words.pop3",
    "managesieve": "netsuite.testing.faults.words.managesieve",
    "imap": "netsuite.testing.faults.words.imap",
    "nntp": "netsuite.testing.faults.words.nntp",
    "ftp": "netsuite.testing.faults.words.ftp",
    "http": "netsuite.testing.faults.words.http",
    "gopher": "netsuite.testing.faults.words.gopher",
    "telnet": "netsuite.testing.faults.words.telnet",
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


def always(change: Change) -> Callable[[int], Change]:
    """Return what makes a change that no number says anything of."""
    return lambda by: change


def replacing(pattern: bytes, replacement: bytes) -> Callable[[int], Change]:
    """Return what makes a change of all that matches."""
    compiled = re.compile(pattern)
    return always(lambda octets: compiled.sub(replacement, octets))


def shifting(pattern: bytes) -> Callable[[int], Change]:
    """Return what makes a change of numbers, each the only group of a match, by another."""
    compiled = re.compile(pattern)

    def by(number: int) -> Change:
        def shifted(found: re.Match[bytes]) -> bytes:
            start, end = found.start(1) - found.start(), found.end(1) - found.start()
            changed = max(0, int(found[1]) + number)
            return b"%s%d%s" % (found[0][:start], changed, found[0][end:])

        return lambda octets: compiled.sub(shifted, octets)

    return by


#: A reply of three digits goes on: its last line says that another follows.
GOES_ON: Final = replacing(rb"(?m)^(\d{3}) ([^\r\n]*\r\n)\Z", rb"\1-\2")
#: The dot that ends a body does not come.
NO_DOT: Final = replacing(rb"(?:\A|(?<=\r\n))\.\r\n\Z", b"")
