"""The work of the client commands, each a session of its own in Twisted's loop.

Apart from the commands themselves, whose help need not wait for what is imported here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import BinaryIO, TypeAlias, TypeVar

from netsuite.cli.client.access import Access
from netsuite.cli.client.destination import Destination
from netsuite.cli.client.files import Letter, Output
from netsuite.cli.client.listing import Listing
from netsuite.cli.client.running import run
from netsuite.cli.client.session import ClientSession, Login
from netsuite.cli.client.urls import Target

Get: TypeAlias = Callable[[ClientSession, Output], Awaitable[None]]
GetSeveral: TypeAlias = Callable[[ClientSession, Destination], Awaitable[None]]
Put: TypeAlias = Callable[[ClientSession, BinaryIO], Awaitable[None]]
List: TypeAlias = Callable[[ClientSession], Awaitable[Listing]]
Post: TypeAlias = Callable[[ClientSession, Letter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Client:
    """The functions of one protocol; None for what it cannot.

    Args:
        get_several: fetches what a URL with a pattern or a set of numbers names.
    """

    get: Get | None = None
    get_several: GetSeveral | None = None
    put: Put | None = None
    ls: List | None = None
    post: Post | None = None


def client_of(service: str) -> Client:
    """Import what speaks a protocol."""
    client: Client = vars(import_module(f"netsuite.cli.client.{service}"))["CLIENT"]
    return client


F = TypeVar("F")


def store(target: Target, access: Access, login: Login | None, file: BinaryIO) -> None:
    """Store a file where a URL says."""
    put = _offered(client_of(target.service).put)
    run(target, access, login, lambda session: put(session, file))


def add(target: Target, access: Access, login: Login | None, letter: Letter) -> None:
    """Add a message to a mailbox, or post an article."""
    post = _offered(client_of(target.service).post)
    run(target, access, login, lambda session: post(session, letter))


def listing(target: Target, access: Access, login: Login | None) -> Listing:
    """Return what there is where a URL says."""
    ls = _offered(client_of(target.service).ls)
    listings: list[Listing] = []

    async def work(session: ClientSession) -> None:
        listings.append(await ls(session))

    run(target, access, login, work)
    return listings[0]


def converse(target: Target, access: Access, *, quiet: bool) -> None:
    """Converse with a Telnet server."""
    from twisted.internet import reactor

    from netsuite.cli.client import telnet
    from netsuite.cli.client.terminal import Terminal

    terminal = Terminal(reactor)
    run(
        target,
        access,
        None,
        lambda session: telnet.converse(session, terminal, quiet=quiet),
        release=terminal.release,
    )


def _offered(function: F | None) -> F:
    if function is None:
        raise LookupError("a command's table of services names one that cannot do it")
    return function
