"""Which module speaks a URL's protocol, and what it can do; imported when it is asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO, Final, TypeAlias

if TYPE_CHECKING:
    from netsuite.cli.client.exit_codes import Failures
    from netsuite.cli.client.files import Sink
    from netsuite.cli.client.listing import Listing
    from netsuite.cli.client.session import Session

    Get: TypeAlias = Callable[[Session, Sink], Awaitable[None]]
    Put: TypeAlias = Callable[[Session, BinaryIO], Awaitable[None]]
    List: TypeAlias = Callable[[Session], Awaitable[Listing]]


@dataclass(frozen=True, slots=True)
class Client:
    """What can be done by one protocol; None for what cannot.

    Args:
        failures: what it raises.
    """

    failures: Failures
    get: Get | None = None
    put: Put | None = None
    ls: List | None = None


_MODULES: Final[Mapping[str, str]] = {
    service: f"netsuite.cli.client.{service}"
    for service in ("http", "ftp", "gopher", "pop3", "imap", "nntp", "smtp")
}


def client_of(service: str) -> Client:
    """Import what speaks a protocol."""
    client: Client = vars(import_module(_MODULES[service]))["CLIENT"]
    return client
