"""The clients by protocol: what each can do; its module is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import BinaryIO, Final, TypeAlias

from netsuite.cli.client.files import Letter
from netsuite.cli.client.listing import Listing
from netsuite.cli.client.output import Output
from netsuite.cli.client.session import ClientSession

Get: TypeAlias = Callable[[ClientSession, Output], Awaitable[None]]
Put: TypeAlias = Callable[[ClientSession, BinaryIO], Awaitable[None]]
List: TypeAlias = Callable[[ClientSession], Awaitable[Listing]]
Post: TypeAlias = Callable[[ClientSession, Letter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Client:
    """The functions of one protocol; None for what it cannot.

    Args:
        get: fetches what the URL names.
        put: stores a file there.
        ls: lists what is there.
        post: adds a message or an article there.
    """

    get: Get | None = None
    put: Put | None = None
    ls: List | None = None
    post: Post | None = None


_MODULES: Final[Mapping[str, str]] = {
    service: f"netsuite.cli.client.{service}"
    for service in ("http", "ftp", "gopher", "pop3", "imap", "nntp", "smtp")
}


def client_of(service: str) -> Client:
    """Import what speaks a protocol."""
    client: Client = vars(import_module(_MODULES[service]))["CLIENT"]
    return client
