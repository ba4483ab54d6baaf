"""The values of Gopher: one request, and the items of a menu."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime


class ItemType(enum.Enum):
    """The types of items, each by its one character (RFC 1436, 3.8; and others in use)."""

    TEXT = "0"
    MENU = "1"
    CSO = "2"
    ERROR = "3"
    BINHEX = "4"
    DOS_BINARY = "5"
    UUENCODED = "6"
    SEARCH = "7"
    TELNET = "8"
    BINARY = "9"
    REDUNDANT = "+"
    TN3270 = "T"
    GIF = "g"
    IMAGE = "I"
    HTML = "h"
    INFORMATION = "i"
    SOUND = "s"
    DOCUMENT = "d"
    MOVIE = ";"
    CALENDAR = "c"
    MAIL = "M"


@dataclass(frozen=True, slots=True)
class Request:
    """A client's request.

    Args:
        selector: names the item; empty for the root menu.
        search: the words behind a selector of type 7; None where none were sent.
        plus: what a Gopher+ client appended (``+``, ``!``, ``$`` ...), empty for none.
    """

    selector: str = ""
    search: str | None = None
    plus: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """What of it there is, in the order it is said."""
        search = () if self.search is None else (self.search,)
        return (self.selector, *search, self.plus) if self.plus else (self.selector, *search)


@dataclass(frozen=True, slots=True)
class About:
    """The attributes of an item, for Gopher+; None or empty for what is not known.

    Args:
        modified: when its content was changed last, in UTC.
        octets: of its content.
        media: the type of its content, as MIME has it.
        abstract: what it is about.
    """

    modified: datetime | None = None
    octets: int | None = None
    media: str = ""
    abstract: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a menu.

    Args:
        type: its character, which may be one that ``ItemType`` does not know.
        text: what the user reads.
        selector: what to ask for it.
        host: where; empty for this server, whose name the server puts in.
        port: likewise, 0 for this server's.
        about: its attributes, of an item of ours.
    """

    type: str
    text: str
    selector: str = ""
    host: str = ""
    port: int = 0
    about: About | None = None


def title(text: str) -> Item:
    """Return the line that says what a menu is, as clients know it."""
    return Item(ItemType.INFORMATION.value, text, "TITLE", "error.host", 1)


def information(text: str) -> Item:
    """Return a line that only says something."""
    return Item(ItemType.INFORMATION.value, text, "", "error.host", 1)


def error(text: str) -> Item:
    """Return a line that says what went wrong (RFC 1436, 3.6)."""
    return Item(ItemType.ERROR.value, text, "", "error.host", 1)
