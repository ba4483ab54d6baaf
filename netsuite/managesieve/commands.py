"""ManageSieve as frozen values: commands of the client, responses of the server."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TypeAlias

from netsuite.sasl.lines import Auth, AuthResponse


@dataclass(frozen=True, slots=True)
class Capability:
    """Ask what there is. See RFC 5804, 2.4."""


@dataclass(frozen=True, slots=True)
class StartTls:
    """Go on under TLS (2.2)."""


@dataclass(frozen=True, slots=True)
class Logout:
    """End (2.3)."""


@dataclass(frozen=True, slots=True)
class Noop:
    """Do nothing, and say a tag, if there is one (2.13)."""

    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Unauthenticate:
    """Leave the account, and stay for another (2.14.1)."""


@dataclass(frozen=True, slots=True)
class HaveSpace:
    """Ask whether a script of a size could be put (2.5)."""

    name: str
    octets: int


@dataclass(frozen=True, slots=True)
class PutScript:
    """Put a script (2.6)."""

    name: str
    script: bytes


@dataclass(frozen=True, slots=True)
class CheckScript:
    """Have a script checked, and not kept (2.12)."""

    script: bytes


@dataclass(frozen=True, slots=True)
class ListScripts:
    """Ask which there are (2.7)."""


@dataclass(frozen=True, slots=True)
class SetActive:
    """Make a script the active one; an empty name: have none be (2.8)."""

    name: str


@dataclass(frozen=True, slots=True)
class GetScript:
    """Ask for a script (2.9)."""

    name: str


@dataclass(frozen=True, slots=True)
class DeleteScript:
    """Remove a script (2.10)."""

    name: str


@dataclass(frozen=True, slots=True)
class RenameScript:
    """Rename a script (2.11)."""

    name: str
    new: str


Command: TypeAlias = (
    Auth
    | AuthResponse
    | Capability
    | StartTls
    | Logout
    | Noop
    | Unauthenticate
    | HaveSpace
    | PutScript
    | CheckScript
    | ListScripts
    | SetActive
    | GetScript
    | DeleteScript
    | RenameScript
)


class Status(enum.Enum):
    """The word of a response (1.2)."""

    OK = "OK"
    NO = "NO"
    BYE = "BYE"


@dataclass(frozen=True, slots=True)
class Response:
    """The end of an answer.

    Args:
        code: a response code, ``QUOTA/MAXSIZE``, or empty (1.3).
        argument: of the code: SASL's last data in base64, or NOOP's tag; None for none.
        text: for people; it may have several lines.
    """

    status: Status
    text: str = ""
    code: str = ""
    argument: bytes | None = None


@dataclass(frozen=True, slots=True)
class CapabilityLine:
    """One capability; None where it has no value."""

    name: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """One script of a list."""

    name: str
    active: bool = False


@dataclass(frozen=True, slots=True)
class ScriptText:
    """A script, as GETSCRIPT gives it."""

    octets: bytes


def ok(text: str = "", code: str = "", argument: bytes | None = None) -> Response:
    """Make a positive response."""
    return Response(Status.OK, text, code, argument)


def no(text: str, code: str = "") -> Response:
    """Make a negative response."""
    return Response(Status.NO, text, code)


def bye(text: str, code: str = "") -> Response:
    """Make the last response of a session."""
    return Response(Status.BYE, text, code)
