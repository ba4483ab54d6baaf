"""The pages of news: menus of groups and articles, articles as text, searches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from netsuite.accounts.interfaces import Newsgroup, Newsroom
from netsuite.gopher.commands import Item, ItemType, information
from netsuite.gopher.dialog import Menu
from netsuite.gopher.server.resource import Resource, Text
from netsuite.gopher.settings import Settings
from netsuite.store.errors import NoSuchFolder, NoSuchMessage
from netsuite.store.model import Described
from netsuite.store.tree import TreePath

#: Letters of a search that are looked for, at most.
_SEARCH_CHARACTERS: Final = 200
#: Of an article number, at most.
_DIGITS: Final = 10


class NewsPages:
    """Finds what is asked for below ``/news`` and ``/search``."""

    def __init__(self, settings: Settings, room: Newsroom) -> None:
        self._settings = settings
        self._room = room

    def links(self) -> list[Item]:
        """Return the items that lead here."""
        return [
            Item(ItemType.MENU.value, "News", "/news"),
            Item(ItemType.SEARCH.value, "Search the news", "/search"),
        ]

    async def find(self, path: TreePath) -> Resource:
        """Return ``/news``, ``/news/GROUP`` or ``/news/GROUP/NUMBER``."""
        if not path:
            return await self._groups()
        group = await self._room.group(path[0])
        if len(path) == 1:
            return await self._articles(group)
        if len(path) > 2 or not (path[1].isascii() and path[1].isdigit()) or len(path[1]) > _DIGITS:
            raise NoSuchMessage("/".join(path))
        article = await self._room.article(group, int(path[1]))
        return Text(self._room.read(article.content))

    async def _groups(self) -> Menu:
        groups = await self._room.groups()
        items = [
            Item(
                ItemType.MENU.value,
                ": ".join(filter(None, (f"{group.name} ({group.count})", group.description))),
                f"/news/{group.name}",
            )
            for group in groups
        ]
        return Menu((*items, Item(ItemType.SEARCH.value, "Search all groups", "/search")))

    async def _articles(self, group: Newsgroup) -> Menu:
        numbers = list(await self._room.numbers(group))[-self._settings.articles :]
        found = await self._room.described(group.id, numbers)
        items = [_article_item(group, each) for each in reversed(found)]
        search = Item(ItemType.SEARCH.value, f"Search {group.name}", f"/search/{group.name}")
        return Menu((information(group.description or group.name), search, *items))

    async def search(self, path: TreePath, words: str) -> Menu:
        """Return ``/search`` or ``/search/GROUP``: a menu of the articles that hold the words."""
        if len(path) > 1:
            raise NoSuchFolder("/".join(path))
        words = words.strip()[:_SEARCH_CHARACTERS]
        if not words:
            return Menu((information("Say what to search for"),))
        groups: Sequence[Newsgroup] = (
            [await self._room.group(path[0])] if path else await self._room.groups()
        )
        items: list[Item] = []
        for group in groups:
            left = self._settings.found - len(items)
            if left <= 0:
                break
            numbers = list(await self._room.search(group, words))[-left:]
            found = await self._room.described(group.id, numbers)
            items += [_article_item(group, each, named=not path) for each in reversed(found)]
        return Menu(tuple(items) or (information("Nothing was found"),))


def _article_item(group: Newsgroup, found: Described, *, named: bool = False) -> Item:
    subject = found.summary.subject or "(no subject)"
    text = f"{group.name}: {subject}" if named else subject
    return Item(ItemType.TEXT.value, text, f"/news/{group.name}/{found.message.uid}")
