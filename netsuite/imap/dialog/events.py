"""Events of a server's dialog beside whole commands, and the bounds of what it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from netsuite.imap.commands.requests import Command
from netsuite.imap.commands.responses import Completion, Response
from netsuite.wire.events import BodyChunk, EndOfBody, EndOfInput


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one command may cost, in octets.

    Args:
        line_octets: one command's lines together (RFC 2683, 3.2.1.5 asks for 8000).
        literal_octets: all its literals together, but for the message of APPEND.
        fresh_octets: both of these before a login.
        response_octets: one line of a SASL exchange.
        append_octets: the message of APPEND.
        skip_octets: what is read and dropped to get past a literal that was refused but came
            nevertheless; beyond it the connection is closed (RFC 7888, 4).
    """

    line_octets: int = 65_536
    literal_octets: int = 65_536
    fresh_octets: int = 8_192
    response_octets: int = 16_384
    append_octets: int = 100 * 1024 * 1024
    skip_octets: int = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class WantsLiteral:
    """The client announced a literal that may come: answer with ``Continue``."""

    octets: int


@dataclass(frozen=True, slots=True)
class AuthenticateResponse:
    """The client's response to a challenge, base64 undone."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class AuthenticateCancelled:
    """The client gave up its AUTHENTICATE (RFC 3501, 6.2.2)."""


@dataclass(frozen=True, slots=True)
class IdleDone:
    """The client said DONE."""


#: What a server's dialog gives, and takes.
ServerEvent: TypeAlias = (
    Command
    | WantsLiteral
    | AuthenticateResponse
    | AuthenticateCancelled
    | IdleDone
    | BodyChunk
    | EndOfBody
    | EndOfInput
)
ServerSaid: TypeAlias = Response | Completion
