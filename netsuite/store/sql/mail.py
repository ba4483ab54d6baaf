"""The mail store on SQL: messages looked at, searched and changed."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from netsuite.message.structure import Summary
from netsuite.store.errors import (
    NoSuchAccount,
    NoSuchFolder,
    NoSuchMessage,
    StoreClosed,
)
from netsuite.store.flags import normalised
from netsuite.store.model import (
    AccountId,
    Copied,
    Described,
    FlagAction,
    FlagsStored,
    FolderId,
    Message,
    Usage,
)
from netsuite.store.query import Query
from netsuite.store.sql import articles, contents, message_writes
from netsuite.store.sql import schema as t
from netsuite.store.sql.content_store import SQLContents
from netsuite.store.sql.database import OneOf, Session
from netsuite.store.sql.folders import NEAR_MESSAGES
from netsuite.store.sql.indexing import keep_summaries
from netsuite.store.sql.rows import message_of, select_private, select_public
from netsuite.store.sql.search import search
from netsuite.store.sql.transaction import SELECT_QUOTA, Transaction

T = TypeVar("T")
_M: Final = t.message.c
_S: Final = t.state.c
_OWNER: Final = sa.select(t.folder.c.owner).where(t.folder.c.id == sa.bindparam("folder"))
_UIDS: Final = sa.select(_M.uid).where(_M.folder == sa.bindparam("folder")).order_by(_M.uid.asc())
_SELECTS: Final = (select_private(), select_public())
_SOME: Final = tuple(select.where(OneOf(_M.uid, "uids")) for select in _SELECTS)
_ONE: Final = tuple(select.where(_M.uid == sa.bindparam("only")) for select in _SELECTS)
_CHANGED: Final = (
    _SELECTS[0].where(_M.modseq > sa.bindparam("after")),
    _SELECTS[1].where(sa.or_(_M.modseq > sa.bindparam("after"), _S.modseq > sa.bindparam("after"))),
)
_VANISHED: Final = sa.select(t.tombstone.c.uid).where(
    t.tombstone.c.folder == sa.bindparam("folder"),
    t.tombstone.c.modseq > sa.bindparam("after"),
)
_RECENT: Final = sa.select(t.folder.c.recent_from, t.folder.c.uid_next).where(
    t.folder.c.id == sa.bindparam("folder")
)
_CLAIM_RECENT: Final = (
    sa.update(t.folder)
    .values(recent_from=sa.bindparam("recent_from"))
    .where(t.folder.c.id == sa.bindparam("of_folder"))
)
#: So few messages are read on the reactor's thread where the database is embedded.
NEAR_ROWS: Final = 64
#: So many summaries are made or read in one go.
SLICE: Final = 256


def _public(session: Session, folder: int) -> bool:
    row = session.one(_OWNER, folder=folder)
    if row is None:
        raise NoSuchFolder(f"folder {folder}")
    return not row[0]


def read_messages(
    session: Session, folder: int, uids: Sequence[int] | None, account: int | None
) -> list[Message]:
    """Read the messages of those UIDs that are there. Raises NoSuchFolder."""
    public = _public(session, folder)
    values: dict[str, Any] = {"folder": folder}
    if public:
        values["account"] = account or 0
    if uids is None:
        rows = session.all(_SELECTS[public], **values)
    elif len(uids) == 1:
        rows = session.all(_ONE[public], only=uids[0], **values)
    else:
        rows = session.all(_SOME[public], uids=session.database.numbers(uids), **values)
    return [message_of(row) for row in rows]


class SQLMail(SQLContents):
    """Folders and the messages in them."""

    # -- looking

    async def uids(self, folder: FolderId) -> Sequence[int]:
        """All UIDs, ascending."""
        known = await self.folder_by_id(folder)

        def read(session: Session) -> Sequence[int]:
            return array("I", [row[0] for row in session.all(_UIDS, folder=folder)])

        if known.messages <= NEAR_MESSAGES:
            return await self._base.readers.run_inline(read)
        return await self._base.readers.run_in_thread(read)

    async def first_uids(self, folders: Sequence[FolderId]) -> Mapping[FolderId, int]:
        """The lowest UID of each folder; empty folders are left out."""
        return await self._read(lambda s: articles.first_uids(s, folders), len(folders))

    async def find_message_id(self, message_id: str) -> Sequence[tuple[FolderId, int]]:
        """Where messages of that Message-ID are, in public folders."""
        return await self._read(lambda s: articles.places(s, message_id), 1)

    async def find_message_ids(
        self, message_ids: Sequence[str]
    ) -> Mapping[str, Sequence[tuple[FolderId, int]]]:
        """The same for many; those nowhere to be found are left out."""

        def read(session: Session) -> dict[str, Sequence[tuple[FolderId, int]]]:
            found = {each: articles.places(session, each) for each in message_ids}
            return {each: places for each, places in found.items() if places}

        return await self._read(read, len(message_ids))

    async def claim_recent(self, folder: FolderId) -> int:
        """Give the first UID no read-write session was told of; mark all as told of."""
        self._base.check_open()
        row = await self._base.readers.run_inline(lambda s: s.one(_RECENT, folder=folder))
        if row is None:
            raise NoSuchFolder(f"folder {folder}")
        if row[0] == row[1]:
            return int(row[0])

        def claim(transaction: Transaction) -> int:
            transaction.folder(folder)
            now = transaction.session.one(_RECENT, folder=folder)
            assert now is not None
            transaction.session.run(_CLAIM_RECENT, recent_from=now[1], of_folder=folder)
            return int(now[0])

        return await self._base.writer.call(claim)

    async def _read(self, read: Callable[[Session], T], rows: int | None) -> T:
        self._base.check_open()
        if rows is not None and rows <= NEAR_ROWS:
            return await self._base.readers.run_inline(read)
        return await self._base.readers.run_in_thread(read)

    async def messages(
        self, folder: FolderId, uids: Sequence[int] | None, account: AccountId | None
    ) -> Sequence[Message]:
        """The messages of those UIDs that are there (None: all), ascending by UID."""
        return await self._read(
            lambda s: read_messages(s, folder, uids, account),
            None if uids is None else len(uids),
        )

    async def described(
        self, folder: FolderId, uids: Sequence[int], account: AccountId | None
    ) -> Sequence[Described]:
        """The same with summaries, made now where they are not kept yet."""
        messages = await self.messages(folder, uids, account)
        described: list[Described] = []
        for start in range(0, len(messages), SLICE):
            some = messages[start : start + SLICE]
            known = await self._summaries([message.content for message in some])
            described += [
                Described(message, known[message.content])
                for message in some
                if message.content in known
            ]
        return described

    async def _summaries(self, wanted: Sequence[int]) -> dict[int, Summary]:
        base = self._base
        found: dict[int, Summary] = {}
        missing: list[int] = []
        for content in wanted:
            summary = base.summaries.get(content)
            if summary is None:
                missing.append(content)
            else:
                found[content] = summary
        if not missing:
            return found

        def read(session: Session) -> tuple[dict[int, Summary], dict[int, Summary]]:
            kept = contents.summaries(session, missing)
            made = {}
            for content in missing:
                if content not in kept and content not in made:
                    try:
                        made[content] = contents.made_summary(session, content)
                    except NoSuchMessage:
                        continue
            return kept, made

        kept, made = await base.readers.run_in_thread(read)
        for content, summary in (kept | made).items():
            found[content] = summary
            base.summaries.put(content, summary, _weight(summary))
        if made:
            try:
                keeping = base.writer.call(lambda transaction: keep_summaries(transaction, made))
                keeping.addErrback(lambda failure: None)  # they are made again
            except StoreClosed:
                pass
        return found

    async def search(
        self, folder: FolderId, query: Query, account: AccountId | None
    ) -> Sequence[int]:
        """The UIDs that match, ascending; exact, whether indexed yet or not."""
        self._base.check_open()
        return await self._base.readers.run_in_thread(lambda s: search(s, folder, query, account))

    # -- changing

    async def store_flags(
        self,
        folder: FolderId,
        uids: Sequence[int],
        action: FlagAction,
        flags: frozenset[str],
        account: AccountId | None,
        *,
        unchanged_since: int | None = None,
        shared: bool = False,
    ) -> FlagsStored:
        """Change flags, all with one mod-sequence."""
        given = normalised(flags)
        return await self._write(
            lambda transaction: message_writes.store_flags(
                transaction, folder, uids, action, given, account, unchanged_since, shared
            )
        )

    async def _write(self, function: Callable[[Transaction], T]) -> T:
        self._base.check_open()
        self._base.busy_at = self._base.now()
        return await self._base.writer.call(function)

    async def copy(
        self,
        source: FolderId,
        uids: Sequence[int],
        target: FolderId,
        account: AccountId | None,
    ) -> Copied:
        """Copy all or none, in order; flags and internal dates go along."""
        return await self._write(
            lambda transaction: message_writes.copy(transaction, source, uids, target, account)
        )

    async def move(
        self,
        source: FolderId,
        uids: Sequence[int],
        target: FolderId,
        account: AccountId | None,
    ) -> Copied:
        """Move in one durable step (RFC 6851)."""
        return await self._write(
            lambda transaction: message_writes.copy(
                transaction, source, uids, target, account, moving=True
            )
        )

    async def expunge(
        self, folder: FolderId, uids: Sequence[int] | None, *, deleted_only: bool = True
    ) -> Sequence[int]:
        """Remove messages (None: all); with *deleted_only* those flagged ``\\Deleted``."""
        return await self._write(
            lambda transaction: message_writes.expunge(transaction, folder, uids, deleted_only)
        )

    async def changes_since(
        self, folder: FolderId, modseq: int, account: AccountId | None
    ) -> tuple[Sequence[Message], Sequence[int]]:
        """Messages changed and UIDs vanished after *modseq*."""
        self._base.check_open()

        def read(session: Session) -> tuple[list[Message], list[int]]:
            public = _public(session, folder)
            values: dict[str, Any] = {"folder": folder, "after": modseq}
            vanished = sorted(row[0] for row in session.all(_VANISHED, **values))
            if public:
                values["account"] = account or 0
            return [message_of(row) for row in session.all(_CHANGED[public], **values)], vanished

        known = await self.folder_by_id(folder)
        if known.highest_modseq <= modseq:
            return [], []
        return await self._base.readers.run_in_thread(read)

    # -- quota

    async def usage(self, account: AccountId) -> Usage:
        """What the account uses and may use."""
        self._base.check_open()
        row = await self._base.readers.run_inline(lambda s: s.one(SELECT_QUOTA, account=account))
        if row is None:
            raise NoSuchAccount(f"account {account}")
        return Usage(octets=row[4], messages=row[5], quota_octets=row[2], quota_messages=row[3])


def _weight(summary: Summary) -> int:
    """Guess what a summary takes in memory, in octets."""
    return 2048 + 1024 * sum(1 for _ in summary.root.walk()) + 2 * len(summary.preview)
