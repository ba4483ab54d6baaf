"""gopher and gophers: get and ls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import click

from netsuite.cli.client.files import Output
from netsuite.cli.client.listing import Cell, Listing
from netsuite.cli.client.problems import NotGiven
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.transfers import Client
from netsuite.cli.client.urls import gopher_item
from netsuite.gopher.client import GopherClient
from netsuite.gopher.commands import Item, ItemType
from netsuite.gopher.types import is_text
from netsuite.gopher.urls import url_of
from netsuite.wire.dotted import DotUnstuffer

#: An answer longer than this is no refusal.
REFUSAL_OCTETS: Final = 1024
# The one thing a server can say against a request: a menu of a single item of type 3.
_REFUSAL: Final = re.compile(rb"3([^\t\r\n]*)\t[^\t\r\n]*\t[^\t\r\n]*\t\d+\r\n(?:\.\r\n)?")

_MENUS: Final = (ItemType.MENU.value, ItemType.SEARCH.value)


def gopher_client(session: ClientSession) -> GopherClient:
    """Return the way to the server."""
    client = GopherClient(
        session.endpoint(),
        clock=session.clock,
        tls_context=session.implicit(),
        timeouts=session.timeouts,
    )
    client.without_end = lambda selector: _tell_cut(session)
    return client


def _tell_cut(session: ClientSession) -> None:
    """Say that the end of what was fetched is missing: some servers never send it, so that is no
    error."""
    place = session.target.place
    click.echo(f"netsuite: {place} did not end it with a dot, so it may be cut", err=True)


async def get(session: ClientSession, output: Output) -> None:
    """Fetch an item; a text without the dots that are Gopher's."""
    item = gopher_item(session.target)
    unstuffer = DotUnstuffer() if is_text(item.type) else None
    first: bytearray | None = bytearray()  # held until it can be no refusal any more

    def give(octets: bytes) -> None:
        if unstuffer is None:
            output.write(octets)
        elif not unstuffer.ended:
            output.write(unstuffer.feed(octets))

    def write(octets: bytes) -> None:
        nonlocal first
        if first is None:
            give(octets)
            return
        first += octets
        if len(first) > REFUSAL_OCTETS:
            give(bytes(first))
            first = None

    await gopher_client(session).fetch(item.selector, write, search=item.search)
    if first is not None:
        refusal = _REFUSAL.fullmatch(first)
        if refusal is not None:
            raise NotGiven(refusal[1].decode("utf-8", "replace"))
        give(bytes(first))
    if unstuffer is not None and not unstuffer.ended:
        _tell_cut(session)


async def ls(session: ClientSession) -> Listing:
    """Show a menu, or what a search found."""
    item = gopher_item(session.target)
    if item.type not in _MENUS:
        raise NotGiven(f"an item of type {item.type} is no menu; get it")
    items = await gopher_client(session).menu(item.selector, search=item.search)
    return Listing(
        ("type", "text", "url", "selector", "host", "port"),
        [_row(each, url_of(each, secure=session.target.tls)) for each in items],
    )


def _row(item: Item, url: str) -> Sequence[Cell]:
    if item.type == ItemType.INFORMATION.value:
        return item.type, item.text, "", "", "", None
    return item.type, item.text, url, item.selector, item.host, item.port


CLIENT: Final = Client(
    get=get,
    ls=ls,
)
