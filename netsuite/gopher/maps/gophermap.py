"""Gophermap files: Bucktooth's form, with what Gophernicus adds to it.

Lines with a TAB are items::

    Xtext TAB [selector] [TAB host] [TAB port]

A selector that is left out is the text, but where a host is named: then it is empty, which is that
host's root menu. A selector that is relative is below the directory of the file.

All other lines are text to show, but for these::

    # ...         a comment, with a TAB or without        *   the directory's entries, and the end
    !title        a title                               .   the end
    -name         an entry that is not listed           ~   what accounts show
    :ext=type     the type of files of that extension   %   the hosts that this server also is
    =path         another map in this place

Rulers and lists of points, which older maps are full of, stay text: ``-----``, ``- point``,
``* point``, ``===``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from netsuite.gopher.commands import information, title
from netsuite.gopher.maps.parts import (
    PARTS,
    TOO_MUCH,
    Accounts,
    Hosts,
    Include,
    Map,
    Part,
    lines_of,
    located,
)

#: The name of the file in its directory.
NAME: Final = "gophermap"
#: What files are called that stand in a listing with their parts.
SUFFIX: Final = ".gophermap"
_HIDDEN: Final = re.compile(r"-([^-\s].*)", re.DOTALL)
_INCLUDED: Final = re.compile(r"=([^=\s].*)", re.DOTALL)
_TYPED: Final = re.compile(r":\.?([^\s=.]+)=(\S)\s*")
_GROUPS: Final[Mapping[str, Part]] = {"~": Accounts(), "%": Hosts()}
_LISTING: Final = "*"
_END: Final = "."


def parse_gophermap(octets: bytes, directory: str) -> Map:
    """Read a gophermap; the selector of its directory begins with a slash, the root is ``/``."""
    parts: list[Part] = []
    hidden: set[str] = set()
    types: dict[str, str] = {}
    listing = False
    for line in lines_of(octets):
        if line.startswith("#"):
            continue
        if len(parts) == PARTS:
            parts.append(TOO_MUCH)
            break
        if "\t" in line:
            parts.append(_item(line, directory))
            continue
        word = line.rstrip()
        if word in (_LISTING, _END):
            listing = word == _LISTING
            break
        if word in _GROUPS:
            parts.append(_GROUPS[word])
        elif found := _HIDDEN.fullmatch(word):
            hidden.add(found[1].rstrip("/"))
        elif found := _INCLUDED.fullmatch(word):
            parts.append(Include(found[1]))
        elif found := _TYPED.fullmatch(line):
            types[found[1].lower()] = found[2]
        else:
            parts.append(title(line[1:]) if line.startswith("!") else information(line))
    return Map(tuple(parts), listing, frozenset(hidden), types)


def _item(line: str, directory: str) -> Part:
    text, *fields = line.split("\t")
    if not text:
        return information(line)
    selector, host, port = (field.strip() for field in (*fields, "", "", "")[:3])
    if not selector and not host:
        selector = text[1:]
    return located(text[0], text[1:], selector, host, port, directory)
