"""Events of a server's dialog beside whole commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from netsuite.imap.commands.append import Piece
from netsuite.imap.commands.requests import Command
from netsuite.imap.commands.responses import Completion, Response
from netsuite.wire.events import BodyChunk, EndOfBody, EndOfInput


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


@dataclass(frozen=True, slots=True)
class AppendMore:
    """What comes behind a literal of an APPEND or REPLACE: pieces, up to the next literal, or to
    the command's end where none is among them."""

    pieces: tuple[Piece, ...]


#: What a server's dialog gives, and takes.
ServerEvent: TypeAlias = (
    Command
    | WantsLiteral
    | AuthenticateResponse
    | AuthenticateCancelled
    | IdleDone
    | AppendMore
    | BodyChunk
    | EndOfBody
    | EndOfInput
)
ServerSaid: TypeAlias = Response | Completion
