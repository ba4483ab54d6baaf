"""One mailbox on its way into a folder: what is new is copied, what has changed is taken over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from netsuite.cli.context import line_of
from netsuite.cli.filling import Filling
from netsuite.cli.leftout import LeftOut
from netsuite.cli.migration.journal import Journal, Mailbox, Row
from netsuite.cli.migration.mapping import Mapped
from netsuite.cli.migration.marks import HEADER_OCTETS, mark_of
from netsuite.cli.migration.source import Envelope, Fetched, Source, missing_of
from netsuite.connection.errors import ClientError, Refusal
from netsuite.store.errors import NoSuchFolder, StoreError
from netsuite.store.interfaces import Store
from netsuite.store.model import (
    AccountId,
    FlagAction,
    Folder,
    FolderId,
    Placed,
    Placement,
)

#: So many messages are looked at together ...
WINDOW: Final = 500
#: ... and so many, of so many octets, fetched by one command.
BATCH: Final = 100
BATCH_OCTETS: Final = 8 << 20
#: A message at which the connection was lost so often, alone, is left out.
LOSSES: Final = 2


@dataclass(slots=True)
class Counts:
    """The results of a migration so far."""

    mailboxes: int = 0
    copied: int = 0
    there: int = 0
    changed: int = 0
    elsewhere: int = 0


@dataclass(slots=True)
class Progress:
    """The state that lasts from one connection to the next.

    Args:
        begun: mailboxes of this run, whose journal is known to be complete.
        done: names of those that are finished.
        suspects: messages, as (mailbox, UID), in whose company a connection was lost, and how
            often alone.
        advance: told of each message that was copied.
    """

    counts: Counts = field(default_factory=Counts)
    begun: set[int] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    suspects: Counter[tuple[str, int]] = field(default_factory=Counter)
    advance: Callable[[int], None] = field(default=lambda count: None)


class Copying:
    """Copies mailboxes of one source into the folders of one account.

    Args:
        number: of the source in the journal.
    """

    def __init__(
        self,
        store: Store,
        journal: Journal,
        number: int,
        owner: AccountId,
        progress: Progress,
        left_out: LeftOut,
    ) -> None:
        self._store = store
        self._journal = journal
        self._number = number
        self._owner = owner
        self._progress = progress
        self._left_out = left_out
        self._counts = progress.counts

    async def mailbox(self, source: Source, mapped: Mapped) -> None:
        """Copy a mailbox. Raises ClientError, StoreError."""
        validity, uids = await source.examine(mapped.name)
        folder = await self._folder(mapped)
        entry = await self._begin(source, mapped, folder, validity, uids)
        step = _Step(self, source, mapped, folder.id, entry.id)
        try:
            for start in range(0, len(uids), WINDOW):
                await step.window(uids[start : start + WINDOW])
            await step.ask_again()
        finally:
            await step.settle()
        self._journal.end(entry.id)
        self._counts.mailboxes += 1

    async def _folder(self, mapped: Mapped) -> Folder:
        """Return the folder of a mailbox: where it went before, else by name, else a new one."""
        known = self._journal.mailbox(self._number, mapped.name)
        if known is not None:
            try:
                folder = await self._store.mail.folder_by_id(FolderId(known.folder))
            except NoSuchFolder:
                folder = None
            if folder is not None and folder.owner == self._owner:
                return folder
        try:
            return await self._store.mail.folder(self._owner, mapped.folder)
        except NoSuchFolder:
            return await self._store.mail.create_folder(
                self._owner, mapped.folder, special_use=mapped.use
            )

    async def _begin(
        self, source: Source, mapped: Mapped, folder: Folder, validity: int, uids: Sequence[int]
    ) -> Mailbox:
        """Open a mailbox in the journal; where that may not know all, find out what is here."""
        before = self._journal.mailbox(self._number, mapped.name)
        same = before is not None and (
            (before.validity, before.folder, before.folder_validity)
            == (validity, folder.id, folder.uid_validity)
        )
        if before is not None and not same:
            self._journal.forget(before.id)  # first: what is written of it is true no more
            if before.validity != validity:
                self._left_out.remark(
                    f"{mapped.name} has another UIDVALIDITY than before: its messages are known "
                    "again by their headers"
                )
        entry = self._journal.begin(
            self._number, mapped.name, validity, folder.id, folder.uid_validity
        )
        is_whole = same and before is not None and not before.is_open
        if not is_whole and not (same and entry.id in self._progress.begun):
            await self._find_again(source, entry.id, folder, uids)
        self._progress.begun.add(entry.id)
        return entry

    async def _find_again(
        self, source: Source, mailbox: int, folder: Folder, uids: Sequence[int]
    ) -> None:
        """Write down what is here already and the journal does not know of, by the marks of
        messages: of several with one mark as many as are here."""
        written = self._journal.targets(mailbox)
        here: dict[int, list[tuple[int, frozenset[str]]]] = defaultdict(list)
        wanted = [uid for uid in await self._store.mail.uids(folder.id) if uid not in written]
        for start in range(0, len(wanted), WINDOW):
            some = wanted[start : start + WINDOW]
            for message in await self._store.mail.messages(folder.id, some, self._owner):
                pieces = self._store.mail.read(message.content, 0, HEADER_OCTETS)
                header = b"".join([piece async for piece in pieces])
                here[mark_of(header, message.octets)].append((message.uid, message.flags))
        for start in range(0, len(uids), WINDOW):
            if not here:
                return
            these = uids[start : start + WINDOW]
            known = self._journal.known(mailbox, these[0], these[-1])
            unknown = [uid for uid in these if uid not in known]
            marks = await source.marks(unknown) if unknown else {}
            rows = []
            for uid, mark in sorted(marks.items()):
                if uid in known or mark not in here:
                    continue
                target, flags = here[mark].pop(0)
                if not here[mark]:
                    del here[mark]
                rows.append(Row(uid, target, flags, mark))
            self._journal.add(mailbox, rows)


class _Step:
    """One mailbox, once."""

    def __init__(
        self, copying: Copying, source: Source, mapped: Mapped, folder: FolderId, mailbox: int
    ) -> None:
        self._store = copying._store
        self._journal = copying._journal
        self._number = copying._number
        self._owner = copying._owner
        self._left_out = copying._left_out
        self._counts = copying._counts
        self._suspects = copying._progress.suspects
        self._advance = copying._progress.advance
        self._source = source
        self._mapped = mapped
        self._folder = folder
        self._mailbox = mailbox
        self._filling = Filling(copying._store)
        self._rows: list[Row] = []
        self._missing: list[int] = []
        self._odd = 0

    async def window(self, uids: Sequence[int]) -> None:
        """Take over some messages, in the order of their UIDs."""
        listed = await self._source.listed(uids)
        known = self._journal.known(self._mailbox, uids[0], uids[-1])
        await self._take_flags(known, listed)
        new: Sequence[int] = [uid for uid in uids if uid not in known]
        self._counts.there += len(uids) - len(new)
        if self._mapped.shows_all and new:
            new = await self._not_elsewhere(new)
        for batch in self._batches(new, listed):
            await self._batch(batch, listed)

    async def _take_flags(self, known: Mapping[int, Row], listed: Mapping[int, Envelope]) -> None:
        """Change here what has changed there since; what was changed here alone stays."""
        changes: dict[tuple[FlagAction, frozenset[str]], list[int]] = defaultdict(list)
        rows = []
        for uid, row in known.items():
            envelope = listed.get(uid)
            if envelope is None or envelope.flags == row.flags:
                continue
            rows.append(row._replace(flags=envelope.flags))
            changes[FlagAction.ADD, envelope.flags - row.flags].append(row.target)
            changes[FlagAction.REMOVE, row.flags - envelope.flags].append(row.target)
        for (action, flags), targets in changes.items():
            if flags:
                await self._store.mail.store_flags(
                    self._folder, sorted(targets), action, flags, self._owner
                )
        if rows:
            self._journal.add(self._mailbox, rows)
            self._counts.changed += len(rows)

    async def _not_elsewhere(self, uids: Sequence[int]) -> list[int]:
        """Return those that no other mailbox has had."""
        marks = await self._source.marks(uids)
        found = self._journal.elsewhere(self._number, self._mailbox, marks.values())
        kept = [uid for uid in uids if marks.get(uid) not in found]
        self._counts.elsewhere += len(uids) - len(kept)
        return kept

    def _batches(self, uids: Sequence[int], listed: Mapping[int, Envelope]) -> Iterator[list[int]]:
        batch: list[int] = []
        octets = 0
        for uid in uids:
            if uid not in listed:
                continue  # removed since
            suspected = (self._mapped.name, uid) in self._suspects
            size = listed[uid].octets
            full = len(batch) >= BATCH or octets + size > BATCH_OCTETS or suspected
            if batch and full:
                yield batch
                batch, octets = [], 0
            batch.append(uid)
            octets += BATCH_OCTETS if suspected else size
        if batch:
            yield batch

    async def _batch(self, uids: list[int], listed: Mapping[int, Envelope]) -> None:
        """Copy some messages with one command; one by one where the server refuses."""
        name = self._mapped.name
        if len(uids) == 1 and self._suspects[name, uids[0]] > LOSSES:
            self._refuse(uids[0], "the connection is lost whenever it is asked for")
            return
        try:
            came = await self._source.contents(uids, self._filling)
        except Refusal as error:
            if len(uids) == 1:
                self._refuse(uids[0], str(error))
                return
            for uid in uids:
                await self._batch([uid], listed)
            return
        except ClientError:
            self._suspects.update((name, uid) for uid in uids)
            raise
        self._missing += missing_of(uids, came)
        for each in came:
            envelope = listed[each.uid]
            self._odd += each.draft.octets != envelope.octets
            if each.draft.octets or not envelope.octets:
                await self._put(each, envelope.flags)
            else:  # some servers give nothing of what they cannot read
                await each.draft.abort()
                self._missing.append(each.uid)
        self._write_down()

    async def _put(self, each: Fetched, flags: frozenset[str]) -> None:
        flags = flags if each.flags is None else each.flags
        await self._filling.add(
            each.draft,
            Placement(self._folder, flags, each.received),
            partial(self._placed, each, flags),
            partial(self._refuse_of_store, each.uid),
        )

    def _placed(self, each: Fetched, flags: frozenset[str], place: Placed) -> None:
        self._rows.append(Row(each.uid, place.uid, flags, each.mark))
        self._counts.copied += 1
        self._advance(1)

    def _refuse_of_store(self, uid: int, error: StoreError) -> None:
        self._refuse(uid, line_of(error))

    def _refuse(self, uid: int, reason: str) -> None:
        self._left_out.say(f"message {uid} of {self._mapped.name} cannot be taken: {reason}")

    async def ask_again(self) -> None:
        """Complain of messages that did not come and are there nevertheless."""
        if self._odd:
            self._left_out.remark(
                f"{self._odd:,} messages of {self._mapped.name} have another size than the server "
                "says; they are as it gave them"
            )
        if self._missing:
            there = set(await self._source.uids())
            for uid in self._missing:
                if uid in there:
                    self._refuse(uid, "the server does not give it")

    async def settle(self) -> None:
        """Wait for what was begun, and write it down. Raises StoreError."""
        try:
            await self._filling.finish()
        finally:
            self._write_down()

    def _write_down(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self._journal.add(self._mailbox, rows)
