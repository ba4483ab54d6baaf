"""The folder methods of the SQL mail store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from netsuite.store import names
from netsuite.store.errors import NoSuchAccount, NoSuchFolder
from netsuite.store.model import AccountId, Folder, FolderId, FolderKind, SpecialUse, Status
from netsuite.store.sql import folder_writes
from netsuite.store.sql import schema as t
from netsuite.store.sql.base import Base
from netsuite.store.sql.database import Session
from netsuite.store.sql.maildrop import MaildropLocks
from netsuite.store.sql.rows import FOLDER, SELECT_FOLDER, folder_of

_M: Final = t.message.c
_S: Final = t.state.c
_OF_OWNER: Final = SELECT_FOLDER.where(FOLDER.owner == sa.bindparam("owner"))
_NAMED: Final = _OF_OWNER.where(FOLDER.name == sa.bindparam("name"))
_BY_ID: Final = SELECT_FOLDER.where(FOLDER.id == sa.bindparam("folder"))
_IN_FOLDER: Final = _M.folder == sa.bindparam("folder")
# Written like the conditions of the partial indexes, which answer them.
_UNSEEN: Final = sa.select(sa.func.count(), sa.func.min(_M.uid)).where(
    _IN_FOLDER, sa.text("(flags & 1) = 0")
)
_DELETED: Final = sa.select(
    sa.func.count(), sa.cast(sa.func.coalesce(sa.func.sum(_M.octets), 0), sa.BigInteger)
).where(_IN_FOLDER, sa.text("(flags & 8) = 8"))
_WITH_OWN: Final = t.message.outerjoin(
    t.state,
    sa.and_(_S.folder == _M.folder, _S.account == sa.bindparam("account"), _S.uid == _M.uid),
)
_UNSEEN_PUBLIC: Final = (
    sa.select(sa.func.count(), sa.func.min(_M.uid))
    .select_from(_WITH_OWN)
    .where(_IN_FOLDER, sa.text("(coalesce(state.flags, 0) & 1) = 0"))
)
_DELETED_PUBLIC: Final = (
    sa.select(sa.func.count(), sa.cast(sa.func.coalesce(sa.func.sum(_M.octets), 0), sa.BigInteger))
    .select_from(_WITH_OWN)
    .where(_IN_FOLDER, sa.text("((message.flags | coalesce(state.flags, 0)) & 8) = 8"))
)
_SUBSCRIPTIONS: Final = sa.select(t.subscription.c.name).where(
    t.subscription.c.account == sa.bindparam("account")
)
_ACCOUNT: Final = sa.select(t.account.c.id).where(t.account.c.id == sa.bindparam("account"))

#: Counting a folder of no more messages than that does not hold up the reactor.
NEAR_MESSAGES: Final = 1000


def read_folder(session: Session, folder: int) -> Folder:
    """Read one folder. Raises NoSuchFolder."""
    row = session.one(_BY_ID, folder=folder)
    if row is None:
        raise NoSuchFolder(f"folder {folder}")
    return folder_of(row)


def _status(session: Session, folder: Folder, account: AccountId | None) -> Status:
    if folder.owner is None:
        values: dict[str, Any] = {"folder": folder.id, "account": account or 0}
        unseen = session.one(_UNSEEN_PUBLIC, **values)
        deleted = session.one(_DELETED_PUBLIC, **values)
    else:
        unseen = session.one(_UNSEEN, folder=folder.id)
        deleted = session.one(_DELETED, folder=folder.id)
    assert unseen is not None
    assert deleted is not None
    return Status(
        folder=folder,
        unseen=unseen[0],
        deleted=deleted[0],
        deleted_octets=deleted[1],
        first_unseen_uid=unseen[1],
    )


class SQLFolders:
    """Folders: looked up, made, renamed, removed, subscribed, locked."""

    def __init__(self, base: Base, locks: MaildropLocks) -> None:
        self._base = base
        self._locks = locks

    async def folders(self, account: AccountId | None) -> Sequence[Folder]:
        """All folders of the account, or all public ones, sorted by name."""
        self._base.check_open()
        rows = await self._base.readers.run_in_thread(
            lambda s: s.all(_OF_OWNER, owner=account or 0)
        )
        return sorted(map(folder_of, rows), key=lambda folder: folder.name)

    async def folder(self, owner: AccountId | None, name: str) -> Folder:
        """One folder by name; INBOX in any case. Raises NoSuchFolder."""
        self._base.check_open()
        kept = names.looked_up(name, private=owner is not None)
        if "\x00" in kept or not _encodes(kept):
            raise NoSuchFolder(repr(name))
        row = await self._base.readers.run_inline(
            lambda s: s.one(_NAMED, owner=owner or 0, name=kept)
        )
        if row is None:
            raise NoSuchFolder(name)
        return folder_of(row)

    async def folder_by_id(self, folder: FolderId) -> Folder:
        """One folder by id. Raises NoSuchFolder."""
        self._base.check_open()
        return await self._base.readers.run_inline(lambda s: read_folder(s, folder))

    async def status(self, folder: FolderId, account: AccountId | None) -> Status:
        """Counts as *account* sees them. Raises NoSuchFolder."""
        known = await self.folder_by_id(folder)
        if known.messages <= NEAR_MESSAGES:
            return await self._base.readers.run_inline(lambda s: _status(s, known, account))
        return await self._base.readers.run_in_thread(
            lambda s: _status(s, read_folder(s, folder), account)
        )

    async def create_folder(
        self,
        owner: AccountId | None,
        name: str,
        *,
        kind: FolderKind = FolderKind.MAILBOX,
        special_use: SpecialUse | None = None,
        description: str = "",
        postable: bool = True,
        moderator: str | None = None,
    ) -> Folder:
        """Make a folder and the missing ones above it (mailboxes only)."""
        self._base.check_open()
        name = names.checked(name, private=owner is not None)
        made = await self._base.writer.call(
            lambda transaction: folder_writes.create(
                transaction,
                owner or 0,
                name,
                kind,
                special_use,
                description,
                postable,
                moderator,
            )
        )
        return await self.folder_by_id(FolderId(made))

    async def delete_folder(self, folder: FolderId) -> None:
        """Remove a folder and its messages; folders below it stay."""
        self._base.check_open()
        await self._base.writer.call(lambda transaction: folder_writes.delete(transaction, folder))
        self._locks.release(folder)

    async def rename_folder(self, folder: FolderId, name: str) -> None:
        """Rename it and those below it; INBOX instead gives its messages away."""
        self._base.check_open()
        await self._base.writer.call(
            lambda transaction: folder_writes.rename(transaction, folder, name)
        )

    async def subscriptions(self, account: AccountId) -> frozenset[str]:
        """The names the account has subscribed, of folders that exist or not."""
        self._base.check_open()

        def read(session: Session) -> frozenset[str]:
            if session.one(_ACCOUNT, account=account) is None:
                raise NoSuchAccount(f"account {account}")
            return frozenset(row[0] for row in session.all(_SUBSCRIPTIONS, account=account))

        return await self._base.readers.run_inline(read)

    async def subscribe(self, account: AccountId, name: str, subscribed: bool) -> None:
        """Add or take away a subscription."""
        self._base.check_open()
        kept = names.looked_up(name, private=True)
        await self._base.writer.call(
            lambda transaction: folder_writes.subscribe(transaction, account, kept, subscribed)
        )

    def lock_maildrop(self, folder: FolderId) -> bool:
        """Take the exclusive POP3 lock of a folder; False when it is taken (RFC 1939, 4)."""
        self._base.check_open()
        return self._locks.take(folder)

    def unlock_maildrop(self, folder: FolderId) -> None:
        """Give it back."""
        self._locks.release(folder)


def _encodes(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
