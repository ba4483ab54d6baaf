"""Mail hosts as they are configured: where, how secured, with which login."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

SMTP_PORT: Final = 25
SMTPS_PORT: Final = 465


class Security(enum.Enum):
    """How far a connection has to be secured; the value is what a setting says."""

    NONE = "none"  #: no TLS, even where it is offered
    OPPORTUNISTIC = "opportunistic"  #: TLS where it is offered, with anybody's certificate
    REQUIRED = "required"  #: TLS, with anybody's certificate
    VERIFIED = "verified"  #: TLS, with a certificate for the host's name


@dataclass(frozen=True, slots=True)
class Relay:
    """A host that mail is carried to.

    Args:
        host: a name, or an IP address.
        implicit: whether TLS begins with the first octet.
        login: name and password, where it wants a login.
        domain: whose mail it takes, where the DNS or an address literal has named it; empty where
            it was configured.
        validated: the DNS was, that has named it.
    """

    host: str
    port: int = SMTP_PORT
    security: Security = Security.OPPORTUNISTIC
    implicit: bool = False
    login: tuple[str, str] | None = field(default=None, repr=False)
    domain: str = ""
    validated: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_relay(url: str) -> Relay:
    """Read a relay as it is configured: ``smtp://user:password@host:port`` or ``smtps://``.

    With a password, or with smtps, the host's certificate has to be its own.

    Raises:
        ValueError: it is none; the message says what is wrong, and holds no password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the host or the port cannot be read") from None
    if parts.scheme not in ("smtp", "smtps"):
        raise ValueError("write it as smtp://host, smtp://host:587 or smtps://user:password@host")
    if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("there is more, or less, in it than a host, a port and a login")
    implicit = parts.scheme == "smtps"
    login = None
    if parts.username is not None or parts.password is not None:
        if not parts.username or not parts.password:
            raise ValueError("a login is a name and a password")
        login = unquote(parts.username), unquote(parts.password)
    return Relay(
        parts.hostname,
        port or (SMTPS_PORT if implicit else SMTP_PORT),
        Security.VERIFIED if implicit or login else Security.OPPORTUNISTIC,
        implicit,
        login,
    )
