"""What a Gopher server's search finds."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from netsuite.cli.client.gopher import gopher_client, ls
from netsuite.cli.client.listing import Listing
from netsuite.cli.client.problems import NotGiven
from netsuite.cli.client.searching import Wanted
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import Target, gopher_item
from netsuite.gopher.commands import ItemType


async def search(session: ClientSession, wanted: Wanted) -> Listing:
    """Ask an item of type 7; of a menu, the one that is in it."""
    target, item = session.target, gopher_item(session.target)
    selector = item.selector
    if item.type == ItemType.MENU.value:
        items = await gopher_client(session).menu(selector)
        own = [each for each in items if each.type == ItemType.SEARCH.value]
        if len(own) != 1:
            many = "several searches in it" if own else "no search in it"
            raise NotGiven(f"{target.url} is a menu with {many}: gopher://HOST/7SELECTOR")
        selector = own[0].selector
        target = replace(target, host=own[0].host or target.host, port=own[0].port or target.port)
    elif item.type != ItemType.SEARCH.value:
        raise NotGiven(f"an item of type {item.type} is no search")
    asking = _with(target, selector, " ".join(wanted.words))
    return await ls(ClientSession(session.reactor, asking, session.access, session.login))


def _with(target: Target, selector: str, words: str) -> Target:
    octets = selector.encode("utf-8", "surrogateescape")
    path = f"/7{quote(octets, safe='/:;=@&+$,!*()')}%09{quote(words)}"
    return replace(target, path=path)
