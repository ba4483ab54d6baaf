"""The parts of a menu that a directory's owner has written: items, and what stands for several."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from netsuite.gopher.commands import Item, information

#: What is read of a file that describes a menu, at most.
OCTETS: Final = 256 * 1024
#: Parts of one menu.
PARTS: Final = 5000
TOO_MUCH: Final = information("(there is more, which is too much)")
#: The port of Gopher, where a map names another host and no port.
PORT: Final = 70


@dataclass(frozen=True, slots=True)
class Include:
    """The place of another map's parts.

    Args:
        path: from the directory of the map, or with a slash at its beginning from the root.
    """

    path: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """The place of links to what accounts show."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """The place of links to the hosts that this server also is."""


Part: TypeAlias = Item | Include | Accounts | Hosts


@dataclass(frozen=True, slots=True)
class Map:
    """A menu as it was written.

    Args:
        parts: in their order.
        listing: whether the entries of the directory follow.
        hidden: names of entries that are not listed.
        types: types of items by the extension of names, for this directory.
    """

    parts: tuple[Part, ...] = ()
    listing: bool = False
    hidden: frozenset[str] = frozenset()
    types: Mapping[str, str] = field(default_factory=dict)


def lines_of(octets: bytes) -> list[str]:
    """Return the lines of a map; octets that are no UTF-8 stay what they are, as in names."""
    text = octets[:OCTETS].decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    return text.removesuffix("\n").split("\n") if text else []


def located(kind: str, text: str, selector: str, host: str, port: str, directory: str) -> Item:
    """Return an item of a map. Without a host a selector that is relative is below the directory,
    whose own selector begins with a slash."""
    number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 0
    if number > 65535:
        number = 0
    if host:
        return Item(kind, text, selector, host, number or PORT)
    if not selector.startswith(("/", "URL:")):
        selector = posixpath.normpath(posixpath.join(directory, selector))
    return Item(kind, text, selector, "", number)
