"""The pages of news: menus of groups and articles, articles as text, searches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from netsuite.accounts.interfaces import Newsgroup, Newsroom
from netsuite.gopher.commands import Item, ItemType, information
from netsuite.gopher.dialog import Menu
from netsuite.gopher.server.resource import Resource, Text
from netsuite.gopher.settings import Settings
from netsuite.message.threads import NOBODY, Rows, Steps, Threaded, by_references
from netsuite.message.words import decode_words
from netsuite.store.errors import NoSuchFolder, NoSuchMessage
from netsuite.store.model import NEVER, Column, Described
from netsuite.store.tree import TreePath

#: Letters of a search that are looked for, at most.
_SEARCH_CHARACTERS: Final = 200
#: Of an article number, at most.
_DIGITS: Final = 10
#: The name of the menu of a group's threads.
THREADS: Final = "threads"
#: How far an article of a thread is moved to the right, at most.
_DEEPEST: Final = 8
_NO_SUBJECT: Final = "(no subject)"
_THREADED: Final = (
    Column.SENT,
    Column.ARRIVED,
    Column.SORT_KEYS,
    Column.MESSAGE_ID,
    Column.REFERENCES,
)


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
        """Return ``/news``, ``/news/GROUP``, ``/news/GROUP/NUMBER``, ``/news/GROUP/threads`` or
        ``/news/GROUP/threads/NUMBER``, the thread that an article is in."""
        if not path:
            return await self._groups()
        group = await self._room.group(path[0])
        match path[1:]:
            case ():
                return await self._articles(group)
            case (name,) if name == THREADS:
                return await self._threads(group)
            case (name, number) if name == THREADS:
                return await self._thread(group, _number(number))
            case (number,):
                article = await self._room.article(group, _number(number))
                return Text(self._room.read(article.content))
        raise NoSuchMessage("/".join(path))

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
        threads = Item(ItemType.MENU.value, "By thread", f"/news/{group.name}/{THREADS}")
        return Menu((information(group.description or group.name), search, threads, *items))

    async def _threads(self, group: Newsgroup) -> Menu:
        """Return the threads of the newest articles, the one that was added to last first."""
        found = await self._threaded(group)
        newest = sorted(found, key=lambda thread: max(each.message.uid for _, each in thread))
        items = []
        for thread in reversed(newest):
            _, first = thread[0]
            if len(thread) == 1:
                items.append(_article_item(group, first))
                continue
            subject = first.summary.subject or _NO_SUBJECT
            selector = f"/news/{group.name}/{THREADS}/{first.message.uid}"
            items.append(Item(ItemType.MENU.value, f"{subject} ({len(thread)})", selector))
        return Menu((information(f"{group.name} by thread"), *items))

    async def _thread(self, group: Newsgroup, number: int) -> Menu:
        """Return the articles of a thread. Raises NoSuchMessage."""
        for thread in await self._threaded(group):
            if any(each.message.uid == number for _, each in thread):
                return Menu(tuple(_reply_item(group, depth, each) for depth, each in thread))
        raise NoSuchMessage(f"{group.name} {number}")

    async def _threaded(self, group: Newsgroup) -> list[list[tuple[int, Described]]]:
        """Return the threads of the newest articles, each with how deep every article stands."""
        numbers = list(await self._room.numbers(group))[-self._settings.articles :]
        described = {
            each.message.uid: each for each in await self._room.described(group.id, numbers)
        }
        columns = await self._room.columns(group.id, sorted(described), _THREADED)
        sent = [
            arrived if sent == NEVER else sent
            for sent, arrived in zip(columns.sent, columns.arrived, strict=True)
        ]
        messages = Threaded(sent, columns.sort_keys, columns.message_ids, columns.references)
        threads: list[list[tuple[int, Described]]] = []
        for depth, place in _rows(by_references(messages)):
            if depth == 0:
                threads.append([])
            if place != NOBODY and columns.uids[place] in described:
                threads[-1].append((depth, described[columns.uids[place]]))
        return [thread for thread in threads if thread]

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


def _number(text: str) -> int:
    """Read the number of an article. Raises NoSuchMessage."""
    if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS:
        raise NoSuchMessage(text)
    return int(text)


def _rows(steps: Steps) -> Rows:
    """Return what steps come to; of as many articles as a menu shows they take no time."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            rows: Rows = end.value
            return rows


def _reply_item(group: Newsgroup, depth: int, found: Described) -> Item:
    """Return an article of a thread: its subject and who has written it, as deep as it stands."""
    text = "  " * min(depth, _DEEPEST) + (found.summary.subject or _NO_SUBJECT)
    for sender in found.summary.envelope.from_[:1]:
        text += f" - {decode_words(sender.name or sender.local or b'')}"
    return Item(ItemType.TEXT.value, text, f"/news/{group.name}/{found.message.uid}")


def _article_item(group: Newsgroup, found: Described, *, named: bool = False) -> Item:
    subject = found.summary.subject or _NO_SUBJECT
    text = f"{group.name}: {subject}" if named else subject
    return Item(ItemType.TEXT.value, text, f"/news/{group.name}/{found.message.uid}")
