"""Files in the form of geomyidae, whose names end with ``.gph``.

::

    [X|text|selector|host|port]

is an item, where the words ``server`` and ``port`` stand for this server's; ``\\|`` is a bar within
a field. All other lines are text to show; a ``t`` at the beginning of one is left out, so that a
text may begin with a bracket.
"""

from __future__ import annotations

import re
from typing import Final

from netsuite.gopher.commands import information
from netsuite.gopher.maps.parts import PARTS, TOO_MUCH, Map, Part, lines_of, located

SUFFIX: Final = ".gph"
#: The menu of its directory.
NAME: Final = "index.gph"
_ITEM: Final = re.compile(rb"^\[[^|\r\n]\|", re.MULTILINE)
_BAR: Final = re.compile(r"(?<!\\)\|")
_FIELDS: Final = 5
_SERVER: Final = "server"
_PORT: Final = "port"


def is_menu(octets: bytes) -> bool:
    """Return whether a file is a menu and no mere text: an item is in what is given of it."""
    return _ITEM.search(octets) is not None


def parse_gph(octets: bytes, directory: str) -> Map:
    """Read a file; the selector of its directory begins with a slash, the root is ``/``."""
    parts: list[Part] = []
    for line in lines_of(octets):
        if len(parts) == PARTS:
            parts.append(TOO_MUCH)
            break
        if line[:1] == "[" and line[2:3] == "|":
            parts.append(_item(line.rstrip(), directory))
        else:
            parts.append(information(line.removeprefix("t")))
    return Map(tuple(parts))


def _item(line: str, directory: str) -> Part:
    fields = [each.replace("\\|", "|") for each in _BAR.split(line[1:].removesuffix("]"))]
    kind, text, selector, host, port = [*fields, "", "", "", ""][:_FIELDS]
    if kind == "i":
        return information(text)
    host = "" if host == _SERVER else host
    return located(kind, text, selector, host, "" if port == _PORT else port, directory)
