"""Where a mail server is, as a URL says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

#: By scheme: the port, whether TLS begins with the first octet, whether LMTP is spoken.
_SCHEMES: Final[Mapping[str, tuple[int, bool, bool]]] = {
    "smtp": (25, False, False),
    "submission": (587, False, False),
    "smtps": (465, True, False),
    "submissions": (465, True, False),
    "lmtp": (24, False, True),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A URL of a mail server, taken apart.

    Args:
        host: its name or address; empty for a Unix socket.
        path: of the Unix socket, of ``lmtp:///run/lmtp.sock``.
        implicit: whether TLS begins with the first octet.
        lmtp: whether LMTP is spoken there.
        login: name and password that stood in it; None for none. Shown by nothing.
    """

    host: str
    port: int = 25
    path: str = ""
    implicit: bool = False
    lmtp: bool = False
    login: tuple[str, str] | None = field(default=None, repr=False)


def parse_place(url: str) -> Place:
    """Take a URL apart. Raises ValueError."""
    if any(each <= " " or each == "\x7f" for each in url):
        raise ValueError("white space or control characters in a URL")
    try:
        parts = urlsplit(url)
        said = parts.port
    except ValueError:
        # Without the words of urllib, which repeat what may be a part of a password.
        raise ValueError("no host and port in the URL") from None
    if parts.scheme not in _SCHEMES:
        raise ValueError(f"a URL of a mail server begins with one of {', '.join(_SCHEMES)}")
    port, implicit, lmtp = _SCHEMES[parts.scheme]
    host = parts.hostname or ""
    path = unquote(parts.path)
    if not host and not (lmtp and len(path) > 1):
        raise ValueError("no host in the URL")
    if (host and path not in ("", "/")) or parts.query or parts.fragment or "\0" in path:
        raise ValueError("a URL of a mail server ends with its host and port")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise ValueError("no host in the URL") from None
    login = None
    if parts.username is not None:
        login = unquote(parts.username), unquote(parts.password or "")
    return Place(host, said or port, "" if host else path, implicit, lmtp, login)
