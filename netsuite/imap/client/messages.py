"""Commands of the selected mailbox's messages (RFC 3501, 6.4)."""

from __future__ import annotations

from collections.abc import Iterable

from netsuite.connection.stream import Progress, Stream
from netsuite.imap.client.expected import Consumer
from netsuite.imap.client.reading import Handover, section_of
from netsuite.imap.client.results import Fetched, Removed, Stored, united
from netsuite.imap.client.searches import SearchCommands
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses as said
from netsuite.imap.commands.fetch import FetchData, FetchItem
from netsuite.imap.commands.search import Every, Flagged, Negated, Numbered, Window
from netsuite.imap.sequences import NOTHING, SequenceSet


def numbers_of(numbers: SequenceSet | Iterable[int] | int) -> SequenceSet:
    """Return a set, whether a set, some numbers, or one was given."""
    if isinstance(numbers, SequenceSet):
        return numbers
    return SequenceSet.of([numbers] if isinstance(numbers, int) else sorted(set(numbers)))


Numbers = SequenceSet | Iterable[int] | int


class MessageCommands(SearchCommands):
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

    async def fetch(
        self,
        numbers: Numbers,
        items: Iterable[FetchItem],
        *,
        by_uid: bool = True,
        consumer: Consumer | None = None,
        changed_since: int | None = None,
        vanished: bool = False,
        window: Window | None = None,
    ) -> Fetched:
        """Fetch; large contents go to *consumer* as they come.

        Args:
            changed_since: a mod-sequence: only what has changed since (CONDSTORE).
            vanished: tell, too, which of those UIDs have gone since; with QRESYNC enabled, by UID.
            window: the first and the last wanted, counted from the end where both are negative
                (PARTIAL).
        """
        request = ask.Fetch(
            numbers_of(numbers), tuple(items), by_uid, changed_since, vanished, window
        )
        completed = await self.commands.run(request, consumer=consumer)
        return Fetched(completed.data_of(FetchData), united(completed.data_of(said.Vanished)))

    def read(
        self,
        number: int,
        section: str = "",
        *,
        by_uid: bool = True,
        seen: bool = False,
        progress: Progress | None = None,
    ) -> Stream:
        """Return a message, or a section of it, as it comes. Whoever leaves it before its end can
        go on with the session: the rest is read away.

        Args:
            section: as it stands in ``BODY[]``: ``HEADER``, ``TEXT``, ``1.2``.
            seen: whether the message counts as read then.

        Raises:
            ValueError: that is no section.
            Refusal: when it is read; PermanentRefusal where there is no such message.
        """
        wanted = section_of(section, peek=not seen)
        return Stream(
            lambda count: Handover(count).read(
                lambda consumer: self.fetch(number, [wanted], by_uid=by_uid, consumer=consumer)
            ),
            progress or self.progress,
        )

    async def store(
        self,
        numbers: Numbers,
        action: ask.StoreAction,
        flags: Iterable[str],
        *,
        silent: bool = False,
        by_uid: bool = True,
        unchanged_since: int | None = None,
    ) -> Stored:
        """Change flags; return the new ones, unless *silent*.

        Args:
            unchanged_since: a mod-sequence: what has changed since is left alone (CONDSTORE), and
                told as ``modified``.
        """
        request = ask.Store(
            numbers_of(numbers), action, frozenset(flags), silent, by_uid, unchanged_since
        )
        completed = await self.commands.run(request)
        code = completed.code
        modified = None if code is None or code.name != "MODIFIED" else code.argument
        return Stored(
            completed.data_of(FetchData),
            modified if isinstance(modified, SequenceSet) else NOTHING,
        )

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
        if not self.offers("MOVE"):
            return await self._copy_away(numbers_of(numbers), mailbox, by_uid=by_uid)
        request = ask.Move(numbers_of(numbers), mailbox, by_uid)
        return (await self.commands.run(request)).copy_uid

    async def _copy_away(
        self, numbers: SequenceSet, mailbox: str, *, by_uid: bool
    ) -> said.CopyUid | None:
        if not by_uid:
            numbers = await self._uids(numbers)
        copied = await self.copy(numbers, mailbox)
        await self._take_away(numbers)
        return copied

    async def _uids(self, numbers: SequenceSet) -> SequenceSet:
        """Return the UIDs of numbers, which may shift between the steps of what is done."""
        return numbers_of(await self.search(Numbered(numbers)))

    async def _take_away(self, uids: SequenceSet) -> None:
        """Remove messages, and no others; where that cannot be they stay, marked."""
        await self.store(uids, ask.StoreAction.ADD, ["\\Deleted"], silent=True)
        if self.offers("UIDPLUS"):
            await self.expunge(uids)
        else:
            others = Every((Flagged("\\Deleted"), Negated(Numbered(uids, by_uid=True))))
            if not await self.search(others):
                await self.expunge()

    async def expunge(self, uids: Numbers | None = None) -> Removed:
        """Remove what is marked as deleted (of *uids*); return the numbers as they went."""
        completed = await self.commands.run(ask.Expunge(None if uids is None else numbers_of(uids)))
        return Removed(
            (each.number for each in completed.data_of(said.Expunged)),
            united(completed.data_of(said.Vanished)),
        )
