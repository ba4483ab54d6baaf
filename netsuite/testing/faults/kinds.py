"""The kinds of faults, as frozen values."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

# -- of a session: they need ``Faults.attach`` -----------------------------------------------------

#: The name of what a session says first, where others are those of commands.
GREETING = "GREETING"


@dataclass(frozen=True, slots=True)
class AtCommand:
    """Something that happens in place of the answer to a command, or before it.

    Args:
        command: its name; empty for any.
    """

    command: str


@dataclass(frozen=True, slots=True)
class Refuse(AtCommand):
    """A command is refused, in the protocol's words.

    Args:
        code: as the protocol has it; None for its plainest temporary one.
        text: behind it.
    """

    code: int | str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Linger(AtCommand):
    """A command is answered later than it could be.

    Args:
        seconds: later at least.
        jitter: up to so many more, at random.
    """

    seconds: float
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class Leave(AtCommand):
    """The connection ends in place of the answer to a command.

    Args:
        reset: not in order, but by a reset.
    """

    reset: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """What the server says is changed, before TLS is put around it.

    Args:
        change: returns what is said in place of it; the same where nothing is to be changed.
        to: the commands that are answered; empty for whatever is said.
    """

    change: Callable[[bytes], bytes]
    to: frozenset[str] = frozenset()


class Wrong(enum.Enum):
    """The things that a protocol can say wrongly."""

    UNFINISHED = "replies of several lines"
    NO_DOT = "bodies that a dot ends"
    SIZE = "sizes"
    TAG = "tags"
    LITERAL = "literals"
    UID_VALIDITY = "UIDs"
    CHUNK = "chunks"


@dataclass(frozen=True, slots=True)
class SilentPort:
    """A port for data is told of on which somebody listens, and says nothing."""


@dataclass(frozen=True, slots=True)
class NoTLS:
    """STARTTLS is not offered, as if somebody on the way had taken it out."""


# -- of a transport: they need ``Faults.wrap`` ----------------------------------------------------


class Direction(enum.Enum):
    """Whose octets are met."""

    SAID = "said"  #: what the server says
    HEARD = "heard"  #: what the client says


@dataclass(frozen=True, slots=True)
class TransportFault:
    """Something that happens to octets on their way.

    Args:
        direction: whose.
    """

    direction: Direction


@dataclass(frozen=True, slots=True)
class Delay(TransportFault):
    """Octets arrive later.

    Args:
        seconds: later at least.
        jitter: up to so many more, at random; their order stays.
    """

    seconds: float
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class Dribble(TransportFault):
    """Octets arrive few at a time.

    Args:
        octets: at a time.
        every: seconds between them.
    """

    octets: int
    every: float


@dataclass(frozen=True, slots=True)
class AfterOctets(TransportFault):
    """Something that happens once, behind so many octets.

    Args:
        after: octets, from when the rule was made, or the connection.
    """

    after: int


@dataclass(frozen=True, slots=True)
class Drop(AfterOctets):
    """The connection ends.

    Args:
        reset: not in order, but by a reset.
    """

    reset: bool = False


@dataclass(frozen=True, slots=True)
class Truncate(AfterOctets):
    """Drops what comes then; the connection goes on."""


@dataclass(frozen=True, slots=True)
class Garbage(AfterOctets):
    """Octets arrive that nobody has said.

    Args:
        octets: how many.
    """

    octets: int


@dataclass(frozen=True, slots=True)
class Blackhole(AfterOctets):
    """Nothing arrives any more, either way, not even the end of the connection."""


# -- of TLS ----------------------------------------------------------------------------------------


class TLSFault(enum.Enum):
    """A fault of a server's TLS."""

    EXPIRED = "expired"
    WRONG_NAME = "wrong-name"
    UNKNOWN_AUTHORITY = "unknown-authority"
    STALLED = "stalled"
    NO_CLOSE_NOTIFY = "no-close-notify"
