"""News as a view of the store's public folders: groups, numbers and articles kept at hand."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from netsuite.accounts.interfaces import NewsArticle, Newsgroup, Newsroom
from netsuite.accounts.mail import ADMIN_GROUP
from netsuite.accounts.newsgroups import LiveGroup, SingleFlight
from netsuite.accounts.posting import AccountPosting, check_groups
from netsuite.message.injection import PostingPolicy
from netsuite.message.news import first_message_id, locations
from netsuite.store import changes, model
from netsuite.store.errors import NoSuchFolder, NoSuchMessage
from netsuite.store.interfaces import Store
from netsuite.store.model import AccountId, ContentId, FolderId, Placed
from netsuite.store.query import Text

#: Articles whose place and Message-ID are kept in memory: some 500 octets each.
ARTICLES: Final = 50_000
#: Article numbers kept in memory, of all groups together: 4 octets each.
NUMBERS: Final = 8_000_000
#: Who asks for one article by its number asks for the next ones soon: so many are read at once.
AHEAD: Final = 64


class StoreNewsroom:
    """Implements ``interfaces.Newsroom`` over a store's public folders of kind GROUP.

    The first question makes it listen to the change feed; from then on it knows the groups and
    what happens in them without asking, whichever process it happens in.

    Args:
        policy: what posters are asked for; it may be replaced at any time.
        posted: told of each article that was posted: Message-ID, newsgroups, places.
    """

    def __init__(
        self,
        store: Store,
        policy: PostingPolicy | None = None,
        *,
        posted: Callable[[str, Sequence[str], Sequence[Placed]], None] | None = None,
    ) -> None:
        self.policy = policy or PostingPolicy("localhost")
        self.posted = posted
        self._store = store
        self._mail = store.mail
        self._by_id: dict[FolderId, LiveGroup] = {}
        self._by_name: dict[str, LiveGroup] = {}
        self._listening: changes.Subscription | None = None
        self._list_is_old = True
        self._reading_groups = SingleFlight(self._read_groups)
        self._reading_numbers: dict[FolderId, SingleFlight] = {}
        self._numbered: OrderedDict[FolderId, LiveGroup] = OrderedDict()
        self._articles: OrderedDict[tuple[FolderId, int], NewsArticle] = OrderedDict()
        self._found: dict[str, NewsArticle] = {}

    def close(self) -> None:
        """Hear no more of changes, and so forget everything; the next question begins anew."""
        if self._listening is not None:
            self._listening.cancel()
            self._listening = None
        for group in self._by_id.values():
            group.gone = True
        for known in (self._by_id, self._by_name, self._reading_numbers, self._numbered,
                      self._articles, self._found):  # fmt: skip
            known.clear()
        self._list_is_old = True

    def anonymous(self) -> AccountNews:
        """Return what somebody who has not logged in may do."""
        return AccountNews(self._store, self, None)

    # -- what happens ----------------------------------------------------------------------------

    def _changed(self, change: changes.Change) -> None:
        if isinstance(change, changes.MessagesAdded | changes.MessagesExpunged):
            group = self._by_id.get(change.folder)
            if group is not None:
                group.apply(change)
            if isinstance(change, changes.MessagesExpunged):
                for uid in change.uids:
                    self._forget((change.folder, uid))
        elif isinstance(change, changes.FolderCreated) and change.owner is None:
            self._list_is_old = True
        elif isinstance(change, changes.FolderDeleted) and change.owner is None:
            self._deleted(change.folder)
        elif isinstance(change, changes.FolderRenamed) and change.owner is None:
            group = self._by_id.get(change.folder)
            if group is not None:
                if self._by_name.get(change.old) is group:
                    del self._by_name[change.old]
                group.name = change.new
                self._by_name[change.new] = group
                self._forget_articles(change.folder)  # they tell its name

    def _deleted(self, folder: FolderId) -> None:
        group = self._by_id.pop(folder, None)
        if group is None:
            self._list_is_old = True  # it may be in a list that is being read
            return
        group.gone = True
        if self._by_name.get(group.name) is group:
            del self._by_name[group.name]
        self._numbered.pop(folder, None)
        self._reading_numbers.pop(folder, None)
        self._forget_articles(folder)

    def _forget_articles(self, folder: FolderId) -> None:
        for key in [key for key in self._articles if key[0] == folder]:
            self._forget(key)

    # -- groups ----------------------------------------------------------------------------------

    async def group(self, name: str) -> LiveGroup:
        """Return a group. Raises NoSuchFolder."""
        known = self._by_name.get(name)
        if known is None:
            await self._know_groups()
            known = self._by_name.get(name)
        if known is None:
            raise NoSuchFolder(name)
        return known

    async def groups(self) -> Sequence[LiveGroup]:
        """Return all, sorted by name."""
        await self._know_groups()
        unsure = [group for group in self._by_id.values() if group.unsure]
        if unsure:
            first = await self._mail.first_uids([group.id for group in unsure])
            for group in unsure:
                if group.numbers is None and group.id in first:
                    group.begins_at(first[group.id])
        return sorted(self._by_id.values(), key=lambda group: group.name)

    async def _know_groups(self) -> None:
        """Read the list of groups where it is old, or wait for who does."""
        if self._list_is_old or self._reading_groups.running:
            await self._reading_groups.done()

    async def _read_groups(self) -> None:
        if self._listening is None:
            self._listening = self._store.changes.watch_all(self._changed)
        while self._list_is_old:
            # What is made from here on makes the list old again.
            self._list_is_old = False
            try:
                await self._read_list()
            except BaseException:
                self._list_is_old = True
                raise

    async def _read_list(self) -> None:
        meanwhile: list[changes.Change] = []
        listening = self._store.changes.watch_all(meanwhile.append)
        try:
            folders = [
                f for f in await self._mail.folders(None) if f.kind is model.FolderKind.GROUP
            ]
            new = [folder for folder in folders if folder.id not in self._by_id]
            first = await self._mail.first_uids([folder.id for folder in new])
        finally:
            listening.cancel()
        for folder in new:
            group = LiveGroup(folder, first.get(folder.id))
            self._by_id[folder.id] = self._by_name[folder.name] = group
        for change in meanwhile:
            if isinstance(change, changes.MessagesAdded | changes.MessagesExpunged):
                group_there = self._by_id.get(change.folder)
                if group_there is not None:
                    group_there.apply(change)
            elif isinstance(change, changes.FolderDeleted | changes.FolderRenamed):
                self._changed(change)

    # -- numbers ---------------------------------------------------------------------------------

    async def numbers(self, group: Newsgroup) -> Sequence[int]:
        """Return the article numbers there are. Raises NoSuchFolder."""
        known = self._by_id.get(group.id)
        if known is None:
            raise NoSuchFolder(group.name)
        if known.numbers is None:
            reading = self._reading_numbers.get(known.id)
            if reading is None:
                reading = SingleFlight(lambda: self._read_numbers(known))
                self._reading_numbers[known.id] = reading
            await reading.done()
        else:
            self._numbered.move_to_end(known.id)
        return known.numbers if known.numbers is not None else array("I")

    async def _read_numbers(self, group: LiveGroup) -> None:
        group.meanwhile = []
        try:
            numbers = await self._mail.uids(group.id)
        except BaseException:
            group.meanwhile = None
            raise
        finally:
            self._reading_numbers.pop(group.id, None)
        group.keep(numbers)
        if group.gone:
            return
        self._numbered[group.id] = group
        total = sum(len(each.numbers or ()) for each in self._numbered.values())
        while total > NUMBERS and len(self._numbered) > 1:
            _, oldest = self._numbered.popitem(last=False)
            total -= len(oldest.numbers or ())
            oldest.numbers = None

    async def arrived_since(self, group: Newsgroup, moment: datetime) -> Sequence[int]:
        """The numbers of articles that came into it then or later. Raises NoSuchFolder."""
        # Numbers are given in the order of arrival, so few have to be looked at; the last one
        # first, since mostly nothing is new.
        numbers = array("I", await self.numbers(group))
        low, high, probe = 0, len(numbers), len(numbers) - 1
        while low < high:
            found = await self._mail.messages(group.id, [numbers[probe]], None)
            if not found:  # it was removed while we looked
                del numbers[probe]
                high -= 1
            elif found[0].saved < moment:
                low = probe + 1
            else:
                high = probe
            probe = (low + high) // 2
        return numbers[low:]

    # -- articles --------------------------------------------------------------------------------

    async def article(self, group: Newsgroup, number: int) -> NewsArticle:
        """Return an article. Raises NoSuchMessage."""
        known = self._articles.get((group.id, number))
        if known is not None:
            return known
        numbers = await self.numbers(group)
        index = bisect_left(numbers, number)
        wanted = numbers[index : index + AHEAD]
        if not wanted or wanted[0] != number:
            raise NoSuchMessage(f"{group.name} {number}")
        learned = await self._learn(group.id, list(wanted))
        known = learned.get(number)
        if known is None:
            raise NoSuchMessage(f"{group.name} {number}")
        return known

    async def _learn(self, folder: FolderId, numbers: Sequence[int]) -> Mapping[int, NewsArticle]:
        """Read articles into memory; what is gone when they come is left out."""
        described = await self.described(folder, numbers)
        places = await self.places([message_id_of(each) for each in described])
        there = self._by_id.get(folder)
        if there is None:
            return {}
        articles = [_article(there, each, places) for each in described]
        now = there.numbers
        learned = {
            article.number: article
            for article in articles
            if now is None or _among(now, article.number)
        }
        for article in learned.values():
            self._keep(article)
        return learned

    def _keep(self, article: NewsArticle) -> None:
        key = (article.folder, article.number)
        self._articles[key] = article
        self._articles.move_to_end(key)
        self._found[article.message_id] = article
        while len(self._articles) > ARTICLES:
            self._forget(next(iter(self._articles)))

    def _forget(self, key: tuple[FolderId, int]) -> None:
        article = self._articles.pop(key, None)
        if article is not None and self._found.get(article.message_id) is article:
            del self._found[article.message_id]

    async def find(self, message_id: str) -> NewsArticle:
        """Return one of the places of an article. Raises NoSuchMessage."""
        known = self._found.get(message_id)
        if known is not None:
            return known
        await self._know_groups()
        for folder, number in await self._mail.find_message_id(message_id):
            group = self._by_id.get(folder)
            if group is not None:
                return await self.article(group, number)
        raise NoSuchMessage(message_id)

    async def content(self, article: NewsArticle) -> bytes:
        """A whole article; for small ones. Raises as MailStore.content."""
        return await self._mail.content(article.content)

    def read(
        self, content: ContentId, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """As MailStore.read."""
        return self._mail.read(content, start, stop)

    async def described(
        self, folder: FolderId, numbers: Sequence[int]
    ) -> Sequence[model.Described]:
        """Articles with summaries, those that are there, ascending."""
        return await self._mail.described(folder, numbers, None)

    async def search(self, group: Newsgroup, text: str) -> Sequence[int]:
        """The numbers of articles that hold a text, ascending; exact."""
        return await self._mail.search(group.id, Text(text), None)

    def message_id(self, described: model.Described) -> str:
        """Return an article's Message-ID; one made from its content's name where it has none."""
        return message_id_of(described)

    async def contents(self, contents: Sequence[ContentId]) -> Mapping[ContentId, bytes]:
        """As MailStore.contents."""
        return await self._mail.contents(contents)

    async def columns(
        self, folder: FolderId, numbers: Sequence[int], wanted: Collection[model.Column]
    ) -> model.Columns:
        """As MailStore.columns."""
        return await self._mail.columns(folder, numbers, wanted, None)

    def name_of(self, group: FolderId) -> str:
        """Return a group's name; empty for one that is gone."""
        known = self._by_id.get(group)
        return known.name if known is not None else ""

    async def crossposts(
        self, group: FolderId, numbers: Sequence[int]
    ) -> Mapping[int, Sequence[tuple[str, int]]]:
        """Group name and number of all places of those articles that are in more than one."""
        found = await self._mail.crossposts(group, numbers)
        return {
            number: [
                (self._by_id[folder].name, there)
                for folder, there in sorted([(group, number), *others])
                if folder in self._by_id
            ]
            for number, others in found.items()
        }

    async def places(self, message_ids: Sequence[str]) -> Mapping[str, Sequence[tuple[str, int]]]:
        """Group name and number of each place of articles."""
        found = await self._mail.find_message_ids(message_ids)
        return {
            message_id: [
                (self._by_id[folder].name, number)
                for folder, number in places
                if folder in self._by_id
            ]
            for message_id, places in found.items()
        }


def _among(numbers: Sequence[int], number: int) -> bool:
    index = bisect_left(numbers, number)
    return index < len(numbers) and numbers[index] == number


def _article(
    group: LiveGroup, described: model.Described, places: Mapping[str, Sequence[tuple[str, int]]]
) -> NewsArticle:
    message = described.message
    # Mail that was put here may have none; RFC 3977, 3.6 wants every article to. It is the same
    # every time, and cannot be anybody else's.
    message_id = message_id_of(described)
    return NewsArticle(
        group.id,
        message.uid,
        message_id,
        message.content,
        message.octets,
        locations(places.get(message_id) or [(group.name, message.uid)]),
    )


def message_id_of(described: model.Described) -> str:
    """Return an article's Message-ID; one made from its content's name where it has none."""
    said = first_message_id(described.summary.envelope.message_id)
    return said or f"<{described.message.guid}@no-message-id.invalid>"


class AccountNews:
    """Implements ``interfaces.NewsAccess``; account None is somebody who has not logged in."""

    def __init__(self, store: Store, room: StoreNewsroom, account: model.Account | None) -> None:
        self.name = account.name if account else ""
        self.room: Newsroom = room
        self._posted = room.posted
        self._mail = store.mail
        self._id: AccountId | None = account.id if account else None
        self._is_admin = account is not None and ADMIN_GROUP in account.groups

    def may_approve(self, group: Newsgroup) -> bool:
        """Whether articles with an Approved field are taken from them for that group."""
        return self._is_admin or bool(self.name and group.moderator == self.name)

    @property
    def may_post(self) -> bool:
        """Whether the site's policy lets them post."""
        posting = self.room.policy.posting
        return posting == "open" or (posting == "login" and bool(self.name))

    def check_groups(self, groups: Sequence[Newsgroup], *, approved: bool) -> None:
        """Check where an article is to go. Raises Unfit."""
        check_groups(self, self.room.policy, groups, approved=approved)

    def posting(self, *, now: datetime, unique: str, source: str) -> AccountPosting:
        """Begin to take an article."""
        return AccountPosting(
            self,
            self._id,
            self._mail,
            now=now,
            unique=unique,
            source=source,
            posted=self._posted,
        )
