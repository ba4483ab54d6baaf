"""Rights on folders and annotations, kept in an SQL store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from netsuite.store import changes, rights
from netsuite.store.errors import TooManyEntries
from netsuite.store.model import AccountId, FlagAction, FolderId
from netsuite.store.sharing import SharedFolder
from netsuite.store.sql import schema as t
from netsuite.store.sql.columns import Column, Columns
from netsuite.store.sql.database import DatabaseSession, OneOf
from netsuite.store.sql.folders import read_folder
from netsuite.store.sql.parts import StoreParts
from netsuite.store.sql.rows import FOLDER, SELECT_FOLDER, folder_of
from netsuite.store.sql.transaction import FolderState, Transaction

_A: Final = t.acl.c
_N: Final = t.annotation.c
_ROWS: Final = sa.select(_A.who, _A.rights).where(_A.folder == sa.bindparam("folder"))
_ROWS_OF_PUBLIC: Final = Columns(
    sa.select(_A.folder, _A.who, _A.rights)
    .select_from(t.acl.join(t.folder, FOLDER.id == _A.folder))
    .where(FOLDER.owner == sa.bindparam("public"))
)
_MINE: Final = sa.select(_A.folder).where(OneOf(_A.who, "identifiers"))
_SHARED: Final = Columns(
    SELECT_FOLDER.add_columns(t.account.c.name.label("owner_name"), _A.who, _A.rights)
    .select_from(
        t.folder.join(t.account, t.account.c.id == FOLDER.owner).join(t.acl, _A.folder == FOLDER.id)
    )
    .where(FOLDER.id.in_(_MINE), FOLDER.owner != sa.bindparam("account"))
    .order_by(t.account.c.name.asc(), FOLDER.name.asc())
)
_WHERE_GIVEN: Final = sa.select(_A.folder).where(_A.who == sa.bindparam("who"))
_INSERT: Final = sa.insert(t.acl)
_DROP: Final = sa.delete(t.acl).where(
    _A.folder == sa.bindparam("folder"), _A.who == sa.bindparam("who")
)
#: What accounts besides its owner have seen in a folder that nobody else may see any more.
_DROP_SEEN: Final = sa.delete(t.state).where(t.state.c.folder == sa.bindparam("folder"))
_ENTRIES: Final = (
    sa.select(_N.entry, _N.value)
    .where(
        _N.folder == sa.bindparam("folder"),
        sa.or_(_N.account == sa.literal_column("0"), _N.account == sa.bindparam("account")),
    )
    .order_by(_N.entry.asc())
)
_COUNT: Final = sa.select(sa.func.count()).where(
    _N.folder == sa.bindparam("folder"), _N.account == sa.bindparam("account")
)
_INSERT_ENTRY: Final = sa.insert(t.annotation)
_DROP_ENTRY: Final = sa.delete(t.annotation).where(
    _N.folder == sa.bindparam("folder"),
    _N.account == sa.bindparam("account"),
    _N.entry == sa.bindparam("entry"),
)
_PRIVATE: Final = "/private/"


def read_rows(session: DatabaseSession, folder: int) -> dict[str, str]:
    """Return the rows of a folder, by identifier."""
    return {row[0]: row[1] for row in session.all(_ROWS, folder=folder)}


def _change(
    transaction: Transaction, folder: int, who: str, action: FlagAction, letters: str
) -> None:
    state = transaction.folder(folder)
    session = transaction.session
    rows = read_rows(session, folder)
    kept = rights.changed(rows, who, action, letters, public=not state.owner)
    if kept == rows.get(who):
        return
    session.run(_DROP, folder=folder, who=who)
    if kept is not None:
        session.many(_INSERT, [(folder, who, kept)])
    note_shared(transaction, state, bool(read_rows(session, folder)))
    transaction.changes.append(changes.RightsChanged(state.id, state.owner or None))


def note_shared(transaction: Transaction, state: FolderState, shared: bool) -> None:
    """Accept that an account's folder may be seen by others, or no more.

    Its messages are then filed at once (see ``arrivals``): with each stands what others have seen.
    """
    if not state.owner or shared is state.shared:
        return
    state.shared = shared
    if shared:
        transaction.file(state.id)
    else:
        transaction.session.run(_DROP_SEEN, folder=state.id)


def drop_rights(transaction: Transaction, who: str) -> None:
    """Take away what an identifier was given anywhere."""
    session = transaction.session
    for (folder,) in session.all(_WHERE_GIVEN, who=who):
        session.run(_DROP, folder=folder, who=who)
        note_shared(transaction, transaction.folder(folder), bool(read_rows(session, folder)))


class SQLRights:
    """Implements ``sharing.RightsStore``."""

    def __init__(self, shared: StoreParts) -> None:
        self._shared = shared

    async def rows(self, folder: FolderId) -> Mapping[str, str]:
        """Return what is kept of a folder, by identifier. Raises NoSuchFolder."""

        def read(session: DatabaseSession) -> dict[str, str]:
            found = read_rows(session, folder)
            if not found:
                read_folder(session, folder)
            return found

        return await self._shared.read(read, inline=True)

    async def rows_of_public(self) -> Mapping[FolderId, Mapping[str, str]]:
        """Return what is kept of public folders; those of which nothing is are left out."""
        columns = await self._shared.read(lambda s: _ROWS_OF_PUBLIC.read(s, public=0), inline=False)
        found: dict[FolderId, dict[str, str]] = {}
        for folder, who, letters in zip(*columns, strict=True):
            found.setdefault(FolderId(folder), {})[who] = letters
        return found

    async def shared(
        self, identifiers: Collection[str], account: AccountId
    ) -> Sequence[SharedFolder]:
        """Return the folders of other accounts that give rights to one of some identifiers."""

        def read(session: DatabaseSession) -> Sequence[Column]:
            named = session.database.texts(sorted(identifiers))
            return _SHARED.read(session, identifiers=named, account=account)

        found: dict[int, SharedFolder] = {}
        for row in zip(*await self._shared.read(read, inline=False), strict=True):
            owner_name, who, letters = row[-3:]
            known = found.get(row[0])
            if known is None:
                known = found[row[0]] = SharedFolder(folder_of(row), owner_name, {})
            found[row[0]] = SharedFolder(
                known.folder, known.owner_name, {**known.rows, who: letters}
            )
        return list(found.values())

    async def change(self, folder: FolderId, who: str, action: FlagAction, letters: str) -> None:
        """Change the rights of an identifier, as ``rights.changed``. Raises NoSuchFolder."""
        await self._shared.write(lambda tr: _change(tr, folder, who, action, letters))


# -- annotations ---------------------------------------------------------------------------------


def _annotate(
    transaction: Transaction,
    folder: FolderId | None,
    account: AccountId,
    values: Mapping[str, bytes | None],
    most: int,
) -> None:
    session = transaction.session
    owner = transaction.folder(folder).owner if folder is not None else 0
    transaction.quota(account)  # raises NoSuchAccount
    place = folder or 0
    for whose in (0, account):
        wanted = {
            entry: value
            for entry, value in values.items()
            if (account if entry.startswith(_PRIVATE) else 0) == whose
        }
        if not wanted:
            continue
        for entry in wanted:
            session.run(_DROP_ENTRY, folder=place, account=whose, entry=entry)
        kept = [(place, whose, entry, each) for entry, each in wanted.items() if each is not None]
        session.many(_INSERT_ENTRY, kept)
        if kept and session.single(_COUNT, folder=place, account=whose)[0] > most:
            raise TooManyEntries(f"more than {most}")
        transaction.changes.append(
            changes.AnnotationsChanged(
                folder,
                AccountId(owner) if owner else None,
                tuple(wanted),
                account if whose else None,
            )
        )


class SQLAnnotations:
    """Implements ``sharing.AnnotationStore``."""

    def __init__(self, shared: StoreParts) -> None:
        self._shared = shared

    async def entries(self, folder: FolderId | None, account: AccountId) -> Mapping[str, bytes]:
        """Return all that an account sees, sorted. Raises NoSuchFolder."""

        def read(session: DatabaseSession) -> dict[str, bytes]:
            if folder is not None:
                read_folder(session, folder)
            rows = session.all(_ENTRIES, folder=folder or 0, account=account)
            return {row[0]: bytes(row[1]) for row in rows}

        return await self._shared.read(read, inline=True)

    async def annotate(
        self,
        folder: FolderId | None,
        account: AccountId,
        values: Mapping[str, bytes | None],
        *,
        most: int,
    ) -> None:
        """Set entries, or remove those whose value is None: all, or none."""
        await self._shared.write(
            lambda tr: _annotate(tr, folder, account, values, most), grows=True
        )
