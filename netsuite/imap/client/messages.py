"""Commands of the selected mailbox's messages (RFC 3501, 6.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from netsuite.connection.errors import ProtocolViolation
from netsuite.imap.client.in_progress import Completed, Consumer
from netsuite.imap.client.session import Session
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses as said
from netsuite.imap.commands.fetch import FetchData, FetchItem
from netsuite.imap.commands.search import Every, Flagged, Negated, Numbered, SearchKey
from netsuite.imap.sequences import SequenceSet

#: A search finds no more: a few octets can name every number there is.
FOUND_AT_MOST: Final = 10_000_000


def numbers_of(numbers: SequenceSet | Iterable[int] | int) -> SequenceSet:
    """Return a set, whether a set, some numbers, or one was given."""
    if isinstance(numbers, SequenceSet):
        return numbers
    return SequenceSet.of([numbers] if isinstance(numbers, int) else sorted(set(numbers)))


Numbers = SequenceSet | Iterable[int] | int


class MessageCommands(Session):
    """Commands of the selected mailbox's messages."""

    async def check(self) -> None:
        """Ask for a checkpoint."""
        await self.commands.run(ask.Check())

    async def close_mailbox(self) -> None:
        """Leave the mailbox and remove what is marked as deleted."""
        await self.commands.run(ask.Close())
        self.mailbox = None

    async def unselect(self) -> None:
        """Leave the mailbox as it is."""
        await self.commands.run(ask.Unselect())
        self.mailbox = None

    async def search(self, key: SearchKey, *, by_uid: bool = True) -> Sequence[int]:
        """Search; return UIDs, or numbers."""
        completed = await self.commands.run(ask.Search(key, by_uid=by_uid))
        found = [number for each in completed.data_of(said.SearchData) for number in each.numbers]
        for each in completed.data_of(said.ExtendedSearchData):  # IMAP4rev2 answers so
            if each.all is not None:
                if not each.all.is_fixed() or each.all.size() > FOUND_AT_MOST:
                    raise self.with_conversation(ProtocolViolation("no result of a search"))
                found += [n for low, high in each.all.ranges for n in range(low, high + 1)]
        return found

    async def fetch(
        self,
        numbers: Numbers,
        items: Iterable[FetchItem],
        *,
        by_uid: bool = True,
        consumer: Consumer | None = None,
    ) -> Sequence[FetchData]:
        """Fetch; large contents go to *consumer* as they come."""
        request = ask.Fetch(numbers_of(numbers), tuple(items), by_uid)
        return (await self.commands.run(request, consumer=consumer)).data_of(FetchData)

    async def store(
        self,
        numbers: Numbers,
        action: ask.StoreAction,
        flags: Iterable[str],
        *,
        silent: bool = False,
        by_uid: bool = True,
    ) -> Sequence[FetchData]:
        """Change flags; return the new ones, unless *silent*."""
        request = ask.Store(numbers_of(numbers), action, frozenset(flags), silent, by_uid)
        return (await self.commands.run(request)).data_of(FetchData)

    async def copy(
        self, numbers: Numbers, mailbox: str, *, by_uid: bool = True
    ) -> said.CopyUid | None:
        """Copy messages."""
        request = ask.Copy(numbers_of(numbers), mailbox, by_uid)
        return (await self.commands.run(request)).copy_uid

    async def move(
        self, numbers: Numbers, mailbox: str, *, by_uid: bool = True
    ) -> said.CopyUid | None:
        """Move messages (RFC 6851).

        Where the server cannot, they are copied and marked as deleted, and removed: by UID
        (UIDPLUS), else with EXPUNGE where nothing else is marked. Where that is not so they stay
        there, marked: EXPUNGE would take along what others have marked.
        """
        if not self._offers("MOVE"):
            return await self._copy_away(numbers_of(numbers), mailbox, by_uid=by_uid)
        completed = await self.commands.run(ask.Move(numbers_of(numbers), mailbox, by_uid))
        self._all_news(completed)
        return completed.copy_uid

    async def _copy_away(
        self, numbers: SequenceSet, mailbox: str, *, by_uid: bool
    ) -> said.CopyUid | None:
        if not by_uid:  # numbers may shift between the steps
            numbers = numbers_of(await self.search(Numbered(numbers)))
        copied = await self.copy(numbers, mailbox)
        await self.store(numbers, ask.StoreAction.ADD, ["\\Deleted"], silent=True)
        if self._offers("UIDPLUS"):
            await self.expunge(numbers)
        else:
            others = Every((Flagged("\\Deleted"), Negated(Numbered(numbers, by_uid=True))))
            if not await self.search(others):
                await self.expunge()
        return copied

    def _offers(self, name: str) -> bool:
        """Return whether the server has an extension that is a part of IMAP4rev2."""
        return not self.capabilities.isdisjoint({name, "IMAP4REV2"})

    async def expunge(self, uids: Numbers | None = None) -> Sequence[int]:
        """Remove what is marked as deleted (of *uids*); return the numbers as they went."""
        completed = await self.commands.run(ask.Expunge(None if uids is None else numbers_of(uids)))
        self._all_news(completed)
        return [each.number for each in completed.data_of(said.Expunged)]

    def _all_news(self, completed: Completed) -> None:
        for response in completed.data:
            self.news(response)
