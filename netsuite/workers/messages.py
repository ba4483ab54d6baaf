"""Messages between the parent and its workers, as lines of JSON: an array of a kind and its values.

========== ============== =======================================================================
kind       direction      meaning
========== ============== =======================================================================
``ready``  to the parent  it serves
``log``    to the parent  an event of its log, as ``twisted.logger`` writes events in JSON
``wanted`` to the parent  it could take a role
``held``   to a worker    the role is its own from now on
``drain``  to a worker    take nothing new, end what is under way, then end
``tell``   both           a topic, and what is told of it
``ask``    both           a number, a question, and what is asked with it
``answer`` both           the number of what was asked, and all answers to it
========== ============== =======================================================================
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Final, TypeAlias, TypeVar, get_type_hints

from netsuite.bus import Value

#: The longest line: the sessions of ten thousand clients have three million octets.
LINE_OCTETS: Final = 16 * 1024 * 1024

M = TypeVar("M")


class BadMessage(Exception):
    """What came is no message."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker serves."""


@dataclass(frozen=True, slots=True)
class Log:
    """A worker has logged something."""

    event: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A worker could take a role."""

    role: str


@dataclass(frozen=True, slots=True)
class Held:
    """A worker has a role."""

    role: str


@dataclass(frozen=True, slots=True)
class Drain:
    """A worker has to end."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Somebody tells all others."""

    topic: str
    value: Value


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody asks all others."""

    number: int
    question: str
    value: Value


@dataclass(frozen=True, slots=True)
class Answer:
    """What they have answered."""

    number: int
    values: Sequence[Value]


Message: TypeAlias = Ready | Log | Wanted | Held | Drain | Tell | Ask | Answer

_KINDS: Final[dict[str, type[Message]]] = {
    kind.__name__.lower(): kind for kind in (Ready, Log, Wanted, Held, Drain, Tell, Ask, Answer)
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}
#: Of each kind, what its values must be; what JSON has is not looked at.
_TYPES: Final = {
    kind: [{str: str, int: int}.get(hint, object) for hint in get_type_hints(kind).values()]
    for kind in _NAMES
}
_encode: Final[Callable[[object], str]] = json.JSONEncoder(
    separators=(",", ":"), allow_nan=False
).encode


def written(message: Message) -> bytes:
    """Return a message as a line. Raises BadMessage for what JSON does not have, or is longer than
    ``LINE_OCTETS``."""
    kind = type(message)
    values = [getattr(message, field.name) for field in fields(kind)]
    try:
        line = _encode([_NAMES[kind], *values]).encode("ascii") + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise BadMessage(f"{_NAMES[kind]}: {error}") from None
    if len(line) > LINE_OCTETS:
        raise BadMessage(f"{_NAMES[kind]}: {len(line)} octets are too many")
    return line


def read(line: bytes) -> Message:
    """Return the message of a line. Raises BadMessage."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"no JSON: {error}") from None
    if not isinstance(found, list) or not found or not isinstance(found[0], str):
        raise BadMessage("no array that begins with a kind")
    kind = _KINDS.get(found[0])
    if kind is None:
        raise BadMessage(f"there is no kind {found[0][:20]!r}")
    values, types = found[1:], _TYPES[kind]
    if len(values) != len(types) or not all(map(isinstance, values, types)):
        raise BadMessage(f"{found[0]} has other values")
    if kind is Answer and not isinstance(values[1], list):
        raise BadMessage("answers are an array")
    return kind(*values)


class Lines:
    """Octets as they come, cut into messages."""

    def __init__(self) -> None:
        self._left = bytearray()

    @property
    def left(self) -> bytes:
        """What has come of a message that is not whole."""
        return bytes(self._left)

    def receive(self, octets: bytes) -> list[Message]:
        """Accept octets; return the messages that are whole by now. Raises BadMessage, after which
        nothing more can be understood."""
        begin = len(self._left)
        self._left += octets
        end = self._left.rfind(b"\n", begin)
        if end < 0:
            if len(self._left) > LINE_OCTETS:
                raise BadMessage(f"a line of more than {LINE_OCTETS} octets")
            return []
        whole = bytes(self._left[:end])
        del self._left[: end + 1]
        return [read(line) for line in whole.split(b"\n")]
