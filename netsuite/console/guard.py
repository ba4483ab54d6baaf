"""The checks of a request before anything is done with it: whom it asks, and which page sent it.

A browser can be made to ask for anything by any page that it shows. So a name is answered to only
where it is known to be ours (another may have been made to lead here: DNS rebinding), and a form is
taken only from our own pages.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from netsuite.http.commands import Request

_PORTS: Final = {"http": 80, "https": 443}
#: Sec-Fetch-Site (Fetch Metadata, 2.3) of what comes from our own pages, or from who typed it.
_OURS: Final = frozenset({"", "same-origin", "none"})


def is_our_host(host: str, names: Collection[str]) -> bool:
    """Return whether a request asks for us: by an address, as localhost, or by one of our names.

    Args:
        host: of the request, with a port or without.
        names: in lower case.
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if name in names or name == "localhost" or name.endswith(".localhost"):
        return bool(name)
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_from_us(head: Request, *, secure: bool) -> bool:
    """Return whether a form was sent by one of our own pages, as far as the browser tells.

    Args:
        secure: whether it came by TLS. A proxy before us may have taken that off.
    """
    if head.fields.get("sec-fetch-site").lower() not in _OURS:
        return False
    origin = head.fields.get("origin")
    if not origin:
        return True  # a browser that tells neither: its forms have the token
    try:
        theirs, ours = urlsplit(origin), urlsplit(f"//{head.host}")
        default = _PORTS.get(theirs.scheme)
        same = (theirs.hostname, theirs.port or default) == (ours.hostname, ours.port or default)
    except ValueError:
        return False
    return same and theirs.scheme in (("https",) if secure else ("http", "https"))


def is_our_path(path: str) -> bool:
    """Return whether a path, with a query or without, leads to a page of ours: none leads to
    another host, however a browser reads it."""
    return (
        path.startswith("/")
        and not path.startswith("//")
        and path.isascii()
        and path.isprintable()
        and "\\" not in path
        and len(path) <= 2000
    )
