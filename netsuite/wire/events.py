"""The interface of dialogs, and the events that all of them have in common."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar


class Need(enum.Enum):
    """Why ``next_event`` has no event."""

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


E_co = TypeVar("E_co", covariant=True)
S_contra = TypeVar("S_contra", contravariant=True)


class Dialog(Protocol[E_co, S_contra]):
    """The sans-I/O machine of one connection: octets in, events out, values back, octets out.

    It knows no socket, no clock and no randomness, so it runs from a bytes literal. The one
    rule from which order, pipelining and back-pressure follow: after an event that wants an
    answer ``next_event`` returns ``PAUSED`` until ``send`` has been given the final answer.

    Exceptions of ``next_event``: only ``RemoteProtocolError`` (say its ``reply``, go on, or
    close if it says so). Of ``send``: only ``LocalProtocolError``.
    """

    @property
    def hears_while_writing(self) -> bool:
        """Whether events are to be taken also while the peer does not read what we say: by a
        client, that must hear a refusal while it uploads, and where both sides send frames at any
        time."""

    def receive(self, octets: bytes) -> None:
        """Accept what the transport brought."""

    def receive_eof(self) -> None:
        """Accept that the transport will bring nothing more."""

    def next_event(self) -> E_co | Need:
        """Return the next event, or ``NEED_DATA``, or ``PAUSED``."""

    def send(self, value: S_contra) -> bytes:
        """Return the octets of an answer (server) or a command (client); step the state."""

    def discard_input(self) -> int:
        """Drop every octet received and not yet read; return how many there were.

        Called at a security boundary (STARTTLS): what was buffered came in the clear.
        """
