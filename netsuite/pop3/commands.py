"""POP3 as frozen values: commands of the client, answers of the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from netsuite.sasl.lines import Auth, AuthResponse


@dataclass(frozen=True, slots=True)
class User:
    """Name the mailbox. See RFC 1939, 7."""

    name: str


@dataclass(frozen=True, slots=True)
class Pass:
    """The password; it may hold spaces."""

    password: str

    def __repr__(self) -> str:
        return "Pass(...)"


@dataclass(frozen=True, slots=True)
class Capa:
    """Ask for capabilities. See RFC 2449, 5."""


@dataclass(frozen=True, slots=True)
class Stls:
    """Go on under TLS. See RFC 2595, 4."""


@dataclass(frozen=True, slots=True)
class Utf8:
    """Go on in UTF-8 mode. See RFC 6856, 2.1."""


@dataclass(frozen=True, slots=True)
class Lang:
    """Choose the language of texts, or ask for those there are (None). See RFC 6856, 3."""

    language: str | None = None


@dataclass(frozen=True, slots=True)
class Stat:
    """Ask how many messages there are, and how large they are together."""


@dataclass(frozen=True, slots=True)
class List:
    """Ask for sizes, of one message or of all (None)."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class Uidl:
    """Ask for unique names, of one message or of all (None)."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class Retr:
    """Ask for a message."""

    number: int


@dataclass(frozen=True, slots=True)
class Top:
    """Ask for a message's header and the first lines of its body."""

    number: int
    lines: int


@dataclass(frozen=True, slots=True)
class Dele:
    """Mark a message as deleted."""

    number: int


@dataclass(frozen=True, slots=True)
class Noop:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Rset:
    """Take all marks back."""


@dataclass(frozen=True, slots=True)
class Quit:
    """End; what was marked is removed."""


Command: TypeAlias = (
    User
    | Pass
    | Auth
    | AuthResponse
    | Capa
    | Stls
    | Utf8
    | Lang
    | Stat
    | List
    | Uidl
    | Retr
    | Top
    | Dele
    | Noop
    | Rset
    | Quit
)


@dataclass(frozen=True, slots=True)
class Status:
    """A status line. See RFC 1939, 3.

    Args:
        ok: ``+OK`` rather than ``-ERR``.
        text: behind it.
        code: a response code without its brackets, ``IN-USE``, or empty (RFC 2449, 8).
    """

    ok: bool
    text: str = ""
    code: str = ""

    def __str__(self) -> str:
        words = ["+OK" if self.ok else "-ERR", f"[{self.code}]" if self.code else "", self.text]
        return " ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class Beginning:
    """``+OK`` and a body after it: ``BodyChunk`` values and ``EndOfBody`` must follow."""

    text: str = ""


def ok(text: str = "") -> Status:
    """Make a positive status."""
    return Status(True, text)


def err(text: str, code: str = "") -> Status:
    """Make a negative status."""
    return Status(False, text, code)


#: Commands whose positive answer always has a body.
_WITH_BODY = frozenset({Capa, Retr, Top})


def has_body(command: Command) -> bool:
    """Return whether the positive answer to a command is followed by a body."""
    if isinstance(command, List | Uidl):
        return command.number is None
    if isinstance(command, Lang):
        return command.language is None
    if isinstance(command, Auth):
        return not command.mechanism
    return type(command) in _WITH_BODY
