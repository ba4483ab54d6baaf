"""The mail store on SQL.

It is longer than 500 lines as its interface is: one short method for each of ``MailStore``'s, which
takes a function to where it runs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

import sqlalchemy as sa

from netsuite.message.structure import Summary
from netsuite.store import errors, folder_names, model, outgoing
from netsuite.store.flags import normalised
from netsuite.store.interfaces import Draft, Report
from netsuite.store.model import AccountId, ContentId, FolderId
from netsuite.store.query import Query
from netsuite.store.rights import ALL
from netsuite.store.sql import articles, contents, folders, messages, opening, reading, summaries
from netsuite.store.sql import schema as t
from netsuite.store.sql.appending import Deliveries
from netsuite.store.sql.copying import transfer
from netsuite.store.sql.database import DatabaseSession
from netsuite.store.sql.delivery import Delivery, SQLDraft, Together
from netsuite.store.sql.indexing import descriptions
from netsuite.store.sql.locks import Locks
from netsuite.store.sql.message_columns import describe_columns, is_described, read_columns
from netsuite.store.sql.parts import Cache, StoreParts
from netsuite.store.sql.rows import PUBLIC
from netsuite.store.sql.search import search
from netsuite.store.sql.transaction import SELECT_QUOTA, Transaction
from netsuite.store.sql.units import GrowingCall, PassingCall, Unit
from netsuite.store.summarize import Description

T = TypeVar("T")
_TOUCH: Final = (
    sa.update(t.content)
    .values(died_at=sa.bindparam("died_at"))
    .where(t.content.c.id == sa.bindparam("of_content"), t.content.c.refs == 0)
)

#: What a content that is kept whole in memory may have at most.
HOT_OCTETS: Final = 64 * 1024
#: Of so many at once, all are kept: who reads them comes back.
HOT_CONTENTS: Final = 16
#: ``content`` and ``contents`` give no larger ones.
WHOLE_OCTETS: Final = 1 << 20
#: How often a slow reader says that it still reads a content nothing refers to.
TOUCH_SECONDS: Final = 60
#: So few messages are read on the reactor's thread where the database is embedded.
INLINE_ROWS: Final = 64
#: The same for what only counts messages, or reads nothing but UIDs.
INLINE_COUNTED: Final = 1000
#: So many messages are changed by one transaction: others have their turn with the writer.
STEP: Final = 2000
#: UIDs of folders that were opened lately may take so much: 5,000,000 of them.
KNOWN_UIDS_OCTETS: Final = 20_000_000
#: So many summaries are made or read in one go.
SLICE: Final = 256


class SQLMail:
    """Implements ``interfaces.MailStore``.

    One class, since that is one interface: a method checks what it is given, and takes a function
    of ``folders``, ``contents`` or ``messages`` to where it runs, a reader or the writer.
    """

    def __init__(self, shared: StoreParts, locks: Locks) -> None:
        self._shared = shared
        self._locks = locks
        self._known_uids: Cache[FolderId, opening.KnownUids] = Cache(KNOWN_UIDS_OCTETS)

    # -- folders

    async def folders(self, account: AccountId | None) -> Sequence[model.Folder]:
        """All folders of the account, or all public ones, sorted by name."""
        return await self._shared.read(
            lambda s: folders.read_all(s, account or PUBLIC), inline=False
        )

    async def folder(self, owner: AccountId | None, name: str) -> model.Folder:
        """One folder by name; INBOX in any case. Raises NoSuchFolder."""
        self._shared.check_open()
        kept = folder_names.looked_up(name, private=owner is not None)
        if not _can_be_kept(kept):
            raise errors.NoSuchFolder(repr(name))
        return await self._shared.readers.run_inline(
            lambda s: folders.read_named(s, owner or PUBLIC, kept)
        )

    async def folder_by_id(self, folder: FolderId) -> model.Folder:
        """One folder by id. Raises NoSuchFolder."""
        return await self._shared.read(lambda s: folders.read_folder(s, folder), inline=True)

    async def status(self, folder: FolderId, account: AccountId | None) -> model.Status:
        """Counts as *account* sees them. Raises NoSuchFolder."""
        known = await self.folder_by_id(folder)
        return await self._shared.read_together(
            lambda s: folders.read_status(s, folders.read_folder(s, folder), account),
            inline=known.messages <= INLINE_COUNTED,
        )

    async def create_folder(
        self,
        owner: AccountId | None,
        name: str,
        *,
        kind: model.FolderKind = model.FolderKind.MAILBOX,
        special_use: model.SpecialUse | None = None,
        description: str = "",
        postable: bool = True,
        moderator: str | None = None,
    ) -> model.Folder:
        """Make a folder and the missing ones above it (mailboxes only)."""
        self._shared.check_open()
        name = folder_names.checked(name, private=owner is not None)
        made = await self._shared.write(
            lambda tr: folders.create(
                tr, owner or PUBLIC, name, kind, special_use, description, postable, moderator
            )
        )
        return await self.folder_by_id(made)

    async def delete_folder(self, folder: FolderId) -> None:
        """Remove a folder and its messages; folders below it stay."""
        await self._shared.write(lambda tr: folders.delete(tr, folder))
        self._locks.release_maildrop(folder)

    async def rename_folder(self, folder: FolderId, name: str) -> None:
        """Rename it and those below it; INBOX instead gives its messages away."""
        await self._shared.write(lambda tr: folders.rename(tr, folder, name))

    async def rename_named(
        self, owner: AccountId | None, old: str, name: str, *, shown: str = ""
    ) -> None:
        """The same by name, where there may be only folders below it."""
        kept = folder_names.looked_up(old, private=owner is not None)
        if not _can_be_kept(kept):
            raise errors.NoSuchFolder(repr(old))
        await self._shared.write(
            lambda tr: folders.rename_named(tr, owner or PUBLIC, kept, name, shown)
        )

    async def subscriptions(self, account: AccountId) -> frozenset[str]:
        """The names the account has subscribed, of folders that exist or not."""
        return await self._shared.read(
            lambda s: folders.read_subscriptions(s, account), inline=True
        )

    async def subscribe(self, account: AccountId, name: str, subscribed: bool) -> None:
        """Add or take away a subscription."""
        self._shared.check_open()
        kept = folder_names.subscribed(name, subscribed)
        if kept is None:
            return
        await self._shared.write(lambda tr: folders.subscribe(tr, account, kept, subscribed))

    # -- contents in

    def draft(self, expected_octets: int | None = None) -> SQLDraft:
        """Begin a content."""
        shared = self._shared
        shared.check_open()
        draft = SQLDraft(shared.writer, shared.process, shared.limit_octets, shared.drafts.discard)
        shared.drafts.add(draft)
        return draft

    async def beginning(self, draft: Draft, octets: int) -> bytes:
        """Return the first octets of a draft, before its commit. Raises StoreError."""
        if not isinstance(draft, SQLDraft):
            raise TypeError(f"not a draft of this store: {draft!r}")
        return await draft.beginning(octets)

    async def commit(
        self,
        draft: Draft,
        placements: Sequence[model.Placement],
        *,
        onward: outgoing.Outgoing | None = None,
        message_id: str | None = None,
        replies: Sequence[Report] = (),
    ) -> Sequence[model.Placed]:
        """Make the content durable, in all the places and in the queue, or in none."""
        delivery = await self._begin_delivery(draft, placements, onward, message_id)
        if not replies:
            return await self.finish_deliveries(delivery, [delivery])
        try:
            others = await self.begin_deliveries(replies)
        except BaseException:
            await delivery.draft.discard()
            raise
        return await self.finish_deliveries(Together(delivery, others), [delivery, *others])

    async def commit_all(
        self,
        messages: Sequence[tuple[Draft, model.Placement]],
        *,
        instead_of: tuple[FolderId, int] | None = None,
    ) -> Sequence[model.Placed]:
        """Make several contents durable, each in its place, in their order, or none."""
        begun = await self.begin_deliveries([Report(each, [where]) for each, where in messages])
        return await self.finish_deliveries(Deliveries(begun, instead_of), begun)

    async def begin_deliveries(self, reports: Sequence[Report]) -> Sequence[Delivery]:
        """Return the units of work that reports are. Raises TooLarge, StoreClosed."""
        begun: list[Delivery] = []
        try:
            for each in reports:
                begun.append(
                    await self._begin_delivery(each.draft, each.placements, each.onward, None)
                )
        except BaseException:
            for delivery in begun:
                await delivery.draft.discard()
            raise
        return begun

    async def finish_deliveries(self, unit: Unit[T], deliveries: Sequence[Delivery]) -> T:
        """Have a unit done that some deliveries are in; return its result."""
        try:
            result = await self._shared.writer.submit(unit)
        except BaseException:
            for each in deliveries:
                await each.draft.discard()
            raise
        for each in deliveries:
            self._end_delivery(each)
        return result

    async def _begin_delivery(
        self,
        draft: Draft,
        placements: Sequence[model.Placement],
        onward: outgoing.Outgoing | None,
        message_id: str | None,
    ) -> Delivery:
        """Return the unit of work that a commit is. Raises TooLarge, StoreClosed."""
        shared = self._shared
        shared.check_open()
        if not isinstance(draft, SQLDraft):
            raise TypeError(f"not a draft of this store: {draft!r}")
        if draft.finished:
            raise ValueError("the draft is finished")
        if draft.too_large:
            await draft.abort()
            raise errors.TooLarge(f"{draft.octets} octets")
        shared.busy_at = shared.now()
        return Delivery(draft, shared.guid(), placements, onward, message_id)

    def _end_delivery(self, delivery: Delivery) -> None:
        """Keep a small content that was committed: it will be read soon."""
        self._shared.undescribed += 1
        if not delivery.draft.chunks and len(delivery.tail) <= HOT_OCTETS:
            self._shared.contents.put(delivery.content, delivery.tail, len(delivery.tail))

    # -- contents out

    async def content(self, content: ContentId) -> bytes:
        """A whole content; for small ones. Raises NoSuchMessage, TooLarge (over 1 MiB)."""
        shared = self._shared
        shared.check_open()
        known = shared.contents.get(content)
        if known is not None:
            return known

        def read_small(session: DatabaseSession) -> tuple[int, bytes | None]:
            octets = contents.octets_of(session, content)
            return octets, contents.whole(session, content) if octets <= HOT_OCTETS else None

        octets, read = await shared.readers.run_inline(read_small)
        if octets > WHOLE_OCTETS:
            raise errors.TooLarge(f"{octets} octets")
        if read is None:
            return await shared.readers.run_in_thread(lambda s: contents.whole(s, content))
        shared.contents.put(content, read, octets)
        return read

    async def contents(self, wanted: Sequence[ContentId]) -> Mapping[ContentId, bytes]:
        """Several small contents in one go; those gone or over 1 MiB are left out."""
        shared = self._shared
        shared.check_open()
        found, missing = shared.contents.known(wanted)
        if missing:

            def read(session: DatabaseSession) -> dict[ContentId, bytes]:
                known = contents.small(session, missing)
                others = [content for content in missing if content not in known]
                read = {ContentId(content): octets for content, octets in known.items()}
                for content, octets in contents.sizes(session, others).items():
                    if octets <= WHOLE_OCTETS:
                        read[ContentId(content)] = contents.whole(session, content)
                return read

            for content, octets in (await shared.readers.run_in_thread(read)).items():
                found[content] = octets
                # Who reads many reads each once, and what others come back for would have to go.
                if len(octets) <= HOT_OCTETS and len(missing) <= HOT_CONTENTS:
                    shared.contents.put(content, octets, len(octets))
        return found

    async def read(
        self, content: ContentId, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """Stream octets *start* to *stop* in pieces of at most 256 KiB."""
        shared = self._shared
        shared.check_open()
        known = shared.contents.get(content)
        if known is not None:
            if known[start:stop]:
                yield known[start:stop]
            return
        shared.pinned[content] += 1
        try:
            octets = await shared.readers.run_inline(lambda s: contents.octets_of(s, content))
            stop = octets if stop is None else min(stop, octets)
            touched_at = shared.now()
            while start < stop:
                number, offset = divmod(start, t.CHUNK_OCTETS)
                some = await self._some(content, number, octets)
                some = some[offset : offset + stop - start]
                if not some:
                    raise errors.NoSuchMessage(f"content {content} has lost its end")
                start += len(some)
                for at in range(0, len(some), t.CHUNK_OCTETS):
                    yield some[at : at + t.CHUNK_OCTETS]
                if shared.now() - touched_at > TOUCH_SECONDS * 1_000_000:
                    touched_at = shared.now()
                    await shared.writer.call(lambda tr: _touch(tr, content))
        finally:
            shared.pinned[content] -= 1
            if not shared.pinned[content]:
                del shared.pinned[content]

    async def _some(self, content: ContentId, number: int, octets: int) -> bytes:
        """Return a chunk; of a content in the object store some more."""
        readers = self._shared.readers
        if octets > HOT_OCTETS:
            return await readers.run_in_thread(lambda s: contents.some(s, content, number))
        return await readers.run_inline(lambda s: contents.chunk(s, content, number))

    # -- messages read

    async def uids(self, folder: FolderId) -> Sequence[int]:
        """All UIDs, ascending."""
        known = await self.folder_by_id(folder)
        return await self._shared.read(
            lambda s: reading.read_uids(s, folder), inline=known.messages <= INLINE_COUNTED
        )

    async def first_uids(self, of: Sequence[FolderId]) -> Mapping[FolderId, int]:
        """The lowest UID of each folder; empty folders are left out."""
        return await self._shared.read(
            lambda s: articles.first_uids(s, of), inline=len(of) <= INLINE_ROWS
        )

    async def find_message_id(self, message_id: str) -> Sequence[tuple[FolderId, int]]:
        """Where messages of that Message-ID are, in public folders."""
        return await self._shared.read(lambda s: articles.places(s, message_id), inline=True)

    async def find_message_ids(
        self, message_ids: Sequence[str]
    ) -> Mapping[str, Sequence[tuple[FolderId, int]]]:
        """The same for many; those nowhere to be found are left out."""

        def read(session: DatabaseSession) -> dict[str, Sequence[tuple[FolderId, int]]]:
            found = {each: articles.places(session, each) for each in message_ids}
            return {each: places for each, places in found.items() if places}

        return await self._shared.read(read, inline=len(message_ids) <= INLINE_ROWS)

    async def opened(
        self, folder: FolderId, account: AccountId | None, since: int | None = None
    ) -> model.Opened:
        """Return a folder as it stands, all of it of one moment."""
        known = await self.folder_by_id(folder)
        before = self._known_uids.get(folder)
        # As many as ever were in it bound what is read.
        opened, now = await self._shared.read_together(
            lambda s: opening.read_opened(s, folder, account, since, before),
            inline=known.uid_next <= INLINE_COUNTED,
        )
        self._known_uids.put(folder, now, len(now.uids) * now.uids.itemsize)
        return opened

    async def crossposts(
        self, folder: FolderId, uids: Sequence[int]
    ) -> Mapping[int, Sequence[tuple[FolderId, int]]]:
        """Where else, in public folders, messages of a public folder are."""
        if not uids:
            return {}
        return await self._shared.read(
            lambda s: articles.crossposts(s, folder, uids[0], uids[-1]),
            inline=len(uids) <= INLINE_ROWS,
        )

    async def claim_recent(self, folder: FolderId) -> tuple[int, int]:
        """Return what no read-write session was told of; mark all as told of, unless nothing can
        be written: mail can be read on a full disk, too."""
        recent = await self._shared.read(lambda s: reading.read_recent(s, folder), inline=True)
        if recent[0] == recent[1]:
            return recent
        try:
            return await self._shared.writer.submit(
                PassingCall(lambda tr: messages.claim_recent(tr, folder))
            )
        except errors.StorageFull:
            return recent

    async def messages(
        self, folder: FolderId, uids: Sequence[int] | None, account: AccountId | None
    ) -> Sequence[model.Message]:
        """The messages of those UIDs that are there (None: all), ascending by UID."""
        return await self._shared.read(
            lambda s: reading.read_messages(s, folder, uids, account),
            inline=uids is not None and len(uids) <= INLINE_ROWS,
        )

    async def described(
        self, folder: FolderId, uids: Sequence[int], account: AccountId | None
    ) -> Sequence[model.Described]:
        """The same with summaries, made now where they are not kept yet."""
        read = await self.messages(folder, uids, account)
        described: list[model.Described] = []
        for start in range(0, len(read), SLICE):
            some = read[start : start + SLICE]
            known = await self._summaries([message.content for message in some])
            described += [
                model.Described(message, known[message.content])
                for message in some
                if message.content in known
            ]
        return described

    async def _summaries(self, wanted: Sequence[int]) -> dict[int, Summary]:
        shared = self._shared
        found, missing = shared.summaries.known(wanted)
        if not missing:
            return found

        def read(session: DatabaseSession) -> tuple[dict[int, Summary], dict[int, Description]]:
            kept = summaries.read_kept(session, missing)
            made = descriptions(session, [each for each in missing if each not in kept])
            return kept | {each: one.summary() for each, one in made.items()}, made

        read_now, made = await shared.readers.run_in_thread(read)
        for content, summary in read_now.items():
            found[content] = summary
            shared.summaries.put(content, summary, _weight(summary))
        self._keep(made)
        return found

    def _keep(self, made: Mapping[int, Description]) -> None:
        """Write descriptions that were made because somebody asked; nobody waits for it."""
        if made:
            try:
                keeping = self._shared.writer.submit(
                    GrowingCall(lambda tr: summaries.keep(tr, made))
                )
                keeping.addErrback(lambda failure: None)  # they are made again
            except errors.StoreClosed:
                pass

    async def columns(
        self,
        folder: FolderId,
        uids: Sequence[int],
        wanted: Collection[model.Column],
        account: AccountId | None,
    ) -> model.Columns:
        """What is wanted of the messages of those UIDs that are there, ascending by UID."""
        shared = self._shared
        found = await shared.read(
            lambda s: read_columns(s, folder, uids, wanted, account),
            inline=len(uids) <= INLINE_ROWS,
        )
        if is_described(found):
            return found
        found, made = await shared.readers.run_in_thread(
            lambda s: describe_columns(s, folder, uids, wanted, account)
        )
        self._keep(made)
        return found

    async def search(
        self, folder: FolderId, query: Query, account: AccountId | None
    ) -> Sequence[int]:
        """The UIDs that match, ascending; exact, whether indexed yet or not."""
        return await self._shared.read(lambda s: search(s, folder, query, account), inline=False)

    async def changes_since(
        self, folder: FolderId, modseq: int, account: AccountId | None
    ) -> model.Changes:
        """Messages changed and UIDs vanished after *modseq*."""
        known = await self.folder_by_id(folder)
        if known.highest_modseq <= modseq:
            return model.Changes([], [])
        return await self._shared.read(
            lambda s: opening.read_changes(s, folder, modseq, account), inline=False
        )

    # -- messages changed

    async def _change(self, function: Callable[[Transaction], T], *, grows: bool = False) -> T:
        """Change messages; what the store does by itself waits meanwhile."""
        self._shared.busy_at = self._shared.now()
        return await self._shared.write(function, grows=grows)

    async def store_flags(
        self,
        folder: FolderId,
        uids: Sequence[int],
        action: model.FlagAction,
        flags: frozenset[str],
        account: AccountId | None,
        *,
        unchanged_since: int | None = None,
        shared: bool = False,
        may: str = ALL,
    ) -> model.FlagsStored:
        """Change flags, all with one mod-sequence."""
        given = normalised(flags)
        changed: dict[int, tuple[frozenset[str], int]] = {}
        refused: list[int] = []
        modseq, taken = 0, set[int]()
        for some in _steps(uids):

            def store(transaction: Transaction, some: Sequence[int] = some) -> model.FlagsStored:
                return messages.store_flags(
                    transaction, folder, some, action, given, account, unchanged_since, shared, may
                )

            stored = await self._change(store)
            changed.update(stored.changed)
            refused += stored.refused
            modseq = stored.modseq
            taken |= stored.taken
        return model.FlagsStored(changed, tuple(refused), modseq, frozenset(taken))

    async def copy(
        self,
        source: FolderId,
        uids: Sequence[int],
        target: FolderId,
        account: AccountId | None,
        *,
        may: str = ALL,
    ) -> model.Copied:
        """Copy all or none, in order; flags and internal dates go along."""
        return await transfer(
            self._change, source, _steps(uids), target, account, whole=uids, moving=False, may=may
        )

    async def move(
        self,
        source: FolderId,
        uids: Sequence[int],
        target: FolderId,
        account: AccountId | None,
        *,
        may: str = ALL,
    ) -> model.Copied:
        """Move each in one durable step (RFC 6851)."""
        return await transfer(
            self._change, source, _steps(uids), target, account, whole=uids, moving=True, may=may
        )

    async def expunge(
        self, folder: FolderId, uids: Sequence[int] | None, *, deleted_only: bool = True
    ) -> Sequence[int]:
        """Remove messages (None: all); with *deleted_only* those flagged ``\\Deleted``."""
        # Without *deleted_only* it is all of them or none.
        step = STEP if deleted_only else None
        removed: list[int] = []
        for some in [None] if uids is None else _steps(uids) if step else [uids]:
            gone: Sequence[int] | None = None
            while gone is None or (some is None and step and len(gone) == step):
                gone = await self._change(
                    partial(
                        messages.expunge,
                        folder=folder, uids=some, deleted_only=deleted_only, at_most=step,
                    )
                )  # fmt: skip
                removed += gone
        return removed

    # -- quota

    async def usage(self, account: AccountId) -> model.Usage:
        """What the account uses and may use."""
        _, _, quota_octets, quota_messages, octets, messages = await self._shared.read(
            lambda s: s.found(errors.NoSuchAccount, SELECT_QUOTA, account=account), inline=True
        )
        return model.Usage(octets, messages, quota_octets, quota_messages)

    # -- maildrop

    async def lock_maildrop(self, folder: FolderId) -> bool:
        """Take the exclusive POP3 lock of a folder; False when it is taken (RFC 1939, 4)."""
        self._shared.check_open()
        return await self._locks.take_maildrop(folder)

    def unlock_maildrop(self, folder: FolderId) -> None:
        """Release it."""
        self._locks.release_maildrop(folder)


def _steps(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Return UIDs in pieces, ascending; one piece where there are none. Others have their turn
    with the writer between two of them."""
    if len(uids) <= STEP:
        yield uids
        return
    ordered = sorted(set(uids))
    for start in range(0, len(ordered), STEP):
        yield ordered[start : start + STEP]


def _can_be_kept(name: str) -> bool:
    """Return whether a database can hold the name at all."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in name


def _touch(transaction: Transaction, content: int) -> None:
    transaction.session.run(_TOUCH, died_at=transaction.now, of_content=content)


def _weight(summary: Summary) -> int:
    """Estimate what a summary takes in memory, in octets."""
    return 2048 + 1024 * sum(1 for _ in summary.root.walk()) + 2 * len(summary.preview)
