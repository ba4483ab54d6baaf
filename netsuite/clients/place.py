"""Where a server is and what it speaks, by its URL or an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import unquote, urlsplit

import idna
from twisted.internet.interfaces import IStreamClientEndpoint

#: A URL, or an endpoint that leads there.
Where: TypeAlias = str | IStreamClientEndpoint


@dataclass(frozen=True, slots=True)
class Scheme:
    """A URL scheme.

    Args:
        service: which client speaks it.
        port: where no port is written.
        tls: whether TLS begins with the first octet.
    """

    service: str
    port: int
    tls: bool = False


SCHEMES: Final[Mapping[str, Scheme]] = {
    "http": Scheme("http", 80),
    "https": Scheme("http", 443, tls=True),
    "ftp": Scheme("ftp", 21),
    "ftps": Scheme("ftp", 990, tls=True),
    "gopher": Scheme("gopher", 70),
    "gophers": Scheme("gopher", 70, tls=True),
    "pop3": Scheme("pop3", 110),
    "pop3s": Scheme("pop3", 995, tls=True),
    "imap": Scheme("imap", 143),
    "imaps": Scheme("imap", 993, tls=True),
    "nntp": Scheme("nntp", 119),
    "news": Scheme("nntp", 119),
    "nntps": Scheme("nntp", 563, tls=True),
    "smtp": Scheme("smtp", 25),
    "submission": Scheme("smtp", 587),
    "smtps": Scheme("smtp", 465, tls=True),
    "submissions": Scheme("smtp", 465, tls=True),
    "lmtp": Scheme("smtp", 24),
    "telnet": Scheme("telnet", 23),
    "telnets": Scheme("telnet", 992, tls=True),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A URL, taken apart.

    Args:
        scheme: in lower case.
        host: a name in its ASCII form, or an address; empty for a Unix socket.
        path: decoded, without its first ``/``; of a Unix socket, the whole path.
        credentials: name and password that stood in it; None for none. Shown by nothing.
    """

    scheme: str
    host: str
    port: int
    path: str = ""
    credentials: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def service(self) -> str:
        """The client that speaks its scheme."""
        return SCHEMES[self.scheme].service

    @property
    def tls(self) -> bool:
        """Whether TLS begins with the first octet."""
        return SCHEMES[self.scheme].tls

    @property
    def socket(self) -> str:
        """The path of the Unix socket; empty where there is a host."""
        return "" if self.host else self.path


def parse_place(url: str) -> Place:
    """Take a URL apart. Raises ValueError, whose words repeat no part of a login."""
    if any(each <= " " or each == "\x7f" for each in url):
        raise ValueError("there is white space or a control character in the URL")
    try:
        parts = urlsplit(url)
        said = parts.port
        host = _host(parts.hostname or "")
    except ValueError:
        # Without the words of urllib, which repeat what may be a part of a password.
        raise ValueError("there is no host, or no port, in the URL") from None
    scheme = SCHEMES.get(parts.scheme)
    if scheme is None:
        raise ValueError(f"a URL begins with one of {', '.join(f'{each}://' for each in SCHEMES)}")
    path = unquote(parts.path + (f"?{parts.query}" if parts.query else ""))
    if "\0" in path or (not host and not (parts.scheme == "lmtp" and len(path) > 1)):
        raise ValueError("there is no host in the URL")
    if said == 0:
        raise ValueError("there is no port 0")
    credentials = None
    if parts.username is not None:
        credentials = unquote(parts.username), unquote(parts.password or "")
    return Place(
        parts.scheme,
        host,
        said or scheme.port,
        path.removeprefix("/") if host else path,
        credentials,
    )


def _host(host: str) -> str:
    """Return a host as it is looked up. Raises ValueError."""
    if ":" in host:
        return host.replace("%25", "%", 1)  # RFC 6874: the zone of an IPv6 address
    host = host.rstrip(".")
    return host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
