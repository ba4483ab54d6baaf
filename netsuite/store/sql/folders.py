"""Folders: read by a session; made, renamed, removed and subscribed by a transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from netsuite.store import changes, errors, folder_names, model
from netsuite.store.model import AccountId, FolderId
from netsuite.store.sql import schema as t
from netsuite.store.sql.columns import Columns
from netsuite.store.sql.database import DatabaseSession, OneOf
from netsuite.store.sql.messages import copy, release
from netsuite.store.sql.rows import FOLDER, OWN, SELECT_FOLDER, folder_of
from netsuite.store.sql.transaction import FolderState, Transaction

_F: Final = t.folder.c
_M: Final = t.message.c
_SELECT_OF_OWNER: Final = SELECT_FOLDER.where(FOLDER.owner == sa.bindparam("owner"))
#: There may be thousands of them.
_OF_OWNER: Final = Columns(_SELECT_OF_OWNER)
_SELECT_NAMED: Final = _SELECT_OF_OWNER.where(FOLDER.name == sa.bindparam("name"))
_SELECT: Final = SELECT_FOLDER.where(FOLDER.id == sa.bindparam("folder"))
_IN_FOLDER: Final = _M.folder == sa.bindparam("folder")
# Written like the conditions of the partial indexes, which answer them.
_SOME_UNSEEN: Final = sa.union_all(
    *(
        sa.select(table.c.uid).where(
            table.c.folder == sa.bindparam("folder"), sa.text("(flags & 1) = 0")
        )
        for table in (t.message, t.arrival)
    )
).subquery()
_UNSEEN: Final = sa.select(sa.func.count(), sa.func.min(_SOME_UNSEEN.c.uid))
_SOME_DELETED: Final = sa.union_all(
    *(
        sa.select(table.c.octets).where(
            table.c.folder == sa.bindparam("folder"), sa.text("(flags & 8) = 8")
        )
        for table in (t.message, t.arrival)
    )
).subquery()
_DELETED: Final = sa.select(
    sa.func.count(),
    sa.cast(sa.func.coalesce(sa.func.sum(_SOME_DELETED.c.octets), 0), sa.BigInteger),
)
_WITH_OWN: Final = t.message.outerjoin(t.state, OWN)
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
_ALL_SUBSCRIPTIONS: Final = Columns(_SUBSCRIPTIONS)
_ACCOUNT: Final = sa.select(t.account.c.id).where(t.account.c.id == sa.bindparam("account"))

_ID_NAMED: Final = sa.select(_F.id).where(
    _F.owner == sa.bindparam("owner"), _F.name == sa.bindparam("name")
)
_NAMES_OF_OWNER: Final = (
    sa.select(_F.id, _F.name).where(_F.owner == sa.bindparam("owner")).order_by(_F.name)
)
_INSERT: Final = sa.insert(t.folder)
_RENAME: Final = (
    sa.update(t.folder).values(name=sa.bindparam("name")).where(_F.id == sa.bindparam("of_folder"))
)
_CONTENTS: Final = sa.select(_M.content).where(_IN_FOLDER)
_DROP: Final = tuple(
    sa.delete(table).where(table.c.folder == sa.bindparam("folder"))
    for table in (t.message, t.tombstone, t.state, t.article, t.acl, t.annotation)
)
_INHERIT: Final = sa.insert(t.acl).from_select(
    ["folder", "who", "rights"],
    sa.select(sa.bindparam("folder", type_=sa.BigInteger), t.acl.c.who, t.acl.c.rights).where(
        t.acl.c.folder == sa.bindparam("above")
    ),
)
_DROP_FOLDER: Final = sa.delete(t.folder).where(_F.id == sa.bindparam("folder"))
_SUBSCRIBED: Final = (
    sa.select(t.subscription.c.account, t.subscription.c.name)
    .where(OneOf(t.subscription.c.name, "names"))
    .order_by(t.subscription.c.account.asc(), t.subscription.c.name.asc())
)
_COPY_ANNOTATIONS: Final = sa.insert(t.annotation).from_select(
    ["folder", "account", "entry", "value"],
    sa.select(
        sa.bindparam("folder", type_=sa.BigInteger),
        t.annotation.c.account,
        t.annotation.c.entry,
        t.annotation.c.value,
    ).where(t.annotation.c.folder == sa.bindparam("inbox")),
)
_IS_SUBSCRIBED: Final = _SUBSCRIPTIONS.where(t.subscription.c.name == sa.bindparam("name"))
_SUBSCRIBE: Final = sa.insert(t.subscription)
_UNSUBSCRIBE: Final = sa.delete(t.subscription).where(
    t.subscription.c.account == sa.bindparam("account"),
    t.subscription.c.name == sa.bindparam("name"),
)


# -- read ----------------------------------------------------------------------------------------


def read_folder(session: DatabaseSession, folder: int) -> model.Folder:
    """Return one folder. Raises NoSuchFolder."""
    return folder_of(session.found(errors.NoSuchFolder, _SELECT, folder=folder))


def read_named(session: DatabaseSession, owner: int, name: str) -> model.Folder:
    """Return the folder of that kept name. Raises NoSuchFolder."""
    row = session.one(_SELECT_NAMED, owner=owner, name=name)
    if row is None:
        raise errors.NoSuchFolder(name)
    return folder_of(row)


def read_all(session: DatabaseSession, owner: int) -> list[model.Folder]:
    """Return all folders of an account (0: the public ones), sorted by name."""
    rows = zip(*_OF_OWNER.read(session, owner=owner), strict=True)
    return sorted(map(folder_of, rows), key=lambda folder: folder.name)


def read_status(
    session: DatabaseSession, folder: model.Folder, account: AccountId | None
) -> model.Status:
    """Return the counts of a folder as an account sees them."""
    if folder.is_apart(account):
        unseen = session.single(_UNSEEN_PUBLIC, folder=folder.id, account=account or 0)
        deleted = session.single(_DELETED_PUBLIC, folder=folder.id, account=account or 0)
    else:
        unseen = session.single(_UNSEEN, folder=folder.id)
        deleted = session.single(_DELETED, folder=folder.id)
    return model.Status(
        folder=folder,
        unseen=unseen[0],
        deleted=deleted[0],
        deleted_octets=deleted[1],
        first_unseen_uid=unseen[1],
    )


def read_subscriptions(session: DatabaseSession, account: int) -> frozenset[str]:
    """Return the names an account has subscribed. Raises NoSuchAccount."""
    session.found(errors.NoSuchAccount, _ACCOUNT, account=account)
    return frozenset(_ALL_SUBSCRIPTIONS.read(session, account=account)[0])


# -- changed -------------------------------------------------------------------------------------


def _there(transaction: Transaction, owner: AccountId, name: str) -> bool:
    return transaction.session.one(_ID_NAMED, owner=owner, name=name) is not None


def insert_folder(
    transaction: Transaction,
    owner: AccountId,
    name: str,
    kind: model.FolderKind = model.FolderKind.MAILBOX,
    special_use: model.SpecialUse | None = None,
    description: str = "",
    postable: bool = True,
    moderator: str | None = None,
) -> FolderId:
    """Put a new folder into the store; return its id."""
    folder = FolderId(transaction.next("folder"))
    row = (
        folder, owner, name, kind.value, special_use.value if special_use else None, description,
        moderator, int(postable), transaction.now, transaction.next_uid_validity(), 1, 1, 1, 0, 0,
    )  # fmt: skip
    transaction.session.many(_INSERT, [row])
    transaction.changes.append(changes.FolderCreated(folder, owner or None, name))
    for parent in reversed(list(folder_names.above(name))):
        above = transaction.session.one(_ID_NAMED, owner=owner, name=parent)
        if above is not None:
            if transaction.session.run(_INHERIT, folder=folder, above=above[0]) and owner:
                # Whoever may see it hears of it: its making is told to its owner alone.
                transaction.changes.append(changes.RightsChanged(folder, owner))
            break
    return folder


def _make_above(transaction: Transaction, owner: AccountId, name: str) -> None:
    for parent in folder_names.above(name):
        if not _there(transaction, owner, parent):
            insert_folder(transaction, owner, parent)


def create(
    transaction: Transaction,
    owner: AccountId,
    name: str,
    kind: model.FolderKind,
    special_use: model.SpecialUse | None,
    description: str,
    postable: bool,
    moderator: str | None,
) -> FolderId:
    """Make a folder and the missing ones above it; return its id."""
    if owner:
        transaction.quota(owner)  # raises NoSuchAccount
    if _there(transaction, owner, name):
        raise errors.FolderExists(name)
    if kind is model.FolderKind.MAILBOX:
        _make_above(transaction, owner, name)
    return insert_folder(
        transaction, owner, name, kind, special_use, description, postable, moderator
    )


def create_first(
    transaction: Transaction,
    owner: AccountId,
    folders: Iterable[tuple[str, model.SpecialUse | None]],
) -> None:
    """Make the folders a new account begins with."""
    for name, special_use in folders:
        insert_folder(transaction, owner, name, special_use=special_use)
        transaction.session.many(_SUBSCRIBE, [(owner, name)])


def delete(transaction: Transaction, folder: int) -> None:
    """Remove a folder and its messages."""
    state = transaction.folder(folder)
    if state.owner and state.name == model.INBOX:
        raise errors.NotPermitted("INBOX cannot be deleted")
    drop(transaction, state)


def drop(transaction: Transaction, state: FolderState) -> None:
    """Remove any folder and its messages."""
    session = transaction.session
    transaction.file(state.id)
    release(transaction, [row[0] for row in session.all(_CONTENTS, folder=state.id)])
    for statement in (*_DROP, _DROP_FOLDER):
        session.run(statement, folder=state.id)
    if state.owner:
        transaction.quota(state.owner).add(-state.octets, -state.messages)
    transaction.forget_folder(state.id)
    transaction.changes.append(changes.FolderDeleted(state.id, state.owner or None, state.name))


def drop_all(transaction: Transaction, owner: AccountId) -> None:
    """Remove all folders of an account."""
    for folder, _ in transaction.session.all(_NAMES_OF_OWNER, owner=owner):
        drop(transaction, transaction.folder(folder))


def rename(transaction: Transaction, folder: int, name: str, shown: str = "") -> None:
    """Rename a folder and those below it; INBOX instead gives its messages away.

    Args:
        shown: what stands before its name for accounts that do not own it.
    """
    state = transaction.folder(folder)
    if state.owner and state.name == model.INBOX:
        _empty_inbox(transaction, state, folder_names.checked(name, private=True))
    else:
        group = state.kind == model.FolderKind.GROUP.value
        _rename_tree(transaction, state.owner, state.name, name, shown, parents=not group)


def rename_named(
    transaction: Transaction, owner: AccountId, old: str, name: str, shown: str = ""
) -> None:
    """Rename the folder of a kept name and those below it; there may be only these."""
    found = transaction.session.one(_ID_NAMED, owner=owner, name=old)
    if found is not None:
        rename(transaction, found[0], name, shown)
    else:
        _rename_tree(transaction, owner, old, name, shown, parents=True)


def _empty_inbox(transaction: Transaction, inbox: FolderState, name: str) -> None:
    if _there(transaction, inbox.owner, name):
        raise errors.FolderExists(name)
    _make_above(transaction, inbox.owner, name)
    made = insert_folder(transaction, inbox.owner, name)
    transaction.session.run(_COPY_ANNOTATIONS, folder=made, inbox=inbox.id)
    copy(transaction, inbox.id, None, made, None, moving=True)


def _rename_tree(
    transaction: Transaction, owner: AccountId, old: str, name: str, shown: str, *, parents: bool
) -> None:
    session = transaction.session
    name = folder_names.checked(name, private=bool(owner))
    names = {row[1]: row[0] for row in session.all(_NAMES_OF_OWNER, owner=owner)}
    renamed = folder_names.renamed(names, old, name)
    if parents:
        _make_above(transaction, owner, name)
    transaction.flush()
    session.many(_RENAME, [(new, names[before]) for before, new in renamed])
    for before, new in renamed:
        transaction.forget_folder(names[before])
        transaction.changes.append(
            changes.FolderRenamed(FolderId(names[before]), owner or None, before, new)
        )
    if owner:
        rows = session.all(_SUBSCRIPTIONS, account=owner)
        _resubscribe(transaction, [(owner, row[0]) for row in rows], old, name)
    if shown:
        # Of others those of folders that are there: by their names an index finds them.
        known = session.database.texts(shown + each for each in {old, *dict(renamed)})
        rows = session.all(_SUBSCRIBED, names=known)
        _resubscribe(transaction, [(row[0], row[1]) for row in rows], shown + old, shown + name)


def _resubscribe(
    transaction: Transaction, rows: list[tuple[AccountId, str]], old: str, name: str
) -> None:
    """Have subscriptions follow what was renamed."""
    for account, before in rows:
        if before == old or folder_names.is_below(before, old):
            subscribe(transaction, account, before, False)
            subscribe(transaction, account, name + before[len(old) :], True)


def subscribe(transaction: Transaction, account: AccountId, name: str, subscribed: bool) -> None:
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
    transaction.changes.append(changes.SubscriptionChanged(account, name, subscribed))
