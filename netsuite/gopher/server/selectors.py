"""The resources that selectors name: the site's files, accounts' pages, the news, searches, links.

::

    (empty), /            the root menu
    /path/to/file         the public site
    /~ACCOUNT/...         what an account shows
    /;HOST/...            the public site of a host that this server also is
    /news                 the newsgroups;  /news/GROUP  its newest articles;  /news/GROUP/7  one;
                          /news/GROUP/threads  its threads;  /news/GROUP/threads/7  one
    /search               search all groups (type 7);  /search/GROUP  one
    /cgi-bin/NAME         a program, where there are some
    caps.txt              what this server can do
    URL:https://...       a page that leads there, for clients that know no URLs; /URL:... too

What programs have added (``routes``) comes before all of them.
"""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import Final

from netsuite.accounts.interfaces import FileAccess
from netsuite.gopher.commands import Item, ItemType, Request
from netsuite.gopher.dialog import Menu
from netsuite.gopher.maps.gophermap import NAME, SUFFIX, parse_gophermap
from netsuite.gopher.maps.links import DOT_NAMES
from netsuite.gopher.maps.parts import OCTETS
from netsuite.gopher.routes import Answer, Call
from netsuite.gopher.server.directories import Directories, Groups, Place, top_items
from netsuite.gopher.server.news import NewsPages
from netsuite.gopher.server.programs import PREFIX
from netsuite.gopher.server.resource import File, Octets, Resource, Stream, Text
from netsuite.gopher.server.session import Session
from netsuite.store.errors import BadFileName, IsADirectory, NoSuchFile, StoreError
from netsuite.store.tree import TreePath, shown_name

_URL: Final = "URL:"
#: Names that no selector has.
_NEVER: Final = DOT_NAMES | {".", ".."}
#: What a link may lead to: nothing that a browser would run.
_SCHEMES: Final = ("http://", "https://", "gopher://", "gophers://", "ftp://", "news:", "mailto:",
                   "telnet://", "nntp://")  # fmt: skip

CAPS: Final = """CAPS\r
CapsVersion=1\r
ExpireCapsAfter=3600\r
PathDelimeter=/\r
PathIdentity=.\r
PathParent=..\r
PathParentDouble=FALSE\r
PathKeepPreDelimeter=FALSE\r
ServerSoftware=netsuite\r
ServerDefaultEncoding=UTF-8\r
{tls}.\r
"""

_PAGE: Final = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Link</title>
<meta http-equiv="refresh" content="5; url={url}"></head>
<body><p>This link leads to <a href="{url}" rel="noreferrer">{url}</a>, outside of Gopher.</p>
</body></html>
"""


class Selectors:
    """Finds what a session asks for. One is made for each request."""

    __slots__ = ("_files", "_news", "_session", "_shared")

    def __init__(self, session: Session) -> None:
        shared = self._shared = session.shared
        self._session = session
        self._files = shared.files
        room = shared.newsroom
        self._news = NewsPages(shared.settings, room) if room is not None else None

    def _directories(self) -> Directories:
        shared = self._shared
        groups = Groups(accounts=self._accounts, hosts=self._hosts, program=self._program)
        return Directories(shared.settings, shared.kinds, groups)

    async def find(self, request: Request) -> Resource:
        """Return what is asked for. Raises StoreError where it cannot be had."""
        selector = request.selector
        url = selector.removeprefix("/")
        if url.startswith(_URL):
            return _link(url[len(_URL) :])
        routed = self._shared.routes.find(selector or "/")
        if routed is not None:
            handler, rest = routed
            call = Call(selector, rest, request.search or "", self._session.peer)
            answer = handler(call)
            return _resource(await answer if isinstance(answer, Awaitable) else answer)
        programs = self._shared.programs
        if programs is not None and selector.startswith(PREFIX):
            run = programs.find(selector, request.search or "", self._session.peer, self._port)
            if run.path.name.endswith(SUFFIX):
                return _written(await programs.menu(run), selector)
            return Stream(programs.output(run))
        return await self._within(_path(selector), request.search or "")

    async def _within(self, path: TreePath, search: str) -> Resource:
        if self._news is not None:
            if path[:1] == ("news",):
                return await self._news.find(path[1:])
            if path[:1] == ("search",):
                return await self._news.search(path[1:], search)
        public = self._files.anonymous(dot_names=DOT_NAMES)
        hosts = self._shared.hosts
        if path and path[0].startswith("~"):
            files = await self._files.public_of(path[0][1:], dot_names=DOT_NAMES)
            return await self._from_tree(files, (), path[1:], f"/{path[0]}")
        if path and path[0].startswith(";"):
            top = hosts.get(path[0][1:].lower())
            if top is None:
                raise NoSuchFile(path[0])
            return await self._from_tree(public, top, path[1:], f"/{path[0]}")
        try:
            return await self._from_tree(public, self._session.top, path, "")
        except NoSuchFile:
            if path == ("caps.txt",):
                return Octets(self._caps())
            raise

    @property
    def _port(self) -> int:
        return self._session.dialog.port

    def _caps(self) -> bytes:
        port = self._shared.settings.tls_port
        return CAPS.format(tls=f"ServerTLSPort={port}\r\n" if port else "").encode()

    # -- files ---------------------------------------------------------------------------------

    async def _from_tree(
        self, files: FileAccess, top: TreePath, path: TreePath, above: str
    ) -> Resource:
        """Return what is in a tree, whose root for this request is *top*."""
        if path and path[-1] == NAME:
            path = path[:-1]  # the menu that it describes
        place = Place(files, path, above, top)
        try:
            opened = await files.open(place.below())
        except IsADirectory:
            return await self._directory(place)
        try:
            kind = await self._shared.kinds.of_file(opened)
            if kind is ItemType.MENU:
                octets = await opened.read(0, OCTETS)
        except BaseException:
            opened.close()
            raise
        if kind is ItemType.MENU:
            opened.close()
            return await self._directories().of_file(place, octets)
        return File(opened, kind)

    async def _directory(self, place: Place) -> Menu:
        before: list[Item] = []
        if place.selector == "/":
            title = self._shared.settings.title or f"Welcome to {self._session.dialog.host}"
            before = top_items(title, self._news.links() if self._news else [])
        return await self._directories().menu(place, before)

    # -- what stands for several items ---------------------------------------------------------

    async def _accounts(self) -> Iterable[Item]:
        names = await self._shared.shown_accounts()
        return [Item(ItemType.MENU.value, f"~{name}", f"/~{name}") for name in names]

    async def _hosts(self) -> Iterable[Item]:
        return [
            Item(ItemType.MENU.value, name, f"/;{name}", name, self._port)
            for name in sorted(self._shared.hosts)
        ]

    async def _program(self, selector: str) -> bytes | None:
        programs = self._shared.programs
        if programs is None or not selector.startswith(PREFIX):
            return None
        try:
            run = programs.find(selector, "", self._session.peer, self._port)
            return await programs.menu(run)
        except StoreError:
            return b""


def _resource(answer: Answer) -> Resource:
    """Return what a handler has given."""
    if isinstance(answer, str):
        return Text(_once(answer.encode("utf-8", "surrogateescape")))
    if isinstance(answer, bytes):
        return Octets(answer)
    if isinstance(answer, AsyncIterator):
        return Stream(answer)
    return Menu(tuple(answer))


async def _once(octets: bytes) -> AsyncIterator[bytes]:
    yield octets


def _written(octets: bytes, selector: str) -> Menu:
    parts = parse_gophermap(octets, selector.rpartition("/")[0] or "/").parts
    return Menu(tuple(each for each in parts if isinstance(each, Item)))


def _path(selector: str) -> TreePath:
    """Return the path in a selector. Raises BadFileName when it holds what no path does."""
    names = tuple(name for name in selector.split("/") if name)
    if not _NEVER.isdisjoint(names):
        raise BadFileName(selector)
    return names


def _link(url: str) -> Octets:
    """Return a page that leads to a URL. Raises BadFileName for one that may not be led to."""
    if not url.lower().startswith(_SCHEMES) or any(each in url for each in "\"'<> \\"):
        raise BadFileName(url)
    # Octets that are no UTF-8 stand for nothing in a page that says it is UTF-8.
    return Octets(_PAGE.format(url=html.escape(shown_name(url))).encode())
