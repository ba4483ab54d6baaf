"""Link files of the University of Minnesota's server: ``.Links``, ``.names`` and ``.cap/NAME``.

A block of lines describes an entry of the directory, or a link to elsewhere; ``#`` ends it::

    Name=What people read            Host=another.example       (+: this server)
    Type=0                           Port=70                    (+: this server's)
    Path=./file, 1/selector, /abs    Numb=1                     (its place in the menu)
    URL=https://...                  Abstract=What it is about

A file below ``.cap`` describes the entry that is called as it is. A type of ``X`` or ``-`` keeps an
entry out of the menu.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from netsuite.gopher.maps.parts import PARTS, lines_of

#: The names of the files in their directory, and of the directory.
NAMES: Final = (".Links", ".links", ".names")
DIRECTORY: Final = ".cap"
#: All of them: nobody sees them, but the server reads them.
DOT_NAMES: Final = frozenset({*NAMES, DIRECTORY})
_HERE: Final = "./"
_THIS_SERVER: Final = "+"
_HIDDEN: Final = ("X", "-")


@dataclass(frozen=True, slots=True)
class Link:
    """A block of such a file; empty, or None, for what it does not say.

    Args:
        path: a selector; of an entry of the directory its name with ``./`` before it.
        number: its place in the menu: 1 is the first, -1 the last.
    """

    name: str = ""
    type: str = ""
    path: str = ""
    host: str = ""
    port: str = ""
    number: int | None = None
    abstract: str = ""

    @property
    def entry(self) -> str:
        """The name of the entry that it describes; empty for a link to elsewhere."""
        return "" if self.host or not self.path.startswith(_HERE) else self.path[len(_HERE) :]

    @property
    def is_hidden(self) -> bool:
        """Whether it keeps its entry out of the menu."""
        return self.type in _HIDDEN


def parse_links(octets: bytes) -> list[Link]:
    """Read the blocks of a file."""
    links: list[Link] = []
    block: dict[str, str] = {}
    for line in [*lines_of(octets), "#"]:
        if line.startswith("#"):
            if block and len(links) < PARTS:
                links.append(_link(block))
            block = {}
            continue
        key, equals, value = line.partition("=")
        if equals:
            block[key.strip().lower()] = value.strip()
    return links


def _link(block: Mapping[str, str]) -> Link:
    number = block.get("numb", "")
    digits = number.removeprefix("-")
    url = block.get("url", "")
    host, port = (block.get(key, "").replace(_THIS_SERVER, "") for key in ("host", "port"))
    kind = "h" if url else block.get("type", "")[:1]
    return Link(
        block.get("name", ""),
        kind,
        f"URL:{url}" if url else block.get("path", ""),
        host,
        port,
        int(number) if digits.isascii() and digits.isdigit() and len(digits) < 6 else None,
        block.get("abstract", ""),
    )
