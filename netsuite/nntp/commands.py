"""What can be said in NNTP, as frozen values: commands of the client, answers of the server, and
what those say (RFC 3977, 6 to 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Range:
    """Article numbers; both ends belong to it, None leaves it open. See RFC 3977, 9.8."""

    first: int
    last: int | None

    def __str__(self) -> str:
        if self.last == self.first:
            return str(self.first)
        return f"{self.first}-{'' if self.last is None else self.last}"


#: A number, a Message-ID with its angle brackets, or None for the current article.
ArticleRef: TypeAlias = int | str | None
#: What OVER and HDR are asked for.
RangeRef: TypeAlias = Range | str | None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Ask what the server can do now. See RFC 3977, 5.2."""

    keyword: str = ""


@dataclass(frozen=True, slots=True)
class ModeReader:
    """Say that one wants to read. See RFC 3977, 5.3."""


@dataclass(frozen=True, slots=True)
class Group:
    """Select a newsgroup."""

    name: str


@dataclass(frozen=True, slots=True)
class ListGroup:
    """Select a newsgroup (None: the one there is) and ask for its article numbers."""

    name: str | None = None
    range: Range | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """Go to the next article."""


@dataclass(frozen=True, slots=True)
class Last:
    """Go to the article before."""


@dataclass(frozen=True, slots=True)
class Article:
    """Ask for an article."""

    article: ArticleRef = None


@dataclass(frozen=True, slots=True)
class Head:
    """Ask for an article's header."""

    article: ArticleRef = None


@dataclass(frozen=True, slots=True)
class Body:
    """Ask for an article's body."""

    article: ArticleRef = None


@dataclass(frozen=True, slots=True)
class Stat:
    """Ask whether there is an article."""

    article: ArticleRef = None


@dataclass(frozen=True, slots=True)
class Over:
    """Ask for overview lines; *legacy*: as XOVER (RFC 2980, 2.8)."""

    articles: RangeRef = None
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class Hdr:
    """Ask for one field of articles; *legacy*: as XHDR (RFC 2980, 2.6)."""

    field: str
    articles: RangeRef = None
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class ListCommand:
    """Ask for a list. See RFC 3977, 7.6, and RFC 6048, 2.

    Args:
        keyword: which, in upper case.
        argument: a wildmat, or for HEADERS ``MSGID`` or ``RANGE``.
    """

    keyword: str = "ACTIVE"
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class NewGroups:
    """Ask for groups made since then; digits as written (RFC 3977, 7.3)."""

    date: str
    time: str


@dataclass(frozen=True, slots=True)
class NewNews:
    """Ask for articles come since then into groups that match (RFC 3977, 7.4)."""

    wildmat: str
    date: str
    time: str


@dataclass(frozen=True, slots=True)
class Post:
    """Begin to post an article: 340 asks for it."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What a client's dialog awaits an answer to when it has sent an article."""


@dataclass(frozen=True, slots=True)
class Date:
    """Ask for the server's time."""


@dataclass(frozen=True, slots=True)
class Help:
    """Ask for a text for people."""


@dataclass(frozen=True, slots=True)
class AuthInfoUser:
    """Say a name. See RFC 4643, 2.3."""

    name: str


@dataclass(frozen=True, slots=True)
class AuthInfoPass:
    """Say the password; it may hold spaces."""

    password: str

    def __repr__(self) -> str:
        return "AuthInfoPass(...)"


@dataclass(frozen=True, slots=True)
class AuthInfoSASL:
    """Begin a SASL exchange. See RFC 4643, 2.4.

    Args:
        initial: the initial response, base64 undone; None when none was sent.
    """

    mechanism: str
    initial: bytes | None = None

    def __repr__(self) -> str:
        return f"AuthInfoSASL({self.mechanism!r}, ...)"


@dataclass(frozen=True, slots=True)
class SASLResponse:
    """The client's answer to a challenge, base64 undone; None cancels the exchange."""

    octets: bytes | None

    def __repr__(self) -> str:
        return "SASLResponse(...)"


@dataclass(frozen=True, slots=True)
class StartTLS:
    """Go on under TLS. See RFC 4642, 2.2."""


@dataclass(frozen=True, slots=True)
class Quit:
    """End."""


Command: TypeAlias = (
    Capabilities
    | ModeReader
    | Group
    | ListGroup
    | Next
    | Last
    | Article
    | Head
    | Body
    | Stat
    | Over
    | Hdr
    | ListCommand
    | NewGroups
    | NewNews
    | Post
    | Date
    | Help
    | AuthInfoUser
    | AuthInfoPass
    | AuthInfoSASL
    | SASLResponse
    | StartTLS
    | Quit
)


@dataclass(frozen=True, slots=True)
class Status:
    """A response line; with a body behind it where ``has_body`` says so (RFC 3977, 3.2)."""

    code: int
    text: str = ""

    @property
    def ok(self) -> bool:
        """Whether the command was carried out, or goes on."""
        return self.code < 400

    def __str__(self) -> str:
        return f"{self.code:03d} {self.text}" if self.text else f"{self.code:03d}"


@dataclass(frozen=True, slots=True)
class Beginning:
    """A response line that a body follows: ``BodyChunk`` values and ``EndOfBody``."""

    code: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the server's mechanism says within an exchange; *final*: with its success (283)."""

    octets: bytes
    final: bool = False


#: (command, response code): a body follows (RFC 3977, 3.2 and 9.4.3; RFC 2980, 2.6 and 2.8).
WITH_BODY: Final = frozenset(
    {
        (Capabilities, 101),
        (Help, 100),
        (ListGroup, 211),
        (ListCommand, 215),
        (Article, 220),
        (Head, 221),
        (Body, 222),
        (Over, 224),
        (Hdr, 225),
        (Hdr, 221),
        (NewGroups, 231),
        (NewNews, 230),
    }
)


def has_body(command: object, code: int) -> bool:
    """Return whether that response to a command is followed by a body."""
    return (type(command), code) in WITH_BODY


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """What the server says of a group; ``high < low`` when it is empty (RFC 3977, 6.1.1)."""

    name: str
    count: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class ActiveGroup:
    """A line of LIST ACTIVE or NEWGROUPS: ``status`` is y, n or m (RFC 3977, 7.6.3)."""

    name: str
    high: int
    low: int
    status: str


@dataclass(frozen=True, slots=True)
class ArticleName:
    """Which article an answer is about; ``number`` is 0 for one asked for by Message-ID."""

    number: int
    message_id: str


@dataclass(frozen=True, slots=True)
class Overview:
    """A line of OVER: the fields of RFC 3977, 8.3 as sent, and those behind them by name."""

    number: int
    subject: str
    sender: str
    date: str
    message_id: str
    references: str
    octets: int | None
    lines: int | None
    others: Mapping[str, str]
