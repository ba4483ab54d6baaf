"""Work of the writer on folders: made, renamed, removed, subscribed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa

from netsuite.store import names
from netsuite.store.changes import (
    FolderCreated,
    FolderDeleted,
    FolderRenamed,
    SubscriptionChanged,
)
from netsuite.store.errors import BadFolderName, FolderExists, NotPermitted
from netsuite.store.model import INBOX, FolderId, FolderKind, SpecialUse
from netsuite.store.sql import schema as t
from netsuite.store.sql.message_writes import copy, release
from netsuite.store.sql.transaction import FolderState, Transaction

_F: Final = t.folder.c
_M: Final = t.message.c
_BY_NAME: Final = sa.select(_F.id).where(
    _F.owner == sa.bindparam("owner"), _F.name == sa.bindparam("name")
)
_OF_OWNER: Final = (
    sa.select(_F.id, _F.name).where(_F.owner == sa.bindparam("owner")).order_by(_F.name)
)
_INSERT: Final = sa.insert(t.folder)
_RENAME: Final = (
    sa.update(t.folder).values(name=sa.bindparam("name")).where(_F.id == sa.bindparam("of_folder"))
)
_CONTENTS: Final = sa.select(_M.content).where(_M.folder == sa.bindparam("folder"))
_DROP: Final = tuple(
    sa.delete(table).where(table.c.folder == sa.bindparam("folder"))
    for table in (t.message, t.tombstone, t.state, t.article)
)
_DROP_FOLDER: Final = sa.delete(t.folder).where(_F.id == sa.bindparam("folder"))
_IS_SUBSCRIBED: Final = sa.select(t.subscription.c.name).where(
    t.subscription.c.account == sa.bindparam("account"),
    t.subscription.c.name == sa.bindparam("name"),
)
_SUBSCRIBE: Final = sa.insert(t.subscription)
_UNSUBSCRIBE: Final = sa.delete(t.subscription).where(
    t.subscription.c.account == sa.bindparam("account"),
    t.subscription.c.name == sa.bindparam("name"),
)


def _there(transaction: Transaction, owner: int, name: str) -> bool:
    return transaction.session.one(_BY_NAME, owner=owner, name=name) is not None


def insert_folder(
    transaction: Transaction,
    owner: int,
    name: str,
    kind: FolderKind = FolderKind.MAILBOX,
    special_use: SpecialUse | None = None,
    description: str = "",
    postable: bool = True,
    moderator: str | None = None,
) -> int:
    """Put a new folder into the store; give its id."""
    folder = transaction.next("folder")
    row: tuple[Any, ...] = (
        folder, owner, name, kind.value, special_use.value if special_use else None, description,
        moderator, int(postable), transaction.now, transaction.next_uid_validity(), 1, 1, 1, 0, 0,
    )  # fmt: skip
    transaction.session.many(_INSERT, [row])
    transaction.changes.append(FolderCreated(folder, owner or None, name))  # type: ignore[arg-type]
    return folder


def _make_above(transaction: Transaction, owner: int, name: str) -> None:
    for parent in names.above(name):
        if not _there(transaction, owner, parent):
            insert_folder(transaction, owner, parent)


def create(
    transaction: Transaction,
    owner: int,
    name: str,
    kind: FolderKind,
    special_use: SpecialUse | None,
    description: str,
    postable: bool,
    moderator: str | None,
) -> int:
    """Make a folder and the missing ones above it; give its id."""
    if owner:
        transaction.quota(owner)  # raises NoSuchAccount
    if _there(transaction, owner, name):
        raise FolderExists(name)
    if kind is FolderKind.MAILBOX:
        _make_above(transaction, owner, name)
    return insert_folder(
        transaction, owner, name, kind, special_use, description, postable, moderator
    )


def create_first(
    transaction: Transaction, owner: int, folders: Iterable[tuple[str, SpecialUse | None]]
) -> None:
    """Make the folders a new account begins with."""
    for name, special_use in folders:
        insert_folder(transaction, owner, name, special_use=special_use)


def delete(transaction: Transaction, folder: int) -> None:
    """Remove a folder and its messages."""
    box = transaction.folder(folder)
    if box.owner and box.name == INBOX:
        raise NotPermitted("INBOX cannot be deleted")
    drop(transaction, box)


def drop(transaction: Transaction, box: FolderState) -> None:
    """Remove any folder and its messages."""
    session = transaction.session
    transaction.flush()
    release(transaction, [row[0] for row in session.all(_CONTENTS, folder=box.id)])
    for statement in (*_DROP, _DROP_FOLDER):
        session.run(statement, folder=box.id)
    if box.owner:
        transaction.quota(box.owner).add(-box.octets, -box.messages)
    transaction.forget_folder(box.id)
    transaction.changes.append(FolderDeleted(box.id, box.owner or None, box.name))


def drop_all(transaction: Transaction, owner: int) -> None:
    """Remove all folders of an account."""
    for folder, _ in transaction.session.all(_OF_OWNER, owner=owner):
        drop(transaction, transaction.folder(folder))


def rename(transaction: Transaction, folder: int, name: str) -> None:
    """Rename a folder and those below it; INBOX instead gives its messages away."""
    session = transaction.session
    box = transaction.folder(folder)
    owner, old = box.owner, box.name
    name = names.checked(name, private=bool(owner))
    if _there(transaction, owner, name):
        raise FolderExists(name)
    if owner and old == INBOX:
        _make_above(transaction, owner, name)
        copy(transaction, folder, None, insert_folder(transaction, owner, name), None, moving=True)
        return
    if names.is_below(name, old):
        raise BadFolderName("below itself")
    moved = [(folder, old)]
    moved += [row for row in session.all(_OF_OWNER, owner=owner) if names.is_below(row[1], old)]
    renamed = [
        (number, before, names.checked(name + before[len(old) :], private=False))
        for number, before in moved
    ]
    for _, _, new in renamed:
        if _there(transaction, owner, new):
            raise FolderExists(new)
    if box.kind != FolderKind.GROUP.value:
        _make_above(transaction, owner, name)
    session.many(_RENAME, [(new, number) for number, _, new in renamed])
    for number, before, new in renamed:
        transaction.forget_folder(number)
        transaction.changes.append(FolderRenamed(FolderId(number), owner or None, before, new))


def subscribe(transaction: Transaction, account: int, name: str, subscribed: bool) -> None:
    """Add or take away a subscription."""
    transaction.quota(account)  # raises NoSuchAccount
    session = transaction.session
    known = session.one(_IS_SUBSCRIBED, account=account, name=name) is not None
    if known is subscribed:
        return
    if subscribed:
        session.many(_SUBSCRIBE, [(account, name)])
    else:
        session.run(_UNSUBSCRIBE, account=account, name=name)
    transaction.changes.append(SubscriptionChanged(account, name, subscribed))  # type: ignore[arg-type]
