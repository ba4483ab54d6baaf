"""What a dialog can answer besides its protocol's own commands: two needs, three events."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias


class Need(enum.Enum):
    """Why ``next_event`` has no event to give."""

    DATA = "the peer must say more first"
    PAUSED = "the last command is not answered yet"


NEED_DATA: Final = Need.DATA
PAUSED: Final = Need.PAUSED


@dataclass(frozen=True, slots=True)
class BodyChunk:
    """Some octets of the body that the last command announced, transfer framing removed."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class EndOfBody:
    """The body is whole; the command that announced it can now be answered."""


@dataclass(frozen=True, slots=True)
class EndOfInput:
    """The peer has closed its half; nothing more will come."""


#: Events are values of any type: a protocol's commands and the three above.
Event: TypeAlias = Any


class Dialog(Protocol):
    """The sans-I/O machine of one connection: octets in, events out, values back, octets out.

    It knows no socket, no clock and no randomness, so it runs from a bytes literal. The one
    rule from which order, pipelining and back-pressure follow: after an event that wants an
    answer ``next_event`` gives ``PAUSED`` until ``send`` has been given the final answer.

    Exceptions of ``next_event``: only ``RemoteProtocolError`` (say its ``reply``, go on, or
    close if it says so). Of ``send``: only ``LocalProtocolError``.
    """

    def receive(self, octets: bytes) -> None:
        """Take what the transport brought."""

    def receive_eof(self) -> None:
        """Take note that the transport will bring nothing more."""

    def next_event(self) -> Event:
        """Give the next event, or ``NEED_DATA``, or ``PAUSED``."""

    def send(self, value: Any) -> bytes:
        """Give the octets of an answer (server) or a command (client); step the state."""

    def discard_input(self) -> int:
        """Drop every octet received and not yet read; give how many there were.

        Called at a security boundary (STARTTLS): what was buffered came in the clear.
        """


Answer: TypeAlias = Callable[..., Any]
