"""Gophermap files: a directory's menu as its owner wants it, in Bucktooth's form.

A line without a TAB is text to show. Others are items::

    Xtext TAB [selector] [TAB host] [TAB port]

A selector that is left out is the text; one that is relative is below the directory of the file;
a host and port left out are this server's.
"""

from __future__ import annotations

import posixpath
from typing import Final

from netsuite.gopher.commands import Item, information

#: The name of the file in its directory.
NAME: Final = "gophermap"
#: What is read of one, at most.
OCTETS: Final = 256 * 1024
_ITEMS: Final = 5000


def parse_gophermap(octets: bytes, directory: str) -> list[Item]:
    """Read a gophermap; the selector of its directory begins with a slash, the root is ``/``."""
    items: list[Item] = []
    text = octets[:OCTETS].decode("utf-8", "replace").replace("\r\n", "\n")
    for line in text.removesuffix("\n").split("\n"):
        if len(items) == _ITEMS:
            items.append(information("(there is more, which is too much)"))
            break
        items.append(_item(line, directory))
    return items


def _item(line: str, directory: str) -> Item:
    text, *fields = line.split("\t")
    if not fields or not text:
        return information(line)
    selector, host, port = (field.strip() for field in (*fields, "", "", "")[:3])
    selector = selector or text[1:]
    number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 0
    if not host and not selector.startswith(("/", "URL:")):
        selector = posixpath.normpath(posixpath.join(directory, selector))
    return Item(text[0], text[1:], selector, host, number if number < 65536 else 0)
