"""Octets to requests and items, and back (RFC 1436, appendix)."""

from __future__ import annotations

import re
from typing import Final

from netsuite.gopher.commands import Item, Request
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError

#: RFC 1436, appendix: a selector has at most 255 octets, a menu's text should have 70 characters.
#: A request may hold a selector, a search and what Gopher+ adds.
SELECTOR_OCTETS: Final = 255
REQUEST_OCTETS: Final = 1024
#: A line of a menu that we read.
ITEM_OCTETS: Final = 4096

#: Between the fields of an item.
_TABS: Final = 3
_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")
#: Fields that Gopher+ puts behind a selector or a search.
_PLUS: Final = re.compile(r"[+!$].*", re.DOTALL)


def is_sayable(selector: str) -> bool:
    """Return whether a selector can be asked for: it is not too long, and has no control character
    in it, as names of files may."""
    octets = selector.encode("utf-8", "surrogateescape")
    return len(octets) <= SELECTOR_OCTETS and _CONTROL.search(selector) is None


def parse_request(line: bytes) -> Request:
    """Read a request's line, without its end.

    ::

        Selector [TAB search] [TAB plus]

    Raises:
        RemoteProtocolError: the selector is too long, or a control character is in it.
    """
    fields = line.decode("utf-8", "surrogateescape").split("\t")
    if len(fields[0].encode("utf-8", "surrogateescape")) > SELECTOR_OCTETS:
        raise RemoteProtocolError("the selector is too long")
    if any(_CONTROL.search(field) for field in fields):
        raise RemoteProtocolError("a control character in the request")
    selector, *rest = fields
    plus = rest.pop() if rest and _PLUS.fullmatch(rest[-1]) else ""
    return Request(selector, rest[0] if rest else None, plus)


def format_request(request: Request) -> bytes:
    """Print a request. Raises LocalProtocolError when it cannot be said."""
    if any(_CONTROL.search(field) for field in request.fields):
        raise LocalProtocolError("a control character in a selector or search")
    line = "\t".join(request.fields).encode("utf-8", "surrogateescape")
    if len(line) + 2 > REQUEST_OCTETS:
        raise LocalProtocolError("a request that long")
    return line + b"\r\n"


def format_item(item: Item, host: str, port: int, *, mark: bool = False) -> bytes:
    """Print a line of a menu, with host and port of this server where the item names none.

    Control characters become spaces, so that no text of a user can make a line or a field.

    Args:
        mark: whether an item of this server says that it has attributes (Gopher+).
    """
    name = item.host or host
    line = f"{item.type[:1]}{item.text}\t{item.selector}\t{name}\t{item.port or port}"
    if len(_CONTROL.findall(line)) != _TABS:
        kind, text, selector, name = (
            _CONTROL.sub(" ", each) for each in (item.type[:1], item.text, item.selector, name)
        )
        line = f"{kind}{text}\t{selector}\t{name}\t{item.port or port}"
    if mark and not item.host:
        line += "\t+"
    return f"{line}\r\n".encode("utf-8", "surrogateescape")


def parse_item(line: bytes) -> Item:
    """Read a line of a menu, without its end; what is missing is empty, a port that is none 70.
    Octets of a selector that are no UTF-8 become lone surrogates, so that it can be asked for as it
    is; what people read has U+FFFD for them.
    """
    text, *fields = line.decode("utf-8", "surrogateescape").split("\t")
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    selector, host, port = [*fields, "", "", ""][:3]
    number = int(port) if port.isascii() and port.strip().isdigit() and len(port) < 9 else 70
    return Item(text[:1] or "i", text[1:], selector, host, number if number < 65536 else 70)
