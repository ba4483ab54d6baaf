"""The interface of policies: what they are told, what they may say, and where they are asked."""

from __future__ import annotations

import enum
import re
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from netsuite.connection.peer import NOBODY, Peer
from netsuite.message.headers import Field, fields
from netsuite.smtp.commands import Reply, reply

#: RFC 3463, 2: status-code = class "." subject "." detail.
_enhanced: Final = re.compile(r"[45]\.[0-9]{1,3}\.[0-9]{1,3}")
_fields: Final = re.compile(rb"(?:[!-9;-~]+:(?:[^\r\n\0]*\r\n[ \t])*[^\r\n\0]*\r\n)+")
_TEXT: Final = re.compile(r"[ -~]{1,400}")


class Stage(enum.IntEnum):  # a number's hash takes a third of the time of a name's
    """Where a session, or a message, is judged."""

    CONNECTION = 0  #: before the greeting
    HELO = 1
    MAIL = 2
    RECIPIENT = 3  #: before anybody looks whether there is one
    MESSAGE = 4  #: when it has come as a whole


class PeerNames(Protocol):
    """The names of a peer's address, looked up when somebody asks, and once."""

    async def verified(self) -> Sequence[str]:
        """Return the names that lead back to the address. Raises LookupFailed."""


class NoNames:
    """The names of a peer that has none."""

    async def verified(self) -> Sequence[str]:
        """Return none."""
        return ()


class Message(Protocol):
    """A message that has come as a whole."""

    #: Its header, up to and with the empty line; at most ``HEADER_OCTETS``.
    header: bytes
    #: How large it is.
    octets: int

    def body(self) -> AsyncIterator[bytes]:
        """Return what follows the header, piece by piece; may be asked for more than once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who is at the other end.

    Args:
        service: ``smtp``, ``submission`` or ``lmtp``.
        host: the name we go by.
        peer: address, TLS, names in a verified client certificate.
        names: those that the DNS has for the address.
        helo: what it called itself; empty before it did.
        account: the account that has logged in, None without a login.
    """

    service: str = "smtp"
    host: str = "localhost"
    peer: Peer = NOBODY
    names: PeerNames = field(default_factory=NoNames)
    helo: str = ""
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known so far.

    Args:
        client: who is at the other end.
        sender: the reverse path, empty for the null path; None before MAIL.
        recipient: the one that RCPT names just now; empty at other stages.
        recipients: those that have been taken; grows while more are.
        message: None before it has come.
    """

    client: Client
    sender: str | None = None
    recipient: str = ""
    recipients: Collection[str] = ()
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal, for now or for good; never made itself, only its children.

    Args:
        text: what the client is told, in ASCII.
        code: the reply code.
        enhanced: the enhanced status code.
        close: whether the connection is closed then; after 421 it is in any case.

    Raises:
        ValueError: it could not be said: another class of code, a line end in the text.
    """

    text: str
    code: int
    enhanced: str
    close: bool = False

    def __post_init__(self) -> None:
        first = str(self.code)[:1]
        if not (self.enhanced.startswith(first) and _enhanced.fullmatch(self.enhanced)):
            raise ValueError(f"{self.enhanced!r} does not go with {self.code}")
        if not 400 <= self.code <= 599 or not _TEXT.fullmatch(self.text):
            raise ValueError(f"not to be said: {self.code} {self.text!r}")
        if self.code == 421:  # which says just that (RFC 5321, 3.8)
            object.__setattr__(self, "close", True)

    @property
    def reply(self) -> Reply:
        """What the client is told."""
        return reply(self.code, self.enhanced, self.text)


@dataclass(frozen=True, slots=True)
class Defer(Refusal):
    """Refuse for now: the client is to try again."""

    code: int = 451
    enhanced: str = "4.7.1"

    def __post_init__(self) -> None:
        Refusal.__post_init__(self)
        if self.code >= 500:
            raise ValueError(f"{self.code} is no refusal for now")


@dataclass(frozen=True, slots=True)
class Reject(Refusal):
    """Refuse for good."""

    code: int = 550
    enhanced: str = "5.7.1"

    def __post_init__(self) -> None:
        Refusal.__post_init__(self)
        if self.code < 500:
            raise ValueError(f"{self.code} is no refusal for good")


@dataclass(frozen=True, slots=True)
class Tag:
    """Take the message, and mark it.

    Args:
        fields: header fields to put before it, with line ends, as ``header_field`` prints them.
        folder: the folder of each recipient that it is for, where they have one of that name.
        dropped: fields of its header to leave out.

    Raises:
        ValueError: *fields* are none.
    """

    fields: bytes = b""
    folder: str = ""
    dropped: Sequence[Field] = ()

    def __post_init__(self) -> None:
        if self.fields and not _fields.fullmatch(self.fields):
            raise ValueError(f"no header fields: {self.fields!r}")


#: What a policy says: None accepts.
Verdict: TypeAlias = Defer | Reject | Tag | None


class Policy:
    """A judge of sessions and messages: has any of these methods, each asked in its time.

    A method that raises, or takes too long, defers.
    """

    async def connection(self, facts: Facts) -> Verdict:
        """Judge a peer by its address, before it is greeted."""

    async def helo(self, facts: Facts) -> Verdict:
        """Judge what it calls itself."""

    async def mail(self, facts: Facts) -> Verdict:
        """Judge a sender."""

    async def recipient(self, facts: Facts) -> Verdict:
        """Judge a recipient."""

    async def message(self, facts: Facts) -> Verdict:
        """Judge a message."""

    def refused(self, facts: Facts, answer: Reply) -> None:
        """Hear that a recipient was refused, by whomever; nothing can be said to that."""


def values(header: bytes, name: bytes) -> Sequence[bytes]:
    """Return the unfolded values of all fields of a name (in lower case)."""
    return [each.value for each in fields(header) if each.name.lower() == name]
