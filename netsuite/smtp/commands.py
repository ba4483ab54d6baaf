"""The vocabulary of SMTP, as frozen values: commands of the client, replies of the server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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
class By:
    """By when a message is to have arrived (RFC 2852, 4).

    Args:
        seconds: from when MAIL is said; not above 0 only for a delay that is to be told of.
        returned: whether it is given back then (``R``), or its sender told of the delay (``N``).
        trace: whether the sender wants to hear of each relaying (``T``).
    """

    seconds: int
    returned: bool
    trace: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """Begin a message. See RFC 5321, 4.1.1.2.

    Args:
        sender: the reverse path, None for the null path.
        size: what the client thinks the message has, in octets (RFC 1870, 5).
        body: ``7BIT``, ``8BITMIME``, ``BINARYMIME``, or empty for not said (RFC 6152).
        utf8: SMTPUTF8 was said (RFC 6531, 3.4).
        auth: who submitted it, as the client says (RFC 4954, 5); None for not said.
        others: parameters not named here: keyword in upper case, value (empty for none).
        ret: ``FULL`` or ``HDRS``; empty for not said (RFC 3461, 4.3).
        envelope_id: ENVID, its xtext undone; empty for not said (RFC 3461, 4.4).
        require_tls: REQUIRETLS was said (RFC 8689, 2).
        by: what BY says (RFC 2852, 4); None for not said.
        hold_for: seconds that it is to be held before it leaves (RFC 4865, 3); None for not said.
        hold_until: when it is to leave instead; aware.
    """

    sender: Address | None
    size: int | None = None
    body: str = ""
    utf8: bool = False
    auth: str | None = None
    others: tuple[tuple[str, str], ...] = ()
    ret: str = ""
    envelope_id: str = ""
    require_tls: bool = False
    by: By | None = None
    hold_for: int | None = None
    hold_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rcpt:
    """Name a recipient. See RFC 5321, 4.1.1.3.

    Args:
        others: parameters not named here, as those of ``Mail``.
        notify: of what the sender wants to be told: ``NEVER``, or some of ``SUCCESS``, ``FAILURE``
            and ``DELAY``, in this order, with commas between (RFC 3461, 4.1); empty for not said.
        original: ORCPT, its coding undone: ``rfc822;a@b`` (RFC 3461, 4.2); empty for not said.
    """

    recipient: Address
    others: tuple[tuple[str, str], ...] = ()
    notify: str = ""
    original: str = ""


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
