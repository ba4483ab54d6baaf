"""The server that an account comes from, asked for what a migration needs."""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from netsuite.cli.filling import Filling
from netsuite.cli.mailfiles.kept import is_keyword
from netsuite.cli.migration.marks import MARK_FIELDS, Beginning, mark_of
from netsuite.imap.client import IMAPClient
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.fetch import BodySection, FetchData, FetchItem, Item
from netsuite.imap.commands.responses import Listed, NamespaceData
from netsuite.imap.commands.search import AllMessages
from netsuite.imap.dialog.client import LiteralBegins
from netsuite.store.flags import canonical
from netsuite.store.interfaces import Draft
from netsuite.store.model import SYSTEM_FLAGS
from netsuite.wire.errors import RemoteProtocolError

_LISTED: tuple[Item, ...] = (Item.UID, Item.FLAGS, Item.SIZE)
_WHOLE: tuple[FetchItem, ...] = (
    Item.UID, Item.FLAGS, Item.INTERNALDATE, BodySection(peek=True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message as a list of a mailbox has it.

    Args:
        octets: its size, as the server says, which may be wrong.
    """

    uid: int
    flags: frozenset[str]
    octets: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message that has come.

    Args:
        flags: None where the server did not say.
        mark: see ``marks``.
    """

    uid: int
    flags: frozenset[str] | None
    received: datetime | None
    draft: Draft
    mark: int


def flags_of(names: Collection[str]) -> frozenset[str]:
    """Return those of a server's flags that a store keeps."""
    known = map(canonical, names)
    return frozenset(each for each in known if each in SYSTEM_FLAGS or is_keyword(each))


class Source:
    """One session that has logged in."""

    def __init__(self, client: IMAPClient) -> None:
        self._client = client

    async def mailboxes(self) -> Sequence[Listed]:
        """Return all mailboxes, with what each is for, where the server tells."""
        if {"SPECIAL-USE", "LIST-EXTENDED"} <= self._client.capabilities:
            request = ask.List("", ("*",), returns=frozenset({"SPECIAL-USE"}), extended=True)
            found = (await self._client.commands.run(request)).data_of(Listed)
        else:
            found = await self._client.list()
        return list({each.mailbox: each for each in found}.values())

    async def namespaces(self) -> NamespaceData:
        """Return where the account's own mailboxes are, and others'."""
        if "NAMESPACE" not in self._client.capabilities:
            return NamespaceData()
        return await self._client.namespace()

    async def subscribed(self) -> Sequence[Listed]:
        """Return the mailboxes that are subscribed, there or not."""
        return await self._client.lsub()

    async def examine(self, mailbox: str) -> tuple[int, Sequence[int]]:
        """Open a mailbox for reading; return UIDVALIDITY and all UIDs, ascending."""
        opened = await self._client.examine(mailbox)
        return opened.uid_validity, await self.uids() if opened.messages else ()

    async def uids(self) -> Sequence[int]:
        """Return all UIDs of the mailbox, ascending."""
        return array("L", sorted(set(await self._client.search(AllMessages()))))

    async def listed(self, uids: Sequence[int]) -> Mapping[int, Envelope]:
        """Return what the server says of messages, but for those it has no more."""
        found = await self._client.fetch(uids, _LISTED)
        return {
            each.uid: Envelope(each.uid, flags_of(each.flags), each.octets or 0)
            for each in found
            if each.uid is not None and each.flags is not None
        }

    async def marks(self, uids: Sequence[int]) -> Mapping[int, int]:
        """Return the marks of messages."""
        found: dict[int, int] = {}
        for each in await self._client.fetch(uids, [Item.UID, Item.SIZE, MARK_FIELDS]):
            header = next((part for part in each.sections.values() if isinstance(part, bytes)), b"")
            if each.uid is not None:
                found[each.uid] = mark_of(header, each.octets or 0)
        return found

    async def contents(self, uids: Collection[int], filling: Filling) -> list[Fetched]:
        """Fetch messages; a large one goes into its draft as it comes.

        Returns:
            Those that came, which may be fewer, in the order in which they were asked for.

        Raises:
            StoreError: a draft cannot be written.
        """
        large = _Large(filling, len(uids))
        found: dict[int, Fetched] = {}
        try:
            for each in await self._client.fetch(uids, _WHOLE, consumer=large.take):
                uid = each.uid
                if uid is None or uid not in uids or uid in found:
                    continue
                content = next(iter(each.sections.values()), None)
                if isinstance(content, bytes):
                    draft, begin = await filling.drafted(_whole(content)), content
                elif content is not None and each.number in large.drafts:
                    draft, begin = large.drafts.pop(each.number)
                else:
                    continue
                found[uid] = _fetched(each, uid, draft, begin)
        except BaseException:
            for one in found.values():
                await one.draft.abort()
            raise
        finally:
            for left, _ in large.drafts.values():  # of messages nobody asked for
                await left.abort()
        return [found[uid] for uid in sorted(found)]


class _Large:
    """Takes messages that come in pieces.

    Args:
        most: so many are asked for.

    Attributes:
        drafts: them and their beginnings, by message number.
    """

    def __init__(self, filling: Filling, most: int) -> None:
        self.drafts: dict[int, tuple[Draft, bytes]] = {}
        self._filling = filling
        self._most = most

    async def take(self, begins: LiteralBegins, pieces: AsyncIterator[bytes]) -> None:
        """Write a message to a draft. Raises RemoteProtocolError for one too many."""
        number = begins.number
        if len(self.drafts) >= self._most and number not in self.drafts:
            raise RemoteProtocolError("more messages than were asked for")
        beginning = Beginning(pieces)
        draft = await self._filling.drafted(aiter(beginning))
        before = self.drafts.pop(number, None)
        self.drafts[number] = draft, beginning.octets
        if before is not None:
            await before[0].abort()


def _fetched(data: FetchData, uid: int, draft: Draft, begin: bytes) -> Fetched:
    flags = None if data.flags is None else flags_of(data.flags)
    return Fetched(uid, flags, data.internal_date, draft, mark_of(begin, draft.octets))


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


def missing_of(asked: Collection[int], came: Collection[Fetched]) -> list[int]:
    """Return the UIDs of messages that did not come."""
    there = {each.uid for each in came}
    return [uid for uid in asked if uid not in there]
