"""Gopher+: what a client appends to a request, and how it is answered.

A request's last field is one of these (Anklesaria et al., "Gopher+: upward compatible enhancements
to the Internet Gopher protocol", 1993; it is no RFC)::

    +[view]       the item, in a form of one's choice      ![+BLOCK...]   its attributes
                                                           $[+BLOCK...]   those of a menu's items

The answer begins with its length, ``-1`` where a dot on a line of its own ends it and ``-2`` where
the connection does; behind ``--`` there is an error instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from netsuite.gopher.commands import About, Item
from netsuite.gopher.grammar import format_item

#: The length of an answer that a dot ends, and of one that ends with the connection.
UNTIL_DOT: Final = -1
UNTIL_CLOSED: Final = -2
MENU_MEDIA: Final = "application/gopher-menu"
#: What an item of Gopher+ has behind its port.
MARK: Final = b"\t+"

_ASKED: Final = re.compile(r"([!$])((?:\+[A-Z-]+)*)", re.IGNORECASE)
_BLOCKS: Final = ("INFO", "ADMIN", "VIEWS", "ABSTRACT")
_CODES: Final = {True: 1, False: 2}  # item is not available; try again later


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is asked about an item, or about each item of a menu.

    Args:
        of_menu: whether it is about each.
        blocks: names of blocks, in capitals; empty for all.
    """

    of_menu: bool
    blocks: tuple[str, ...] = ()


def parse_attributes(field: str) -> Attributes | None:
    """Read the last field of a request; None where it asks for the item itself."""
    asked = _ASKED.fullmatch(field)
    if asked is None:
        return None
    blocks = tuple(filter(None, asked[2].upper().split("+")))
    return Attributes(asked[1] == "$", blocks)


def header(octets: int) -> bytes:
    """Return the line before an answer of so many octets, ``UNTIL_DOT`` or ``UNTIL_CLOSED``."""
    return b"+%d\r\n" % octets


def refusal(text: str, admin: str, *, gone: bool) -> bytes:
    """Return an answer that is an error.

    Args:
        admin: whom to write to.
        gone: whether it will not be there later either.
    """
    return f"--1\r\n{_CODES[gone]} <{admin}>\r\n{text}\r\n.\r\n".encode()


def format_attributes(
    items: tuple[Item, ...], asked: Attributes, *, host: str, port: int, admin: str
) -> bytes:
    """Print the attributes of items: blocks, each of a name and of lines that begin with a space.

    Args:
        host: of this server.
        port: likewise.
        admin: whom to write to about them.
    """
    wanted = [each for each in _BLOCKS if not asked.blocks or each in (*asked.blocks, "INFO")]
    pieces = [header(UNTIL_DOT)]
    for item in items:
        about = item.about or About()
        for block in wanted:
            pieces += _block(block, item, about, host, port, admin)
    return b"".join([*pieces, b".\r\n"])


def _block(block: str, item: Item, about: About, host: str, port: int, admin: str) -> list[bytes]:
    if block == "INFO":
        return [b"+INFO: ", format_item(item, host, port, mark=True)]
    lines: list[str] = []
    if block == "ADMIN":
        lines.append(f"Admin: <{admin}>")
        if about.modified is not None:
            lines.append(f"Mod-Date: {_date(about.modified)}")
    elif block == "VIEWS" and about.media:
        size = "" if about.octets is None else f" <{max(1, round(about.octets / 1024))}k>"
        lines.append(f"{about.media}:{size}")
    elif block == "ABSTRACT" and about.abstract:
        lines += about.abstract.splitlines()
    if not lines:
        return []
    return [f"+{block}:\r\n".encode(), *(f" {line}\r\n".encode() for line in lines)]


def _date(moment: datetime) -> str:
    return f"{moment:%a %b %d %H:%M:%S %Y} <{moment:%Y%m%d%H%M%S}>"
