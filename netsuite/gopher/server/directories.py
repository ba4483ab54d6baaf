"""The menus of directories: as their owners wrote them, or of their entries."""

from __future__ import annotations

import posixpath
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from netsuite.accounts.interfaces import FileAccess
from netsuite.gopher.commands import About, Item, ItemType, information
from netsuite.gopher.dialog import Menu
from netsuite.gopher.grammar import is_sayable
from netsuite.gopher.maps import gophermap, gph, links
from netsuite.gopher.maps.gophermap import parse_gophermap
from netsuite.gopher.maps.parts import (
    OCTETS,
    TOO_MUCH,
    Accounts,
    Hosts,
    Include,
    Map,
    Part,
    located,
)
from netsuite.gopher.server.kinds import Kinds
from netsuite.gopher.settings import Settings
from netsuite.gopher.types import media_of
from netsuite.store.errors import StoreError
from netsuite.store.tree import Entry, EntryKind, TreePath

#: Entries of a directory that are sorted.
_ENTRIES: Final = 100_000
#: Files of one listing whose content may be looked at.
_LOOKED_AT: Final = 500
#: What stands for several items, in one menu: maps within maps, accounts, hosts.
_GROUPS: Final = 50
#: Columns of a name, where something is said behind it.
_NAME_COLUMNS: Final = 39

#: Returns the items that stand for a part.
Group: TypeAlias = Callable[[], Awaitable[Iterable[Item]]]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a tree of files.

    Args:
        files: the tree.
        path: from what is the root here.
        above: the selector of that root; empty for the site's own.
        top: the path of that root in the tree.
    """

    files: FileAccess
    path: TreePath
    above: str = ""
    top: TreePath = ()

    @property
    def selector(self) -> str:
        """Its selector."""
        return "/".join([self.above, *self.path]) or "/"

    def below(self, *names: str) -> TreePath:
        """Return the path in the tree of itself, or of something below it."""
        return (*self.top, *self.path, *names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """What parts of maps stand for, and this server alone knows.

    Args:
        accounts: links to what accounts show.
        hosts: links to the hosts that this server also is.
        program: runs the program of a selector and returns what it prints; None where it has none.
    """

    accounts: Group
    hosts: Group
    program: Callable[[str], Awaitable[bytes | None]]


class Directories:
    """Makes the menu of one request: all that owners of directories have written into it is bounded
    together, since one map may name others, and itself."""

    def __init__(self, settings: Settings, kinds: Kinds, groups: Groups) -> None:
        self._settings = settings
        self._kinds = kinds
        self._groups = groups
        self._octets_left = OCTETS  # of maps
        self._groups_left = _GROUPS

    async def menu(self, place: Place, before: Sequence[Item]) -> Menu:
        """Return the menu of a directory. Raises StoreError.

        Args:
            before: what stands above the entries, where there is no map.
        """
        settings = self._settings
        written = await self._read(place, gophermap.NAME)
        entries: Sequence[Entry] | None = None
        if written is not None:
            shown = parse_gophermap(written, place.selector)
        else:
            entries = await place.files.sorted_listing(place.below(), limit=_ENTRIES)
            shown = Map((*before, *self._parent(place)), listing=True)
            if any(each.name == gph.NAME for each in entries):
                written = await self._read(place, gph.NAME)
                shown = gph.parse_gph(written or b"", place.selector)
        items = await self._items(self._own(settings.header), place)
        items += await self._items(shown.parts, place)
        if shown.listing:
            if entries is None:
                items += self._parent(place)
                entries = await place.files.sorted_listing(place.below(), limit=_ENTRIES)
            items += await self._listing(place, entries, shown)
        items += await self._items(self._own(settings.footer), place)
        return Menu(tuple(items))

    async def of_file(self, place: Place, octets: bytes) -> Menu:
        """Return the menu that is in a file. Raises StoreError."""
        directory = posixpath.dirname(place.selector)
        parse = gph.parse_gph if place.path[-1].lower().endswith(gph.SUFFIX) else parse_gophermap
        shown = parse(octets, directory)
        return Menu(tuple(await self._items(shown.parts, replace(place, path=place.path[:-1]))))

    def _own(self, text: str) -> tuple[Part, ...]:
        return parse_gophermap(text.encode(), "/").parts if text else ()

    def _parent(self, place: Place) -> list[Item]:
        if not self._settings.parents or not (place.path or place.above.startswith("/~")):
            return []
        above = posixpath.dirname(place.selector) if place.path else "/"
        return [Item(ItemType.MENU.value, "..", above)]

    async def _read(self, place: Place, *names: str) -> bytes | None:
        """Return a file that describes a menu; None where it cannot be had."""
        try:
            opened = await place.files.open(place.below(*names))
        except StoreError:
            return None
        try:
            written = await opened.read(0, self._octets_left)
        finally:
            opened.close()
        self._octets_left -= len(written)
        return written

    # -- maps ----------------------------------------------------------------------------------

    async def _items(
        self, parts: Iterable[Part], place: Place, within: frozenset[str] = frozenset()
    ) -> list[Item]:
        """Return the items of parts, what stands for several in its place.

        Args:
            within: the selectors of the maps that these parts are in.
        """
        items: list[Item] = []
        for part in parts:
            if isinstance(part, Item):
                items.append(part)
                continue
            self._groups_left -= 1
            if self._groups_left < 0:
                items.append(TOO_MUCH)
                break
            if isinstance(part, Accounts):
                items += await self._groups.accounts()
            elif isinstance(part, Hosts):
                items += await self._groups.hosts()
            else:
                items += await self._included(part, place, within)
        return items

    async def _included(self, part: Include, place: Place, within: frozenset[str]) -> list[Item]:
        selector = posixpath.normpath(posixpath.join(place.selector, part.path))
        if selector in within:
            return []
        octets = await self._groups.program(selector)
        if octets is None:
            inside = selector.removeprefix(place.above) if place.above else selector
            top = replace(place, path=())
            octets = await self._read(top, *filter(None, inside.split("/")))
        if octets is None:
            return [information(f"({part.path} is not there)")]
        parts = parse_gophermap(octets, place.selector).parts
        return await self._items(parts, place, within | {selector})

    # -- entries -------------------------------------------------------------------------------

    async def _listing(self, place: Place, entries: Sequence[Entry], shown: Map) -> list[Item]:
        """Return items for entries: those of link files first or last as these say, directories,
        then files."""
        described, added = await self._links(place, entries)
        listed = [each for each in entries if self._is_listed(each, shown, described)]
        visible = [each for each in listed if is_sayable(posixpath.join(place.selector, each.name))]
        directories = [each for each in visible if each.kind is EntryKind.DIRECTORY]
        files = [each for each in visible if each.kind is not EntryKind.DIRECTORY]
        numbered = [
            (link.number, [self._link_item(place, link)]) for link in added if not link.is_hidden
        ]
        for place_in_list, entry in enumerate([*directories, *files][: self._settings.entries]):
            link = described.get(entry.name)
            looks = place_in_list < _LOOKED_AT
            items = await self._entry_items(place, entry, shown, link, looks=looks)
            numbered.append((link.number if link else None, items))
        numbered.sort(key=lambda each: _rank(each[0]))
        items = [item for _, group in numbered for item in group]
        if len(visible) > self._settings.entries:
            items.append(information(f"({len(visible)} entries, which are too many to show)"))
        if unsayable := len(listed) - len(visible):
            items.append(information(f"({unsayable} with names that Gopher cannot say)"))
        return items

    def _is_listed(self, entry: Entry, shown: Map, described: dict[str, links.Link]) -> bool:
        name = entry.name
        if name.startswith(".") or name in shown.hidden or name in (gophermap.NAME, gph.NAME):
            return False
        return name not in described or not described[name].is_hidden

    async def _links(
        self, place: Place, entries: Sequence[Entry]
    ) -> tuple[dict[str, links.Link], list[links.Link]]:
        """Return what link files say of entries, by name, and the links to elsewhere."""
        names = {each.name for each in entries}
        described: dict[str, links.Link] = {}
        added: list[links.Link] = []
        for file in links.NAMES:
            if file not in names:
                continue
            for link in links.parse_links(await self._read(place, file) or b""):
                if link.entry in names:
                    described[link.entry] = link
                elif link.name and not link.entry:
                    added.append(link)
        if links.DIRECTORY in names:
            for file in await self._caps(place):
                if file in names:
                    written = await self._read(place, links.DIRECTORY, file)
                    for link in links.parse_links(written or b""):
                        described[file] = link
        return described, added

    async def _caps(self, place: Place) -> list[str]:
        try:
            found = await place.files.sorted_listing(place.below(links.DIRECTORY), limit=_ENTRIES)
        except StoreError:
            return []
        return [each.name for each in found[:_LOOKED_AT]]

    def _link_item(self, place: Place, link: links.Link) -> Item:
        path = link.path
        if not link.host and path[:1].isalnum() and path[1:2] == "/":
            path = path[1:]  # the type stands before the path there
        item = located(
            link.type or ItemType.TEXT.value, link.name, path, link.host, link.port, place.selector
        )
        return replace(item, about=About(abstract=link.abstract)) if link.abstract else item

    async def _entry_items(
        self, place: Place, entry: Entry, shown: Map, link: links.Link | None, *, looks: bool
    ) -> list[Item]:
        """Return the item of an entry; of a map that stands in the listing, its own."""
        selector = posixpath.join(place.selector, entry.name)
        if entry.kind is EntryKind.DIRECTORY:
            kind, media, octets = ItemType.MENU.value, media_of("", ItemType.MENU), None
        else:
            if entry.name.endswith(gophermap.SUFFIX):
                written = await self._read(place, entry.name)
                parts = parse_gophermap(written or b"", place.selector).parts
                return await self._items(parts, place)
            told = self._kinds.known(entry)
            if told is None:
                told = ItemType.TEXT
                if looks:
                    told = await self._kinds.of_entry(place.files, place.below(), entry)
            extension = entry.name.rpartition(".")[2].lower() if "." in entry.name else ""
            kind, octets = shown.types.get(extension, told.value), entry.octets
            media = media_of(entry.name, told)
        about = About(entry.modified, octets, media, link.abstract if link else "")
        name = entry.name
        if link is not None:
            kind, name = link.type or kind, link.name or name
        return [Item(kind, self._described(name, entry), selector, about=about)]

    def _described(self, name: str, entry: Entry) -> str:
        """Return the text of an entry's item."""
        settings = self._settings
        columns = []
        if settings.dates:
            columns.append(f"{entry.modified:%Y-%m-%d %H:%M}")
        if settings.sizes:
            size = "" if entry.kind is EntryKind.DIRECTORY else _size(entry.octets)
            columns.append(f"{size:>9}")
        if not columns:
            return name
        if len(name) > _NAME_COLUMNS:
            name = f"{name[: _NAME_COLUMNS - 3]}..."
        return f"{name:<{_NAME_COLUMNS}} {' '.join(columns)}".rstrip()


def top_items(text: str, news: Sequence[Item]) -> list[Item]:
    """Return what stands above the entries of the root menu."""
    return [information(text), information(""), *news]


def _rank(number: int | None) -> tuple[int, int]:
    """Return what sorts by a link file's numbers: 1, 2 ... first, -1 last, others between."""
    if number is None or number == 0:
        return 1, 0
    return (0, number) if number > 0 else (2, number)


def _size(octets: int) -> str:
    if octets < 1024:
        return f"{octets} B"
    return f"{octets / 1024:.0f} KiB" if octets < 1 << 20 else f"{octets / (1 << 20):.1f} MiB"
