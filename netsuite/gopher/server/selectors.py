"""The resources that selectors name: the site's files, accounts' pages, the news, searches, links.

::

    (empty), /            the root menu
    /path/to/file         the public site
    /~ACCOUNT/...         what an account shows
    /news                 the newsgroups;  /news/GROUP  its newest articles;  /news/GROUP/7  one
    /search               search all groups (type 7);  /search/GROUP  one
    caps.txt              what this server can do
    URL:https://...       a page that leads there, for clients that know no URLs
"""

from __future__ import annotations

import html
import posixpath
from collections.abc import Sequence
from typing import Final

from netsuite.accounts.interfaces import FileAccess
from netsuite.gopher.commands import Item, ItemType, Request, information
from netsuite.gopher.dialog import Menu
from netsuite.gopher.gophermap import NAME, OCTETS, parse_gophermap
from netsuite.gopher.server.news import NewsPages
from netsuite.gopher.server.resource import File, Octets, Resource
from netsuite.gopher.server.shared import Shared
from netsuite.gopher.types import LOOK_OCTETS, is_text, type_of_name, type_of_octets
from netsuite.store.errors import BadFileName, IsADirectory, NoSuchFile, StoreError
from netsuite.store.tree import Entry, EntryKind, TreePath, shown_name

_URL: Final = "URL:"
#: What a link may lead to: nothing that a browser would run.
_SCHEMES: Final = ("http://", "https://", "gopher://", "gophers://", "ftp://", "news:", "mailto:",
                   "telnet://", "nntp://")  # fmt: skip

CAPS: Final = b"""CAPS\r
CapsVersion=1\r
ExpireCapsAfter=3600\r
PathDelimeter=/\r
PathIdentity=.\r
PathParent=..\r
PathParentDouble=FALSE\r
PathKeepPreDelimeter=FALSE\r
ServerSoftware=netsuite\r
.\r
"""

_PAGE: Final = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Link</title>
<meta http-equiv="refresh" content="5; url={url}"></head>
<body><p>This link leads to <a href="{url}" rel="noreferrer">{url}</a>, outside of Gopher.</p>
</body></html>
"""


class Selectors:
    """Finds what is asked for."""

    def __init__(self, shared: Shared) -> None:
        self._settings = shared.settings
        self._files = shared.files
        self._title = shared.settings.title or f"Welcome to {shared.host}"
        room = shared.newsroom
        self._news = NewsPages(shared.settings, room) if room is not None else None

    async def find(self, request: Request) -> Resource:
        """Return what is asked for. Raises StoreError where it cannot be had."""
        selector = request.selector
        if selector.startswith(_URL):
            return _link(selector[len(_URL) :])
        path = _path(selector)
        if self._news is not None:
            if path[:1] == ("news",):
                return await self._news.find(path[1:])
            if path[:1] == ("search",):
                return await self._news.search(path[1:], request.search or "")
        if path and path[0].startswith("~"):
            files = await self._files.public_of(path[0][1:])
            return await self._from_tree(files, path[1:], f"/{path[0]}")
        try:
            return await self._from_tree(self._files.anonymous(), path, "")
        except NoSuchFile:
            if path == ("caps.txt",):
                return Octets(CAPS)
            raise

    # -- files ---------------------------------------------------------------------------------

    async def _from_tree(self, files: FileAccess, path: TreePath, above: str) -> Resource:
        try:
            opened = await files.open(path)
        except IsADirectory:
            return await self._directory(files, path, above)
        try:
            kind = type_of_name(path[-1]) or type_of_octets(await opened.read(0, LOOK_OCTETS))
        except BaseException:
            opened.close()
            raise
        return File(opened, is_text(kind.value))

    async def _directory(self, files: FileAccess, path: TreePath, above: str) -> Menu:
        selector = "/".join([above, *path]) or "/"
        try:
            opened = await files.open((*path, NAME))
        except StoreError:
            return await self._listing(files, path, selector)
        try:
            octets = await opened.read(0, OCTETS)
        finally:
            opened.close()
        return Menu(tuple(parse_gophermap(octets, selector)))

    async def _listing(self, files: FileAccess, path: TreePath, selector: str) -> Menu:
        items: list[Item] = []
        if not path and selector == "/":
            items += [information(self._title), information("")]
            if self._news is not None:
                items += self._news.links()
        entries: Sequence[Entry] = await files.sorted_listing(path, limit=100_000)
        for entry in entries[: self._settings.entries]:
            items.append(_entry_item(entry, posixpath.join(selector, entry.name)))
        if len(entries) > self._settings.entries:
            items.append(information(f"({len(entries)} entries, which are too many to show)"))
        return Menu(tuple(items))


def _entry_item(entry: Entry, selector: str) -> Item:
    if entry.kind is EntryKind.DIRECTORY:
        return Item(ItemType.MENU.value, entry.name, selector)
    kind = type_of_name(entry.name) or ItemType.TEXT
    return Item(kind.value, f"{entry.name}  ({_size(entry.octets)})", selector)


def _size(octets: int) -> str:
    if octets < 1024:
        return f"{octets} octets"
    return f"{octets / 1024:.0f} KiB" if octets < 1 << 20 else f"{octets / (1 << 20):.1f} MiB"


def _path(selector: str) -> TreePath:
    """Return the path in a selector. Raises BadFileName when it holds what no path does."""
    names = tuple(name for name in selector.split("/") if name)
    if any(name in (".", "..") for name in names):
        raise BadFileName(selector)
    return names


def _link(url: str) -> Octets:
    """Return a page that leads to a URL. Raises BadFileName for one that may not be led to."""
    if not url.lower().startswith(_SCHEMES) or any(each in url for each in "\"'<> \\"):
        raise BadFileName(url)
    # Octets that are no UTF-8 stand for nothing in a page that says it is UTF-8.
    return Octets(_PAGE.format(url=html.escape(shown_name(url))).encode())
