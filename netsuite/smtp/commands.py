"""The vocabulary of SMTP, as frozen values: commands of the client, replies of the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from netsuite.message.address import Address
from netsuite.sasl.lines import Auth, AuthResponse


@dataclass(frozen=True, slots=True)
class Ehlo:
    """Greet, and ask for extensions. See RFC 5321, 4.1.1.1."""

    domain: str


@dataclass(frozen=True, slots=True)
class Helo:
    """Greet, the old way."""

    domain: str


@dataclass(frozen=True, slots=True)
class Lhlo:
    """Greet in LMTP. See RFC 2033, 4.1."""

    domain: str


@dataclass(frozen=True, slots=True)
class Mail:
    """Begin a message. See RFC 5321, 4.1.1.2.

    Args:
        sender: the reverse path, None for the null path.
        size: what the client thinks the message has, in octets (RFC 1870, 5).
        body: ``7BIT``, ``8BITMIME``, ``BINARYMIME``, or empty for not said (RFC 6152).
        utf8: SMTPUTF8 was said (RFC 6531, 3.4).
        auth: who submitted it, as the client says (RFC 4954, 5); None for not said.
        others: parameters not named above: keyword in upper case, value (empty for none).
    """

    sender: Address | None
    size: int | None = None
    body: str = ""
    utf8: bool = False
    auth: str | None = None
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rcpt:
    """Name a recipient. See RFC 5321, 4.1.1.3."""

    recipient: Address
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Data:
    """Send the message, ended by a dot. See RFC 5321, 4.1.1.4."""


@dataclass(frozen=True, slots=True)
class Bdat:
    """Send a counted chunk of the message. See RFC 3030, 2."""

    octets: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class Rset:
    """Forget the message begun."""


@dataclass(frozen=True, slots=True)
class Noop:
    """Do nothing."""

    argument: str = ""


@dataclass(frozen=True, slots=True)
class Quit:
    """End."""


@dataclass(frozen=True, slots=True)
class Vrfy:
    """Ask whether an address exists."""

    argument: str


@dataclass(frozen=True, slots=True)
class Expn:
    """Ask who is on a list."""

    argument: str


@dataclass(frozen=True, slots=True)
class Help:
    """Ask for help."""

    argument: str = ""


@dataclass(frozen=True, slots=True)
class StartTls:
    """Go on under TLS. See RFC 3207, 4."""


@dataclass(frozen=True, slots=True)
class EndOfChunk:
    """The octets that a BDAT announced have all come; more chunks will."""


Command: TypeAlias = (
    Ehlo
    | Helo
    | Lhlo
    | Mail
    | Rcpt
    | Data
    | Bdat
    | Rset
    | Noop
    | Quit
    | Vrfy
    | Expn
    | Help
    | StartTls
    | Auth
    | AuthResponse
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply. See RFC 5321, 4.2.

    Args:
        code: three digits.
        enhanced: the enhanced status code, ``2.1.0``, or empty (RFC 2034).
        lines: its text, at least one line, each without a line end.
    """

    code: int
    enhanced: str = ""
    lines: tuple[str, ...] = ("OK",)

    @property
    def positive(self) -> bool:
        """Whether it says yes, or go on."""
        return self.code < 400

    @property
    def permanent(self) -> bool:
        """Whether asking again is of no use."""
        return self.code >= 500

    @property
    def text(self) -> str:
        """Its lines as one."""
        return " ".join(self.lines)

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)


def reply(code: int, enhanced: str, *lines: str) -> Reply:
    """Make a reply."""
    return Reply(code, enhanced, lines)
