"""URLs as people type them: without a scheme, or ``news:`` without a server; pure, as ``urls``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from netsuite.cli.client.urls import BadURL, parse_url

#: Of a host that stands without a scheme, its first label to what is meant, as curl guesses.
_GUESSED: Final[Mapping[str, str]] = {
    "ftp": "ftp", "gopher": "gopher", "imap": "imap", "pop": "pop3", "pop3": "pop3",
    "news": "nntp", "nntp": "nntp", "smtp": "smtp", "mail": "smtp",
}  # fmt: skip
# authority and path of a URL without a scheme
_BARE: Final = re.compile(r"([^/?#:@\[\]]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(?=[/?#]|\Z)")


def guessed(text: str) -> str:
    """Return a URL whose scheme may have been left out: ``host/path`` is http, or what the host is
    called after (``ftp.``, ``gopher.`` ...). ``:8080/path`` is of this machine. Other texts are
    returned as they are."""
    if "://" in text:
        return text
    found = _BARE.match(text)
    if found is None or text.startswith("/") or not found[0]:
        return text
    host = found[1] or "localhost"
    scheme = _GUESSED.get(host.partition(".")[0].lower(), "http") if "." in host else "http"
    return f"{scheme}://{host}{text[len(found[1]) :]}"


def is_hostless_news(text: str) -> bool:
    """Return whether a URL is ``news:GROUP`` or ``news:MESSAGE-ID`` (RFC 5538): of the server that
    one has anyway."""
    return text[:5].lower() == "news:" and not text[5:].startswith("//")


def on_server(text: str, server: str) -> str:
    """Return a news URL without a host as one of a server.

    Args:
        server: a URL, or HOST[:PORT].

    Raises:
        BadURL: more than a server stands there.
    """
    if "://" not in server:
        server = f"nntp://{server}"
    place = parse_url(server)
    if place.service != "nntp" or place.path != "/" or place.query:
        raise BadURL("a news server is HOST[:PORT], nntp://HOST or nntps://HOST")
    path = text[5:]
    if path == "*":
        path = ""
    return f"{server.rstrip('/')}/{path}"
